//! The fairness report of one sensitive feature, safe to publish.

use helder_evaluation::{CalibrationLine, Interval};
use serde::{Deserialize, Serialize};

use crate::{
    Bootstrap, Criterion, CriterionResult, Disparity, FairnessError, Gap, GroupMetrics, Limits,
    Measure, Rate, Verdict, bootstrap, by_group, disparity, suppression::hidden, verdict::judge,
};

/// What counts as small, and as far apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Smallest group, and smallest denominator of a rate, that is shown. At least 5.
    pub smallest_group: usize,
    /// Largest difference between groups that is accepted, in `(0, 1)`.
    pub largest_difference: f64,
    /// Smallest ratio between groups that is accepted, in `(0, 1)`. The default is the four-fifths rule of American labour law,
    /// a custom and no Dutch norm.
    #[serde(default = "smallest_ratio")]
    pub smallest_ratio: f64,
    /// How the limits of shares are made.
    #[serde(default)]
    pub limits: Limits,
    /// Resamples for the intervals of the largest distances, 100 to 100,000.
    #[serde(default = "replicates")]
    pub replicates: usize,
    /// Seed of the resamples.
    #[serde(default)]
    pub seed: u64,
}

fn smallest_ratio() -> f64 {
    Settings::default().smallest_ratio
}

fn replicates() -> usize {
    Settings::default().replicates
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            smallest_group: 10,
            largest_difference: 0.1,
            smallest_ratio: crate::comparison::FOUR_FIFTHS,
            limits: Limits::Wilson,
            replicates: 2_000,
            seed: 0,
        }
    }
}

impl Settings {
    pub(crate) fn check(self) -> Result<(), FairnessError> {
        if self.smallest_group < 5 {
            return Err(FairnessError::Setting {
                setting: "the smallest group",
                demand: "at least 5",
            });
        }
        if !(self.largest_difference > 0.0 && self.largest_difference < 1.0) {
            return Err(FairnessError::Setting {
                setting: "the largest difference",
                demand: "between 0 and 1",
            });
        }
        if !(self.smallest_ratio > 0.0 && self.smallest_ratio < 1.0) {
            return Err(FairnessError::Setting {
                setting: "the smallest ratio",
                demand: "between 0 and 1",
            });
        }
        Ok(())
    }
}

/// One group as it may be shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PublishedGroup {
    /// Value of the sensitive feature.
    pub group: String,
    /// Too small to show (or needed to hide one that is); then all figures are `None`.
    pub suppressed: bool,
    /// Too few positives or negatives to show figures that depend on the outcome.
    pub outcomes_suppressed: bool,
    /// Rows.
    pub rows: Option<usize>,
    /// Rows with a positive outcome.
    pub positives: Option<usize>,
    /// Share picked.
    pub selection_rate: Option<Rate>,
    /// Share picked of the positives.
    pub true_positive_rate: Option<Rate>,
    /// Share picked of the negatives.
    pub false_positive_rate: Option<Rate>,
    /// Share passed over of the positives.
    pub false_negative_rate: Option<Rate>,
    /// Share of positives among the picked.
    pub precision: Option<Rate>,
    /// Mean probability.
    pub mean_score: Option<f64>,
    /// Interval at 95 % of the mean probability.
    #[serde(default)]
    pub mean_score_interval_95: Option<Interval>,
    /// Share of positives minus mean probability; above 0, the model says too little of this group.
    #[serde(default)]
    pub calibration_gap: Option<Gap>,
    /// Expected calibration error, in `[0, 1]`.
    #[serde(default)]
    pub expected_calibration_error: Option<f64>,
    /// The calibration error that perfect probabilities would show on this group by chance.
    #[serde(default)]
    pub calibration_error_by_chance: Option<f64>,
    /// Calibration line within the group, with its intervals.
    pub calibration_line: Option<CalibrationLine>,
}

/// Fairness of decisions over the groups of one sensitive feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FairnessReport {
    /// The sensitive feature.
    pub sensitive_feature: String,
    /// Rows compared.
    pub rows: usize,
    /// What counted as small, and as far apart.
    pub settings: Settings,
    /// The groups, in byte order.
    pub groups: Vec<PublishedGroup>,
    /// Distances per measure, over the groups shown.
    pub disparities: Vec<Disparity>,
    /// Judgement per criterion, over the groups shown.
    pub criteria: Vec<CriterionResult>,
    /// The worst judgement. A group that is not shown is not judged: see [`Self::not_judged`].
    pub verdict: Verdict,
    /// Groups about which the report says nothing, or nothing on outcomes.
    pub not_judged: Vec<String>,
    /// Intervals of the largest distances by resampling, over the groups shown with outcomes.
    #[serde(default)]
    pub bootstrap: Option<Bootstrap>,
}

/// Compares decisions between the groups of `sensitive_feature` and hides what is small.
///
/// * `y` – outcomes, shape `(n,)`   * `picked` – decisions, shape `(n,)`   * `probabilities` – shape `(n,)`, in `[0, 1]`
/// * `groups` – value of the sensitive feature, shape `(n,)`
///
/// # Errors
/// [`FairnessError`] when lengths differ, nothing is given, a value is no probability, or a setting is out of range.
pub fn fairness_report<S: AsRef<str>>(
    sensitive_feature: &str,
    y: &[bool],
    picked: &[bool],
    probabilities: &[f64],
    groups: &[S],
    settings: Settings,
) -> Result<FairnessReport, FairnessError> {
    settings.check()?;
    let all = by_group(y, picked, probabilities, groups)?;
    let Visible {
        groups: shown,
        outcomes,
    } = Visible::of(&all, settings.smallest_group);
    let pick = |visible: &[bool]| -> Vec<&GroupMetrics> {
        all.iter()
            .zip(visible)
            .filter(|(_, visible)| **visible)
            .map(|(group, _)| group)
            .collect()
    };
    let (for_selection, for_outcomes) = (pick(&shown), pick(&outcomes));
    let disparities = Measure::ALL
        .into_iter()
        .filter_map(|measure| match measure {
            Measure::SelectionRate => disparity(for_selection.iter().copied(), measure),
            Measure::Precision => {
                let enough =
                    |g: &&GroupMetrics| measure.of(g.counts).total >= settings.smallest_group;
                disparity(for_outcomes.iter().copied().filter(enough), measure)
            }
            _ => disparity(for_outcomes.iter().copied(), measure),
        })
        .collect();
    let criteria: Vec<CriterionResult> = Criterion::ALL
        .into_iter()
        .map(|criterion| {
            let compared: Vec<&GroupMetrics> = match criterion {
                Criterion::DemographicParity => for_selection.clone(),
                Criterion::PredictiveParity => for_outcomes
                    .iter()
                    .copied()
                    .filter(|g| Measure::Precision.of(g.counts).total >= settings.smallest_group)
                    .collect(),
                _ => for_outcomes.clone(),
            };
            judge(
                &compared,
                criterion,
                settings.largest_difference,
                settings.smallest_ratio,
            )
        })
        .collect();
    let counts: Vec<_> = for_outcomes.iter().map(|group| group.counts).collect();
    let resampled = bootstrap(&counts, settings.replicates, settings.seed)?;
    Ok(FairnessReport {
        sensitive_feature: sensitive_feature.to_owned(),
        rows: y.len(),
        settings,
        groups: all
            .iter()
            .zip(shown.iter().zip(&outcomes))
            .map(|(group, (shown, outcomes))| publish(group, *shown, *outcomes, settings))
            .collect(),
        disparities,
        verdict: criteria
            .iter()
            .map(|result| result.verdict)
            .max()
            .unwrap_or(Verdict::NotEnoughData),
        criteria,
        not_judged: all
            .iter()
            .zip(&outcomes)
            .filter(|(_, seen)| !**seen)
            .map(|(g, _)| g.group.clone())
            .collect(),
        bootstrap: (counts.len() > 1).then_some(resampled),
    })
}

/// Which groups may be shown, and of which also the outcomes.
pub(crate) struct Visible {
    pub(crate) groups: Vec<bool>,
    pub(crate) outcomes: Vec<bool>,
}

impl Visible {
    pub(crate) fn of(all: &[GroupMetrics], smallest: usize) -> Self {
        let rows: Vec<usize> = all.iter().map(GroupMetrics::rows).collect();
        let groups: Vec<bool> = hidden(&rows, smallest)
            .into_iter()
            .map(|hidden| !hidden)
            .collect();
        // A rate has its complement beside it, so positives and negatives are shown together or not at all. A group without
        // any positive is as telling as one with three, hence the plus one: a count of 0 hides like a small one.
        let cells: Vec<usize> = all
            .iter()
            .zip(&groups)
            .map(|(group, shown)| {
                if *shown {
                    group.positives().min(group.negatives()) + 1
                } else {
                    0
                }
            })
            .collect();
        let outcomes = hidden(&cells, smallest + 1);
        let outcomes = groups
            .iter()
            .zip(outcomes)
            .map(|(shown, hidden)| *shown && !hidden)
            .collect();
        Self { groups, outcomes }
    }
}

fn publish(
    group: &GroupMetrics,
    shown: bool,
    outcomes: bool,
    settings: Settings,
) -> PublishedGroup {
    let rate = |measure| group.rate_with(measure, settings.limits);
    let outcome_rate = |measure| {
        outcomes
            .then(|| rate(measure))
            .filter(|rate| rate.total >= settings.smallest_group)
    };
    PublishedGroup {
        group: group.group.clone(),
        suppressed: !shown,
        outcomes_suppressed: !outcomes,
        rows: shown.then(|| group.rows()),
        positives: outcomes.then(|| group.positives()),
        selection_rate: shown.then(|| rate(Measure::SelectionRate)),
        true_positive_rate: outcome_rate(Measure::TruePositiveRate),
        false_positive_rate: outcome_rate(Measure::FalsePositiveRate),
        false_negative_rate: outcome_rate(Measure::FalseNegativeRate),
        precision: outcome_rate(Measure::Precision),
        mean_score: shown.then_some(group.mean_score),
        mean_score_interval_95: group.mean_score_interval_95.filter(|_| shown),
        calibration_gap: outcomes.then_some(group.calibration_gap),
        expected_calibration_error: outcomes.then_some(group.expected_calibration_error),
        calibration_error_by_chance: outcomes.then_some(group.calibration_error_by_chance),
        calibration_line: group.calibration_line.filter(|_| outcomes),
    }
}
