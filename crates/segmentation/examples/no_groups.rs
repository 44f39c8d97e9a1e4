//! How often groups are seen where there are none, and where there are three: `cargo run --release -p helder-segmentation --example
//! no_groups [seeds]`.

use helder_segmentation::{Matrix, SegmentationError, evidence, mixture_evidence};

/// A value from a normal and a flat draw of its own, and one that all columns of a row share.
type Value = fn(f64, f64, f64) -> f64;

const NOISE: [(&str, Value); 4] = [
    ("normal", |z, _, _| z),
    ("flat with edges", |_, u, _| u),
    ("correlated", |z, _, common| 1.5 * common + z),
    ("skewed", |z, _, _| z.exp()),
];

fn main() -> Result<(), SegmentationError> {
    let seeds: u64 = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(200);
    for columns in [2, 5] {
        for (name, value) in NOISE {
            let seen = count(seeds, columns, |_, z, u, common| value(z, u, common))?;
            println!(
                "{columns} columns, no groups, {name}: {}",
                told(seen, seeds)
            );
        }
        let seen = count(seeds, columns, |row, z, _, _| z + (row % 3) as f64 * 3.0)?;
        println!("{columns} columns, three groups: {}", told(seen, seeds));
        // Two groups in one place, of which one is three times as wide: nothing for k-means.
        let seen = count(seeds, columns, |row, z, _, _| z * [1.0, 3.0][row % 2])?;
        println!(
            "{columns} columns, a group in the middle of another: {}",
            told(seen, seeds)
        );
    }
    Ok(())
}

fn told([means, mixture]: [usize; 2], seeds: u64) -> String {
    format!("seen by k-means in {means}, by a mixture of three in {mixture} of {seeds}")
}

/// Seeds under which 300 rows seem to have groups, by k-means and by a mixture of three.
fn count(
    seeds: u64,
    columns: usize,
    value: impl Fn(usize, f64, f64, f64) -> f64,
) -> Result<[usize; 2], SegmentationError> {
    let mut seen = [0; 2];
    for seed in 0..seeds {
        let mut state = 1_000 + seed;
        let mut uniform = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
        };
        for _ in 0..10 {
            uniform();
        }
        let mut normal =
            || (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
        let mut values = Vec::new();
        for row in 0..300 {
            let common = normal();
            for _ in 0..columns {
                let z = normal();
                // A uniform one from two normal ones.
                let u = normal().atan2(normal());
                values.push(value(row, z, u, common));
            }
        }
        let data = Matrix::new(values, 300, columns)?;
        seen[0] += usize::from(evidence(&data, &[2, 3, 4, 5], seed)?.p_value <= 0.04);
        let (scaled, _) = data.standardise()?;
        seen[1] += usize::from(mixture_evidence(&scaled, 3, seed)?.p_value <= 0.04);
    }
    Ok(seen)
}
