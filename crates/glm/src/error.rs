//! Why no model came out.

/// A fault of the data or the settings. Names columns, never values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GlmError {
    /// The lengths do not fit together.
    #[error("{what}: expected {expected} values, found {found}")]
    LengthMismatch {
        /// Which sequence.
        what: String,
        /// Length asked.
        expected: usize,
        /// Length given.
        found: usize,
    },
    /// A column name occurs twice, or is the name of the intercept.
    #[error("column {0} occurs more than once")]
    DuplicateColumn(String),
    /// A column holds a value that is not a finite number.
    #[error("column {0} holds a value that is not a finite number")]
    NotFinite(String),
    /// The outcome has one class only: there is nothing to tell apart.
    #[error("all {rows} outcomes are {class}: both classes are needed")]
    OneClass {
        /// Rows given.
        rows: usize,
        /// The only class.
        class: bool,
    },
    /// Fewer rows than coefficients.
    #[error("{rows} rows do not suffice for {coefficients} coefficients")]
    TooFewRows {
        /// Rows given.
        rows: usize,
        /// Coefficients asked, intercept included.
        coefficients: usize,
    },
    /// A direction in the columns tells the classes apart without error, so that no maximum-likelihood estimate exists.
    #[error(
        "the outcome is separated by {}: no finite estimate exists; merge levels, leave the column out, or set an L2 penalty",
        columns.join(", ")
    )]
    Separation {
        /// Columns of the separating direction, the strongest first.
        columns: Vec<String>,
        /// Rows that the direction classifies strictly; when all, the separation is complete.
        rows_separated: usize,
    },
    /// The gradient did not vanish within the allowed steps.
    #[error(
        "no convergence after {iterations} steps; columns may be nearly dependent or separated"
    )]
    NotConverged {
        /// Steps taken.
        iterations: usize,
    },
    /// A setting is out of its range.
    #[error("{setting} must be {demand}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// What it must be.
        demand: &'static str,
    },
}
