//! Why there is no report.

use helder_evaluation::EvaluationError;

/// A fault of the input. Names no values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FairnessError {
    /// A sequence does not have one entry per outcome.
    #[error("{what}: expected {expected} entries, found {found}")]
    LengthMismatch {
        /// Which sequence.
        what: &'static str,
        /// Number of outcomes.
        expected: usize,
        /// Entries given.
        found: usize,
    },
    /// Nothing to compare.
    #[error("there are no rows to compare")]
    Empty,
    /// A probability is none.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    /// A setting is out of its range.
    #[error("{setting} must be {demand}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// What it must be.
        demand: &'static str,
    },
}
