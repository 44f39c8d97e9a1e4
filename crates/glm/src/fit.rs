//! What a fit yields.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};
use statrs::function::{beta::beta_reg, erf::erfc};

use crate::{Design, DroppedColumn, Family, GlmError, INTERCEPT, Overdispersion, Penalty};

/// 97.5 % point of the normal distribution.
pub(crate) const Z_95: f64 = 1.959_963_984_540_054;

/// One estimated coefficient, on the scale of the linear predictor per unit of its column.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Coefficient {
    /// Column.
    pub name: String,
    /// Estimate.
    pub estimate: f64,
    /// Standard error from the inverse information (model-based).
    pub standard_error: f64,
    /// Standard error that does not lean on the model's variance being right ([`Robust`]).
    pub robust_standard_error: f64,
    /// Estimate divided by the model-based standard error: z, or t where the spread is estimated.
    pub z: f64,
    /// Two-sided p-value of `z`, in `[0, 1]`.
    pub p_value: f64,
}

impl Coefficient {
    /// Wald interval at 95 % from the model-based standard error, by the normal distribution.
    pub fn interval_95(&self) -> (f64, f64) {
        (
            self.estimate - Z_95 * self.standard_error,
            self.estimate + Z_95 * self.standard_error,
        )
    }
}

impl Coefficient {
    /// The same estimate with `z` and its p-value from the robust standard error; Student's with degrees of freedom.
    #[must_use]
    pub fn with_robust(&self, df: Option<usize>) -> Self {
        let z = self.estimate / self.robust_standard_error;
        Self {
            z,
            p_value: two_sided(z, df.map(|df| df as f64)),
            ..self.clone()
        }
    }
}

fn two_sided(z: f64, df: Option<f64>) -> f64 {
    match df {
        Some(df) => beta_reg(0.5 * df, 0.5, df / (df + z * z)),
        None => erfc(z.abs() / std::f64::consts::SQRT_2),
    }
}

/// Which robust standard errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Robust {
    /// White's, without a small-sample factor.
    #[default]
    Hc0,
    /// Times `n / (n − p)` (variance).
    Hc1,
}

/// The shape of a negative binomial.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Theta {
    /// `θ` in `μ + μ²/θ`; none when the counts vary no more than Poisson's do, so that the fit is Poisson's.
    pub estimate: Option<f64>,
    /// Its standard error at fixed means, as `MASS::theta.ml` gives it.
    pub standard_error: Option<f64>,
    /// `1/θ`; 0 when the fit is Poisson's.
    pub alpha: f64,
    /// Standard error of `alpha` from the observed information about all parameters at once, as statsmodels gives it.
    pub alpha_standard_error: Option<f64>,
    /// Standard errors of the coefficients that count the uncertainty of `θ`, from the same observed information; empty when
    /// the fit is Poisson's.
    pub joint_standard_errors: Vec<f64>,
}

/// A fitted generalised linear model.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GlmFit {
    /// Distribution and link.
    pub family: Family,
    /// Coefficients in column order, the intercept first; dropped columns have none.
    pub coefficients: Vec<Coefficient>,
    /// Columns left out as combinations of earlier ones, in column order.
    pub dropped: Vec<DroppedColumn>,
    /// Model-based covariance of the coefficients, row-major, shape `(p, p)`.
    pub covariance: Vec<f64>,
    /// Robust covariance, row-major, shape `(p, p)`.
    pub robust_covariance: Vec<f64>,
    /// Which robust covariance.
    pub robust: Robust,
    /// Log-likelihood at the estimate, constants included, without the penalty.
    pub log_likelihood: f64,
    /// Log-likelihood of the intercept (with the offset) alone.
    pub null_log_likelihood: f64,
    /// Twice the log-likelihood that the fit lacks against one parameter per row; the residual sum of squares for a
    /// continuous outcome.
    pub deviance: f64,
    /// Deviance of the intercept (with the offset) alone.
    pub null_deviance: f64,
    /// Akaike's criterion: `2 k − 2 log L`; `k` counts the coefficients and, where estimated, the spread or `θ`.
    pub aic: f64,
    /// Bayesian criterion: `k ln n − 2 log L`.
    pub bic: f64,
    /// `Σ w (y − μ)² / V(μ)`; none for single yes/no outcomes, of which it says nothing.
    pub pearson_chi2: Option<f64>,
    /// Pearson's chi-square over the residual degrees of freedom: about 1 when the model's variance is right; the estimate
    /// of the variance for a continuous outcome.
    pub dispersion: Option<f64>,
    /// Rows that count minus coefficients.
    pub residual_df: usize,
    /// Whether standard errors are multiplied by the root of the dispersion.
    pub dispersion_in_use: bool,
    /// Shape of the negative binomial, where it was estimated.
    pub theta: Option<Theta>,
    /// Test of Poisson's variance (Poisson only, without weights and penalty).
    pub overdispersion: Option<Overdispersion>,
    /// Rows that count.
    pub n_rows: usize,
    /// Newton steps taken (the last round of steps for a negative binomial).
    pub iterations: usize,
    /// Largest absolute entry of the gradient at the estimate, per column scaled to about 1.
    pub max_abs_gradient: f64,
    /// The penalty in force.
    pub penalty: Penalty,
}

impl GlmFit {
    /// Estimates in the order of [`Self::coefficients`].
    pub fn estimates(&self) -> Vec<f64> {
        self.coefficients.iter().map(|c| c.estimate).collect()
    }

    /// The intercept.
    pub fn intercept(&self) -> f64 {
        intercept(&self.coefficients)
    }

    /// Interval at 95 % of a coefficient from its model-based standard error; Student's t where the spread is estimated.
    pub fn interval_95(&self, coefficient: &Coefficient) -> (f64, f64) {
        let reach = self.critical_95() * coefficient.standard_error;
        (coefficient.estimate - reach, coefficient.estimate + reach)
    }

    /// How many standard errors an interval at 95 % reaches to each side.
    pub fn critical_95(&self) -> f64 {
        if !self.dispersion_in_use {
            return Z_95;
        }
        StudentsT::new(0.0, 1.0, self.residual_df.max(1) as f64)
            .map_or(Z_95, |t| t.inverse_cdf(0.975))
    }

    /// Linear predictor per row of `design`, without any offset, shape `(n_rows,)`.
    ///
    /// Columns are found by name; columns without a coefficient are ignored.
    ///
    /// # Errors
    /// [`GlmError::LengthMismatch`] naming the column that the design lacks.
    pub fn predictors(&self, design: &Design) -> Result<Vec<f64>, GlmError> {
        predictors(&self.coefficients, design)
    }

    /// Mean per row of `design` (of one trial for binomial counts), with an offset per row where there is one.
    ///
    /// # Errors
    /// As [`Self::predictors`], and for an offset of another length.
    pub fn means(&self, design: &Design, offset: Option<&[f64]>) -> Result<Vec<f64>, GlmError> {
        let mut eta = self.predictors(design)?;
        if let Some(offset) = offset {
            if offset.len() != eta.len() {
                return Err(GlmError::LengthMismatch {
                    what: "offset".into(),
                    expected: eta.len(),
                    found: offset.len(),
                });
            }
            for (eta, offset) in eta.iter_mut().zip(offset) {
                *eta += offset;
            }
        }
        Ok(eta.into_iter().map(|eta| self.family.mean(eta)).collect())
    }
}

pub(crate) fn intercept(coefficients: &[Coefficient]) -> f64 {
    coefficients
        .iter()
        .find(|c| c.name == INTERCEPT)
        .map_or(0.0, |c| c.estimate)
}

pub(crate) fn predictors(
    coefficients: &[Coefficient],
    design: &Design,
) -> Result<Vec<f64>, GlmError> {
    let mut eta = vec![0.0; design.n_rows()];
    for coefficient in coefficients {
        let place = design
            .names()
            .iter()
            .position(|name| *name == coefficient.name)
            .ok_or_else(|| GlmError::LengthMismatch {
                what: format!("column {}", coefficient.name),
                expected: design.n_rows(),
                found: 0,
            })?;
        for (eta, x) in eta.iter_mut().zip(design.column(place)) {
            *eta += coefficient.estimate * x;
        }
    }
    Ok(eta)
}

/// Coefficients with their standard errors, from estimates and the two covariances; with degrees of freedom p-values are
/// Student's.
pub(crate) fn coefficients(
    names: &[&str],
    beta: &[f64],
    covariance: &[f64],
    robust_covariance: &[f64],
    df: Option<f64>,
) -> Vec<Coefficient> {
    let p = beta.len();
    names
        .iter()
        .enumerate()
        .map(|(j, name)| {
            let standard_error = covariance[j * p + j].sqrt();
            let z = beta[j] / standard_error;
            Coefficient {
                name: (*name).to_owned(),
                estimate: beta[j],
                standard_error,
                robust_standard_error: robust_covariance[j * p + j].max(0.0).sqrt(),
                z,
                p_value: two_sided(z, df),
            }
        })
        .collect()
}
