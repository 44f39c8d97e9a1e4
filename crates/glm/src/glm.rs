//! Generalised linear models: settings, and the way from data to a fit.

use serde::{Deserialize, Serialize};

use crate::{
    Design, Family, GlmError, GlmFit, Response, Robust,
    dependence::{self, Prepared},
    fit,
    judge::{self, Judged},
    negative_binomial,
    newton::{self, Solution},
    overdispersion,
    response::Checked,
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
    pub(crate) const fn strength(self) -> f64 {
        match self {
            Self::None => 0.0,
            Self::L2 { strength } | Self::L2Unscaled { strength } => strength,
        }
    }

    /// Penalty per coefficient of the moved and scaled columns.
    pub(crate) fn weights(self, prepared: &Prepared<'_>) -> Vec<f64> {
        let mut weights: Vec<f64> = match self {
            Self::None => vec![0.0; prepared.deviations.len()],
            Self::L2 { strength } => prepared
                .deviations
                .iter()
                .map(|deviation| strength * deviation * deviation)
                .collect(),
            Self::L2Unscaled { strength } => prepared
                .work
                .scale
                .iter()
                .map(|scale| strength * scale * scale)
                .collect(),
        };
        weights[0] = 0.0;
        weights
    }
}

/// A generalised linear model to fit.
///
/// ```
/// use helder_glm::{Design, Family, Glm, Response};
/// let design = Design::new(6, [("age", [21.0, 34.0, 25.0, 60.0, 45.0, 30.0])])?;
/// let visits = [1.0, 2.0, 0.0, 7.0, 3.0, 1.0];
/// let years = [1.0, 1.0, 0.5, 2.0, 1.0, 1.0];
/// let fit = Glm::new(Family::Poisson).fit(&design, &Response::new(&visits).exposure(&years))?;
/// assert!(fit.coefficients[1].estimate > 0.0);
/// # Ok::<(), helder_glm::GlmError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Glm {
    /// None: negative binomial with `θ` to estimate.
    family: Option<Family>,
    penalty: Penalty,
    robust: Robust,
    quasi: bool,
    max_iterations: usize,
}

impl Glm {
    /// Maximum likelihood, robust standard errors HC0, at most 80 steps.
    pub const fn new(family: Family) -> Self {
        Self {
            family: Some(family),
            penalty: Penalty::None,
            robust: Robust::Hc0,
            quasi: false,
            max_iterations: 80,
        }
    }

    /// Counts with variance `μ + μ²/θ`, `θ` estimated by maximum likelihood. Standard errors are conditional on `θ`, as those
    /// of `MASS::glm.nb`.
    pub const fn negative_binomial() -> Self {
        let mut glm = Self::new(Family::Poisson);
        glm.family = None;
        glm
    }

    /// With shrinkage.
    #[must_use]
    pub const fn penalty(mut self, penalty: Penalty) -> Self {
        self.penalty = penalty;
        self
    }

    /// With other robust standard errors.
    #[must_use]
    pub const fn robust(mut self, robust: Robust) -> Self {
        self.robust = robust;
        self
    }

    /// Multiplies model-based standard errors by the root of the dispersion (quasi-likelihood), as `quasipoisson` in R.
    #[must_use]
    pub const fn quasi(mut self) -> Self {
        self.quasi = true;
        self
    }

    /// With another bound on the number of steps.
    #[must_use]
    pub const fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.max_iterations = max_iterations;
        self
    }

    /// Fits the outcome on the columns. The result is the same to the last bit on any number of threads.
    ///
    /// # Errors
    /// Values out of range ([`GlmError::Outside`], [`GlmError::Setting`]), no variation ([`GlmError::OneClass`],
    /// [`GlmError::AllZero`], [`GlmError::ConstantOutcome`], [`GlmError::PerfectFit`]), [`GlmError::TooFewRows`],
    /// [`GlmError::Separation`] (only without penalty; names the columns), [`GlmError::Scale`],
    /// [`GlmError::NotConverged`], [`GlmError::LengthMismatch`].
    /// # Source
    /// Nelder & Wedderburn, Journal of the Royal Statistical Society A 135(3), 1972; robust standard errors: White,
    /// Econometrica 48(4), 1980; negative binomial: Venables & Ripley, Modern Applied Statistics with S, 2002, §7.4.
    pub fn fit(&self, design: &Design, response: &Response<'_>) -> Result<GlmFit, GlmError> {
        self.check()?;
        let family = self.family.unwrap_or(Family::Poisson);
        if let Family::NegativeBinomial { theta } = family
            && !(theta > 0.0 && theta.is_finite())
        {
            return Err(GlmError::Setting {
                setting: "theta",
                demand: "a finite number above 0",
            });
        }
        let checked = response.check(family, design.n_rows())?;
        let prepared = dependence::prepare(design, &checked)?;
        let (rows, coefficients) = (checked.rows().count(), prepared.work.width());
        if coefficients + usize::from(family.is_gaussian()) > rows {
            return Err(GlmError::TooFewRows { rows, coefficients });
        }
        if self.family.is_none() {
            return negative_binomial::fit(self, &prepared, &checked);
        }
        let solution = self.solve(&prepared, family)?;
        self.finish(&prepared, &checked, family, &solution, None)
    }

    fn check(&self) -> Result<(), GlmError> {
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
        Ok(())
    }

    /// Estimates at a given family.
    pub(crate) fn solve(
        &self,
        prepared: &Prepared<'_>,
        family: Family,
    ) -> Result<Solution, GlmError> {
        newton::solve(
            prepared,
            family,
            self.penalty.weights(prepared),
            self.max_iterations,
        )
    }

    /// Uncertainty and goodness of a solution.
    pub(crate) fn finish(
        &self,
        prepared: &Prepared<'_>,
        checked: &Checked<'_>,
        family: Family,
        solution: &Solution,
        theta: Option<fit::Theta>,
    ) -> Result<GlmFit, GlmError> {
        let work = &prepared.work;
        let p = work.width();
        let n_rows = checked.rows().count();
        let residual_df = n_rows - p;
        let penalty = self.penalty.weights(prepared);
        let judged = Judged::of(work, checked, family, &solution.gamma, &solution.pass);
        let null = judge::null(prepared, checked, family)?;
        if family.is_gaussian() && judged.deviance <= 1e-24 * null.deviance {
            return Err(GlmError::PerfectFit);
        }
        let dispersion = judged
            .pearson_chi2
            .filter(|_| residual_df > 0)
            .map(|chi2| chi2 / residual_df as f64);
        let dispersion_in_use =
            family.is_gaussian() || (self.quasi && dispersion.is_some() && !family.is_gaussian());
        let factor = if dispersion_in_use {
            dispersion.unwrap_or(1.0)
        } else {
            1.0
        };
        let (mut covariance, mut robust_covariance) = judge::covariances(solution, &penalty, p)?;
        for entry in &mut covariance {
            *entry *= factor;
        }
        if self.robust == Robust::Hc1 && residual_df > 0 {
            let correction = n_rows as f64 / residual_df as f64;
            for entry in &mut robust_covariance {
                *entry *= correction;
            }
        }
        let covariance = work.raw_covariance(&covariance);
        let robust_covariance = work.raw_covariance(&robust_covariance);
        let names: Vec<&str> = work
            .columns
            .iter()
            .map(|&column| work.design.names()[column].as_str())
            .collect();
        let parameters = p as f64
            + f64::from(u8::from(family.is_gaussian()))
            + f64::from(u8::from(
                theta.as_ref().is_some_and(|theta| theta.estimate.is_some()),
            ));
        let tested = family == Family::Poisson
            && checked.weights.is_none()
            && self.penalty.strength() == 0.0
            && residual_df > 0;
        let max_abs_gradient = solution
            .pass
            .gradient
            .iter()
            .zip(&solution.gamma)
            .zip(&penalty)
            .map(|((g, gamma), penalty)| (g - penalty * gamma).abs())
            .fold(0.0, f64::max);
        Ok(GlmFit {
            family,
            coefficients: fit::coefficients(
                &names,
                &work.raw(&solution.gamma),
                &covariance,
                &robust_covariance,
                dispersion_in_use.then_some(residual_df as f64),
            ),
            dropped: prepared.dropped.clone(),
            covariance,
            robust_covariance,
            robust: self.robust,
            log_likelihood: judged.log_likelihood,
            null_log_likelihood: null.log_likelihood,
            deviance: judged.deviance,
            null_deviance: null.deviance,
            aic: 2.0 * parameters - 2.0 * judged.log_likelihood,
            bic: parameters * (n_rows as f64).ln() - 2.0 * judged.log_likelihood,
            pearson_chi2: judged.pearson_chi2,
            dispersion,
            residual_df,
            dispersion_in_use,
            theta,
            overdispersion: tested.then(|| overdispersion::test(work, checked, &solution.gamma)),
            n_rows,
            iterations: solution.iterations,
            max_abs_gradient,
            penalty: self.penalty,
        })
    }

    pub(crate) const fn steps(&self) -> usize {
        self.max_iterations
    }

    pub(crate) fn penalty_weights(&self, prepared: &Prepared<'_>) -> Vec<f64> {
        self.penalty.weights(prepared)
    }
}
