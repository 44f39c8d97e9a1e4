//! Comparing algorithms on a frame.

use std::sync::atomic::{AtomicUsize, Ordering};

use helder_platform::body::Check;
use serde_json::{Value, json};

use super::frame::{Frame, clients, origin};
use crate::learn::{
    LearnError,
    select::{NewSelection, Selected, Watch, page, select},
};

fn asked(candidates: &Value) -> Value {
    let feature = |name: &&str| json!({"name": name, "meaning": {"nl": name, "en": name}, "justification": "test"});
    let features: Vec<Value> = ["age", "debt", "town"].iter().map(feature).collect();
    json!({
        "projectId": "00000000-0000-7000-8000-000000000001",
        "frameId": "00000000-0000-7000-8000-000000000002",
        "target": "target",
        "features": features,
        "sensitiveFeatures": ["origin"],
        "split": {"rule": "column", "column": "is_test"},
        "candidates": candidates,
        "folds": {"rule": "random", "outer": 4, "inner": 2},
        "seed": 7,
    })
}

fn logistic() -> Value {
    json!([{"algorithm": "logistic-regression", "settings": [{}, {"l2": 100_000.0}, {"l2": 1.0}]}])
}

fn parsed(plan: &Value) -> NewSelection {
    serde_json::from_value(plan.clone()).unwrap()
}

fn found(frame: Frame, plan: &Value) -> Result<Selected, LearnError> {
    let watch = Watch {
        stop: &|| false,
        clock: &|| 0.0,
        news: &|_, _| {},
        keep: &|_| {},
        memory: None,
    };
    select(frame.file().path(), &parsed(plan), &origin(), &watch, None)
}

fn shown(selected: &Selected) -> Value {
    serde_json::to_value(&selected.document).unwrap()
}

#[test]
fn candidates_baselines_and_the_ceiling_stand_in_one_table_and_the_best_setting_is_proposed() {
    let mut plan = asked(&logistic());
    plan["simpleRule"] = json!("town");
    assert_eq!(parsed(&plan).faults(), []);
    let selected = found(clients(1_500), &plan).unwrap();
    let document = shown(&selected);
    let roles: Vec<&str> = document["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["role"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["base-rate", "simple-rule", "candidate", "ceiling"]);
    // Rows kept apart took no part: every third.
    assert_eq!(
        document["rows"],
        json!({"compared": 1_000, "keptApart": 500})
    );
    let line = &document["lines"][2];
    // A shrinkage that leaves nothing of the weights is never chosen.
    for chosen in line["chosen"].as_array().unwrap() {
        assert_ne!(chosen, 1, "{line}");
    }
    assert!(line["auc"]["mean"].as_f64().unwrap() > 0.85, "{line}");
    assert_eq!(
        line["reading"]["terms"], 4,
        "age, debt, its gaps, town: {line}"
    );
    assert_eq!(document["proposal"]["contender"], 2);
    assert_eq!(document["proposed"]["algorithm"], "logistic-regression");
    let rule = document["lines"][1]["auc"]["mean"].as_f64().unwrap();
    assert!((0.4..0.65).contains(&rule), "towns tell little: {rule}");
    let ceiling = &document["lines"][3];
    assert!(ceiling["auc"]["mean"].as_f64().unwrap() > 0.85, "{ceiling}");
    assert!(ceiling.get("algorithm").is_none());
    // 4 folds for the first setting, the ceiling; 4 and 8 + 8, then 4 and 8 for the others.
    assert_eq!(document["budget"]["fitsDone"], 4 + 4 + 20 + 12);
    let html = page(&selected.document, &selected.seconds).render();
    for text in [
        "Welk model past bij target?",
        "Which model fits target?",
        "regel: town",
    ] {
        assert!(html.contains(text), "{text}");
    }
    // What is stored reads back.
    assert_eq!(
        serde_json::from_value::<super::super::select::SelectionDocument>(document).unwrap(),
        selected.document
    );
}

#[test]
fn the_same_bytes_on_any_number_of_threads() {
    let mut plan = asked(&json!([
        {"algorithm": "logistic-regression"},
        {"algorithm": "explainable-boosting", "settings": [{"interactions": 0}]},
    ]));
    plan["folds"] = json!({"rule": "random", "group": "household", "outer": 2, "inner": 2});
    let households: Vec<String> = (0..600).map(|i| format!("h{}", i / 3)).collect();
    let frame = || clients(600).texts("household", households.iter().map(|h| Some(h.as_str())));
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let selected = pool
            .build()
            .unwrap()
            .install(|| found(frame(), &plan).unwrap());
        serde_json::to_vec(&selected.document).unwrap()
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn later_dates_judge_and_a_budget_leaves_out_what_it_does_not_reach() {
    let mut plan = asked(&logistic());
    plan["folds"] = json!({"rule": "time", "outer": 3, "inner": 2});
    plan["budget"] = json!({"fits": 8});
    let selected = found(clients(1_500), &plan).unwrap();
    let document = shown(&selected);
    assert_eq!(document["folds"]["by"], "reference_date");
    let sizes: Vec<u64> = document["folds"]["outer"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fold| fold["train"].as_u64().unwrap())
        .collect();
    assert!(sizes[0] < sizes[1] && sizes[1] < sizes[2], "{sizes:?}");
    let states: Vec<&str> = document["lines"][1]["settings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|setting| setting["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["done", "not-tried", "not-tried"]);
    assert_eq!(document["budget"]["fitsDone"], 6);
    let html = page(&selected.document, &selected.seconds).render();
    assert!(html.contains("niet geprobeerd: het aantal modellen was op"));
}

#[test]
fn a_candidate_that_cannot_learn_is_told_beside_the_others() {
    // The target is told by `benefit`: the plain regression has no finite weights, the penalised one has.
    let frame = clients(600).booleans(
        "benefit",
        (0..600).map(|i| {
            let debt = (i % 7 != 0).then_some(((i * 53) % 97) as f64 / 10.0);
            (20 + (i * 37) % 50 - 45 + (debt.unwrap_or(3.0) * 6.0) as i64 + (i * 71) % 41 - 20) > 30
        }),
    );
    let mut plan = asked(&json!([
        {"algorithm": "logistic-regression"},
        {"algorithm": "logistic-regression", "settings": [{"l2": 1.0}]},
    ]));
    let benefit =
        json!({"name": "benefit", "meaning": {"nl": "b", "en": "b"}, "justification": "test"});
    plan["features"].as_array_mut().unwrap().push(benefit);
    let document = shown(&found(frame, &plan).unwrap());
    assert_eq!(document["lines"][1]["settings"][0]["state"], "failed");
    assert_eq!(document["lines"][1]["settings"][0]["code"], "separation");
    assert_eq!(document["proposal"]["contender"], 2);
}

#[test]
fn it_stops_when_asked_and_tells_how_far_it_is() {
    let plan = asked(&logistic());
    let told = AtomicUsize::new(0);
    let watch = Watch {
        stop: &|| told.load(Ordering::Relaxed) >= 3,
        clock: &|| 0.0,
        news: &|done, planned| {
            assert!(done <= planned && planned == 40, "{done} of {planned}");
            told.fetch_add(1, Ordering::Relaxed);
        },
        keep: &|_| {},
        memory: None,
    };
    let stopped = select(
        clients(900).file().path(),
        &parsed(&plan),
        &origin(),
        &watch,
        None,
    );
    assert!(matches!(stopped, Err(LearnError::Stopped)));
    assert!(told.load(Ordering::Relaxed) >= 3);
}

#[test]
fn faults_of_the_request_and_of_the_frame_are_all_told() {
    let mut plan = asked(&json!([
        {"algorithm": "k-means"},
        {"algorithm": "logistic-regression", "settings": [{"l2": -1.0}, {"interactions": 3}]},
    ]));
    plan["simpleRule"] = json!("origin");
    plan["folds"] = json!({"rule": "random", "outer": 40});
    let faults = parsed(&plan).faults();
    let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/folds/outer",
            "/simpleRule",
            "/candidates/0/algorithm",
            "/candidates/1/settings/0/l2",
            "/candidates/1/settings/1/interactions",
        ]
    );
    let refusal = |change: &dyn Fn(&mut Value)| {
        let mut plan = asked(&logistic());
        change(&mut plan);
        match found(clients(300), &plan) {
            Err(LearnError::Invalid(faults)) => (faults[0].pointer.clone(), faults[0].code.clone()),
            other => panic!("{other:?}"),
        }
    };
    let told = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    assert_eq!(
        refusal(&|plan| plan["simpleRule"] = json!("debt")),
        told("/simpleRule", "no-rule")
    );
    assert_eq!(
        refusal(&|plan| plan["folds"] = json!({"rule": "random", "group": "nowhere"})),
        told("/folds/group", "unknown-column")
    );
    assert_eq!(
        refusal(&|plan| plan["folds"] = json!({"rule": "random", "group": "person_pseudonym"})),
        told("/folds", "too-few-for-folds")
    );
}

#[test]
fn a_comparison_that_needs_more_memory_than_it_may_take_says_how_much_and_runs_with_that() {
    let plan = parsed(&asked(&logistic()));
    let file = clients(1_500).file();
    let within = |memory| {
        let watch = Watch {
            stop: &|| false,
            clock: &|| 0.0,
            news: &|_, _| {},
            keep: &|_| {},
            memory: Some(memory),
        };
        select(file.path(), &plan, &origin(), &watch, None)
    };
    let refused = |allowed| match within(allowed) {
        Err(LearnError::Memory {
            stage,
            needed,
            allowed: told,
        }) => {
            assert!(needed > told && told == allowed, "{needed} of {told}");
            (stage, needed)
        }
        other => panic!("{other:?}"),
    };
    let (stage, to_read) = refused(1);
    assert_eq!(stage, "reading the frame");
    let (stage, needed) = refused(to_read);
    assert_eq!(stage, "learning");
    assert!(within(needed).is_ok());
}
