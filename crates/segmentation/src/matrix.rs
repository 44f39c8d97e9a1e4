//! Rows and columns, and their z-scores.

use serde::{Deserialize, Serialize};

use crate::SegmentationError;

/// Finite numbers, row by row, shape `(rows, columns)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    values: Vec<f64>,
    columns: usize,
}

/// Mean and population standard deviation per column, shape `(columns,)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standardisation {
    /// Means, in the column's own unit.
    pub means: Vec<f64>,
    /// Standard deviations with divisor n, > 0.
    pub standard_deviations: Vec<f64>,
}

impl Matrix {
    /// Wraps `rows × columns` values.
    ///
    /// # Errors
    /// [`SegmentationError::Shape`], [`SegmentationError::NotFinite`].
    pub fn new(values: Vec<f64>, rows: usize, columns: usize) -> Result<Self, SegmentationError> {
        if columns == 0 || rows == 0 || values.len() != rows * columns {
            return Err(SegmentationError::Shape {
                values: values.len(),
                rows,
                columns,
            });
        }
        match values.iter().position(|value| !value.is_finite()) {
            Some(at) => Err(SegmentationError::NotFinite {
                column: at % columns,
            }),
            None => Ok(Self { values, columns }),
        }
    }

    /// Wraps values that are known to be finite and to fill whole rows.
    pub(crate) fn of_finite(values: Vec<f64>, columns: usize) -> Self {
        Self { values, columns }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.values.len() / self.columns
    }

    /// Number of columns.
    pub const fn columns(&self) -> usize {
        self.columns
    }

    /// Row `index`, shape `(columns,)`.
    pub fn row(&self, index: usize) -> &[f64] {
        &self.values[index * self.columns..(index + 1) * self.columns]
    }

    /// All rows in order.
    pub fn each_row(&self) -> std::slice::ChunksExact<'_, f64> {
        self.values.chunks_exact(self.columns)
    }

    pub(crate) fn values(&self) -> &[f64] {
        &self.values
    }

    /// The rows at `indices`, with repetition.
    pub(crate) fn take(&self, indices: &[usize]) -> Self {
        let values = indices
            .iter()
            .flat_map(|index| self.row(*index))
            .copied()
            .collect();
        Self {
            values,
            columns: self.columns,
        }
    }

    /// z-scores, and what turns a new row into them.
    ///
    /// # Errors
    /// [`SegmentationError::Constant`] names every column without spread.
    pub fn standardise(&self) -> Result<(Self, Standardisation), SegmentationError> {
        let n = self.rows() as f64;
        let column = |index: usize| self.each_row().map(move |row| row[index]);
        let means: Vec<f64> = (0..self.columns)
            .map(|c| column(c).sum::<f64>() / n)
            .collect();
        let standard_deviations: Vec<f64> = (0..self.columns)
            .map(|c| {
                (column(c)
                    .map(|value| (value - means[c]).powi(2))
                    .sum::<f64>()
                    / n)
                    .sqrt()
            })
            .collect();
        let constant: Vec<_> = (0..self.columns)
            .filter(|c| standard_deviations[*c] <= f64::EPSILON * means[*c].abs())
            .collect();
        if !constant.is_empty() {
            return Err(SegmentationError::Constant { columns: constant });
        }
        let scale = Standardisation {
            means,
            standard_deviations,
        };
        let values = self.each_row().flat_map(|row| scale.apply(row)).collect();
        Ok((
            Self {
                values,
                columns: self.columns,
            },
            scale,
        ))
    }
}

impl Standardisation {
    /// z-scores of one row.
    pub fn apply(&self, row: &[f64]) -> Vec<f64> {
        row.iter()
            .zip(&self.means)
            .zip(&self.standard_deviations)
            .map(|((value, mean), spread)| (value - mean) / spread)
            .collect()
    }

    /// The row that has these z-scores.
    pub fn undo(&self, row: &[f64]) -> Vec<f64> {
        row.iter()
            .zip(&self.means)
            .zip(&self.standard_deviations)
            .map(|((z, mean), spread)| z * spread + mean)
            .collect()
    }
}
