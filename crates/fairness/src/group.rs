//! Counts and rates per group.

use std::collections::BTreeMap;

use helder_evaluation::{
    CalibrationLine, Confusion, Interval, Proportion, auc, brier, calibration,
};
use serde::{Deserialize, Serialize};

use crate::FairnessError;

/// A share that is compared between groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Measure {
    /// Picked, of all.
    SelectionRate,
    /// Picked, of the positives (recall).
    TruePositiveRate,
    /// Picked, of the negatives.
    FalsePositiveRate,
    /// Passed over, of the positives.
    FalseNegativeRate,
    /// Passed over, of the negatives.
    TrueNegativeRate,
    /// Positive, of the picked.
    Precision,
    /// Right decisions, of all.
    Accuracy,
}

impl Measure {
    /// All measures.
    pub const ALL: [Self; 7] = [
        Self::SelectionRate,
        Self::TruePositiveRate,
        Self::FalsePositiveRate,
        Self::FalseNegativeRate,
        Self::TrueNegativeRate,
        Self::Precision,
        Self::Accuracy,
    ];

    /// The share in a group.
    pub const fn of(self, counts: Confusion) -> Proportion {
        let Confusion {
            true_positives: tp,
            false_positives: fp,
            true_negatives: tn,
            false_negatives: fn_,
        } = counts;
        let (count, total) = match self {
            Self::SelectionRate => (tp + fp, tp + fp + tn + fn_),
            Self::TruePositiveRate => (tp, tp + fn_),
            Self::FalsePositiveRate => (fp, fp + tn),
            Self::FalseNegativeRate => (fn_, tp + fn_),
            Self::TrueNegativeRate => (tn, fp + tn),
            Self::Precision => (tp, tp + fp),
            Self::Accuracy => (tp + tn, tp + fp + tn + fn_),
        };
        Proportion::new(count, total)
    }
}

/// A share with its count and Wilson interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rate {
    /// How many.
    pub count: usize,
    /// Of how many.
    pub total: usize,
    /// The share; `None` of nothing (Fairlearn writes 0 there).
    pub value: Option<f64>,
    /// Wilson interval at 95 %.
    pub interval_95: Option<Interval>,
}

impl From<Proportion> for Rate {
    fn from(share: Proportion) -> Self {
        Self {
            count: share.count,
            total: share.total,
            value: share.value(),
            interval_95: share.wilson(),
        }
    }
}

/// Everything known of one group, nothing hidden. Not to be published as it is: see [`crate::fairness_report`].
#[derive(Clone, Debug, PartialEq)]
pub struct GroupMetrics {
    /// Value of the sensitive feature.
    pub group: String,
    /// Decisions against outcomes.
    pub counts: Confusion,
    /// Mean probability.
    pub mean_score: f64,
    /// Brier score.
    pub brier: f64,
    /// Area under the ROC curve; `None` with one class.
    pub auc: Option<f64>,
    /// Calibration line; `None` where it is not determined.
    pub calibration_line: Option<CalibrationLine>,
}

impl GroupMetrics {
    /// Rows.
    pub const fn rows(&self) -> usize {
        Measure::Accuracy.of(self.counts).total
    }

    /// Rows with a positive outcome.
    pub const fn positives(&self) -> usize {
        Measure::TruePositiveRate.of(self.counts).total
    }

    /// Rows with a negative outcome.
    pub const fn negatives(&self) -> usize {
        Measure::FalsePositiveRate.of(self.counts).total
    }

    /// One share.
    pub fn rate(&self, measure: Measure) -> Rate {
        measure.of(self.counts).into()
    }
}

/// Counts and rates per group, groups in byte order.
///
/// * `y` – outcomes, shape `(n,)`   * `picked` – decisions, shape `(n,)`   * `probabilities` – shape `(n,)`, in `[0, 1]`
/// * `groups` – value of the sensitive feature, shape `(n,)`
///
/// # Errors
/// [`FairnessError`] when lengths differ, nothing is given, or a value is no probability.
/// # Source
/// The definitions of Fairlearn 0.15.0 `MetricFrame`, except that a share of nothing is `None` and not 0.
pub fn by_group<S: AsRef<str>>(
    y: &[bool],
    picked: &[bool],
    probabilities: &[f64],
    groups: &[S],
) -> Result<Vec<GroupMetrics>, FairnessError> {
    check(y, picked, probabilities, groups.len())?;
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (row, group) in groups.iter().enumerate() {
        members.entry(group.as_ref()).or_default().push(row);
    }
    members
        .into_iter()
        .map(|(group, rows)| metrics(group, y, picked, probabilities, &rows))
        .collect()
}

/// The same figures over all rows, as one group.
///
/// # Errors
/// As [`by_group`].
pub fn overall(
    y: &[bool],
    picked: &[bool],
    probabilities: &[f64],
) -> Result<GroupMetrics, FairnessError> {
    check(y, picked, probabilities, y.len())?;
    metrics(
        "",
        y,
        picked,
        probabilities,
        &(0..y.len()).collect::<Vec<_>>(),
    )
}

/// Groups of two features at once, written `first|second`.
pub fn intersect<A: AsRef<str>, B: AsRef<str>>(first: &[A], second: &[B]) -> Vec<String> {
    first
        .iter()
        .zip(second)
        .map(|(a, b)| format!("{}|{}", a.as_ref(), b.as_ref()))
        .collect()
}

fn check(
    y: &[bool],
    picked: &[bool],
    probabilities: &[f64],
    groups: usize,
) -> Result<(), FairnessError> {
    let lengths = [
        ("decisions", picked.len()),
        ("probabilities", probabilities.len()),
        ("groups", groups),
    ];
    match lengths.into_iter().find(|(_, found)| *found != y.len()) {
        Some((what, found)) => Err(FairnessError::LengthMismatch {
            what,
            expected: y.len(),
            found,
        }),
        None if y.is_empty() => Err(FairnessError::Empty),
        None => Ok(()),
    }
}

fn metrics(
    group: &str,
    y: &[bool],
    picked: &[bool],
    probabilities: &[f64],
    rows: &[usize],
) -> Result<GroupMetrics, FairnessError> {
    let own_y: Vec<bool> = rows.iter().map(|&row| y[row]).collect();
    let own_p: Vec<f64> = rows.iter().map(|&row| probabilities[row]).collect();
    let brier = brier(&own_y, &own_p)?;
    Ok(GroupMetrics {
        group: group.to_owned(),
        counts: Confusion::of(own_y.iter().copied(), rows.iter().map(|&row| picked[row])),
        mean_score: own_p.iter().sum::<f64>() / rows.len() as f64,
        brier,
        auc: auc(&own_y, &own_p).ok().map(|auc| auc.value),
        calibration_line: calibration(&own_y, &own_p)?.line,
    })
}
