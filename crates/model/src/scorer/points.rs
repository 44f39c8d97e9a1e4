//! Whole points, added up.

use super::{Answer, Row, probability, steps::Steps};
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
    mean: f64,
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
                    mean: part.mean,
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
            let points = part.points.get(part.steps.of(cell)).copied().unwrap_or(0);
            total += points;
            answer.points.push(points);
            let contribution = self.per_point * (f64::from(points) - part.mean);
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
}
