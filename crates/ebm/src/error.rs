//! What can be wrong with input.

use helder_types::column::ColumnFault;

/// Why no model was made, or no answer given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EbmError {
    /// There is no row or no column to learn from.
    #[error("at least two rows and one column are needed")]
    Empty,
    /// The columns are no table, or the weights are not as many.
    #[error(transparent)]
    Column(#[from] ColumnFault),
    /// All outcomes are equal.
    #[error("all rows have the same outcome")]
    OneClass,
    /// A weight is negative or no number.
    #[error("weights are finite, not negative, and not all zero")]
    Weight,
    /// Too many levels to be told apart.
    #[error(
        "column {column:?} has {found} levels; {limit} are the most: merge the rare ones first"
    )]
    Levels {
        /// The column.
        column: String,
        /// Its levels.
        found: usize,
        /// The most there may be.
        limit: usize,
    },
    /// A setting lies outside its range.
    #[error("setting {0} lies outside its range")]
    Setting(&'static str),
    /// A row to score has another number of values than the model has inputs.
    #[error("{found} values where the model has {expected} inputs")]
    Values {
        /// Values given.
        found: usize,
        /// Inputs of the model.
        expected: usize,
    },
    /// A value has another kind than its input.
    #[error("input {0:?} takes a value of the other kind")]
    Kind(String),
    /// A curve over categories has no direction.
    #[error("column {0:?} has categories: only a number can be made to rise or fall")]
    NoOrder(String),
    /// Learning was asked to end.
    #[error("learning was cancelled")]
    Cancelled,
    /// There is no such input.
    #[error("there is no input {0:?}")]
    NoInput(String),
    /// A private model needs to know between which numbers the values of a column lie, not from the rows.
    #[error("column {0:?} needs limits that do not come from the rows: finite, the smaller first")]
    NoLimits(String),
    /// There are no random bits for the noise.
    #[error("there are no random bits to draw noise from")]
    NoChance,
    /// The noise that a promise asks for would drown the curves.
    #[error(
        "about {found} rows are too few for this privacy: at this epsilon it takes about {needed}, \
         or use fewer columns or a larger epsilon"
    )]
    TooFewForPrivacy {
        /// Rows, with noise.
        found: u64,
        /// Rows that would do.
        needed: u64,
    },
}
