//! What can go wrong with a frame.

use std::time::Duration;

/// One fault in what was asked. Names tables, columns and functions; never a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameFault {
    /// JSON pointer into the query (`/sql`, `/tables/0/alias`).
    pub pointer: String,
    /// Stable code of the rule.
    pub code: &'static str,
    /// What to do about it.
    pub detail: String,
}

impl FrameFault {
    pub(crate) fn new(
        pointer: impl Into<String>,
        code: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            detail: detail.into(),
        }
    }

    pub(crate) fn sql(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new("/sql", code, detail)
    }
}

/// Why no frame was made. Nothing is left behind in the output file's place that could be taken for a frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The query cannot be run as asked; all faults found.
    #[error("the frame cannot be built as asked ({} faults)", .0.len())]
    Invalid(Vec<FrameFault>),
    /// The query ran longer than allowed and was stopped.
    #[error("the query was stopped after {0:?}; select fewer rows or join on keys")]
    TimeLimit(Duration),
    /// The query needs more memory or spill space than allowed.
    #[error("the query needs more memory than {0} bytes; select fewer rows or columns")]
    MemoryLimit(usize),
    /// The result has more rows than allowed.
    #[error("the frame would have more than {0} rows")]
    RowLimit(u64),
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
    /// A value did not fit an operation of the query (a cast, a division by zero).
    #[error(
        "a value does not fit an operation of the query; use try_cast or nullif where values are not clean"
    )]
    Value,
    /// A fault that is not the query's: reading a table, writing the frame.
    #[error("the frame could not be built")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl FrameError {
    pub(crate) fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }
}
