//! What a tree says, beside what was planted.

use helder_tree::{Column, Direction, Flag, Pruning, Settings, Test, Tree, TreeError, Value};

use crate::{
    made::{Draws, columns, numeric, outcomes, people},
    splits,
};

fn learned(rows: usize, seed: u64, settings: &Settings) -> Tree {
    let mut draws = Draws(seed);
    let people = people(rows, &mut draws);
    let outcome = outcomes(&people, &mut draws);
    Tree::fit(&columns(&people), &outcome, settings).unwrap()
}

#[test]
fn contributions_are_the_steps_on_the_way_and_sum_to_the_score_of_the_leaf() {
    let tree = learned(4_000, 1, &Settings::default());
    for person in people(500, &mut Draws(2)) {
        let path = tree.path(&person.values()).unwrap();
        let sum = path
            .steps
            .iter()
            .fold(path.base_score, |sum, step| sum + step.contribution);
        assert_eq!(sum, path.score);
        let leaf = &tree.nodes[path.leaf];
        assert!(leaf.split.is_none());
        let probability = 1.0 / (1.0 + (-path.score).exp());
        assert!((probability - leaf.counted.probability).abs() < 1e-12);
        let mut at = 0;
        for step in &path.steps {
            let split = tree.nodes[step.node].split.as_ref().unwrap();
            assert_eq!((step.node, step.input), (at, split.input));
            at = if step.is_first {
                split.first
            } else {
                split.second
            };
        }
        assert_eq!(at, path.leaf);
    }
}

#[test]
fn every_leaf_rests_on_ten_rows_that_chose_nothing_and_its_interval_holds_its_share() {
    let tree = learned(1_000, 3, &Settings::default());
    let leaves: Vec<_> = tree.leaves().map(|(_, node)| node.counted).collect();
    assert!(leaves.len() > 2);
    assert_eq!(
        leaves.iter().map(|leaf| leaf.rows).sum::<u64>(),
        300,
        "three in ten rows estimate"
    );
    assert_eq!(tree.nodes[0].counted.rows, 300);
    for leaf in leaves {
        let [low, high] = leaf.interval.unwrap();
        assert!(leaf.rows >= 10 && low < leaf.probability && leaf.probability < high);
    }
}

#[test]
fn what_is_missing_or_unknown_goes_a_defined_way_and_is_told() {
    let tree = learned(4_000, 5, &Settings::default());
    let missing = tree.path(&[Value::Missing; 4]).unwrap();
    assert!(
        missing
            .flagged
            .iter()
            .all(|flagged| flagged.flag == Flag::Missing)
    );
    assert!(missing.flagged.iter().any(|flagged| flagged.input == 0));
    let nan = [
        Value::Number(f64::NAN),
        Value::Number(f64::NAN),
        Value::Number(f64::NAN),
        Value::Missing,
    ];
    assert_eq!(tree.path(&nan).unwrap(), missing, "NaN is missing");
    let person = |level| {
        [
            Value::Number(6.0),
            Value::Number(30.0),
            Value::Number(0.5),
            level,
        ]
    };
    let asks_dwelling = |tree: &Tree| {
        let path = tree.path(&person(Value::Level("boot"))).unwrap();
        path.flagged
            .iter()
            .any(|flagged| flagged.input == 3 && flagged.flag == Flag::Unknown)
    };
    let seeds = (0..20).map(|seed| learned(4_000, seed, &Settings::default()));
    let tree = seeds
        .into_iter()
        .find(asks_dwelling)
        .expect("a tree that asks the dwelling");
    let path = tree.path(&person(Value::Level("boot"))).unwrap();
    let asked = path.steps.iter().find(|step| step.input == 3).unwrap();
    let split = tree.nodes[asked.node].split.as_ref().unwrap();
    assert_eq!(asked.is_first, split.are_others_first);
    assert!(matches!(&split.test, Test::OneOf(levels) if !levels.is_empty()));
}

#[test]
fn values_that_do_not_fit_are_refused() {
    let tree = learned(1_000, 7, &Settings::default());
    let few = tree.path(&[Value::Missing]);
    assert_eq!(
        few,
        Err(TreeError::Values {
            found: 1,
            expected: 4
        })
    );
    let mut values = [Value::Missing; 4];
    values[3] = Value::Number(1.0);
    assert_eq!(
        tree.path(&values),
        Err(TreeError::Kind("dwelling".to_owned()))
    );
    values[3] = Value::Missing;
    values[1] = Value::Level("40");
    assert_eq!(tree.path(&values), Err(TreeError::Kind("age".to_owned())));
}

#[test]
fn answers_go_the_asked_way_whatever_the_data_say() {
    let mut noise = 0;
    for (seed, direction) in [
        (11, Direction::Rising),
        (12, Direction::Falling),
        (13, Direction::Rising),
    ] {
        let monotone = vec![
            ("arrears".to_owned(), direction),
            ("noise".to_owned(), direction),
        ];
        let settings = Settings {
            monotone,
            pruning: Pruning::None,
            ..Settings::default()
        };
        let tree = learned(3_000, seed, &settings);
        let asks = tree
            .nodes
            .iter()
            .flat_map(|node| &node.split)
            .filter(|split| split.input == 2);
        noise += asks.count();
        for person in people(200, &mut Draws(seed)) {
            for input in [0, 2] {
                let mut before = None;
                for step in 0..40 {
                    let mut values = person.values();
                    values[input] =
                        Value::Number(f64::from(step) / if input == 0 { 5.0 } else { 40.0 });
                    let score = tree.path(&values).unwrap().score;
                    let is_right = before.is_none_or(|before| match direction {
                        Direction::Rising => score >= before - 1e-12,
                        Direction::Falling => score <= before + 1e-12,
                    });
                    assert!(is_right, "{direction:?} at {step} of {input}");
                    before = Some(score);
                }
            }
        }
    }
    assert!(noise > 0, "noise is asked somewhere");
}

#[test]
fn pruning_takes_the_weakest_links_of_scikit_learn() {
    for case in splits::cases("whole") {
        let (columns, outcome) = splits::data(&case);
        let numbers = |name: &str| case[name].as_array().unwrap().clone();
        for (alpha, leaves) in numbers("ccp_alphas").iter().zip(numbers("ccp_leaves")) {
            // Gini impurity is twice the squared error.
            let price = alpha.as_f64().unwrap() / 2.0 + 1e-12;
            let settings = Settings {
                pruning: Pruning::Price(price),
                ..splits::greedy()
            };
            let found = Tree::fit(&columns, &outcome, &settings).map(|tree| tree.leaves().count());
            let expected = match leaves.as_u64().unwrap() as usize {
                1 => Err(TreeError::NothingFound),
                leaves => Ok(leaves),
            };
            assert_eq!(found, expected, "at {price}");
        }
    }
}

#[test]
fn cross_validation_leaves_no_split_on_noise() {
    let mut draws = Draws(17);
    let found = (0..20).filter(|seed| {
        let noise = |draws: &mut Draws| (0..1_000).map(|_| draws.share()).collect();
        let columns = [
            numeric("a", noise(&mut draws)),
            numeric("b", noise(&mut draws)),
        ];
        let outcome: Vec<bool> = (0..1_000).map(|_| draws.share() < 0.3).collect();
        let settings = Settings {
            seed: *seed,
            ..Settings::default()
        };
        match Tree::fit(&columns, &outcome, &settings) {
            Err(TreeError::NothingFound) => false,
            Ok(_) => true,
            Err(other) => panic!("{other}"),
        }
    });
    let found = found.count();
    assert!(found <= 5, "{found} of 20 trees split pure noise");
}

#[test]
fn a_tree_is_the_same_on_any_number_of_threads_and_in_any_file() {
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let tree = pool.install(|| learned(3_000, 19, &Settings::default()));
        serde_json::to_string(&tree).unwrap()
    };
    let alone = on(1);
    assert_eq!(alone, on(4));
    let read: Tree = serde_json::from_str(&alone).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), alone);
}

#[test]
fn rare_levels_are_not_told_apart() {
    let mut draws = Draws(23);
    let rows = 4_000;
    // Two levels with many rows, and a thousand with two each.
    let codes: Vec<Option<u32>> = (0..rows)
        .map(|row| {
            Some(if row < 2_000 {
                row % 2
            } else {
                2 + (row - 2_000) / 2
            })
        })
        .collect();
    let truth = |code: u32| match code {
        0 => 0.1,
        1 => 0.5,
        _ => 0.9,
    };
    let outcome: Vec<bool> = codes
        .iter()
        .map(|code| draws.share() < truth(code.unwrap()))
        .collect();
    let column = Column::Category {
        name: "straat".to_owned(),
        codes,
        levels: (0..1_002).map(|level| format!("straat {level}")).collect(),
    };
    let tree = Tree::fit(&[column], &outcome, &Settings::default()).unwrap();
    assert_eq!(
        tree.inputs[0].levels.as_ref().unwrap().len(),
        2,
        "names of streets of two people are not kept"
    );
    let says = |level: &str| {
        let path = tree.path(&[Value::Level(level)]).unwrap();
        (
            tree.nodes[path.leaf].counted.probability,
            path.flagged.len(),
        )
    };
    assert!(says("straat 0").0 < 0.2 && says("straat 1").0 > 0.4);
    assert!(says("straat 500").0 > 0.8, "others were seen to differ");
    assert_eq!(says("straat 500"), says("nergens"));
    assert_eq!((says("straat 0").1, says("nergens").1), (0, 1));
}

#[test]
fn an_asked_way_costs_leaves_and_not_the_question_that_tells_most() {
    // Few leaves have rows enough to stand in order by themselves.
    let settings = |monotone| Settings {
        monotone,
        pruning: Pruning::None,
        ..Settings::default()
    };
    let rising = || vec![("arrears".to_owned(), Direction::Rising)];
    for seed in 0..40 {
        let free = learned(700, seed, &settings(Vec::new()));
        let bound = learned(700, seed, &settings(rising()));
        let first = |tree: &Tree| tree.nodes[0].split.as_ref().map(|split| split.input);
        assert_eq!(first(&bound), first(&free), "seed {seed}");
        assert!(bound.merged > 0 || bound.nodes.len() >= 5, "seed {seed}");
    }
}
