//! The design matrix.

use std::collections::HashSet;

use crate::GlmError;

/// Name of the first column of every design, which is 1 in each row.
pub const INTERCEPT: &str = "(intercept)";

/// Design matrix, row-major, the intercept in front. All values are finite.
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
        let width = columns.len() + 1;
        let mut values = vec![1.0; n_rows * width];
        for (j, (_, column)) in columns.iter().enumerate() {
            for (row, value) in column.as_ref().iter().enumerate() {
                values[row * width + j + 1] = *value;
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

    /// One row, shape `(width,)`.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.width()..(row + 1) * self.width()]
    }

    /// Rows `range`, row-major.
    pub(crate) fn rows(&self, range: std::ops::Range<usize>) -> std::slice::ChunksExact<'_, f64> {
        self.values[range.start * self.width()..range.end * self.width()].chunks_exact(self.width())
    }

    /// The same rows with only the columns `keep` (ascending).
    pub(crate) fn select(&self, keep: &[usize]) -> Self {
        if keep.len() == self.width() {
            return self.clone();
        }
        let mut values = Vec::with_capacity(self.n_rows * keep.len());
        for row in self.rows(0..self.n_rows) {
            values.extend(keep.iter().map(|&j| row[j]));
        }
        Self {
            names: keep.iter().map(|&j| self.names[j].clone()).collect(),
            values,
            n_rows: self.n_rows,
        }
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
}
