//! Time to find the smallest change of one row: twenty inputs that somebody can change, 32 steps each, with and without ten pairs;
//! and a regression on thirty numbers.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a bench without a model has nothing to measure"
)]

use helder_model::{
    Actionable, Algorithm, Answer, Counterfactuals, Curve, Direction, Goal, Input, Model,
    PairTable, Row, Scorer, Side, TermsFit, TrainingRange, Value,
};

fn main() {
    divan::main();
}

/// `SplitMix64`.
fn unit(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

fn inputs(input: &Input, n: usize) -> Vec<Input> {
    let each = (0..n).map(|place| Input {
        name: format!("x{place}"),
        training_range: Some(TrainingRange {
            minimum: 0.0,
            maximum: 100.0,
        }),
        preparation: None,
        actionable: Some(Actionable {
            direction: Direction::Either,
            minimum: None,
            maximum: None,
            largest_step: None,
            step: None,
            levels: Vec::new(),
            effort: Some(1.0 + 0.1 * place as f64),
        }),
        ..input.clone()
    });
    each.collect()
}

fn side(place: usize, steps: u32) -> Side {
    let cuts = (1..steps).map(|n| 100.0 * f64::from(n) / f64::from(steps));
    Side {
        input: format!("x{place}"),
        cuts: Some(cuts.collect()),
        levels: None,
    }
}

fn boosted(pairs: usize) -> Model {
    let mut model = Model::from_json(include_bytes!("../tests/formats/1/minimal.json")).unwrap();
    model.inputs = inputs(&model.inputs[0], 20);
    let mut dice = 7;
    let curve = |place: usize, dice: &mut u64| {
        let scores: Vec<f64> = (0..32).map(|_| unit(dice) - 0.5).collect();
        Curve {
            side: side(place, 32),
            standard_errors: vec![0.1; 32],
            deviations: Vec::new(),
            scores,
        }
    };
    let pair = |place: usize, dice: &mut u64| PairTable {
        first: side(place, 8),
        second: side((place * 3 + 1) % 20, 8),
        scores: (0..8)
            .map(|_| (0..8).map(|_| 0.4 * (unit(dice) - 0.5)).collect())
            .collect(),
        standard_errors: vec![vec![0.1; 8]; 8],
        deviations: Vec::new(),
    };
    model.algorithm = Algorithm::ExplainableBoosting(TermsFit {
        intercept: -1.0,
        bags: None,
        edits: Vec::new(),
        curves: (0..20).map(|place| curve(place, &mut dice)).collect(),
        pairs: (0..pairs).map(|place| pair(2 * place, &mut dice)).collect(),
    });
    model
}

fn regression() -> Model {
    let mut model = Model::from_json(include_bytes!("../tests/formats/1/minimal.json")).unwrap();
    model.inputs = inputs(&model.inputs[0], 30);
    let Algorithm::LogisticRegression(fit) = &mut model.algorithm else {
        panic!("a regression")
    };
    let term = fit.linear_terms[0].clone();
    let terms = (0..30).map(|place| helder_model::LinearTerm {
        input: format!("x{place}"),
        coefficient: 0.013 * f64::from(place % 7) - 0.03,
        ..term.clone()
    });
    fit.linear_terms = terms.collect();
    model
}

fn rows(scorer: &Scorer) -> Vec<(Row, Answer)> {
    let mut dice = 3;
    let one = |dice: &mut u64| {
        let (mut row, mut answer) = (scorer.row(), Answer::default());
        for place in 0..scorer.inputs().len() {
            let value = Value::Number((100.0 * unit(dice)).floor());
            scorer.set(&mut row, place, value).unwrap();
        }
        scorer.score(&row, &mut answer).unwrap();
        (row, answer)
    };
    (0..64).map(|_| one(&mut dice)).collect()
}

/// Per row; every row asks for another fraction of its probability. How many were exact is printed once.
fn find(bencher: divan::Bencher<'_, '_>, model: &Model) {
    let scorer = Scorer::new(model).unwrap();
    let ready = Counterfactuals::new(model).unwrap();
    let rows = rows(&scorer);
    let ask = |place: usize| {
        let (row, answer) = &rows[place % rows.len()];
        let part = [0.8, 0.6, 0.5, 0.4][place % 4];
        let goal = Goal::AtMost(answer.probability.unwrap() * part);
        ready.find(&scorer, (row, answer), goal, 3).unwrap()
    };
    let exact = (0..rows.len()).filter(|place| ask(*place).is_exact).count();
    let slowest = (0..rows.len())
        .map(|place| {
            let start = std::time::Instant::now();
            divan::black_box(ask(place));
            start.elapsed().as_micros()
        })
        .max();
    println!("exact: {exact} of {}, slowest {slowest:?} us", rows.len());
    let mut place = 0;
    bencher.bench_local(|| {
        place += 1;
        ask(place)
    });
}

#[divan::bench]
fn curves(bencher: divan::Bencher<'_, '_>) {
    find(bencher, &boosted(0));
}

#[divan::bench]
fn curves_and_ten_pairs(bencher: divan::Bencher<'_, '_>) {
    find(bencher, &boosted(10));
}

#[divan::bench]
fn thirty_slopes(bencher: divan::Bencher<'_, '_>) {
    find(bencher, &regression());
}

/// A tree of 256 leaves, eight questions deep, about 30 inputs that all can change.
#[divan::bench]
fn tree_of_256_leaves(bencher: divan::Bencher<'_, '_>) {
    find(bencher, &tree());
}

fn tree() -> Model {
    let mut model = regression();
    let mut dice = 5;
    let mut node = |place: u64| helder_model::TreeNode {
        score: 4.0 * unit(&mut dice) - 3.0,
        rows: 100,
        lower: 0.0,
        upper: 1.0,
        split: (place < 255).then(|| helder_model::TreeSplit {
            input: format!("x{}", place % 30),
            test: helder_model::TreeTest::AtMost((100.0 * unit(&mut dice)).floor()),
            missing: helder_model::Way::First,
            first: 2 * place + 1,
            second: 2 * place + 2,
        }),
    };
    model.algorithm = Algorithm::DecisionTree(helder_model::TreeFit {
        nodes: (0..511).map(&mut node).collect(),
    });
    model
}

/// The cheapest change of a sum of 30 inputs with 32 ways each, half of them needed: nothing like it is easy.
#[divan::bench(args = [1, 3, 30])]
fn smallest_change(bencher: divan::Bencher<'_, '_>, most_changes: usize) {
    use helder_model::counterfactual::{Limits, Way, Ways, smallest};
    let share = |i: usize, j: usize| ((i * 7919 + j * 104_729 + i * j * 31) % 1009) as f64 / 1009.0;
    let inputs: Vec<Ways> = (0..30)
        .map(|i| {
            let way = |j| Way {
                cost: 0.05 + share(i, j) * 2.0,
                gain: share(j, i) * share(i, j + 1) * 0.8,
            };
            Ways::Some((0..32).map(way).collect())
        })
        .collect();
    let need = match most_changes {
        1 => 0.4,
        3 => 1.2,
        _ => 4.0,
    };
    let limits = Limits {
        most_changes,
        most_steps: usize::MAX,
    };
    assert!(smallest(&inputs, &[], need, limits).smallest.is_some());
    bencher.bench_local(|| smallest(divan::black_box(&inputs), &[], need, limits));
}
