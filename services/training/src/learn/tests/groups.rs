//! Groups through the same door.

use helder_model::{Algorithm, Model};
use serde_json::{Value, json};

use super::frame::{Frame, faults, learned, parse, plan};

/// Three clouds of clients.
pub(super) fn clouds(n: i64) -> Frame {
    let cloud = |i: i64| i % 3;
    Frame::default()
        .booleans("is_test", (0..n).map(|i| i % 5 == 0))
        .integers("age", (0..n).map(|i| Some(20 + 20 * cloud(i) + i * 7 % 5)))
        .numbers(
            "debt",
            (0..n).map(|i| {
                (i % 50 != 0).then_some((10 * (cloud(i) % 2)) as f64 + (i * 3 % 7) as f64 / 7.0)
            }),
        )
        .booleans("welfare", (0..n).map(|i| cloud(i) == 2))
        .texts(
            "origin",
            (0..n).map(|i| Some(if i % 41 == 0 { "a" } else { "b" })),
        )
        .texts("town", (0..n).map(|_| Some("Best")))
}

pub(super) fn grouping(features: &[&str]) -> Value {
    let mut plan = plan(features);
    plan["algorithm"] = json!("k-means");
    plan["sensitiveFeatures"] = json!(["origin"]);
    if let Some(body) = plan.as_object_mut() {
        body.remove("target");
    }
    plan
}

#[test]
fn clouds_are_found_and_described() {
    let learned = learned(clouds(900), &grouping(&["age", "debt", "welfare"])).unwrap();
    let model = Model::from_json(&learned.model).unwrap();
    let Algorithm::KMeans(fit) = &model.algorithm else {
        panic!("another algorithm")
    };
    assert_eq!(fit.centres.len(), 3);
    let evaluation = parse(&learned.evaluation);
    assert_eq!(evaluation["groups"]["groups"], 3);
    assert!(
        evaluation["groups"]["candidates"][1]["silhouette"]
            .as_f64()
            .unwrap()
            > 0.5
    );
    assert!(String::from_utf8(learned.card).unwrap().contains("Groep 3"));
}

/// One kind of people: older ones have more debt, that is all.
pub(super) fn one_kind(n: i64) -> Frame {
    let mut state = 9_u64;
    let mut uniform = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let common: Vec<f64> = (0..n).map(|_| (0..12).map(|_| uniform()).sum()).collect();
    let mut noisy = |scale: f64| -> Vec<Option<f64>> {
        let noise = common
            .iter()
            .map(|c| c * scale + (0..6).map(|_| uniform()).sum::<f64>());
        noise.map(Some).collect()
    };
    let (age, debt) = (noisy(3.0), noisy(2.0));
    Frame::default()
        .booleans("is_test", (0..n).map(|i| i % 5 == 0))
        .numbers("age", age)
        .numbers("debt", debt)
        .texts(
            "origin",
            (0..n).map(|i| Some(if i % 2 == 0 { "a" } else { "b" })),
        )
}

#[test]
pub(super) fn one_kind_of_people_is_divided_only_when_asked_and_the_card_says_so() {
    let fault = &faults(one_kind(600), &grouping(&["age", "debt"]))[0];
    assert_eq!(fault.code, "no-groups");
    assert!(fault.detail.contains("made files"), "{}", fault.detail);
    let mut asked = grouping(&["age", "debt"]);
    asked["hyperparameters"] = json!({"groups": 2});
    let learned = learned(one_kind(600), &asked).unwrap();
    let chance = parse(&learned.evaluation)["groups"]["chanceWithoutGroups"]
        .as_f64()
        .unwrap();
    assert!(chance > 0.05, "{chance}");
    assert!(
        String::from_utf8(learned.card)
            .unwrap()
            .contains("handige verdeling")
    );
}

#[test]
fn a_small_cell_hides_its_row_and_the_next() {
    let learned = learned(clouds(300), &grouping(&["age", "debt", "welfare"])).unwrap();
    let fairness = parse(&learned.fairness);
    let rows = fairness["memberships"][0]["groups"]
        .as_array()
        .unwrap()
        .clone();
    assert!(
        rows.iter().all(|row| row["rows"].is_null()),
        "two rows: one small hides both: {rows:?}"
    );
    assert_eq!(fairness["verdict"], "notEnoughData");
}

#[test]
fn the_seed_repeats_the_groups() {
    let model = |seed: u32| {
        let mut plan = grouping(&["age", "debt", "welfare"]);
        plan["seed"] = json!(seed);
        learned(clouds(600), &plan).unwrap().model
    };
    assert_eq!(model(3), model(3));
}

#[test]
fn what_cannot_be_grouped_is_refused() {
    let code = |plan: &Value, frame| faults(frame, plan)[0].code.clone();
    assert_eq!(
        code(&grouping(&["age", "town"]), clouds(300)),
        "category-in-groups"
    );
    let flat = clouds(300).integers("flat", (0..300).map(|_| Some(4)));
    assert_eq!(code(&grouping(&["age", "flat"]), flat), "constant-column");
    let mut many = grouping(&["age", "debt"]);
    many["hyperparameters"] = json!({"groups": 45});
    assert_eq!(code(&many, clouds(300)), "small-group");
}
