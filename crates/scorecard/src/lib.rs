#![doc = include_str!("../README.md")]

mod bin;
mod card;
mod error;
mod levels;
mod numbers;
mod optimal;
mod settings;

pub use bin::{Bin, Bins, Group};
pub use card::{CardInput, LeftOut, Reason, Rounding, Scorecard, Total, fit};
pub use error::ScorecardError;
pub use settings::{BinSettings, CardSettings, Trend};

/// A column of the frame to learn from, one value per row; `None` is missing.
#[derive(Clone, Copy, Debug)]
pub enum Column<'a> {
    /// Numbers, whole numbers, yes/no as 1 and 0.
    Numbers(&'a [Option<f64>]),
    /// Levels.
    Levels(&'a [Option<&'a str>]),
}

impl Column<'_> {
    /// Number of rows.
    pub const fn n_rows(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Levels(values) => values.len(),
        }
    }
}

/// A value to score; `None` is missing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// For a column of numbers.
    Number(Option<f64>),
    /// For a column of levels.
    Level(Option<&'a str>),
}

/// Bins of one column.
///
/// # Errors
/// [`ScorecardError`] for outcomes of one class, columns of another length, or numbers that are not finite.
pub fn bin(
    name: &str,
    column: Column<'_>,
    outcome: &[bool],
    settings: &BinSettings,
) -> Result<Bins, ScorecardError> {
    error::check(name, column, outcome)?;
    Ok(match column {
        Column::Numbers(values) => numbers::bins(values, outcome, settings),
        Column::Levels(values) => levels::bins(values, outcome, settings),
    })
}
