//! Models that promise not to betray a row: what stands in their files, and what was paid for it.

use std::{collections::BTreeSet, sync::Mutex};

use helder_model::Model;
use helder_platform::body::Check;
use serde_json::{Value, json};

use super::frame::{CALM, Frame, clients, origin, parse, parsed, plan};
use crate::learn::{LearnError, Learned, NewEdit, Onlooker, check_edit, learn_watched};

fn asked() -> Value {
    let mut plan = plan(&["age", "debt", "town"]);
    plan["algorithm"] = json!("explainable-boosting");
    plan["sensitiveFeatures"] = json!(["origin"]);
    plan["privacy"] = json!({
        "epsilon": 4, "delta": 1e-5,
        "ranges": [
            {"feature": "age", "minimum": 18, "maximum": 90},
            {"feature": "debt", "minimum": 0, "maximum": 12},
        ],
        "levels": [{"feature": "town", "levels": ["Best", "Eindhoven", "Son"]}],
    });
    plan
}

/// Learns with noise drawn from a seed; in service it comes from the operating system.
fn with_chance(frame: Frame, plan: &Value, seed: u64) -> Result<Learned, LearnError> {
    let state = Mutex::new(seed);
    let chance = || {
        let mut state = state.lock().ok()?;
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Some(z ^ (z >> 31))
    };
    let onlooker = Onlooker {
        chance: &chance,
        ..CALM
    };
    let plan = parsed(plan);
    assert!(plan.faults().is_empty(), "{:?}", plan.faults());
    learn_watched(frame.file().path(), &plan, &origin(), &onlooker)
}

fn faults(frame: Frame, plan: &Value) -> Vec<helder_types::Fault> {
    match with_chance(frame, plan, 1) {
        Err(LearnError::Invalid(faults)) => faults,
        other => panic!("{other:?}"),
    }
}

/// Where something stands in a model file that is not of the plan or of the format, and what paid for it. A number in another
/// place has not been paid for.
const PAID: [(&str, &str); 17] = [
    ("/privacy/epsilon", "asked"),
    ("/privacy/delta", "asked"),
    ("/training/seed", "asked: draws rows apart, no noise"),
    ("/training/rows", "the number of rows, with noise"),
    ("/training/frameDigest", "random"),
    ("/training/codeVersion", "of the program"),
    ("/inputs/*/trainingRange/minimum", "asked"),
    ("/inputs/*/trainingRange/maximum", "asked"),
    ("/inputs/*/categories/*/level", "public, or clear of noise"),
    ("/inputs/*/missing/level", "by noisy counts"),
    ("/inputs/*/unknownCategory/level", "by noisy counts"),
    ("/fitted/intercept", "noisy outcomes and probabilities"),
    ("/fitted/curves/*/cuts/*", "noisy rows of a public grid"),
    ("/fitted/curves/*/levels/*/*", "public, or clear of noise"),
    (
        "/fitted/curves/*/scores/*",
        "noisy outcomes and probabilities",
    ),
    (
        "/fitted/curves/*/standardErrors/*",
        "the size of the noise, and noisy rows",
    ),
    ("/fitted/curves/*/input", "asked"),
];

/// Texts of the plan and of the format.
const WORDS: [&str; 24] = [
    "/format",
    "/name",
    "/title/nl",
    "/title/en",
    "/kind",
    "/output/name",
    "/output/meaning/nl",
    "/output/meaning/en",
    "/inputs/*/name",
    "/inputs/*/type",
    "/inputs/*/meaning/nl",
    "/inputs/*/meaning/en",
    "/inputs/*/justification",
    "/inputs/*/missing/rule",
    "/inputs/*/unknownCategory/rule",
    "/link",
    "/algorithm",
    "/calibration/method",
    "/privacy/mechanism",
    "/privacy/accountant",
    "/training/split/rule",
    "/training/split/column",
    "/training/split/value",
    "/training/sensitiveFeatures/*",
];

/// Every place of a value, with `*` for the number in a list.
fn places(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                places(value, &format!("{at}/{key}"), found);
            }
        }
        Value::Array(items) => {
            for item in items {
                places(item, &format!("{at}/*"), found);
            }
        }
        _ => {
            found.insert(at.to_owned());
        }
    }
}

#[test]
fn nothing_stands_in_the_model_that_was_not_asked_or_paid_for() {
    let learned = with_chance(clients(6_000), &asked(), 3).unwrap();
    let mut found = BTreeSet::new();
    places(&parse(&learned.model), "", &mut found);
    let paid = PAID.iter().map(|(place, _)| *place);
    let known: BTreeSet<String> = paid.chain(WORDS).map(str::to_owned).collect();
    assert_eq!(found, known);
    let model = Model::from_json(&learned.model).unwrap();
    let privacy = model.privacy.unwrap();
    assert_eq!((privacy.epsilon, privacy.delta), (4.0, 1e-5));
    // Near the true number, and not that.
    assert_ne!(model.training.rows, 4_000);
    assert!((3_900..4_100).contains(&model.training.rows));
}

#[test]
fn what_lies_outside_the_range_and_which_frame_it_was_leave_no_trace() {
    // A debt beyond the range, and a town of one person: whatever they are, the file is the same.
    let with = |debt: f64, town: &'static str| {
        let n = 6_000;
        let frame = clients(n);
        let debts = (0..n).map(|i| {
            let usual = (i % 7 != 0).then_some(((i * 53) % 97) as f64 / 10.0);
            if i == 100 { Some(debt) } else { usual }
        });
        let towns = (0..n).map(|i| {
            let usual = ["Best", "Eindhoven", "Son"][(i * 29 % 31 % 3) as usize];
            Some(if i == 100 { town } else { usual })
        });
        frame
            .without("debt")
            .without("town")
            .numbers("debt", debts)
            .texts("town", towns)
    };
    let model = |frame| with_chance(frame, &asked(), 3).unwrap();
    let (one, other) = (model(with(13.0, "Geldrop")), model(with(9e9, "Aarle")));
    assert_eq!(one.model, other.model);
    assert_eq!(one.provenance, other.provenance);
    let digest = origin().digest.to_string();
    let parent = origin().parents[0].digest.to_string();
    for file in [
        &one.model,
        &one.evaluation,
        &one.fairness,
        &one.provenance,
        &one.card,
    ] {
        let text = String::from_utf8_lossy(file);
        assert!(!text.contains(&digest) && !text.contains(&parent));
        assert!(!text.contains("Geldrop"));
    }
}

#[test]
fn the_noise_decides_the_file_and_the_seed_of_the_plan_does_not_draw_it() {
    let model = |plan: &Value, seed| with_chance(clients(6_000), plan, seed).unwrap().model;
    let plan = asked();
    assert_eq!(model(&plan, 3), model(&plan, 3));
    assert_ne!(model(&plan, 3), model(&plan, 4));
    // Rows are kept apart by a column here, so that the seed of the plan changes itself only.
    let mut seeded = plan.clone();
    seeded["seed"] = json!(8);
    let fitted = |bytes: Vec<u8>| parse(&bytes)["fitted"].clone();
    assert_eq!(fitted(model(&plan, 3)), fitted(model(&seeded, 3)));
    // Calm has no chance.
    let learned = learn_watched(clients(600).file().path(), &parsed(&plan), &origin(), &CALM);
    assert!(matches!(learned, Err(LearnError::Internal(_))));
}

#[test]
fn reports_say_what_is_promised_and_keep_silent_about_the_rows_learned_from() {
    let learned = with_chance(clients(6_000), &asked(), 3).unwrap();
    let evaluation = parse(&learned.evaluation);
    let fairness = parse(&learned.fairness);
    let rows = Model::from_json(&learned.model).unwrap().training.rows;
    for document in [&evaluation, &fairness] {
        assert_eq!(document["rows"]["train"], json!(rows));
        let told = document["notJudged"].as_array().unwrap();
        assert!(
            told.iter().any(|entry| entry["code"] == "private"),
            "{told:?}"
        );
    }
    assert!(evaluation["learningCurve"].is_null());
    assert_eq!(fairness["audits"][0]["wholeSet"], json!([]));
    assert!(evaluation["predictions"]["auc"]["value"].as_f64().unwrap() > 0.8);
    let pages = [
        Some(learned.card),
        learned.evaluation_page,
        learned.fairness_page,
    ];
    for page in pages.into_iter().flatten() {
        let page = String::from_utf8(page).unwrap();
        assert!(page.contains("Bescherming van de mensen in de gegevens"));
        assert!(page.contains("Those rows are not protected"));
    }
}

#[test]
fn what_would_mislead_or_break_the_promise_is_refused() {
    let codes = |frame, plan: &Value| -> Vec<String> {
        let faults = faults(frame, plan);
        faults.into_iter().map(|fault| fault.code).collect()
    };
    let mut plan = asked();
    plan["privacy"]["epsilon"] = json!(0.1);
    let few = faults(clients(600), &plan);
    assert_eq!(few[0].code, "too-few-rows");
    assert!(
        few[0].detail.contains("rows;") && few[0].detail.contains("epsilon"),
        "{few:?}"
    );
    let mut plan = asked();
    plan["privacy"]["delta"] = json!(0.005);
    assert_eq!(faults(clients(6_000), &plan)[0].pointer, "/privacy/delta");
    let mut plan = asked();
    plan["privacy"]["levels"] = json!([]);
    plan["privacy"]["ranges"] = json!([{"feature": "town", "minimum": 0, "maximum": 1}]);
    assert_eq!(
        codes(clients(6_000), &plan),
        ["no-range", "no-range", "wrong-kind"]
    );
    let mut plan = asked();
    plan["algorithm"] = json!("scorecard");
    plan["split"] = json!({"rule": "none"});
    plan["privacy"]["epsilon"] = json!(0);
    plan["privacy"]["ranges"][0]["feature"] = json!("height");
    plan["privacy"]["ranges"][1]["maximum"] = json!(-1);
    plan["privacy"]["levels"][0]["levels"] = json!(["Best", "Best"]);
    plan["hyperparameters"] = json!({"l2": 1});
    let found = parsed(&plan).faults();
    let pointers: Vec<&str> = found.iter().map(|fault| fault.pointer.as_str()).collect();
    for pointer in [
        "/privacy",
        "/privacy/epsilon",
        "/split",
        "/privacy/ranges/0/feature",
        "/privacy/ranges/1/maximum",
        "/privacy/levels/0/levels",
        "/hyperparameters/l2",
    ] {
        assert!(pointers.contains(&pointer), "{pointer}: {pointers:?}");
    }
}

#[test]
fn a_private_model_takes_no_edits() {
    let learned = with_chance(clients(6_000), &asked(), 3).unwrap();
    let edit: NewEdit = serde_json::from_value(json!({
        "reason": "vanaf 60 is het verschil ruis", "changes": [{"change": "remove", "input": "town"}]
    }))
    .unwrap();
    let Err(LearnError::Invalid(faults)) = check_edit(&learned.model, &edit) else {
        panic!("it was edited")
    };
    assert_eq!(faults[0].code, "breaks-privacy");
}
