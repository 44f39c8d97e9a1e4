//! Lasso and elastic net: proportional hazards for a whole sequence of penalties.
//!
//! Minimised is `−(1/W) log L(β) + λ Σ [α |βⱼ| sⱼ + ½ (1 − α) (βⱼ sⱼ)²]`, with `W` the sum of the weights and `sⱼ` the standard deviation
//! (divisor `W`) of column j: the objective of `glmnet` with `standardize = TRUE`.

use serde::Serialize;

use super::{
    Cox, TieMethod,
    fit::varies,
    newton::{self, Surface},
    ordered::Ordered,
};
use crate::{Design, Spells, SurvivalError, matrix::dot};

/// Penalties to fit.
#[derive(Clone, Debug, PartialEq)]
pub enum Penalties {
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

/// A path of penalised proportional hazards regressions, each begun where the one before ended.
///
/// # Source
/// Simon, Friedman, Hastie & Tibshirani 2011 (doi 10.18637/jss.v039.i05); Newton steps whose quadratic problem is solved by coordinate
/// descent on the curvature, so that a sweep does not grow with the rows. Compared with R glmnet, version in `tests/reference/more.json`.
#[derive(Clone, Debug, PartialEq)]
pub struct CoxNet {
    ties: TieMethod,
    alpha: f64,
    penalties: Penalties,
}

/// A fitted path.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CoxPath {
    /// Columns, in the order of [`CoxPathPoint::coefficients`].
    pub columns: Vec<String>,
    /// Columns that do not vary.
    pub dropped: Vec<String>,
    /// From the largest penalty to the smallest.
    pub points: Vec<CoxPathPoint>,
    /// Partial log-likelihood when no column counts.
    pub null_log_likelihood: f64,
}

/// The regression at one penalty.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CoxPathPoint {
    /// `λ`, at least 0.
    pub lambda: f64,
    /// Logarithms of the hazard ratio per unit, shape `(p,)`; exactly 0 where the penalty leaves a column out.
    pub coefficients: Vec<f64>,
    /// Partial log-likelihood, without the penalty.
    pub log_likelihood: f64,
}

/// Share of the objective at which the search ends; each step squares what is missing.
const GAIN: f64 = 1e-20;
/// Where the change drowns in rounding.
const ROUNDING: f64 = 1e-11;
const MOST_STEPS: usize = 100;
const MOST_SWEEPS: usize = 100_000;

impl CoxNet {
    /// `alpha` 1 is the lasso, 0 the ridge. Efron's ties; a hundred penalties down to a ten-thousandth of the largest.
    pub const fn new(alpha: f64) -> Self {
        Self {
            ties: TieMethod::Efron,
            alpha,
            penalties: Penalties::Auto {
                count: 100,
                smallest: 1e-4,
            },
        }
    }

    /// How ties are treated: Efron's or Breslow's.
    #[must_use]
    pub const fn ties(mut self, ties: TieMethod) -> Self {
        self.ties = ties;
        self
    }

    /// With other penalties.
    #[must_use]
    pub fn penalties(mut self, penalties: Penalties) -> Self {
        self.penalties = penalties;
        self
    }

    /// Fits the path.
    ///
    /// # Errors
    /// Lengths that differ, no events, nothing that varies, exact ties, settings outside their range, a penalty too small to hold a
    /// likelihood that rises without end.
    pub fn fit(&self, spells: &Spells, design: &Design) -> Result<CoxPath, SurvivalError> {
        self.check()?;
        design.check(spells.len())?;
        if spells.n_events() == 0 {
            return Err(SurvivalError::NoEvents {
                spells: spells.len(),
            });
        }
        let (kept, left): (Vec<usize>, Vec<usize>) =
            (0..design.columns.len()).partition(|&j| varies(&design.columns[j]));
        if kept.is_empty() {
            return Err(SurvivalError::NothingVaries);
        }
        let name = |j: usize| design.names[j].clone();
        let rows = Ordered::new(spells, design, &kept);
        let search = Search::new(self, &rows);
        let mut here = search.at(vec![0.0; kept.len()])?;
        let null_log_likelihood = here.surface.log_likelihood;
        let mut points = Vec::new();
        for lambda in self.sequence(&search, &here) {
            here = search.step_to(here, lambda)?;
            points.push(CoxPathPoint {
                lambda,
                coefficients: rows.unscaled(&here.gamma),
                log_likelihood: here.surface.log_likelihood,
            });
        }
        Ok(CoxPath {
            columns: kept.into_iter().map(name).collect(),
            dropped: left.into_iter().map(name).collect(),
            points,
            null_log_likelihood,
        })
    }

    pub(super) fn check(&self) -> Result<(), SurvivalError> {
        let setting = |what, demand| Err(SurvivalError::Setting { what, demand });
        if !(0.0..=1.0).contains(&self.alpha) {
            return setting("alpha", "between 0 and 1");
        }
        if self.ties == TieMethod::Exact {
            return setting("ties", "Efron's or Breslow's for a path of penalties");
        }
        match &self.penalties {
            Penalties::Given(lambdas)
                if lambdas.is_empty() || !lambdas.iter().all(|l| *l >= 0.0 && l.is_finite()) =>
            {
                setting("lambda", "finite numbers of at least 0, one or more")
            }
            Penalties::Auto { count, smallest }
                if *count == 0 || !(*smallest > 0.0 && *smallest < 1.0) =>
            {
                setting(
                    "the sequence of lambda",
                    "at least one, down to a share between 0 and 1",
                )
            }
            _ => Ok(()),
        }
    }

    pub(super) fn cox(&self) -> Cox {
        Cox::new().ties(self.ties)
    }

    fn sequence(&self, search: &Search<'_>, empty: &Here) -> Vec<f64> {
        match &self.penalties {
            Penalties::Given(lambdas) => {
                let mut lambdas = lambdas.clone();
                lambdas.sort_by(|a, b| b.total_cmp(a));
                lambdas
            }
            Penalties::Auto { count, smallest } => {
                let slopes = empty.surface.gradient.iter().zip(&search.deviations);
                // A ridge has no smallest penalty without coefficients; as in glmnet, 0.001 stands in for alpha. A little more, lest
                // rounding leave a coefficient of 1e-17.
                let largest = slopes
                    .map(|(slope, deviation)| slope.abs() / deviation)
                    .fold(0.0, f64::max)
                    / (search.size * self.alpha.max(1e-3))
                    * (1.0 + 1e-12);
                if largest == 0.0 {
                    return vec![0.0];
                }
                let spread = smallest.ln() / (*count as f64 - 1.0).max(1.0);
                (0..*count)
                    .map(|k| largest * (spread * k as f64).exp())
                    .collect()
            }
        }
    }
}

struct Search<'a> {
    cox: Cox,
    rows: &'a Ordered<'a>,
    alpha: f64,
    /// Sum of the weights.
    size: f64,
    /// Standard deviations of the moved and scaled columns.
    deviations: Vec<f64>,
}

/// A place on the path, on moved and scaled columns.
struct Here {
    gamma: Vec<f64>,
    surface: Surface,
}

impl<'a> Search<'a> {
    fn new(net: &CoxNet, rows: &'a Ordered) -> Self {
        let total: f64 = rows.weight.iter().sum();
        let mut squares = vec![0.0; rows.p];
        for (row, weight) in rows.weight.iter().enumerate() {
            for (sum, x) in squares.iter_mut().zip(rows.row(row)) {
                *sum += weight * x * x;
            }
        }
        Self {
            cox: net.cox(),
            rows,
            alpha: net.alpha,
            size: total,
            deviations: squares.iter().map(|sum| (sum / total).sqrt()).collect(),
        }
    }

    fn at(&self, gamma: Vec<f64>) -> Result<Here, SurvivalError> {
        let surface = newton::surface(&self.cox, self.rows, &gamma)?;
        Ok(Here { gamma, surface })
    }

    /// Absolute and squared penalty per coefficient, for the log-likelihood.
    fn weights(&self, lambda: f64) -> Vec<(f64, f64)> {
        let strength = lambda * self.size;
        self.deviations
            .iter()
            .map(|s| {
                (
                    strength * self.alpha * s,
                    strength * (1.0 - self.alpha) * s * s,
                )
            })
            .collect()
    }

    /// The best place at a penalty, from the best at a larger one.
    fn step_to(&self, mut here: Here, lambda: f64) -> Result<Here, SurvivalError> {
        let penalties = self.weights(lambda);
        let cost = |gamma: &[f64]| -> f64 {
            let each = penalties.iter().zip(gamma);
            each.map(|((absolute, squared), g)| absolute * g.abs() + 0.5 * squared * g * g)
                .sum()
        };
        let objective = |here: &Here| cost(&here.gamma) - here.surface.log_likelihood;
        for step in 1..=MOST_STEPS {
            let unit = 1.0 + here.surface.log_likelihood.abs();
            let target = descend(&here, &penalties)
                .ok_or(SurvivalError::NotConverged { iterations: step })?;
            let direction: Vec<f64> = target.iter().zip(&here.gamma).map(|(t, g)| t - g).collect();
            // What the quadratic model promises, without its curvature: the directional derivative.
            let promised =
                dot(&direction, &here.surface.gradient) - cost(&target) + cost(&here.gamma);
            let before = objective(&here);
            let mut share = 1.0;
            here = loop {
                // The whole step keeps its zeros exact.
                let tried = if share >= 1.0 {
                    target.clone()
                } else {
                    let moved = here.gamma.iter().zip(&direction);
                    moved.map(|(g, d)| g + share * d).collect()
                };
                let next = self.at(tried)?;
                if promised <= ROUNDING * unit || objective(&next) <= before {
                    break next;
                }
                share /= 2.0;
                if share < 1e-10 {
                    return Err(SurvivalError::NotConverged { iterations: step });
                }
            };
            if promised <= GAIN * unit {
                return Ok(here);
            }
        }
        Err(SurvivalError::NotConverged {
            iterations: MOST_STEPS,
        })
    }
}

/// Minimises the quadratic model at `here` plus the penalty by coordinate descent, in the order of the columns.
fn descend(here: &Here, penalties: &[(f64, f64)]) -> Option<Vec<f64>> {
    let p = here.gamma.len();
    let curvature = &here.surface.information;
    let mut gamma = here.gamma.clone();
    // Gradient of the quadratic model at `gamma`.
    let mut slope = here.surface.gradient.clone();
    let largest = (0..p).map(|k| curvature.get(k, k)).fold(0.0, f64::max);
    for _ in 0..MOST_SWEEPS {
        let mut moved = 0.0_f64;
        for (k, &(absolute, squared)) in penalties.iter().enumerate() {
            let own = curvature.get(k, k);
            if own <= 1e-14 * largest && squared == 0.0 {
                continue;
            }
            let pull = slope[k] + own * gamma[k];
            let next = (pull.abs() - absolute).max(0.0).copysign(pull) / (own + squared);
            let change = next - gamma[k];
            if change != 0.0 {
                for (j, slope) in slope.iter_mut().enumerate() {
                    *slope -= curvature.get(k, j) * change;
                }
                moved = moved.max(own * change * change);
                gamma[k] = next;
            }
        }
        if !moved.is_finite() {
            return None;
        }
        if moved <= 1e-26 * (1.0 + here.surface.log_likelihood.abs()) {
            return Some(gamma);
        }
    }
    None
}
