//! Counts and rates per group.

use std::collections::BTreeMap;

use helder_evaluation::{
    CalibrationLine, Confusion, Interval, Proportion, Z_95, auc, brier, calibration,
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
    /// Interval at 95 %: Wilson's, or where asked the exact one.
    pub interval_95: Option<Interval>,
}

/// How the limits of a share are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Limits {
    /// Wilson's score interval: right on average, short.
    #[default]
    Wilson,
    /// Clopper and Pearson: never covers less than 95 %, longer.
    ClopperPearson,
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

/// A mean with its standard error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gap {
    /// The mean.
    pub value: f64,
    /// Its standard error; `None` with one row.
    pub standard_error: Option<f64>,
}

impl Gap {
    fn of(values: impl Iterator<Item = f64> + Clone, n: usize) -> Self {
        let value = values.clone().sum::<f64>() / n as f64;
        let squares: f64 = values.map(|v| (v - value).powi(2)).sum();
        Self {
            value,
            standard_error: (n > 1).then(|| (squares / (n - 1) as f64 / n as f64).sqrt()),
        }
    }

    /// Wald interval at 95 %.
    pub fn interval_95(self) -> Option<Interval> {
        let half = Z_95 * self.standard_error?;
        Some(Interval {
            low: self.value - half,
            high: self.value + half,
        })
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
    /// Interval at 95 % of the mean probability, as a mean of independent rows.
    pub mean_score_interval_95: Option<Interval>,
    /// Share of positives minus mean probability: above 0, the model says too little.
    pub calibration_gap: Gap,
    /// Expected calibration error over ten bins, in `[0, 1]`.
    pub expected_calibration_error: f64,
    /// The error perfect probabilities would show here by chance.
    pub calibration_error_by_chance: f64,
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

    /// One share with limits of this kind.
    pub fn rate_with(&self, measure: Measure, limits: Limits) -> Rate {
        let share = measure.of(self.counts);
        let mut rate = Rate::from(share);
        if limits == Limits::ClopperPearson {
            rate.interval_95 = share.clopper_pearson(0.95);
        }
        rate
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
    // A bar inside a value is doubled, so that two different pairs never get one name.
    let plain = |value: &str| value.replace('|', "||");
    first
        .iter()
        .zip(second)
        .map(|(a, b)| format!("{}|{}", plain(a.as_ref()), plain(b.as_ref())))
        .collect()
}

pub(crate) fn check(
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
    let calibration = calibration(&own_y, &own_p)?;
    let mean = Gap::of(own_p.iter().copied(), rows.len());
    let residuals = own_y
        .iter()
        .zip(&own_p)
        .map(|(y, p)| f64::from(u8::from(*y)) - p);
    Ok(GroupMetrics {
        group: group.to_owned(),
        counts: Confusion::of(own_y.iter().copied(), rows.iter().map(|&row| picked[row])),
        mean_score: mean.value,
        mean_score_interval_95: mean.interval_95().map(|limits| Interval {
            low: limits.low.max(0.0),
            high: limits.high.min(1.0),
        }),
        calibration_gap: Gap::of(residuals, rows.len()),
        expected_calibration_error: calibration.expected_calibration_error,
        calibration_error_by_chance: calibration.error_by_chance,
        brier,
        auc: auc(&own_y, &own_p).ok().map(|auc| auc.value),
        calibration_line: calibration.line,
    })
}
