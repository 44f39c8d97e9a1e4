//! Is there a direction that tells the classes apart without error?
//!
//! On separated data the likelihood has no maximum: each Newton step goes on, about one unit of the linear predictor,
//! along a direction `δ` with `s · xᵀδ ≥ 0` in every row (`s` = +1 for the positive class, −1 for the other) and `> 0` in
//! some. Such a `δ` is a proof of separation (Albert & Anderson, Biometrika 71(1), 1984), so the steps themselves are
//! tested against this condition.

use crate::{chunks, design::Design, design::dot};

/// Rows may fall short of the condition by this share of the largest gain; rounding of the step needs some room.
const SLACK: f64 = 1e-6;
/// A column whose share in the direction is below this is taken for rounding.
const SHARE: f64 = 1e-3;
/// Separating steps move the strongest rows by about 1; smaller steps are ordinary convergence.
const SMALLEST_GAIN: f64 = 0.3;

/// Proof of separation.
pub(crate) struct Separated {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: usize,
}

/// Tests a Newton step; first with its small parts removed, then as it is.
pub(crate) fn test(design: &Design, y: &[bool], step: &[f64], ranges: &[f64]) -> Option<Separated> {
    let reach: Vec<f64> = step
        .iter()
        .zip(ranges)
        .map(|(d, range)| d.abs() * range)
        .collect();
    let most = reach.iter().copied().fold(0.0, f64::max);
    let cleaned: Vec<f64> = (0..step.len())
        .map(|j| {
            if j == 0 || reach[j] >= SHARE * most {
                step[j]
            } else {
                0.0
            }
        })
        .collect();
    [cleaned.as_slice(), step]
        .into_iter()
        .find_map(|direction| {
            let rows = rows_separated(design, y, direction)?;
            let mut order: Vec<usize> = (1..step.len())
                .filter(|&j| direction[j] != 0.0 && reach[j] >= SHARE * most)
                .collect();
            order.sort_by(|&a, &b| reach[b].total_cmp(&reach[a]).then(a.cmp(&b)));
            Some(Separated {
                columns: order
                    .into_iter()
                    .map(|j| design.names()[j].clone())
                    .collect(),
                rows,
            })
        })
}

/// Rows that `direction` classifies strictly, when it classifies none wrongly.
fn rows_separated(design: &Design, y: &[bool], direction: &[f64]) -> Option<usize> {
    let gain = |row: &[f64], positive: bool| {
        let along = dot(row, direction);
        if positive { along } else { -along }
    };
    let (least, most) = chunks::reduce(
        design.n_rows(),
        |range| {
            design.rows(range.clone()).zip(&y[range]).fold(
                (f64::INFINITY, 0.0_f64),
                |(low, high), (row, &positive)| {
                    let gain = gain(row, positive);
                    (low.min(gain), high.max(gain))
                },
            )
        },
        |a, b| (a.0.min(b.0), a.1.max(b.1)),
    )?;
    if most < SMALLEST_GAIN || least < -SLACK * most {
        return None;
    }
    chunks::reduce(
        design.n_rows(),
        |range| {
            design
                .rows(range.clone())
                .zip(&y[range])
                .filter(|(row, y)| gain(row, **y) > SHARE * most)
                .count()
        },
        |a, b| a + b,
    )
}

/// Largest minus smallest value per column; the intercept counts as 1.
pub(crate) fn ranges(design: &Design) -> Vec<f64> {
    let mut low = design.row(0).to_vec();
    let mut high = low.clone();
    for row in design.rows(0..design.n_rows()) {
        for (j, &value) in row.iter().enumerate() {
            low[j] = low[j].min(value);
            high[j] = high[j].max(value);
        }
    }
    let mut ranges: Vec<f64> = high.iter().zip(&low).map(|(h, l)| h - l).collect();
    ranges[0] = 1.0;
    ranges
}
