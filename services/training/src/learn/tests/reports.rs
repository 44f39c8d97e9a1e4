//! The sections of `evaluation.json` and `fairness.json`, and the pages people read.

use serde_json::{Value, json};

use super::frame::{Csv, Frame, clients, learned, parse, plan};
use crate::learn::Learned;

/// Clients of two origins and two sexes, an input filled in after the outcome, and an area that gives the origin away.
fn population(n: i64) -> Frame {
    let mix = |i: i64, salt: i64| {
        let mut z = (i as u64).wrapping_add((salt as u64) << 32);
        for factor in [
            0x9e37_79b9_7f4a_7c15,
            0xbf58_476d_1ce4_e5b9,
            0x94d0_49bb_1331_11eb_u64,
        ] {
            z = (z ^ (z >> 29)).wrapping_mul(factor);
        }
        ((z >> 33) % 1_000) as i64
    };
    let is_b = move |i: i64| mix(i, 1) < 300;
    let age = move |i: i64| 20 + mix(i, 2) % 50;
    let outcome = move |i: i64| mix(i, 3) < (age(i) - 15) * 8;
    Frame::default()
        .booleans("target", (0..n).map(outcome))
        .booleans("is_test", (0..n).map(|i| i % 2 == 0))
        .integers("age", (0..n).map(|i| Some(age(i))))
        .numbers(
            "debt",
            (0..n).map(|i| {
                (mix(i, 4) > if outcome(i) { 100 } else { 300 }).then_some(mix(i, 5) as f64)
            }),
        )
        .numbers(
            "closed_after",
            (0..n).map(|i| Some(mix(i, 6) as f64 + if outcome(i) { 950.0 } else { 0.0 })),
        )
        .texts(
            "area",
            (0..n).map(|i| {
                let far = is_b(i) && mix(i, 7) < 800;
                Some(if far {
                    "north"
                } else if mix(i, 8) < 500 {
                    "south"
                } else {
                    "west"
                })
            }),
        )
        .texts(
            "origin",
            (0..n).map(|i| {
                Some(if i < 4 {
                    "rare"
                } else if is_b(i) {
                    "b"
                } else {
                    "a"
                })
            }),
        )
        .texts(
            "sex",
            (0..n).map(|i| Some(if mix(i, 9) < 500 { "v" } else { "m" })),
        )
        .dates(
            "reference_date",
            (0..n).map(|i| 18_262 + 366 * (i % 3) as i32),
        )
}

fn judged() -> (Learned, Value, Value) {
    let mut plan = plan(&["age", "debt", "area"]);
    plan["sensitiveFeatures"] = json!(["origin", "sex"]);
    plan["capacity"] = json!(400);
    let learned = learned(population(6_000), &plan).unwrap();
    let (evaluation, fairness) = (parse(&learned.evaluation), parse(&learned.fairness));
    (learned, evaluation, fairness)
}

fn codes(document: &Value) -> Vec<&str> {
    let list = document["notJudged"].as_array().unwrap();
    list.iter()
        .map(|entry| entry["code"].as_str().unwrap())
        .collect()
}

#[test]
fn the_evaluation_has_all_its_sections() {
    let (_, evaluation, _) = judged();
    assert!(evaluation["capacityCurve"].as_array().unwrap().len() > 4);
    assert!(evaluation["decisionCurve"].as_array().unwrap().len() > 5);
    let ways = evaluation["recalibration"].as_array().unwrap();
    assert_eq!(ways.len(), 4);
    assert!(ways[0]["kind"].is_null() && ways[1]["kind"] == "isotonic");
    // The model is calibrated: Platt's line changes next to nothing.
    let loss = |at: usize| ways[at]["logLoss"].as_f64().unwrap();
    assert!((loss(0) - loss(2)).abs() < 0.005);
    let sets = evaluation["predictionSets"].as_array().unwrap();
    assert_eq!(
        sets.len(),
        3,
        "over all, per class, and per sex: of the origins one only is shown"
    );
    for covered in sets[1]["covered"].as_array().unwrap() {
        let (held, total) = (
            covered["held"]["count"].as_f64().unwrap(),
            covered["held"]["total"].as_f64().unwrap(),
        );
        assert!((held / total - 0.9).abs() < 0.03, "{covered}");
    }
    let parts: Vec<&str> = evaluation["stability"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["by"].as_str().unwrap())
        .collect();
    assert_eq!(parts, ["reference_date", "area"]);
    let curve = &evaluation["learningCurve"]["points"];
    assert_eq!(curve.as_array().unwrap().len(), 4);
    assert_eq!(curve[3]["rows"], 3_000);
    let gap = &evaluation["gaps"]["features"][0];
    assert_eq!(gap["feature"], "debt");
    assert!(gap["outcomeDifferenceInterval95"]["high"].as_f64().unwrap() < 0.0);
    assert_eq!(evaluation["links"].as_array().unwrap().len(), 3);
    assert_eq!(codes(&evaluation), ["links-unknown"]);
    assert!(
        evaluation["leakage"]
            .as_array()
            .unwrap()
            .iter()
            .all(|check| {
                check["suspicions"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .all(|s| s != "tooGood")
            })
    );
}

#[test]
fn an_input_that_knows_the_outcome_is_suspect() {
    let learned = learned(population(4_000), &plan(&["age", "closed_after"])).unwrap();
    let evaluation = parse(&learned.evaluation);
    let first = &evaluation["leakage"][0];
    assert_eq!(first["feature"], "closed_after");
    assert!(
        first["suspicions"]
            .as_array()
            .unwrap()
            .contains(&json!("tooGood"))
    );
    let page = String::from_utf8(learned.evaluation_page.unwrap()).unwrap();
    assert!(page.contains("te goed om waar te zijn") && page.contains("too good to be true"));
}

#[test]
fn fairness_judges_combinations_rules_labels_and_proxies() {
    let (learned, _, fairness) = judged();
    let both = &fairness["intersections"][0];
    assert_eq!(both["sensitiveFeature"], "origin|sex");
    assert_eq!(fairness["intersections"].as_array().unwrap().len(), 1);
    assert!(fairness["intersectionVerdict"].is_string());
    let audit = &fairness["audits"][0];
    assert_eq!(
        audit["exploration"]["policies"].as_array().unwrap().len(),
        4
    );
    assert_eq!(audit["exploration"]["capacity"], 400);
    let of = |list: &Value| -> Vec<String> {
        let groups = list.as_array().unwrap().iter();
        groups
            .map(|entry| entry["group"].as_str().unwrap().to_owned())
            .collect()
    };
    // "rare" is hidden, and hides the smaller of the others; the sexes are both shown.
    assert!(of(&audit["labelSensitivity"]).is_empty());
    assert_eq!(of(&fairness["audits"][1]["labelSensitivity"]), ["m", "v"]);
    let first = &audit["proxies"][0];
    assert_eq!(first["feature"], "area");
    assert_eq!(first["best"]["verdict"], "outsideBound");
    let together = audit["wholeSet"][0]["auc"].as_f64().unwrap();
    assert!(together > 0.8, "{together}");
    let of_sex = fairness["audits"][1]["wholeSet"][0]["auc"]
        .as_f64()
        .unwrap();
    assert!((of_sex - 0.5).abs() < 0.05, "{of_sex}");
    assert!(codes(&fairness).contains(&"labels") && codes(&fairness).contains(&"causes"));
    assert!(codes(&fairness).contains(&"small-groups"));
    let page = String::from_utf8(learned.fairness_page.unwrap()).unwrap();
    for words in [
        "Wat dit rapport niet kan zeggen",
        "What this report cannot say",
        "Deze gegevens verraden de groep: area.",
        "elke groep even vaak gevonden",
        "2000 keer opnieuw getrokken",
        "Alleen een controle op een steekproef",
        "A person writes it, with name and reason",
    ] {
        assert!(page.contains(words), "{words}");
    }
    for page in [
        page,
        String::from_utf8(learned.evaluation_page.unwrap()).unwrap(),
    ] {
        assert!(!page.contains("<script") && !page.contains("http:") && !page.contains("NaN"));
        assert!(
            page.len() < 400_000,
            "{} bytes: too heavy to mail",
            page.len()
        );
    }
}

#[test]
fn four_persons_show_in_no_figure() {
    let (learned, evaluation, fairness) = judged();
    let hidden = |groups: &Value| {
        let rare = groups
            .as_array()
            .unwrap()
            .iter()
            .find(|group| group["group"] == "rare");
        rare.is_none_or(|rare| rare["rows"].is_null() && rare["selectionRate"].is_null())
    };
    assert!(hidden(&fairness["sensitiveFeatures"][0]["groups"]));
    for text in [
        fairness["audits"][0]["exploration"].to_string(),
        fairness["audits"][0]["labelSensitivity"].to_string(),
        fairness["audits"][0]["proxies"].to_string(),
        fairness["audits"][0]["wholeSet"].to_string(),
        fairness["sensitiveFeatures"][0]["criteria"].to_string(),
        evaluation["predictionSets"].to_string(),
    ] {
        assert!(!text.contains("rare"));
    }
    assert!(!learned.fairness.is_empty());
}

#[test]
fn what_cannot_be_judged_is_said_and_nothing_is_made_up() {
    let mut on_training_rows = plan(&["age", "town"]);
    on_training_rows["split"] = json!({"rule": "none"});
    let told = learned(clients(300), &on_training_rows).unwrap();
    let (evaluation, fairness) = (parse(&told.evaluation), parse(&told.fairness));
    assert!(codes(&evaluation).contains(&"training-rows"));
    assert!(evaluation["recalibration"].as_array().unwrap().is_empty());
    assert!(evaluation["learningCurve"].is_null());
    assert!(codes(&fairness).contains(&"no-features"));

    let few = Frame::default()
        .booleans("target", (0..200).map(|i| i % 40 < 2))
        .booleans("is_test", (0..200).map(|i| i % 2 == 0))
        .integers("age", (0..200).map(|i| Some(20 + i * 37 % 50)))
        .texts(
            "origin",
            (0..200).map(|i| Some(if i % 3 == 0 { "a" } else { "b" })),
        );
    let mut rare = plan(&["age"]);
    rare["sensitiveFeatures"] = json!(["origin"]);
    let told = learned(few, &rare).unwrap();
    let evaluation = parse(&told.evaluation);
    assert!(codes(&evaluation).contains(&"few-outcomes"));
    assert_eq!(parse(&told.fairness)["verdict"], "notEnoughData");
    assert!(told.fairness_page.is_some());
}

/// Writes both pages of Adult to look at: `REPORT_PAGES=folder cargo test -p helder-training -- --ignored look`.
#[test]
#[ignore = "to look at the pages"]
fn look() {
    let folder = std::path::PathBuf::from(std::env::var_os("REPORT_PAGES").unwrap());
    let csv = Csv::read("tests/data/adult/adult.csv.gz");
    let numeric = ["age", "education_num", "hours_per_week"].map(str::to_owned);
    let texts = ["workclass", "occupation", "race", "sex"]
        .map(str::to_owned)
        .into();
    let frame = csv.frame(&numeric, &texts, "income == '>50K'");
    let mut adult = plan(&[
        "age",
        "education_num",
        "hours_per_week",
        "workclass",
        "occupation",
    ]);
    adult["sensitiveFeatures"] = json!(["race", "sex"]);
    adult["capacity"] = json!(1_000);
    let learned = learned(frame, &adult).unwrap();
    std::fs::write(
        folder.join("evaluation.html"),
        learned.evaluation_page.unwrap(),
    )
    .unwrap();
    std::fs::write(folder.join("fairness.html"), learned.fairness_page.unwrap()).unwrap();
    std::fs::write(folder.join("evaluation.json"), learned.evaluation).unwrap();
    std::fs::write(folder.join("fairness.json"), learned.fairness).unwrap();
}
