//! Logistic regression of yes/no outcomes: the binomial model with log-odds, in the words of its use.

use serde::Serialize;

use crate::{
    Coefficient, Design, DroppedColumn, Family, Glm, GlmError, GlmFit, Penalty, Response, fit,
};

/// Logistic regression, fitted by Newton's method.
///
/// ```
/// use helder_glm::{Design, LogisticRegression};
/// let design = Design::new(6, [("age", [21.0, 34.0, 25.0, 60.0, 45.0, 30.0])])?;
/// let fit = LogisticRegression::new().fit(&design, &[true, false, true, false, true, false])?;
/// assert!(fit.coefficients[1].estimate < 0.0);
/// # Ok::<(), helder_glm::GlmError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LogisticRegression {
    penalty: Penalty,
    max_iterations: usize,
}

impl Default for LogisticRegression {
    fn default() -> Self {
        Self {
            penalty: Penalty::None,
            max_iterations: 80,
        }
    }
}

impl LogisticRegression {
    /// Maximum likelihood, at most 80 steps.
    pub fn new() -> Self {
        Self::default()
    }

    /// With shrinkage.
    #[must_use]
    pub const fn penalty(mut self, penalty: Penalty) -> Self {
        self.penalty = penalty;
        self
    }

    /// With another bound on the number of steps.
    #[must_use]
    pub const fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.max_iterations = max_iterations;
        self
    }

    /// Fits the log-odds of `y` as a linear function of the columns.
    ///
    /// The result is the same to the last bit on any number of threads.
    /// * `design` – shape `(n, p)`   * `y` – shape `(n,)`, true is the positive class
    ///
    /// # Errors
    /// As [`Self::fit_response`].
    pub fn fit(&self, design: &Design, y: &[bool]) -> Result<LogisticFit, GlmError> {
        self.fit_response(design, &Response::yes_no(y))
    }

    /// The same with weights and an offset, for outcomes of 1 and 0.
    ///
    /// # Errors
    /// As [`Glm::fit`].
    pub fn fit_response(
        &self,
        design: &Design,
        response: &Response<'_>,
    ) -> Result<LogisticFit, GlmError> {
        let fit = Glm::new(Family::Binomial)
            .penalty(self.penalty)
            .max_iterations(self.max_iterations)
            .fit(design, response)?;
        Ok(LogisticFit::of(fit, response.successes()))
    }
}

/// A fitted logistic regression.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogisticFit {
    /// Coefficients in column order, the intercept first; dropped columns have none. Log-odds per unit of the column.
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
    /// Largest absolute entry of the gradient at the estimate, per column scaled to about 1.
    pub max_abs_gradient: f64,
    /// The penalty in force.
    pub penalty: Penalty,
}

impl LogisticFit {
    fn of(fit: GlmFit, n_positive: usize) -> Self {
        Self {
            coefficients: fit.coefficients,
            dropped: fit.dropped,
            covariance: fit.covariance,
            robust_covariance: fit.robust_covariance,
            log_likelihood: fit.log_likelihood,
            null_log_likelihood: fit.null_log_likelihood,
            deviance: fit.deviance,
            null_deviance: fit.null_deviance,
            aic: fit.aic,
            bic: fit.bic,
            n_rows: fit.n_rows,
            n_positive,
            iterations: fit.iterations,
            max_abs_gradient: fit.max_abs_gradient,
            penalty: fit.penalty,
        }
    }

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
        Ok(fit::predictors(&self.coefficients, design)?
            .into_iter()
            .map(|eta| Family::Binomial.mean(eta))
            .collect())
    }

    /// The intercept.
    pub fn intercept(&self) -> f64 {
        fit::intercept(&self.coefficients)
    }
}
