//! Whole points, added up.

use super::{Answer, Answers, Block, Row, probability, steps::Steps};
use crate::{Calibration, Input, PointsFit};

#[derive(Clone, Debug)]
pub(super) struct Points {
    intercept: f64,
    per_point: f64,
    base: f64,
    inputs: Vec<Part>,
    calibration: Calibration,
}

#[derive(Clone, Debug)]
struct Part {
    steps: Steps,
    points: Vec<u32>,
    /// What they add to the score, counted from the mean.
    contributions: Vec<f64>,
}

impl Part {
    /// Points and what they add, where a value lies in a step.
    #[inline]
    fn at(&self, step: usize) -> (u32, f64) {
        (self.points[step], self.contributions[step])
    }
}

impl Points {
    /// `fit` is coherent with `inputs` (see `check`).
    pub(super) fn new(fit: &PointsFit, inputs: &[Input], calibration: Calibration) -> Self {
        let parts = fit.inputs.iter().zip(inputs);
        Self {
            intercept: fit.intercept,
            per_point: fit.per_point,
            base: fit.intercept + fit.per_point * fit.mean(),
            inputs: parts
                .map(|(part, input)| Part {
                    steps: Steps::new(&part.side, input),
                    points: part.points.clone(),
                    contributions: part
                        .points
                        .iter()
                        .map(|points| fit.per_point * (f64::from(*points) - part.mean))
                        .collect(),
                })
                .collect(),
            calibration,
        }
    }

    pub(super) fn score(&self, row: &Row, answer: &mut Answer) {
        answer.contributions.clear();
        answer.points.clear();
        let mut total = 0;
        for (part, cell) in self.inputs.iter().zip(row.cells()) {
            let (points, contribution) = part.at(part.steps.of(cell));
            total += points;
            answer.points.push(points);
            answer.contributions.push(contribution);
        }
        let score = self.intercept + self.per_point * f64::from(total);
        answer.score = score;
        answer.base_score = self.base;
        answer.probability = Some(probability(score, self.calibration));
        answer.value = None;
        answer.nearest = None;
        answer.interval = None;
    }

    pub(super) fn score_block(&self, block: &Block, answers: &mut Answers) {
        answers.start_from(self.base);
        let (mut totals, mut steps) = ([0; Block::ROWS], [0; Block::ROWS]);
        for (input, part) in self.inputs.iter().enumerate() {
            let steps = &mut steps[..block.rows()];
            part.steps.of_all(block.column(input), steps);
            let points = answers.points(input).iter_mut();
            for ((own, total), step) in points.zip(&mut totals).zip(&*steps) {
                *own = part.points[*step as usize];
                *total += *own;
            }
            let (contributions, _) = answers.term(input);
            for (own, step) in contributions.iter_mut().zip(&*steps) {
                *own = part.contributions[*step as usize];
            }
        }
        for (score, total) in answers.scores.iter_mut().zip(&totals) {
            *score = self.intercept + self.per_point * f64::from(*total);
        }
        let chances = answers
            .scores
            .iter()
            .map(|score| probability(*score, self.calibration));
        answers.probabilities.extend(chances);
    }
}
