//! How a tree is learned.

use serde::{Deserialize, Serialize};

use crate::{Direction, TreeError};

/// What a split must lower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The squared error; twice that is the Gini impurity.
    SquaredError,
    /// The log loss (entropy), which sees more in outcomes that are rare.
    LogLoss,
}

/// How much of the grown tree is kept.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pruning {
    /// All of it.
    None,
    /// Splits that lower the error per row by more than this for each leaf that they cost. At least 0. scikit-learn's `ccp_alpha` is
    /// twice this, of the squared error.
    Price(f64),
    /// The smallest tree whose error on rows left out, by the measure, is at most so many standard errors above the least. None at all
    /// unless the best is better than no split by one standard error.
    CrossValidated {
        /// Parts of the rows, each left out once. 2–20.
        folds: usize,
        /// 0 takes the best, 1 is the rule of Breiman and others for a smaller tree. From 0 to 5.
        standard_errors: f64,
    },
}

/// Settings of a tree. The defaults serve tables of municipal size.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Most questions on the way to an answer. 1–10.
    pub max_depth: usize,
    /// Least rows of a leaf, both of the rows that choose splits and of those that estimate. At least 1.
    pub min_leaf_rows: usize,
    /// Share of the rows that choose no split and only estimate. 0 lets all rows do both, and then there is no interval. From 0 to 0.8.
    pub honest_share: f64,
    /// What splits and pruning go by.
    pub measure: Measure,
    /// How much of the grown tree is kept.
    pub pruning: Pruning,
    /// Numbers whose answer must rise or fall.
    pub monotone: Vec<(String, Direction)>,
    /// Whether a cut is the shortest number between the two values that it parts, instead of their middle.
    pub round_cuts: bool,
    /// Of the interval. Above 0 and below 1.
    pub confidence: f64,
    /// Where draws start.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_depth: 5,
            min_leaf_rows: 10,
            honest_share: 0.3,
            measure: Measure::LogLoss,
            pruning: Pruning::CrossValidated {
                folds: 10,
                standard_errors: 0.0,
            },
            monotone: Vec::new(),
            round_cuts: true,
            confidence: 0.95,
            seed: 42,
        }
    }
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), TreeError> {
        let fault = |setting, demand| Err(TreeError::Setting { setting, demand });
        if !(1..=10).contains(&self.max_depth) {
            return fault("max_depth", "1 to 10");
        }
        if let Pruning::Price(price) = self.pruning
            && !(price >= 0.0 && price.is_finite())
        {
            return fault("price", "0 or more");
        }
        if let Pruning::CrossValidated {
            folds,
            standard_errors,
        } = self.pruning
        {
            if !(2..=20).contains(&folds) {
                return fault("folds", "2 to 20");
            }
            if !(0.0..=5.0).contains(&standard_errors) {
                return fault("standard_errors", "from 0 to 5");
            }
        }
        common(self.min_leaf_rows, self.honest_share, self.confidence)
    }
}

/// What trees and lists have in common.
pub(crate) fn common(min_rows: usize, honest_share: f64, confidence: f64) -> Result<(), TreeError> {
    let fault = |setting, demand| Err(TreeError::Setting { setting, demand });
    if min_rows == 0 {
        return fault("min_leaf_rows", "at least 1");
    }
    if !(0.0..=0.8).contains(&honest_share) {
        return fault("honest_share", "from 0 to 0.8");
    }
    if !(confidence > 0.0 && confidence < 1.0) {
        return fault("confidence", "above 0 and below 1");
    }
    Ok(())
}
