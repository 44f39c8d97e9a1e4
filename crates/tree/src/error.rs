//! What can be wrong with input.

use helder_types::column::ColumnFault;

/// Why no tree or list was made, or no answer given. Names columns and counts, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TreeError {
    /// There is no column to learn from.
    #[error("at least one column is needed")]
    Empty,
    /// The columns are no table.
    #[error(transparent)]
    Column(#[from] ColumnFault),
    /// All outcomes are equal.
    #[error("all {0} rows have the same outcome: both are needed")]
    OneClass(usize),
    /// One split with full leaves needs more rows.
    #[error("{found} rows are too few: {needed} are needed for one split")]
    TooFewRows {
        /// Rows given.
        found: usize,
        /// Rows with which both those that choose and those that estimate can fill two leaves.
        needed: usize,
    },
    /// One split with full leaves needs more clusters.
    #[error(
        "{found} clusters are too few: with about {needed} those that only estimate can fill two leaves"
    )]
    TooFewClusters {
        /// Clusters given (persons, households).
        found: usize,
        /// Clusters with which those that estimate can fill two leaves.
        needed: usize,
    },
    /// Not every row has its cluster.
    #[error("{found} clusters where there are {expected} rows")]
    Clusters {
        /// Clusters given, one per row.
        found: usize,
        /// Rows.
        expected: usize,
    },
    /// A split of the rows would be as good by chance, whatever the column: an answer would be the same for everybody.
    #[error("no column tells the outcomes apart")]
    NothingFound,
    /// A setting lies outside its range.
    #[error("{setting} must be {demand}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// What it must be.
        demand: &'static str,
    },
    /// There is no such column.
    #[error("there is no column {0:?}")]
    NoColumn(String),
    /// Categories have no direction.
    #[error("column {0:?} has categories: only a number can be made to rise or fall")]
    NoOrder(String),
    /// A row to score has another number of values than the model has inputs.
    #[error("{found} values where there are {expected} inputs")]
    Values {
        /// Values given.
        found: usize,
        /// Inputs of the model.
        expected: usize,
    },
    /// A value has another kind than its input.
    #[error("input {0:?} takes a value of the other kind")]
    Kind(String),
}
