//! What is learned from, and what is asked about.

use crate::TreeError;

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

    pub(crate) fn check(&self, rows: usize) -> Result<(), TreeError> {
        if self.len() != rows {
            return Err(TreeError::Rows {
                column: self.name().to_owned(),
                found: self.len(),
                expected: rows,
            });
        }
        match self {
            Self::Category {
                name,
                codes,
                levels,
            } if codes
                .iter()
                .flatten()
                .any(|code| *code as usize >= levels.len()) =>
            {
                Err(TreeError::Code(name.clone()))
            }
            _ => Ok(()),
        }
    }
}

/// A value to ask about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Of a column of numbers; `NaN` is missing.
    Number(f64),
    /// Of a column of categories.
    Level(&'a str),
    /// Of either.
    Missing,
}
