//! What can be asked beside a prediction: what would change it, and how many training rows resemble it.

use helder_model::Meaning;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::InputValue;

/// Where the answer should go: one of `atMost` and `atLeast`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CounterfactualGoal {
    /// The probability, or the value, should be this or lower. A probability lies above 0 and below 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// The probability, or the value, should be this or higher.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// How many inputs may change at once; 3 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 10)]
    pub most_changes: Option<u32>,
}

/// What would change the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CounterfactualOutcome {
    /// Nothing: it is there already.
    Reached,
    /// The `changes`.
    Change,
    /// No change that the model allows gets there.
    None,
    /// The model says of no input that somebody can change it.
    NothingActionable,
}

/// The smallest change of what somebody can change after which the answer is as asked.
///
/// Only inputs that training declared actionable change, only as declared there, never beyond what occurred in training, and never an
/// input whose value is not known. It says what the model would answer, not what would happen in the world.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CounterfactualAnswer {
    /// What would have to change.
    pub outcome: CounterfactualOutcome,
    /// Whether nothing smaller exists, or none at all; false when the search had to stop.
    pub is_exact: bool,
    /// The inputs to change; empty unless `outcome` is `change`.
    pub changes: Vec<InputChange>,
    /// What the model answers after the change; absent for models that estimate a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// What the model estimates after the change; absent for models that give a probability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The same in plain language.
    pub text: Meaning,
}

/// A change of one input.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InputChange {
    /// The input.
    pub input: String,
    /// Its value now; 1 and 0 for true and false.
    pub from: InputValue,
    /// Its value after the change.
    pub to: InputValue,
    /// The same in plain language.
    pub text: Meaning,
}

/// Training rows like this one: in the same cell of the inputs that weigh most.
///
/// Cells have at least ten rows. How many had the event is told only where it and its complement are at least ten and where that gives
/// no other count away.
#[derive(Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SimilarCasesAnswer {
    /// The inputs in which they are about equal.
    pub inputs: Vec<String>,
    /// How many there are, at least ten.
    pub rows: u64,
    /// Training rows in all.
    pub training_rows: u64,
    /// How many of `rows` had the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    /// `events` as a share of `rows`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1)]
    pub share: Option<f64>,
    /// Why `events` is not told: `few` (fewer than ten), `most` (all but fewer than ten), `protects` (it would give away another count).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withheld: Option<String>,
    /// The same in plain language.
    pub text: Meaning,
}
