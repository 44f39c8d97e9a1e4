//! Time of a logistic fit on dense columns: `cargo bench -p helder-glm`.

use helder_glm::{Design, LogisticRegression};

fn main() {
    divan::main();
}

/// Rows with 20 columns and an outcome that depends on some of them.
fn data(n: usize) -> (Design, Vec<bool>) {
    let mut state = 7_u64;
    let mut uniform = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let columns: Vec<(String, Vec<f64>)> = (0..20)
        .map(|j| {
            (
                format!("x{j}"),
                (0..n).map(|_| uniform() * 2.0 - 1.0).collect(),
            )
        })
        .collect();
    let y = (0..n)
        .map(|i| {
            let eta = -1.0 + columns[0].1[i] - 0.5 * columns[1].1[i] + 0.25 * columns[2].1[i];
            uniform() < 1.0 / (1.0 + (-eta).exp())
        })
        .collect();
    // No fault is possible: names differ, lengths are equal, values are finite.
    (
        Design::new(n, columns).unwrap_or_else(|_| std::process::exit(1)),
        y,
    )
}

#[divan::bench(args = [9_000, 100_000, 1_000_000], sample_count = 5, sample_size = 1)]
fn fit(bencher: divan::Bencher<'_, '_>, n: usize) {
    let (design, y) = data(n);
    bencher.bench(|| LogisticRegression::new().fit(&design, &y));
}

#[divan::bench(args = [1_000_000], sample_count = 5, sample_size = 1)]
fn fit_on_one_thread(bencher: divan::Bencher<'_, '_>, n: usize) {
    let (design, y) = data(n);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let Ok(pool) = pool else { return };
    bencher.bench(|| pool.install(|| LogisticRegression::new().fit(&design, &y)));
}
