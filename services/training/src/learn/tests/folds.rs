//! Robust standard errors of choice, and penalties chosen in folds that nobody stands in twice.

use helder_platform::body::Check;
use serde_json::{Value as Json, json};

use super::frame::{Frame, clients, faults, learned, parse, parsed, plan};
use crate::learn::{folds::folds, split, table};

const N: i64 = 600;

/// Three rows of each person, and four persons in each household.
fn households() -> Frame {
    let persons: Vec<String> = (0..N).map(|row| format!("p{}", row / 3)).collect();
    clients(N)
        .texts("person", persons.iter().map(|person| Some(person.as_str())))
        .integers("household", (0..N).map(|row| Some(row / 12)))
}

fn net(fold_group: Option<&str>) -> Json {
    let mut plan = plan(&["age", "debt", "town"]);
    plan["hyperparameters"] = json!({"elasticNet": {"alpha": 0.5}});
    if let Some(column) = fold_group {
        plan["hyperparameters"]["elasticNet"]["foldGroup"] = json!(column);
    }
    plan
}

/// The fold of each train row, with the row.
fn drawn(plan: &Json) -> Vec<(usize, usize)> {
    let (file, plan) = (households().file(), parsed(plan));
    let table = table::read(file.path(), &plan).unwrap();
    let rows = split::split(&table, &plan).unwrap();
    let folds = folds(&table, &plan, &rows).unwrap();
    rows.train.into_iter().zip(folds).collect()
}

/// Groups of rows that stand in more than one fold, and the fewest rows of a fold.
fn torn(drawn: &[(usize, usize)], of: impl Fn(usize) -> usize) -> (usize, usize) {
    let mut sizes = [0; 10];
    let mut by_group =
        std::collections::BTreeMap::<usize, std::collections::BTreeSet<usize>>::new();
    for (row, fold) in drawn {
        sizes[*fold] += 1;
        by_group.entry(of(*row)).or_default().insert(*fold);
    }
    let several = by_group.values().filter(|folds| folds.len() > 1);
    (several.count(), sizes.into_iter().min().unwrap_or(0))
}

#[test]
fn no_person_no_household_and_no_date_stands_in_two_folds() {
    let alone = drawn(&net(None));
    assert!(torn(&alone, |row| row / 3).0 > 100);
    for (column, of) in [
        ("person", (|row| row / 3) as fn(usize) -> usize),
        ("household", |row| row / 12),
        ("reference_date", |row| row % 10),
    ] {
        let (several, smallest) = torn(&drawn(&net(Some(column))), of);
        assert_eq!(several, 0, "{column}");
        assert!(smallest >= 20, "{column}: {smallest}");
    }
    // The group of the split serves where nothing else is said.
    let mut by_split = net(None);
    by_split["split"] = json!({"rule": "random", "testShare": 0.3, "group": "household"});
    assert_eq!(torn(&drawn(&by_split), |row| row / 12).0, 0);
    let chosen = parse(
        &learned(households(), &net(Some("household")))
            .unwrap()
            .evaluation,
    );
    assert_eq!(chosen["fit"]["elasticNet"]["folds"], 10);
}

#[test]
fn groups_that_make_no_folds_are_named() {
    let few = households()
        .without("household")
        .integers("household", (0..N).map(|row| Some(row % 2)));
    let found = faults(few, &net(Some("household")));
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|f| (f.pointer.as_str(), f.code.as_str()))
        .collect();
    assert_eq!(
        found,
        [("/hyperparameters/elasticNet/foldGroup", "too-few-groups")]
    );
    let absent = faults(households(), &net(Some("street")));
    assert_eq!(absent[0].code, "unknown-column");
    let decimals = faults(households(), &net(Some("debt")));
    assert_eq!(decimals[0].code, "wrong-kind");
    let mut given = net(Some("person"));
    given["hyperparameters"]["elasticNet"]["lambda"] = json!(0.1);
    assert_eq!(
        parsed(&given).faults()[0].pointer,
        "/hyperparameters/elasticNet/foldGroup"
    );
}

#[test]
fn standard_errors_are_those_that_are_asked() {
    let fit = |asked: Json| {
        let mut plan = plan(&["age", "debt", "town"]);
        plan["hyperparameters"] = asked;
        parse(&learned(clients(300), &plan).unwrap().evaluation)["fit"].clone()
    };
    let (model, hc0, hc1) = (
        fit(json!({"standardErrors": "model"})),
        fit(json!({"standardErrors": "HC0"})),
        fit(json!({"standardErrors": "HC1"})),
    );
    assert_eq!(model, fit(json!({})));
    assert_eq!(hc0, fit(json!({"robust": true})));
    assert_eq!(
        (&hc0["intervals"], &hc1["intervals"]),
        (&json!("robust"), &json!("robustHc1"))
    );
    // The variance is n ÷ (n − p) times as large.
    let coefficients = hc1["coefficients"].as_array().unwrap();
    let rows = (0..300).filter(|row| row % 3 != 0).count() as f64;
    let factor = (rows / (rows - coefficients.len() as f64)).sqrt();
    for (place, wide) in coefficients.iter().enumerate() {
        let error = |of: &Json| of["robustStandardError"].as_f64().unwrap();
        let ratio = error(wide) / error(&hc0["coefficients"][place]);
        assert!((ratio / factor - 1.0).abs() < 1e-12, "{ratio} {factor}");
    }
    let mut both = plan(&["age"]);
    both["hyperparameters"] = json!({"robust": true, "standardErrors": "HC1"});
    assert_eq!(parsed(&both).faults()[0].code, "contradiction");
    both["hyperparameters"] = json!({"firth": true, "standardErrors": "HC1"});
    assert_eq!(parsed(&both).faults()[0].code, "contradiction");
}
