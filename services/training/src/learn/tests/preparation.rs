//! Raw values are grouped and converted inside the model, as the plan says and the train rows show.

use helder_model::{Algorithm, Conversion, Model, Preparation, Scorer, TrainingRange, Value};
use helder_platform::body::Check;
use serde_json::{Value as Json, json};

use super::frame::{Frame, clients, faults, learned, parse, parsed, plan};

const N: i64 = 900;

/// Debt in cents, months of something, and where somebody was born.
fn people() -> Frame {
    let born = |i: i64| {
        let rare = ["LI", "SM", "VA"];
        match (i * 29) % 31 {
            _ if i % 40 == 1 => rare[(i / 40 % 3) as usize],
            0..=6 => "ES",
            7..=12 => "IT",
            13..=14 => "PT",
            _ => "NL",
        }
    };
    clients(N)
        .integers(
            "cents",
            (0..N).map(|i| (i % 7 != 0).then_some((i * 5_303) % 9_700)),
        )
        .integers("months", (0..N).map(|i| Some((i * 37) % 120)))
        .texts("born", (0..N).map(|i| Some(born(i))))
}

fn wanted() -> Json {
    let mut plan = plan(&["cents", "months", "born"]);
    plan["features"][0]["unit"] = json!("eurocent");
    plan["features"][0]["conversion"] = json!({"unit": "euro", "scale": 0.01, "cutOffShare": 0.05});
    plan["features"][1]["unit"] = json!("maanden");
    plan["features"][1]["conversion"] =
        json!({"unit": "jaren", "scale": 1.0 / 12.0, "highest": 100});
    plan["features"][2]["groups"] = json!({"Zuid-Europa": ["ES", "IT", "PT"]});
    plan["features"][2]["leastRows"] = json!(30);
    plan
}

#[test]
fn what_is_learned_stands_in_the_model_as_explicit_rules() {
    let found = learned(people(), &wanted()).unwrap();
    let model = Model::from_json(&found.model).unwrap();
    let train: Vec<i64> = (0..N).filter(|i| i % 3 != 0).collect();
    let mut cents: Vec<i64> = train
        .iter()
        .filter(|i| *i % 7 != 0)
        .map(|i| (i * 5_303) % 9_700)
        .collect();
    cents.sort_unstable();
    let beyond = cents.len() / 20;
    let Some(Preparation::Conversion(conversion)) = &model.inputs[0].preparation else {
        panic!("no conversion");
    };
    let ends = [cents[beyond], cents[cents.len() - 1 - beyond]].map(|end| end as f64);
    let expected = Conversion {
        unit: Some("euro".to_owned()),
        scale: 0.01,
        offset: 0.0,
        lowest: Some(ends[0]),
        highest: Some(ends[1]),
    };
    assert_eq!(*conversion, expected);
    // The range that a warning goes by is that of the raw numbers, in their unit.
    let range = model.inputs[0].training_range.unwrap();
    let expected = TrainingRange {
        minimum: cents[0] as f64,
        maximum: cents[cents.len() - 1] as f64,
    };
    assert_eq!(range, expected);
    assert_eq!(model.inputs[0].unit.as_deref(), Some("eurocent"));
    let groups: Vec<(&str, Vec<&str>)> = model.inputs[2]
        .groups()
        .iter()
        .map(|group| {
            (
                group.level.as_str(),
                group.members.iter().map(String::as_str).collect(),
            )
        })
        .collect();
    assert_eq!(groups[0], ("Zuid-Europa", vec!["ES", "IT", "PT"]));
    assert_eq!(groups[1].0, "other");
    assert!(
        !groups[1].1.is_empty()
            && groups[1]
                .1
                .iter()
                .all(|rare| ["LI", "SM", "VA"].contains(rare))
    );
    let levels: Vec<&str> = model.inputs[2]
        .categories
        .iter()
        .map(|c| c.level.as_str())
        .collect();
    assert_eq!(levels, ["NL", "Zuid-Europa", "other"]);
    let card = String::from_utf8(found.card).unwrap();
    assert!(
        card.contains("telt samen: Zuid-Europa = ES, IT, PT"),
        "the card says what is grouped"
    );
}

#[test]
fn a_model_that_converts_equals_one_of_a_frame_that_was_converted() {
    let inside = Model::from_json(&learned(people(), &wanted()).unwrap().model).unwrap();
    let by_hand = |value: f64, lowest: f64, highest: f64| value.clamp(lowest, highest) * 0.01;
    let Some(how) = inside.inputs[0].conversion() else {
        panic!("no conversion");
    };
    let (lowest, highest) = (how.lowest.unwrap(), how.highest.unwrap());
    let raw = |i: i64| (i % 7 != 0).then_some(((i * 5_303) % 9_700) as f64);
    let frame = people().without("cents").numbers(
        "cents",
        (0..N).map(|i| raw(i).map(|cents| by_hand(cents, lowest, highest))),
    );
    let mut plan = wanted();
    plan["features"][0]
        .as_object_mut()
        .unwrap()
        .remove("conversion");
    let outside = Model::from_json(&learned(frame, &plan).unwrap().model).unwrap();
    let terms = |model: &Model| match &model.algorithm {
        Algorithm::LogisticRegression(fit) => fit.clone(),
        _ => panic!("another algorithm"),
    };
    assert_eq!(terms(&inside), terms(&outside));
    let scorer = Scorer::new(&inside).unwrap();
    let mut row = scorer.row();
    scorer.set(&mut row, 0, Value::Integer(9_699)).unwrap();
    assert_eq!(row.number(0), Some(by_hand(9_699.0, lowest, highest)));
    assert_eq!(row.raw_number(0), Some(9_699.0));
}

#[test]
fn every_fault_of_the_plan_is_named_at_once() {
    let mut plan = wanted();
    plan["features"][0]["conversion"] =
        json!({"scale": 0, "offset": 1e300, "lowest": 5, "highest": 5, "cutOffShare": 0.4});
    plan["features"][1]["groups"] = json!({"a": ["x"]});
    plan["features"][2]["groups"] =
        json!({"a": ["x", "x", "b", "other"], "b": ["x", ""], "c": [], " ": ["(missing)"]});
    plan["features"][2]["leastRows"] = json!(1);
    plan["offset"] = json!({"name": "age", "meaning": {"nl": "a", "en": "a"}, "justification": "j", "conversion": {"scale": 2}});
    let found = parsed(&plan).faults();
    let found: Vec<&str> = found.iter().map(|fault| fault.pointer.as_str()).collect();
    for pointer in [
        "/features/0/conversion/unit",
        "/features/0/conversion/scale",
        "/features/0/conversion/offset",
        "/features/0/conversion/lowest",
        "/features/0/conversion/cutOffShare",
        "/features/1/conversion",
        "/features/2/groups/a/1",
        "/features/2/groups/a/2",
        "/features/2/groups/b/0",
        "/features/2/groups/b/1",
        "/features/2/groups/c",
        "/features/2/groups/ ",
        "/features/2/groups/ /0",
        "/features/2/groups",
        "/features/2/leastRows",
        "/offset",
    ] {
        assert!(found.contains(&pointer), "{pointer} {found:?}");
    }
}

#[test]
fn a_plan_that_does_not_fit_the_columns_is_refused_with_every_reason() {
    let mut plan = wanted();
    plan["features"][0]
        .as_object_mut()
        .unwrap()
        .remove("conversion");
    plan["features"][0]["groups"] = json!({"much": ["1"]});
    plan["features"][1]
        .as_object_mut()
        .unwrap()
        .remove("conversion");
    plan["features"][1]["leastRows"] = json!(10);
    plan["features"][2]["groups"] = json!({"NL": ["ES"]});
    let found = faults(people(), &plan);
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|f| (f.pointer.as_str(), f.code.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("/features/0/groups", "wrong-kind"),
            ("/features/1/leastRows", "wrong-kind"),
            ("/features/2/groups", "group-clashes"),
        ]
    );
    let mut grouped = wanted();
    grouped["algorithm"] = json!("k-means");
    grouped.as_object_mut().unwrap().remove("target");
    let found = parsed(&grouped).faults();
    assert!(
        found
            .iter()
            .any(|fault| fault.pointer == "/features/2" && fault.code == "wrong-kind")
    );
}

#[test]
fn categories_that_hardly_anybody_shares_are_not_listed() {
    let names: Vec<String> = (0..N).map(|i| format!("name {i}")).collect();
    let frame = || {
        people()
            .without("born")
            .texts("born", names.iter().map(|name| Some(name.as_str())))
    };
    let mut plan = wanted();
    plan["features"][2]
        .as_object_mut()
        .unwrap()
        .remove("groups");
    let found = faults(frame(), &plan);
    assert_eq!(
        (found[0].pointer.as_str(), found[0].code.as_str()),
        ("/features/2/leastRows", "too-many-levels")
    );
    assert!(!found[0].detail.contains("name 1"));
    let few: Vec<String> = (0..N).map(|i| format!("name {}", i % 150)).collect();
    let frame = people()
        .without("born")
        .texts("born", few.iter().map(|name| Some(name.as_str())));
    let found = faults(frame, &plan);
    assert_eq!(found[0].code, "rare-levels");
}

#[test]
fn ends_that_are_the_same_number_are_not_cut_off() {
    let frame = people()
        .without("cents")
        .integers("cents", (0..N).map(|i| Some(i64::from(i % 50 == 1))));
    let found = learned(frame, &wanted()).unwrap();
    let conversion = &parse(&found.model)["inputs"][0]["preparation"];
    assert_eq!(
        *conversion,
        json!({"rule": "conversion", "unit": "euro", "scale": 0.01, "offset": 0.0})
    );
}
