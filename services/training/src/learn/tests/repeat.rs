//! Same inputs, same bytes; and the stored model holds together.

use helder_model::{Algorithm, MissingRule, Model};
use serde_json::json;

use super::frame::{clients, learned, origin, parse, parsed, plan};
use crate::learn::{LearnError, learn};

fn full() -> serde_json::Value {
    let mut plan = plan(&["age", "debt", "town"]);
    plan["sensitiveFeatures"] = json!(["origin"]);
    plan["capacity"] = json!(50);
    plan["split"] = json!({"rule": "random", "testShare": 0.3});
    plan
}

#[test]
fn one_and_four_threads_give_the_same_files() {
    let frame = clients(6_000).file();
    let plan = parsed(&full());
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| learn(frame.path(), &plan, &origin(), &|_| false).unwrap())
    };
    let (one, four) = (on(1), on(4));
    assert_eq!(one.model, four.model);
    assert_eq!(one.evaluation, four.evaluation);
    assert_eq!(one.fairness, four.fairness);
    assert_eq!(one.provenance, four.provenance);
    assert_eq!(one.card, four.card);
}

#[test]
fn the_seed_moves_rows_and_identifiers_do_not() {
    let plan = full();
    let mut seeded = plan.clone();
    seeded["seed"] = json!(8);
    let mut renamed = plan.clone();
    renamed["frameId"] = json!("00000000-0000-7000-8000-000000000009");
    let model = |plan| learned(clients(3_000), plan).unwrap().model;
    assert_ne!(model(&plan), model(&seeded));
    assert_eq!(model(&plan), model(&renamed));
}

#[test]
fn gaps_and_levels_end_up_in_the_model() {
    let model = Model::from_json(&learned(clients(3_000), &full()).unwrap().model).unwrap();
    let input = |name: &str| {
        model
            .inputs
            .iter()
            .find(|input| input.name == name)
            .unwrap()
    };
    assert!(matches!(
        input("debt").missing,
        MissingRule::MedianAndIndicator { .. }
    ));
    assert!(matches!(input("age").missing, MissingRule::Median { .. }));
    let levels: Vec<&str> = input("town")
        .categories
        .iter()
        .map(|category| category.level.as_str())
        .collect();
    assert_eq!(levels, ["Best", "Eindhoven", "Son"], "byte order");
    assert_eq!(model.training.sensitive_features, ["origin"]);
    let Algorithm::LogisticRegression(fit) = &model.algorithm else {
        panic!("another algorithm")
    };
    assert_eq!(fit.category_terms[0].reference_level, "Best");
    assert_eq!(
        fit.covariance.as_ref().unwrap().len(),
        fit.parameter_count()
    );
}

#[test]
fn a_split_in_time_tests_on_the_later_rows() {
    let mut plan = full();
    plan["split"] = json!({"rule": "time", "testFrom": "2022-01-15"});
    let evaluation = parse(&learned(clients(3_000), &plan).unwrap().evaluation);
    // Day 19,000 is 2022-01-08; three of ten days come from the fifteenth on.
    assert_eq!(evaluation["rows"]["test"], 900);
    assert_eq!(evaluation["rows"]["train"], 2_100);
}

#[test]
fn a_person_is_on_one_side_only() {
    let mut plan = full();
    plan["split"] = json!({"rule": "random", "testShare": 0.5, "group": "person_pseudonym"});
    let rows = learned(clients(3_000), &plan)
        .map(|learned| parse(&learned.evaluation)["rows"]["test"].clone());
    match rows {
        Ok(rows) => assert_eq!(rows, 1_500),
        // Two persons may well fall on one side.
        Err(LearnError::Invalid(faults)) => assert_eq!(faults[0].code, "one-sided-split"),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn judging_on_training_rows_is_said() {
    let mut plan = full();
    plan["split"] = json!({"rule": "none"});
    let learned = learned(clients(3_000), &plan).unwrap();
    assert_eq!(
        parse(&learned.evaluation)["rows"]["judgedOnTrainingRows"],
        true
    );
    assert!(
        String::from_utf8(learned.card)
            .unwrap()
            .contains("te gunstig")
    );
}

#[test]
fn the_card_says_what_the_model_is_and_holds_no_script() {
    let card = String::from_utf8(learned(clients(3_000), &full()).unwrap().card).unwrap();
    for text in [
        "Een medewerker beslist altijd zelf",
        "Eerlijkheid",
        "<svg",
        "Gewichten",
        "origin",
    ] {
        assert!(card.contains(text), "{text}");
    }
    assert!(!card.contains("<script"));
}

#[test]
fn it_stops_between_two_steps() {
    let frame = clients(300).file();
    let stopped = learn(frame.path(), &parsed(&full()), &origin(), &|stage| {
        stage == "fitting"
    });
    assert!(matches!(stopped, Err(LearnError::Stopped)));
}
