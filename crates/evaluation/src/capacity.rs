//! What happens when the first k are picked.

use serde::{Deserialize, Serialize};

use crate::{EvaluationError, Proportion, error::check, proportion::Interval, ranking::descending};

/// Four counts of a decision against the outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Confusion {
    /// Picked and positive.
    pub true_positives: usize,
    /// Picked and negative.
    pub false_positives: usize,
    /// Passed over and negative.
    pub true_negatives: usize,
    /// Passed over and positive.
    pub false_negatives: usize,
}

impl Confusion {
    /// Counts decisions against outcomes; both of shape `(n,)`.
    pub fn of(y: impl IntoIterator<Item = bool>, picked: impl IntoIterator<Item = bool>) -> Self {
        let mut counts = Self::default();
        for pair in y.into_iter().zip(picked) {
            *match pair {
                (true, true) => &mut counts.true_positives,
                (false, true) => &mut counts.false_positives,
                (false, false) => &mut counts.true_negatives,
                (true, false) => &mut counts.false_negatives,
            } += 1;
        }
        counts
    }

    /// Share of positives among the picked.
    pub const fn precision(self) -> Proportion {
        Proportion::new(
            self.true_positives,
            self.true_positives + self.false_positives,
        )
    }

    /// Share of the positives that were picked.
    pub const fn recall(self) -> Proportion {
        Proportion::new(
            self.true_positives,
            self.true_positives + self.false_negatives,
        )
    }
}

/// The first k rows by score, when no more than k can be helped.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Capacity {
    /// Rows picked: the capacity, or all rows when there are fewer.
    pub k: usize,
    /// Lowest score that was picked.
    pub threshold: f64,
    /// Rows passed over with exactly the threshold's score: the choice between them is arbitrary (row order).
    pub ties_passed_over: usize,
    /// Counts.
    pub confusion: Confusion,
    /// Share of positives among the picked.
    pub precision: f64,
    /// Wilson interval at 95 %.
    pub precision_interval_95: Option<Interval>,
    /// Share of the positives that were picked; `None` without positives.
    pub recall: Option<f64>,
    /// Wilson interval at 95 %.
    pub recall_interval_95: Option<Interval>,
    /// Precision divided by the share of positives among all rows; `None` without positives.
    pub lift: Option<f64>,
    /// Its interval at 95 %: that of the recall, divided by the share of rows picked.
    pub lift_interval_95: Option<Interval>,
}

/// Picks the `capacity` rows with the highest scores, ties in row order, and counts.
///
/// * `y` – shape `(n,)`   * `probabilities` – shape `(n,)`, in `[0, 1]`   * `capacity` – at least 1
///
/// # Errors
/// [`EvaluationError::NoCapacity`]; otherwise as [`crate::brier`].
pub fn at_capacity(
    y: &[bool],
    probabilities: &[f64],
    capacity: usize,
) -> Result<Capacity, EvaluationError> {
    check(y, probabilities)?;
    if capacity == 0 {
        return Err(EvaluationError::NoCapacity);
    }
    let order = descending(probabilities);
    let k = capacity.min(order.len());
    let mut picked = vec![false; y.len()];
    for &row in &order[..k] {
        picked[row] = true;
    }
    let threshold = probabilities[order[k - 1]];
    let confusion = Confusion::of(y.iter().copied(), picked);
    let (precision, recall) = (confusion.precision(), confusion.recall());
    let positives = Proportion::new(recall.total, y.len());
    Ok(Capacity {
        k,
        threshold,
        ties_passed_over: order[k..]
            .iter()
            .take_while(|&&row| probabilities[row] >= threshold)
            .count(),
        confusion,
        precision: precision.value().unwrap_or(0.0),
        precision_interval_95: precision.wilson(),
        recall: recall.value(),
        recall_interval_95: recall.wilson(),
        lift: precision
            .value()
            .zip(positives.value().filter(|share| *share > 0.0))
            .map(|(p, share)| p / share),
        lift_interval_95: recall.wilson().map(|limits| {
            let picked = k as f64 / y.len() as f64;
            Interval {
                low: limits.low / picked,
                high: limits.high / picked,
            }
        }),
    })
}

/// The `capacity` rows with the highest scores, ties in row order: true where picked, shape `(n,)`.
pub fn top_k(probabilities: &[f64], capacity: usize) -> Vec<bool> {
    let mut picked = vec![false; probabilities.len()];
    for &row in descending(probabilities).iter().take(capacity) {
        picked[row] = true;
    }
    picked
}

/// Counts when every row with a probability of at least `threshold` is picked. Shapes as in [`at_capacity`].
///
/// # Errors
/// As [`crate::brier`].
pub fn at_threshold(
    y: &[bool],
    probabilities: &[f64],
    threshold: f64,
) -> Result<Confusion, EvaluationError> {
    check(y, probabilities)?;
    Ok(Confusion::of(
        y.iter().copied(),
        probabilities.iter().map(|p| *p >= threshold),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_k_are_counted_and_ties_are_told() {
        let y = [true, false, true, false, true];
        let found = at_capacity(&y, &[0.9, 0.5, 0.5, 0.5, 0.1], 2).unwrap();
        let counts = Confusion {
            true_positives: 1,
            false_positives: 1,
            true_negatives: 1,
            false_negatives: 2,
        };
        assert_eq!((found.confusion, found.ties_passed_over), (counts, 2));
        assert!((found.precision - 0.5).abs() < 1e-16);
    }

    #[test]
    fn a_capacity_above_the_number_of_rows_picks_all() {
        let found = at_capacity(&[true, false], &[0.2, 0.1], 10).unwrap();
        assert_eq!((found.k, found.ties_passed_over), (2, 0));
        assert!((found.lift.unwrap() - 1.0).abs() < 1e-16);
        assert_eq!(
            at_capacity(&[true], &[0.2], 0),
            Err(EvaluationError::NoCapacity)
        );
    }
}
