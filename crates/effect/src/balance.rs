//! The chance to have begun by a landmark, and whether weighting by it makes those with and without alike.

use helder_glm::{Design, LogisticRegression};
use serde::Serialize;

use crate::{Reason, landmark::Snapshot, prepared::Prepared};

/// Whether people with and without the provision are alike.
///
/// # Source
/// Rosenbaum & Rubin 1983 (doi 10.1093/biomet/70.1.41); measures of balance Austin 2009 (doi 10.1002/sim.3697).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Balance {
    /// Per column.
    pub columns: Vec<ColumnBalance>,
    /// Largest standardised difference after weighting.
    pub largest_difference: f64,
    /// Whether that is at most 0.1.
    pub is_balanced: bool,
    /// People that the weighted people with the provision are worth.
    pub effective_exposed: f64,
    /// People that the weighted people without it are worth.
    pub effective_unexposed: f64,
    /// Lowest and highest chance to have begun.
    pub chance_range: (f64, f64),
    /// Share of the people whose chance lies so near to 0 or 1 that there is hardly anybody to compare them with.
    pub outside_share: f64,
    /// Whether that is at most 5 %.
    pub has_overlap: bool,
}

/// One column's balance.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ColumnBalance {
    /// The column.
    pub name: String,
    /// Mean with less mean without the provision, in standard deviations.
    pub difference_before: f64,
    /// The same after weighting.
    pub difference_after: f64,
    /// Variance with over variance without the provision; `None` where the column does not vary without it.
    pub variance_ratio_before: Option<f64>,
    /// The same after weighting.
    pub variance_ratio_after: Option<f64>,
}

/// Chances to have begun, per row of a snapshot.
pub(crate) struct Chances {
    /// In `[limit, 1 − limit]`.
    pub(crate) exposed: Vec<f64>,
    pub(crate) balance: Balance,
}

/// Largest standardised difference that counts as balanced, and share without overlap that is borne.
const BALANCED: f64 = 0.1;
const BORNE: f64 = 0.05;

impl Chances {
    pub(crate) fn new(study: &Prepared<'_>, snapshot: &Snapshot) -> Result<Self, Reason> {
        let n = snapshot.places.len();
        let columns = study.columns_of(&snapshot.places);
        let design = Design::new(
            n,
            columns.iter().map(|(name, values)| (name.as_str(), values)),
        );
        let design = design.map_err(|_| Reason::NoEstimate)?;
        // Without a finite fit some values are (almost) only with or only without the provision.
        let fit = LogisticRegression::new()
            .fit(&design, &snapshot.exposed)
            .map_err(|_| Reason::NoOverlap)?;
        let raw = fit.probabilities(&design).map_err(|_| Reason::NoEstimate)?;
        let limit = study.settings.propensity_limit;
        let outside = raw
            .iter()
            .filter(|p| **p < limit || **p > 1.0 - limit)
            .count();
        let fold = |first: f64, of: fn(f64, f64) -> f64| raw.iter().copied().fold(first, of);
        let chance_range = (fold(1.0, f64::min), fold(0.0, f64::max));
        let exposed: Vec<f64> = raw.iter().map(|p| p.clamp(limit, 1.0 - limit)).collect();
        let share = snapshot.exposed.iter().filter(|it| **it).count() as f64 / n as f64;
        let weight: Vec<f64> = exposed
            .iter()
            .zip(&snapshot.exposed)
            .map(|(p, is)| {
                if *is {
                    share / p
                } else {
                    (1.0 - share) / (1.0 - p)
                }
            })
            .collect();
        let worth = |arm: bool| {
            let weights = weight
                .iter()
                .zip(&snapshot.exposed)
                .filter(|(_, is)| **is == arm);
            let (sum, squares) = weights.fold((0.0, 0.0), |(a, b), (w, _)| (a + w, b + w * w));
            sum * sum / squares
        };
        let columns: Vec<ColumnBalance> = columns
            .iter()
            .map(|(name, values)| column(name, values, &snapshot.exposed, &weight))
            .collect();
        let largest = columns
            .iter()
            .map(|it| it.difference_after.abs())
            .fold(0.0, f64::max);
        let outside_share = outside as f64 / n as f64;
        let balance = Balance {
            largest_difference: largest,
            is_balanced: largest <= BALANCED,
            effective_exposed: worth(true),
            effective_unexposed: worth(false),
            chance_range,
            outside_share,
            has_overlap: outside_share <= BORNE,
            columns,
        };
        Ok(Self { exposed, balance })
    }
}

fn column(name: &str, values: &[f64], exposed: &[bool], weight: &[f64]) -> ColumnBalance {
    let arm = |arm: bool, weighted: bool| {
        let rows = || (0..values.len()).filter(|&i| exposed[i] == arm);
        let of = |i: usize| if weighted { weight[i] } else { 1.0 };
        let sum: f64 = rows().map(of).sum();
        let mean = rows().map(|i| of(i) * values[i]).sum::<f64>() / sum;
        let variance = rows()
            .map(|i| of(i) * (values[i] - mean).powi(2))
            .sum::<f64>()
            / sum;
        (mean, variance)
    };
    let [with, without] = [arm(true, false), arm(false, false)];
    let [with_after, without_after] = [arm(true, true), arm(false, true)];
    let deviation = f64::midpoint(with.1, without.1).sqrt();
    let in_deviations = |difference: f64| {
        if deviation > 0.0 {
            difference / deviation
        } else {
            0.0
        }
    };
    let ratio = |a: f64, b: f64| (b > 0.0).then(|| a / b);
    ColumnBalance {
        name: name.to_owned(),
        difference_before: in_deviations(with.0 - without.0),
        difference_after: in_deviations(with_after.0 - without_after.0),
        variance_ratio_before: ratio(with.1, without.1),
        variance_ratio_after: ratio(with_after.1, without_after.1),
    }
}
