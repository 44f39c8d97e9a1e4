//! What is promised of the rows learned from.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A promise of differential privacy for the model file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Privacy {
    /// ε: whoever adds or takes away one row learned from changes the probability of any model by at most a factor e^ε; above 0, at most 20.
    #[schema(exclusive_minimum = 0, maximum = 20)]
    pub epsilon: f64,
    /// δ: with this probability the factor may be larger; above 0, and below one over the number of rows.
    #[schema(exclusive_minimum = 0, maximum = 0.01)]
    pub delta: f64,
    /// For every feature that is a number: between which values it lies. From what it means, never from the rows: these stand in the model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 500)]
    pub ranges: Vec<PublicRange>,
    /// Levels of a category that are known without the rows. Of others the model finds those that many rows have, which takes a part of δ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 500)]
    pub levels: Vec<PublicLevels>,
}

/// Where the values of a feature lie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PublicRange {
    /// One of the features, a number.
    #[schema(min_length = 1, max_length = 100)]
    pub feature: String,
    /// Smaller values count as this one.
    pub minimum: f64,
    /// Larger values count as this one.
    pub maximum: f64,
}

/// Levels that are public.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PublicLevels {
    /// One of the features, a category.
    #[schema(min_length = 1, max_length = 100)]
    pub feature: String,
    /// Its levels.
    #[schema(min_items = 1, max_items = 200)]
    pub levels: Vec<String>,
}
