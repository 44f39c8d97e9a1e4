//! Time per row of each family, with its values set, score, contributions, their order and, where the model has one, the interval.

mod survival;

use helder_model::{Algorithm, Answer, Answers, Block, Language, Model, Reasons, Scorer, Value};

fn main() {
    divan::main();
}

/// The stored example, widened to 30 numbers.
#[expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a bench without a model has nothing to measure"
)]
fn model(with_covariance: bool) -> Model {
    let mut model = Model::from_json(include_bytes!("../../tests/formats/1/minimal.json")).unwrap();
    let (input, n) = (model.inputs[0].clone(), 30);
    model.inputs = (0..n)
        .map(|i| helder_model::Input {
            name: format!("x{i}"),
            ..input.clone()
        })
        .collect();
    let Algorithm::LogisticRegression(fit) = &mut model.algorithm else {
        panic!("a regression")
    };
    let term = fit.linear_terms[0].clone();
    fit.linear_terms = (0..n)
        .map(|i| helder_model::LinearTerm {
            input: format!("x{i}"),
            coefficient: 0.1 * f64::from(i % 7) - 0.3,
            ..term.clone()
        })
        .collect();
    let row = |i: usize| (0..=i).map(|j| if i == j { 0.02 } else { 1e-4 }).collect();
    fit.covariance = with_covariance.then(|| (0..=n as usize).map(row).collect());
    model
}

#[expect(
    clippy::unwrap_used,
    reason = "a bench without a row has nothing to measure"
)]
fn score(bencher: divan::Bencher<'_, '_>, with_covariance: bool) {
    let scorer = Scorer::new(&model(with_covariance)).unwrap();
    let (mut row, mut answer) = (scorer.row(), Answer::default());
    bencher.bench_local(|| {
        row.clear();
        for input in 0..30 {
            scorer
                .set(
                    &mut row,
                    input,
                    Value::Number(divan::black_box(35.0 + input as f64)),
                )
                .unwrap();
        }
        scorer.score(&row, &mut answer).unwrap();
        answer.score
    });
}

#[divan::bench]
fn thirty_numbers(bencher: divan::Bencher<'_, '_>) {
    score(bencher, false);
}

#[divan::bench]
fn thirty_numbers_with_interval(bencher: divan::Bencher<'_, '_>) {
    score(bencher, true);
}

#[divan::bench]
#[expect(
    clippy::unwrap_used,
    reason = "a bench without a row has nothing to measure"
)]
fn sixty_reasons_as_json(bencher: divan::Bencher<'_, '_>) {
    let model = model(false);
    let (scorer, reasons) = (Scorer::new(&model).unwrap(), Reasons::json(&model));
    let (mut row, mut out) = (scorer.row(), Vec::new());
    (0..30).for_each(|input| scorer.set(&mut row, input, Value::Number(35.25)).unwrap());
    bencher.bench_local(|| {
        out.clear();
        for input in 0..30 {
            for language in [Language::Dutch, Language::English] {
                reasons.write(&mut out, &row, input, 0.5, language);
            }
        }
        out.len()
    });
}

#[divan::bench]
fn read_a_model(bencher: divan::Bencher<'_, '_>) {
    let bytes = include_bytes!("../../tests/formats/1/economic-homelessness.json");
    bencher.bench_local(|| Model::from_json(divan::black_box(bytes)).is_ok());
}

/// Curves of 100 steps and tables of 25 by 25.
#[expect(
    clippy::unwrap_used,
    reason = "a bench without a model has nothing to measure"
)]
fn boosted(curves: usize, pairs: usize) -> Scorer {
    let mut model = model(false);
    model.inputs.truncate(curves);
    let side = |input: usize, steps: usize| helder_model::Side {
        input: format!("x{input}"),
        cuts: Some(
            (1..steps)
                .map(|cut| cut as f64 * 100.0 / steps as f64)
                .collect(),
        ),
        levels: None,
    };
    let deviations = || helder_model::Deviations((0..14).map(|bag| bag - 7).collect());
    let scores = |steps: usize| {
        let scores = scattered(steps).into_iter();
        scores.map(|score| score * 0.02 - 1.0).collect::<Vec<_>>()
    };
    let curve = |input: usize| helder_model::Curve {
        side: side(input, 100),
        scores: scores(100),
        standard_errors: vec![0.1; 100],
        deviations: vec![deviations(); 100],
    };
    let pair = |place: usize| helder_model::PairTable {
        first: side(place, 25),
        second: side(place + 1, 25),
        scores: vec![scores(25); 25],
        standard_errors: vec![vec![0.1; 25]; 25],
        deviations: vec![vec![deviations(); 25]; 25],
    };
    model.algorithm = Algorithm::ExplainableBoosting(helder_model::TermsFit {
        intercept: -1.0,
        bags: Some(helder_model::Bags {
            factor: 2.38,
            unit: 1e-5,
            intercept: deviations(),
        }),
        edits: Vec::new(),
        curves: (0..curves).map(curve).collect(),
        pairs: (0..pairs).map(pair).collect(),
    });
    Scorer::new(&model).unwrap()
}

/// Explainable boosting: one row with its contributions in order.
#[expect(
    clippy::unwrap_used,
    reason = "a bench without a row has nothing to measure"
)]
fn score_boosted(bencher: divan::Bencher<'_, '_>, curves: usize, pairs: usize) {
    let scorer = boosted(curves, pairs);
    let (mut row, mut answer) = (scorer.row(), Answer::default());
    let mut at = 0.0_f64;
    bencher.bench_local(|| {
        row.clear();
        at = (at + 37.3) % 100.0;
        for input in 0..curves {
            let value = Value::Number(divan::black_box((at + 3.1 * input as f64) % 100.0));
            scorer.set(&mut row, input, value).unwrap();
        }
        scorer.score(&row, &mut answer).unwrap();
        answer.score
    });
}

/// Numbers between 0 and 100 without a pattern, the same ones always.
fn scattered(count: usize) -> Vec<f64> {
    let mut state = 1_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 11) as f64 * (100.0 / (1_u64 << 53) as f64)
    };
    (0..count).map(|_| next()).collect()
}

/// Ten thousand people, each with values of their own: one after the other, and in blocks.
#[derive(Clone, Copy, Debug)]
enum Ways {
    Rows,
    Blocks,
}

impl std::fmt::Display for Ways {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

const WAYS: [Ways; 2] = [Ways::Rows, Ways::Blocks];

fn ten_thousand(bencher: divan::Bencher<'_, '_>, scorer: &Scorer, ways: Ways) {
    match ways {
        Ways::Rows => ten_thousand_rows(bencher, scorer),
        Ways::Blocks => ten_thousand_in_blocks(bencher, scorer),
    }
}

/// Scores, contributions, the three largest of them and intervals, from columns.
#[expect(
    clippy::unwrap_used,
    reason = "a bench without a row has nothing to measure"
)]
fn ten_thousand_in_blocks(bencher: divan::Bencher<'_, '_>, scorer: &Scorer) {
    let columns: Vec<Vec<f64>> = scattered(10_000 * scorer.inputs().len())
        .chunks_exact(10_000)
        .map(<[f64]>::to_vec)
        .collect();
    let (mut block, mut answers, mut largest) = (scorer.block(), Answers::default(), Vec::new());
    bencher.bench_local(|| {
        let mut sum = 0.0;
        for first in (0..10_000).step_by(Block::ROWS) {
            block.clear();
            let here = first..10_000.min(first + Block::ROWS);
            for (input, column) in columns.iter().enumerate() {
                let values = column[here.clone()].iter().copied().map(Value::Number);
                scorer.set_column(&mut block, input, values).unwrap();
            }
            scorer.score_block(&block, &mut answers).unwrap();
            answers.largest::<3>(&mut largest);
            let each = answers.scores().iter().zip(&largest);
            sum += each.map(|(score, of)| score + of[0] as f64).sum::<f64>();
        }
        sum
    });
}

#[expect(
    clippy::unwrap_used,
    reason = "a bench without a row has nothing to measure"
)]
fn ten_thousand_rows(bencher: divan::Bencher<'_, '_>, scorer: &Scorer) {
    let inputs = scorer.inputs().len();
    let values = scattered(10_000 * inputs);
    let (mut row, mut answer) = (scorer.row(), Answer::default());
    bencher.bench_local(|| {
        let mut sum = 0.0;
        for values in values.chunks_exact(inputs) {
            row.clear();
            for (input, value) in values.iter().enumerate() {
                scorer.set(&mut row, input, Value::Number(*value)).unwrap();
            }
            scorer.score(&row, &mut answer).unwrap();
            sum += answer.score + answer.order[0] as f64;
        }
        sum
    });
}

/// Whole points for twenty inputs of ten steps.
#[expect(
    clippy::unwrap_used,
    reason = "a bench without a model has nothing to measure"
)]
fn card() -> Scorer {
    let mut model = model(false);
    model.inputs.truncate(20);
    let inputs = model.inputs.iter().map(|input| helder_model::InputPoints {
        side: helder_model::Side {
            input: input.name.clone(),
            cuts: Some((1..10).map(|cut| f64::from(cut) * 10.0).collect()),
            levels: None,
        },
        points: (0..10).collect(),
        mean: 4.5,
    });
    model.algorithm = Algorithm::Scorecard(helder_model::PointsFit {
        intercept: -3.0,
        per_point: 0.05,
        inputs: inputs.collect(),
    });
    Scorer::new(&model).unwrap()
}

/// A tree of 64 leaves that asks for twenty inputs, six questions deep.
#[expect(
    clippy::unwrap_used,
    reason = "a bench without a model has nothing to measure"
)]
fn tree() -> Scorer {
    let mut model = model(false);
    model.inputs.truncate(20);
    let node = |place: u64| helder_model::TreeNode {
        score: (place as f64 * 0.37).sin(),
        rows: 100,
        lower: 0.1,
        upper: 0.9,
        split: (place < 63).then(|| helder_model::TreeSplit {
            input: format!("x{}", place % 20),
            test: helder_model::TreeTest::AtMost(50.0),
            missing: helder_model::Way::First,
            first: 2 * place + 1,
            second: 2 * place + 2,
        }),
    };
    model.algorithm = Algorithm::DecisionTree(helder_model::TreeFit {
        nodes: (0..127).map(node).collect(),
    });
    Scorer::new(&model).unwrap()
}

#[divan::bench(args = WAYS)]
fn ten_thousand_rows_of_a_scorecard_of_twenty(bencher: divan::Bencher<'_, '_>, ways: Ways) {
    ten_thousand(bencher, &card(), ways);
}

#[divan::bench(args = WAYS)]
fn ten_thousand_rows_of_a_tree_six_deep(bencher: divan::Bencher<'_, '_>, ways: Ways) {
    ten_thousand(bencher, &tree(), ways);
}

#[divan::bench(args = WAYS)]
#[expect(
    clippy::unwrap_used,
    reason = "a bench without a model has nothing to measure"
)]
fn ten_thousand_rows_of_thirty_numbers_with_interval(bencher: divan::Bencher<'_, '_>, ways: Ways) {
    ten_thousand(bencher, &Scorer::new(&model(true)).unwrap(), ways);
}

/// Score, contributions, their order and the interval of 10,000 rows.
#[divan::bench(args = WAYS)]
fn ten_thousand_rows_of_twenty_curves_and_ten_pairs(bencher: divan::Bencher<'_, '_>, ways: Ways) {
    ten_thousand(bencher, &boosted(20, 10), ways);
}

#[divan::bench]
fn thirty_curves_and_twenty_pairs(bencher: divan::Bencher<'_, '_>) {
    score_boosted(bencher, 30, 20);
}

#[divan::bench]
fn twenty_curves_and_five_pairs(bencher: divan::Bencher<'_, '_>) {
    score_boosted(bencher, 20, 5);
}

#[divan::bench]
fn twenty_curves_and_ten_pairs(bencher: divan::Bencher<'_, '_>) {
    score_boosted(bencher, 20, 10);
}
