//! One answer from several completed tables.

use helder_evaluation::two_sided_p;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ChiSquared, ContinuousCDF, FisherSnedecor, StudentsT};

use crate::ImputationError;

/// An estimate from one completed table.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Estimate {
    /// The estimate, on a scale where it is about normal (a coefficient, not its exponent).
    pub estimate: f64,
    /// Its standard error there, at least 0.
    pub standard_error: f64,
}

/// The pooled estimate, with what the gaps cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pooled {
    /// Mean of the estimates.
    pub estimate: f64,
    /// Root of the total variance.
    pub standard_error: f64,
    /// Mean of the squared standard errors: what a table without gaps would leave.
    pub within: f64,
    /// Variance of the estimates between tables.
    pub between: f64,
    /// Degrees of freedom of Student's t.
    pub degrees_of_freedom: f64,
    /// Relative increase in variance by the gaps, at least 0.
    pub relative_increase: f64,
    /// Share of the variance that the gaps cause, in `[0, 1]`.
    pub lambda: f64,
    /// Fraction of missing information, in `[0, 1]`.
    pub fraction_missing_information: f64,
    /// Lower limit at 95 %.
    pub lower: f64,
    /// Upper limit at 95 %.
    pub upper: f64,
    /// Two-sided probability of an estimate as far from 0 if it were 0; none without a standard error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p_value: Option<f64>,
}

/// Pools estimates of one number.
///
/// * `estimates` – one per completed table, at least 2   * `complete_df` – degrees of freedom that the analysis has without gaps (rows minus
///   parameters); infinite where the analysis uses the normal distribution
///
/// # Errors
/// Fewer than two estimates, numbers that are not finite, negative standard errors, degrees of freedom not above 0.
/// # Source
/// Rubin 1987, Multiple Imputation for Nonresponse in Surveys; degrees of freedom: Barnard & Rubin, Biometrika 86(4), 1999, doi
/// 10.1093/biomet/86.4.948. Equals `pool.scalar` of R mice 3.15.0.
pub fn pool(estimates: &[Estimate], complete_df: f64) -> Result<Pooled, ImputationError> {
    if estimates.len() < 2 {
        return Err(ImputationError::Estimates("at least two are needed"));
    }
    if estimates
        .iter()
        .any(|e| !e.estimate.is_finite() || !e.standard_error.is_finite() || e.standard_error < 0.0)
    {
        return Err(ImputationError::Estimates(
            "every estimate and standard error must be finite, no standard error negative",
        ));
    }
    if complete_df.is_nan() || complete_df <= 0.0 {
        return Err(ImputationError::Estimates(
            "degrees of freedom without gaps must be above 0",
        ));
    }
    let m = estimates.len() as f64;
    let estimate = estimates.iter().map(|e| e.estimate).sum::<f64>() / m;
    let within = estimates
        .iter()
        .map(|e| e.standard_error.powi(2))
        .sum::<f64>()
        / m;
    let between = estimates
        .iter()
        .map(|e| (e.estimate - estimate).powi(2))
        .sum::<f64>()
        / (m - 1.0);
    let total = within + (1.0 + 1.0 / m) * between;
    let lambda = if total > 0.0 {
        (1.0 + 1.0 / m) * between / total
    } else {
        0.0
    };
    let degrees_of_freedom = barnard_rubin(m, lambda, complete_df);
    let relative_increase = lambda / (1.0 - lambda);
    let fraction_missing_information = if lambda < 1.0 {
        (relative_increase + 2.0 / (degrees_of_freedom + 3.0)) / (1.0 + relative_increase)
    } else {
        1.0
    };
    let standard_error = total.sqrt();
    let (reach, p_value) = student(degrees_of_freedom, estimate, standard_error);
    Ok(Pooled {
        estimate,
        standard_error,
        within,
        between,
        degrees_of_freedom,
        relative_increase,
        lambda,
        fraction_missing_information: fraction_missing_information.clamp(0.0, 1.0),
        lower: estimate - reach * standard_error,
        upper: estimate + reach * standard_error,
        p_value,
    })
}

fn barnard_rubin(m: f64, lambda: f64, complete_df: f64) -> f64 {
    // As mice: below this the estimates are taken to agree.
    let old = (m - 1.0) / lambda.max(1e-4).powi(2);
    if complete_df.is_infinite() {
        return old;
    }
    let observed = (complete_df + 1.0) / (complete_df + 3.0) * complete_df * (1.0 - lambda);
    if observed <= 0.0 {
        return old.min(complete_df);
    }
    old * observed / (old + observed)
}

/// From here on Student's t is found from the normal distribution: other ways need too long.
const MANY: f64 = 1e5;
const Z_975: f64 = 1.959_963_984_540_054;

/// How many standard errors 95 % reaches, and the two-sided probability.
fn student(df: f64, estimate: f64, standard_error: f64) -> (f64, Option<f64>) {
    let t = (standard_error > 0.0).then(|| (estimate / standard_error).abs());
    if df < MANY
        && let Ok(law) = StudentsT::new(0.0, 1.0, df)
    {
        return (law.inverse_cdf(0.975), t.map(|t| 2.0 * law.cdf(-t)));
    }
    // First term of the expansion in 1/df; the next is below 1e-10.
    let reach = Z_975 + (Z_975.powi(3) + Z_975) / (4.0 * df);
    let as_normal = |t: f64| t * (1.0 - 1.0 / (4.0 * df)) / (1.0 + t * t / (2.0 * df)).sqrt();
    (reach, t.map(|t| two_sided_p(as_normal(t))))
}

/// Test that several parameters are 0 together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JointTest {
    /// The statistic, against F.
    pub statistic: f64,
    /// Parameters.
    pub numerator_df: f64,
    /// Degrees of freedom of the denominator.
    pub denominator_df: f64,
    /// Probability of a statistic as large if all were 0.
    pub p_value: f64,
    /// Average relative increase in variance by the gaps.
    pub relative_increase: f64,
}

/// Tests k parameters together (a category, a spline) over completed tables.
///
/// * `estimates` – per table, shape `(k,)`   * `covariances` – per table, row-major, shape `(k, k)`
/// * `complete_df` – as in [`pool`]; where finite, more than five and `k (m − 1)` more than four
///
/// # Errors
/// Fewer than two tables, shapes that differ, numbers that are not finite, a mean covariance that cannot be inverted, too few degrees of
/// freedom.
/// # Source
/// Li, Raghunathan & Rubin, JASA 86(416), 1991, doi 10.1080/01621459.1991.10475152; finite samples: Reiter, Biometrika 94(2), 2007, doi
/// 10.1093/biomet/asm028. Equals `D1` of R mice 3.15.0.
pub fn pool_joint(
    estimates: &[Vec<f64>],
    covariances: &[Vec<f64>],
    complete_df: f64,
) -> Result<JointTest, ImputationError> {
    let k = estimates.first().map_or(0, Vec::len);
    if estimates.len() < 2 || k == 0 || covariances.len() != estimates.len() {
        return Err(ImputationError::Estimates(
            "at least two are needed, each with its covariance",
        ));
    }
    if estimates.iter().any(|e| e.len() != k) || covariances.iter().any(|c| c.len() != k * k) {
        return Err(ImputationError::Estimates(
            "every table must have the same parameters",
        ));
    }
    if !estimates
        .iter()
        .chain(covariances)
        .flatten()
        .all(|v| v.is_finite())
    {
        return Err(ImputationError::Estimates("every number must be finite"));
    }
    let m = estimates.len() as f64;
    let t = k as f64 * (m - 1.0);
    if complete_df.is_nan() || complete_df <= 5.0 || (complete_df.is_finite() && t <= 4.0) {
        return Err(ImputationError::Estimates(
            "too few tables or degrees of freedom to test several parameters",
        ));
    }
    let mean: Vec<f64> = (0..k)
        .map(|j| estimates.iter().map(|e| e[j]).sum::<f64>() / m)
        .collect();
    let within: Vec<f64> = (0..k * k)
        .map(|j| covariances.iter().map(|c| c[j]).sum::<f64>() / m)
        .collect();
    let factor = crate::cholesky::cholesky(&within, k).ok_or(ImputationError::Estimates(
        "the mean covariance cannot be inverted",
    ))?;
    let mut trace = 0.0;
    for estimate in estimates {
        let away: Vec<f64> = estimate.iter().zip(&mean).map(|(e, m)| e - m).collect();
        trace += crate::cholesky::quadratic(&factor, k, &away) / (m - 1.0);
    }
    let kf = k as f64;
    let r = (1.0 + 1.0 / m) * trace / kf;
    let statistic = crate::cholesky::quadratic(&factor, k, &mean) / (kf * (1.0 + r));
    let denominator_df = if complete_df.is_finite() {
        reiter(t, r, complete_df)
    } else if r <= 0.0 {
        f64::INFINITY
    } else if t > 4.0 {
        4.0 + (t - 4.0) * (1.0 + (1.0 - 2.0 / t) / r).powi(2)
    } else {
        t * (1.0 + 1.0 / kf) * (1.0 + 1.0 / r).powi(2) / 2.0
    };
    let p_value = if denominator_df < MANY {
        FisherSnedecor::new(kf, denominator_df)
            .ok()
            .map(|law| law.sf(statistic))
    } else {
        ChiSquared::new(kf).ok().map(|law| law.sf(kf * statistic))
    };
    let p_value = p_value.ok_or(ImputationError::Estimates("no distribution fits them"))?;
    Ok(JointTest {
        statistic,
        numerator_df: kf,
        denominator_df,
        p_value,
        relative_increase: r,
    })
}

/// Degrees of freedom where those of the complete data are few.
fn reiter(t: f64, r: f64, complete_df: f64) -> f64 {
    let a = r * t / (t - 2.0);
    let observed = (complete_df + 1.0) / (complete_df + 3.0) * complete_df;
    let (c1, c2) = (observed - 2.0 * (1.0 + a), observed - 4.0 * (1.0 + a));
    let more = a * a * c1 / ((1.0 + a).powi(2) * c2)
        + 8.0 * a * a * c1 / ((1.0 + a) * c2 * c2)
        + 4.0 * a * a / ((1.0 + a) * c2)
        + 4.0 * a * a / (c2 * c1)
        + 16.0 * a * a * c1 / c2.powi(3)
        + 8.0 * a * a / (c2 * c2);
    4.0 + 1.0 / (1.0 / c2 + more / (t - 4.0))
}
