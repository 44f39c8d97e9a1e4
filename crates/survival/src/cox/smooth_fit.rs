//! What a regression with penalised curves found, and how high a curve is.

use serde::Serialize;

use crate::{EffectPoint, PSpline, SurvivalError, matrix::dot, normal};

/// A fitted regression with penalised curves.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SmoothFit {
    /// Columns: those of the curves in their order, then those of the design.
    pub names: Vec<String>,
    /// One per column.
    pub estimates: Vec<f64>,
    /// Inverse of the curvature of the penalised likelihood, shape `(p, p)`: Bayes' errors, which know that a curve held back is biased.
    pub covariance: Vec<Vec<f64>>,
    /// Covariance of the estimates as they vary from sample to sample.
    pub sampling_covariance: Vec<Vec<f64>>,
    /// The curves.
    pub curves: Vec<SmoothCurve>,
    /// Degrees of freedom of each column of the design, a little below 1 where a curve takes part of it.
    pub degrees_of_freedom: Vec<f64>,
    /// Partial log-likelihood without the penalty.
    pub log_likelihood: f64,
    /// The penalty, at least 0: the penalised log-likelihood is the difference.
    pub penalty: f64,
    /// Confidence of limits.
    pub confidence: f64,
}

/// One curve.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SmoothCurve {
    /// The column it is of.
    pub name: String,
    /// Its pieces.
    pub spline: PSpline,
    /// Its smoothing, in `(0, 1)`.
    pub theta: f64,
    /// Degrees of freedom that it has left.
    pub degrees_of_freedom: f64,
    /// Its first column among all.
    pub(super) first: usize,
}

impl SmoothFit {
    /// A curve beside its height at `reference`, with Bayes' errors.
    ///
    /// # Errors
    /// A fit without a curve of that name.
    pub fn effect(
        &self,
        name: &str,
        values: &[f64],
        reference: f64,
    ) -> Result<Vec<EffectPoint>, SurvivalError> {
        let Some(curve) = self.curves.iter().find(|curve| curve.name == name) else {
            return Err(SurvivalError::LengthMismatch {
                what: "curves of the fit with this name".to_owned(),
                expected: 1,
                found: 0,
            });
        };
        let at_reference = curve.spline.basis(reference);
        let z = normal::two_sided(self.confidence);
        let first = curve.first;
        let point = |&value: &f64| {
            let basis = curve.spline.basis(value).into_iter();
            let far: Vec<f64> = basis.zip(&at_reference).map(|(a, b)| a - b).collect();
            let effect = dot(&far, &self.estimates[first..first + far.len()]);
            let rows = self.covariance[first..first + far.len()].iter();
            let along = rows.map(|row| dot(&row[first..first + far.len()], &far));
            let variance: f64 = along.zip(&far).map(|(along, far)| along * far).sum();
            let error = variance.max(0.0).sqrt();
            EffectPoint {
                value,
                log_hazard_ratio: effect,
                standard_error: error,
                hazard_ratio: effect.exp(),
                lower: (effect - z * error).exp(),
                upper: (effect + z * error).exp(),
            }
        };
        Ok(values.iter().map(point).collect())
    }
}
