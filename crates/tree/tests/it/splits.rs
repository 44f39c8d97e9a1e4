//! Split by split the tree of scikit-learn 1.9.1, on numbers without ties; `tests/reference/splits.py` made them.

use helder_tree::{Column, Measure, Pruning, Settings, Test, Tree};
use serde_json::Value as Json;

use crate::made::numeric;

pub(crate) fn cases(kind: &str) -> Vec<Json> {
    let text = include_str!("../reference/splits.json");
    let reference: Json = serde_json::from_str(text).unwrap();
    reference[kind].as_array().unwrap().clone()
}

pub(crate) fn data(case: &Json) -> (Vec<Column>, Vec<bool>) {
    let rows = case["x"].as_array().unwrap();
    let width = rows[0].as_array().unwrap().len();
    let columns = (0..width).map(|column| {
        let values = rows
            .iter()
            .map(|row| row[column].as_f64().unwrap_or(f64::NAN));
        numeric(&format!("x{column}"), values.collect())
    });
    let outcome = case["y"].as_array().unwrap().iter().map(|y| y == 1);
    (columns.collect(), outcome.collect())
}

pub(crate) fn greedy() -> Settings {
    Settings {
        max_depth: 4,
        honest_share: 0.0,
        measure: Measure::SquaredError,
        pruning: Pruning::None,
        round_cuts: false,
        ..Settings::default()
    }
}

/// Compares the nodes below two places; gives their number.
fn compare(tree: &Tree, at: usize, theirs: &[Json], place: usize) -> usize {
    let (node, other) = (&tree.nodes[at], &theirs[place]);
    assert_eq!(
        node.counted.rows,
        other["rows"].as_u64().unwrap(),
        "rows of node {place}"
    );
    let share = node.counted.events as f64 / node.counted.rows as f64;
    assert!((share - other["share"].as_f64().unwrap()).abs() < 1e-12);
    let Some(split) = &node.split else {
        assert_eq!(other["left"], -1, "node {place} is a leaf here only");
        return 1;
    };
    assert_eq!(
        split.input as u64,
        other["feature"].as_u64().unwrap(),
        "column of node {place}"
    );
    match split.test {
        Test::AtMost(cut) => assert_eq!(cut, other["threshold"].as_f64().unwrap()),
        // All that is known on one side.
        _ => assert!(other["threshold"].as_f64().is_none_or(|cut| cut > 400.0)),
    }
    assert_eq!(
        split.is_missing_first,
        other["missing_left"].as_bool().unwrap(),
        "missing at node {place}"
    );
    let below = |side: &str| other[side].as_u64().unwrap() as usize;
    1 + compare(tree, split.first, theirs, below("left"))
        + compare(tree, split.second, theirs, below("right"))
}

#[test]
fn greedy_splits_are_those_of_scikit_learn() {
    for case in cases("whole") {
        let (columns, outcome) = data(&case);
        let tree = Tree::fit(&columns, &outcome, &greedy()).unwrap();
        let theirs = case["nodes"].as_array().unwrap();
        assert_eq!(compare(&tree, 0, theirs, 0), theirs.len());
        assert!(theirs.len() > 15, "a tree worth comparing");
    }
}

#[test]
fn missing_values_go_where_they_go_in_scikit_learn() {
    for case in cases("missing") {
        let (columns, outcome) = data(&case);
        let tree = Tree::fit(&columns, &outcome, &greedy()).unwrap();
        let theirs = case["nodes"].as_array().unwrap();
        assert_eq!(compare(&tree, 0, theirs, 0), theirs.len());
        let both = tree
            .nodes
            .iter()
            .flat_map(|node| &node.split)
            .map(|split| split.is_missing_first);
        assert!(both.clone().any(|first| first) && both.clone().any(|first| !first));
    }
}
