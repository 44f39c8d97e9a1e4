//! Time of learning and of scoring: `cargo bench -p helder-ebm`. `RAYON_NUM_THREADS=1` compares thread for thread.

use helder_ebm::{Column, Ebm, Pairs, Settings, Value};

fn main() {
    divan::main();
}

/// Rows with 20 numeric columns, six of which matter, two of them together.
fn data(n: usize) -> (Vec<Column>, Vec<bool>) {
    let mut state = 7_u64;
    let mut uniform = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let columns: Vec<Vec<f64>> = (0..20)
        .map(|_| (0..n).map(|_| uniform() * 4.0 - 2.0).collect())
        .collect();
    let outcome = (0..n)
        .map(|i| {
            let x = |j: usize| columns[j][i];
            let score = -1.0 + x(0) + (2.0 * x(1)).sin() - 0.5 * x(2) * x(2)
                + 0.25 * x(3)
                + 0.5 * x(4) * x(5);
            uniform() < 1.0 / (1.0 + (-score).exp())
        })
        .collect();
    let named = |(j, values)| Column::Numeric {
        name: format!("x{j}"),
        values,
    };
    (
        columns.into_iter().enumerate().map(named).collect(),
        outcome,
    )
}

fn fit(columns: &[Column], outcome: &[bool], settings: &Settings) -> Ebm {
    // No fault is possible: names differ, lengths are equal, both outcomes occur.
    Ebm::fit(columns, outcome, None, settings).unwrap_or_else(|_| std::process::exit(1))
}

/// Shape functions alone, 14 bags.
#[divan::bench(args = [9_000, 100_000], sample_count = 1, sample_size = 1)]
fn main_effects(bencher: divan::Bencher<'_, '_>, n: usize) {
    let (columns, outcome) = data(n);
    let settings = Settings {
        pairs: Pairs::AtMost(0),
        ..Settings::default()
    };
    bencher.bench_local(|| fit(&columns, &outcome, &settings));
}

/// With pairs, all defaults.
#[divan::bench(args = [9_000, 100_000], sample_count = 1, sample_size = 1)]
fn with_pairs(bencher: divan::Bencher<'_, '_>, n: usize) {
    let (columns, outcome) = data(n);
    bencher.bench_local(|| fit(&columns, &outcome, &Settings::default()));
}

/// Score of one row from its values.
#[divan::bench]
fn score_a_row(bencher: divan::Bencher<'_, '_>) {
    let (columns, outcome) = data(9_000);
    let model = fit(&columns, &outcome, &Settings::default());
    let row = [Value::Number(0.3); 20];
    bencher.bench_local(|| model.bins(&row).map(|(bins, _)| model.score(&bins)));
}
