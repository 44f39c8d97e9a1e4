//! The design matrix.

use std::collections::HashSet;

use crate::{GlmError, chunks::CHUNK_ROWS};

/// Name of the first column of every design, which is 1 in each row.
pub const INTERCEPT: &str = "(intercept)";

/// Design matrix, the intercept in front. All values are finite.
///
/// Kept in chunks of rows, and column by column inside a chunk: a pass reads memory in order and works on whole columns.
#[derive(Clone, Debug)]
pub struct Design {
    names: Vec<String>,
    values: Vec<f64>,
    n_rows: usize,
}

impl Design {
    /// Puts columns side by side, in the given order, behind the intercept.
    ///
    /// * `n_rows` – rows of the design   * `columns` – name and values, shape `(n_rows,)` each
    ///
    /// # Errors
    /// [`GlmError::LengthMismatch`], [`GlmError::DuplicateColumn`] or [`GlmError::NotFinite`], naming the column.
    pub fn new<N: Into<String>, V: AsRef<[f64]>>(
        n_rows: usize,
        columns: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, GlmError> {
        let columns: Vec<(String, V)> = columns
            .into_iter()
            .map(|(name, values)| (name.into(), values))
            .collect();
        let mut seen = HashSet::from([INTERCEPT]);
        for (name, values) in &columns {
            let values = values.as_ref();
            if !seen.insert(name) {
                return Err(GlmError::DuplicateColumn(name.clone()));
            }
            if values.len() != n_rows {
                return Err(GlmError::LengthMismatch {
                    what: format!("column {name}"),
                    expected: n_rows,
                    found: values.len(),
                });
            }
            if !values.iter().all(|value| value.is_finite()) {
                return Err(GlmError::NotFinite(name.clone()));
            }
        }
        let mut values = Vec::with_capacity(n_rows * (columns.len() + 1));
        for start in (0..n_rows).step_by(CHUNK_ROWS) {
            let rows = start..(start + CHUNK_ROWS).min(n_rows);
            values.resize(values.len() + rows.len(), 1.0);
            for (_, column) in &columns {
                values.extend_from_slice(&column.as_ref()[rows.clone()]);
            }
        }
        let names = std::iter::once(INTERCEPT.to_owned())
            .chain(columns.into_iter().map(|(name, _)| name))
            .collect();
        Ok(Self {
            names,
            values,
            n_rows,
        })
    }

    /// Number of rows.
    pub const fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Number of columns, intercept included.
    pub const fn width(&self) -> usize {
        self.names.len()
    }

    /// Column names, the intercept first.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Value of one cell; `column` counts the intercept.
    pub fn value(&self, row: usize, column: usize) -> f64 {
        let chunk = row / CHUNK_ROWS;
        self.chunk_column(chunk, column)[row - chunk * CHUNK_ROWS]
    }

    /// One row, shape `(width,)`.
    pub fn row(&self, row: usize) -> Vec<f64> {
        (0..self.width())
            .map(|column| self.value(row, column))
            .collect()
    }

    /// One column from the first row to the last; `column` counts the intercept.
    pub fn column(&self, column: usize) -> impl Iterator<Item = f64> {
        (0..self.n_rows.div_ceil(CHUNK_ROWS))
            .flat_map(move |chunk| self.chunk_column(chunk, column).iter().copied())
    }

    /// The part of a column that lies in a chunk.
    pub(crate) fn chunk_column(&self, chunk: usize, column: usize) -> &[f64] {
        let start = chunk * CHUNK_ROWS;
        let len = CHUNK_ROWS.min(self.n_rows - start);
        let at = start * self.width() + column * len;
        &self.values[at..at + len]
    }
}

/// Inner product in fixed order.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_name_the_column() {
        let nan = Design::new(1, [("a", [1.0]), ("b", [f64::NAN])]).unwrap_err();
        assert_eq!(nan, GlmError::NotFinite("b".into()));
        let twice = Design::new(1, [("a", [1.0]), ("a", [2.0])]).unwrap_err();
        assert_eq!(twice, GlmError::DuplicateColumn("a".into()));
        assert!(Design::new(1, [(INTERCEPT, [1.0])]).is_err());
        assert!(Design::new(2, [("a", [1.0])]).is_err());
    }

    #[test]
    fn cells_are_found_across_chunks() {
        let n = 2 * CHUNK_ROWS + 3;
        let a: Vec<f64> = (0..n).map(|row| row as f64).collect();
        let b: Vec<f64> = a.iter().map(|x| -x).collect();
        let design = Design::new(n, [("a", &a), ("b", &b)]).unwrap();
        assert_eq!(design.column(1).collect::<Vec<f64>>(), a);
        for row in [0, CHUNK_ROWS - 1, CHUNK_ROWS, n - 1] {
            assert_eq!(design.row(row), [1.0, a[row], b[row]]);
        }
    }
}
