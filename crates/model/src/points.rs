//! A scorecard: whole points that are added up, and what the total means.

use serde::Serialize;

use crate::Side;

/// Points per step of every input. Score = `intercept` + `per_point` × total of the points.
///
/// The total is a whole number, so equal totals have equal scores to the last bit, and what somebody adds up by hand is what the model
/// answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PointsFit {
    /// Log odds of a total of 0 points.
    pub intercept: f64,
    /// Log odds per point, > 0.
    pub per_point: f64,
    /// One per input, in the order of the inputs.
    pub inputs: Vec<InputPoints>,
}

/// What one input adds to the total.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InputPoints {
    /// The steps of the input.
    #[serde(flatten)]
    pub side: Side,
    /// Whole points per step.
    pub points: Vec<u32>,
    /// Mean over the training rows; contributions are counted from here.
    pub mean: f64,
}

impl PointsFit {
    /// The score of a total.
    pub fn score(&self, total: u32) -> f64 {
        self.intercept + self.per_point * f64::from(total)
    }

    /// Points of an average training row.
    pub fn mean(&self) -> f64 {
        self.inputs.iter().map(|input| input.mean).sum()
    }

    /// The largest total that can be reached.
    pub fn most(&self) -> u32 {
        let most = |input: &InputPoints| input.points.iter().copied().max().unwrap_or(0);
        self.inputs.iter().map(most).sum()
    }
}
