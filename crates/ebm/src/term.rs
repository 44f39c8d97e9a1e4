//! The terms of a model: tables of what a bin adds to the score.

use serde::{Deserialize, Serialize};

/// What one input adds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShapeTerm {
    /// Place of its input.
    pub input: usize,
    /// Log-odds added per bin: missing, the bins of values, unknown. Their mean over the training rows is 0.
    pub scores: Vec<f64>,
    /// Standard deviation of each score over the bags. It tells how steady the curve is; it is no confidence interval.
    pub bag_sds: Vec<f64>,
    /// Training rows per bin.
    pub counts: Vec<f64>,
}

/// What two inputs add together, beyond what each adds alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairTerm {
    /// Places of its inputs.
    pub inputs: [usize; 2],
    /// For each bin of each input its row or column in the table.
    pub coarse: [Vec<u8>; 2],
    /// Cells per row of the table.
    pub across: usize,
    /// Log-odds added per cell, row by row.
    pub scores: Vec<f64>,
    /// Standard deviation of each score over the bags.
    pub bag_sds: Vec<f64>,
    /// Training rows per cell.
    pub counts: Vec<f64>,
}

impl PairTerm {
    pub(crate) fn score(&self, bins: &[u8]) -> f64 {
        let [first, second] =
            [0, 1].map(|side| self.coarse[side][bins[self.inputs[side]] as usize] as usize);
        self.scores[first * self.across + second]
    }
}
