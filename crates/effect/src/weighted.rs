//! The marginal structural model: people are weighted so that beginning does not depend on their columns, and then compared.

use std::collections::BTreeMap;

use helder_survival::{Cox, Design, Spells};
use serde::Serialize;

use crate::{
    HazardRatio, Reason,
    prepared::Prepared,
    regression::{PROVISION, provision},
    start::{History, Start, Waiting, begins},
};

/// A hazard ratio among weighted people, with the weights.
///
/// # Source
/// Hernán, Brumback & Robins 2000 (doi 10.1097/00001648-200009000-00012); truncation Cole & Hernán 2008 (doi 10.1093/aje/kwn164).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Weighted {
    /// The hazard ratio in a population in which everybody begins at the same pace, by day; the standard error counts that the
    /// weights were estimated.
    pub hazard_ratio: HazardRatio,
    /// Robust standard error of its logarithm when the weights are taken as known (as R's `coxph(weights, cluster)` does).
    pub standard_error_known_weights: f64,
    /// The weights.
    pub weights: Weights,
}

/// Stabilised weights over rows of time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Weights {
    /// Mean after truncation; far from 1 says that the chance of the provision is not well described.
    pub mean: f64,
    /// Smallest after truncation.
    pub lowest: f64,
    /// Largest after truncation.
    pub highest: f64,
    /// Largest before truncation.
    pub highest_before_truncation: f64,
    /// Share of the rows that was truncated.
    pub truncated_share: f64,
    /// People that the weighted rows are worth: `(Σ w)² / Σ w²` as share of the rows, in `(0, 1]`.
    pub effective_share: f64,
}

/// Rows of time with one weight each.
pub(crate) struct Rows {
    pub(crate) origin: Vec<usize>,
    pub(crate) from: Vec<f64>,
    pub(crate) until: Vec<f64>,
    pub(crate) cause: Vec<u32>,
    pub(crate) exposed: Vec<bool>,
    pub(crate) weight: Vec<f64>,
    history: Vec<History>,
    is_truncated: Vec<bool>,
    pub(crate) summary: Weights,
}

pub(crate) fn weighted(study: &Prepared<'_>) -> Result<Weighted, Reason> {
    let waiting = Waiting::new(study);
    let start = Start::new(study, &waiting)?;
    let rows = rows(study, &start);
    let spells = Spells::competing(&rows.until, &rows.cause)
        .and_then(|spells| spells.entered_at(&rows.from))
        .and_then(|spells| spells.weighted(&rows.weight))
        .map_err(|_| Reason::NoEstimate)?;
    let design = Design::new(provision(&rows.exposed))
        .map_err(|_| Reason::NoEstimate)?
        .clustered_by(&study.person_of(&rows.origin));
    let fit = Cox::new()
        .fit(&spells, &design)
        .map_err(|_| Reason::NoEstimate)?;
    let found = fit.coefficients.iter().find(|it| it.name == PROVISION);
    let (estimate, known) = found
        .and_then(|it| Some((it.estimate, it.robust_standard_error?)))
        .ok_or(Reason::NoEstimate)?;
    let residuals = fit
        .residuals(&spells, &design)
        .map_err(|_| Reason::NoEstimate)?;
    let error = with_estimated_weights(study, &start, &waiting, &rows, &residuals.dfbeta[0]);
    if !(estimate.is_finite() && known.is_finite() && error.is_finite() && error > 0.0) {
        return Err(Reason::NoEstimate);
    }
    Ok(Weighted {
        hazard_ratio: HazardRatio {
            adjusted_for: study.columns.iter().map(|(name, _)| name.clone()).collect(),
            ..HazardRatio::new(estimate, error, fit.n_events, study.settings.confidence)
        },
        standard_error_known_weights: known,
        weights: rows.summary,
    })
}

/// Standard error by person that counts what the parameters of the weights do to the estimate.
///
/// What a row's weight does to the estimate is its `dfbeta` over the weight; what the parameters do follows by the chain rule, and
/// what a person does to the parameters by the likelihood of beginning.
fn with_estimated_weights(
    study: &Prepared<'_>,
    start: &Start<'_>,
    waiting: &Waiting,
    rows: &Rows,
    dfbeta: &[f64],
) -> f64 {
    let mut slope = vec![0.0; start.n_parameters()];
    let mut by_person: BTreeMap<u32, f64> = BTreeMap::new();
    for (row, dfbeta) in dfbeta.iter().enumerate() {
        if !rows.is_truncated[row] {
            start.add_slope(rows.history[row], *dfbeta, -1.0, &mut slope);
        }
        *by_person.entry(study.person[rows.origin[row]]).or_default() += dfbeta;
    }
    let pull = start.information(waiting).solve(&slope);
    let mut score = vec![0.0; pull.len()];
    for history in waiting.histories() {
        score.fill(0.0);
        start.add_slope(history, 1.0, 1.0, &mut score);
        let moved: f64 = score.iter().zip(&pull).map(|(a, b)| a * b).sum();
        *by_person.entry(study.person[history.spell]).or_default() += moved;
    }
    by_person.values().map(|it| it * it).sum::<f64>().sqrt()
}

pub(crate) fn rows(study: &Prepared<'_>, start: &Start<'_>) -> Rows {
    let mut rows = Rows::empty();
    for i in 0..study.len() {
        let (entry, end) = (study.study.entry[i], study.study.end[i]);
        let cause = u32::from(study.has_outcome(i));
        let begins = begins(study, i);
        let without = begins.unwrap_or(end).min(end);
        if without > entry {
            for (from, until, at) in start.stretches(entry, without) {
                let is_last = until >= without && begins.is_none();
                let history = History {
                    spell: i,
                    from: 0.0,
                    until: at,
                    begins: false,
                };
                let cause = if is_last { cause } else { 0 };
                rows.add(start, history, (from, until), cause, false);
            }
        }
        if let Some(begins) = begins {
            let history = History {
                spell: i,
                from: 0.0,
                until: begins,
                begins: true,
            };
            rows.add(start, history, (begins.max(entry), end), cause, true);
        }
    }
    rows.truncate(study.settings.truncation);
    rows
}

impl Rows {
    fn empty() -> Self {
        Self {
            origin: Vec::new(),
            from: Vec::new(),
            until: Vec::new(),
            cause: Vec::new(),
            exposed: Vec::new(),
            weight: Vec::new(),
            history: Vec::new(),
            is_truncated: Vec::new(),
            summary: Weights {
                mean: 1.0,
                lowest: 1.0,
                highest: 1.0,
                highest_before_truncation: 1.0,
                truncated_share: 0.0,
                effective_share: 1.0,
            },
        }
    }

    fn add(
        &mut self,
        start: &Start<'_>,
        history: History,
        (from, until): (f64, f64),
        cause: u32,
        exposed: bool,
    ) {
        self.origin.push(history.spell);
        self.from.push(from);
        self.until.push(until);
        self.cause.push(cause);
        self.exposed.push(exposed);
        self.weight.push(start.weight(history));
        self.history.push(history);
    }

    /// Sets the weights at both ends to the weight at `share`, apart among rows with and without the provision, and sums up.
    fn truncate(&mut self, share: f64) {
        let before = self.weight.iter().copied().fold(0.0, f64::max);
        self.is_truncated = vec![false; self.weight.len()];
        for exposed in [false, true] {
            let rows = (0..self.weight.len()).filter(|&row| self.exposed[row] == exposed);
            let rows: Vec<usize> = rows.collect();
            let Some((low, high)) = limits(rows.iter().map(|&row| self.weight[row]), share) else {
                continue;
            };
            for row in rows {
                let weight = self.weight[row];
                self.is_truncated[row] = weight < low || weight > high;
                self.weight[row] = weight.clamp(low, high);
            }
        }
        let n = self.weight.len() as f64;
        let sum: f64 = self.weight.iter().sum();
        let squares: f64 = self.weight.iter().map(|w| w * w).sum();
        self.summary = Weights {
            mean: sum / n,
            lowest: self.weight.iter().copied().fold(f64::INFINITY, f64::min),
            highest: self.weight.iter().copied().fold(0.0, f64::max),
            highest_before_truncation: before,
            truncated_share: self.is_truncated.iter().filter(|it| **it).count() as f64 / n,
            effective_share: sum * sum / (squares * n),
        };
    }
}

/// Values at `share` from either end; `None` of no values.
fn limits(values: impl Iterator<Item = f64>, share: f64) -> Option<(f64, f64)> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let cut = (share * last as f64).round() as usize;
    Some((sorted[cut], sorted[last - cut]))
}
