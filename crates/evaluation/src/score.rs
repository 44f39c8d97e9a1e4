//! How near the probabilities come to the outcomes.

use crate::{EvaluationError, error::check};

/// Brier score: mean squared distance between probability and outcome. In `[0, 1]`, 0 is perfect.
///
/// * `y` – shape `(n,)`   * `probabilities` – shape `(n,)`, in `[0, 1]`
///
/// # Errors
/// [`EvaluationError`] when lengths differ, nothing is given, or a value is no probability.
/// # Source
/// Brier, Monthly Weather Review 78(1), 1950.
pub fn brier(y: &[bool], probabilities: &[f64]) -> Result<f64, EvaluationError> {
    check(y, probabilities)?;
    let sum: f64 = y
        .iter()
        .zip(probabilities)
        .map(|(y, p)| (f64::from(u8::from(*y)) - p).powi(2))
        .sum();
    Ok(sum / y.len() as f64)
}

/// Logarithmic loss: mean of minus the log-likelihood, in nats. At least 0.
///
/// Probabilities are kept 2.2 · 10⁻¹⁶ away from 0 and 1, as scikit-learn does, so that one certain mistake gives 36 and not
/// infinity. Shapes as in [`brier`].
///
/// # Errors
/// As [`brier`].
pub fn log_loss(y: &[bool], probabilities: &[f64]) -> Result<f64, EvaluationError> {
    check(y, probabilities)?;
    let loss = |(y, p): (&bool, &f64)| {
        let p = p.clamp(f64::EPSILON, 1.0 - f64::EPSILON);
        if *y { -p.ln() } else { -(-p).ln_1p() }
    };
    Ok(y.iter().zip(probabilities).map(loss).sum::<f64>() / y.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_come_out() {
        let (y, p) = ([true, false], [0.75, 0.5]);
        assert!((brier(&y, &p).unwrap() - 0.156_25).abs() < 1e-16);
        assert!(
            (log_loss(&y, &p).unwrap() - f64::midpoint(-(0.75_f64.ln()), std::f64::consts::LN_2))
                .abs()
                < 1e-15
        );
    }

    #[test]
    fn a_certain_mistake_is_finite() {
        assert!((30.0..40.0).contains(&log_loss(&[true], &[0.0]).unwrap()));
    }
}
