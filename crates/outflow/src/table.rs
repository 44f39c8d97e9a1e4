//! The columns of a frame, in memory.

use std::{borrow::Cow, collections::BTreeMap};

/// A column with its gaps.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Numbers, whole or not; true and false as 1 and 0. What is not finite counts as missing.
    Number(Vec<Option<f64>>),
    /// Texts; the empty text counts as missing.
    Text(Vec<Option<String>>),
}

/// Columns by name, all of one length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    columns: BTreeMap<String, Column>,
    rows: usize,
}

impl Column {
    fn len(&self) -> usize {
        match self {
            Self::Number(values) => values.len(),
            Self::Text(values) => values.len(),
        }
    }

    /// The finite number in a row.
    pub(crate) fn number(&self, row: usize) -> Option<f64> {
        match self {
            Self::Number(values) => values[row].filter(|value| value.is_finite()),
            Self::Text(_) => None,
        }
    }

    /// The code in a row: the text, or the number as it is written.
    pub(crate) fn code(&self, row: usize) -> Option<Cow<'_, str>> {
        match self {
            // Adding zero turns -0 into 0.
            Self::Number(_) => self
                .number(row)
                .map(|value| Cow::Owned((value + 0.0).to_string())),
            Self::Text(values) => values[row]
                .as_deref()
                .filter(|text| !text.is_empty())
                .map(Cow::Borrowed),
        }
    }

    pub(crate) fn is_missing(&self, row: usize) -> bool {
        match self {
            Self::Number(_) => self.number(row).is_none(),
            Self::Text(values) => values[row].as_ref().is_none_or(String::is_empty),
        }
    }
}

impl Table {
    /// Wraps columns; a later one of the same name takes the place of the former.
    ///
    /// # Errors
    /// [`UnevenColumns`] when lengths differ.
    pub fn new(columns: impl IntoIterator<Item = (String, Column)>) -> Result<Self, UnevenColumns> {
        let columns: BTreeMap<String, Column> = columns.into_iter().collect();
        let rows = columns.values().map(Column::len).max().unwrap_or(0);
        if columns.values().any(|column| column.len() != rows) {
            return Err(UnevenColumns);
        }
        Ok(Self { columns, rows })
    }

    /// Rows.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The column of a name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.get(name)
    }
}

/// Columns of different lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the columns have different lengths")]
pub struct UnevenColumns;
