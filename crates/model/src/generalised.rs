//! A generalised linear model whose answer is an amount, a count or a share.

use serde::Serialize;

use crate::{LinearFit, Link};

/// Distribution of the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// A continuous outcome.
    Gaussian,
    /// Counts whose variance is their mean.
    Poisson,
    /// Counts whose variance is `μ + μ²/θ`.
    NegativeBinomial,
    /// Successes among trials.
    Binomial,
}

impl Family {
    /// The written form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gaussian => "gaussian",
            Self::Poisson => "poisson",
            Self::NegativeBinomial => "negative_binomial",
            Self::Binomial => "binomial",
        }
    }

    /// The link that goes with it.
    pub const fn link(self) -> Link {
        match self {
            Self::Gaussian => Link::Identity,
            Self::Poisson | Self::NegativeBinomial => Link::Log,
            Self::Binomial => Link::Logit,
        }
    }
}

/// What training estimated: a regression that is linear on the scale of the link, and the spread around it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GeneralisedFit {
    /// Distribution of the outcome.
    pub family: Family,
    /// Shape of a negative binomial, > 0; absent for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theta: Option<f64>,
    /// Variance of a continuous outcome around its mean; absent for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub residual_variance: Option<f64>,
    /// How many standard errors of the score an interval at 95 % reaches to each side: 1.96, or Student's t.
    pub critical: f64,
    /// What the answer is per one of: the column with the exposure of a count, or with the trials of a share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per: Option<String>,
    /// Intercept and terms, on the scale of the link.
    pub linear: LinearFit,
}
