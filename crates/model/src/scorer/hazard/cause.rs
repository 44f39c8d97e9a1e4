//! One cause, ready to score and to say how sure it is.

use std::collections::HashMap;

use super::{Linear, Row, add, dot};
use crate::{
    Hazard, Input,
    scorer::{bounded, row::State},
};

#[derive(Clone, Debug)]
pub(super) struct Cause {
    pub(super) linear: Linear,
    /// Cumulative hazard of the average row just after each time.
    pub(super) cumulative: Vec<f64>,
    /// Of it, per knot, for known coefficients.
    pub(super) variance: Vec<f64>,
    /// Per knot: hazard's rises times mean parameters.
    pub(super) means: Vec<Vec<f64>>,
    /// Per knot: how much they rise since the knot before.
    pub(super) rises_of_means: Vec<Vec<f64>>,
    /// Per knot: the variance of those by the coefficients.
    pub(super) variance_of_means: Vec<f64>,
    pub(super) covariance: Option<Covariance>,
    layout: Vec<Parameter>,
}

/// A square matrix, row by row.
#[derive(Clone, Debug)]
pub(super) struct Covariance {
    size: usize,
    cells: Vec<f64>,
}

/// Which value of a row a parameter is of, and its mean.
#[derive(Clone, Debug)]
struct Parameter {
    input: usize,
    mean: f64,
    of: Of,
}

#[derive(Clone, Copy, Debug)]
enum Of {
    Number,
    Level(u32),
    Missing,
}

impl Covariance {
    fn new(triangle: &[Vec<f64>]) -> Self {
        let size = triangle.len();
        let mut cells = vec![0.0; size * size];
        for (i, row) in triangle.iter().enumerate() {
            for (j, value) in row.iter().enumerate() {
                cells[i * size + j] = *value;
                cells[j * size + i] = *value;
            }
        }
        Self { size, cells }
    }

    pub(super) fn times(&self, x: &[f64]) -> Vec<f64> {
        // Symmetric: its rows are its columns.
        let mut product = vec![0.0; self.size];
        for (row, x) in self.cells.chunks_exact(self.size.max(1)).zip(x) {
            add(&mut product, *x, row);
        }
        product
    }

    pub(super) fn quadratic(&self, x: &[f64]) -> f64 {
        dot(&self.times(x), x)
    }
}

impl Cause {
    pub(super) fn new(
        cause: &Hazard,
        knots: &[usize],
        inputs: &[Input],
        positions: &HashMap<String, usize>,
    ) -> Self {
        let covariance = cause.terms.covariance.as_deref().map(Covariance::new);
        let variance_of_means = cause.weighted_means.iter().map(|means| {
            covariance
                .as_ref()
                .map_or(0.0, |covariance| covariance.quadratic(means))
        });
        debug_assert_eq!(knots.len(), cause.variance.len());
        Self {
            linear: Self::scorer(&cause.terms, inputs, positions),
            cumulative: cause.cumulative_hazard.clone(),
            variance: cause.variance.clone(),
            variance_of_means: variance_of_means.collect(),
            rises_of_means: rises(&cause.weighted_means),
            means: cause.weighted_means.clone(),
            layout: layout(cause, inputs, positions),
            covariance,
        }
    }

    /// How much the cumulative hazard rises at a time.
    pub(super) fn rise(&self, at: usize) -> f64 {
        self.cumulative[at]
            - at.checked_sub(1)
                .map_or(0.0, |before| self.cumulative[before])
    }

    /// The parameters of a complete row, counted from their means.
    pub(super) fn parameters(&self, row: &Row) -> Vec<f64> {
        let cells = row.cells();
        let value = |parameter: &Parameter| {
            let cell = &cells[parameter.input];
            let value = match parameter.of {
                Of::Number => bounded(cell.number),
                Of::Level(level) => f64::from(u8::from(cell.level == level)),
                Of::Missing => f64::from(u8::from(cell.state == State::Missing)),
            };
            value - parameter.mean
        };
        self.layout.iter().map(value).collect()
    }
}

/// Each less the one before.
fn rises(rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut found = rows.to_vec();
    for (place, row) in found.iter_mut().enumerate().skip(1) {
        add(row, -1.0, &rows[place - 1]);
    }
    found
}

/// In the fixed order of the parameters.
fn layout(cause: &Hazard, inputs: &[Input], positions: &HashMap<String, usize>) -> Vec<Parameter> {
    let place = |name: &str| positions.get(name).copied().unwrap_or_default();
    let mut layout = Vec::with_capacity(cause.terms.parameter_count());
    for term in &cause.terms.linear_terms {
        layout.push(Parameter {
            input: place(&term.input),
            mean: term.mean,
            of: Of::Number,
        });
    }
    for term in &cause.terms.category_terms {
        let input = place(&term.input);
        for level in &term.levels {
            let mut categories = inputs[input].categories.iter();
            let at = categories.position(|category| category.level == level.level);
            layout.push(Parameter {
                input,
                mean: level.mean,
                of: Of::Level(at.map_or(u32::MAX, |at| at as u32)),
            });
        }
    }
    for term in &cause.terms.missing_terms {
        layout.push(Parameter {
            input: place(&term.input),
            mean: term.mean,
            of: Of::Missing,
        });
    }
    layout
}
