//! Within bounds, outside, or unknown.

use serde::{Deserialize, Serialize};

use crate::{GroupMetrics, Measure};

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
}

impl Criterion {
    /// All criteria.
    pub const ALL: [Self; 3] = [
        Self::DemographicParity,
        Self::EqualOpportunity,
        Self::EqualizedOdds,
    ];

    /// The measures it compares.
    pub const fn measures(self) -> &'static [Measure] {
        match self {
            Self::DemographicParity => &[Measure::SelectionRate],
            Self::EqualOpportunity => &[Measure::TruePositiveRate],
            Self::EqualizedOdds => &[Measure::TruePositiveRate, Measure::FalsePositiveRate],
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
}

/// Judges `criterion` over `groups` against the largest difference allowed.
///
/// Each pair of groups is judged by its Newcombe interval at 95 %; intervals are not widened for the number of pairs.
pub(crate) fn judge(groups: &[&GroupMetrics], criterion: Criterion, bound: f64) -> CriterionResult {
    let disparities: Option<Vec<_>> = criterion
        .measures()
        .iter()
        .map(|measure| crate::disparity(groups.iter().copied(), *measure))
        .collect();
    let (difference, ratio) = disparities.map_or((None, None), |all| {
        let difference = all.iter().map(|d| d.difference).fold(0.0, f64::max);
        let ratios: Option<Vec<f64>> = all.iter().map(|d| d.ratio).collect();
        (
            Some(difference),
            ratios.map(|ratios| ratios.into_iter().fold(1.0, f64::min)),
        )
    });
    let verdict = criterion
        .measures()
        .iter()
        .map(|measure| verdict(groups, *measure, bound))
        .max();
    CriterionResult {
        criterion,
        difference,
        ratio,
        verdict: verdict.unwrap_or(Verdict::NotEnoughData),
    }
}

fn verdict(groups: &[&GroupMetrics], measure: Measure, bound: f64) -> Verdict {
    let mut pairs = 0;
    let mut worst = Verdict::WithinBound;
    for (place, one) in groups.iter().enumerate() {
        for other in &groups[place + 1..] {
            pairs += 1;
            let limits = measure
                .of(one.counts)
                .difference_interval(measure.of(other.counts));
            worst = worst.max(match limits {
                Some(limits) if limits.low > bound || limits.high < -bound => Verdict::OutsideBound,
                Some(limits) if limits.low >= -bound && limits.high <= bound => {
                    Verdict::WithinBound
                }
                _ => Verdict::NotEnoughData,
            });
        }
    }
    if pairs == 0 {
        Verdict::NotEnoughData
    } else {
        worst
    }
}
