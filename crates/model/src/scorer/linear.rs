//! Regression that is linear on the scale of the link.

use std::collections::HashMap;

use super::{
    Answer, Answers, Block, Interval, Row, bounded, probability,
    row::{Cell, State},
    spread::Spread,
    value,
};
use crate::{Calibration, Input, LinearFit, Link, SplineBasis, SplineColumn};

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
    /// A column of the basis each.
    Curve {
        basis: SplineBasis,
        columns: Vec<SplineColumn>,
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
        for spline in &fit.spline_terms {
            for column in &spline.columns {
                base += column.coefficient * column.mean;
            }
            if let Some(place) = positions.get(&spline.input) {
                terms[*place] = Term::Curve {
                    basis: spline.basis(),
                    columns: spline.columns.clone(),
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
            if let Some(Term::Number { missing, .. } | Term::Curve { missing, .. }) = positions
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

    /// The score of the average training row.
    pub(super) const fn base(&self) -> f64 {
        self.base
    }

    /// What a value of an input adds.
    pub(super) fn adds(&self, input: usize, cell: &Cell) -> f64 {
        self.terms[input].at(cell)
    }

    pub(super) fn score(&self, row: &Row, answer: &mut Answer) {
        answer.contributions.clear();
        answer.points.clear();
        let mut score = self.base;
        for (term, cell) in self.terms.iter().zip(row.cells()) {
            let contribution = term.at(cell);
            score += contribution;
            answer.contributions.push(contribution);
        }
        answer.score = score;
        answer.base_score = self.base;
        let answered = self.response.of(score);
        let is_probability = matches!(self.response, Response::Probability(_));
        answer.probability = is_probability.then_some(answered);
        answer.value = self.answers_value().then_some(answered);
        answer.nearest = None;
        let interval = |spread: &Spread| self.interval(score, spread.standard_error(row));
        answer.interval = self.told_spread().map(interval);
    }

    pub(super) fn score_block(&self, block: &Block, answers: &mut Answers) {
        answers.start_from(self.base);
        for (input, term) in self.terms.iter().enumerate() {
            let (contributions, scores) = answers.term(input);
            term.of_all(block.column(input), contributions);
            for (score, contribution) in scores.iter_mut().zip(contributions) {
                *score += *contribution;
            }
        }
        let scores = answers.scores.iter();
        let answered = scores.map(|score| self.response.of(*score));
        match self.response {
            Response::Probability(_) => answers.probabilities.extend(answered),
            Response::Value { .. } => answers.values.extend(answered),
            Response::Hazard => {}
        }
        if let Some(spread) = self.told_spread() {
            let mut errors = [0.0; Block::ROWS];
            spread.standard_errors(block, &mut errors);
            let each = answers.scores.iter().zip(&errors);
            let intervals = each.map(|(score, error)| self.interval(*score, *error));
            answers.intervals.extend(intervals);
        }
    }

    /// A hazard ratio has no interval of its own.
    fn told_spread(&self) -> Option<&Spread> {
        let is_told = !matches!(self.response, Response::Hazard);
        self.spread.as_ref().filter(|_| is_told)
    }

    fn interval(&self, score: f64, standard_error: f64) -> Interval {
        let critical = match self.response {
            Response::Probability(_) | Response::Hazard => Z95,
            Response::Value { critical, .. } => critical,
        };
        let half = critical * standard_error;
        let [lower, upper] = [score - half, score + half].map(|score| self.response.of(score));
        Interval { lower, upper }
    }

    pub(super) const fn answers_value(&self) -> bool {
        matches!(self.response, Response::Value { .. })
    }
}

impl Response {
    /// What is answered where the score is this.
    fn of(self, score: f64) -> f64 {
        match self {
            Self::Probability(calibration) => probability(score, calibration),
            Self::Value { link, .. } => value(score, link),
            Self::Hazard => score,
        }
    }
}

impl Term {
    /// What a value adds.
    #[inline]
    fn at(&self, cell: &Cell) -> f64 {
        match self {
            Self::Number {
                coefficient,
                mean,
                missing,
            } => coefficient * (bounded(cell.number) - mean) + indicator(missing.as_ref(), cell),
            Self::Curve {
                basis,
                columns,
                missing,
            } => {
                let x = bounded(cell.number);
                let mut effect = 0.0;
                for (k, column) in columns.iter().enumerate() {
                    effect += column.coefficient * (basis.column(k, x) - column.mean);
                }
                effect + indicator(missing.as_ref(), cell)
            }
            Self::Levels(effects) => effects.get(cell.level as usize).copied().unwrap_or(0.0),
        }
    }

    /// The same for many values, with the kind of the term asked once.
    fn of_all(&self, cells: &[Cell], contributions: &mut [f64]) {
        for (to, cell) in contributions.iter_mut().zip(cells) {
            *to = self.at(cell);
        }
    }
}

/// What it adds that a value is known, or missing.
#[inline]
fn indicator(missing: Option<&[f64; 2]>, cell: &Cell) -> f64 {
    missing.map_or(0.0, |effect| {
        effect[usize::from(cell.state == State::Missing)]
    })
}
