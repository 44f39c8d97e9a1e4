//! Regression that is linear on the scale of the link.

use std::collections::HashMap;

use super::{Answer, Interval, Row, bounded, probability, row::State, spread::Spread, value};
use crate::{Calibration, Input, LinearFit, Link};

/// The 97.5 % point of the standard normal distribution.
const Z95: f64 = 1.959_963_984_540_054;

#[derive(Clone, Debug)]
pub(super) struct Linear {
    base: f64,
    terms: Vec<Term>,
    response: Response,
    spread: Option<Spread>,
}

/// What a score becomes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Response {
    Probability(Calibration),
    /// `critical`: standard errors that an interval reaches to each side.
    Value {
        link: Link,
        critical: f64,
    },
    /// A log hazard ratio, which says nothing without a baseline.
    Hazard,
}

#[derive(Clone, Debug)]
enum Term {
    Number {
        coefficient: f64,
        mean: f64,
        missing: Option<[f64; 2]>,
    },
    /// Contribution per level, already counted from the mean.
    Levels(Vec<f64>),
}

impl Linear {
    /// `fit` is coherent with `inputs` (see `check`).
    pub(super) fn new(
        fit: &LinearFit,
        inputs: &[Input],
        positions: &HashMap<String, usize>,
        response: Response,
    ) -> Self {
        let mut base = fit.intercept.coefficient;
        let mut terms: Vec<Term> = inputs
            .iter()
            .map(|_| Term::Number {
                coefficient: 0.0,
                mean: 0.0,
                missing: None,
            })
            .collect();
        for linear in &fit.linear_terms {
            base += linear.coefficient * linear.mean;
            if let Some(place) = positions.get(&linear.input) {
                terms[*place] = Term::Number {
                    coefficient: linear.coefficient,
                    mean: linear.mean,
                    missing: None,
                };
            }
        }
        for category in &fit.category_terms {
            let mean: f64 = category
                .levels
                .iter()
                .map(|level| level.coefficient * level.mean)
                .sum();
            base += mean;
            if let Some(place) = positions.get(&category.input) {
                let effects: HashMap<&str, f64> = category
                    .levels
                    .iter()
                    .map(|level| (level.level.as_str(), level.coefficient))
                    .collect();
                let effect = |level: &str| effects.get(level).copied().unwrap_or(0.0) - mean;
                terms[*place] = Term::Levels(
                    inputs[*place]
                        .categories
                        .iter()
                        .map(|c| effect(&c.level))
                        .collect(),
                );
            }
        }
        for indicator in &fit.missing_terms {
            base += indicator.coefficient * indicator.mean;
            if let Some(Term::Number { missing, .. }) = positions
                .get(&indicator.input)
                .map(|place| &mut terms[*place])
            {
                let known = -indicator.coefficient * indicator.mean;
                *missing = Some([known, indicator.coefficient + known]);
            }
        }
        let spread = Spread::new(fit, inputs, positions);
        Self {
            base,
            terms,
            response,
            spread,
        }
    }

    /// The same with the average training row at 0: a hazard ratio has no intercept.
    pub(super) fn counted_from_zero(self) -> Self {
        Self { base: 0.0, ..self }
    }

    pub(super) fn score(&self, row: &Row, answer: &mut Answer) {
        answer.contributions.clear();
        answer.points.clear();
        let mut score = self.base;
        for (term, cell) in self.terms.iter().zip(row.cells()) {
            let contribution = match term {
                Term::Number {
                    coefficient,
                    mean,
                    missing,
                } => {
                    let indicator = missing.map_or(0.0, |effect| {
                        effect[usize::from(cell.state == State::Missing)]
                    });
                    coefficient * (bounded(cell.number) - mean) + indicator
                }
                Term::Levels(effects) => effects.get(cell.level as usize).copied().unwrap_or(0.0),
            };
            score += contribution;
            answer.contributions.push(contribution);
        }
        answer.score = score;
        answer.base_score = self.base;
        let critical = match self.response {
            Response::Probability(_) | Response::Hazard => Z95,
            Response::Value { critical, .. } => critical,
        };
        let answered = |score| match self.response {
            Response::Probability(calibration) => probability(score, calibration),
            Response::Value { link, .. } => value(score, link),
            Response::Hazard => score,
        };
        let is_probability = matches!(self.response, Response::Probability(_));
        answer.probability = is_probability.then(|| answered(score));
        answer.value = self.answers_value().then(|| answered(score));
        answer.nearest = None;
        let told = self
            .spread
            .as_ref()
            .filter(|_| is_probability || self.answers_value());
        answer.interval = told.map(|spread| {
            let half = critical * spread.standard_error(row);
            let [lower, upper] = [score - half, score + half].map(answered);
            Interval { lower, upper }
        });
    }

    pub(super) const fn answers_value(&self) -> bool {
        matches!(self.response, Response::Value { .. })
    }
}
