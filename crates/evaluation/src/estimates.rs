//! Estimates of amounts, counts and shares beside what came.

use serde::Serialize;

use crate::{EvaluationError, Interval, Z_95};

/// What an outcome is, for its deviance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// A number on a continuous scale.
    Amount,
    /// A count with variance equal to its mean.
    Count,
    /// A count with variance `μ + μ²/θ`.
    Spread {
        /// `θ`, above 0.
        theta: f64,
    },
    /// So many of so many.
    Share,
}

/// What a reader needs to judge estimates on rows that the model has not seen.
///
/// The *rate* of a row is its outcome per unit of size: per month, per inhabitant, per trial; size 1 when there is none.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Estimates {
    /// Rows evaluated.
    pub rows: usize,
    /// Mean outcome of a row.
    pub mean_observed: f64,
    /// Mean estimate of a row.
    pub mean_estimated: f64,
    /// Root of the mean squared difference.
    pub rmse: f64,
    /// The same for one rate for all rows (the best in hindsight), to compare with.
    pub rmse_of_mean: f64,
    /// Mean absolute difference.
    pub mae: f64,
    /// The same for one rate for all rows.
    pub mae_of_mean: f64,
    /// Mean deviance of a row: twice the log-likelihood lacking (the squared difference for an amount).
    pub deviance: f64,
    /// The same for one rate for all rows.
    pub deviance_of_mean: f64,
    /// Share of that deviance that the estimates explain; below 0 when one rate for all would have been better. None when
    /// the outcomes do not differ.
    pub deviance_explained: Option<f64>,
    /// Sum of outcomes over sum of estimates: 1 when the level is right.
    pub observed_over_estimated: Option<f64>,
    /// Tenths by estimated rate, from low to high.
    pub tenths: Vec<EstimateBin>,
}

/// Rows with similar estimates, or of one group.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EstimateBin {
    /// Rows.
    pub rows: usize,
    /// Estimated rate; none when hidden.
    pub estimated: Option<f64>,
    /// Observed rate; none when hidden.
    pub observed: Option<f64>,
    /// Its interval at 95 %, from the spread of the differences within the bin; none when hidden or for one row.
    pub interval_95: Option<Interval>,
}

impl EstimateBin {
    /// `rows` as `(outcome, estimate, size)`.
    pub fn of(rows: &[(f64, f64, f64)]) -> Self {
        let n = rows.len() as f64;
        let size: f64 = rows.iter().map(|row| row.2).sum();
        let observed = rows.iter().map(|row| row.0).sum::<f64>() / size;
        let estimated = rows.iter().map(|row| row.1).sum::<f64>() / size;
        let rest = |row: &(f64, f64, f64)| row.0 - observed * row.2;
        let squares: f64 = rows.iter().map(|row| rest(row) * rest(row)).sum();
        let reach = (n > 1.0).then(|| Z_95 * (squares * n / (n - 1.0)).sqrt() / size);
        Self {
            rows: rows.len(),
            estimated: Some(estimated),
            observed: Some(observed),
            interval_95: reach.map(|reach| Interval {
                low: observed - reach,
                high: observed + reach,
            }),
        }
    }

    /// Without figures when there are fewer than `smallest` rows.
    #[must_use]
    pub fn without_small(self, smallest: usize) -> Self {
        if self.rows >= smallest {
            return self;
        }
        Self {
            rows: self.rows,
            estimated: None,
            observed: None,
            interval_95: None,
        }
    }
}

/// Judges estimates of `outcomes`, each for a row of some `size`.
///
/// * all of shape `(n,)`; sizes above 0; estimates above 0 unless the outcome is an amount, and below the size for a share
///
/// # Errors
/// [`EvaluationError::LengthMismatch`], [`EvaluationError::Empty`], or [`EvaluationError::Setting`] for values out of range.
pub fn evaluate_estimates(
    outcome: Outcome,
    outcomes: &[f64],
    estimates: &[f64],
    sizes: &[f64],
) -> Result<Estimates, EvaluationError> {
    for scores in [estimates.len(), sizes.len()] {
        if scores != outcomes.len() {
            return Err(EvaluationError::LengthMismatch {
                outcomes: outcomes.len(),
                scores,
            });
        }
    }
    if outcomes.is_empty() {
        return Err(EvaluationError::Empty);
    }
    let mut rows: Vec<(f64, f64, f64)> = Vec::with_capacity(outcomes.len());
    for ((y, estimate), size) in outcomes.iter().zip(estimates).zip(sizes) {
        let holds = y.is_finite()
            && estimate.is_finite()
            && (*size > 0.0 && size.is_finite())
            && (outcome == Outcome::Amount || (*y >= 0.0 && *estimate > 0.0))
            && (outcome != Outcome::Share || (y <= size && estimate <= size));
        if !holds {
            return Err(EvaluationError::Setting {
                setting: "outcomes, estimates and sizes",
                demand: "finite and in the range of the outcome",
            });
        }
        rows.push((*y, *estimate, *size));
    }
    let n = rows.len() as f64;
    let mean = |term: &dyn Fn(&(f64, f64, f64)) -> f64| rows.iter().map(term).sum::<f64>() / n;
    let (total, estimated) = (mean(&|row| row.0), mean(&|row| row.1));
    let rate = total / mean(&|row| row.2);
    let deviance_of_mean = mean(&|row| deviance(outcome, row.0, rate * row.2, row.2));
    let deviance = mean(&|row| deviance(outcome, row.0, row.1, row.2));
    let mut order = rows.clone();
    order.sort_by(|a, b| (a.1 / a.2).total_cmp(&(b.1 / b.2)));
    let tenths = (0..10)
        .map(|k| &order[k * order.len() / 10..(k + 1) * order.len() / 10])
        .filter(|rows| !rows.is_empty())
        .map(EstimateBin::of)
        .collect();
    Ok(Estimates {
        rows: rows.len(),
        mean_observed: total,
        mean_estimated: estimated,
        rmse: mean(&|row| (row.0 - row.1).powi(2)).sqrt(),
        rmse_of_mean: mean(&|row| (row.0 - rate * row.2).powi(2)).sqrt(),
        mae: mean(&|row| (row.0 - row.1).abs()),
        mae_of_mean: mean(&|row| (row.0 - rate * row.2).abs()),
        deviance,
        deviance_of_mean,
        deviance_explained: (deviance_of_mean > 0.0).then(|| 1.0 - deviance / deviance_of_mean),
        observed_over_estimated: (estimated != 0.0).then(|| total / estimated),
        tenths,
    })
}

fn deviance(outcome: Outcome, y: f64, mean: f64, size: f64) -> f64 {
    // A mean of 0 (or of all) occurs only where no outcome differs from it: nothing is lacking.
    let ratio = |y: f64, mean: f64| {
        if y == 0.0 || mean <= 0.0 {
            0.0
        } else {
            y * (y / mean).ln()
        }
    };
    match outcome {
        Outcome::Amount => (y - mean) * (y - mean),
        Outcome::Count => 2.0 * (ratio(y, mean) - (y - mean)),
        Outcome::Spread { theta } => {
            2.0 * (ratio(y, mean) - (y + theta) * ((y + theta) / (mean + theta)).ln())
        }
        Outcome::Share => 2.0 * (ratio(y, mean) + ratio(size - y, size - mean)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_a_small_table_are_those_by_hand() {
        let (y, p) = ([1.0, 3.0, 2.0, 6.0], [2.0, 2.0, 2.0, 4.0]);
        let found = evaluate_estimates(Outcome::Count, &y, &p, &[1.0; 4]).unwrap();
        assert!((found.rmse - 1.5_f64.sqrt()).abs() < 1e-15);
        assert!((found.mae - 1.0).abs() < 1e-15);
        assert!((found.observed_over_estimated.unwrap() - 1.2).abs() < 1e-15);
        let by_hand = 2.0
            * ((1.0 * 0.5_f64.ln() + 1.0)
                + (3.0 * 1.5_f64.ln() - 1.0)
                + 0.0
                + (6.0 * 1.5_f64.ln() - 2.0))
            / 4.0;
        assert!((found.deviance - by_hand).abs() < 1e-15);
        assert!(found.deviance_explained.unwrap() > 0.0);
    }

    #[test]
    fn sizes_make_rates_and_one_rate_for_all_explains_nothing() {
        let (y, sizes) = ([2.0, 8.0, 5.0], [20.0, 80.0, 50.0]);
        let flat = sizes.map(|size| 0.1 * size);
        for outcome in [
            Outcome::Count,
            Outcome::Share,
            Outcome::Spread { theta: 2.0 },
        ] {
            let found = evaluate_estimates(outcome, &y, &flat, &sizes).unwrap();
            assert!(found.rmse_of_mean < 1e-15 && found.deviance.abs() < 1e-15);
            assert!(
                found
                    .tenths
                    .iter()
                    .all(|bin| (bin.observed.unwrap() - 0.1).abs() < 1e-15)
            );
        }
    }

    #[test]
    fn small_bins_and_values_out_of_range() {
        let bin = EstimateBin::of(&[(1.0, 1.0, 1.0), (2.0, 1.0, 1.0)]);
        assert!(bin.interval_95.is_some() && bin.clone().without_small(3).observed.is_none());
        for (y, p, size) in [
            (-1.0, 1.0, 1.0),
            (1.0, 0.0, 1.0),
            (1.0, f64::NAN, 1.0),
            (1.0, 1.0, 0.0),
            (2.0, 1.0, 1.0),
        ] {
            assert!(evaluate_estimates(Outcome::Share, &[y], &[p], &[size]).is_err());
        }
        assert!(evaluate_estimates(Outcome::Amount, &[], &[], &[]).is_err());
        assert!(evaluate_estimates(Outcome::Amount, &[1.0], &[1.0], &[]).is_err());
        let same = evaluate_estimates(Outcome::Amount, &[2.0; 5], &[2.0; 5], &[1.0; 5]).unwrap();
        assert_eq!(same.deviance_explained, None);
    }
}
