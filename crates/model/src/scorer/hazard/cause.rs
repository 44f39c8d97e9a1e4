//! One cause, ready to score and to say how sure it is.

use std::collections::HashMap;

use super::{Covariance, Linear, Response, Row, Rows, dot};
use crate::{Hazard, Input, scorer::parameters::Parameters};

#[derive(Clone, Debug)]
pub(super) struct Cause {
    pub(super) linear: Linear,
    /// Cumulative hazard of the average row just after each time.
    pub(super) cumulative: Vec<f64>,
    /// Of it, per knot, for known coefficients.
    pub(super) variance: Vec<f64>,
    /// How much the cumulative hazard rises at each time.
    pub(super) rises: Vec<f64>,
    /// What the uncertainty of the coefficients does; `None` where the model does not keep it.
    pub(super) coefficients: Option<Coefficients>,
    parameters: Parameters,
}

/// The uncertainty of the coefficients, and what stays the same for every client.
#[derive(Clone, Debug)]
pub(super) struct Coefficients {
    pub(super) covariance: Covariance,
    /// Per knot: hazard's rises until then times mean parameters.
    pub(super) means: Rows,
    /// Per knot: how much those rise since the knot before.
    pub(super) rises_of_means: Rows,
    /// Per knot: the variance of the means.
    pub(super) variance_of_means: Vec<f64>,
}

impl Coefficients {
    fn new(triangle: &[Vec<f64>], weighted_means: &[Vec<f64>]) -> Self {
        let covariance = Covariance::new(triangle);
        let rises = rises_of_rows(weighted_means);
        let mut product = Vec::new();
        let variances = weighted_means.iter().map(|means| {
            covariance.times(means, &mut product);
            dot(&product[..means.len()], means)
        });
        Self {
            variance_of_means: variances.collect(),
            means: Rows::new(weighted_means.iter().map(Vec::as_slice)),
            rises_of_means: Rows::new(rises.iter().map(Vec::as_slice)),
            covariance,
        }
    }
}

impl Cause {
    pub(super) fn new(
        cause: &Hazard,
        knots: &[usize],
        inputs: &[Input],
        positions: &HashMap<String, usize>,
    ) -> Self {
        let triangle = cause.terms.covariance.as_deref();
        let terms = cause.terms.linear();
        let linear = Linear::new(&terms, inputs, positions, Response::Hazard).counted_from_zero();
        debug_assert_eq!(knots.len(), cause.variance.len());
        Self {
            linear,
            rises: rises(&cause.cumulative_hazard),
            cumulative: cause.cumulative_hazard.clone(),
            variance: cause.variance.clone(),
            coefficients: triangle
                .map(|triangle| Coefficients::new(triangle, &cause.weighted_means)),
            parameters: Parameters::new(&terms, inputs, positions),
        }
    }

    /// The parameters of a complete row, counted from their means.
    pub(super) fn parameters(&self, row: &Row) -> Vec<f64> {
        self.parameters.of(row.cells())
    }
}

/// Each less the one before.
fn rises(of: &[f64]) -> Vec<f64> {
    let before = [0.0].into_iter().chain(of.iter().copied());
    of.iter()
        .zip(before)
        .map(|(own, before)| own - before)
        .collect()
}

/// Each row less the one before.
fn rises_of_rows(rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut found = rows.to_vec();
    for (place, row) in found.iter_mut().enumerate().skip(1) {
        for (own, before) in row.iter_mut().zip(&rows[place - 1]) {
            *own -= before;
        }
    }
    found
}
