//! Ways of a made structure are found in the score of the model that learned from it.

use helder_model::{self as model, Algorithm, Answer, Model, Scorer};
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

/// Somebody of the municipality.
struct Case {
    numbers: [(&'static str, f64); 5],
    group: &'static str,
    sex: &'static str,
    is_test: bool,
    happened: bool,
}

/// Effects of group b: 1 less income, 0.8 more of district; rent follows both; debt follows age only.
fn cases(n: i64) -> impl Iterator<Item = Case> {
    (0..n).map(|i| {
        let is_b = unit(i, 1) < 0.4;
        let b = f64::from(u8::from(is_b));
        let noise = |stream: u64| 2.0 * unit(i, stream) - 1.0;
        let (income, district) = (-b + noise(2), 0.8 * b + noise(3));
        let rent = 0.5 * income + 0.7 * district + noise(4);
        let debt = 2.0 * noise(5);
        let score = -0.8 * income + 0.6 * district + 0.4 * rent + 0.5 * debt;
        Case {
            numbers: [
                ("income", income),
                ("district", district),
                ("rent", rent),
                ("debt", debt),
                ("age", debt + noise(8)),
            ],
            group: match (i % 500, is_b) {
                (0, _) => "c",
                (1, _) => "d",
                (_, true) => "b",
                (_, false) => "a",
            },
            sex: if unit(i, 9) < 0.5 { "x" } else { "y" },
            is_test: unit(i, 7) < 0.5,
            happened: unit(i, 6) < 1.0 / (1.0 + (-score).exp()),
        }
    })
}

fn municipality(n: i64) -> Frame {
    let names = ["income", "district", "rent", "debt", "age"];
    let frame = Frame::default()
        .booleans("target", cases(n).map(|case| case.happened))
        .booleans("is_test", cases(n).map(|case| case.is_test))
        .texts("origin", cases(n).map(|case| Some(case.group)))
        .texts("sex", cases(n).map(|case| Some(case.sex)));
    let numbers = names.into_iter().enumerate();
    numbers.fold(frame, |frame, (place, name)| {
        frame.numbers(name, cases(n).map(move |case| Some(case.numbers[place].1)))
    })
}

fn asked() -> Value {
    let mut plan = plan(&["income", "district", "rent", "debt"]);
    plan["sensitiveFeatures"] = json!(["origin", "sex"]);
    let edge = |(cause, effect): (&str, &str)| json!({"cause": cause, "effect": effect});
    let edges = [
        ("origin", "income"),
        ("origin", "district"),
        ("income", "rent"),
        ("district", "rent"),
        ("age", "debt"),
    ];
    plan["causalGraph"] = json!({
        "edges": edges.map(edge),
        "justified": [{"column": "income", "reason": "Hulp is bedoeld voor wie weinig verdient."}],
    });
    plan
}

fn codes(fairness: &Value) -> Vec<&str> {
    let all = fairness["notJudged"].as_array().unwrap();
    all.iter()
        .filter_map(|entry| entry["code"].as_str())
        .collect()
}

#[test]
fn effects_by_fair_and_unfair_ways_are_found_within_limits() {
    let learned = learned(municipality(8_000), &asked()).unwrap();
    let model = Model::from_json(&learned.model).unwrap();
    let Algorithm::LogisticRegression(fit) = model.algorithm else {
        panic!("a logistic regression was asked");
    };
    let weight = |input: &str| {
        let mut terms = fit.linear_terms.iter();
        terms.find(|term| term.input == input).unwrap().coefficient
    };
    let fairness = parse(&learned.fairness);
    let found = &fairness["audits"][0]["causalPaths"]["groups"];
    let names: Vec<&str> = found
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|group| group["group"].as_str())
        .collect();
    assert_eq!(names, ["a", "b"], "too few rows of c and d to be shown");
    let group = found
        .as_array()
        .unwrap()
        .iter()
        .find(|group| group["group"] == "b")
        .unwrap();
    let near = |figure: &Value, truth: f64| {
        let number = |value: &Value| value.as_f64().unwrap();
        let half =
            (number(&figure["interval95"]["high"]) - number(&figure["interval95"]["low"])) / 2.0;
        // Four standard errors.
        let off = (number(&figure["difference"]) - truth).abs();
        assert!(off < half * 4.0 / 1.96 && half < 0.15, "{figure} {truth}");
    };
    let route = |name: &str| {
        let all = group["byRoute"].as_array().unwrap();
        all.iter().find(|share| share["route"] == name).unwrap()
    };
    near(route("resolved"), -weight("income"));
    near(route("unresolved"), 0.8 * weight("district"));
    near(route("mixed"), (-0.5 + 0.7 * 0.8) * weight("rent"));
    near(route("none"), 0.0);
    let codes = codes(&fairness);
    for code in ["mixed-ways", "graph-assumed", "feature-not-in-graph"] {
        assert!(codes.contains(&code), "{code} {codes:?}");
    }
    for code in ["causes", "graph-contradicted", "common-causes"] {
        assert!(!codes.contains(&code), "{code} {codes:?}");
    }
    assert!(fairness["audits"][1].get("causalPaths").is_none());
    assert_eq!(fairness["causalGraph"]["justified"][0]["column"], "income");
    let page = String::from_utf8(learned.fairness_page.unwrap()).unwrap();
    for text in [
        "Langs welke wegen komt het verschil?",
        "Hulp is bedoeld voor wie weinig verdient.",
        "not justified",
    ] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn a_graph_that_the_rows_contradict_and_a_common_cause_are_told() {
    let mut plan = asked();
    let edge = |cause: &str, effect: &str| json!({"cause": cause, "effect": effect});
    plan["causalGraph"] = json!({"edges": [
        edge("origin", "income"), edge("age", "district"), edge("age", "debt"), edge("sex", "rent"), edge("debt", "sex"),
    ]});
    let fairness = parse(&learned(municipality(8_000), &plan).unwrap().fairness);
    let all = fairness["notJudged"].as_array().unwrap();
    let told = |code: &str, name: &str| {
        let those = all.iter().filter(|entry| entry["code"] == code);
        let texts: Vec<&str> = those.filter_map(|entry| entry["en"].as_str()).collect();
        let text = texts.iter().find(|text| text.starts_with(name));
        text.copied().unwrap_or_default().to_owned()
    };
    assert!(
        told("graph-contradicted", "origin").contains("district"),
        "{all:?}"
    );
    assert!(told("common-causes", "sex").contains("debt"), "{all:?}");
}

#[test]
fn every_fault_of_a_graph_is_told_at_once() {
    let mut plan = asked();
    let edge = |cause: &str, effect: &str| json!({"cause": cause, "effect": effect});
    plan["causalGraph"] = json!({
        "edges": [
            edge("income", "rent"), edge("rent", "income"), edge("income", "rent"), edge("target", "debt"),
        ],
        "justified": [
            {"column": "district", "reason": " "}, {"column": "origin", "reason": "x"},
        ],
    });
    let found = parsed(&plan).faults();
    let told: Vec<(&str, &str)> = found
        .iter()
        .map(|fault| (fault.pointer.as_str(), fault.code.as_str()))
        .collect();
    let wanted = [
        ("/causalGraph/edges/2", "repeated"),
        ("/causalGraph/edges/3/cause", "target-as-cause"),
        ("/causalGraph/edges", "no-sensitive-feature"),
        ("/causalGraph/justified/0/reason", "length"),
        ("/causalGraph/justified/1/column", "sensitive-as-justified"),
        ("/causalGraph/edges/0", "circle"),
        ("/causalGraph/edges/1", "circle"),
        ("/causalGraph/edges/2", "circle"),
        ("/causalGraph/justified/0/column", "not-in-graph"),
        ("/causalGraph/justified/1/column", "not-in-graph"),
    ];
    assert_eq!(told, wanted);
    plan["algorithm"] = json!("linear-regression");
    let found = parsed(&plan).faults();
    let whole = found.iter().find(|fault| fault.pointer == "/causalGraph");
    assert_eq!(whole.map(|fault| fault.code.as_str()), Some("wrong-kind"));
}

#[test]
fn a_tree_and_a_rule_list_are_followed_as_a_function_whatever_the_order_of_their_questions() {
    for algorithm in ["decision-tree", "rule-list"] {
        let mut plan = asked();
        plan["algorithm"] = json!(algorithm);
        let learned = learned(municipality(8_000), &plan).unwrap();
        let model = Model::from_json(&learned.model).unwrap();
        let fairness = parse(&learned.fairness);
        let paths = &fairness["audits"][0]["causalPaths"];
        assert_eq!(paths["isTakenApart"], true, "{algorithm}");
        let groups = paths["groups"].as_array().unwrap();
        let group = groups.iter().find(|group| group["group"] == "b").unwrap();
        let of = |value: &Value| value["difference"].as_f64().unwrap();
        let sum = |list: &str| -> f64 { group[list].as_array().unwrap().iter().map(of).sum() };
        assert!(
            (sum("parts") - of(group)).abs() < 1e-9 && (sum("byRoute") - of(group)).abs() < 1e-9
        );
        // The stored model itself, on the rows that were judged and are shown.
        let scorer = Scorer::new(&model).unwrap();
        let (mut row, mut answer) = (scorer.row(), Answer::default());
        let mut means = [(0.0, 0), (0.0, 0)];
        for case in cases(8_000).filter(|case| case.is_test && case.group <= "b") {
            for (place, input) in model.inputs.iter().enumerate() {
                let number = case
                    .numbers
                    .iter()
                    .find(|(name, _)| *name == input.name)
                    .unwrap()
                    .1;
                scorer
                    .set(&mut row, place, model::Value::Number(number))
                    .unwrap();
            }
            scorer.score(&row, &mut answer).unwrap();
            let mean = &mut means[usize::from(case.group == "b")];
            *mean = (mean.0 + answer.score, mean.1 + 1);
        }
        let [a, b] = means.map(|(sum, n)| sum / f64::from(n));
        assert!(
            (b - a - of(group)).abs() < 1e-9,
            "{algorithm} {} {}",
            b - a,
            of(group)
        );
        // Less income raises the score by a justified way, the district by one that is not.
        let route = |name: &str| {
            let all = group["byRoute"].as_array().unwrap();
            all.iter()
                .find(|share| share["route"] == name)
                .map_or(0.0, of)
        };
        assert!(route("resolved") > 0.05, "{algorithm} {group}");
        assert!(route("unresolved") > 0.05, "{algorithm} {group}");
        assert!(route("none").abs() < 0.1, "{algorithm} {group}");
        let page = String::from_utf8(learned.fairness_page.unwrap()).unwrap();
        assert!(
            page.contains("In een boom of regellijst telt"),
            "{algorithm}"
        );
    }
}

#[test]
fn a_graph_over_columns_that_are_not_there_is_refused_with_each_of_them() {
    let mut plan = asked();
    plan["causalGraph"]["edges"][1]["effect"] = json!("wijk");
    plan["causalGraph"]["edges"][4]["cause"] = json!("leeftijd");
    let found = faults(municipality(500), &plan);
    let pointers: Vec<&str> = found.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        ["/causalGraph/edges/1/effect", "/causalGraph/edges/4/cause"]
    );
}
