//! Accelerated failure time: a column multiplies time.

mod law;
mod problem;

pub use law::Law;
use problem::{Problem, Top, independent};
use serde::Serialize;

use crate::{Design, Spells, SurvivalError, TestResult, normal};

/// Settings of a regression of the logarithm of time: `log T = b₀ + x'b + σ W`, with `W` of a given [`Law`].
///
/// Delayed entry counts as the chance of having lasted until then. Strata are not known here.
///
/// # Source
/// Kalbfleisch & Prentice 2002, chapter 3. Compared with R 4.2.2, survival 3.5-3 (`survreg`), which knows no delayed entry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Aft {
    law: Law,
    confidence: f64,
}

/// A fitted regression of the logarithm of time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AftFit {
    /// The law of time.
    pub law: Law,
    /// The intercept, then one per column that was kept.
    pub coefficients: Vec<AftCoefficient>,
    /// Columns that follow from earlier ones.
    pub dropped: Vec<String>,
    /// `σ`; 1 for the exponential law.
    pub scale: f64,
    /// Standard error of `ln σ`; absent for the exponential law.
    pub log_scale_standard_error: Option<f64>,
    /// Log-likelihood without columns.
    pub null_log_likelihood: f64,
    /// Log-likelihood at the estimates, on the scale of time.
    pub log_likelihood: f64,
    /// Twice the gain.
    pub likelihood_ratio_test: TestResult,
    /// Akaike's criterion.
    pub aic: f64,
    /// Covariance of the coefficients and, where estimated, of `ln σ`.
    pub covariance: Vec<Vec<f64>>,
    /// Steps of Newton's method.
    pub steps: usize,
}

/// One column's part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AftCoefficient {
    /// The column, or `(intercept)`.
    pub name: String,
    /// Logarithm of what time is multiplied by per unit.
    pub estimate: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Estimate over standard error.
    pub z: f64,
    /// Two-sided probability without an effect.
    pub p_value: f64,
    /// What time is multiplied by per unit, above 0, with limits.
    pub time_ratio: f64,
    /// Lower limit.
    pub lower: f64,
    /// Upper limit.
    pub upper: f64,
}

impl Aft {
    /// A regression with this law and 95 % intervals.
    pub fn new(law: Law) -> Self {
        Self {
            law,
            confidence: 0.95,
        }
    }

    /// Confidence of the intervals, in `(0, 1)`.
    #[must_use]
    pub fn confidence(mut self, confidence: f64) -> Self {
        self.confidence = confidence;
        self
    }

    /// Estimates coefficients and scale by maximum likelihood.
    ///
    /// # Errors
    /// Lengths that differ, times of 0 (their logarithm is asked), no events, strata or clusters in the design, a likelihood without
    /// a top.
    pub fn fit(&self, spells: &Spells, design: &Design) -> Result<AftFit, SurvivalError> {
        design.check(spells.len())?;
        if spells.times().contains(&0.0) {
            return Err(SurvivalError::Setting {
                what: "times",
                demand: "above 0 for their logarithm",
            });
        }
        if design.strata.is_some() || design.cluster.is_some() {
            return Err(SurvivalError::Setting {
                what: "strata and clusters",
                demand: "absent",
            });
        }
        if spells.n_events() == 0 {
            return Err(SurvivalError::NoEvents {
                spells: spells.len(),
            });
        }
        let empty = Problem::new(self.law, spells, design, &[]);
        let null = empty.climb()?;
        let kept = independent(spells, design);
        let problem = Problem::new(self.law, spells, design, &kept);
        let top = problem.climb()?;
        Ok(self.describe(spells, design, &problem, &top, &kept, null.log_likelihood))
    }

    fn describe(
        &self,
        spells: &Spells,
        design: &Design,
        problem: &Problem<'_>,
        top: &Top,
        kept: &[usize],
        null: f64,
    ) -> AftFit {
        let (covariance, estimates) = problem.in_units(top);
        let limit = normal::two_sided(self.confidence);
        let names = std::iter::once("(intercept)".to_owned())
            .chain(kept.iter().map(|&j| design.names[j].clone()));
        let coefficients = names.enumerate().map(|(j, name)| {
            let (estimate, error) = (estimates[j], covariance[j][j].sqrt());
            AftCoefficient {
                name,
                estimate,
                standard_error: error,
                z: estimate / error,
                p_value: normal::two_sided_p(estimate / error),
                time_ratio: estimate.exp(),
                lower: (estimate - limit * error).exp(),
                upper: (estimate + limit * error).exp(),
            }
        });
        // The likelihood of the logarithm, less what the logarithm does to the density.
        let moved: f64 = (0..spells.len())
            .filter(|&i| spells.is_event(i))
            .map(|i| spells.weight_of(i) * spells.time[i].ln())
            .sum();
        let last = kept.len() + 1;
        let n_parameters = last + usize::from(self.law.has_scale());
        AftFit {
            law: self.law,
            coefficients: coefficients.collect(),
            dropped: (0..design.names.len())
                .filter(|j| !kept.contains(j))
                .map(|j| design.names[j].clone())
                .collect(),
            scale: top.at.get(last).map_or(1.0, |log_scale| log_scale.exp()),
            log_scale_standard_error: covariance.get(last).map(|row| row[last].sqrt()),
            null_log_likelihood: null - moved,
            log_likelihood: top.log_likelihood - moved,
            likelihood_ratio_test: TestResult::new(2.0 * (top.log_likelihood - null), kept.len()),
            aic: 2.0 * (n_parameters as f64 - (top.log_likelihood - moved)),
            covariance,
            steps: top.steps,
        }
    }
}

impl AftFit {
    /// Chance of lasting beyond `time` with these values of the kept columns; `NaN` for another number of values.
    pub fn survival_at(&self, x: &[f64], time: f64) -> f64 {
        if x.len() + 1 != self.coefficients.len() {
            return f64::NAN;
        }
        let slopes = self.coefficients[1..].iter().map(|c| c.estimate);
        let centre = self.coefficients[0].estimate + slopes.zip(x).map(|(b, x)| b * x).sum::<f64>();
        self.law
            .log_survival((time.ln() - centre) / self.scale)
            .0
            .exp()
    }
}
