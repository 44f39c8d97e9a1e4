//! What a model wants to know of a subject.

use serde::Serialize;

use crate::{Actionable, Meaning, Preparation};

/// One input of a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    /// Column name in the frame and key in a prediction request.
    pub name: String,
    /// Type of its values.
    #[serde(rename = "type")]
    pub kind: InputType,
    /// Unit, for instance `maanden` or `eurocent`; absent where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Smallest and largest value seen in training; required for `number` and `integer`, absent for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub training_range: Option<TrainingRange>,
    /// All levels known to the model; filled for `category`, empty for others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<Category>,
    /// What happens with a level not in `categories`; required for `category`, absent for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown_category: Option<UnknownCategory>,
    /// What happens when the value is missing.
    pub missing: MissingRule,
    /// What turns the raw value into the one that the model works with; absent where they are the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preparation: Option<Preparation>,
    /// What it is, as the reasons call it.
    pub meaning: Meaning,
    /// Where it comes from, for instance `wmo.voorzieningen.aantal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_field: Option<String>,
    /// Why it may be used for this purpose.
    pub justification: String,
    /// How somebody can change it by what they do; absent where nobody can, and then no advice is about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actionable: Option<Actionable>,
}

/// Type of an input's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InputType {
    /// A finite number.
    Number,
    /// A whole number, exact below 2⁵³.
    Integer,
    /// True or false; counts as 1 or 0.
    Boolean,
    /// One of a list of levels.
    Category,
}

/// Smallest and largest value seen in training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TrainingRange {
    /// Smallest.
    pub minimum: f64,
    /// Largest.
    pub maximum: f64,
}

/// A level of a category.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Category {
    /// As it stands in the data.
    pub level: String,
    /// What it is called, where the level itself is a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meaning: Option<Meaning>,
}

/// What happens when the value of an input is missing.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum MissingRule {
    /// `value` (the median in training) is filled in and a missing indicator counts with its own coefficient.
    MedianAndIndicator {
        /// The median; 0 or 1 for a boolean.
        value: f64,
    },
    /// `value` is filled in and flagged, without an indicator.
    Median {
        /// The median; 0 or 1 for a boolean.
        value: f64,
    },
    /// A missing category counts as this level.
    Level {
        /// One of the input's categories.
        level: String,
    },
    /// Missing counts by itself, as the model learned it; nothing is filled in. Numbers and booleans of explainable boosting,
    /// scorecards, decision trees and rule lists only.
    OwnEffect,
    /// Missing counts neither for nor against any answer: the value is left out. k-prototypes only.
    LeftOut,
    /// A subject with this value missing gets no prediction.
    Reject,
}

/// What happens with a level that training did not know.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum UnknownCategory {
    /// It counts as this level, with a warning.
    Level {
        /// One of the input's categories.
        level: String,
    },
    /// The subject gets no prediction.
    Reject,
}
