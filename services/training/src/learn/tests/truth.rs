//! What is known of the truth is found by the reports: the best possible, outcomes not written down, and a shift of who is picked.

use serde_json::{Value, json};

use super::frame::{Frame, faults, learned, parse, plan};

/// `SplitMix64`, the same for a place whatever was drawn before.
fn unit(place: i64, stream: u64) -> f64 {
    let mut z = (place as u64)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(stream.wrapping_mul(0xd1b5_4a32_d192_ed03));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

const DAYS: [i32; 2] = [19_000, 19_365];

/// Debt drives the outcome. Of group b only `registered` of what happens is written down; in the second year debts are higher by `shift`.
fn municipality(n: i64, registered: f64, shift: f64) -> Frame {
    let debt = move |i: i64| unit(i, 1) * 4.0 + if i % 2 == 1 { shift } else { 0.0 };
    let probability = move |i: i64| 1.0 / (1.0 + (3.0 - debt(i)).exp());
    let happened = move |i: i64| unit(i, 2) < probability(i);
    let group = |i: i64| if unit(i, 3) < 0.5 { "a" } else { "b" };
    let written = move |i: i64| happened(i) && (group(i) == "a" || unit(i, 4) < registered);
    let checked = move |i: i64| (unit(i, 5) < 0.5).then(|| happened(i));
    Frame::default()
        .booleans("target", (0..n).map(written))
        .booleans("is_test", (0..n).map(|i| unit(i, 6) < 0.5))
        .numbers("debt", (0..n).map(move |i| Some(debt(i))))
        .numbers(
            "true_probability",
            (0..n).map(move |i| Some(probability(i))),
        )
        .maybe("checked", (0..n).map(checked))
        .texts("origin", (0..n).map(|i| Some(group(i))))
        .dates("reference_date", (0..n).map(|i| DAYS[(i % 2) as usize]))
}

fn asked() -> Value {
    let mut plan = plan(&["debt"]);
    plan["sensitiveFeatures"] = json!(["origin"]);
    plan["truth"] = json!({"checkedOutcome": "checked", "probability": "true_probability"});
    plan
}

#[test]
fn the_best_possible_is_told_and_an_honest_model_comes_near() {
    let learned = learned(municipality(8_000, 1.0, 0.0), &asked()).unwrap();
    let ceiling = &parse(&learned.evaluation)["ceiling"];
    let number = |name: &str| ceiling[name].as_f64().unwrap();
    assert!(
        (number("auc") - number("aucExpected")).abs() < 0.03,
        "{ceiling}"
    );
    assert!(number("gap").abs() < 0.01, "{ceiling}");
    let page = String::from_utf8(learned.evaluation_page.unwrap()).unwrap();
    assert!(page.contains("Hoe goed kan het worden?"));
    let provenance = parse(&learned.provenance);
    assert_eq!(provenance["plan"]["truth"]["checkedOutcome"], "checked");
}

#[test]
fn outcomes_that_were_not_written_down_are_found_by_the_sample_and_by_nothing_else() {
    let verdict = |registered: f64| {
        let learned = learned(municipality(8_000, registered, 0.0), &asked()).unwrap();
        let fairness = parse(&learned.fairness);
        let page = String::from_utf8(learned.fairness_page.unwrap()).unwrap();
        assert!(page.contains("Wat een steekproef vond"));
        // With a sample the report no longer says that nothing is known of registration.
        let codes = fairness["notJudged"].as_array().unwrap();
        assert!(
            codes.iter().all(|entry| entry["code"] != "labels"),
            "{codes:?}"
        );
        fairness["audits"][0]["labelAudit"].clone()
    };
    let found = verdict(0.6);
    assert_eq!(found["verdict"], "outsideBound", "{found}");
    let share = |group: usize| {
        found["groups"][group]["registered"]["value"]
            .as_f64()
            .unwrap()
    };
    assert!((share(0) - 1.0).abs() < 1e-12 || found["groups"].as_array().unwrap().len() == 1);
    assert!((share(1) - 0.6).abs() < 0.08, "{found}");
    assert_eq!(verdict(1.0)["verdict"], "withinBound");
    // Without the sample the report says that it cannot know.
    let mut plan = asked();
    plan["truth"] = Value::Null;
    let learned = learned(municipality(8_000, 0.6, 0.0), &plan).unwrap();
    let fairness = parse(&learned.fairness);
    assert!(fairness["audits"][0].get("labelAudit").is_none());
    let codes = fairness["notJudged"].as_array().unwrap();
    assert!(codes.iter().any(|entry| entry["code"] == "labels"));
}

#[test]
fn a_shift_of_who_is_picked_sets_off_an_alarm_and_no_shift_does_not() {
    let alarms = |shift: f64| -> Vec<bool> {
        let learned = learned(municipality(8_000, 1.0, shift), &asked()).unwrap();
        let page = String::from_utf8(learned.fairness_page.unwrap()).unwrap();
        assert!(page.contains("Verschuift wie gekozen wordt?"));
        let fairness = parse(&learned.fairness);
        let drift = fairness["drift"].as_array().unwrap().clone();
        assert_eq!(drift.len(), 3, "{drift:?}");
        assert_eq!(drift[1]["sensitiveFeature"], "origin");
        let alarm = |entry: &Value| entry["alarm"].as_bool().unwrap();
        drift.iter().map(alarm).collect()
    };
    assert_eq!(alarms(0.0), [false; 3]);
    assert_eq!(alarms(1.0), [true; 3]);
}

#[test]
fn what_is_no_truth_is_refused() {
    let mut plan = asked();
    plan["truth"] = json!({"checkedOutcome": "debt", "probability": "origin"});
    let found = faults(municipality(2_000, 1.0, 0.0), &plan);
    let pointers: Vec<&str> = found.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(pointers, ["/truth/probability", "/truth/checkedOutcome"]);
    plan["truth"] = json!({"checkedOutcome": "nowhere"});
    let found = faults(municipality(2_000, 1.0, 0.0), &plan);
    assert_eq!(found[0].code, "unknown-column");
}
