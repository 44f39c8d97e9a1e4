//! Ways of a made structure are found in the score of the model that learned from it.

use helder_model::{Algorithm, Model};
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

/// Effects of group b: 1 less income, 0.8 more of district; rent follows both; debt follows age only.
fn municipality(n: i64) -> Frame {
    let is_b = |i: i64| f64::from(u8::from(unit(i, 1) < 0.4));
    let noise = |i: i64, stream: u64| 2.0 * unit(i, stream) - 1.0;
    let income = move |i: i64| -is_b(i) + noise(i, 2);
    let district = move |i: i64| 0.8 * is_b(i) + noise(i, 3);
    let rent = move |i: i64| 0.5 * income(i) + 0.7 * district(i) + noise(i, 4);
    let debt = move |i: i64| 2.0 * noise(i, 5);
    let score = move |i: i64| -0.8 * income(i) + 0.6 * district(i) + 0.4 * rent(i) + 0.5 * debt(i);
    let happened = move |i: i64| unit(i, 6) < 1.0 / (1.0 + (-score(i)).exp());
    let group = |i: i64| match (i % 500, unit(i, 1) < 0.4) {
        (0, _) => "c",
        (1, _) => "d",
        (_, true) => "b",
        (_, false) => "a",
    };
    Frame::default()
        .booleans("target", (0..n).map(happened))
        .booleans("is_test", (0..n).map(|i| unit(i, 7) < 0.5))
        .numbers("income", (0..n).map(move |i| Some(income(i))))
        .numbers("district", (0..n).map(move |i| Some(district(i))))
        .numbers("rent", (0..n).map(move |i| Some(rent(i))))
        .numbers("debt", (0..n).map(move |i| Some(debt(i))))
        .numbers("age", (0..n).map(move |i| Some(debt(i) + noise(i, 8))))
        .texts("origin", (0..n).map(|i| Some(group(i))))
        .texts(
            "sex",
            (0..n).map(|i| Some(if unit(i, 9) < 0.5 { "x" } else { "y" })),
        )
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
    plan["algorithm"] = json!("decision-tree");
    let codes: Vec<String> = parsed(&plan)
        .faults()
        .into_iter()
        .map(|fault| fault.code)
        .collect();
    assert!(codes.contains(&"wrong-kind".to_owned()));
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
