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
    /// Values that the model cannot take.
    #[error("{what}: {rows} of the values are not {demand}")]
    Outside {
        /// Which sequence.
        what: &'static str,
        /// What its values must be.
        demand: &'static str,
        /// Rows that hold another value.
        rows: usize,
    },
    /// A continuous outcome is the same everywhere: there is nothing to explain.
    #[error("the outcome is the same in all {rows} rows")]
    ConstantOutcome {
        /// Rows given.
        rows: usize,
    },
    /// All counts are 0: the logarithm of the mean has no finite value.
    #[error("all {rows} counts are 0: no rate can be estimated")]
    AllZero {
        /// Rows given.
        rows: usize,
    },
    /// The columns reproduce a continuous outcome exactly, so that nothing is left to judge the uncertainty by.
    #[error(
        "the columns reproduce the outcome exactly: look for a column that was made from the outcome"
    )]
    PerfectFit,
    /// Values whose squares, or the squares of whose coefficients, do not fit a number.
    #[error(
        "column {0} holds values too large, too small or too far apart to compute with: choose another unit"
    )]
    Scale(String),
    /// Fewer rows than coefficients.
    #[error("{rows} rows do not suffice for {coefficients} coefficients")]
    TooFewRows {
        /// Rows given.
        rows: usize,
        /// Coefficients asked, intercept included.
        coefficients: usize,
    },
    /// A direction in the columns tells the classes apart without error (or rows with count 0 from the rest), so that no
    /// maximum-likelihood estimate exists.
    #[error(
        "the outcome is separated by {}: no finite estimate exists; merge levels, leave the column out, set an L2 penalty, or (for yes and no) ask Firth's penalised likelihood",
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
