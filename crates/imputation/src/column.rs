//! Columns with gaps.

use std::collections::HashSet;

use crate::{Fault, ImputationError};

/// Name of the level that stands for "not filled in" where that is a value of its own.
pub const MISSING_LEVEL: &str = "(missing)";

/// A column by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// What it is called.
    pub name: String,
    /// Its values, one per row.
    pub values: Values,
}

/// Values of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Numbers, shape `(rows,)`; NaN is missing.
    Number(Vec<f64>),
    /// Levels by code.
    Category {
        /// Names of the levels.
        levels: Vec<String>,
        /// Place in `levels`, or none where missing; shape `(rows,)`.
        codes: Vec<Option<u32>>,
    },
}

impl Values {
    /// Number of rows.
    pub const fn len(&self) -> usize {
        match self {
            Self::Number(values) => values.len(),
            Self::Category { codes, .. } => codes.len(),
        }
    }

    /// Whether there is no row.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the value of a row is missing.
    pub fn missing(&self, row: usize) -> bool {
        match self {
            Self::Number(values) => values[row].is_nan(),
            Self::Category { codes, .. } => codes[row].is_none(),
        }
    }
}

/// Columns of equal length and different names, each with some value known.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    columns: Vec<Column>,
}

impl Table {
    /// Checks the columns.
    ///
    /// # Errors
    /// [`ImputationError::Table`] with every fault.
    pub fn new(columns: Vec<Column>) -> Result<Self, ImputationError> {
        let rows = columns.first().map_or(0, |column| column.values.len());
        let mut faults = Vec::new();
        if rows == 0 {
            faults.push(Fault::Empty);
        }
        let mut seen = HashSet::new();
        for Column { name, values } in &columns {
            if !seen.insert(name) {
                faults.push(Fault::Duplicate(name.clone()));
            }
            if values.len() != rows {
                faults.push(Fault::Length {
                    name: name.clone(),
                    expected: rows,
                    found: values.len(),
                });
            }
            if !values.is_empty() && (0..values.len()).all(|row| values.missing(row)) {
                faults.push(Fault::AllMissing(name.clone()));
            }
            match values {
                Values::Number(values) => {
                    if values.iter().any(|value| value.is_infinite()) {
                        faults.push(Fault::Infinite(name.clone()));
                    }
                }
                Values::Category { levels, codes } => {
                    if levels.iter().collect::<HashSet<_>>().len() != levels.len() {
                        faults.push(Fault::Level(name.clone()));
                    }
                    if codes
                        .iter()
                        .flatten()
                        .any(|code| *code as usize >= levels.len())
                    {
                        faults.push(Fault::Code(name.clone()));
                    }
                }
            }
        }
        if faults.is_empty() {
            Ok(Self { columns })
        } else {
            Err(ImputationError::Table(faults))
        }
    }

    /// Columns in their order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column of a name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Number of rows, at least 1.
    pub fn rows(&self) -> usize {
        self.columns[0].values.len()
    }

    /// The table with "not filled in" as a level of its own in every category with gaps. Numbers keep their gaps.
    #[must_use]
    pub fn with_missing_level(&self) -> Self {
        let columns = self.columns.iter().map(|column| match &column.values {
            Values::Category { levels, codes } if codes.iter().any(Option::is_none) => {
                let mut levels = levels.clone();
                let own = levels.iter().position(|level| level == MISSING_LEVEL);
                let own = own.unwrap_or_else(|| {
                    levels.push(MISSING_LEVEL.to_owned());
                    levels.len() - 1
                }) as u32;
                let codes = codes.iter().map(|code| Some(code.unwrap_or(own))).collect();
                Column {
                    name: column.name.clone(),
                    values: Values::Category { levels, codes },
                }
            }
            _ => column.clone(),
        });
        Self {
            columns: columns.collect(),
        }
    }

    pub(crate) fn columns_mut(&mut self) -> &mut [Column] {
        &mut self.columns
    }
}
