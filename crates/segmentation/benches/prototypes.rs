//! Processor time of k-prototypes on 9,000 rows with 10 numbers and 10 categories, one thread:
//! `RAYON_NUM_THREADS=1 cargo bench -p helder-segmentation --bench prototypes`.

use helder_segmentation::{Mixed, PrototypesOptions, SegmentationError, k_prototypes};

fn main() -> Result<(), SegmentationError> {
    let mut state = 7_u64;
    let mut uniform = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let group: Vec<usize> = (0..9_000).map(|_| (uniform() * 5.0) as usize).collect();
    let mut number = |j: usize| {
        group
            .iter()
            .map(|g| ((g * (j + 1)) % 5) as f64 * 0.4 + uniform() * 3.0)
            .collect()
    };
    let numbers: Vec<Vec<f64>> = (0..10).map(&mut number).collect();
    let mut category = |j: usize| {
        group
            .iter()
            .map(|g| {
                if uniform() < 0.4 {
                    (g + j) % 4
                } else {
                    (uniform() * 4.0) as usize
                }
            })
            .collect()
    };
    let categories: Vec<Vec<usize>> = (0..10).map(&mut category).collect();
    let data = Mixed::new(&numbers, &categories)?;
    for (starts, swaps) in [(1, 0), (10, 20)] {
        let options = PrototypesOptions {
            k: 5,
            starts,
            swaps,
            ..PrototypesOptions::default()
        };
        let mut times = Vec::new();
        let mut cost = 0.0;
        for _ in 0..5 {
            let before = cpu_seconds();
            cost = k_prototypes(&data, &options)?.cost;
            times.push(cpu_seconds() - before);
        }
        times.sort_by(f64::total_cmp);
        println!(
            "{starts} starts, {swaps} swaps: least {:.3}, median {:.3} CPU s, cost {cost:.1}",
            times[0], times[2]
        );
    }
    Ok(())
}

/// Processor time of this process so far, as Linux counts it; 0 elsewhere.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let own = text
        .split(' ')
        .next()
        .and_then(|first| first.parse::<f64>().ok())
        .unwrap_or(0.0);
    let tasks = std::fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten();
    let all: f64 = tasks
        .filter_map(|task| std::fs::read_to_string(task.path().join("schedstat")).ok())
        .filter_map(|text| text.split(' ').next()?.parse::<f64>().ok())
        .sum();
    all.max(own) / 1e9
}
