//! Why there is no yardstick.

/// What does not fit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum YardstickError {
    /// No column, or no row to learn from or to stop by.
    #[error("give at least one column, and rows to learn from and to stop by")]
    Empty,
    /// A column of another length, or a row beyond the end.
    #[error("columns, outcome and row numbers do not fit each other")]
    Rows,
    /// A value without bounds.
    #[error("a value is infinite; missing is NaN")]
    Infinite,
    /// Rows to learn from or to stop by that all have one outcome.
    #[error("all outcomes of the rows to learn from, or to stop by, are the same")]
    OneClass,
    /// Of the library.
    #[error("the trees could not be grown")]
    Grow(#[source] forust_ml::errors::ForustError),
}
