//! A column of a table: what the learners learn from, and what their models are asked about.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// A named column, one value per row.
#[derive(Debug, Clone)]
pub enum Column {
    /// Numbers; `NaN` is missing, infinite values are the smallest and the largest.
    Numeric {
        /// Name, unique among the columns.
        name: String,
        /// A value per row.
        values: Vec<f64>,
    },
    /// Categories without an order.
    Category {
        /// Name, unique among the columns.
        name: String,
        /// Per row the place of its level, `None` is missing.
        codes: Vec<Option<u32>>,
        /// The levels.
        levels: Vec<String>,
    },
}

/// A value to ask about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Nothing is known.
    Missing,
    /// Of a column of numbers; `NaN` is missing.
    Number(f64),
    /// Of a column of categories: a level by its name.
    Level(&'a str),
}

/// Which way the answer must go where the value of a column rises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// A larger value never lowers the answer.
    Rising,
    /// A larger value never raises the answer.
    Falling,
}

/// Why columns are no table. Names columns and counts, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnFault {
    /// Columns, or what goes with them, do not have the same number of rows.
    #[error("column {column:?} has {found} rows where {expected} are expected")]
    Rows {
        /// The column, or what goes with it (`weight`).
        column: String,
        /// Its rows.
        found: usize,
        /// Those of the outcome.
        expected: usize,
    },
    /// Two columns have one name.
    #[error("column {0:?} is there twice")]
    Twice(String),
    /// A category column names a level it does not have.
    #[error("column {0:?} has a code without a level")]
    Code(String),
}

impl Column {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Numeric { name, .. } | Self::Category { name, .. } => name,
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Numeric { values, .. } => values.len(),
            Self::Category { codes, .. } => codes.len(),
        }
    }

    /// Whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether columns have so many rows, names of their own, and levels for all codes.
    ///
    /// # Errors
    /// The first [`ColumnFault`].
    pub fn check(columns: &[Self], rows: usize) -> Result<(), ColumnFault> {
        let mut names = BTreeSet::new();
        for column in columns {
            column.check_one(rows)?;
            if !names.insert(column.name()) {
                return Err(ColumnFault::Twice(column.name().to_owned()));
            }
        }
        Ok(())
    }

    fn check_one(&self, rows: usize) -> Result<(), ColumnFault> {
        if self.len() != rows {
            return Err(ColumnFault::Rows {
                column: self.name().to_owned(),
                found: self.len(),
                expected: rows,
            });
        }
        let has_level = match self {
            Self::Numeric { .. } => true,
            Self::Category { codes, levels, .. } => {
                let mut codes = codes.iter().flatten();
                codes.all(|code| (*code as usize) < levels.len())
            }
        };
        if has_level {
            Ok(())
        } else {
            Err(ColumnFault::Code(self.name().to_owned()))
        }
    }
}
