//! What cannot be learned is refused, with the place and without a value.

use helder_platform::body::Check;
use serde_json::json;

use super::frame::{Frame, clients, faults, parsed, plan};

/// Codes and pointers of the faults.
fn told(frame: Frame, plan: &serde_json::Value) -> Vec<(String, String)> {
    faults(frame, plan)
        .into_iter()
        .map(|fault| (fault.code, fault.pointer))
        .collect()
}

fn one(code: &str, pointer: &str) -> Vec<(String, String)> {
    vec![(code.to_owned(), pointer.to_owned())]
}

#[test]
fn every_unknown_column_is_named_at_once() {
    let mut plan = plan(&["age", "nothing", "neither"]);
    plan["sensitiveFeatures"] = json!(["nowhere"]);
    let told = faults(clients(100), &plan);
    let pointers: Vec<&str> = told.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/features/1/name",
            "/features/2/name",
            "/sensitiveFeatures/0"
        ]
    );
    assert!(told[0].detail.contains("`nothing`"));
}

#[test]
fn a_sensitive_column_is_never_a_feature() {
    let mut plan = plan(&["age", "origin"]);
    plan["sensitiveFeatures"] = json!(["origin"]);
    let faults = parsed(&plan).faults();
    assert_eq!(
        (faults[0].code.as_str(), faults[0].pointer.as_str()),
        ("sensitive-as-feature", "/features/1/name")
    );
}

#[test]
fn targets_identifiers_and_repeats_are_never_features() {
    let codes: Vec<String> = parsed(&plan(&["target", "person_pseudonym", "age", "age", "_row"]))
        .faults()
        .into_iter()
        .map(|fault| fault.code)
        .collect();
    assert_eq!(
        codes,
        [
            "target-as-feature",
            "identifier-as-feature",
            "repeated",
            "identifier-as-feature"
        ]
    );
}

#[test]
fn settings_out_of_range_are_named() {
    let mut wrong = plan(&["age"]);
    wrong["model"]["name"] = json!("Not A Name");
    wrong["split"] = json!({"rule": "random", "testShare": 1.0});
    wrong["hyperparameters"] = json!({"l2": -1, "groups": 3, "largestDifference": 2});
    wrong["capacity"] = json!(0);
    let pointers: Vec<String> = parsed(&wrong)
        .faults()
        .into_iter()
        .map(|fault| fault.pointer)
        .collect();
    assert_eq!(
        pointers,
        [
            "/model/name",
            "/split/testShare",
            "/hyperparameters/l2",
            "/hyperparameters/largestDifference",
            "/hyperparameters/groups",
            "/capacity"
        ]
    );
}

#[test]
fn a_target_with_one_class_is_refused() {
    let frame = || {
        Frame::default()
            .booleans("is_test", (0..100).map(|i| i % 3 == 0))
            .integers("age", (0..100).map(|i| Some(i * 7 % 13)))
    };
    let all = frame().booleans("target", (0..100).map(|_| true));
    assert_eq!(told(all, &plan(&["age"])), one("one-class", "/target"));
    let only_in_training = frame().booleans("target", (0..100).map(|i| i % 3 != 0 && i % 2 == 0));
    assert_eq!(
        told(only_in_training, &plan(&["age"])),
        one("one-class", "/split")
    );
}

#[test]
fn a_target_that_is_no_outcome_is_refused() {
    let frame = || {
        Frame::default()
            .booleans("is_test", (0..100).map(|i| i % 3 == 0))
            .integers("age", (0..100).map(|i| Some(i * 7 % 13)))
    };
    let counted = frame().integers("target", (0..100).map(|i| Some(i % 3)));
    assert_eq!(told(counted, &plan(&["age"])), one("wrong-kind", "/target"));
    let text = frame().texts("target", (0..100).map(|_| Some("yes")));
    assert_eq!(told(text, &plan(&["age"])), one("wrong-kind", "/target"));
    let gaps = frame().integers("target", (0..100).map(|i| (i != 5).then_some(i % 2)));
    assert_eq!(told(gaps, &plan(&["age"])), one("missing-value", "/target"));
}

#[test]
fn separation_names_the_column_and_shrinkage_serves_it() {
    let frame = || {
        Frame::default()
            .booleans("is_test", (0..300).map(|i| i % 3 == 0))
            .booleans("target", (0..300).map(|i| i % 5 == 0 && i % 4 != 0))
            .integers("age", (0..300).map(|i| Some(i * 7 % 13)))
            .texts(
                "work",
                (0..300).map(|i| Some(if i % 4 == 0 { "never" } else { "ever" })),
            )
    };
    let separated = faults(frame(), &plan(&["age", "work"]));
    assert_eq!(
        (separated[0].code.as_str(), separated[0].pointer.as_str()),
        ("separation", "/features")
    );
    assert!(
        separated[0].detail.contains("`work` (`never`)"),
        "{}",
        separated[0].detail
    );
    let mut shrunk = plan(&["age", "work"]);
    shrunk["hyperparameters"] = json!({"l2": 1.0});
    assert!(super::frame::learned(frame(), &shrunk).is_ok());
}

#[test]
fn columns_that_are_no_features_say_why() {
    let frame = clients(1_000)
        .dates("born", (0..1_000).map(|i| i * 11))
        .integers("empty", (0..1_000).map(|_| None))
        .texts(
            "name",
            std::iter::repeat_n(None, 0).chain((0..1_000).map(|i| Some(NAMES[i % NAMES.len()]))),
        );
    let found = told(frame, &plan(&["born", "empty", "name"]));
    let codes: Vec<&str> = found.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(
        codes,
        ["date-as-feature", "empty-column"],
        "a short list of names is a category"
    );
}

const NAMES: [&str; 3] = ["x", "y", "z"];

#[test]
fn free_text_is_no_category_and_no_group() {
    let words: Vec<String> = (0..1_000).map(|i| format!("word {i}")).collect();
    let frame = || clients(1_000).texts("remark", words.iter().map(|word| Some(word.as_str())));
    assert_eq!(
        told(frame(), &plan(&["remark"])),
        one("too-many-levels", "/features/0/name")
    );
    let mut judged = plan(&["age"]);
    judged["sensitiveFeatures"] = json!(["remark"]);
    assert_eq!(
        told(frame(), &judged),
        one("no-grouping", "/sensitiveFeatures/0")
    );
}

#[test]
fn a_split_must_leave_rows_on_both_sides() {
    let mut later = plan(&["age"]);
    later["split"] = json!({"rule": "time", "testFrom": "2030-01-01"});
    assert_eq!(told(clients(100), &later), one("one-sided-split", "/split"));
    let mut other = plan(&["age"]);
    other["split"] = json!({"rule": "column", "column": "debt"});
    assert_eq!(
        told(clients(100), &other),
        one("wrong-kind", "/split/column")
    );
}

#[test]
fn names_are_no_category_either() {
    let words: Vec<String> = (0..300).map(|i| format!("secret{}", i / 2)).collect();
    let frame = clients(300).texts("remark", words.iter().map(|word| Some(word.as_str())));
    let found = faults(frame, &plan(&["remark"]));
    assert_eq!(found[0].code, "rare-levels");
    assert!(!format!("{found:?}").contains("secret"));
}

#[test]
fn separation_by_a_rare_level_names_the_column_only() {
    let frame = Frame::default()
        .booleans("is_test", (0..300).map(|i| i % 3 == 0))
        .booleans("target", (0..300).map(|i| i % 5 == 0 && i != 10))
        .integers("age", (0..300).map(|i| Some(i * 7 % 13)))
        .texts(
            "work",
            (0..300).map(|i| {
                Some(if matches!(i, 10 | 11 | 13) {
                    "secret"
                } else {
                    "other"
                })
            }),
        );
    let found = faults(frame, &plan(&["age", "work"]));
    assert_eq!(found[0].code, "separation");
    assert!(
        found[0].detail.contains("`work`") && !found[0].detail.contains("secret"),
        "{}",
        found[0].detail
    );
}
