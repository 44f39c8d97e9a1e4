//! Lasso and elastic net: coefficients for a whole sequence of penalties.
//!
//! Minimised is `−(1/W) Σ wᵢ log Lᵢ + λ Σ [α |βⱼ| sⱼ + ½ (1 − α) (βⱼ sⱼ)²]`, with `W` the sum of the weights and `sⱼ` the standard
//! deviation (divisor `W`) of column j: the objective of `glmnet` with `standardize = TRUE`. The intercept is not penalised.
//! Of scikit-learn's logistic regression on standardised columns, `C = 1 / (W λ)`.

use serde::Serialize;

use crate::{
    Design, DroppedColumn, Family, GlmError, Response,
    dependence::{self, Prepared},
    design::dot,
    judge::{self, Judged},
    response::Checked,
    work::{Pass, Task},
};

/// Penalties to fit.
#[derive(Clone, Debug, PartialEq)]
pub enum Lambdas {
    /// This many, evenly spaced in logarithms from the smallest with all coefficients 0 down to this share of it.
    Auto {
        /// At least 1.
        count: usize,
        /// Above 0 and below 1.
        smallest: f64,
    },
    /// These, from large to small.
    Given(Vec<f64>),
}

/// An elastic-net path to fit.
///
/// ```
/// use helder_glm::{Design, ElasticNet, Family, Response};
/// let design = Design::new(6, [("a", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), ("b", [1.0, 0.0, 0.0, 1.0, 0.0, 1.0])])?;
/// let y = [1.0, 2.5, 2.9, 4.2, 5.1, 5.8];
/// let path = ElasticNet::new(Family::Gaussian, 1.0).fit(&design, &Response::new(&y))?;
/// assert!(path.points[0].coefficients.iter().all(|b| *b == 0.0));
/// # Ok::<(), helder_glm::GlmError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ElasticNet {
    family: Family,
    alpha: f64,
    lambdas: Lambdas,
}

/// A fitted path.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Path {
    /// Columns, in the order of [`PathPoint::coefficients`]; the intercept is apart.
    pub columns: Vec<String>,
    /// Columns left out as combinations of earlier ones: constant columns only, since a penalty decides between the others.
    pub dropped: Vec<DroppedColumn>,
    /// From the largest penalty to the smallest.
    pub points: Vec<PathPoint>,
    /// Deviance of the intercept (with the offset) alone.
    pub null_deviance: f64,
}

/// The fit at one penalty.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PathPoint {
    /// `λ` of the module's objective.
    pub lambda: f64,
    /// On the columns as they are.
    pub intercept: f64,
    /// On the columns as they are, shape `(p,)`; exactly 0 where the penalty leaves a column out.
    pub coefficients: Vec<f64>,
    /// Deviance at these coefficients.
    pub deviance: f64,
    /// Share of the null deviance that is explained.
    pub deviance_ratio: f64,
}

/// Share of the objective at which the search ends; each step squares what is missing.
const GAIN: f64 = 1e-20;
/// Where the change drowns in rounding.
const ROUNDING: f64 = 1e-10;
const MOST_STEPS: usize = 100;
const MOST_SWEEPS: usize = 100_000;

impl ElasticNet {
    /// `alpha` 1 is the lasso, 0 the ridge. A hundred penalties down to a ten-thousandth of the largest.
    pub const fn new(family: Family, alpha: f64) -> Self {
        Self {
            family,
            alpha,
            lambdas: Lambdas::Auto {
                count: 100,
                smallest: 1e-4,
            },
        }
    }

    pub(crate) const fn family(&self) -> Family {
        self.family
    }

    /// With other penalties.
    #[must_use]
    pub fn lambdas(mut self, lambdas: Lambdas) -> Self {
        self.lambdas = lambdas;
        self
    }

    /// Fits the path, each point from the one before.
    ///
    /// # Errors
    /// As [`crate::Glm::fit`] for the data; [`GlmError::Setting`] for `alpha` outside `[0, 1]` or penalties that are negative,
    /// not finite, or none.
    /// # Source
    /// Friedman, Hastie & Tibshirani, Journal of Statistical Software 33(1), 2010; Newton steps whose quadratic problem is
    /// solved by coordinate descent on the cross products, so that the cost per sweep does not grow with the rows.
    pub fn fit(&self, design: &Design, response: &Response<'_>) -> Result<Path, GlmError> {
        if !(0.0..=1.0).contains(&self.alpha) {
            return Err(setting("alpha", "between 0 and 1"));
        }
        let checked = response.check(self.family, design.n_rows())?;
        let prepared = dependence::prepare_with_dependent(design, &checked)?;
        if checked.rows().count() < 2 {
            return Err(GlmError::TooFewRows {
                rows: checked.rows().count(),
                coefficients: 2,
            });
        }
        let null = judge::null(&prepared, &checked, self.family)?;
        let size: f64 = checked.rows().map(|row| checked.weight(row)).sum();
        let search = Search {
            prepared: &prepared,
            checked: &checked,
            family: self.family,
            alpha: self.alpha,
            size,
        };
        let mut here = search.empty()?;
        let lambdas = self.sequence(&search, &here)?;
        let mut points = Vec::with_capacity(lambdas.len());
        for lambda in lambdas {
            here = search.step_to(here, lambda)?;
            let work = &prepared.work;
            let judged = Judged::of(work, &checked, self.family, &here.gamma, &here.pass);
            let beta = work.raw(&here.gamma);
            points.push(PathPoint {
                lambda,
                intercept: beta[0],
                coefficients: beta[1..].to_vec(),
                deviance: judged.deviance,
                deviance_ratio: 1.0 - judged.deviance / null.deviance,
            });
        }
        let names = prepared.work.columns[1..].iter();
        Ok(Path {
            columns: names.map(|&j| design.names()[j].clone()).collect(),
            dropped: prepared.dropped.clone(),
            points,
            null_deviance: null.deviance,
        })
    }

    fn sequence(&self, search: &Search<'_>, empty: &Here) -> Result<Vec<f64>, GlmError> {
        match &self.lambdas {
            Lambdas::Given(lambdas) => {
                if lambdas.is_empty() || !lambdas.iter().all(|l| *l >= 0.0 && l.is_finite()) {
                    return Err(setting(
                        "lambda",
                        "finite numbers of at least 0, one or more",
                    ));
                }
                let mut lambdas = lambdas.clone();
                lambdas.sort_by(|a, b| b.total_cmp(a));
                Ok(lambdas)
            }
            Lambdas::Auto { count, smallest } => {
                if *count == 0 || !(*smallest > 0.0 && *smallest < 1.0) {
                    return Err(setting(
                        "the sequence of lambda",
                        "at least one, down to a share between 0 and 1",
                    ));
                }
                // As glmnet: a ridge has no smallest penalty without coefficients; 0.001 stands in for alpha.
                let largest = (1..empty.gamma.len())
                    .map(|k| empty.pass.gradient[k].abs() / search.prepared.deviations[k])
                    .fold(0.0, f64::max)
                    / (search.size * self.alpha.max(1e-3))
                    // A little more, lest rounding leave a coefficient of 1e-17.
                    * (1.0 + 1e-12);
                // Nothing to explain: one fit without coefficients.
                if largest == 0.0 {
                    return Ok(vec![0.0]);
                }
                let spread = smallest.ln() / (*count as f64 - 1.0).max(1.0);
                Ok((0..*count)
                    .map(|k| largest * (spread * k as f64).exp())
                    .collect())
            }
        }
    }
}

const fn setting(setting: &'static str, demand: &'static str) -> GlmError {
    GlmError::Setting { setting, demand }
}

struct Search<'a> {
    prepared: &'a Prepared<'a>,
    checked: &'a Checked<'a>,
    family: Family,
    alpha: f64,
    /// Sum of the weights.
    size: f64,
}

/// A place on the path, on moved and scaled columns.
struct Here {
    gamma: Vec<f64>,
    pass: Pass,
}

impl Search<'_> {
    fn pass(&self, gamma: Vec<f64>) -> Here {
        let task = Task::Newton {
            family: self.family,
            gamma: &gamma,
            meat: false,
        };
        let pass = self.prepared.work.pass(task, 1);
        Here { gamma, pass }
    }

    /// The intercept alone.
    fn empty(&self) -> Result<Here, GlmError> {
        let mut gamma = vec![0.0; self.prepared.work.width()];
        gamma[0] = judge::null_intercept(self.prepared, self.checked, self.family)?;
        Ok(self.pass(gamma))
    }

    /// Absolute and squared penalty per coefficient, for the sum (not the mean) of the log-likelihood.
    fn penalties(&self, lambda: f64) -> (Vec<f64>, Vec<f64>) {
        let strength = lambda * self.size;
        let deviations = &self.prepared.deviations;
        (
            deviations
                .iter()
                .map(|s| strength * self.alpha * s)
                .collect(),
            deviations
                .iter()
                .map(|s| strength * (1.0 - self.alpha) * s * s)
                .collect(),
        )
    }

    /// The best place at a penalty, from the best at a larger one.
    fn step_to(&self, mut here: Here, lambda: f64) -> Result<Here, GlmError> {
        let (absolute, squared) = self.penalties(lambda);
        let cost = |here: &Here| {
            let penalty = (0..here.gamma.len()).map(|k| {
                let g = here.gamma[k];
                absolute[k] * g.abs() + 0.5 * squared[k] * g * g
            });
            penalty.sum::<f64>() - here.pass.log_likelihood
        };
        let unit = self.unit(&here);
        for step in 1..=MOST_STEPS {
            let target = descend(&here, &absolute, &squared).ok_or(not_converged(step))?;
            let direction: Vec<f64> = target.iter().zip(&here.gamma).map(|(t, g)| t - g).collect();
            // What the quadratic model promises, without its curvature: the directional derivative.
            let promised = dot(&direction, &here.pass.gradient)
                - (0..target.len())
                    .map(|k| {
                        absolute[k] * (target[k].abs() - here.gamma[k].abs())
                            + 0.5 * squared[k] * (target[k].powi(2) - here.gamma[k].powi(2))
                    })
                    .sum::<f64>();
            if !promised.is_finite() {
                return Err(not_converged(step));
            }
            let before = cost(&here);
            let mut share = 1.0;
            here = loop {
                // The whole step keeps its zeros exact.
                let tried = if share >= 1.0 {
                    target.clone()
                } else {
                    let moved = here.gamma.iter().zip(&direction);
                    moved.map(|(g, d)| g + share * d).collect()
                };
                let next = self.pass(tried);
                if promised <= ROUNDING * unit || cost(&next) <= before {
                    break next;
                }
                share /= 2.0;
                if share < 1e-10 {
                    return Err(not_converged(step));
                }
            };
            if promised <= GAIN * unit {
                return Ok(here);
            }
        }
        Err(not_converged(MOST_STEPS))
    }

    fn unit(&self, here: &Here) -> f64 {
        if self.family.is_gaussian() {
            let y = self.checked;
            y.rows()
                .map(|row| y.weight(row) * y.y[row] * y.y[row])
                .sum()
        } else {
            1.0 + here.pass.log_likelihood.abs()
        }
    }
}

const fn not_converged(iterations: usize) -> GlmError {
    GlmError::NotConverged { iterations }
}

/// Minimises the quadratic model at `here` plus the penalty by coordinate descent, in the order of the columns.
fn descend(here: &Here, absolute: &[f64], squared: &[f64]) -> Option<Vec<f64>> {
    let p = here.gamma.len();
    let curvature = &here.pass.information;
    let mut gamma = here.gamma.clone();
    // Gradient of the quadratic model at `gamma`.
    let mut slope = here.pass.gradient.clone();
    let largest = (0..p).map(|k| curvature[k * p + k]).fold(0.0, f64::max);
    for _ in 0..MOST_SWEEPS {
        let mut moved = 0.0_f64;
        for k in 0..p {
            let own = curvature[k * p + k];
            if own <= 1e-14 * largest && squared[k] == 0.0 {
                continue;
            }
            let pull = slope[k] + own * gamma[k];
            let next = (pull.abs() - absolute[k]).max(0.0).copysign(pull) / (own + squared[k]);
            let change = next - gamma[k];
            if change != 0.0 {
                for (slope, row) in slope.iter_mut().zip(&curvature[k * p..(k + 1) * p]) {
                    *slope -= row * change;
                }
                moved = moved.max(own * change * change);
                gamma[k] = next;
            }
        }
        if !moved.is_finite() {
            return None;
        }
        if moved <= 1e-26 * (1.0 + here.pass.log_likelihood.abs()) {
            return Some(gamma);
        }
    }
    None
}
