//! No groups where there are none, whatever the columns look like; groups where there are.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use helder_segmentation::{Matrix, SegmentationError, evidence};

/// 150 rows of two columns, made of normal and common draws.
fn made(seed: u64, value: impl Fn(usize, f64, f64) -> f64) -> Matrix {
    let mut state = 77 + seed;
    let mut uniform = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    };
    let mut normal = || (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
    for _ in 0..10 {
        normal();
    }
    let mut values = Vec::new();
    for row in 0..150 {
        let common = normal();
        values.extend([value(row, normal(), common), value(row, normal(), common)]);
    }
    Matrix::new(values, 150, 2).unwrap()
}

fn seen(value: impl Fn(usize, f64, f64) -> f64) -> usize {
    (0..10)
        .filter(|&seed| {
            evidence(&made(seed, &value), &[2, 3], seed)
                .unwrap()
                .p_value
                <= 0.04
        })
        .count()
}

#[test]
fn no_groups_are_seen_where_there_are_none() {
    assert!(seen(|_, z, _| z) <= 1, "normal");
    assert!(seen(|_, z, common| 1.5 * common + z) <= 1, "correlated");
    assert!(seen(|_, z, _| z.exp()) <= 1, "skewed");
    assert!(seen(|_, z, _| z.tanh()) <= 1, "with edges");
}

#[test]
fn three_groups_are_seen() {
    assert_eq!(seen(|row, z, _| z + (row % 3) as f64 * 5.0), 10);
    let found = evidence(
        &made(0, |row, z, _| z + (row % 3) as f64 * 5.0),
        &[2, 3, 4],
        0,
    )
    .unwrap();
    assert!(found.stands_out_at >= 3);
    assert_eq!(found.p_values.len(), 3);
}

#[test]
fn the_answer_is_the_same_on_one_thread() {
    let data = made(1, |_, z, common| common + z);
    let one = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    assert_eq!(
        one.install(|| evidence(&data, &[2, 3], 5).unwrap()),
        evidence(&data, &[2, 3], 5).unwrap()
    );
}

#[test]
fn what_cannot_be_judged_is_refused() {
    let data = made(1, |_, z, _| z);
    assert!(matches!(
        evidence(&data, &[], 0),
        Err(SegmentationError::GroupCount { at_most: 149 })
    ));
    assert!(matches!(
        evidence(&data, &[1], 0),
        Err(SegmentationError::GroupCount { .. })
    ));
    let constant = Matrix::new(vec![1.0; 300], 150, 2).unwrap();
    assert!(matches!(
        evidence(&constant, &[2], 0),
        Err(SegmentationError::Constant { .. })
    ));
}
