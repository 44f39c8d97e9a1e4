//! Scorecards from frame to card.

use helder_model::{
    Algorithm, Answer, InputType, MissingRule, Model, PointsFit, Scorer, UnknownCategory, Value,
};
use helder_platform::body::Check;
use serde_json::json;

use super::frame::{Frame, clients, faults, learned, parse, parsed, plan};

fn full() -> serde_json::Value {
    let mut plan = plan(&["age", "debt", "town"]);
    plan["algorithm"] = json!("scorecard");
    plan["sensitiveFeatures"] = json!(["origin"]);
    plan["split"] = json!({"rule": "random", "testShare": 0.3});
    plan
}

fn points(model: &Model) -> &PointsFit {
    match &model.algorithm {
        Algorithm::Scorecard(fit) => fit,
        _ => panic!("another algorithm"),
    }
}

fn dice(i: i64, of: i64) -> i64 {
    (i * 7_919 + i / 3 * 104_729 + 13).rem_euclid(1_009) * of / 1_009
}

/// Debts and homes that tell; a few debts are missing, a few homes are rare.
fn households(n: i64, missing: impl Fn(i64) -> bool) -> Frame {
    let debt = |i: i64| dice(i, 100);
    let home = |i: i64| match i % 59 {
        0 => "boat",
        1 => "caravan",
        k if k % 3 == 0 => "owned",
        _ => "rented",
    };
    let share = |i: i64| debt(i) / 2 + if home(i) == "owned" { 0 } else { 20 };
    Frame::default()
        .booleans("target", (0..n).map(|i| dice(i * 17 + 3, 100) < share(i)))
        .booleans("is_test", (0..n).map(|i| i % 4 == 0))
        .integers("debt", (0..n).map(|i| (!missing(i)).then(|| debt(i))))
        .texts("home", (0..n).map(|i| Some(home(i))))
        .numbers("noise", (0..n).map(|i| Some(dice(i * 29 + 7, 50) as f64)))
}

fn of_households() -> serde_json::Value {
    let mut plan = plan(&["debt", "home", "noise"]);
    plan["algorithm"] = json!("scorecard");
    plan
}

#[test]
fn what_is_added_up_from_the_card_is_what_the_model_answers() {
    let learned = learned(clients(2_000), &full()).unwrap();
    let model = Model::from_json(&learned.model).unwrap();
    assert_eq!(model.to_json().unwrap(), learned.model);
    let fit = points(&model);
    let evaluation = parse(&learned.evaluation);
    let auc = evaluation["predictions"]["auc"]["value"].as_f64().unwrap();
    assert!(auc > 0.85, "{auc}");
    let told = &evaluation["scorecard"];

    let scorer = Scorer::new(&model).unwrap();
    let (mut row, mut answer) = (scorer.row(), Answer::default());
    let mut seen = 0;
    for (age, debt) in [
        (20, Value::Null),
        (45, Value::Number(3.3)),
        (69, Value::Number(9.6)),
    ] {
        for (place, input) in model.inputs.iter().enumerate() {
            let value = match input.name.as_str() {
                "age" => Value::Integer(age),
                "debt" => debt,
                _ => Value::Text("Son"),
            };
            scorer.set(&mut row, place, value).unwrap();
        }
        scorer.score(&row, &mut answer).unwrap();
        let total: u32 = answer.points.iter().sum();
        let line = told["totals"]
            .as_array()
            .unwrap()
            .iter()
            .find(|line| line["points"] == total)
            .unwrap();
        assert_eq!(line["probability"].as_f64(), answer.probability);
        seen += 1;
    }
    assert_eq!(seen, 3);
    let most: u32 = fit
        .inputs
        .iter()
        .map(|i| *i.points.iter().max().unwrap())
        .sum();
    assert_eq!(told["mostPoints"], most);

    // Rounding costs something, and little.
    let rounding = &told["rounding"];
    let figure = |name: &str| rounding[name].as_f64().unwrap();
    assert_eq!(figure("auc").to_bits(), auc.to_bits());
    assert!(
        (figure("auc") - figure("aucUnrounded")).abs() < 0.01,
        "{rounding}"
    );
    let loss = figure("logLoss") - figure("logLossUnrounded");
    assert!(loss != 0.0 && loss.abs() < 0.02, "{rounding}");

    let card = String::from_utf8(learned.card).unwrap();
    for text in [
        "De scorekaart",
        "Tel de punten van alle gegevens op",
        "niet bekend",
        "Gewicht van bewijs (WoE)",
        "Wat het totaal betekent",
        "Wat afronden op hele punten kost",
        "scorekaart: elk gegeven geeft hele punten",
    ] {
        assert!(card.contains(text), "{text}");
    }
    assert!(!card.contains("<script"));
}

#[test]
fn the_model_asks_only_what_is_on_the_card() {
    let learned = learned(households(3_000, |i| i % 9 == 0), &of_households()).unwrap();
    let model = Model::from_json(&learned.model).unwrap();
    let names: Vec<&str> = model.inputs.iter().map(|i| i.name.as_str()).collect();
    assert_eq!(names, ["debt", "home"]);
    let told = &parse(&learned.evaluation)["scorecard"];
    assert_eq!(told["leftOut"][0]["name"], "noise");
    assert_eq!(told["leftOut"][0]["reason"], "littleInformation");
    let card = String::from_utf8(learned.card).unwrap();
    assert!(card.contains("zegt zelf te weinig over de uitkomst"));
    // A gap has points of its own; its figures stand beside those of the others.
    assert_eq!(model.inputs[0].missing, MissingRule::OwnEffect);
    let debt = &told["inputs"][0];
    let cuts = points(&model).inputs[0].side.cuts.as_ref().unwrap().len();
    assert_eq!(debt["bins"].as_array().unwrap().len(), cuts + 2);
    assert!(debt["bins"][0]["rows"].as_u64().unwrap() > 200, "{debt}");
}

#[test]
fn few_gaps_are_not_told_and_do_not_follow_from_the_rest() {
    let learned = learned(households(3_000, |i| i % 400 == 1), &of_households()).unwrap();
    let told = &parse(&learned.evaluation)["scorecard"]["inputs"][0];
    let bins = told["bins"].as_array().unwrap();
    let hidden = bins.iter().filter(|bin| bin["rows"].is_null());
    assert_eq!(hidden.count(), 2, "{told}");
    assert!(
        bins[0]["rows"].is_null() && bins[0]["points"].is_u64(),
        "{told}"
    );
    for bin in bins {
        let shown = bin["weightOfEvidence"].is_null();
        assert_eq!(shown, bin["rows"].is_null());
        assert_eq!(shown, bin["informationValue"].is_null());
    }
}

#[test]
fn rare_levels_share_points_with_those_never_seen() {
    let learned = learned(households(600, |_| false), &of_households()).unwrap();
    let model = Model::from_json(&learned.model).unwrap();
    let home = model.inputs.iter().position(|i| i.name == "home").unwrap();
    let input = &model.inputs[home];
    assert_eq!(input.kind, InputType::Category);
    assert_eq!(
        input.unknown_category,
        Some(UnknownCategory::Level {
            level: "boat".to_owned()
        })
    );
    let scorer = Scorer::new(&model).unwrap();
    let points = |level: &str| {
        let (mut row, mut answer) = (scorer.row(), Answer::default());
        for place in 0..model.inputs.len() {
            scorer.set(&mut row, place, Value::Null).unwrap();
        }
        scorer.set(&mut row, home, Value::Text(level)).unwrap();
        scorer.score(&row, &mut answer).unwrap();
        answer.points[home]
    };
    assert_eq!(points("caravan"), points("boat"));
    assert_eq!(points("never seen"), points("boat"));
    assert!(points("rented") > points("owned"));
}

#[test]
fn settings_are_obeyed_and_those_that_do_not_fit_are_named() {
    let mut coarse = full();
    coarse["hyperparameters"] = json!({"mostPoints": 5, "mostBins": 2,
        "monotone": [{"feature": "debt", "direction": "rising"}]});
    let learned = learned(clients(2_000), &coarse).unwrap();
    let model = Model::from_json(&learned.model).unwrap();
    let fit = points(&model);
    let most = fit.inputs.iter().flat_map(|input| &input.points).max();
    assert_eq!(most, Some(&5));
    assert!(fit.inputs.iter().all(|input| input.side.steps() == 2));

    let pointers = |plan: &serde_json::Value| -> Vec<String> {
        let faults = parsed(plan).faults().into_iter();
        faults.map(|fault| fault.pointer).collect()
    };
    let mut wrong = full();
    wrong["hyperparameters"] =
        json!({"mostPoints": 0, "mostBins": 33, "l2": 1, "interactions": 2, "robust": true});
    wrong["weights"] = json!("age");
    let mut found = pointers(&wrong);
    found.sort();
    assert_eq!(
        found,
        [
            "/hyperparameters/interactions",
            "/hyperparameters/l2",
            "/hyperparameters/mostBins",
            "/hyperparameters/mostPoints",
            "/hyperparameters/robust",
            "/weights",
            "/weights",
        ]
    );
    let mut foreign = plan(&["age"]);
    foreign["hyperparameters"] = json!({"mostPoints": 3});
    assert_eq!(pointers(&foreign), ["/hyperparameters/mostPoints"]);

    let mut category = full();
    category["hyperparameters"] = json!({"monotone": [{"feature": "town", "direction": "rising"}]});
    let found = faults(clients(500), &category);
    assert_eq!(found[0].pointer, "/hyperparameters/monotone/0/feature");
}

#[test]
fn what_cannot_become_a_card_is_said() {
    let nothing = Frame::default()
        .booleans("is_test", (0..400).map(|i| i % 3 == 0))
        .booleans("target", (0..400).map(|i| i % 2 == 0))
        .integers("age", (0..400).map(|i| Some(i / 2 % 5)));
    let mut only_age = plan(&["age"]);
    only_age["algorithm"] = json!("scorecard");
    assert_eq!(faults(nothing, &only_age)[0].code, "nothing-told");
    let one_class = Frame::default()
        .booleans("is_test", (0..100).map(|i| i % 3 == 0))
        .integers("age", (0..100).map(|i| Some(i * 7 % 13)))
        .booleans("target", (0..100).map(|_| true));
    assert_eq!(faults(one_class, &only_age)[0].code, "one-class");
}

#[test]
fn a_repeat_gives_the_same_bytes() {
    let [one, other] = [1, 2].map(|_| learned(clients(1_000), &full()).unwrap());
    assert!(one.model == other.model && one.evaluation == other.evaluation);
    assert!(one.card == other.card && one.provenance == other.provenance);
}
