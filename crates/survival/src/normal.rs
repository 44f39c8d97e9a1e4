//! The normal and the chi-squared distribution.

use statrs::distribution::{ChiSquared, ContinuousCDF, Normal};

/// Quantile of the standard normal at half the missing confidence: 1.96 for 0.95.
pub(crate) fn two_sided(confidence: f64) -> f64 {
    Normal::standard().inverse_cdf(0.5 + confidence / 2.0)
}

/// Probability of a standard normal beyond `z`, both sides.
pub(crate) fn two_sided_p(z: f64) -> f64 {
    if z.is_nan() {
        return f64::NAN;
    }
    2.0 * Normal::standard().sf(z.abs())
}

/// Probability that a chi-squared variable exceeds `statistic`.
pub(crate) fn chi_squared_p(statistic: f64, degrees_of_freedom: usize) -> f64 {
    if degrees_of_freedom == 0 || statistic.is_nan() {
        return f64::NAN;
    }
    ChiSquared::new(degrees_of_freedom as f64).map_or(f64::NAN, |law| law.sf(statistic.max(0.0)))
}

/// Logarithm of the chance that a standard normal exceeds `z`, also far out.
pub(crate) fn ln_sf(z: f64) -> f64 {
    if z < 8.0 {
        return Normal::standard().sf(z).ln();
    }
    // Laplace's continued fraction of Mills' ratio.
    let mut ratio = z;
    for k in (1..=60).rev() {
        ratio = z + f64::from(k) / ratio;
    }
    ln_density(z) - ratio.ln()
}

/// Logarithm of the density of the standard normal.
pub(crate) fn ln_density(z: f64) -> f64 {
    -0.5 * z * z - 0.5 * std::f64::consts::TAU.ln()
}
