//! Newton's method on the partial likelihood.

use super::{
    Cox, TieMethod, exact,
    ordered::{MANY, Ordered},
    pass::{Pass, RiskSets},
};
use crate::{
    SurvivalError,
    matrix::{Cholesky, Symmetric, dot},
};

const MOST_STEPS: usize = 50;
/// A score this far from the middle, in standard deviations of a column, is no estimate but a flight.
const FLIGHT: f64 = 30.0;
/// What is left to gain per event at which the next step, which is still made, cannot change the curvature in its first eleven digits:
/// the likelihood is not looked at again.
const NEXT_TO_NOTHING: f64 = 1e-22;

/// The likelihood, its slope and curvature.
pub(crate) struct Surface {
    pub(crate) log_likelihood: f64,
    pub(crate) gradient: Vec<f64>,
    pub(crate) information: Symmetric,
    /// What the pass found per row and tie; absent with exact ties.
    pub(crate) risk_sets: Option<RiskSets>,
}

/// Where Newton's method ended.
pub(crate) struct Solution {
    pub(crate) gamma: Vec<f64>,
    pub(crate) at: Surface,
    pub(crate) steps: usize,
}

pub(crate) fn surface(cox: &Cox, rows: &Ordered, gamma: &[f64]) -> Result<Surface, SurvivalError> {
    let mut surface = if cox.ties == TieMethod::Exact {
        exact::surface(rows, gamma)?
    } else {
        let pass = Pass::at(rows, gamma, cox.ties);
        Surface {
            log_likelihood: pass.log_likelihood,
            gradient: pass.gradient,
            information: pass.information,
            risk_sets: Some(pass.risk_sets),
        }
    };
    if cox.l2 > 0.0 {
        surface.log_likelihood -= cox.l2 / 2.0 * dot(gamma, gamma);
        for (j, gamma) in gamma.iter().enumerate() {
            surface.gradient[j] -= cox.l2 * gamma;
            surface.information.add(j, j, cox.l2);
        }
    }
    Ok(surface)
}

/// From [`MANY`] rows on a first guess is made on a part of them: it changes the way, not the end.
const EVERY: usize = 16;

/// The top of the likelihood of every sixteenth row, when there are many and it lies higher than the beginning.
fn guess(
    cox: &Cox,
    rows: &Ordered,
    name: &dyn Fn(usize) -> String,
    beginning: f64,
) -> Result<Option<(Vec<f64>, Surface)>, SurvivalError> {
    if rows.place.len() < MANY || cox.ties == TieMethod::Exact {
        return Ok(None);
    }
    let part = rows.every(EVERY);
    let Ok(start) = surface(cox, &part, &vec![0.0; rows.p]) else {
        return Ok(None);
    };
    let Ok(solution) = climb(cox, &part, start, name) else {
        return Ok(None);
    };
    let there = surface(cox, rows, &solution.gamma)?;
    Ok((there.log_likelihood > beginning).then_some((solution.gamma, there)))
}

/// Climbs from `start`, which is the likelihood at 0.
pub(crate) fn climb(
    cox: &Cox,
    rows: &Ordered,
    start: Surface,
    name: &dyn Fn(usize) -> String,
) -> Result<Solution, SurvivalError> {
    let first: Vec<f64> = (0..rows.p).map(|j| start.information.get(j, j)).collect();
    let n_events = rows.ties.iter().map(|tie| tie.n_events as f64).sum::<f64>();
    let mut gamma = vec![0.0; rows.p];
    let mut at = start;
    if let Some((guess, there)) = guess(cox, rows, name, at.log_likelihood)? {
        (gamma, at) = (guess, there);
    }
    for steps in 1..=MOST_STEPS {
        let flown = |gamma: &[f64], at: &Surface| -> Vec<String> {
            let flies =
                |&j: &usize| gamma[j].abs() > FLIGHT || at.information.get(j, j) < 1e-7 * first[j];
            (0..rows.p).filter(flies).map(name).collect()
        };
        let Some(factor) = Cholesky::new(&at.information) else {
            return Err(SurvivalError::MonotoneLikelihood(flown(&gamma, &at)));
        };
        let step = factor.solve(&at.gradient);
        let decrement = dot(&step, &at.gradient);
        if decrement <= NEXT_TO_NOTHING * n_events && at.risk_sets.is_some() {
            for (gamma, step) in gamma.iter_mut().zip(&step) {
                *gamma += step;
            }
            return Ok(Solution { gamma, at, steps });
        }
        let mut share = 1.0;
        let (next, then) = loop {
            let next: Vec<f64> = gamma
                .iter()
                .zip(&step)
                .map(|(gamma, step)| gamma + share * step)
                .collect();
            let then = surface(cox, rows, &next)?;
            let floor = at.log_likelihood - 1e-11 * at.log_likelihood.abs();
            if then.log_likelihood >= floor {
                break (next, then);
            }
            share /= 2.0;
            if share < 1e-6 {
                return Err(SurvivalError::NotConverged { iterations: steps });
            }
        };
        (gamma, at) = (next, then);
        let flown = flown(&gamma, &at);
        if !flown.is_empty() && cox.l2 == 0.0 {
            return Err(SurvivalError::MonotoneLikelihood(flown));
        }
        // Newton squares what is missing, and the more events the more so: after a step this small, the next would be rounding.
        if decrement <= 1e-11 * n_events.sqrt() {
            return Ok(Solution { gamma, at, steps });
        }
    }
    Err(SurvivalError::NotConverged {
        iterations: MOST_STEPS,
    })
}
