//! What cannot be grouped.

/// Why no groups were made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SegmentationError {
    /// The number of values is not rows times columns.
    #[error("{values} values do not make {rows} rows of {columns} columns")]
    Shape {
        /// Values given.
        values: usize,
        /// Rows told.
        rows: usize,
        /// Columns told.
        columns: usize,
    },
    /// A value is missing or infinite.
    #[error(
        "column {column} has a value that is missing or not finite: fill it or leave the row out"
    )]
    NotFinite {
        /// Index of the first such column.
        column: usize,
    },
    /// A column has one value only and cannot tell groups apart.
    #[error("columns {columns:?} have the same value in every row: leave them out")]
    Constant {
        /// Indices of all such columns.
        columns: Vec<usize>,
    },
    /// k lies outside 2 to the number of distinct rows.
    #[error("k must lie between 2 and {at_most}")]
    GroupCount {
        /// Largest k the data can bear.
        at_most: usize,
    },
    /// A category has more codes than can be counted.
    #[error("column {column} has more than 65,535 different values")]
    TooManyLevels {
        /// Index of the first such column, after the numbers.
        column: usize,
    },
    /// A setting outside its range.
    #[error("{0}")]
    Setting(&'static str),
    /// linfa refused or failed.
    #[error("k-means failed: {0}")]
    Library(String),
}
