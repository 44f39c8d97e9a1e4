//! The normal and the chi-squared distribution.

use statrs::distribution::{ChiSquared, ContinuousCDF, Normal};

/// Quantile of the standard normal.
pub(crate) fn quantile(probability: f64) -> f64 {
    Normal::standard().inverse_cdf(probability)
}

/// 1.96 for a confidence of 0.95.
pub(crate) fn two_sided(confidence: f64) -> f64 {
    quantile(0.5 + confidence / 2.0)
}

/// Probability of a standard normal beyond `z`, both sides.
pub(crate) fn two_sided_p(z: f64) -> f64 {
    2.0 * Normal::standard().sf(z.abs())
}

/// Probability that a chi-squared variable exceeds `statistic`; `None` without degrees of freedom.
pub(crate) fn chi_squared_p(statistic: f64, degrees_of_freedom: usize) -> Option<f64> {
    let law = ChiSquared::new(degrees_of_freedom as f64).ok()?;
    Some(law.sf(statistic.max(0.0)))
}
