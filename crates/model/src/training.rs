//! From what a model was made.

use helder_types::Digest;
use serde::Serialize;

/// Lineage and settings of the run that made the model.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Training {
    /// The versions the frame was made of.
    pub parents: Vec<Parent>,
    /// The frame: one row per unit at a reference date.
    pub frame_digest: Digest,
    /// Rows used to fit.
    pub rows: u64,
    /// Of these, rows with the event; absent where there is no event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    /// How rows were kept apart for evaluation.
    pub split: Split,
    /// Seed of everything random.
    pub seed: u64,
    /// Version of the code that trained it, for instance `helder-training 0.1.0`.
    pub code_version: String,
    /// Columns kept out of the inputs and used to judge fairness.
    pub sensitive_features: Vec<String>,
}

/// A parent of the frame.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parent {
    /// Alias of the table in the frame's SQL.
    pub name: String,
    /// Digest of the bytes read.
    pub digest: Digest,
}

/// How rows were kept apart for evaluation.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(
    tag = "rule",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
pub enum Split {
    /// Rows with a reference date before `test_from` fit, the others test.
    Time {
        /// First day of the test rows, `YYYY-MM-DD`.
        test_from: String,
    },
    /// A seeded draw of rows (of whole groups, if `group` names a column).
    Random {
        /// Share kept apart, in `(0, 1)`.
        test_share: f64,
        /// Column whose equal values stay together.
        #[serde(skip_serializing_if = "Option::is_none")]
        group: Option<String>,
    },
    /// A column of the frame says it: rows with this `value` test.
    Column {
        /// Name of the column.
        column: String,
        /// Its value for test rows.
        value: String,
    },
    /// Every row fits; the evaluation is on the training rows and says so.
    None,
}
