//! Where a prediction should go.

use crate::{Calibration, Kind, Link, Model};

/// What a probability or a value should become.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// This or lower.
    AtMost(f64),
    /// This or higher.
    AtLeast(f64),
}

/// A goal that no score reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GoalFault {
    /// A probability or a share.
    #[error("a probability lies above 0 and below 1")]
    NoProbability,
    /// An amount or a count.
    #[error("the answers of this model are above 0")]
    NotPositive,
    /// Not a number.
    #[error("a finite number is wanted here")]
    NotFinite,
}

/// From a goal to the score that reaches it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    link: Link,
    calibration: Calibration,
}

impl Goal {
    /// The number of it.
    pub const fn number(self) -> f64 {
        match self {
            Self::AtMost(number) | Self::AtLeast(number) => number,
        }
    }

    /// Whether an answer is there, but for rounding.
    pub fn is_met(self, answer: f64) -> bool {
        match self {
            Self::AtMost(goal) => answer <= goal + 1e-12 * goal.abs().max(1.0),
            Self::AtLeast(goal) => answer >= goal - 1e-12 * goal.abs().max(1.0),
        }
    }
}

impl Scale {
    pub(super) const fn new(model: &Model) -> Self {
        Self {
            link: match model.kind {
                Kind::BinaryClassification => Link::Logit,
                Kind::Regression | Kind::Clustering | Kind::Survival => model.link,
            },
            calibration: model.calibration,
        }
    }

    /// The score at which the answer is the goal.
    pub(super) fn score(self, goal: Goal) -> Result<f64, GoalFault> {
        let goal = goal.number();
        if !goal.is_finite() {
            return Err(GoalFault::NotFinite);
        }
        let score = match self.link {
            Link::Logit if goal > 0.0 && goal < 1.0 => (goal / (1.0 - goal)).ln(),
            Link::Log if goal > 0.0 => goal.ln(),
            Link::Log => return Err(GoalFault::NotPositive),
            Link::Cloglog if goal > 0.0 && goal < 1.0 => (-(-goal).ln_1p()).ln(),
            Link::Logit | Link::Cloglog => return Err(GoalFault::NoProbability),
            Link::Identity | Link::None => goal,
        };
        Ok(match self.calibration {
            Calibration::None => score,
            Calibration::Logistic { intercept, slope } => (score - intercept) / slope,
        })
    }
}
