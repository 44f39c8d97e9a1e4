//! Processor time of a logistic fit on 20 dense columns, all threads together: `cargo bench -p helder-glm --bench logistic`.
//!
//! The number of threads is that of rayon (`RAYON_NUM_THREADS=1` for one). The design is built before the clock starts.

use std::time::Instant;

use helder_glm::{Design, LogisticRegression};

fn main() {
    println!(
        "rows       CPU seconds of 5 fits (user + system, all threads) | wall of the best | steps"
    );
    for n in [9_000, 100_000, 1_000_000] {
        let Ok((design, y)) = data(n) else { return };
        let mut figures = Vec::new();
        let (mut wall, mut steps) = (f64::INFINITY, 0);
        for _ in 0..5 {
            let (start, before) = (Instant::now(), cpu_seconds());
            if let Ok(fit) = LogisticRegression::new().fit(&design, &y) {
                steps = fit.iterations;
            }
            figures.push(format!("{:.4}", cpu_seconds() - before));
            wall = wall.min(start.elapsed().as_secs_f64());
        }
        println!("{n:<10} {} | {wall:.4} | {steps}", figures.join(" "));
    }
}

/// Rows with 20 columns and an outcome that depends on some of them.
fn data(n: usize) -> Result<(Design, Vec<bool>), helder_glm::GlmError> {
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
    Ok((Design::new(n, columns)?, y))
}

/// Processor time of all threads of this process so far, as Linux counts it; 0 elsewhere.
fn cpu_seconds() -> f64 {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else {
        return 0.0;
    };
    threads
        .filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok())
        .filter_map(|text| text.split(' ').next()?.parse::<f64>().ok())
        .sum::<f64>()
        / 1e9
}
