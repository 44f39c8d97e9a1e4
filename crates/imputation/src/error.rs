//! What cannot be imputed or pooled.

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ImputationError {
    /// The table cannot be used; every fault at once.
    #[error("the table has {} faults: {}", .0.len(), .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Table(Vec<Fault>),
    /// A setting out of range.
    #[error("{name} {demand}")]
    Setting {
        /// Which.
        name: &'static str,
        /// What it must be.
        demand: &'static str,
    },
    /// What is pooled has other numbers of parameters, no estimates, or numbers that are not finite.
    #[error("estimates to pool: {0}")]
    Estimates(&'static str),
}

/// One fault of a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No column, or no row.
    #[error("there are no rows or no columns")]
    Empty,
    /// Two columns of one name.
    #[error("column {0} is given twice")]
    Duplicate(String),
    /// Not one value per row.
    #[error("column {name} has {found} values where the first column has {expected}")]
    Length {
        /// The column.
        name: String,
        /// Values of the first column.
        expected: usize,
        /// Values found.
        found: usize,
    },
    /// An infinite number: only NaN stands for missing.
    #[error("column {0} has an infinite value")]
    Infinite(String),
    /// A code without a level.
    #[error("column {0} has a code that is none of its levels")]
    Code(String),
    /// A level given twice.
    #[error("column {0} gives a level twice")]
    Level(String),
    /// Nothing is known of a column.
    #[error("column {0} has no value at all: leave it out")]
    AllMissing(String),
}
