//! Decision trees and rule lists from frame to card.

use helder_model::{Algorithm, Answer, MissingRule, Model, Scorer, TreeFit, TreeTest, Value};
use helder_platform::body::Check;
use serde_json::json;

use super::frame::{Frame, clients, faults, learned, parse, parsed, plan};

fn full(algorithm: &str) -> serde_json::Value {
    let mut plan = plan(&["age", "debt", "town"]);
    plan["algorithm"] = json!(algorithm);
    plan["sensitiveFeatures"] = json!(["origin"]);
    plan
}

fn fit(model: &Model) -> &TreeFit {
    match &model.algorithm {
        Algorithm::DecisionTree(fit) | Algorithm::RuleList(fit) => fit,
        _ => panic!("another algorithm"),
    }
}

fn dice(i: i64, of: i64) -> i64 {
    // Mixed as splitmix64 does, so that one column says nothing of another.
    let mut z = (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 33) as i64 * of / (1 << 31)
}

/// Debts tell much when they are known, a few homes are rare, noise tells nothing.
fn households(n: i64) -> Frame {
    let debt = |i: i64| dice(i, 100);
    let is_missing = |i: i64| i % 9 == 0;
    let home = |i: i64| match i % 59 {
        0 => "boat",
        1 => "caravan",
        k if k % 3 == 0 => "owned",
        _ => "rented",
    };
    let share = |i: i64| match (is_missing(i), home(i)) {
        (true, _) => 80,
        (_, "owned") => 5,
        (_, "boat" | "caravan") => 70,
        _ => 20 + if debt(i) > 60 { 40 } else { 0 },
    };
    Frame::default()
        .booleans("target", (0..n).map(|i| dice(i * 17 + 3, 100) < share(i)))
        .booleans("is_test", (0..n).map(|i| i % 4 == 1))
        .integers("debt", (0..n).map(|i| (!is_missing(i)).then(|| debt(i))))
        .texts("home", (0..n).map(|i| Some(home(i))))
        .numbers("noise", (0..n).map(|i| Some(dice(i * 29 + 7, 50) as f64)))
}

fn of_households(algorithm: &str) -> serde_json::Value {
    let mut plan = plan(&["debt", "home", "noise"]);
    plan["algorithm"] = json!(algorithm);
    plan
}

fn answer(model: &Model, values: &[(&str, Value<'_>)]) -> Answer {
    let scorer = Scorer::new(model).unwrap();
    let (mut row, mut answer) = (scorer.row(), Answer::default());
    for (place, input) in model.inputs.iter().enumerate() {
        let (_, value) = values.iter().find(|(name, _)| *name == input.name).unwrap();
        scorer.set(&mut row, place, *value).unwrap();
    }
    scorer.score(&row, &mut answer).unwrap();
    answer
}

#[test]
fn a_tree_and_a_list_answer_what_their_card_says() {
    for (algorithm, least_auc, texts) in [
        (
            "decision-tree",
            0.85,
            ["De boom", "Begin bovenaan", "beslisboom: een paar vragen"],
        ),
        (
            "rule-list",
            0.75,
            ["De regels", "anders, als ", "regellijst: de eerste regel"],
        ),
    ] {
        let learned = learned(clients(3_000), &full(algorithm)).unwrap();
        let model = Model::from_json(&learned.model).unwrap();
        assert_eq!(model.to_json().unwrap(), learned.model);
        let evaluation = parse(&learned.evaluation);
        let auc = evaluation["predictions"]["auc"]["value"].as_f64().unwrap();
        assert!(auc > least_auc, "{algorithm}: {auc}");
        let told = &evaluation["tree"];
        assert_eq!(
            told["choosingRows"].as_u64().unwrap() + told["estimatingRows"].as_u64().unwrap(),
            2_000
        );
        assert_eq!(told["estimatingRows"], 600);
        let leaves = told["leaves"].as_array().unwrap();
        let sum = |name: &str| {
            leaves
                .iter()
                .map(|leaf| leaf[name].as_f64().unwrap())
                .sum::<f64>()
        };
        assert!((sum("rows") - 600.0).abs() < 1e-9 && (sum("share") - 1.0).abs() < 1e-9);
        for leaf in leaves {
            let rows = leaf["rows"].as_u64().unwrap();
            assert!(rows >= 10, "{leaf}");
            let events = leaf["events"].as_u64();
            assert!(
                events.is_none_or(|events| events >= 10 && rows - events >= 10),
                "{leaf}"
            );
        }
        let values = [
            ("age", Value::Integer(60)),
            ("debt", Value::Number(9.0)),
            ("town", Value::Text("Son")),
        ];
        let found = answer(&model, &values);
        let p = found.probability.unwrap();
        let line = leaves
            .iter()
            .find(|leaf| (leaf["probability"].as_f64().unwrap() - p).abs() < 1e-12)
            .unwrap();
        let interval = found.interval.unwrap();
        assert_eq!(
            line["lower"].as_f64().unwrap().to_bits(),
            interval.lower.to_bits()
        );
        assert!(interval.lower < p && p < interval.upper && p > 0.5);
        let card = String::from_utf8(learned.card).unwrap();
        for text in texts
            .into_iter()
            .chain(["die niets kozen", "iedereen", "meer dan", "<svg"])
        {
            assert!(card.contains(text), "{algorithm}: {text}");
        }
        assert!(!card.contains("<script"));
    }
}

#[test]
fn what_is_missing_rare_or_new_has_its_way() {
    for algorithm in ["decision-tree", "rule-list"] {
        let learned = learned(households(6_000), &of_households(algorithm)).unwrap();
        let model = Model::from_json(&learned.model).unwrap();
        let names: Vec<&str> = model.inputs.iter().map(|i| i.name.as_str()).collect();
        assert_eq!(names[..2], ["debt", "home"], "{algorithm}");
        assert_eq!(model.inputs[0].missing, MissingRule::OwnEffect);
        let p = |debt: Value<'_>, home: &str| {
            let values = [
                ("debt", debt),
                ("home", Value::Text(home)),
                ("noise", Value::Number(3.0)),
            ];
            answer(&model, &values).probability.unwrap()
        };
        let [missing, much, little, owned] = [
            (Value::Null, "rented"),
            (Value::Integer(90), "rented"),
            (Value::Integer(10), "rented"),
            (Value::Integer(10), "owned"),
        ]
        .map(|(debt, home)| p(debt, home));
        let found = format!("{algorithm}: {missing} {much} {little} {owned}");
        // A rule of one condition cannot say "rented with much debt", so a list is coarser.
        let is_tree = algorithm == "decision-tree";
        assert!(missing > 0.65 && little < 0.35, "{found}");
        assert!(much > if is_tree { 0.5 } else { 0.35 }, "{found}");
        assert!(owned < if is_tree { 0.15 } else { 0.35 }, "{found}");
    }
}

#[test]
fn rare_levels_go_the_way_of_those_never_seen() {
    // Each of the rare homes has fewer than ten rows to learn from.
    let learned = learned(households(500), &of_households("decision-tree")).unwrap();
    let model = Model::from_json(&learned.model).unwrap();
    let p = |home: &str| {
        let values = [
            ("debt", Value::Integer(10)),
            ("home", Value::Text(home)),
            ("noise", Value::Number(1.0)),
        ];
        answer(&model, &values).probability.unwrap().to_bits()
    };
    assert_eq!(p("boat"), p("caravan"));
    assert_eq!(p("boat"), p("never seen"));
    let named = fit(&model)
        .nodes
        .iter()
        .flat_map(|node| &node.split)
        .any(|split| matches!(split.test, TreeTest::OneOf(_)));
    assert!(named, "the home is asked for");
}

#[test]
fn settings_are_obeyed_and_those_that_do_not_fit_are_named() {
    let mut small = full("decision-tree");
    small["hyperparameters"] =
        json!({"maxDepth": 1, "monotone": [{"feature": "debt", "direction": "rising"}]});
    let model = Model::from_json(&learned(clients(3_000), &small).unwrap().model).unwrap();
    assert_eq!(fit(&model).nodes.len(), 3);
    let mut few = full("rule-list");
    few["hyperparameters"] = json!({"mostRules": 2});
    let model = Model::from_json(&learned(clients(3_000), &few).unwrap().model).unwrap();
    assert!(fit(&model).nodes.len() <= 5);

    let pointers = |plan: &serde_json::Value| -> Vec<String> {
        let mut found: Vec<String> = parsed(plan)
            .faults()
            .into_iter()
            .map(|fault| fault.pointer)
            .collect();
        found.sort();
        found
    };
    let at = |name: &str| format!("/hyperparameters/{name}");
    small["hyperparameters"] = json!({"maxDepth": 9, "mostRules": 3, "l2": 1});
    assert_eq!(
        pointers(&small),
        [at("l2"), at("maxDepth"), at("mostRules")]
    );
    few["hyperparameters"] = json!({"mostRules": 0, "maxDepth": 2, "monotone": [{"feature": "debt", "direction": "rising"}]});
    assert_eq!(
        pointers(&few),
        [at("maxDepth"), at("monotone"), at("mostRules")]
    );
    let mut category = full("decision-tree");
    category["hyperparameters"] = json!({"monotone": [{"feature": "town", "direction": "rising"}]});
    assert_eq!(
        faults(clients(500), &category)[0].pointer,
        "/hyperparameters/monotone/0/feature"
    );
}

#[test]
fn a_repeat_gives_the_same_bytes() {
    for algorithm in ["decision-tree", "rule-list"] {
        let [one, other] = [1, 2].map(|_| learned(clients(1_500), &full(algorithm)).unwrap());
        assert!(one.model == other.model && one.evaluation == other.evaluation);
        assert!(one.card == other.card && one.provenance == other.provenance);
    }
}

/// Three months of each person; only of the person, nothing else, depends the outcome beside debt.
fn months(rows: i64) -> Frame {
    let person = |row: i64| row / 6;
    let names: Vec<String> = (0..rows).map(|row| format!("p{}", person(row))).collect();
    let share = |row: i64| {
        let debt = dice(person(row), 100);
        (if debt > 60 { 60 } else { 10 })
            + if dice(person(row) * 31 + 7, 2) == 1 {
                30
            } else {
                0
            }
    };
    Frame::default()
        .booleans(
            "target",
            (0..rows).map(|row| dice(row * 17 + 3, 100) < share(row)),
        )
        .booleans("is_test", (0..rows).map(|row| person(row) % 4 == 1))
        .integers("debt", (0..rows).map(|row| Some(dice(person(row), 100))))
        .texts("person", names.iter().map(|name| Some(name.as_str())))
        .numbers("decimals", (0..rows).map(|row| Some(row as f64 / 7.0)))
}

#[test]
fn rows_of_one_person_stand_on_one_side_and_widen_the_interval() {
    for algorithm in ["decision-tree", "rule-list"] {
        let mut asked = plan(&["debt"]);
        asked["algorithm"] = json!(algorithm);
        let alone = learned(months(4_800), &asked).unwrap();
        let alone_told = parse(&alone.evaluation)["tree"].clone();
        assert!(alone_told.get("groups").is_none());
        asked["hyperparameters"] = json!({"rowGroup": "person"});
        let together = learned(months(4_800), &asked).unwrap();
        let told = parse(&together.evaluation)["tree"].clone();
        // Of 600 persons with six rows three in ten estimate.
        assert_eq!(told["estimatingRows"], 1_080);
        assert_eq!(
            told["groups"],
            json!({"column": "person", "estimating": 180})
        );
        let width = |told: &serde_json::Value| {
            let leaf = &told["leaves"][0];
            let [lower, upper] = ["lower", "upper"].map(|end| leaf[end].as_f64().unwrap());
            (upper - lower) * leaf["rows"].as_f64().unwrap().sqrt()
        };
        assert!(width(&told) > 1.2 * width(&alone_told), "{algorithm}");
        for leaf in told["leaves"].as_array().unwrap() {
            let [rows, groups] = ["rows", "groups"].map(|name| leaf[name].as_u64().unwrap());
            assert_eq!(rows, 6 * groups, "a person stands wholly on one side");
        }
        let card = String::from_utf8(together.card).unwrap();
        for text in [
            "in de kolom `person` horen bij elkaar",
            "Verschillende `person`",
            "180",
        ] {
            assert!(card.contains(text), "{algorithm}: {text}");
        }
        // A split that keeps persons together says the same.
        asked["hyperparameters"] = json!({});
        asked["split"] = json!({"rule": "random", "testShare": 0.25, "group": "person"});
        let split = parse(&learned(months(4_800), &asked).unwrap().evaluation);
        assert_eq!(split["tree"]["groups"]["column"], "person");
    }
}

#[test]
fn groups_that_are_too_few_of_another_kind_or_not_there_are_named() {
    let fault = |algorithm: &str, group: &str| {
        let mut asked = plan(&["debt"]);
        asked["algorithm"] = json!(algorithm);
        asked["hyperparameters"] = json!({"rowGroup": group});
        let found = faults(months(4_800), &asked);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].pointer, "/hyperparameters/rowGroup");
        found[0].code.clone()
    };
    assert_eq!(fault("decision-tree", "is_test"), "too-few-groups");
    assert_eq!(fault("rule-list", "is_test"), "too-few-groups");
    assert_eq!(fault("decision-tree", "decimals"), "wrong-kind");
    assert_eq!(fault("rule-list", "nowhere"), "unknown-column");
    let mut other = plan(&["debt"]);
    other["hyperparameters"] = json!({"rowGroup": "person"});
    assert_eq!(
        parsed(&other).faults()[0].pointer,
        "/hyperparameters/rowGroup"
    );
}
