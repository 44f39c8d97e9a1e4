//! Laws of the logarithm of time, moved and scaled.

use serde::Serialize;

use crate::normal;

/// How long spells last when nothing explains it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Law {
    /// The hazard does not change.
    Exponential,
    /// The hazard rises or falls as a power of time.
    Weibull,
    /// The logarithm of time is normal: the hazard rises and then falls.
    LogNormal,
    /// The odds of having ended are a power of time.
    LogLogistic,
}

impl Law {
    pub(crate) fn has_scale(self) -> bool {
        self != Self::Exponential
    }

    /// Logarithm of the density at `z`, with its first and second derivative.
    pub(crate) fn log_density(self, z: f64) -> (f64, f64, f64) {
        match self {
            Self::Exponential | Self::Weibull => (z - z.exp(), 1.0 - z.exp(), -z.exp()),
            Self::LogNormal => (normal::ln_density(z), -z, -1.0),
            Self::LogLogistic => {
                let share = 1.0 / (1.0 + (-z).exp());
                (
                    z - 2.0 * ln_1p_exp(z),
                    1.0 - 2.0 * share,
                    -2.0 * share * (1.0 - share),
                )
            }
        }
    }

    /// Logarithm of the chance of more than `z`, with its first and second derivative.
    pub(crate) fn log_survival(self, z: f64) -> (f64, f64, f64) {
        match self {
            Self::Exponential | Self::Weibull => (-z.exp(), -z.exp(), -z.exp()),
            Self::LogNormal => {
                let log_survival = normal::ln_sf(z);
                let hazard = (normal::ln_density(z) - log_survival).exp();
                (log_survival, -hazard, -hazard * (hazard - z))
            }
            Self::LogLogistic => {
                let share = 1.0 / (1.0 + (-z).exp());
                (-ln_1p_exp(z), -share, -share * (1.0 - share))
            }
        }
    }
}

fn ln_1p_exp(z: f64) -> f64 {
    if z > 0.0 {
        z + (-z).exp().ln_1p()
    } else {
        z.exp().ln_1p()
    }
}
