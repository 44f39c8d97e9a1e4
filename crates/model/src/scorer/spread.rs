//! Standard error of a score, from the covariance of the estimates.

use std::collections::HashMap;

use super::{Row, bounded, row::State};
use crate::{Input, LinearFit};

/// Parameters counted from the mean of each linear term, so that large offsets (years, cents) do not cancel digits away.
///
/// Order: intercept, linear terms (dense), then levels and indicators (of which a row switches on few).
#[derive(Clone, Debug)]
pub(super) struct Spread {
    size: usize,
    covariance: Vec<f64>,
    /// Input position and mean per linear term.
    linear: Vec<(usize, f64)>,
    /// Input position, then parameter per level (`None` for the reference).
    levels: Vec<(usize, Vec<Option<usize>>)>,
    /// Input position and parameter per indicator.
    missing: Vec<(usize, usize)>,
}

/// Longest design that lives on the stack; longer ones are rare and allocate.
const ON_STACK: usize = 128;

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
            // intercept' = intercept + mean × coefficient: a row operation, then the same on the columns.
            for j in 0..size {
                covariance[j] += term.mean * covariance[(place + 1) * size + j];
            }
            for i in 0..size {
                covariance[i * size] += term.mean * covariance[i * size + place + 1];
            }
        }
        let mut next = 1 + linear.len();
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
            levels,
            missing,
        })
    }

    /// Standard error of the score of a complete row.
    pub(super) fn standard_error(&self, row: &Row) -> f64 {
        let dense = 1 + self.linear.len();
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
        let mut variance = 0.0;
        for (i, value) in design.iter().enumerate() {
            let row = &self.covariance[i * self.size..];
            variance += value * (2.0 * dot(&row[..i], &design[..i]) + row[i] * value);
        }
        // The parameters a row switches on, as an iterator that can be walked twice.
        let on = || {
            let levels = self
                .levels
                .iter()
                .filter_map(|(input, of)| of.get(cells[*input].level as usize).copied().flatten());
            let missing = self
                .missing
                .iter()
                .filter(|(input, _)| cells[*input].state == State::Missing);
            levels.chain(missing.map(|(_, parameter)| *parameter))
        };
        for i in on() {
            let row = &self.covariance[i * self.size..(i + 1) * self.size];
            variance += 2.0 * dot(&row[..dense], design) + on().map(|j| row[j]).sum::<f64>();
        }
        // Rounding may leave a variance of zero slightly below.
        variance.max(0.0).sqrt()
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
