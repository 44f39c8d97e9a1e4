//! Do counts vary more than Poisson's distribution allows?

use serde::Serialize;
use statrs::function::erf::erfc;

use crate::{response::Checked, work::Work};

/// Test of `Var = μ` against a larger variance, from the residuals of a Poisson fit.
///
/// # Source
/// Cameron & Trivedi, Journal of Econometrics 46(3), 1990; equals `AER::dispersiontest` with `trafo` 1 and 2.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Overdispersion {
    /// Against `Var = μ + α μ`: the usual reason for quasi-Poisson standard errors.
    pub linear: Against,
    /// Against `Var = μ + α μ²`: the negative binomial.
    pub quadratic: Against,
}

/// One alternative.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Against {
    /// Estimate of `α`; 0 when Poisson's variance is right.
    pub alpha: f64,
    /// Standard normal when Poisson's variance is right.
    pub z: f64,
    /// One-sided p-value: chance of a larger `z` when Poisson's variance is right.
    pub p_value: f64,
}

impl Against {
    fn of(alpha: f64, standard_error: f64) -> Self {
        // No residual differs at all: nothing speaks for a larger variance.
        let z = if standard_error > 0.0 {
            alpha / standard_error
        } else {
            0.0
        };
        Self {
            alpha,
            z,
            p_value: 0.5 * erfc(z / std::f64::consts::SQRT_2),
        }
    }
}

pub(crate) fn test(work: &Work<'_>, checked: &Checked<'_>, gamma: &[f64]) -> Overdispersion {
    // n, sums of a, a², μ², aμ with a = ((y − μ)² − y) / μ
    let sums = work.scan(
        gamma,
        true,
        || [0.0; 5],
        |sums, first, eta| {
            for (at, eta) in eta.iter().enumerate() {
                let (y, mean) = (checked.y[first + at], eta.exp());
                let a = ((y - mean) * (y - mean) - y) / mean;
                for (sum, term) in sums.iter_mut().zip([1.0, a, a * a, mean * mean, a * mean]) {
                    *sum += term;
                }
            }
        },
        |a, b| std::array::from_fn(|k| a[k] + b[k]),
    );
    let [n, a, aa, mm, am] = sums.unwrap_or([0.0; 5]);
    let mean = a / n;
    let deviation = ((aa - n * mean * mean) / (n - 1.0)).max(0.0).sqrt();
    let slope = am / mm;
    let rest = ((aa - slope * am) / (n - 1.0)).max(0.0).sqrt();
    Overdispersion {
        linear: Against::of(mean, deviation / n.sqrt()),
        quadratic: Against::of(slope, rest / mm.sqrt()),
    }
}
