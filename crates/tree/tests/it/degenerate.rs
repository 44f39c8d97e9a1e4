//! Input that teaches nothing or little gives one clear error or a flagged answer, never a panic and never `NaN`.

use helder_tree::{
    Column, ColumnFault, Direction, Pruning, RuleList, RuleSettings, Settings, Tree, TreeError,
    Value,
};

use crate::made::numeric;

fn half(rows: usize) -> Vec<bool> {
    (0..rows).map(|row| row % 2 == 0).collect()
}

/// Both learners on the same rows.
fn both(columns: &[Column], outcome: &[bool]) -> [Option<TreeError>; 2] {
    [
        Tree::fit(columns, outcome, &Settings::default()).err(),
        RuleList::fit(columns, outcome, &RuleSettings::default()).err(),
    ]
}

#[test]
fn what_cannot_be_learned_from_is_refused_with_its_reason() {
    let column = |rows: usize| numeric("x", (0..rows).map(|row| row as f64).collect());
    let same = |error: TreeError| [Some(error.clone()), Some(error)];
    assert_eq!(both(&[], &half(4)), same(TreeError::Empty));
    assert_eq!(both(&[column(1)], &[true]), same(TreeError::OneClass(1)));
    assert_eq!(both(&[column(0)], &[]), same(TreeError::OneClass(0)));
    assert_eq!(
        both(&[column(100)], &[true; 100]),
        same(TreeError::OneClass(100))
    );
    assert_eq!(
        both(&[column(9), column(9)], &half(9)),
        same(ColumnFault::Twice("x".to_owned()).into())
    );
    let rows = ColumnFault::Rows {
        column: "x".to_owned(),
        found: 3,
        expected: 4,
    };
    assert_eq!(both(&[column(3)], &half(4)), same(rows.into()));
    let few = TreeError::TooFewRows {
        found: 39,
        needed: 67,
    };
    assert_eq!(both(&[column(39)], &half(39)), same(few));
    let wrong = Column::Category {
        name: "c".to_owned(),
        codes: vec![Some(1); 40],
        levels: vec!["a".to_owned()],
    };
    assert_eq!(
        both(&[wrong], &half(40)),
        same(ColumnFault::Code("c".to_owned()).into())
    );
}

#[test]
fn columns_that_say_nothing_give_no_answer_that_is_the_same_for_everybody() {
    let columns = [
        numeric("constant", vec![7.0; 400]),
        numeric("empty", vec![f64::NAN; 400]),
        numeric("infinite", vec![f64::INFINITY; 400]),
        Column::Category {
            name: "none".to_owned(),
            codes: vec![None; 400],
            levels: Vec::new(),
        },
        Column::Category {
            name: "each its own".to_owned(),
            codes: (0..400).map(Some).collect(),
            levels: (0..400).map(|level| level.to_string()).collect(),
        },
    ];
    let nothing = Some(TreeError::NothingFound);
    assert_eq!(
        both(&columns, &half(400)),
        [nothing.clone(), nothing.clone()]
    );
    // Ten thousand levels, each of one person, tell nothing either, though they would tell all apart.
    let many = Column::Category {
        name: "street".to_owned(),
        codes: (0..10_000).map(Some).collect(),
        levels: (0..10_000).map(|level| level.to_string()).collect(),
    };
    assert_eq!(both(&[many], &half(10_000)), [nothing.clone(), nothing]);
}

#[test]
fn infinite_and_huge_numbers_are_ordered_values() {
    let odd = [
        f64::NEG_INFINITY,
        -1e300,
        -0.0,
        0.0,
        1e-300,
        1.0,
        1e300,
        f64::INFINITY,
    ];
    let values: Vec<f64> = (0..800).map(|row| odd[row % 8]).collect();
    let outcome: Vec<bool> = (0..800)
        .map(|row| (row % 8 >= 6) != (row % 72 == 6))
        .collect();
    let columns = [numeric("x", values)];
    let tree = Tree::fit(&columns, &outcome, &Settings::default()).unwrap();
    let text = serde_json::to_string(&tree).unwrap();
    assert!(!text.contains("null,\"se") && !text.contains("NaN"));
    let score = |x: f64| tree.path(&[Value::Number(x)]).unwrap().score;
    assert!(score(1e300) > score(1.0) + 1.0 && score(f64::INFINITY) > score(1.0) + 1.0);
    assert_eq!(score(-0.0), score(0.0));
    assert_eq!(score(f64::NEG_INFINITY), score(-1e300));
    let list = RuleList::fit(&columns, &outcome, &RuleSettings::default()).unwrap();
    let score = |x: f64| list.answer(&[Value::Number(x)]).unwrap().score;
    assert!(score(f64::INFINITY) > score(-1e300) + 1.0 && score(0.0).is_finite());
}

#[test]
fn columns_that_tell_all_stay_finite() {
    for rows in [70, 100, 2_000] {
        let columns = [numeric(
            "x",
            half(rows).iter().map(|y| f64::from(u8::from(*y))).collect(),
        )];
        let tree = Tree::fit(&columns, &half(rows), &Settings::default()).unwrap();
        assert!(
            tree.nodes
                .iter()
                .all(|node| node.counted.score().is_finite())
        );
        let [low, high] = tree.leaves().next().unwrap().1.counted.interval.unwrap();
        assert!(low == 0.0 && high > 0.0 && high < 0.4);
        let list = RuleList::fit(&columns, &half(rows), &RuleSettings::default()).unwrap();
        assert!(list.rules[0].here.score().is_finite() && list.otherwise().score().is_finite());
    }
    // One event among many: chance decides whether a row that estimates is it; either way the answer is finite.
    let outcome: Vec<bool> = (0..500).map(|row| row == 250).collect();
    let columns = [numeric("x", (0..500).map(f64::from).collect())];
    let settings = Settings {
        pruning: Pruning::None,
        ..Settings::default()
    };
    for seed in 0..4 {
        match Tree::fit(
            &columns,
            &outcome,
            &Settings {
                seed,
                ..settings.clone()
            },
        ) {
            Ok(tree) => assert!(
                tree.nodes
                    .iter()
                    .all(|node| node.counted.score().is_finite())
            ),
            Err(error) => assert_eq!(error, TreeError::NothingFound),
        }
    }
}

#[test]
fn settings_out_of_range_are_named() {
    let columns = [numeric("x", (0..100).map(f64::from).collect())];
    let cross = |folds, standard_errors| Pruning::CrossValidated {
        folds,
        standard_errors,
    };
    let usual = Settings::default;
    let faults = [
        (
            "max_depth",
            Settings {
                max_depth: 0,
                ..usual()
            },
        ),
        (
            "max_depth",
            Settings {
                max_depth: 11,
                ..usual()
            },
        ),
        (
            "min_leaf_rows",
            Settings {
                min_leaf_rows: 0,
                ..usual()
            },
        ),
        (
            "honest_share",
            Settings {
                honest_share: f64::NAN,
                ..usual()
            },
        ),
        (
            "honest_share",
            Settings {
                honest_share: 0.9,
                ..usual()
            },
        ),
        (
            "folds",
            Settings {
                pruning: cross(1, 0.0),
                ..usual()
            },
        ),
        (
            "standard_errors",
            Settings {
                pruning: cross(5, f64::NAN),
                ..usual()
            },
        ),
        (
            "price",
            Settings {
                pruning: Pruning::Price(f64::NAN),
                ..usual()
            },
        ),
        (
            "confidence",
            Settings {
                confidence: 1.0,
                ..usual()
            },
        ),
    ];
    for (name, settings) in faults {
        let found = Tree::fit(&columns, &half(100), &settings).unwrap_err();
        assert!(found.to_string().starts_with(name), "{found}");
    }
}

#[test]
fn settings_of_lists_and_directions_out_of_range_are_named() {
    let columns = [numeric("x", (0..100).map(f64::from).collect())];
    let usual = RuleSettings::default;
    let faults = [
        (
            "max_rules",
            RuleSettings {
                max_rules: 0,
                ..usual()
            },
        ),
        (
            "max_conditions",
            RuleSettings {
                max_conditions: 3,
                ..usual()
            },
        ),
        (
            "min_leaf_rows",
            RuleSettings {
                min_rule_rows: 0,
                ..usual()
            },
        ),
        (
            "folds",
            RuleSettings {
                folds: 21,
                ..usual()
            },
        ),
        (
            "confidence",
            RuleSettings {
                confidence: f64::NAN,
                ..usual()
            },
        ),
    ];
    for (name, settings) in faults {
        let found = RuleList::fit(&columns, &half(100), &settings).unwrap_err();
        assert!(found.to_string().starts_with(name), "{found}");
    }
    let monotone = |name: &str| Settings {
        monotone: vec![(name.to_owned(), Direction::Rising)],
        ..Settings::default()
    };
    let found = Tree::fit(&columns, &half(100), &monotone("length"));
    assert_eq!(found, Err(TreeError::NoColumn("length".to_owned())));
    let kinds = [Column::Category {
        name: "c".to_owned(),
        codes: vec![Some(0); 100],
        levels: vec!["a".to_owned()],
    }];
    let found = Tree::fit(&kinds, &half(100), &monotone("c"));
    assert_eq!(found, Err(TreeError::NoOrder("c".to_owned())));
}
