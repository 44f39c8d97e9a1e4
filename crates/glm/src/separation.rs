//! Is there a direction that tells the classes apart without error?
//!
//! On separated data the likelihood has no maximum: each Newton step goes on along a direction `δ` that never lowers the
//! likelihood: `xᵀδ ≥ 0` where the outcome is at its upper bound, `≤ 0` where it is at its lower bound (no success, count 0),
//! `= 0` in between, and not 0 in some row at a bound. Such a `δ` is a proof of separation (Albert & Anderson, Biometrika
//! 71(1), 1984; for counts Correia, Guimarães & Zylkin, arXiv 1903.01633), so the steps themselves are tested against this.

#![expect(clippy::float_cmp, reason = "whole numbers and equal values are exact")]

use crate::{Family, work::Work};

/// Rows may fall short of the condition by this share of the largest gain; rounding of the step needs some room.
const SLACK: f64 = 1e-6;
/// A column whose share in the direction is below this is taken for rounding.
const SHARE: f64 = 1e-3;
/// Steps that move no column by more than this are ordinary convergence.
const SMALLEST_STEP: f64 = 1e-3;

/// Proof of separation.
pub(crate) struct Separated {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: usize,
}

/// Whether a step (on moved and scaled columns) is large enough to be looked at.
pub(crate) fn is_large(step: &[f64]) -> bool {
    step.iter().any(|part| part.abs() > SMALLEST_STEP)
}

/// Tests a Newton step; first with its small parts removed, then as it is.
pub(crate) fn test(work: &Work<'_>, family: Family, step: &[f64]) -> Option<Separated> {
    if family.is_gaussian() {
        return None;
    }
    let raw = work.raw(step);
    let reach: Vec<f64> = (0..step.len())
        .map(|k| raw[k].abs() * range(work, k))
        .collect();
    let most = reach.iter().copied().fold(0.0, f64::max);
    let cleaned: Vec<f64> = (0..step.len())
        .map(|k| {
            if k == 0 || reach[k] >= SHARE * most {
                raw[k]
            } else {
                0.0
            }
        })
        .collect();
    [cleaned, raw].into_iter().find_map(|direction| {
        let rows = rows_separated(work, family, &scaled(work, &direction))?;
        let mut order: Vec<usize> = (1..step.len())
            .filter(|&k| direction[k] != 0.0 && reach[k] >= SHARE * most)
            .collect();
        order.sort_by(|&a, &b| reach[b].total_cmp(&reach[a]).then(a.cmp(&b)));
        Some(Separated {
            columns: order
                .into_iter()
                .map(|k| work.design.names()[work.columns[k]].clone())
                .collect(),
            rows,
        })
    })
}

/// The direction on moved and scaled columns; the inverse of [`Work::raw`].
fn scaled(work: &Work<'_>, direction: &[f64]) -> Vec<f64> {
    let mut scaled: Vec<f64> = direction
        .iter()
        .zip(&work.scale)
        .map(|(d, scale)| d / scale)
        .collect();
    scaled[0] += (1..direction.len())
        .map(|k| direction[k] * work.centre[k])
        .sum::<f64>();
    scaled
}

/// What a direction does to the rows.
#[derive(Clone, Copy, Default)]
struct Found {
    /// Least and largest gain among rows at a bound.
    least: f64,
    most: f64,
    /// Largest change among rows between the bounds.
    between: f64,
}

/// Rows that `direction` classifies strictly, when it classifies none wrongly.
fn rows_separated(work: &Work<'_>, family: Family, direction: &[f64]) -> Option<usize> {
    let gain = |row: usize, along: f64| match bound(work, family, row) {
        Bound::Upper => Some(along),
        Bound::Lower => Some(-along),
        Bound::None => None,
    };
    let found = work.scan(
        direction,
        false,
        Found::default,
        |found, first, along| {
            for (at, &along) in along.iter().enumerate() {
                if work.response.weight(first + at) > 0.0 {
                    match gain(first + at, along) {
                        Some(gain) => {
                            found.least = found.least.min(gain);
                            found.most = found.most.max(gain);
                        }
                        None => found.between = found.between.max(along.abs()),
                    }
                }
            }
        },
        |a, b| Found {
            least: a.least.min(b.least),
            most: a.most.max(b.most),
            between: a.between.max(b.between),
        },
    )?;
    let room = SLACK * found.most;
    if found.most < SMALLEST_STEP || found.least < -room || found.between > room {
        return None;
    }
    work.scan(
        direction,
        false,
        || 0,
        |rows, first, along| {
            *rows += along
                .iter()
                .enumerate()
                .filter(|(at, along)| {
                    work.response.weight(first + at) > 0.0
                        && gain(first + at, **along).is_some_and(|gain| gain > SHARE * found.most)
                })
                .count();
        },
        |a, b| a + b,
    )
}

/// The bound at which the outcome of a row lies.
enum Bound {
    Upper,
    Lower,
    None,
}

fn bound(work: &Work<'_>, family: Family, row: usize) -> Bound {
    let y = work.response.y[row];
    if y == 0.0 {
        Bound::Lower
    } else if family.is_binomial() && y == work.response.trial(row) {
        Bound::Upper
    } else {
        Bound::None
    }
}

/// Largest minus smallest value of a column among the rows that count; the intercept counts as 1.
fn range(work: &Work<'_>, k: usize) -> f64 {
    if k == 0 {
        return 1.0;
    }
    let (low, high) = work
        .design
        .column(work.columns[k])
        .enumerate()
        .filter(|(row, _)| work.response.weight(*row) > 0.0)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (_, x)| {
            (low.min(x), high.max(x))
        });
    high - low
}
