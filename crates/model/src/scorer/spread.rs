//! Standard error of a score, from the covariance of the estimates.

use std::collections::HashMap;

use super::{
    Block, Row, bounded,
    row::{Cell, State},
};
use crate::{Input, LinearFit, SplineBasis};

/// Parameters counted from the mean of each linear term, so that large offsets (years, cents) do not cancel digits away.
///
/// Order: intercept, linear terms and columns of curves (dense), then levels and indicators (of which a row switches on few).
#[derive(Clone, Debug)]
pub(super) struct Spread {
    size: usize,
    covariance: Vec<f64>,
    /// Input position and mean per linear term.
    linear: Vec<(usize, f64)>,
    /// Input position, columns and their means per curve.
    splines: Vec<(usize, SplineBasis, Vec<f64>)>,
    /// Intercept, linear terms and columns of curves: the parameters that every row switches on.
    dense: usize,
    /// Input position, then parameter per level (`None` for the reference).
    levels: Vec<(usize, Vec<Option<usize>>)>,
    /// Input position and parameter per indicator.
    missing: Vec<(usize, usize)>,
}

/// Longest design that lives on the stack; longer ones are rare and allocate.
const ON_STACK: usize = 128;
/// Rows of a block whose variances are summed side by side.
const SIDE_BY_SIDE: usize = 4;

impl Spread {
    pub(super) fn new(
        fit: &LinearFit,
        inputs: &[Input],
        positions: &HashMap<String, usize>,
    ) -> Option<Self> {
        let triangle = fit.covariance.as_ref()?;
        let size = triangle.len();
        let mut covariance = vec![0.0; size * size];
        for (i, row) in triangle.iter().enumerate() {
            for (j, value) in row.iter().enumerate() {
                covariance[i * size + j] = *value;
                covariance[j * size + i] = *value;
            }
        }
        let mut linear = Vec::new();
        for (place, term) in fit.linear_terms.iter().enumerate() {
            linear.push((*positions.get(&term.input)?, term.mean));
            from_mean(&mut covariance, size, (place + 1, term.mean));
        }
        let mut next = 1 + linear.len();
        let mut splines = Vec::new();
        for term in &fit.spline_terms {
            let means: Vec<f64> = term.columns.iter().map(|column| column.mean).collect();
            for mean in &means {
                from_mean(&mut covariance, size, (next, *mean));
                next += 1;
            }
            splines.push((*positions.get(&term.input)?, term.basis(), means));
        }
        let dense = next;
        let mut levels = Vec::new();
        for term in &fit.category_terms {
            let input = *positions.get(&term.input)?;
            let parameters: HashMap<&str, usize> = term
                .levels
                .iter()
                .map(|l| l.level.as_str())
                .zip(next..)
                .collect();
            let of = |level: &str| parameters.get(level).copied();
            levels.push((
                input,
                inputs[input]
                    .categories
                    .iter()
                    .map(|c| of(&c.level))
                    .collect(),
            ));
            next += term.levels.len();
        }
        let mut missing = Vec::new();
        for term in &fit.missing_terms {
            missing.push((*positions.get(&term.input)?, next));
            next += 1;
        }
        Some(Self {
            size,
            covariance,
            linear,
            splines,
            dense,
            levels,
            missing,
        })
    }

    /// Standard error of the score of a complete row.
    pub(super) fn standard_error(&self, row: &Row) -> f64 {
        let dense = self.dense;
        let mut stack = [0.0; ON_STACK];
        let mut heap = Vec::new();
        let design: &mut [f64] = if dense <= ON_STACK {
            &mut stack[..dense]
        } else {
            heap.resize(dense, 0.0);
            &mut heap
        };
        let cells = row.cells();
        design[0] = 1.0;
        for (place, (input, mean)) in self.linear.iter().enumerate() {
            design[place + 1] = bounded(cells[*input].number) - mean;
        }
        let mut next = 1 + self.linear.len();
        for (input, basis, means) in &self.splines {
            let x = bounded(cells[*input].number);
            for (k, mean) in means.iter().enumerate() {
                design[next] = basis.column(k, x) - mean;
                next += 1;
            }
        }
        let mut variance = 0.0;
        for (i, value) in design.iter().enumerate() {
            let row = &self.covariance[i * self.size..];
            variance += value * (2.0 * dot(&row[..i], &design[..i]) + row[i] * value);
        }
        self.with_switched(variance, |input| &cells[input], design)
    }

    /// The same for all rows of a block, to the last bit: every number is made of the same ones in the same order.
    pub(super) fn standard_errors(&self, block: &Block, errors: &mut [f64; Block::ROWS]) {
        let dense = self.dense;
        let mut designs = vec![[0.0; SIDE_BY_SIDE]; dense];
        let mut design = vec![0.0; dense];
        let columns: Vec<&[Cell]> = (0..block.inputs())
            .map(|input| block.column(input))
            .collect();
        for first in (0..block.rows()).step_by(SIDE_BY_SIDE) {
            let here = SIDE_BY_SIDE.min(block.rows() - first);
            designs[0] = [1.0; SIDE_BY_SIDE];
            for (design, (input, mean)) in designs[1..].iter_mut().zip(&self.linear) {
                let cells = columns[*input][first..].iter();
                for (value, cell) in design.iter_mut().zip(cells) {
                    *value = bounded(cell.number) - mean;
                }
            }
            let mut next = 1 + self.linear.len();
            for (input, basis, means) in &self.splines {
                let cells = &columns[*input][first..];
                for (k, mean) in means.iter().enumerate() {
                    for (value, cell) in designs[next].iter_mut().zip(cells) {
                        *value = basis.column(k, bounded(cell.number)) - mean;
                    }
                    next += 1;
                }
            }
            let mut variances = [0.0; SIDE_BY_SIDE];
            for (i, values) in designs.iter().enumerate() {
                let row = &self.covariance[i * self.size..][..=i];
                let products = dots(&row[..i], &designs[..i]);
                for lane in 0..SIDE_BY_SIDE {
                    variances[lane] +=
                        values[lane] * (2.0 * products[lane] + row[i] * values[lane]);
                }
            }
            for (lane, variance) in variances.into_iter().take(here).enumerate() {
                for (value, of_rows) in design.iter_mut().zip(&designs) {
                    *value = of_rows[lane];
                }
                let at = first + lane;
                errors[at] = self.with_switched(variance, |input| &columns[input][at], &design);
            }
        }
    }

    /// Root of the variance of the dense part and of what a row switches on.
    fn with_switched<'c>(
        &self,
        mut variance: f64,
        cell: impl Fn(usize) -> &'c Cell,
        design: &[f64],
    ) -> f64 {
        // The parameters a row switches on, as an iterator that can be walked twice.
        let on = || {
            let levels = self
                .levels
                .iter()
                .filter_map(|(input, of)| of.get(cell(*input).level as usize).copied().flatten());
            let missing = self
                .missing
                .iter()
                .filter(|(input, _)| cell(*input).state == State::Missing);
            levels.chain(missing.map(|(_, parameter)| *parameter))
        };
        for i in on() {
            let row = &self.covariance[i * self.size..(i + 1) * self.size];
            variance += 2.0 * dot(&row[..design.len()], design) + on().map(|j| row[j]).sum::<f64>();
        }
        // Rounding may leave a variance of zero slightly below.
        variance.max(0.0).sqrt()
    }
}

/// intercept' = intercept + mean × coefficient: a row operation, then the same on the columns.
fn from_mean(covariance: &mut [f64], size: usize, (parameter, mean): (usize, f64)) {
    for j in 0..size {
        covariance[j] += mean * covariance[parameter * size + j];
    }
    for i in 0..size {
        covariance[i * size] += mean * covariance[i * size + parameter];
    }
}

/// [`dot`] of one row of the covariance with several designs.
fn dots(a: &[f64], b: &[[f64; SIDE_BY_SIDE]]) -> [f64; SIDE_BY_SIDE] {
    let mut sums = [[0.0; SIDE_BY_SIDE]; 4];
    let (a_chunks, b_chunks) = (a.chunks_exact(4), b.chunks_exact(4));
    let mut rest = [0.0; SIDE_BY_SIDE];
    for (x, y) in a_chunks.remainder().iter().zip(b_chunks.remainder()) {
        add(&mut rest, *x, y);
    }
    for (x, y) in a_chunks.zip(b_chunks) {
        for of in 0..4 {
            add(&mut sums[of], x[of], &y[of]);
        }
    }
    std::array::from_fn(|lane| {
        (sums[0][lane] + sums[1][lane]) + (sums[2][lane] + sums[3][lane]) + rest[lane]
    })
}

#[inline]
fn add(to: &mut [f64; SIDE_BY_SIDE], by: f64, values: &[f64; SIDE_BY_SIDE]) {
    for (to, value) in to.iter_mut().zip(values) {
        *to += by * value;
    }
}

/// Four running sums, so that the processor can work on them at once.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (a_chunks, b_chunks) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a_chunks
        .remainder()
        .iter()
        .zip(b_chunks.remainder())
        .map(|(x, y)| x * y)
        .sum();
    for (x, y) in a_chunks.zip(b_chunks) {
        for lane in 0..4 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}
