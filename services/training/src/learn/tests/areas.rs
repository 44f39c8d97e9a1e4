//! Areas: which one is off is told, small ones are not told apart, and what is no area is refused.

use helder_platform::body::Check;
use serde_json::{Value, json};

use super::frame::{Frame, faults, learned, parse, parsed, plan};

/// `SplitMix64`, the same for a place whatever was drawn before.
fn unit(place: i64, stream: u64) -> f64 {
    let mut z = (place as u64)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(stream.wrapping_mul(0xd1b5_4a32_d192_ed03));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

/// Debt drives the outcome; in area d it does so `off` less. Two areas have a handful of people.
fn municipality(n: i64, off: f64) -> Frame {
    let area = |i: i64| match i % 400 {
        0 => "klein 1",
        1 => "klein 2",
        _ => NAMES[(unit(i, 1) * 8.0) as usize],
    };
    let debt = |i: i64| unit(i, 2) * 4.0;
    let score = move |i: i64| debt(i) - 3.0 - if area(i) == "d" { off } else { 0.0 };
    let happened = move |i: i64| unit(i, 3) < 1.0 / (1.0 + (-score(i)).exp());
    Frame::default()
        .booleans("target", (0..n).map(happened))
        .booleans("is_test", (0..n).map(|i| unit(i, 4) < 0.5))
        .numbers("debt", (0..n).map(move |i| Some(debt(i))))
        .texts("wijk", (0..n).map(move |i| Some(area(i))))
}

fn asked() -> Value {
    let mut plan = plan(&["debt"]);
    plan["area"] = json!("wijk");
    plan
}

fn off(areas: &Value) -> Vec<&str> {
    let all = areas["areas"].as_array().unwrap();
    let off = all.iter().filter(|area| area["off"] == true);
    off.filter_map(|area| area["name"].as_str()).collect()
}

#[test]
fn an_area_where_the_probabilities_are_off_is_named_and_small_ones_are_told_together() {
    let learned = learned(municipality(12_000, 1.5), &asked()).unwrap();
    let evaluation = parse(&learned.evaluation);
    let found = &evaluation["areas"];
    assert!(off(found).contains(&"d"), "{found}");
    assert!(
        found["calibration"]["pValue"].as_f64().unwrap() < 1e-4,
        "{found}"
    );
    assert_eq!(
        found["areas"].as_array().unwrap().len() + found["pooledAreas"].as_u64().unwrap() as usize,
        10
    );
    assert!(found["pooledAreas"].as_u64().unwrap() >= 2);
    assert!(!found.to_string().contains("klein"), "{found}");
    let codes = evaluation["notJudged"].as_array().unwrap();
    assert!(codes.iter().any(|entry| entry["code"] == "small-areas"));
    assert!(codes.iter().all(|entry| entry["code"] != "no-areas"));
    let page = String::from_utf8(learned.evaluation_page.unwrap()).unwrap();
    for text in [
        "In elk gebied even goed?",
        "kleine gebieden samen",
        "the probabilities are off",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(!page.contains("klein 1"));
}

#[test]
fn where_all_areas_are_alike_none_is_called_off() {
    let learned = learned(municipality(12_000, 0.0), &asked()).unwrap();
    let evaluation = parse(&learned.evaluation);
    assert!(
        off(&evaluation["areas"]).is_empty(),
        "{}",
        evaluation["areas"]
    );
    let page = String::from_utf8(learned.evaluation_page.unwrap()).unwrap();
    assert!(page.contains("Van geen enkel gebied"));
}

#[test]
fn what_is_no_area_is_refused() {
    let mut plan = asked();
    plan["area"] = json!("debt");
    assert_eq!(faults(municipality(800, 0.0), &plan)[0].code, "no-areas");
    plan["area"] = json!("nergens");
    assert_eq!(faults(municipality(800, 0.0), &plan)[0].pointer, "/area");
    plan["area"] = json!("target");
    plan["algorithm"] = json!("linear-regression");
    let codes: Vec<String> = parsed(&plan)
        .faults()
        .into_iter()
        .map(|fault| fault.code)
        .collect();
    assert_eq!(codes, ["wrong-kind", "target-as-area"]);
}
