//! What a fit yields.

use serde::Serialize;
use statrs::function::erf::erfc;

use crate::{Design, DroppedColumn, GlmError, INTERCEPT, Penalty, design::dot, irls};

/// 97.5 % point of the normal distribution.
const Z_95: f64 = 1.959_963_984_540_054;

/// One estimated coefficient, on the log-odds scale per unit of its column.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Coefficient {
    /// Column.
    pub name: String,
    /// Estimate.
    pub estimate: f64,
    /// Standard error from the inverse information (model-based).
    pub standard_error: f64,
    /// Standard error that does not lean on the model being right: White's HC0, without a small-sample factor.
    pub robust_standard_error: f64,
    /// Estimate divided by the model-based standard error.
    pub z: f64,
    /// Two-sided p-value of `z`, in `[0, 1]`.
    pub p_value: f64,
}

impl Coefficient {
    /// Wald interval at 95 % from the model-based standard error.
    pub fn interval_95(&self) -> (f64, f64) {
        (
            self.estimate - Z_95 * self.standard_error,
            self.estimate + Z_95 * self.standard_error,
        )
    }
}

/// A fitted logistic regression.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogisticFit {
    /// Coefficients in column order, the intercept first; dropped columns have none.
    pub coefficients: Vec<Coefficient>,
    /// Columns left out as combinations of earlier ones, in column order.
    pub dropped: Vec<DroppedColumn>,
    /// Model-based covariance of the coefficients, row-major, shape `(p, p)`.
    pub covariance: Vec<f64>,
    /// Robust (HC0) covariance, row-major, shape `(p, p)`.
    pub robust_covariance: Vec<f64>,
    /// Log-likelihood at the estimate, without the penalty.
    pub log_likelihood: f64,
    /// Log-likelihood of the intercept alone.
    pub null_log_likelihood: f64,
    /// Minus two times the log-likelihood (outcomes are single, so the saturated model has 0).
    pub deviance: f64,
    /// Deviance of the intercept alone.
    pub null_deviance: f64,
    /// Akaike's criterion: `2 p − 2 log L`.
    pub aic: f64,
    /// Bayesian criterion: `p ln n − 2 log L`.
    pub bic: f64,
    /// Rows used.
    pub n_rows: usize,
    /// Rows with a positive outcome.
    pub n_positive: usize,
    /// Newton steps taken.
    pub iterations: usize,
    /// Largest absolute entry of the gradient at the estimate.
    pub max_abs_gradient: f64,
    /// The penalty in force.
    pub penalty: Penalty,
}

impl LogisticFit {
    /// Estimates in the order of [`Self::coefficients`].
    pub fn estimates(&self) -> Vec<f64> {
        self.coefficients.iter().map(|c| c.estimate).collect()
    }

    /// Probability of the positive class per row of `design`, shape `(n_rows,)`, in `[0, 1]`.
    ///
    /// Columns are found by name; columns without a coefficient are ignored.
    ///
    /// # Errors
    /// [`GlmError::LengthMismatch`] naming the column that the design lacks.
    pub fn probabilities(&self, design: &Design) -> Result<Vec<f64>, GlmError> {
        let mut beta = vec![0.0; design.width()];
        for coefficient in &self.coefficients {
            let place = design
                .names()
                .iter()
                .position(|name| *name == coefficient.name);
            let place = place.ok_or_else(|| GlmError::LengthMismatch {
                what: format!("column {}", coefficient.name),
                expected: design.n_rows(),
                found: 0,
            })?;
            beta[place] = coefficient.estimate;
        }
        Ok((0..design.n_rows())
            .map(|row| irls::respond(dot(design.row(row), &beta), true).0)
            .collect())
    }

    /// The intercept.
    pub fn intercept(&self) -> f64 {
        self.coefficients
            .iter()
            .find(|c| c.name == INTERCEPT)
            .map_or(0.0, |c| c.estimate)
    }
}

/// Coefficients with their standard errors, from estimates and the two covariances.
pub(crate) fn coefficients(
    names: &[String],
    beta: &[f64],
    covariance: &[f64],
    robust_covariance: &[f64],
) -> Vec<Coefficient> {
    let p = beta.len();
    names
        .iter()
        .enumerate()
        .map(|(j, name)| {
            let standard_error = covariance[j * p + j].sqrt();
            let z = beta[j] / standard_error;
            Coefficient {
                name: name.clone(),
                estimate: beta[j],
                standard_error,
                robust_standard_error: robust_covariance[j * p + j].max(0.0).sqrt(),
                z,
                p_value: erfc(z.abs() / std::f64::consts::SQRT_2),
            }
        })
        .collect()
}
