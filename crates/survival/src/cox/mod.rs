//! Cox's proportional hazards.

mod baseline;
mod curve;
mod exact;
mod fit;
mod net;
mod net_baseline;
mod net_cross;
mod newton;
mod ordered;
mod pass;
mod proportional;
mod residuals;
mod risk_set;
mod smooth;
mod smooth_fit;
mod streamed;
mod tiles;

pub(crate) use ordered::standardisation as standardised;

pub use baseline::{Baseline, Client, ClientPoint};
pub use curve::EffectPoint;
pub use fit::{CoxCoefficient, CoxFit, TestResult};
pub use net::{CoxNet, CoxPath, CoxPathPoint, Penalties};
pub use net_baseline::PathBaseline;
pub use net_cross::{CrossValidatedCoxPath, PenaltyScore};
pub use proportional::{ProportionalHazards, TimeScale};
pub use residuals::Residuals;
use serde::Serialize;
pub use smooth::{SmoothTerm, Smoothing};
pub use smooth_fit::{SmoothCurve, SmoothFit};

use crate::{Design, Spells, SurvivalError};

/// What several events at the same time mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TieMethod {
    /// Efron's approximation of all orders in which they may have come: right for times that were rounded.
    #[default]
    Efron,
    /// Breslow's: every event meets the whole risk set. Biased towards 0 under heavy ties.
    Breslow,
    /// Times are truly discrete: the chance of this set of events among all sets as large. Costs events × rows per time.
    Exact,
}

/// Settings of a proportional hazards regression: `h(t | x) = h₀(t) exp(x'β)`.
///
/// # Source
/// Cox 1972; Efron 1977 (doi 10.1080/01621459.1977.10480613); Breslow 1974; Kalbfleisch & Prentice 1973; robust variance Lin & Wei 1989
/// (doi 10.1080/01621459.1989.10478874). Compared with R 4.2.2, survival 3.5-3 (`coxph`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cox {
    pub(crate) ties: TieMethod,
    pub(crate) l2: f64,
    pub(crate) confidence: f64,
    pub(crate) robust: bool,
}

impl Default for Cox {
    fn default() -> Self {
        Self {
            ties: TieMethod::Efron,
            l2: 0.0,
            confidence: 0.95,
            robust: false,
        }
    }
}

impl Cox {
    /// Efron's ties, no penalty, 95 % intervals.
    pub fn new() -> Self {
        Self::default()
    }

    /// How ties are treated.
    #[must_use]
    pub fn ties(mut self, ties: TieMethod) -> Self {
        self.ties = ties;
        self
    }

    /// Subtracts `l2/2 · Σ (β s)²` from the log-likelihood, with `s` the column's standard deviation rounded to a power of two. Standard
    /// errors are then those of the penalised likelihood and do not say how far the estimate lies from the truth.
    #[must_use]
    pub fn penalty(mut self, l2: f64) -> Self {
        self.l2 = l2;
        self
    }

    /// Confidence of the intervals, in `(0, 1)`.
    #[must_use]
    pub fn confidence(mut self, confidence: f64) -> Self {
        self.confidence = confidence;
        self
    }

    /// Standard errors that hold when hazards are not proportional, row by row; a design with clusters has them by cluster.
    #[must_use]
    pub fn robust(mut self) -> Self {
        self.robust = true;
        self
    }

    /// Estimates the coefficients. Columns that follow from earlier ones are left out and listed.
    ///
    /// # Errors
    /// Lengths that differ, no events, nothing that varies, a likelihood that rises without end, settings outside their range.
    pub fn fit(&self, spells: &Spells, design: &Design) -> Result<CoxFit, SurvivalError> {
        design.check(spells.len())?;
        if !self.l2.is_finite() || self.l2 < 0.0 {
            return Err(SurvivalError::Setting {
                what: "l2",
                demand: "a number of at least 0",
            });
        }
        if !(self.confidence > 0.0 && self.confidence < 1.0) {
            return Err(SurvivalError::Setting {
                what: "confidence",
                demand: "above 0 and below 1",
            });
        }
        if spells.n_events() == 0 {
            return Err(SurvivalError::NoEvents {
                spells: spells.len(),
            });
        }
        fit::fit(self, spells, design)
    }
}
