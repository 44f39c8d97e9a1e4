//! The hazard of somebody with all columns 0, and the curve of one client.

use serde::Serialize;

use super::{
    Cox,
    ordered::Ordered,
    pass::{Pass, RiskSet},
};
use crate::{
    kaplan_meier::log_log,
    matrix::{Symmetric, dot},
    normal,
};

/// Cumulative hazard of one stratum at columns of 0, at its event times.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Baseline {
    /// The stratum; 0 without strata.
    pub stratum: u32,
    /// Event times, rising.
    pub time: Vec<f64>,
    /// Cumulative hazard just after each.
    pub cumulative_hazard: Vec<f64>,
    /// Variance of it for known coefficients.
    variance: Vec<f64>,
    /// Of the sum of the hazard's rises times the mean columns then: its product with the covariance, `p` values per time, and its variance.
    covariance_of_means: Vec<Vec<f64>>,
    variance_of_means: Vec<f64>,
}

/// What is expected of one client.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClientCurve {
    /// One point per event time of the stratum.
    pub points: Vec<ClientPoint>,
}

/// The curve just after one time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ClientPoint {
    /// The time.
    pub time: f64,
    /// Chance of no event until then, in `[0, 1]`.
    pub survival: f64,
    /// Cumulative hazard.
    pub cumulative_hazard: f64,
    /// Standard error of the cumulative hazard, with that of the coefficients.
    pub standard_error: f64,
    /// Lower limit of `survival` on the scale of log(−log); `None` where it is 0 or 1.
    pub lower: Option<f64>,
    /// Upper limit.
    pub upper: Option<f64>,
}

pub(super) fn baselines(
    cox: &Cox,
    rows: &Ordered,
    gamma: &[f64],
    covariance: &Symmetric,
) -> Vec<Baseline> {
    let pass = Pass::at(rows, gamma, cox.ties);
    // At columns of 0 instead of at the means.
    let beta = rows.unscaled(gamma);
    let at_zero = (-dot(&beta, &rows.centre)).exp();
    let p = rows.p;
    let mut set = RiskSet::new(p);
    let mut found: Vec<Baseline> = Vec::new();
    let mut stratum: Vec<(f64, f64, f64, Vec<f64>)> = Vec::new();
    for (t, tie) in rows.ties.iter().enumerate() {
        set.reach(rows, &pass.risk, t);
        if tie.n_events > 0 {
            let mut variance = 0.0;
            let mut means = vec![0.0; p];
            let each = tie.events_weight
                / if cox.ties == super::TieMethod::Efron {
                    tie.n_events as f64
                } else {
                    1.0
                };
            for (step, gone) in set.steps(tie, cox.ties) {
                variance += step * step / each;
                for (j, mean) in means.iter_mut().enumerate() {
                    // Mean of the column as it came.
                    *mean += step * (set.mean(tie, gone, j) / rows.scale[j] + rows.centre[j]);
                }
            }
            stratum.push((tie.time, pass.hazards[t].rise, variance, means));
        }
        if rows.ties.get(t + 1).is_none_or(|next| next.is_first) {
            found.push(sum_up(
                tie.stratum,
                std::mem::take(&mut stratum),
                at_zero,
                covariance,
                &rows.scale,
            ));
        }
    }
    found
}

fn sum_up(
    stratum: u32,
    falling: Vec<(f64, f64, f64, Vec<f64>)>,
    at_zero: f64,
    covariance: &Symmetric,
    scale: &[f64],
) -> Baseline {
    let mut baseline = Baseline {
        stratum,
        time: Vec::new(),
        cumulative_hazard: Vec::new(),
        variance: Vec::new(),
        covariance_of_means: Vec::new(),
        variance_of_means: Vec::new(),
    };
    let (mut hazard, mut variance) = (0.0, 0.0);
    let mut means = vec![0.0; scale.len()];
    for (time, rise, more, weighted) in falling.into_iter().rev() {
        hazard += rise * at_zero;
        variance += more * at_zero * at_zero;
        for (sum, weighted) in means.iter_mut().zip(weighted) {
            *sum += weighted * at_zero;
        }
        let product = of_columns(covariance, scale, &means);
        baseline.time.push(time);
        baseline.cumulative_hazard.push(hazard);
        baseline.variance.push(variance);
        baseline.variance_of_means.push(dot(&product, &means));
        baseline.covariance_of_means.push(product);
    }
    baseline
}

/// `V x` with the covariance of the coefficients of the columns as they came.
fn of_columns(covariance: &Symmetric, scale: &[f64], x: &[f64]) -> Vec<f64> {
    let scaled: Vec<f64> = x.iter().zip(scale).map(|(x, scale)| x * scale).collect();
    covariance
        .times(&scaled)
        .iter()
        .zip(scale)
        .map(|(value, scale)| value * scale)
        .collect()
}

impl super::CoxFit {
    /// The curve of a client with these values of the kept columns (in their order) in `stratum`, `offset` added to the score.
    /// `None` for an unknown stratum, another number of values, or after exact ties, which define no baseline.
    ///
    /// # Source
    /// Tsiatis 1981; Link 1984 (variance). Compared with R 4.2.2, survival 3.5-3 (`survfit.coxph`).
    pub fn curve(&self, x: &[f64], offset: f64, stratum: u32) -> Option<ClientCurve> {
        let baseline = self
            .baselines
            .iter()
            .find(|baseline| baseline.stratum == stratum)?;
        if x.len() != self.coefficients.len() {
            return None;
        }
        let score: f64 = self
            .coefficients
            .iter()
            .zip(x)
            .map(|(c, x)| c.estimate * x)
            .sum();
        let ratio = (score + offset).exp();
        let of_x: f64 = self
            .covariance
            .iter()
            .zip(x)
            .map(|(row, value)| value * dot(row, x))
            .sum();
        let z = normal::two_sided(self.confidence);
        let points = (0..baseline.time.len()).map(|t| {
            let hazard = baseline.cumulative_hazard[t];
            // Variance of the coefficients' part: of `x Λ(t)` less the weighted means.
            let crossed = dot(&baseline.covariance_of_means[t], x);
            let coefficients =
                hazard * hazard * of_x - 2.0 * hazard * crossed + baseline.variance_of_means[t];
            let error = ratio * (baseline.variance[t] + coefficients.max(0.0)).sqrt();
            let survival = (-hazard * ratio).exp();
            let (lower, upper) = log_log(survival, error, z).unzip();
            ClientPoint {
                time: baseline.time[t],
                survival,
                cumulative_hazard: hazard * ratio,
                standard_error: error,
                lower,
                upper,
            }
        });
        Some(ClientCurve {
            points: points.collect(),
        })
    }
}

impl ClientCurve {
    /// Chance of no event until just after `time`.
    pub fn survival_at(&self, time: f64) -> f64 {
        let next = self.points.partition_point(|point| point.time <= time);
        next.checked_sub(1)
            .map_or(1.0, |last| self.points[last].survival)
    }

    /// First time at which the chance is at most `1 − share`; `None` when the curve does not come so low.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        self.points
            .iter()
            .find(|point| point.survival <= 1.0 - share)
            .map(|point| point.time)
    }
}
