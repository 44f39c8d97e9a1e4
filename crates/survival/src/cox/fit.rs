//! The estimates, and what a reader wants to know of them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Baseline, Cox, TieMethod, baseline,
    newton::{self, Solution},
    ordered::Ordered,
    residuals,
};
use crate::{
    Design, Spells, SurvivalError,
    matrix::{Cholesky, Symmetric},
    normal,
};

/// A fitted proportional hazards regression.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CoxFit {
    /// One per column that was kept, in the order of the design.
    pub coefficients: Vec<CoxCoefficient>,
    /// Columns that do not vary among those at risk or follow from earlier columns.
    pub dropped: Vec<String>,
    /// How ties were treated.
    pub ties: TieMethod,
    /// Rows.
    pub n: usize,
    /// Rows that end with the event.
    pub n_events: usize,
    /// Partial log-likelihood when no column counts.
    pub null_log_likelihood: f64,
    /// Partial log-likelihood at the estimates.
    pub log_likelihood: f64,
    /// Twice the gain in log-likelihood. Absent under a penalty.
    pub likelihood_ratio_test: Option<TestResult>,
    /// Score test at coefficients of 0. Absent under a penalty.
    pub score_test: Option<TestResult>,
    /// Wald's test that all coefficients are 0; with the robust covariance where there is one.
    pub wald_test: TestResult,
    /// Akaike's criterion.
    pub aic: f64,
    /// Covariance from the curvature of the likelihood, shape `(p, p)`.
    pub covariance: Vec<Vec<f64>>,
    /// Covariance that holds without proportional hazards, and by cluster; absent when not asked.
    pub robust_covariance: Option<Vec<Vec<f64>>>,
    /// Steps of Newton's method.
    pub steps: usize,
    /// Baseline per stratum, at columns of 0; empty for exact ties, which define none.
    pub baselines: Vec<Baseline>,
    /// Confidence of the intervals.
    pub confidence: f64,
}

/// One column's part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CoxCoefficient {
    /// The column.
    pub name: String,
    /// Logarithm of the hazard ratio per unit.
    pub estimate: f64,
    /// Standard error from the curvature of the likelihood.
    pub standard_error: f64,
    /// Robust standard error, when asked.
    pub robust_standard_error: Option<f64>,
    /// Estimate over its (robust) standard error.
    pub z: f64,
    /// Two-sided probability of a `z` as far from 0 without an effect.
    pub p_value: f64,
    /// Hazard ratio per unit, above 0.
    pub hazard_ratio: f64,
    /// Its lower limit.
    pub lower: f64,
    /// Its upper limit.
    pub upper: f64,
}

/// A chi-squared test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TestResult {
    /// The statistic.
    pub chi_squared: f64,
    /// Its degrees of freedom.
    pub degrees_of_freedom: usize,
    /// Probability of a statistic at least as large.
    pub p_value: f64,
}

impl TestResult {
    pub(crate) fn new(chi_squared: f64, degrees_of_freedom: usize) -> Self {
        let p_value = normal::chi_squared_p(chi_squared, degrees_of_freedom);
        Self {
            chi_squared,
            degrees_of_freedom,
            p_value,
        }
    }
}

pub(super) fn fit(cox: &Cox, spells: &Spells, design: &Design) -> Result<CoxFit, SurvivalError> {
    if cox.ties == TieMethod::Exact && spells.weight.is_some() {
        return Err(SurvivalError::Setting {
            what: "weights",
            demand: "absent with exact ties",
        });
    }
    let varying: Vec<usize> = (0..design.columns.len())
        .filter(|&j| varies(&design.columns[j]))
        .collect();
    // What people or clusters weigh is asked of the rows in order.
    let in_order = cox.ties == TieMethod::Exact || cox.robust || design.cluster.is_some();
    let ordered = |columns: &[usize]| {
        if in_order {
            Ordered::new(spells, design, columns)
        } else {
            Ordered::for_passes(spells, design, columns)
        }
    };
    let mut rows = ordered(&varying);
    let mut start = newton::surface(cox, &rows, &vec![0.0; varying.len()])?;
    let independent = if cox.l2 > 0.0 {
        (0..varying.len()).collect()
    } else {
        varying_at_risk(&rows, &start.information)
    };
    if independent.is_empty() {
        return Err(SurvivalError::NothingVaries);
    }
    let kept: Vec<usize> = independent.iter().map(|&k| varying[k]).collect();
    if kept.len() < varying.len() {
        rows = ordered(&kept);
        start.gradient = independent.iter().map(|&k| start.gradient[k]).collect();
        start.information = start.information.part(&independent);
    }
    let null_log_likelihood = start.log_likelihood;
    let score_test = start.information.quadratic(&start.gradient);
    let name = |k: usize| design.names[kept[k]].clone();
    let solution = newton::climb(cox, &rows, start, &name)?;
    let Some(factor) = Cholesky::new(&solution.at.information) else {
        return Err(SurvivalError::MonotoneLikelihood(
            (0..kept.len()).map(name).collect(),
        ));
    };
    let covariance = factor.inverse();
    let robust = robust(cox, design, &rows, &solution, &covariance);
    let beta = rows.unscaled(&solution.gamma);
    let p = kept.len();
    let used = robust.as_ref().unwrap_or(&covariance);
    let z_of_limits = normal::two_sided(cox.confidence);
    let coefficients = (0..p).map(|k| {
        let estimate = beta[k];
        let error = |of: &Symmetric| of.get(k, k).sqrt() * rows.scale[k];
        let half = z_of_limits * error(used);
        let z = estimate / error(used);
        CoxCoefficient {
            name: name(k),
            estimate,
            standard_error: error(&covariance),
            robust_standard_error: robust.as_ref().map(error),
            z,
            p_value: normal::two_sided_p(z),
            hazard_ratio: estimate.exp(),
            lower: (estimate - half).exp(),
            upper: (estimate + half).exp(),
        }
    });
    let log_likelihood = solution.at.log_likelihood;
    let plain = cox.l2 == 0.0;
    Ok(CoxFit {
        coefficients: coefficients.collect(),
        dropped: (0..design.names.len())
            .filter(|j| !kept.contains(j))
            .map(|j| design.names[j].clone())
            .collect(),
        ties: cox.ties,
        n: spells.len(),
        n_events: spells.n_events(),
        null_log_likelihood,
        log_likelihood,
        likelihood_ratio_test: plain
            .then(|| TestResult::new(2.0 * (log_likelihood - null_log_likelihood), p)),
        score_test: plain.then(|| TestResult::new(score_test, p)),
        wald_test: TestResult::new(used.quadratic(&solution.gamma), p),
        aic: 2.0 * (p as f64 - log_likelihood),
        covariance: unscaled(&covariance, &rows.scale),
        robust_covariance: robust.as_ref().map(|robust| unscaled(robust, &rows.scale)),
        steps: solution.steps,
        baselines: solution
            .at
            .risk_sets
            .as_ref()
            .map_or_else(Vec::new, |risk_sets| {
                baseline::baselines(cox, &rows, &solution.gamma, risk_sets, &covariance)
            }),
        confidence: cox.confidence,
    })
}

pub(super) fn varies(values: &[f64]) -> bool {
    values
        .windows(2)
        .any(|pair| pair[0].total_cmp(&pair[1]).is_ne())
}

/// Columns that vary among those at risk and do not follow from earlier ones. Columns have a spread near 1, so what is left of one that
/// is constant in each stratum is rounding beside the events.
fn varying_at_risk(rows: &Ordered, information: &Symmetric) -> Vec<usize> {
    let events: f64 = rows.ties.iter().map(|tie| tie.events_weight).sum();
    let varying: Vec<usize> = (0..rows.p)
        .filter(|&j| information.get(j, j) > 1e-11 * events)
        .collect();
    let independent = information.part(&varying).independent();
    independent.into_iter().map(|k| varying[k]).collect()
}

/// Covariance of the coefficients of the columns as they came.
fn unscaled(covariance: &Symmetric, scale: &[f64]) -> Vec<Vec<f64>> {
    (0..scale.len())
        .map(|i| {
            (0..scale.len())
                .map(|j| covariance.get(i, j) * scale[i] * scale[j])
                .collect()
        })
        .collect()
}

/// `Σ D Dᵀ`, with `D` a cluster's sum of what leaving a row out does to the estimate.
fn robust(
    cox: &Cox,
    design: &Design,
    rows: &Ordered,
    solution: &Solution,
    covariance: &Symmetric,
) -> Option<Symmetric> {
    if cox.ties == TieMethod::Exact || !(cox.robust || design.cluster.is_some()) {
        return None;
    }
    let scores = residuals::scores(cox.ties, rows, &solution.gamma);
    let mut clusters: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for (row, score) in scores.chunks(rows.p).enumerate() {
        let place = rows.place[row];
        let label = design
            .cluster
            .as_ref()
            .map_or(place, |cluster| cluster[place as usize]);
        let sum = clusters.entry(label).or_insert_with(|| vec![0.0; rows.p]);
        for (sum, score) in sum.iter_mut().zip(score) {
            *sum += rows.weight[row] * score;
        }
    }
    let mut robust = Symmetric::zeros(rows.p);
    for sum in clusters.values() {
        robust.add_outer(1.0, &covariance.times(sum));
    }
    Some(robust)
}

impl CoxFit {
    /// Estimates in the order of the coefficients.
    pub fn estimates(&self) -> Vec<f64> {
        self.coefficients
            .iter()
            .map(|coefficient| coefficient.estimate)
            .collect()
    }
}
