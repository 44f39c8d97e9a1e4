//! How well the scores rank positives above negatives.

use serde::{Deserialize, Serialize};

use crate::{
    EvaluationError,
    error::check_both_classes,
    proportion::{Interval, Z_95},
};

/// Area under the ROC curve with its uncertainty.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Auc {
    /// Chance that a positive scores above a negative; ties count half. In `[0, 1]`, 0.5 is chance.
    pub value: f64,
    /// Standard error by `DeLong`; `None` with a single positive or negative.
    pub standard_error: Option<f64>,
    /// Wald interval at 95 % from that standard error, cut off at 0 and 1. `None` where the standard error is missing or
    /// 0 (perfect ranking), because the method then has nothing honest to say.
    pub interval_95: Option<Interval>,
}

/// Area under the ROC curve.
///
/// * `y` – shape `(n,)`   * `probabilities` – shape `(n,)`, in `[0, 1]`
///
/// # Errors
/// [`EvaluationError`] when lengths differ, nothing or one class is given, or a value is no probability.
/// # Source
/// `DeLong`, `DeLong` & Clarke-Pearson, Biometrics 44(3), 1988, on midranks (Sun & Xu, IEEE Signal Processing Letters
/// 21(11), 2014).
pub fn auc(y: &[bool], probabilities: &[f64]) -> Result<Auc, EvaluationError> {
    check_both_classes(y, probabilities)?;
    let of = |class: bool| -> Vec<f64> {
        probabilities
            .iter()
            .zip(y)
            .filter(|(_, positive)| **positive == class)
            .map(|(p, _)| *p)
            .collect()
    };
    let (positives, negatives) = (of(true), of(false));
    let (m, n) = (positives.len() as f64, negatives.len() as f64);
    let all = midranks(probabilities);
    let all_of = |class: bool| {
        all.iter()
            .zip(y)
            .filter(move |(_, positive)| **positive == class)
            .map(|(rank, _)| *rank)
    };

    // Twice the ranks are whole numbers, so this sum is exact.
    let rank_sum: f64 = all_of(true).sum();
    let value = (rank_sum - m * (m + 1.0) / 2.0) / (m * n);
    // Per positive the share of negatives below it; per negative the share of positives above it.
    let above: Vec<f64> = all_of(true)
        .zip(midranks(&positives))
        .map(|(all, own)| (all - own) / n)
        .collect();
    let below: Vec<f64> = all_of(false)
        .zip(midranks(&negatives))
        .map(|(all, own)| 1.0 - (all - own) / m)
        .collect();
    let standard_error = variance(&above)
        .zip(variance(&below))
        .map(|(a, b)| (a / m + b / n).sqrt());
    let interval_95 = standard_error
        .filter(|error| *error > 0.0)
        .map(|error| Interval {
            low: (value - Z_95 * error).max(0.0),
            high: (value + Z_95 * error).min(1.0),
        });
    Ok(Auc {
        value,
        standard_error,
        interval_95,
    })
}

/// Average precision: precision at each distinct score, weighted by the recall it adds.
///
/// In `[0, 1]`; chance is the share of positives. No interpolation. Shapes as in [`auc`].
///
/// # Errors
/// As [`auc`].
/// # Source
/// The definition of scikit-learn 1.9.1 `average_precision_score`.
pub fn average_precision(y: &[bool], probabilities: &[f64]) -> Result<f64, EvaluationError> {
    check_both_classes(y, probabilities)?;
    let order = descending(probabilities);
    let n_positive = y.iter().filter(|positive| **positive).count() as f64;
    let (mut found, mut seen, mut area) = (0_usize, 0_usize, 0.0);
    while seen < order.len() {
        let level = probabilities[order[seen]];
        let before = found;
        while seen < order.len() && probabilities[order[seen]] >= level {
            found += usize::from(y[order[seen]]);
            seen += 1;
        }
        area += (found - before) as f64 / n_positive * (found as f64 / seen as f64);
    }
    Ok(area)
}

/// Interval at 95 % of an average precision over `positives` positives, symmetric in its log-odds; `None` without positives or
/// unless it lies between 0 and 1.
///
/// # Source
/// Boyd, Eng & Page, ECML PKDD 2013, 10.1007/978-3-642-40994-3_29 (logit interval: the one of theirs that covers best).
pub fn average_precision_interval(value: f64, positives: usize) -> Option<Interval> {
    if positives == 0 || !(value > 0.0 && value < 1.0) {
        return None;
    }
    let log_odds = (value / (1.0 - value)).ln();
    let half = Z_95 / (positives as f64 * value * (1.0 - value)).sqrt();
    let expit = |x: f64| 1.0 / (1.0 + (-x).exp());
    Some(Interval {
        low: expit(log_odds - half),
        high: expit(log_odds + half),
    })
}

/// Rows from the highest score to the lowest; equal scores in row order.
pub(crate) fn descending(scores: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    order
}

/// Rank of each value from 1, equal values share the mean of their ranks.
fn midranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for tie in order.chunk_by(|&a, &b| values[a] >= values[b]) {
        let rank = before as f64 + f64::midpoint(tie.len() as f64, 1.0);
        before += tie.len();
        for &row in tie {
            ranks[row] = rank;
        }
    }
    ranks
}

/// Variance with divisor n − 1.
fn variance(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.len() > 1).then(|| values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const Y: [bool; 9] = [true, false, true, false, false, true, false, true, false];
    const P: [f64; 9] = [0.9, 0.8, 0.7, 0.7, 0.2, 0.2, 0.1, 0.6, 0.2];

    /// Straight from the definition, pair by pair.
    fn by_pairs(y: &[bool], p: &[f64]) -> (f64, f64) {
        let win = |a: f64, b: f64| {
            if a > b {
                1.0
            } else {
                f64::from(u8::from(a >= b)) / 2.0
            }
        };
        let pick = |class| {
            y.iter()
                .zip(p)
                .filter(move |(y, _)| **y == class)
                .map(|(_, p)| *p)
                .collect::<Vec<f64>>()
        };
        let (pos, neg) = (pick(true), pick(false));
        let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
        let v10: Vec<f64> = pos
            .iter()
            .map(|a| mean(&neg.iter().map(|b| win(*a, *b)).collect::<Vec<_>>()))
            .collect();
        let v01: Vec<f64> = neg
            .iter()
            .map(|b| mean(&pos.iter().map(|a| win(*a, *b)).collect::<Vec<_>>()))
            .collect();
        let spread = |v: &[f64]| {
            v.iter().map(|x| (x - mean(v)).powi(2)).sum::<f64>()
                / (v.len() - 1) as f64
                / v.len() as f64
        };
        (mean(&v10), (spread(&v10) + spread(&v01)).sqrt())
    }

    #[test]
    fn ranks_agree_with_the_definition_pair_by_pair() {
        let (value, error) = by_pairs(&Y, &P);
        let found = auc(&Y, &P).unwrap();
        assert!((found.value - value).abs() < 1e-15);
        assert!((found.standard_error.unwrap() - error).abs() < 1e-15);
    }

    #[test]
    fn a_perfect_ranking_claims_no_interval() {
        let found = auc(&[true, true, false, false], &[0.9, 0.8, 0.2, 0.1]).unwrap();
        assert!(found.value >= 1.0 && found.interval_95.is_none());
    }

    #[test]
    fn turning_the_scores_round_turns_the_area_round() {
        let turned: Vec<f64> = P.iter().map(|p| 1.0 - p).collect();
        let (one, other) = (auc(&Y, &P).unwrap(), auc(&Y, &turned).unwrap());
        assert!((one.value + other.value - 1.0).abs() < 1e-15);
    }

    #[test]
    fn equal_scores_count_once_in_average_precision() {
        assert!((average_precision(&Y, &[0.5; 9]).unwrap() - 4.0 / 9.0).abs() < 1e-15);
    }

    #[test]
    fn one_class_and_wrong_values_are_refused() {
        assert_eq!(
            auc(&[true; 2], &[0.1, 0.2]),
            Err(EvaluationError::OneClass {
                rows: 2,
                class: true
            })
        );
        assert_eq!(
            auc(&[true, false], &[0.1, f64::NAN]),
            Err(EvaluationError::NotAProbability { row: 2 })
        );
        assert_eq!(auc(&[], &[]), Err(EvaluationError::Empty));
        assert!(matches!(
            auc(&[true], &[]),
            Err(EvaluationError::LengthMismatch { .. })
        ));
    }
}
