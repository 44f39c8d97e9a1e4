//! Explainable boosting from frame to card.

use helder_model::{Algorithm, Answer, InputType, MissingRule, Model, Scorer, Value};
use helder_platform::body::Check;
use serde_json::json;

use super::frame::{Frame, clients, faults, learned, origin, parse, parsed, plan};
use crate::learn::{LearnError, learn};

fn full() -> serde_json::Value {
    let mut plan = plan(&["age", "debt", "town"]);
    plan["algorithm"] = json!("explainable-boosting");
    plan["sensitiveFeatures"] = json!(["origin"]);
    plan["split"] = json!({"rule": "random", "testShare": 0.3});
    plan
}

/// An outcome that two numbers tell together and neither tells alone; every ninth value is missing.
fn together(n: i64) -> Frame {
    let dice = |i: i64, of: i64| (i * 7_919 + i / 3 * 104_729 + 13).rem_euclid(1_009) * of / 1_009;
    let age = |i: i64| 20 + dice(i, 60);
    let debt = |i: i64| dice(i * 31 + 5, 100);
    let side = |i: i64| (age(i) < 50) == (debt(i) < 50);
    let outcome = |i: i64| dice(i * 17 + 3, 100) < if side(i) { 75 } else { 20 };
    Frame::default()
        .booleans("target", (0..n).map(outcome))
        .booleans("is_test", (0..n).map(|i| i % 3 == 0))
        .integers("age", (0..n).map(|i| Some(age(i))))
        .integers("debt", (0..n).map(|i| (i % 9 != 0).then(|| debt(i))))
        .booleans("benefit", (0..n).map(|i| i % 5 == 0))
}

#[test]
fn the_model_scores_what_was_judged_and_its_terms_sum_to_the_score() {
    let plan = full();
    let learned = learned(clients(2_000), &plan).unwrap();
    let model = Model::from_json(&learned.model).unwrap();
    assert_eq!(model.to_json().unwrap(), learned.model);
    let input = |name: &str| {
        model
            .inputs
            .iter()
            .find(|input| input.name == name)
            .unwrap()
    };
    assert_eq!(input("debt").missing, MissingRule::OwnEffect);
    assert!(matches!(input("age").missing, MissingRule::Median { .. }));
    assert_eq!(input("town").kind, InputType::Category);
    let evaluation = parse(&learned.evaluation);
    assert!(
        evaluation["predictions"]["auc"]["value"].as_f64().unwrap() > 0.8,
        "{evaluation}"
    );
    assert!(
        evaluation["boosting"]["terms"][0]["importance"]
            .as_f64()
            .unwrap()
            > 0.5
    );
    assert!(evaluation["boosting"]["losses"].as_array().unwrap().len() > 10);

    let scorer = Scorer::new(&model).unwrap();
    let (mut row, mut answer) = (scorer.row(), Answer::default());
    for (age, debt) in [
        (20, Value::Null),
        (45, Value::Number(3.3)),
        (69, Value::Number(9.6)),
    ] {
        for (input, value) in [Value::Integer(age), debt, Value::Text("Son")]
            .into_iter()
            .enumerate()
        {
            scorer.set(&mut row, input, value).unwrap();
        }
        scorer.score(&row, &mut answer).unwrap();
        let sum = answer
            .contributions
            .iter()
            .fold(answer.base_score, |sum, c| sum + c);
        assert_eq!(sum.to_bits(), answer.score.to_bits());
        let (interval, p) = (answer.interval.unwrap(), answer.probability.unwrap());
        assert!(0.0 < interval.lower && interval.lower < p && p < interval.upper);
    }
    let card = String::from_utf8(learned.card).unwrap();
    // Few rows have more models than 14; the card tells how many there were.
    let bags = evaluation["boosting"]["bags"].as_u64().unwrap();
    assert!(bags > 14);
    assert!(card.contains(&format!("een gemiddelde van {bags} modellen")));
}

#[test]
fn no_step_of_a_number_rests_on_few_rows() {
    let model = Model::from_json(&learned(clients(900), &full()).unwrap().model).unwrap();
    let Algorithm::ExplainableBoosting(fit) = &model.algorithm else {
        panic!("another algorithm")
    };
    // 600 rows to learn from, ages 20 to 69: some twelve rows per age.
    let cuts = fit.curves[0].side.cuts.as_ref().unwrap();
    assert!((10..=60).contains(&cuts.len()), "{cuts:?}");
}

#[test]
fn what_only_two_inputs_tell_together_is_found_told_and_drawn() {
    let mut plan = full();
    plan["features"] = super::frame::plan(&["age", "debt", "benefit"])["features"].clone();
    plan["sensitiveFeatures"] = json!([]);
    let learned = learned(together(4_000), &plan).unwrap();
    let model = Model::from_json(&learned.model).unwrap();
    let Algorithm::ExplainableBoosting(fit) = &model.algorithm else {
        panic!("another algorithm")
    };
    let pair = &fit.pairs[0];
    assert_eq!(
        [pair.first.input.as_str(), pair.second.input.as_str()],
        ["age", "debt"]
    );
    // The first step of debt is the missing value.
    let steps = pair.second.cuts.as_ref().unwrap().len() + 2;
    assert!(pair.scores.iter().all(|row| row.len() == steps));
    let auc = &parse(&learned.evaluation)["predictions"]["auc"]["value"];
    assert!(auc.as_f64().unwrap() > 0.7, "{auc}");
    let card = String::from_utf8(learned.card).unwrap();
    for text in [
        "Wat elk gegeven doet",
        "age × debt",
        "niet bekend",
        "Kleurentabel",
        "optelsom",
        "<svg",
    ] {
        assert!(card.contains(text), "{text}");
    }
    assert!(!card.contains("<script"));

    plan["hyperparameters"] = json!({"interactions": 0});
    let without = super::frame::learned(together(4_000), &plan).unwrap();
    let model = Model::from_json(&without.model).unwrap();
    assert_eq!(model.terms().len(), 3);
}

#[test]
fn a_curve_that_must_rise_rises() {
    let mut plan = full();
    plan["hyperparameters"] = json!({"monotone": [{"feature": "debt", "direction": "rising"}]});
    let model = Model::from_json(&learned(clients(2_000), &plan).unwrap().model).unwrap();
    let Algorithm::ExplainableBoosting(fit) = &model.algorithm else {
        panic!("another algorithm")
    };
    // The first score is that of the missing value.
    assert!(
        fit.curves[1].scores[1..]
            .windows(2)
            .all(|pair| pair[0] <= pair[1])
    );
    assert!(
        fit.pairs
            .iter()
            .all(|p| p.first.input != "debt" && p.second.input != "debt")
    );
}

#[test]
fn settings_that_do_not_fit_are_named() {
    let mut wrong = full();
    wrong["hyperparameters"] = json!({"l2": 1, "interactions": 101, "monotone": [
        {"feature": "debt", "direction": "rising"}, {"feature": "debt", "direction": "falling"}, {"feature": "length", "direction": "rising"}]});
    let pointers: Vec<String> = parsed(&wrong)
        .faults()
        .into_iter()
        .map(|fault| fault.pointer)
        .collect();
    assert_eq!(
        pointers,
        [
            "/hyperparameters/interactions",
            "/hyperparameters/monotone/1/feature",
            "/hyperparameters/monotone/2/feature",
            "/hyperparameters/l2",
        ]
    );
    let mut category = full();
    category["hyperparameters"] = json!({"monotone": [{"feature": "town", "direction": "rising"}]});
    let found = faults(clients(500), &category);
    assert_eq!(found[0].pointer, "/hyperparameters/monotone/0/feature");
    let mut foreign = plan(&["age"]);
    foreign["hyperparameters"] = json!({"interactions": 3});
    assert_eq!(
        parsed(&foreign).faults()[0].pointer,
        "/hyperparameters/interactions"
    );
    let one_class = Frame::default()
        .booleans("is_test", (0..100).map(|i| i % 3 == 0))
        .integers("age", (0..100).map(|i| Some(i * 7 % 13)))
        .booleans("target", (0..100).map(|_| true));
    let mut only_age = plan(&["age"]);
    only_age["algorithm"] = json!("explainable-boosting");
    assert_eq!(faults(one_class, &only_age)[0].code, "one-class");
}

#[test]
fn one_and_four_threads_give_the_same_files_and_it_stops_while_fitting() {
    let frame = clients(1_500).file();
    let plan = parsed(&full());
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| learn(frame.path(), &plan, &origin(), &|_| false).unwrap())
    };
    let (one, four) = (on(1), on(4));
    assert!(one.model == four.model && one.evaluation == four.evaluation && one.card == four.card);
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let stopped = learn(frame.path(), &plan, &origin(), &|stage| {
        stage == "fitting" && asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 3
    });
    assert!(matches!(stopped, Err(LearnError::Stopped)));
}

#[test]
fn smooth_and_sparse_models_tell_so_and_ask_only_for_what_they_use() {
    let noise = |i: i64| (i * 7_919 + 13).rem_euclid(1_009) * (i % 11 + 1) % 97;
    let frame = clients(3_000).integers("noise", (0..3_000).map(|i| Some(noise(i))));
    let mut plan = full();
    plan["features"] = super::frame::plan(&["age", "noise", "debt", "town"])["features"].clone();
    plan["hyperparameters"] = json!({"smooth": true, "sparse": true, "maximumTerms": 3});
    assert_eq!(parsed(&plan).faults(), []);
    let learned = learned(frame, &plan).unwrap();
    let model = Model::from_json(&learned.model).unwrap();
    let asked: Vec<&str> = model
        .inputs
        .iter()
        .map(|input| input.name.as_str())
        .collect();
    assert!(
        asked.contains(&"age") && asked.contains(&"debt"),
        "{asked:?}"
    );
    assert!(!asked.contains(&"noise"), "{asked:?}");
    let boosting = &parse(&learned.evaluation)["boosting"];
    let left_out = boosting["leftOut"].as_array().unwrap();
    assert!(left_out.contains(&json!("noise")), "{boosting}");
    assert!(boosting["smoothing"].as_f64().unwrap() >= 1.0);
    assert!(boosting["terms"].as_array().unwrap().len() <= 3);
    let card = String::from_utf8(learned.card).unwrap();
    assert!(card.contains("gladgestreken") && card.contains("weggelaten"));
}

#[test]
fn terms_out_of_range_or_of_another_algorithm_are_refused() {
    let mut plan = full();
    plan["hyperparameters"] = json!({"maximumTerms": 0});
    assert_eq!(parsed(&plan).faults()[0].code, "out-of-range");
    plan["hyperparameters"] = json!({"smooth": true, "sparse": true, "maximumTerms": 5});
    plan["algorithm"] = json!("logistic-regression");
    let faults = parsed(&plan).faults();
    let at: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    for name in ["smooth", "sparse", "maximumTerms"] {
        assert!(
            at.contains(&format!("/hyperparameters/{name}").as_str()),
            "{at:?}"
        );
    }
}

/// Numbers of which each tells something together with the next three.
fn chained(n: usize, numbers: usize) -> Frame {
    let dice = |row: usize, salt: usize| {
        let mut x = (row as u64 + ((salt as u64) << 40)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((x ^ (x >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    };
    let score = |row: usize| -> f64 {
        let around = |salt| dice(row, salt % numbers) - 0.5;
        let next = |salt| around(salt + 1) + around(salt + 2) + around(salt + 3);
        (0..numbers)
            .map(|salt| 3.0 * around(salt) * next(salt))
            .sum()
    };
    let outcome = |row| dice(row, 1_000) < 1.0 / (1.0 + f64::exp(-score(row)));
    let mut frame = Frame::default()
        .booleans("target", (0..n).map(outcome))
        .booleans("is_test", (0..n).map(|row| row % 10 == 0));
    for salt in 0..numbers {
        let values = (0..n).map(|row| Some(dice(row, salt)));
        frame = frame.numbers(&format!("x{salt}"), values);
    }
    frame
}

#[test]
fn a_model_too_large_to_be_kept_is_refused_before_it_is_judged_with_what_would_fit() {
    let names: Vec<String> = (0..40).map(|salt| format!("x{salt}")).collect();
    let mut plan = plan(&names.iter().map(String::as_str).collect::<Vec<_>>());
    plan["algorithm"] = json!("explainable-boosting");
    plan["hyperparameters"] = json!({"interactions": 100});
    let file = chained(30_000, 40).file();
    // Nothing is judged: the step after learning stops.
    let tried = |plan: &serde_json::Value| {
        learn(file.path(), &parsed(plan), &origin(), &|step| {
            step == "judging"
        })
    };
    let Err(LearnError::Invalid(faults)) = tried(&plan) else {
        panic!("faults")
    };
    assert_eq!(faults.len(), 1, "{faults:?}");
    let fault = &faults[0];
    println!("{}", fault.detail);
    assert_eq!(fault.code, "model-too-large");
    assert_eq!(fault.pointer, "/hyperparameters/maximumTerms");
    let after = fault.detail.split("maximumTerms to ").nth(1).unwrap();
    let most: u32 = after.split(' ').next().unwrap().parse().unwrap();
    assert!((40..140).contains(&most), "{}", fault.detail);
    plan["hyperparameters"] = json!({"interactions": 100, "maximumTerms": most});
    assert!(matches!(tried(&plan), Err(LearnError::Stopped)));
}
