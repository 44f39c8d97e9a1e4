//! The regression of one cause: scores by interval of which only the part of the time differs.

use std::collections::HashMap;

use super::{
    super::{
        linear::{Linear, Response},
        parameters::Parameters,
        row::Cell,
    },
    cause::Scores,
};
use crate::{Input, LinearFit};

#[derive(Clone, Debug)]
pub(super) struct Effects {
    /// Of the inputs, then the time.
    linear: Linear,
    /// What the time adds in each interval.
    time: Vec<f64>,
    /// None where the model keeps no covariance.
    spread: Option<Spread>,
}

/// The covariance of the estimates as directions: products over them add up to it.
#[derive(Clone, Debug)]
struct Spread {
    parameters: Parameters,
    /// Whether a parameter is of the time.
    is_time: Vec<bool>,
    /// Lower triangular factor of the covariance of intercept and parameters counted from their means, row by row.
    factor: Vec<f64>,
    /// Per interval and direction: of the intercept and the time.
    of_time: Vec<f64>,
}

impl Effects {
    /// `inputs` and `positions` hold the time last.
    pub(super) fn new(
        fit: &LinearFit,
        (inputs, positions): (&[Input], &HashMap<String, usize>),
        ends: &[f64],
    ) -> Self {
        let linear = Linear::new(fit, inputs, positions, Response::Hazard);
        let time = inputs.len() - 1;
        Self {
            time: ends
                .iter()
                .map(|end| linear.adds(time, &Cell::given(*end)))
                .collect(),
            spread: fit
                .covariance
                .as_ref()
                .map(|triangle| Spread::new(triangle, fit, (inputs, positions), ends)),
            linear,
        }
    }

    /// Adds to what each input adds, at any time.
    pub(super) fn contribute(&self, cells: &[Cell], contributions: &mut [f64]) {
        let inputs = contributions.iter_mut().zip(cells).enumerate();
        for (input, (to, cell)) in inputs.take(cells.len() - 1) {
            *to += self.linear.adds(input, cell);
        }
    }

    pub(super) fn scores(&self, cells: &[Cell]) -> Scores {
        let inputs = cells[..cells.len() - 1].iter().enumerate();
        let still = inputs.fold(self.linear.base(), |sum, (input, cell)| {
            sum + self.linear.adds(input, cell)
        });
        let (directions, bags) = self
            .spread
            .as_ref()
            .map_or_else(Default::default, |spread| {
                (spread.directions(cells), spread.size())
            });
        Scores {
            score: self.time.iter().map(|time| still + time).collect(),
            directions,
            bags,
        }
    }
}

impl Spread {
    fn new(
        triangle: &[Vec<f64>],
        fit: &LinearFit,
        (inputs, positions): (&[Input], &HashMap<String, usize>),
        ends: &[f64],
    ) -> Self {
        let parameters = Parameters::new(fit, inputs, positions);
        let time = inputs.len() - 1;
        let mut spread = Self {
            is_time: parameters.are_of(time).collect(),
            factor: lower_factor(&centred(triangle, &parameters)),
            of_time: Vec::new(),
            parameters,
        };
        let mut cells = vec![Cell::given(0.0); inputs.len()];
        for end in ends {
            cells[time] = Cell::given(*end);
            let mut own = spread.part(&cells, true);
            own[0] = 1.0;
            let along = spread.along(&own);
            spread.of_time.extend(along);
        }
        spread
    }

    fn size(&self) -> usize {
        self.is_time.len() + 1
    }

    /// The parameters of the time, or those of the inputs; the others and the intercept 0.
    fn part(&self, cells: &[Cell], of_time: bool) -> Vec<f64> {
        let parameters = self.parameters.of(cells).into_iter().zip(&self.is_time);
        let own = parameters.map(|(value, is_time)| if *is_time == of_time { value } else { 0.0 });
        std::iter::once(0.0).chain(own).collect()
    }

    /// A vector of parameters along every direction.
    fn along(&self, values: &[f64]) -> Vec<f64> {
        let p = self.size();
        let mut along = vec![0.0; p];
        for (i, value) in values
            .iter()
            .enumerate()
            .filter(|(_, value)| **value != 0.0)
        {
            for (to, factor) in along.iter_mut().zip(&self.factor[i * p..=i * p + i]) {
                *to += value * factor;
            }
        }
        along
    }

    /// Per interval and direction, by what the score may be off.
    fn directions(&self, cells: &[Cell]) -> Vec<f64> {
        let still = self.along(&self.part(cells, false));
        let intervals = self.of_time.chunks_exact(self.size());
        intervals
            .flat_map(|time| time.iter().zip(&still).map(|(time, still)| time + still))
            .collect()
    }
}

/// The covariance of the score of the average row and of the parameters, row by row: large means then cancel no digits away.
fn centred(triangle: &[Vec<f64>], parameters: &Parameters) -> Vec<Vec<f64>> {
    let p = triangle.len();
    let mut full = vec![vec![0.0; p]; p];
    for (i, row) in triangle.iter().enumerate() {
        for (j, value) in row.iter().enumerate() {
            full[i][j] = *value;
            full[j][i] = *value;
        }
    }
    // intercept' = intercept + Σ mean × coefficient: row operations, then the same on the columns.
    for (place, mean) in (1..p).zip(parameters.means()) {
        let own = full[place].clone();
        for (to, value) in full[0].iter_mut().zip(own) {
            *to += mean * value;
        }
    }
    for row in &mut full {
        for (place, mean) in (1..p).zip(parameters.means()) {
            row[0] += mean * row[place];
        }
    }
    full
}

/// `L` with `L Lᵀ` the matrix, row by row; what rounding makes negative counts as 0.
fn lower_factor(matrix: &[Vec<f64>]) -> Vec<f64> {
    let p = matrix.len();
    let mut lower = vec![0.0; p * p];
    for i in 0..p {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| lower[i * p + k] * lower[j * p + k]).sum();
            let rest = matrix[i][j] - known;
            lower[i * p + j] = if i == j {
                rest.max(0.0).sqrt()
            } else if lower[j * p + j] > 0.0 {
                rest / lower[j * p + j]
            } else {
                0.0
            };
        }
    }
    lower
}
