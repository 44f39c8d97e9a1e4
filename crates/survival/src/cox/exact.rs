//! Exact ties: the chance that just these rows end, among all sets of as many rows at risk.
//!
//! With odds `s rᵢ` a row ends with probability `pᵢ = s rᵢ / (1 + s rᵢ)`, and the chance wanted is that of the sum of independent draws given
//! its size (a Poisson-binomial law), whatever `s` is: probabilities stay within the range of numbers where the sums over sets do not.

use super::{
    newton::Surface,
    ordered::{Ordered, Ties},
};
use crate::{SurvivalError, matrix::Symmetric};

/// Multiplications per evaluation that are still made: seconds.
const MOST_OPERATIONS: u64 = 20_000_000_000;

pub(crate) fn surface(rows: &Ordered, gamma: &[f64]) -> Result<Surface, SurvivalError> {
    let p = rows.p;
    let odds: Vec<f64> = (0..rows.place.len())
        .map(|row| {
            let offset = rows.offset.as_ref().map_or(0.0, |offset| offset[row]);
            (offset + crate::matrix::dot(rows.row(row), gamma)).exp()
        })
        .collect();
    let mut surface = Surface {
        log_likelihood: 0.0,
        gradient: vec![0.0; p],
        information: Symmetric::zeros(p),
        risk_sets: None,
    };
    refuse_too_many(rows)?;
    let mut at_risk: Vec<usize> = Vec::new();
    for (t, tie) in rows.ties.iter().enumerate() {
        if tie.is_first {
            at_risk.clear();
        }
        at_risk.extend(tie.first..tie.end);
        if let Some(entered) = &rows.entered {
            at_risk.retain(|&row| entered.before[row] as usize > t);
        }
        if tie.n_events > 0 {
            add_tie(&mut surface, rows, tie, &at_risk, &odds, gamma);
        }
    }
    Ok(surface)
}

fn refuse_too_many(rows: &Ordered) -> Result<(), SurvivalError> {
    let p = rows.p as u64;
    let mut operations = 0_u64;
    let mut at_risk = 0_u64;
    for tie in &rows.ties {
        at_risk = if tie.is_first { 0 } else { at_risk } + (tie.end - tie.first) as u64;
        let each = tie.n_events as u64 * (1 + p + p * (p + 1) / 2);
        operations = operations.saturating_add(at_risk.saturating_mul(each));
    }
    if operations > MOST_OPERATIONS {
        return Err(SurvivalError::TooManyTies {
            operations,
            allowed: MOST_OPERATIONS,
        });
    }
    Ok(())
}

/// Probability, first and second moments of `Σ x` over the sets of one size.
#[derive(Clone)]
struct Size {
    probability: f64,
    first: Vec<f64>,
    second: Vec<f64>,
}

fn add_tie(
    surface: &mut Surface,
    rows: &Ordered,
    tie: &Ties,
    at_risk: &[usize],
    odds: &[f64],
    gamma: &[f64],
) {
    let (p, d) = (rows.p, tie.n_events);
    if d == at_risk.len() {
        // Everybody ends: no other set, nothing learned.
        return;
    }
    let mean_odds = at_risk.iter().map(|&row| odds[row]).sum::<f64>() / at_risk.len() as f64;
    let s = d as f64 / (at_risk.len() - d) as f64 / mean_odds;
    let empty = Size {
        probability: 0.0,
        first: vec![0.0; p],
        second: vec![0.0; p * (p + 1) / 2],
    };
    let mut sizes = vec![empty; d + 1];
    sizes[0].probability = 1.0;
    let mut log_of_none = 0.0;
    for (seen, &row) in at_risk.iter().enumerate() {
        let ends = s * odds[row] / (1.0 + s * odds[row]);
        log_of_none -= (s * odds[row]).ln_1p();
        let x = rows.row(row);
        for size in (0..=d.min(seen + 1)).rev() {
            let (fewer, from) = sizes.split_at_mut(size);
            add_row(&mut from[0], fewer.last(), ends, x);
        }
    }
    let of = &sizes[d];
    let means: Vec<f64> = of
        .first
        .iter()
        .map(|first| first / of.probability)
        .collect();
    let log_of_all = of.probability.ln() - log_of_none - d as f64 * s.ln();
    surface.log_likelihood -= log_of_all;
    for row in (tie.first..tie.end).filter(|&row| rows.event[row]) {
        let offset = rows.offset.as_ref().map_or(0.0, |offset| offset[row]);
        surface.log_likelihood += offset + crate::matrix::dot(rows.row(row), gamma);
        for (slope, x) in surface.gradient.iter_mut().zip(rows.row(row)) {
            *slope += x;
        }
    }
    let mut at = 0;
    for i in 0..p {
        surface.gradient[i] -= means[i];
        for j in 0..=i {
            surface
                .information
                .add(i, j, of.second[at] / of.probability - means[i] * means[j]);
            at += 1;
        }
    }
}

/// One more row: it ends or it does not.
fn add_row(to: &mut Size, fewer: Option<&Size>, ends: f64, x: &[f64]) {
    let stays = 1.0 - ends;
    to.probability *= stays;
    to.first.iter_mut().for_each(|first| *first *= stays);
    to.second.iter_mut().for_each(|second| *second *= stays);
    let Some(fewer) = fewer else { return };
    to.probability += ends * fewer.probability;
    for (first, (before, x)) in to.first.iter_mut().zip(fewer.first.iter().zip(x)) {
        *first += ends * (before + fewer.probability * x);
    }
    let mut at = 0;
    for i in 0..x.len() {
        for j in 0..=i {
            let crossed =
                x[i] * fewer.first[j] + x[j] * fewer.first[i] + x[i] * x[j] * fewer.probability;
            to.second[at] += ends * (fewer.second[at] + crossed);
            at += 1;
        }
    }
}
