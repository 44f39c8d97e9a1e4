//! Logistic regression by Newton's method (iteratively reweighted least squares).

use serde::{Deserialize, Serialize};

use crate::{
    Design, GlmError, LogisticFit,
    cholesky::Cholesky,
    chunks, dependence,
    design::dot,
    fit,
    irls::{self, Pass},
    separation,
};

/// Shrinkage towards zero. The intercept is never shrunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Penalty {
    /// Maximum likelihood.
    #[default]
    None,
    /// Minus `strength / 2 · Σ (βⱼ sⱼ)²` with `sⱼ` the standard deviation (divisor n) of column j: no column weighs more
    /// because of its unit. Equals `C = 1 / strength` of scikit-learn on standardised columns.
    L2 {
        /// At least 0.
        strength: f64,
    },
    /// Minus `strength / 2 · Σ βⱼ²` on the columns as they are. Equals `C = 1 / strength` of scikit-learn.
    L2Unscaled {
        /// At least 0.
        strength: f64,
    },
}

impl Penalty {
    fn strength(self) -> f64 {
        match self {
            Self::None => 0.0,
            Self::L2 { strength } | Self::L2Unscaled { strength } => strength,
        }
    }
}

/// Settings of a logistic regression; checked before the data are looked at.
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

/// Newton's decrement (twice the log-likelihood still to gain) below which the gradient counts as zero. The last step is
/// still taken, so that the estimate is exact to about the square of this.
const DECREMENT: f64 = 1e-16;
/// Separation is looked for from this step on; regular problems are done before.
const FIRST_SUSPICION: usize = 8;

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
    /// [`GlmError::OneClass`], [`GlmError::TooFewRows`], [`GlmError::Separation`] (only without penalty; names the
    /// columns), [`GlmError::NotConverged`], [`GlmError::LengthMismatch`], [`GlmError::Setting`].
    /// # Source
    /// Nelder & Wedderburn, Journal of the Royal Statistical Society A 135(3), 1972;
    /// HC0: White, Econometrica 48(4), 1980.
    pub fn fit(&self, design: &Design, y: &[bool]) -> Result<LogisticFit, GlmError> {
        self.check(design, y)?;
        let n_positive = y.iter().filter(|positive| **positive).count();
        let (kept, dropped) = dependence::walk(design);
        if kept.len() > design.n_rows() {
            return Err(GlmError::TooFewRows {
                rows: design.n_rows(),
                coefficients: kept.len(),
            });
        }
        let design = design.select(&kept);
        let weights = self.penalty_weights(&design);
        let solution = self.newton(&design, y, &weights)?;

        let p = design.width();
        let n = design.n_rows() as f64;
        let (covariance, robust_covariance) = covariances(&design, y, &solution, &weights)?;
        let share = n_positive as f64 / n;
        let null_log_likelihood =
            n_positive as f64 * share.ln() + (n - n_positive as f64) * (1.0 - share).ln();
        let log_likelihood = solution.pass.log_likelihood;
        Ok(LogisticFit {
            coefficients: fit::coefficients(
                design.names(),
                &solution.beta,
                &covariance,
                &robust_covariance,
            ),
            dropped,
            covariance,
            robust_covariance,
            log_likelihood,
            null_log_likelihood,
            deviance: -2.0 * log_likelihood,
            null_deviance: -2.0 * null_log_likelihood,
            aic: 2.0 * p as f64 - 2.0 * log_likelihood,
            bic: p as f64 * n.ln() - 2.0 * log_likelihood,
            n_rows: design.n_rows(),
            n_positive,
            iterations: solution.iterations,
            max_abs_gradient: penalised_gradient(&solution.pass, &solution.beta, &weights)
                .into_iter()
                .fold(0.0, |most, g| most.max(g.abs())),
            penalty: self.penalty,
        })
    }

    fn check(&self, design: &Design, y: &[bool]) -> Result<(), GlmError> {
        if !(self.penalty.strength() >= 0.0 && self.penalty.strength().is_finite()) {
            return Err(GlmError::Setting {
                setting: "the penalty's strength",
                demand: "a finite number of at least 0",
            });
        }
        if self.max_iterations == 0 {
            return Err(GlmError::Setting {
                setting: "the number of steps",
                demand: "at least 1",
            });
        }
        if y.len() != design.n_rows() {
            return Err(GlmError::LengthMismatch {
                what: "outcome".into(),
                expected: design.n_rows(),
                found: y.len(),
            });
        }
        if y.is_empty() {
            return Err(GlmError::TooFewRows {
                rows: 0,
                coefficients: design.width(),
            });
        }
        if y.iter().all(|positive| *positive == y[0]) {
            return Err(GlmError::OneClass {
                rows: y.len(),
                class: y[0],
            });
        }
        Ok(())
    }

    /// Penalty per coefficient, shape `(p,)`.
    fn penalty_weights(&self, design: &Design) -> Vec<f64> {
        let p = design.width();
        let mut weights = match self.penalty {
            Penalty::None => vec![0.0; p],
            Penalty::L2Unscaled { strength } => vec![strength; p],
            Penalty::L2 { strength } => variances(design)
                .into_iter()
                .map(|variance| strength * variance)
                .collect(),
        };
        weights[0] = 0.0;
        weights
    }

    fn newton(&self, design: &Design, y: &[bool], weights: &[f64]) -> Result<Solution, GlmError> {
        let mut beta = vec![0.0; design.width()];
        let mut pass = irls::pass(design, y, &beta);
        let may_separate = weights.iter().all(|w| *w == 0.0);
        let ranges = separation::ranges(design);
        let mut last_step: Option<Vec<f64>> = None;
        let suspect = |step: &[f64]| match separation::test(design, y, step, &ranges) {
            Some(found) if may_separate => Err(GlmError::Separation {
                columns: found.columns,
                rows_separated: found.rows,
            }),
            _ => Ok(()),
        };
        for iteration in 1..=self.max_iterations {
            let gradient = penalised_gradient(&pass, &beta, weights);
            let Some(step) = factor(&pass, weights).map(|factor| factor.solve(&gradient)) else {
                last_step.as_deref().map_or(Ok(()), suspect)?;
                return Err(GlmError::NotConverged {
                    iterations: iteration,
                });
            };
            if iteration >= FIRST_SUSPICION {
                suspect(&step)?;
            }
            let decrement = dot(&step, &gradient);
            let before = objective(&pass, &beta, weights);
            let mut share = 1.0;
            loop {
                let tried: Vec<f64> = beta.iter().zip(&step).map(|(b, s)| b + share * s).collect();
                let next = irls::pass(design, y, &tried);
                // Near the top the change drowns in rounding; there the full step is right.
                if decrement <= 1e-9 * (1.0 + before.abs())
                    || objective(&next, &tried, weights) >= before
                {
                    beta = tried;
                    pass = next;
                    break;
                }
                share /= 2.0;
                if share < 1e-10 {
                    return Err(GlmError::NotConverged {
                        iterations: iteration,
                    });
                }
            }
            if decrement <= DECREMENT {
                return Ok(Solution {
                    beta,
                    pass,
                    iterations: iteration,
                });
            }
            last_step = Some(step);
        }
        Err(GlmError::NotConverged {
            iterations: self.max_iterations,
        })
    }
}

struct Solution {
    beta: Vec<f64>,
    pass: Pass,
    iterations: usize,
}

fn objective(pass: &Pass, beta: &[f64], weights: &[f64]) -> f64 {
    pass.log_likelihood
        - 0.5
            * beta
                .iter()
                .zip(weights)
                .map(|(b, w)| w * b * b)
                .sum::<f64>()
}

fn penalised_gradient(pass: &Pass, beta: &[f64], weights: &[f64]) -> Vec<f64> {
    pass.gradient
        .iter()
        .zip(beta)
        .zip(weights)
        .map(|((g, b), w)| g - w * b)
        .collect()
}

fn factor(pass: &Pass, weights: &[f64]) -> Option<Cholesky> {
    let p = weights.len();
    let mut matrix = pass.information.clone();
    for (j, weight) in weights.iter().enumerate() {
        matrix[j * p + j] += weight;
    }
    Cholesky::new(&matrix, p)
}

/// Model-based and robust covariance. With a penalty both are of the sandwich form `A⁻¹ M A⁻¹`, `A` the penalised
/// information; they describe the spread of the estimate, not its bias.
fn covariances(
    design: &Design,
    y: &[bool],
    solution: &Solution,
    weights: &[f64],
) -> Result<(Vec<f64>, Vec<f64>), GlmError> {
    let p = weights.len();
    let inverse = factor(&solution.pass, weights)
        .ok_or(GlmError::NotConverged {
            iterations: solution.iterations,
        })?
        .inverse();
    let robust = sandwich(
        &inverse,
        &irls::score_products(design, y, &solution.beta),
        p,
    );
    if weights.iter().all(|w| *w == 0.0) {
        return Ok((inverse, robust));
    }
    let mut information = solution.pass.information.clone();
    irls::mirror(&mut information, p);
    Ok((sandwich(&inverse, &information, p), robust))
}

/// `bread · filling · bread`, both symmetric, row-major.
fn sandwich(bread: &[f64], filling: &[f64], p: usize) -> Vec<f64> {
    let product = |a: &[f64], b: &[f64]| {
        let mut out = vec![0.0; p * p];
        for i in 0..p {
            for k in 0..p {
                for j in 0..p {
                    out[i * p + j] += a[i * p + k] * b[k * p + j];
                }
            }
        }
        out
    };
    product(&product(bread, filling), bread)
}

/// Variance (divisor n) per column, shape `(p,)`.
fn variances(design: &Design) -> Vec<f64> {
    let (p, n) = (design.width(), design.n_rows());
    let fold = |mut a: Vec<f64>, b: Vec<f64>| {
        chunks::add(&mut a, &b);
        a
    };
    let mean = |term: &(dyn Fn(usize, f64) -> f64 + Sync)| {
        let sums = chunks::reduce(
            n,
            |range| {
                let mut sums = vec![0.0; p];
                for row in design.rows(range) {
                    for (j, value) in row.iter().enumerate() {
                        sums[j] += term(j, *value);
                    }
                }
                sums
            },
            fold,
        );
        sums.unwrap_or_else(|| vec![0.0; p])
            .into_iter()
            .map(|sum| sum / n.max(1) as f64)
            .collect::<Vec<f64>>()
    };
    let means = mean(&|_, value| value);
    mean(&|j, value| (value - means[j]).powi(2))
}
