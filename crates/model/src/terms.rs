//! Explainable boosting: a sum of curves and of tables for pairs of inputs.

use serde::Serialize;

use crate::{Bags, Deviations, Edit};

/// A sum of terms on the log odds: every term is read off a curve or a table.
///
/// The mean of each term over the training rows is 0, so that the intercept is the score of the average person and a term is
/// what it adds to that.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TermsFit {
    /// Log odds where every term adds nothing.
    pub intercept: f64,
    /// How the models that were averaged differ; absent where they are not kept, and then predictions have no interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bags: Option<Bags>,
    /// One per input, in the order of the inputs.
    pub curves: Vec<Curve>,
    /// What two inputs add together beyond their curves.
    pub pairs: Vec<PairTable>,
    /// What experts changed after learning, the oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<Edit>,
}

/// What one input adds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Curve {
    /// The steps of the input.
    #[serde(flatten)]
    pub side: Side,
    /// Log odds added per step.
    pub scores: Vec<f64>,
    /// Standard error per step: a band of 95 % is 1.96 of them on either side.
    pub standard_errors: Vec<f64>,
    /// Deviations of the bags per step; empty where the model keeps none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deviations: Vec<Deviations>,
}

/// The steps of an input.
///
/// Where the input has the rule `own_effect`, the first step is the missing value; the steps of values follow.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Side {
    /// Name of the input.
    pub input: String,
    /// For numbers and booleans, ascending: a value lies in the step after as many cuts as it reaches. Empty for categories.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cuts: Option<Vec<f64>>,
    /// For categories: the levels of each step; every level of the input once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub levels: Option<Vec<Vec<String>>>,
}

impl Side {
    /// Steps of values, without the one for missing.
    pub fn steps(&self) -> usize {
        match (&self.cuts, &self.levels) {
            (Some(cuts), _) => cuts.len() + 1,
            (None, Some(levels)) => levels.len(),
            (None, None) => 0,
        }
    }
}

/// What two inputs add together.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PairTable {
    /// Down the table.
    pub first: Side,
    /// Across the table.
    pub second: Side,
    /// Log odds added per cell, row by row.
    pub scores: Vec<Vec<f64>>,
    /// Standard error per cell.
    pub standard_errors: Vec<Vec<f64>>,
    /// Deviations of the bags per cell; empty where the model keeps none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deviations: Vec<Vec<Deviations>>,
}

/// The inputs of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// Position of its input, or of the first of a pair.
    pub input: usize,
    /// Position of the second input of a pair.
    pub other: Option<usize>,
}

impl Term {
    /// Whether it is of the same inputs, in whatever order.
    pub(crate) fn is_of(self, other: Self) -> bool {
        let of = |term: Self| (term.other.unwrap_or(term.input), term.input);
        let (one, two) = (of(self), of(other));
        one == two || (self.other.is_some() && other.other.is_some() && one == (two.1, two.0))
    }
}
