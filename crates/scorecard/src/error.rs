//! Why there is no scorecard.

use crate::Column;

/// A fault of the data. Names columns and counts, never values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScorecardError {
    /// All outcomes are equal, so nothing can be told apart.
    #[error("all {rows} outcomes are {class}: both classes are needed")]
    OneClass {
        /// Rows given.
        rows: usize,
        /// The only class.
        class: bool,
    },
    /// A column of another length than the outcomes.
    #[error("column {column} has {found} rows where there are {expected} outcomes")]
    LengthMismatch {
        /// The column.
        column: String,
        /// Outcomes.
        expected: usize,
        /// Rows of the column.
        found: usize,
    },
    /// Infinite or no number.
    #[error("column {column} has {rows} values that are no finite number; give them as missing")]
    NotFinite {
        /// The column.
        column: String,
        /// Rows with such a value.
        rows: usize,
    },
    /// Two columns of one name.
    #[error("column {0} is there twice")]
    DuplicateColumn(String),
    /// A setting is out of its range.
    #[error("{setting} must be {demand}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// What it must be.
        demand: &'static str,
    },
    /// No column says anything about the outcome that the others do not say.
    #[error("no column tells the outcomes apart")]
    NothingLeft,
    /// The weights could not be estimated.
    #[error("the weights could not be estimated")]
    NotEstimated(#[from] helder_glm::GlmError),
    /// A row of another shape than the card.
    #[error(
        "a row has {found} values where the card has {expected} inputs, or one of another type"
    )]
    OtherRow {
        /// Inputs of the card.
        expected: usize,
        /// Values given.
        found: usize,
    },
}

/// Checks that a column can be binned.
pub(crate) fn check(
    name: &str,
    column: Column<'_>,
    outcome: &[bool],
) -> Result<(), ScorecardError> {
    if column.n_rows() != outcome.len() {
        return Err(ScorecardError::LengthMismatch {
            column: name.to_owned(),
            expected: outcome.len(),
            found: column.n_rows(),
        });
    }
    classes(outcome)?;
    if let Column::Numbers(values) = column {
        let rows = values
            .iter()
            .flatten()
            .filter(|value| !value.is_finite())
            .count();
        if rows > 0 {
            return Err(ScorecardError::NotFinite {
                column: name.to_owned(),
                rows,
            });
        }
    }
    Ok(())
}

/// Checks that there are outcomes of both classes.
pub(crate) fn classes(outcome: &[bool]) -> Result<(), ScorecardError> {
    let events = outcome.iter().filter(|event| **event).count();
    if events == 0 || events == outcome.len() {
        return Err(ScorecardError::OneClass {
            rows: outcome.len(),
            class: events > 0,
        });
    }
    Ok(())
}
