//! Fine and Gray's regression: what columns do to the share that ends by one cause, while others compete.

mod rows;

use serde::Serialize;

use crate::{
    Cause, Design, Spells, SurvivalError,
    matrix::{Cholesky, Symmetric, dot},
    normal,
};

use rows::{Rows, Surface};

const MOST_STEPS: usize = 50;

/// A fitted regression of the subdistribution hazard.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FineGrayFit {
    /// The cause.
    pub cause: Cause,
    /// One per column that was kept.
    pub coefficients: Vec<FineGrayCoefficient>,
    /// Columns that follow from earlier ones.
    pub dropped: Vec<String>,
    /// Pseudo log-likelihood without columns.
    pub null_log_likelihood: f64,
    /// Pseudo log-likelihood at the estimates.
    pub log_likelihood: f64,
    /// Robust covariance, with the uncertainty of the weights, shape `(p, p)`.
    pub covariance: Vec<Vec<f64>>,
    /// Times of the ends by this cause, rising.
    pub time: Vec<f64>,
    /// Cumulative subdistribution hazard at columns of 0 just after each.
    pub cumulative_hazard: Vec<f64>,
    /// Steps of Newton's method.
    pub steps: usize,
}

/// One column's part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FineGrayCoefficient {
    /// The column.
    pub name: String,
    /// Logarithm of the subdistribution hazard ratio per unit: above 0 a larger share ends by the cause.
    pub estimate: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Estimate over standard error.
    pub z: f64,
    /// Two-sided probability without an effect.
    pub p_value: f64,
}

/// Regresses the share that ends by `cause` on the columns. Ties count as Breslow's, spells lost from sight are made good by weights
/// that do not depend on the columns.
///
/// # Errors
/// Lengths that differ, no end by this cause, delayed entry, weights, strata or clusters (the weights of the method are not defined for
/// them), nothing that varies, a likelihood that rises without end.
///
/// # Source
/// Fine & Gray 1999 (doi 10.1080/01621459.1999.10474144). Compared with R 4.2.2, cmprsk 2.2-11 (`crr`).
pub fn fine_gray(
    spells: &Spells,
    design: &Design,
    cause: Cause,
) -> Result<FineGrayFit, SurvivalError> {
    design.check(spells.len())?;
    if spells.entry.is_some()
        || spells.weight.is_some()
        || design.strata.is_some()
        || design.cluster.is_some()
    {
        return Err(SurvivalError::Setting {
            what: "entries, weights, strata and clusters",
            demand: "absent",
        });
    }
    if cause == 0 || !spells.cause.contains(&cause) {
        return Err(SurvivalError::NoEvents {
            spells: spells.len(),
        });
    }
    let all: Vec<usize> = (0..design.names.len()).collect();
    let mut rows = Rows::new(spells, design, cause, &all);
    let start = rows.at(&vec![0.0; all.len()]);
    let kept = start.information.independent();
    if kept.is_empty() {
        return Err(SurvivalError::NothingVaries);
    }
    if kept.len() < all.len() {
        rows = Rows::new(spells, design, cause, &kept);
    }
    let null_log_likelihood = start.log_likelihood;
    let names = || {
        kept.iter()
            .map(|&j| design.names[j].clone())
            .collect::<Vec<_>>()
    };
    let mut gamma = vec![0.0; kept.len()];
    let mut at = rows.at(&gamma);
    for steps in 1..=MOST_STEPS {
        let Some(factor) = Cholesky::new(&at.information) else {
            return Err(SurvivalError::MonotoneLikelihood(names()));
        };
        let step = factor.solve(&at.gradient);
        let decrement = dot(&step, &at.gradient);
        let mut share = 1.0;
        let (next, then) = loop {
            let next: Vec<f64> = gamma
                .iter()
                .zip(&step)
                .map(|(gamma, step)| gamma + share * step)
                .collect();
            let then = rows.at(&next);
            if then.log_likelihood >= at.log_likelihood - 1e-11 * at.log_likelihood.abs() {
                break (next, then);
            }
            share /= 2.0;
            if share < 1e-6 {
                return Err(SurvivalError::NotConverged { iterations: steps });
            }
        };
        (gamma, at) = (next, then);
        if gamma.iter().any(|gamma| gamma.abs() > 30.0) {
            return Err(SurvivalError::MonotoneLikelihood(names()));
        }
        if decrement <= 1e-11 {
            return Ok(rows.describe(
                cause,
                design,
                &kept,
                &gamma,
                &at,
                null_log_likelihood,
                steps,
            ));
        }
    }
    Err(SurvivalError::NotConverged {
        iterations: MOST_STEPS,
    })
}

impl FineGrayFit {
    /// Share that ends by the cause until just after `time`, with these values of the kept columns; `NaN` for another number.
    pub fn incidence_at(&self, x: &[f64], time: f64) -> f64 {
        if x.len() != self.coefficients.len() {
            return f64::NAN;
        }
        let score: f64 = self
            .coefficients
            .iter()
            .zip(x)
            .map(|(c, x)| c.estimate * x)
            .sum();
        let next = self.time.partition_point(|other| *other <= time);
        let hazard = next
            .checked_sub(1)
            .map_or(0.0, |last| self.cumulative_hazard[last]);
        -(-hazard * score.exp()).exp_m1()
    }
}

impl Rows {
    #[expect(
        clippy::too_many_arguments,
        reason = "all that the search left, told once"
    )]
    fn describe(
        &self,
        cause: Cause,
        design: &Design,
        kept: &[usize],
        gamma: &[f64],
        at: &Surface,
        null_log_likelihood: f64,
        steps: usize,
    ) -> FineGrayFit {
        let p = self.p;
        let inverse = Cholesky::new(&at.information)
            .map_or_else(|| Symmetric::zeros(p), |factor| factor.inverse());
        let mut robust = Symmetric::zeros(p);
        for influence in self.influence(at).chunks(p) {
            robust.add_outer(1.0, &inverse.times(influence));
        }
        let beta: Vec<f64> = gamma
            .iter()
            .zip(&self.scale)
            .map(|(gamma, scale)| gamma * scale)
            .collect();
        let covariance: Vec<Vec<f64>> = (0..p)
            .map(|i| {
                (0..p)
                    .map(|j| robust.get(i, j) * self.scale[i] * self.scale[j])
                    .collect()
            })
            .collect();
        let coefficients = (0..p).map(|j| {
            let standard_error = covariance[j][j].sqrt();
            let z = beta[j] / standard_error;
            FineGrayCoefficient {
                name: design.names[kept[j]].clone(),
                estimate: beta[j],
                standard_error,
                z,
                p_value: normal::two_sided_p(z),
            }
        });
        let at_zero = (-dot(&beta, &self.centre)).exp();
        let events = || (0..self.ties.len()).filter(|&t| at.rise[t] > 0.0);
        let mut hazard = 0.0;
        FineGrayFit {
            cause,
            coefficients: coefficients.collect(),
            dropped: (0..design.names.len())
                .filter(|j| !kept.contains(j))
                .map(|j| design.names[j].clone())
                .collect(),
            null_log_likelihood,
            log_likelihood: at.log_likelihood,
            covariance,
            time: events().map(|t| self.ties[t].time).collect(),
            cumulative_hazard: events()
                .map(|t| {
                    hazard += at.rise[t] * at_zero;
                    hazard
                })
                .collect(),
            steps,
        }
    }
}
