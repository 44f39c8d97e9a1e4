//! Rows of numbers and categories, some of them missing.

use crate::SegmentationError;

/// Code of a category that is not known.
pub const UNKNOWN: u16 = u16::MAX;

/// Numbers as z-scores and categories as codes, row by row. A missing number is `NaN` and a missing category is [`UNKNOWN`]: they count
/// neither for nor against a group. Where missing says something, a category is best given a code of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixed {
    rows: usize,
    numbers: Vec<f64>,
    n_numbers: usize,
    categories: Vec<u16>,
    /// Codes per category column.
    levels: Vec<usize>,
    /// Mean and population standard deviation of what is known, per number.
    scales: Vec<(f64, f64)>,
}

impl Mixed {
    /// Wraps columns: numbers, each of shape `(rows,)`, brought to z-scores over what is known; categories, coded from 0, or [`UNKNOWN`].
    ///
    /// # Errors
    /// Columns of different lengths or no rows, infinite numbers, numbers without spread or without any known value, more than 65,535
    /// codes.
    pub fn new(numbers: &[Vec<f64>], categories: &[Vec<usize>]) -> Result<Self, SegmentationError> {
        let lengths = || {
            numbers
                .iter()
                .map(Vec::len)
                .chain(categories.iter().map(Vec::len))
        };
        let rows = lengths().next().unwrap_or(0);
        let values = lengths().sum();
        let columns = numbers.len() + categories.len();
        if rows == 0 || lengths().any(|length| length != rows) {
            return Err(SegmentationError::Shape {
                values,
                rows,
                columns,
            });
        }
        if let Some(column) = numbers
            .iter()
            .position(|values| values.iter().any(|value| value.is_infinite()))
        {
            return Err(SegmentationError::NotFinite { column });
        }
        let scales: Vec<(f64, f64)> = numbers.iter().map(|values| scale(values)).collect();
        let constant: Vec<usize> = (0..scales.len())
            .filter(|c| scales[*c].1.is_nan() || scales[*c].1 <= f64::EPSILON * scales[*c].0.abs())
            .collect();
        if !constant.is_empty() {
            return Err(SegmentationError::Constant { columns: constant });
        }
        let levels: Vec<usize> = categories.iter().map(|codes| n_levels(codes)).collect();
        if let Some(column) = levels
            .iter()
            .position(|levels| *levels > usize::from(u16::MAX))
        {
            return Err(SegmentationError::TooManyLevels {
                column: numbers.len() + column,
            });
        }
        let z = |row: usize, c: usize| (numbers[c][row] - scales[c].0) / scales[c].1;
        Ok(Self {
            rows,
            numbers: (0..rows)
                .flat_map(|row| (0..numbers.len()).map(move |c| (row, c)))
                .map(|(r, c)| z(r, c))
                .collect(),
            n_numbers: numbers.len(),
            categories: (0..rows)
                .flat_map(|row| categories.iter().map(move |codes| codes[row] as u16))
                .collect(),
            levels,
            scales,
        })
    }

    /// Mean and population standard deviation of every number, as it was given.
    pub fn scales(&self) -> &[(f64, f64)] {
        &self.scales
    }

    /// Number of rows.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Other values on the same scales, with as many columns and rows.
    pub(crate) fn with(&self, numbers: &[Vec<f64>], categories: &[Vec<usize>]) -> Self {
        let rows = 0..self.rows;
        Self {
            rows: self.rows,
            numbers: rows
                .clone()
                .flat_map(|row| numbers.iter().map(move |c| c[row]))
                .collect(),
            n_numbers: self.n_numbers,
            categories: rows
                .flat_map(|row| categories.iter().map(move |codes| codes[row] as u16))
                .collect(),
            levels: categories.iter().map(|codes| n_levels(codes)).collect(),
            scales: self.scales.clone(),
        }
    }

    pub(crate) const fn n_numbers(&self) -> usize {
        self.n_numbers
    }

    pub(crate) fn levels(&self) -> &[usize] {
        &self.levels
    }

    pub(crate) fn numbers(&self, row: usize) -> &[f64] {
        &self.numbers[row * self.n_numbers..][..self.n_numbers]
    }

    pub(crate) fn categories(&self, row: usize) -> &[u16] {
        &self.categories[row * self.levels.len()..][..self.levels.len()]
    }

    /// The rows at `places`, with repetition, on the same scales.
    #[must_use]
    pub fn take(&self, places: &[usize]) -> Self {
        Self {
            rows: places.len(),
            numbers: places
                .iter()
                .flat_map(|&row| self.numbers(row))
                .copied()
                .collect(),
            n_numbers: self.n_numbers,
            categories: places
                .iter()
                .flat_map(|&row| self.categories(row))
                .copied()
                .collect(),
            levels: self.levels.clone(),
            scales: self.scales.clone(),
        }
    }
}

/// Codes from 0 to the largest that is known.
fn n_levels(codes: &[usize]) -> usize {
    let known = codes.iter().filter(|code| **code != usize::from(UNKNOWN));
    known.max().map_or(0, |most| most + 1)
}

/// Mean and population standard deviation of the known values.
fn scale(values: &[f64]) -> (f64, f64) {
    let known = || values.iter().filter(|value| !value.is_nan());
    let n = known().count() as f64;
    let mean = known().sum::<f64>() / n;
    let variance = known().map(|value| (value - mean).powi(2)).sum::<f64>() / n;
    (mean, variance.sqrt())
}

/// Whether two codes differ, as far as is known.
pub(crate) const fn differs(a: u16, b: u16) -> bool {
    a != b && a != UNKNOWN && b != UNKNOWN
}
