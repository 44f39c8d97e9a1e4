//! The best any model could do, where the truth is known.

use serde::{Deserialize, Serialize};

use crate::{EvaluationError, auc, average_precision, brier, error::check, log_loss};

/// Figures of the true probabilities: no model can expect better ones.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ceiling {
    /// Expected area under the ROC curve over all outcomes that could have happened.
    pub auc_expected: f64,
    /// Area on the outcomes that did.
    pub auc: f64,
    /// Average precision on the outcomes that did.
    pub average_precision: f64,
    /// Brier score on the outcomes that did.
    pub brier: f64,
    /// Logarithmic loss on the outcomes that did, nats.
    pub log_loss: f64,
    /// Area of the model below the ceiling on the same rows; below 0, the model had luck, or knows the outcome.
    pub gap: f64,
}

/// The ceiling on these rows, and how far below it `probabilities` stay.
///
/// * `y` – shape `(n,)`, both classes   * `truth` – true probabilities, shape `(n,)`   * `probabilities` – of the model
///
/// # Errors
/// [`EvaluationError`] when lengths differ, nothing or one class is given, or a value is no probability.
/// # Source
/// By definition: expected area over independent outcomes, pairs weighted by pᵢ (1 − pⱼ).
pub fn ceiling(
    y: &[bool],
    truth: &[f64],
    probabilities: &[f64],
) -> Result<Ceiling, EvaluationError> {
    let own = auc(y, probabilities)?;
    let best = auc(y, truth)?;
    Ok(Ceiling {
        auc_expected: expected_auc(truth)?,
        auc: best.value,
        average_precision: average_precision(y, truth)?,
        brier: brier(y, truth)?,
        log_loss: log_loss(y, truth)?,
        gap: best.value - own.value,
    })
}

/// Expected area under the ROC curve when outcomes follow `truth`, shape `(n,)`.
///
/// # Errors
/// [`EvaluationError`] when nothing is given, a value is no probability, or no pair can differ in outcome.
pub fn expected_auc(truth: &[f64]) -> Result<f64, EvaluationError> {
    check(&vec![false; truth.len()], truth)?;
    let mut sorted = truth.to_vec();
    sorted.sort_by(f64::total_cmp);
    // Sum over pairs of p_i (1 − p_j): in full below, half at equal probabilities (also a row with itself, taken out again).
    let (mut wins, mut below) = (0.0, 0.0);
    for tie in sorted.chunk_by(|a, b| a >= b) {
        let positives: f64 = tie.iter().sum();
        let negatives: f64 = tie.iter().map(|p| 1.0 - p).sum();
        let itself: f64 = tie.iter().map(|p| p * (1.0 - p)).sum();
        wins += positives * below + (positives * negatives - itself) / 2.0;
        below += negatives;
    }
    let positives: f64 = sorted.iter().sum();
    let itself: f64 = sorted.iter().map(|p| p * (1.0 - p)).sum();
    let pairs = positives * below - itself;
    if pairs > 0.0 {
        Ok(wins / pairs)
    } else {
        Err(EvaluationError::NotDetermined)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expected_area_is_that_of_all_outcomes_weighted() {
        let truth: [f64; 4] = [0.2, 0.5, 0.5, 0.9];
        let (mut wins, mut pairs) = (0.0, 0.0);
        for (i, p) in truth.iter().enumerate() {
            for (_, q) in truth.iter().enumerate().filter(|(j, _)| *j != i) {
                let weight = p * (1.0 - q);
                pairs += weight;
                wins += weight
                    * if p > q {
                        1.0
                    } else if p < q {
                        0.0
                    } else {
                        0.5
                    };
            }
        }
        assert!((expected_auc(&truth).unwrap() - wins / pairs).abs() < 1e-15);
        assert!((expected_auc(&[0.3; 5]).unwrap() - 0.5).abs() < 1e-15);
        assert!(expected_auc(&[1.0, 1.0]).is_err() && expected_auc(&[]).is_err());
        assert!(expected_auc(&[0.5]).is_err());
    }

    #[test]
    fn no_model_is_expected_above_it() {
        let y = [true, false, true, false, false];
        let truth = [0.9, 0.2, 0.6, 0.3, 0.1];
        let found = ceiling(&y, &truth, &[0.5, 0.6, 0.4, 0.3, 0.2]).unwrap();
        assert!(found.gap > 0.0 && found.auc > found.auc_expected);
        assert!(ceiling(&y, &truth[..2], &truth).is_err());
    }
}
