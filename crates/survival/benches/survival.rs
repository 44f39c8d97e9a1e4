//! Processor time of curves and of a Cox regression on 20 dense columns, one thread: `cargo bench -p helder-survival --bench survival`.
//!
//! Times are whole days, as in an administration, and once without ties. Designs are built before the clock starts. Numbers of spells may be
//! given: `-- 1000000`.

use helder_survival::{Cox, CoxFit, Design, Spells, SurvivalError, kaplan_meier};

fn main() -> Result<(), SurvivalError> {
    println!("{:<44} {:>12} {:>12}", "what", "least CPU ms", "median");
    let asked: Vec<usize> = std::env::args().filter_map(|n| n.parse().ok()).collect();
    let sizes = if asked.is_empty() {
        vec![9_000, 100_000, 1_000_000]
    } else {
        asked
    };
    for n in sizes {
        let (spells, design) = made(n, true)?;
        report(&format!("Kaplan-Meier, {n} spells, days"), || {
            kaplan_meier(&spells, 0.95).points.len()
        });
        let mut fit = None;
        report(&format!("Cox, Efron, {n} x 20, days"), || {
            fit = Cox::new().fit(&spells, &design).ok();
        });
        if let Some(fit) = &fit {
            one_client(fit);
        }
        let (spells, design) = made(n, false)?;
        report(&format!("Cox, Efron, {n} x 20, no ties"), || {
            Cox::new().fit(&spells, &design).is_ok()
        });
    }
    Ok(())
}

fn one_client(fit: &CoxFit) {
    let x = vec![0.3; fit.coefficients.len()];
    let many = 1_000;
    report(
        &format!("{many} curves, {} times", fit.baselines[0].time.len()),
        || {
            (0..many)
                .map(|_| {
                    fit.client(&x, 0.0, 0)
                        .map_or(0, |client| client.curve().len())
                })
                .sum::<usize>()
        },
    );
}

/// Runs it seven times and prints the least and the median processor time.
fn report<T>(what: &str, mut run: impl FnMut() -> T) {
    let mut times: Vec<f64> = (0..7)
        .map(|_| {
            let before = cpu_seconds();
            std::hint::black_box(run());
            (cpu_seconds() - before) * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{what:<44} {:>12.2} {:>12.2}", times[0], times[3]);
}

/// Processor time of this thread so far, as Linux counts it; 0 elsewhere.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ')
        .next()
        .and_then(|first| first.parse::<f64>().ok())
        .unwrap_or(0.0)
        / 1e9
}

/// Spells of up to five years, a third of them still running.
fn made(n: usize, days: bool) -> Result<(Spells, Design), SurvivalError> {
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
    let (mut time, mut ended) = (Vec::with_capacity(n), Vec::with_capacity(n));
    for i in 0..n {
        let score = columns[0].1[i] - 0.5 * columns[1].1[i] + 0.25 * columns[2].1[i];
        let ends = -700.0 * uniform().max(1e-12).ln() * (-score).exp();
        let lost = 1826.0 * uniform();
        let seen = ends.min(lost);
        time.push(if days { seen.ceil() } else { seen });
        ended.push(ends <= lost);
    }
    Ok((Spells::new(&time, &ended)?, Design::new(columns)?))
}
