//! What training estimated, as numbers.

use serde::Serialize;

use crate::{Meaning, SplineTerm};

/// Estimates of a regression that is linear on the scale of the link.
///
/// The *parameters* have one fixed order: intercept, `linear_terms`, the columns of each of `spline_terms`, the levels
/// of each of `category_terms`, `missing_terms`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LinearFit {
    /// Score when every term is zero.
    pub intercept: Intercept,
    /// Inputs of type number, integer, boolean: at most one term per input.
    pub linear_terms: Vec<LinearTerm>,
    /// Inputs of type number or integer that count as a curve.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub spline_terms: Vec<SplineTerm>,
    /// Inputs of type category.
    pub category_terms: Vec<CategoryTerm>,
    /// One per input with rule `median_and_indicator`.
    pub missing_terms: Vec<MissingTerm>,
    /// Covariance of the parameters in their fixed order: lower triangle, row by row, row `i` has `i + 1` numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covariance: Option<Vec<Vec<f64>>>,
}

impl LinearFit {
    /// Count of parameters, the intercept included.
    pub fn parameter_count(&self) -> usize {
        let levels: usize = self
            .category_terms
            .iter()
            .map(|term| term.levels.len())
            .sum();
        let bends: usize = self
            .spline_terms
            .iter()
            .map(|term| term.columns.len())
            .sum();
        1 + self.linear_terms.len() + bends + levels + self.missing_terms.len()
    }
}

/// The intercept.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Intercept {
    /// Log odds.
    pub coefficient: f64,
    /// Standard error, where the method gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standard_error: Option<f64>,
}

/// `coefficient` × value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LinearTerm {
    /// Name of the input.
    pub input: String,
    /// Log odds per unit.
    pub coefficient: f64,
    /// Standard error, where the method gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standard_error: Option<f64>,
    /// Mean over the training rows (after filling in missing values); contributions are counted from here.
    pub mean: f64,
}

/// One coefficient per level; the reference level has none.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CategoryTerm {
    /// Name of the input.
    pub input: String,
    /// The level with coefficient zero.
    pub reference_level: String,
    /// Every other level of the input, each once.
    pub levels: Vec<LevelTerm>,
}

/// Effect of one level against the reference level.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LevelTerm {
    /// The level.
    pub level: String,
    /// Log odds against the reference level.
    pub coefficient: f64,
    /// Standard error, where the method gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standard_error: Option<f64>,
    /// Share of the training rows with this level, in `[0, 1]`.
    pub mean: f64,
}

/// Counts when the input's value is missing.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MissingTerm {
    /// Name of the input.
    pub input: String,
    /// Log odds of missing against the median being known.
    pub coefficient: f64,
    /// Standard error, where the method gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standard_error: Option<f64>,
    /// Share of the training rows with the value missing, in `[0, 1]`.
    pub mean: f64,
}

/// Centres of k-means on standardised inputs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KMeansFit {
    /// One per input, in the order of the inputs: standardised = (value − mean) / scale.
    pub standardisation: Vec<Standardisation>,
    /// The groups.
    pub centres: Vec<Centre>,
    /// Sum of squared distances to the nearest centre over the training rows.
    pub inertia: f64,
}

/// How one input is brought to a common scale.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standardisation {
    /// Name of the input.
    pub input: String,
    /// Mean in training.
    pub mean: f64,
    /// Divisor, > 0 (standard deviation, or 1 for a constant column).
    pub scale: f64,
}

/// One group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Centre {
    /// What the group is called.
    pub name: Meaning,
    /// Training rows nearest to it.
    pub rows: u64,
    /// Its place on the standardised scale, one number per input.
    pub values: Vec<f64>,
}
