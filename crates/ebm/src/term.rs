//! The terms of a model: tables of what a bin adds to the score.

use serde::{Deserialize, Serialize};

use crate::Bin;

/// What one input adds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShapeTerm {
    /// Place of its input.
    pub input: usize,
    /// Log-odds added per bin: missing, the bins of values, unknown. Their mean over the training rows is 0.
    pub scores: Vec<f64>,
    /// Standard error of each score, from the spread over the bags (see [`ShapeTerm::band`]); 0 with one bag.
    pub standard_errors: Vec<f64>,
    /// Training rows per bin.
    pub counts: Vec<f64>,
}

impl ShapeTerm {
    /// Where the score of a bin lies with about 95 % of certainty: the score and 1.96 standard errors on either side.
    ///
    /// Bags are drawn without replacement, each with the same share of the rows, so that their spread is that of a jackknife
    /// which leaves out many rows: the variance times rows drawn over rows left out. What early stopping and few bins smooth
    /// away is not in it. How often the band holds the truth is measured in `tests/it/bands.rs`.
    ///
    /// # Source
    /// Shao and Wu (1989), "A general theory for jackknife variance estimation", doi:10.1214/aos/1176347263.
    pub fn band(&self, bin: Bin) -> [f64; 2] {
        let place = usize::from(bin.0);
        let half = 1.96 * self.standard_errors[place];
        [self.scores[place] - half, self.scores[place] + half]
    }
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
    /// Standard error of each score, as in [`ShapeTerm`].
    pub standard_errors: Vec<f64>,
    /// Training rows per cell.
    pub counts: Vec<f64>,
}

impl PairTerm {
    pub(crate) fn score(&self, bins: &[u8]) -> f64 {
        self.scores[self.cell(bins)]
    }

    pub(crate) fn cell(&self, bins: &[u8]) -> usize {
        let [first, second] =
            [0, 1].map(|side| self.coarse[side][bins[self.inputs[side]] as usize] as usize);
        first * self.across + second
    }
}
