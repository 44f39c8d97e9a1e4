//! What wrong and missing links do to the figures.

use serde::{Deserialize, Serialize};

use crate::{Auc, EvaluationError, auc, error::check_both_classes};

/// How good the links are through which the outcome came.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkQuality {
    /// Share of the links that join the same person, in `(0, 1]`.
    pub precision: f64,
    /// Share of the true links that were made, in `(0, 1]`.
    pub recall: f64,
}

/// The figures as found, and as they may be without errors of linkage.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkInfluence {
    /// Quality of the links.
    pub quality: LinkQuality,
    /// Positives that are expected to belong to somebody else.
    pub false_positives_expected: f64,
    /// Negatives that are expected to be positives whose link was missed.
    pub missed_expected: f64,
    /// Share of positives as found.
    pub base_rate: f64,
    /// Share of positives without errors of linkage.
    pub base_rate_corrected: f64,
    /// Discrimination as found.
    pub auc: Auc,
    /// Discrimination if errors hit everybody alike; `None` when they leave nothing to correct. Errors pull it towards 0.5.
    pub auc_corrected: Option<f64>,
    /// Lowest discrimination if all errors fell where they flatter most.
    pub auc_lowest: f64,
    /// Highest discrimination if all errors fell where they harm most.
    pub auc_highest: f64,
    /// What is left of the weight of a feature that came through links of this precision: 1 is all.
    pub feature_weight_left: f64,
}

/// Bounds on discrimination and base rate when outcomes were attached by linkage.
///
/// * `y` – shape `(n,)`, both classes   * `probabilities` – shape `(n,)`, in `[0, 1]`
///
/// # Errors
/// [`EvaluationError`] when lengths differ, nothing or one class is given, a value is no probability, or a quality is not in
/// `(0, 1]`.
/// # Source
/// Correction of the area: Menon, van Rooyen, Ong & Williamson, ICML 2015 (class-dependent errors shrink it by
/// 1 − α − β). Weight of linked features: Neter, Maynes & Ramanathan, JASA 60(312), 1965, 10.1080/01621459.1965.10480846.
pub fn link_influence(
    y: &[bool],
    probabilities: &[f64],
    quality: LinkQuality,
) -> Result<LinkInfluence, EvaluationError> {
    check_both_classes(y, probabilities)?;
    let in_range = |share: f64| share > 0.0 && share <= 1.0;
    if !in_range(quality.precision) || !in_range(quality.recall) {
        return Err(EvaluationError::Setting {
            setting: "precision and recall of the links",
            demand: "above 0 and at most 1",
        });
    }
    let n = y.len() as f64;
    let seen = y.iter().filter(|y| **y).count() as f64;
    let right = seen * quality.precision;
    let truth = (right / quality.recall).min(n);
    let (wrong, missed) = (seen - right, (truth - right).min(n - seen));
    let found = auc(y, probabilities)?;
    let left = 1.0 - wrong / seen - missed / (n - seen);
    let auc_corrected = (left > 0.0)
        .then(|| 0.5 + (found.value - 0.5) / left)
        .filter(|value| (0.0..=1.0).contains(value));
    let (wrong_rows, missed_rows) = (wrong.round() as usize, missed.round() as usize);
    let extreme = |flatters: bool| -> Result<f64, EvaluationError> {
        let mut order: Vec<usize> = (0..y.len()).collect();
        order.sort_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]));
        if flatters {
            // Wrong positives were those scored highest; missed ones stand at the bottom.
            order.reverse();
        }
        let mut turned = y.to_vec();
        for &row in order.iter().filter(|&&row| y[row]).take(wrong_rows) {
            turned[row] = false;
        }
        for &row in order.iter().rev().filter(|&&row| !y[row]).take(missed_rows) {
            turned[row] = true;
        }
        Ok(auc(&turned, probabilities).map_or(found.value, |auc| auc.value))
    };
    Ok(LinkInfluence {
        quality,
        false_positives_expected: wrong,
        missed_expected: missed,
        base_rate: seen / n,
        base_rate_corrected: truth / n,
        auc: found,
        auc_corrected,
        auc_lowest: extreme(true)?.min(found.value),
        auc_highest: extreme(false)?.max(found.value),
        feature_weight_left: quality.precision,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A true world, and what links with errors leave of it.
    fn worlds(quality: LinkQuality) -> (Vec<bool>, Vec<bool>, Vec<f64>) {
        let mut state = 41_u64;
        let mut dice = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let n = 60_000_usize;
        let p: Vec<f64> = (0..n).map(|_| dice().powi(3)).collect();
        let truth: Vec<bool> = p.iter().map(|p| dice() < *p).collect();
        let mut seen: Vec<bool> = truth
            .iter()
            .map(|y| *y && dice() < quality.recall)
            .collect();
        let made = seen.iter().filter(|y| **y).count() as f64;
        // Links to somebody else, at random among the negatives.
        let wrong = (made * (1.0 / quality.precision - 1.0)) as usize;
        let mut left = wrong;
        while left > 0 {
            let row = (dice() * n as f64) as usize;
            if !truth[row] && !seen[row] {
                seen[row] = true;
                left -= 1;
            }
        }
        (truth, seen, p)
    }

    #[test]
    fn the_correction_recovers_the_truth_behind_random_errors() {
        let quality = LinkQuality {
            precision: 0.9,
            recall: 0.8,
        };
        let (truth, seen, p) = worlds(quality);
        let real = auc(&truth, &p).unwrap().value;
        let found = link_influence(&seen, &p, quality).unwrap();
        assert!(
            real - found.auc.value > 0.02,
            "errors shrink it: {found:?} {real}"
        );
        assert!(
            (found.auc_corrected.unwrap() - real).abs() < 0.006,
            "{found:?} {real}"
        );
        let share = truth.iter().filter(|y| **y).count() as f64 / truth.len() as f64;
        assert!((found.base_rate_corrected / share - 1.0).abs() < 0.02);
        assert!(found.auc_lowest < real && real < found.auc_highest);
    }

    #[test]
    fn perfect_links_change_nothing_and_wrong_settings_are_refused() {
        let (y, p) = ([true, false, true, false], [0.9, 0.1, 0.4, 0.5]);
        let perfect = LinkQuality {
            precision: 1.0,
            recall: 1.0,
        };
        let found = link_influence(&y, &p, perfect).unwrap();
        assert!((found.auc_corrected.unwrap() - found.auc.value).abs() < 1e-15);
        assert!((found.auc_lowest - found.auc_highest).abs() < 1e-15);
        for wrong in [0.0, 1.1, f64::NAN] {
            let quality = LinkQuality {
                precision: wrong,
                recall: 0.9,
            };
            assert!(link_influence(&y, &p, quality).is_err());
        }
        let hopeless = LinkQuality {
            precision: 0.01,
            recall: 0.01,
        };
        let found = link_influence(&y, &p, hopeless).unwrap();
        assert!(found.auc_lowest.is_finite() && found.base_rate_corrected <= 1.0);
    }
}
