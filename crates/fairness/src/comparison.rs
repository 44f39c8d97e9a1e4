//! Two groups, one measure: how far apart, how sure, and what that means.

use helder_evaluation::{Confusion, Interval, Proportion, RatioInterval, two_sided_p, z_two_sided};
use serde::{Deserialize, Serialize};

use crate::{Gap, GroupMetrics, Measure, Verdict, power::smallest_detectable_difference};

/// Smallest ratio accepted where nobody names one.
pub(crate) const FOUR_FIFTHS: f64 = 0.8;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Compared {
    /// A share of counts.
    Rate(Measure),
    /// Whether probabilities are too low or too high.
    Calibration(CalibrationGap),
    /// A share that has nothing to do with decisions.
    Share(Share),
}

/// A share that has nothing to do with decisions, such as how often outcomes are registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Share {
    /// The only kind.
    Share,
}

/// Share of positives minus mean probability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CalibrationGap {
    /// The only kind.
    CalibrationGap,
}

/// A group, as far as comparing needs it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CountedGroup<'a> {
    /// Value of the sensitive feature.
    pub group: &'a str,
    /// Decisions against outcomes.
    pub counts: Confusion,
    /// Share of positives minus mean probability, where probabilities are known.
    pub calibration_gap: Option<Gap>,
    /// A share apart from the decisions.
    pub share: Option<Proportion>,
}

impl<'a> CountedGroup<'a> {
    /// A group of which one share is known.
    pub fn of_share(group: &'a str, share: Proportion) -> Self {
        Self {
            share: Some(share),
            ..Self::new(group, Confusion::default())
        }
    }

    /// A group of which only counts are known.
    pub const fn new(group: &'a str, counts: Confusion) -> Self {
        Self {
            group,
            counts,
            calibration_gap: None,
            share: None,
        }
    }
}

impl<'a> From<&'a GroupMetrics> for CountedGroup<'a> {
    fn from(group: &'a GroupMetrics) -> Self {
        Self {
            group: &group.group,
            counts: group.counts,
            calibration_gap: Some(group.calibration_gap),
            share: None,
        }
    }
}

/// One pair of groups on one measure. Differences are `first − second`, ratios `first / second`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// What is compared.
    pub measure: Compared,
    /// A group.
    pub first: String,
    /// Another group.
    pub second: String,
    /// Difference.
    pub difference: f64,
    /// Its 95 % interval: Newcombe's for shares, Wald's for the calibration gap. For this pair alone.
    pub interval_95: Interval,
    /// The interval that covers with 95 % together with those of all other pairs of the criterion (Bonferroni).
    pub interval_simultaneous: Interval,
    /// Ratio; `None` when the second share is 0, and for the calibration gap.
    pub ratio: Option<f64>,
    /// Koopman's score interval at 95 % of the ratio, for this pair alone.
    pub ratio_interval_95: Option<RatioInterval>,
    /// The interval of the ratio that covers together with those of all other pairs.
    #[serde(default)]
    pub ratio_interval_simultaneous: Option<RatioInterval>,
    /// What the data allow to say of the ratio; `None` for the calibration gap.
    #[serde(default)]
    pub ratio_verdict: Option<Verdict>,
    /// Chance of a difference at least this large when there is none (score test).
    pub p_value: f64,
    /// The same, corrected by Holm for the number of pairs of the criterion.
    pub p_value_holm: f64,
    /// Smallest true difference that these rows would tell from 0 in four of five samples, at the corrected confidence.
    pub smallest_detectable_difference: Option<f64>,
    /// What the data allow to say.
    pub verdict: Verdict,
}

/// All pairs of `groups` on all `measures`, each with `bound` as the largest difference and `smallest_ratio` as the smallest
/// ratio accepted; the furthest apart first.
///
/// A pair is *outside* when its simultaneous interval lies beyond the bound: the more pairs are looked at, the more it
/// takes. It is *within* when its own 95 % interval lies inside; since all pairs must, no correction is due.
///
/// # Source
/// Bonferroni limits: Dunn, JASA 56(293), 1961, 10.1080/01621459.1961.10482090. Holm, Scandinavian Journal of Statistics
/// 6(2), 1979. All pairs within: Berger, Technometrics 24(4), 1982, 10.1080/00401706.1982.10487790 (intersection–union).
pub fn compare(
    groups: &[CountedGroup<'_>],
    measures: &[Compared],
    bound: f64,
    smallest_ratio: f64,
) -> Vec<Comparison> {
    let mut pairs = Vec::new();
    for measure in measures {
        for (place, first) in groups.iter().enumerate() {
            pairs.extend(
                groups[place + 1..]
                    .iter()
                    .filter(|second| exists(first, *measure) && exists(second, *measure))
                    .map(|second| (*measure, *first, *second)),
            );
        }
    }
    let confidence = 1.0 - 0.05 / pairs.len().max(1) as f64;
    let mut found: Vec<Comparison> = pairs
        .into_iter()
        .filter_map(|(measure, first, second)| {
            pair(
                measure,
                &first,
                &second,
                confidence,
                (bound, smallest_ratio),
            )
        })
        .collect();
    holm(&mut found);
    found.sort_by(|a, b| {
        let by_size = b.difference.abs().total_cmp(&a.difference.abs());
        b.verdict.cmp(&a.verdict).then(by_size)
    });
    found
}

impl CountedGroup<'_> {
    fn proportion(&self, measure: Compared) -> Option<Proportion> {
        match measure {
            Compared::Rate(measure) => Some(measure.of(self.counts)),
            Compared::Share(_) => self.share,
            Compared::Calibration(_) => None,
        }
    }
}

fn exists(group: &CountedGroup<'_>, measure: Compared) -> bool {
    match measure {
        Compared::Rate(_) | Compared::Share(_) => group
            .proportion(measure)
            .is_some_and(|share| share.total > 0),
        Compared::Calibration(_) => group
            .calibration_gap
            .is_some_and(|gap| gap.standard_error.is_some()),
    }
}

fn pair(
    measure: Compared,
    first: &CountedGroup<'_>,
    second: &CountedGroup<'_>,
    confidence: f64,
    (bound, smallest_ratio): (f64, f64),
) -> Option<Comparison> {
    let mut comparison = match measure {
        Compared::Rate(_) | Compared::Share(_) => {
            let (a, b) = (first.proportion(measure)?, second.proportion(measure)?);
            let (share, other) = (a.value()?, b.value()?);
            let (n, m) = (a.total as f64, b.total as f64);
            let pooled = (a.count + b.count) as f64 / (n + m);
            let spread = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
            Comparison {
                measure,
                first: first.group.to_owned(),
                second: second.group.to_owned(),
                difference: share - other,
                interval_95: a.difference_interval(b)?,
                interval_simultaneous: a.difference_interval_at(b, confidence)?,
                ratio: (other > 0.0).then(|| share / other),
                ratio_interval_95: a.ratio_interval_at(b, 0.95),
                ratio_interval_simultaneous: a.ratio_interval_at(b, confidence),
                ratio_verdict: Some(Verdict::NotEnoughData),
                p_value: p_value(share - other, spread),
                p_value_holm: 1.0,
                smallest_detectable_difference: smallest_detectable_difference(a, b, confidence),
                verdict: Verdict::NotEnoughData,
            }
        }
        Compared::Calibration(_) => {
            let (a, b) = (first.calibration_gap?, second.calibration_gap?);
            let spread = a.standard_error?.hypot(b.standard_error?);
            let difference = a.value - b.value;
            let around = |z: f64| Interval {
                low: difference - z * spread,
                high: difference + z * spread,
            };
            let z = z_two_sided(confidence)?;
            let power = z_two_sided(2.0 * crate::power::POWER - 1.0)?;
            Comparison {
                measure,
                first: first.group.to_owned(),
                second: second.group.to_owned(),
                difference,
                interval_95: around(helder_evaluation::Z_95),
                interval_simultaneous: around(z),
                ratio: None,
                ratio_interval_95: None,
                ratio_interval_simultaneous: None,
                ratio_verdict: None,
                p_value: p_value(difference, spread),
                p_value_holm: 1.0,
                smallest_detectable_difference: Some((z + power) * spread),
                verdict: Verdict::NotEnoughData,
            }
        }
    };
    let (own, all) = (comparison.interval_95, comparison.interval_simultaneous);
    comparison.verdict = if all.low > bound || all.high < -bound {
        Verdict::OutsideBound
    } else if own.low >= -bound && own.high <= bound {
        Verdict::WithinBound
    } else {
        Verdict::NotEnoughData
    };
    if comparison.ratio_verdict.is_some() {
        let (own, all) = (
            comparison.ratio_interval_95,
            comparison.ratio_interval_simultaneous,
        );
        let beyond = |limits: RatioInterval| {
            limits.low > 1.0 / smallest_ratio
                || limits.high.is_some_and(|high| high < smallest_ratio)
        };
        let inside = |limits: RatioInterval| {
            limits.low >= smallest_ratio
                && limits.high.is_some_and(|high| high <= 1.0 / smallest_ratio)
        };
        comparison.ratio_verdict = Some(if all.is_some_and(beyond) {
            Verdict::OutsideBound
        } else if own.is_some_and(inside) {
            Verdict::WithinBound
        } else {
            Verdict::NotEnoughData
        });
    }
    Some(comparison)
}

fn p_value(difference: f64, spread: f64) -> f64 {
    if spread > 0.0 {
        two_sided_p(difference / spread)
    } else {
        1.0
    }
}

/// Holm's correction: the smallest p-value times the number of pairs, the next times one less, never falling.
fn holm(found: &mut [Comparison]) {
    let mut order: Vec<usize> = (0..found.len()).collect();
    order.sort_by(|&a, &b| found[a].p_value.total_cmp(&found[b].p_value));
    let mut least = 0.0_f64;
    for (place, &at) in order.iter().enumerate() {
        let corrected = found[at].p_value * (order.len() - place) as f64;
        least = least.max(corrected.min(1.0));
        found[at].p_value_holm = least;
    }
}
