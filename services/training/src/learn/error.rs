//! Why nothing was learned.

use std::error::Error;

use helder_types::Fault;

/// A fault of the plan, of the data, or ours.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LearnError {
    /// The caller can do something about it: all faults, without values.
    #[error("the frame cannot be learned from as asked")]
    Invalid(Vec<Fault>),
    /// Stopped between two steps, as asked.
    #[error("stopped")]
    Stopped,
    /// More memory than it may take.
    #[error("{stage} needs {needed} bytes of memory, {allowed} are allowed")]
    Memory {
        /// What needs it.
        stage: &'static str,
        /// Bytes, at most.
        needed: u64,
        /// Bytes.
        allowed: u64,
    },
    /// Ours, or of the file store.
    #[error("learning failed")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

impl LearnError {
    /// One fault.
    pub(super) fn fault(pointer: impl Into<String>, code: &str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![Fault::new(pointer, code, detail)])
    }

    /// There is nothing to tell apart.
    pub(super) fn one_class() -> Self {
        Self::fault(
            "/target",
            "one-class",
            "all outcomes among the rows to learn from are the same",
        )
    }

    pub(super) fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }
}
