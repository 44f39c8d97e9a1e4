//! Why a file, a contract or a recipe cannot be used.

use helder_types::Fault;

/// What stops work on a dataset. No variant carries a value from the data.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The input is refused; every fault that was found is listed.
    #[error("refused: {}", .0.iter().map(|fault| fault.detail.as_str()).collect::<Vec<_>>().join("; "))]
    Refused(Vec<Fault>),
    /// The input is larger than a limit allows.
    #[error("{what} exceeds the limit of {limit}")]
    TooLarge {
        /// What grew too large, for instance `expanded bytes`.
        what: &'static str,
        /// The limit, in the unit that `what` names.
        limit: u64,
    },
    /// Reading or writing failed.
    #[error("reading or writing failed")]
    Io(#[from] std::io::Error),
    /// A Parquet file could not be read or written.
    #[error("the Parquet file cannot be read or written")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// A table could not be assembled.
    #[error("a table cannot be assembled")]
    Arrow(#[from] arrow::error::ArrowError),
    /// The caller asked to stop.
    #[error("stopped on request")]
    Stopped,
    /// A count that must hold does not: a fault in this program.
    #[error("invariant broken: {0}")]
    Invariant(&'static str),
}

impl DatasetError {
    /// A refusal with one fault.
    pub fn refused(pointer: impl Into<String>, code: &str, detail: impl Into<String>) -> Self {
        Self::Refused(vec![Fault::new(pointer, code, detail)])
    }
}

/// Result of work on a dataset.
pub type Result<T, E = DatasetError> = std::result::Result<T, E>;
