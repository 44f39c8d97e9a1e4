//! What if outcomes were registered less often in one group?
//!
//! A model that learns from labels, and is judged by the same labels, looks fair towards people whose outcomes nobody wrote
//! down. No figure on such labels can show it; only assumptions or an audit can.

use helder_evaluation::{Confusion, Proportion};
use serde::{Deserialize, Serialize};

use crate::{
    Compared, Comparison, CountedGroup, FairnessError, Measure, Share, Verdict, compare,
    comparison::FOUR_FIFTHS,
};

/// Lowest registered share that is tried.
pub const LOWEST_REGISTERED: f64 = 0.3;
const STEPS: usize = 14;

/// A rate if some positives were never registered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CorrectedRate {
    /// If registration does not depend on who is picked.
    pub as_registered: f64,
    /// If all who are missing were passed over.
    pub all_passed_over: f64,
    /// If as many as possible of those who are missing were picked.
    pub all_picked: f64,
}

/// One group under one assumption.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Corrected {
    /// Share of the true positives that was registered, in `(0, 1]`.
    pub registered_share: f64,
    /// True share of positives.
    pub base_rate: f64,
    /// Share picked of the true positives.
    pub true_positive_rate: CorrectedRate,
    /// Share picked of the true negatives.
    pub false_positive_rate: CorrectedRate,
    /// Share of true positives among the picked; `None` when nobody was picked.
    pub precision: Option<CorrectedRate>,
    /// Rows picked per true positive: how much of the need is served.
    pub picked_per_positive: f64,
}

/// From which registered share on a verdict would turn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TippingPoint {
    /// The share compared.
    pub measure: Measure,
    /// Highest registered share at which the difference from the other groups exceeds the bound, when registration does not
    /// depend on who is picked; 1 when it already does; `None` when it does not down to 30 %.
    pub as_registered: Option<f64>,
    /// The same, when those missing are where they do most harm to the comparison.
    pub least_favourable: Option<f64>,
}

/// One group against all others, whose outcomes are taken as registered in full.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LabelSensitivity {
    /// Value of the sensitive feature.
    pub group: String,
    /// From full registration down to 30 %; shorter when more positives would be missing than there are negatives.
    pub scenarios: Vec<Corrected>,
    /// When verdicts turn.
    pub tipping_points: Vec<TippingPoint>,
}

/// Rates of a group when only `registered` of its positives were registered. `None` when no positive or no row is there, the
/// share is not in `(0, 1]`, or more would be missing than there are negatives.
///
/// # Source
/// Label noise in one class, as in Menon et al., ICML 2015, and Fogliato, Chouldechova & G'Sell, AISTATS 2020 (sensitivity of
/// fairness figures to noisy labels).
pub fn corrected(counts: Confusion, registered: f64) -> Option<Corrected> {
    if !(registered > 0.0 && registered <= 1.0) {
        return None;
    }
    let [tp, fp, tn, fn_] = [
        counts.true_positives as f64,
        counts.false_positives as f64,
        counts.true_negatives as f64,
        counts.false_negatives as f64,
    ];
    let (seen, rows) = (tp + fn_, tp + fp + tn + fn_);
    let missing = seen * (1.0 / registered - 1.0);
    // Missing positives stand among the negatives; where, depends on the assumption.
    let share_picked = missing * tp / seen;
    let worst = (missing - tn).max(0.0);
    let best = missing.min(fp);
    if seen <= 0.0 || missing > fp + tn || share_picked > fp || missing - share_picked > tn {
        return None;
    }
    let positives = seen + missing;
    let rate = |of: &dyn Fn(f64) -> f64| CorrectedRate {
        as_registered: of(share_picked),
        all_passed_over: of(worst),
        all_picked: of(best),
    };
    let negatives = rows - positives;
    let among = |count: f64, total: f64| if total > 0.0 { count / total } else { 0.0 };
    Some(Corrected {
        registered_share: registered,
        base_rate: positives / rows,
        true_positive_rate: rate(&|hidden| (tp + hidden) / positives),
        false_positive_rate: rate(&|hidden| among(fp - hidden, negatives)),
        precision: (tp + fp > 0.0).then(|| rate(&|hidden| (tp + hidden) / (tp + fp))),
        picked_per_positive: (tp + fp) / positives,
    })
}

/// Sensitivity of each group's figures to under-registration, against all other groups together.
///
/// * `groups` – those that may be shown   * `bound` – largest difference accepted
pub fn label_sensitivity(groups: &[CountedGroup<'_>], bound: f64) -> Vec<LabelSensitivity> {
    let total = |pick: &dyn Fn(Confusion) -> usize, except: usize| -> usize {
        groups
            .iter()
            .enumerate()
            .filter(|(place, _)| *place != except)
            .map(|(_, group)| pick(group.counts))
            .sum()
    };
    let mut all = Vec::new();
    for (place, group) in groups.iter().enumerate() {
        let others = Confusion {
            true_positives: total(&|c| c.true_positives, place),
            false_positives: total(&|c| c.false_positives, place),
            true_negatives: total(&|c| c.true_negatives, place),
            false_negatives: total(&|c| c.false_negatives, place),
        };
        let step = (1.0 - LOWEST_REGISTERED) / STEPS as f64;
        let scenarios = (0..=STEPS)
            .map_while(|at| corrected(group.counts, 1.0 - step * at as f64))
            .collect();
        let tipping_points = [
            Measure::TruePositiveRate,
            Measure::FalsePositiveRate,
            Measure::Precision,
        ]
        .into_iter()
        .filter_map(|measure| tipping(group.counts, measure.of(others).value()?, measure, bound))
        .collect();
        all.push(LabelSensitivity {
            group: group.group.to_owned(),
            scenarios,
            tipping_points,
        });
    }
    all
}

fn tipping(counts: Confusion, others: f64, measure: Measure, bound: f64) -> Option<TippingPoint> {
    measure.of(counts).value()?;
    let rate = |registered: f64| -> Option<CorrectedRate> {
        let found = corrected(counts, registered)?;
        match measure {
            Measure::TruePositiveRate => Some(found.true_positive_rate),
            Measure::FalsePositiveRate => Some(found.false_positive_rate),
            _ => found.precision,
        }
    };
    let turns = |distance: &dyn Fn(CorrectedRate) -> f64| {
        let is_outside =
            |registered: f64| rate(registered).is_some_and(|rate| distance(rate) > bound);
        let tried = 700;
        // From the top: the first that is outside, to a thousandth, then exactly.
        let at = (0..=tried).find(|step| is_outside(1.0 - f64::from(*step) * 1e-3))?;
        let (mut inside, mut outside) = (
            1.0 - f64::from(at - i32::from(at > 0)) * 1e-3,
            1.0 - f64::from(at) * 1e-3,
        );
        for _ in 0..40 {
            let middle = f64::midpoint(inside, outside);
            if is_outside(middle) {
                outside = middle;
            } else {
                inside = middle;
            }
        }
        Some(outside)
    };
    let away = |value: f64| (value - others).abs();
    Some(TippingPoint {
        measure,
        as_registered: turns(&|rate| away(rate.as_registered)),
        least_favourable: turns(&|rate| {
            away(rate.as_registered)
                .max(away(rate.all_passed_over))
                .max(away(rate.all_picked))
        }),
    })
}

/// What an audit says of the labels: a sample in which the true outcome is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LabelAudit {
    /// Registered, of the true positives found, per group.
    pub groups: Vec<AuditedGroup>,
    /// All pairs.
    pub comparisons: Vec<Comparison>,
    /// Whether registration is equal enough. *Outside* means: figures on these labels say nothing on fairness as they stand.
    pub verdict: Verdict,
}

/// One group of an audit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditedGroup {
    /// Value of the sensitive feature.
    pub group: String,
    /// Registered, of the true positives.
    pub registered: crate::Rate,
}

/// Compares how often true positives were registered. Groups with fewer than `smallest` true positives are left out.
///
/// # Errors
/// [`FairnessError::Empty`] when no group is left.
pub fn label_audit(
    groups: &[(String, Proportion)],
    bound: f64,
    smallest: usize,
) -> Result<LabelAudit, FairnessError> {
    let kept: Vec<&(String, Proportion)> = groups
        .iter()
        .filter(|(_, share)| share.total >= smallest.max(1))
        .collect();
    if kept.is_empty() {
        return Err(FairnessError::Empty);
    }
    let sides: Vec<CountedGroup<'_>> = kept
        .iter()
        .map(|(group, share)| CountedGroup::of_share(group, *share))
        .collect();
    let comparisons = compare(&sides, &[Compared::Share(Share::Share)], bound, FOUR_FIFTHS);
    Ok(LabelAudit {
        groups: kept
            .into_iter()
            .map(|(group, share)| AuditedGroup {
                group: group.clone(),
                registered: (*share).into(),
            })
            .collect(),
        verdict: comparisons
            .iter()
            .map(|pair| pair.verdict)
            .max()
            .unwrap_or(Verdict::NotEnoughData),
        comparisons,
    })
}
