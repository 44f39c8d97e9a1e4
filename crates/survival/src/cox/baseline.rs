//! The hazard of somebody with all columns 0, and the curve of one client.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is compiled without vector instructions"
)]

use fearless_simd::{Level, dispatch};
use serde::Serialize;

use super::{Cox, CoxFit, ordered::Ordered, pass::RiskSets, risk_set::RiskSet};
use crate::{
    TimeEstimate,
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
    /// That sum itself.
    weighted_means: Vec<Vec<f64>>,
}

impl Baseline {
    /// Variance of the cumulative hazard for known coefficients, just after each event time.
    pub fn variance(&self) -> &[f64] {
        &self.variance
    }

    /// Sum of the hazard's rises times the mean of the kept columns among those at risk then, just after each event time: what a stored
    /// model needs beside the covariance to know how sure a client's curve is.
    pub fn weighted_means(&self) -> &[Vec<f64>] {
        &self.weighted_means
    }
}

/// The chance of one client at one time.
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
    risk_sets: &RiskSets,
    covariance: &Symmetric,
) -> Vec<Baseline> {
    dispatch!(Level::new(), _simd => on(cox, rows, gamma, risk_sets, covariance))
}

#[inline(always)]
fn on(
    cox: &Cox,
    rows: &Ordered,
    gamma: &[f64],
    risk_sets: &RiskSets,
    covariance: &Symmetric,
) -> Vec<Baseline> {
    // At columns of 0 instead of at the means.
    let beta = rows.unscaled(gamma);
    let at_zero = (-dot(&beta, &rows.centre)).exp();
    let p = rows.p;
    let mut set = RiskSet::new(rows);
    let mut found: Vec<Baseline> = Vec::new();
    let mut stratum: Vec<(f64, f64, f64, Vec<f64>)> = Vec::new();
    for (t, tie) in rows.ties.iter().enumerate() {
        let known = risk_sets.means.as_ref().map(|means| &means[t * p..][..p]);
        if known.is_none() {
            set.reach(rows, &risk_sets.risk, t);
        }
        if tie.n_events > 0 {
            let hazard = risk_sets.hazards[t];
            let mut means = known.map_or_else(|| vec![0.0; p], <[f64]>::to_vec);
            if known.is_none() {
                for (step, gone) in set.steps(tie, cox.ties) {
                    for (j, mean) in means.iter_mut().enumerate() {
                        *mean += step * set.mean(tie, gone, j);
                    }
                }
            }
            // Mean of the columns as they came.
            for (j, mean) in means.iter_mut().enumerate() {
                *mean = *mean / rows.scale[j] + hazard.rise * rows.centre[j];
            }
            stratum.push((tie.time, hazard.rise, hazard.variance, means));
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
        weighted_means: Vec::new(),
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
        baseline.weighted_means.push(means.clone());
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

/// What a fit says of somebody: made by [`CoxFit::client`].
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    fit: &'a CoxFit,
    baseline: &'a Baseline,
    x: &'a [f64],
    hazard_ratio: f64,
    /// Variance of the score.
    variance: f64,
}

impl CoxFit {
    /// Somebody with these values of the kept columns (in their order) in `stratum`, with `offset` added to the score.
    /// `None` for an unknown stratum, another number of values, or after exact ties, which define no baseline.
    pub fn client<'a>(&'a self, x: &'a [f64], offset: f64, stratum: u32) -> Option<Client<'a>> {
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
        let variance = self
            .covariance
            .iter()
            .zip(x)
            .map(|(row, value)| value * dot(row, x))
            .sum();
        Some(Client {
            fit: self,
            baseline,
            x,
            hazard_ratio: (score + offset).exp(),
            variance,
        })
    }
}

impl Client<'_> {
    /// Hazard beside that of somebody with all columns 0, above 0.
    pub fn hazard_ratio(&self) -> f64 {
        self.hazard_ratio
    }

    /// Chance of no event until just after each event time of the stratum: times and chances.
    pub fn curve(&self) -> Vec<(f64, f64)> {
        let points = self
            .baseline
            .time
            .iter()
            .zip(&self.baseline.cumulative_hazard);
        points
            .map(|(time, hazard)| (*time, (-hazard * self.hazard_ratio).exp()))
            .collect()
    }

    /// The chance just after `time` with its limits; certain before the first event. It does not change after the last.
    ///
    /// # Source
    /// Tsiatis 1981; Link 1984 (variance). Compared with R 4.2.2, survival 3.5-3 (`survfit.coxph`).
    pub fn at(&self, time: f64) -> ClientPoint {
        let next = self.baseline.time.partition_point(|other| *other <= time);
        let Some(t) = next.checked_sub(1) else {
            return ClientPoint {
                time,
                survival: 1.0,
                cumulative_hazard: 0.0,
                standard_error: 0.0,
                lower: None,
                upper: None,
            };
        };
        let hazard = self.baseline.cumulative_hazard[t];
        // Variance of the coefficients' part: of `x Λ(t)` less the weighted means.
        let crossed = dot(&self.baseline.covariance_of_means[t], self.x);
        let coefficients = hazard * hazard * self.variance - 2.0 * hazard * crossed
            + self.baseline.variance_of_means[t];
        let error = self.hazard_ratio * (self.baseline.variance[t] + coefficients.max(0.0)).sqrt();
        let survival = (-hazard * self.hazard_ratio).exp();
        let (lower, upper) =
            log_log(survival, error, normal::two_sided(self.fit.confidence)).unzip();
        ClientPoint {
            time,
            survival,
            cumulative_hazard: hazard * self.hazard_ratio,
            standard_error: error,
            lower,
            upper,
        }
    }

    /// First event time at which the chance is at most `1 − share` (the median for 0.5), with the times at which its limits are.
    pub fn quantile(&self, share: f64) -> TimeEstimate {
        let first = |of: &dyn Fn(f64) -> Option<f64>| {
            self.baseline
                .time
                .iter()
                .copied()
                .find(|&time| of(time).is_some_and(|chance| chance <= 1.0 - share))
        };
        TimeEstimate {
            time: first(&|time| Some(self.at(time).survival)),
            lower: first(&|time| self.at(time).lower),
            upper: first(&|time| self.at(time).upper),
        }
    }
}
