//! Chances and curves of one person.

use helder_model::{Algorithm, Model, Scorer, Value};

/// A Cox regression on 30 numbers with 1,800 days of ends and 100 knots, of which the second cause is half as frequent.
#[expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a bench without a model has nothing to measure"
)]
fn hazards(n_causes: usize) -> Model {
    let mut model = Model::from_json(include_bytes!(
        "../../tests/formats/1/benefit-duration.json"
    ))
    .unwrap();
    let (linear, n, n_times) = (super::model(true), 30_usize, 1_800_usize);
    let Algorithm::LogisticRegression(weights) = linear.algorithm else {
        panic!("a regression")
    };
    model.inputs = linear.inputs;
    let Algorithm::CoxRegression(fit) = &mut model.algorithm else {
        panic!("a Cox regression")
    };
    let mut cause = fit.causes[0].clone();
    cause.terms.linear_terms = weights.linear_terms;
    cause.terms.category_terms.clear();
    cause.terms.missing_terms.clear();
    let row = |i: usize| (0..=i).map(|j| if i == j { 0.02 } else { 1e-4 }).collect();
    cause.terms.covariance = Some((0..n).map(row).collect());
    fit.times = (1..=n_times).map(|day| day as f64).collect();
    fit.knots = (0..96).map(|knot| knot * 18 + 17).collect();
    // The last day before each horizon is a knot.
    fit.knots = fit
        .horizons
        .iter()
        .map(|horizon| *horizon as u64 - 1)
        .chain(fit.knots.clone())
        .collect();
    fit.knots.sort_unstable();
    fit.knots.dedup();
    cause.cumulative_hazard = fit.times.iter().map(|day| day / 900.0).collect();
    cause.variance = fit.knots.iter().map(|at| *at as f64 * 1e-8).collect();
    cause.weighted_means = fit
        .knots
        .iter()
        .map(|at| vec![*at as f64 * 1e-4; n])
        .collect();
    fit.causes = (0..n_causes)
        .map(|place| helder_model::Hazard {
            name: format!("cause-{place}"),
            ..cause.clone()
        })
        .collect();
    model
}

#[expect(
    clippy::unwrap_used,
    reason = "a bench without a row has nothing to measure"
)]
fn outlook(bencher: divan::Bencher<'_, '_>, n_causes: usize, with_curve: bool) {
    let scorer = Scorer::new(&hazards(n_causes)).unwrap();
    let mut row = scorer.row();
    for input in 0..30 {
        let value = Value::Number(35.0 + input as f64 / 10.0);
        scorer.set(&mut row, input, value).unwrap();
    }
    bencher.bench_local(|| scorer.outlook(divan::black_box(&row), with_curve).unwrap());
}

/// Chances at four horizons with limits, the median, and contributions.
#[divan::bench(args = [1, 2, 4])]
fn chances_by_causes(bencher: divan::Bencher<'_, '_>, n_causes: usize) {
    outlook(bencher, n_causes, false);
}

/// The same with the curve of 1,800 days.
#[divan::bench(args = [1, 2, 4])]
fn curve_by_causes(bencher: divan::Bencher<'_, '_>, n_causes: usize) {
    outlook(bencher, n_causes, true);
}

/// Hazards by month over two years: twenty curves of 32 steps, five pairs of inputs and five with the time, 14 bags.
#[expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a bench without a model has nothing to measure"
)]
fn by_month(n_causes: usize) -> Model {
    use helder_model::{Bags, Curve, Deviations, PairTable, Side, interval::TIME};
    let mut model = Model::from_json(include_bytes!(
        "../../tests/formats/1/benefit-outflow-by-quarter.json"
    ))
    .unwrap();
    let mut inputs = super::model(true).inputs;
    inputs.truncate(20);
    model.inputs = inputs;
    let names: Vec<String> = model
        .inputs
        .iter()
        .map(|input| input.name.clone())
        .collect();
    let Algorithm::HazardBoosting(fit) = &mut model.algorithm else {
        panic!("hazards by interval")
    };
    fit.ends = (1..=24).map(|month| f64::from(month) * 30.4375).collect();
    fit.at_risk = vec![1.0 / 24.0; 24];
    let cuts: Vec<f64> = (0..31).map(|cut| f64::from(cut) * 3.0).collect();
    let times: Vec<f64> = fit
        .ends
        .windows(2)
        .map(|ends| f64::midpoint(ends[0], ends[1]))
        .collect();
    let side = |input: &str| Side {
        input: input.to_owned(),
        cuts: Some(if input == TIME {
            times.clone()
        } else {
            cuts.clone()
        }),
        levels: None,
    };
    let deviations = |salt: usize| {
        Deviations(
            (0..14)
                .map(|bag| (salt * 31 + bag * 17) as i32 % 97 - 48)
                .collect(),
        )
    };
    let curve = |input: &str| {
        let side = side(input);
        let steps = side.steps();
        Curve {
            scores: (0..steps).map(|step| step as f64 / 100.0 - 0.1).collect(),
            standard_errors: vec![0.05; steps],
            deviations: (0..steps).map(deviations).collect(),
            side,
        }
    };
    let pair = |first: &str, second: &str| {
        let (first, second) = (side(first), side(second));
        let (down, across) = (first.steps(), second.steps());
        PairTable {
            scores: vec![vec![0.01; across]; down],
            standard_errors: vec![vec![0.05; across]; down],
            deviations: (0..down)
                .map(|row| (0..across).map(|cell| deviations(row + cell)).collect())
                .collect(),
            first,
            second,
        }
    };
    let mut cause = fit.causes[0].clone();
    cause.terms.bags = Some(Bags {
        factor: 2.0,
        unit: 1e-5,
        intercept: deviations(1),
    });
    cause.terms.curves = names
        .iter()
        .map(String::as_str)
        .chain([TIME])
        .map(curve)
        .collect();
    let still = (0..5).map(|at| pair(&names[at], &names[at + 5]));
    let timed = (0..5).map(|at| pair(&names[at], TIME));
    cause.terms.pairs = still.chain(timed).collect();
    fit.causes = (0..n_causes)
        .map(|place| helder_model::IntervalHazard {
            name: format!("cause-{place}"),
            ..cause.clone()
        })
        .collect();
    fit.risk_classes.clear();
    model
}

#[expect(
    clippy::unwrap_used,
    reason = "a bench without a row has nothing to measure"
)]
fn outlook_by_month(bencher: divan::Bencher<'_, '_>, n_causes: usize, with_curve: bool) {
    let scorer = Scorer::new(&by_month(n_causes)).unwrap();
    let mut row = scorer.row();
    for input in 0..20 {
        scorer
            .set(&mut row, input, Value::Number(35.0 + input as f64))
            .unwrap();
    }
    bencher.bench_local(|| scorer.outlook(divan::black_box(&row), with_curve).unwrap());
}

/// Chances at four horizons with limits, the median, and contributions.
#[divan::bench(args = [1, 2, 4])]
fn chances_by_month_by_causes(bencher: divan::Bencher<'_, '_>, n_causes: usize) {
    outlook_by_month(bencher, n_causes, false);
}

/// The same with the curve of 24 months, and what changes over them.
#[divan::bench(args = [1, 2, 4])]
fn curve_by_month_by_causes(bencher: divan::Bencher<'_, '_>, n_causes: usize) {
    outlook_by_month(bencher, n_causes, true);
}
