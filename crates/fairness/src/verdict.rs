//! Within bounds, outside, or unknown.

use serde::{Deserialize, Serialize};

use crate::{
    GroupMetrics, Measure,
    comparison::{CalibrationGap, Compared, Comparison, CountedGroup, compare},
};

/// Pairs of a criterion that are told in the report; all of them are judged.
const MOST_TOLD: usize = 60;

/// A demand on the distance between groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Criterion {
    /// Equal share picked.
    DemographicParity,
    /// Equal share of the positives picked.
    EqualOpportunity,
    /// Equal shares of the positives and of the negatives picked.
    EqualizedOdds,
    /// Equal share of positives among the picked.
    PredictiveParity,
    /// Probabilities equally near what happened.
    Calibration,
}

impl Criterion {
    /// All criteria.
    pub const ALL: [Self; 5] = [
        Self::DemographicParity,
        Self::EqualOpportunity,
        Self::EqualizedOdds,
        Self::PredictiveParity,
        Self::Calibration,
    ];

    /// The shares it compares; none for calibration, which compares means.
    pub const fn measures(self) -> &'static [Measure] {
        match self {
            Self::DemographicParity => &[Measure::SelectionRate],
            Self::EqualOpportunity => &[Measure::TruePositiveRate],
            Self::EqualizedOdds => &[Measure::TruePositiveRate, Measure::FalsePositiveRate],
            Self::PredictiveParity => &[Measure::Precision],
            Self::Calibration => &[],
        }
    }

    fn compared(self) -> Vec<Compared> {
        match self {
            Self::Calibration => vec![Compared::Calibration(CalibrationGap::CalibrationGap)],
            _ => self
                .measures()
                .iter()
                .copied()
                .map(Compared::Rate)
                .collect(),
        }
    }
}

/// What the data allow to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Every pair of groups lies within the bound, uncertainty included.
    WithinBound,
    /// The data neither prove nor exclude a distance above the bound.
    NotEnoughData,
    /// At least one pair of groups lies outside the bound, uncertainty included.
    OutsideBound,
}

/// One criterion, judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CriterionResult {
    /// The demand.
    pub criterion: Criterion,
    /// Largest difference over its measures and groups; `None` when fewer than two groups could be compared.
    pub difference: Option<f64>,
    /// Smallest ratio over its measures and groups; `None` when it is not defined.
    pub ratio: Option<f64>,
    /// What the data allow to say.
    pub verdict: Verdict,
    /// What the data allow to say of the ratios: where few are picked, a small difference can be a large ratio. `None` for
    /// calibration, and with nothing to compare. It does not enter the verdict of a report.
    #[serde(default)]
    pub ratio_verdict: Option<Verdict>,
    /// Pairs of groups and measures that were judged together.
    #[serde(default)]
    pub pairs: usize,
    /// Confidence of each pair's simultaneous interval, so that all cover together with 95 % (Bonferroni).
    #[serde(default)]
    pub confidence: Option<f64>,
    /// The largest, over the pairs, of the smallest difference that would have been found. A real difference below it can
    /// stay unseen.
    #[serde(default)]
    pub smallest_detectable_difference: Option<f64>,
    /// The pairs furthest apart, those outside first; at most 60.
    #[serde(default)]
    pub comparisons: Vec<Comparison>,
}

/// Judges `criterion` over `groups` against the largest difference and the smallest ratio allowed.
pub fn judge(
    groups: &[&GroupMetrics],
    criterion: Criterion,
    bound: f64,
    smallest_ratio: f64,
) -> CriterionResult {
    let sides: Vec<CountedGroup<'_>> = groups.iter().map(|group| (*group).into()).collect();
    let mut comparisons = compare(&sides, &criterion.compared(), bound, smallest_ratio);
    let disparities: Option<Vec<_>> = criterion
        .measures()
        .iter()
        .map(|measure| crate::disparity(groups.iter().copied(), *measure))
        .collect();
    let difference = comparisons
        .iter()
        .map(|pair| pair.difference.abs())
        .reduce(f64::max);
    let ratio = disparities.filter(|all| !all.is_empty()).and_then(|all| {
        let ratios: Option<Vec<f64>> = all.iter().map(|d| d.ratio).collect();
        ratios.map(|ratios| ratios.into_iter().fold(1.0, f64::min))
    });
    let pairs = comparisons.len();
    let verdict = comparisons.iter().map(|pair| pair.verdict).max();
    let ratio_verdict = comparisons
        .iter()
        .filter_map(|pair| pair.ratio_verdict)
        .max();
    let detectable: Option<Vec<f64>> = comparisons
        .iter()
        .map(|pair| pair.smallest_detectable_difference)
        .collect();
    comparisons.truncate(MOST_TOLD);
    CriterionResult {
        criterion,
        difference,
        ratio,
        verdict: verdict.unwrap_or(Verdict::NotEnoughData),
        ratio_verdict,
        pairs,
        confidence: (pairs > 0).then(|| 1.0 - 0.05 / pairs as f64),
        smallest_detectable_difference: detectable.and_then(|all| all.into_iter().reduce(f64::max)),
        comparisons,
    }
}
