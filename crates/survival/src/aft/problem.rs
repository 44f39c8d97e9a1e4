//! The likelihood of a regression of the logarithm of time, and its top.

use super::Law;
use crate::{
    Design, Spells, SurvivalError,
    matrix::{Cholesky, Symmetric, dot},
};

const MOST_STEPS: usize = 200;

/// Columns that do not follow from the intercept and earlier ones.
pub(super) fn independent(spells: &Spells, design: &Design) -> Vec<usize> {
    let p = design.columns.len();
    let n = spells.len() as f64;
    let mean: Vec<f64> = design
        .columns
        .iter()
        .map(|values| values.iter().sum::<f64>() / n)
        .collect();
    let mut products = Symmetric::zeros(p);
    for i in 0..p {
        for j in 0..=i {
            let pairs = design.columns[i].iter().zip(&design.columns[j]);
            products.add(
                i,
                j,
                pairs.map(|(a, b)| (a - mean[i]) * (b - mean[j])).sum(),
            );
        }
    }
    products.independent()
}

/// The likelihood in coefficients of moved and scaled columns and `ln σ`.
pub(super) struct Problem<'a> {
    law: Law,
    spells: &'a Spells,
    log_time: Vec<f64>,
    log_entry: Option<Vec<f64>>,
    offset: Option<&'a [f64]>,
    /// Row by row, the intercept first: shape `(n, p + 1)`.
    x: Vec<f64>,
    width: usize,
    centre: Vec<f64>,
    scale: Vec<f64>,
}

pub(super) struct Top {
    pub(super) at: Vec<f64>,
    pub(super) log_likelihood: f64,
    information: Symmetric,
    pub(super) steps: usize,
}

impl<'a> Problem<'a> {
    pub(super) fn new(law: Law, spells: &'a Spells, design: &'a Design, kept: &[usize]) -> Self {
        let n = spells.len();
        let moments = |values: &Vec<f64>| {
            let mean = values.iter().sum::<f64>() / n as f64;
            let spread = (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64).sqrt();
            (mean, if spread > 0.0 { 1.0 / spread } else { 1.0 })
        };
        let (centre, scale): (Vec<f64>, Vec<f64>) =
            kept.iter().map(|&j| moments(&design.columns[j])).unzip();
        let width = kept.len() + 1;
        let mut x = vec![1.0; n * width];
        for i in 0..n {
            for (k, &j) in kept.iter().enumerate() {
                x[i * width + k + 1] = (design.columns[j][i] - centre[k]) * scale[k];
            }
        }
        Self {
            law,
            spells,
            log_time: spells.time.iter().map(|time| time.ln()).collect(),
            log_entry: spells
                .entry
                .as_ref()
                .map(|entry| entry.iter().map(|entry| entry.max(0.0).ln()).collect()),
            offset: design.offset.as_deref(),
            x,
            width,
            centre,
            scale,
        }
    }

    fn n_parameters(&self) -> usize {
        self.width + usize::from(self.law.has_scale())
    }

    fn at(&self, parameters: &[f64]) -> (f64, Vec<f64>, Symmetric) {
        let sigma = parameters
            .get(self.width)
            .map_or(1.0, |log_scale| log_scale.exp());
        let mut sums = (
            0.0,
            vec![0.0; self.n_parameters()],
            Symmetric::zeros(self.n_parameters()),
        );
        for i in 0..self.spells.len() {
            let weight = self.spells.weight_of(i);
            if weight == 0.0 {
                continue;
            }
            let x = &self.x[i * self.width..][..self.width];
            let centre =
                self.offset.map_or(0.0, |offset| offset[i]) + dot(x, &parameters[..self.width]);
            let z = (self.log_time[i] - centre) / sigma;
            if self.spells.is_event(i) {
                let (value, slope, bend) = self.law.log_density(z);
                self.add(
                    &mut sums,
                    weight,
                    (value - sigma.ln(), slope, bend),
                    z,
                    x,
                    sigma,
                );
                if self.law.has_scale() {
                    sums.1[self.width] -= weight;
                }
            } else {
                self.add(&mut sums, weight, self.law.log_survival(z), z, x, sigma);
            }
            if let Some(entry) = &self.log_entry {
                // Nobody is known to have lasted until the beginning.
                if entry[i] > f64::NEG_INFINITY {
                    let z = (entry[i] - centre) / sigma;
                    self.add(&mut sums, -weight, self.law.log_survival(z), z, x, sigma);
                }
            }
        }
        sums
    }

    /// Adds a term `f(z)` with `z = (y − x'b)/σ`: value, slope and bend are `f`, `f'` and `f''`.
    fn add(
        &self,
        sums: &mut (f64, Vec<f64>, Symmetric),
        weight: f64,
        (value, slope, bend): (f64, f64, f64),
        z: f64,
        x: &[f64],
        sigma: f64,
    ) {
        sums.0 += weight * value;
        let last = self.width;
        for (i, xi) in x.iter().enumerate() {
            sums.1[i] -= weight * slope * xi / sigma;
            for (j, xj) in x[..=i].iter().enumerate() {
                sums.2.add(i, j, -weight * bend * xi * xj / (sigma * sigma));
            }
            if self.law.has_scale() {
                sums.2
                    .add(last, i, -weight * (z * bend + slope) * xi / sigma);
            }
        }
        if self.law.has_scale() {
            sums.1[last] -= weight * z * slope;
            sums.2.add(last, last, -weight * (z * z * bend + z * slope));
        }
    }

    /// Newton's method from the mean and spread of the logarithms; where the likelihood does not bend down, with a ridge.
    pub(super) fn climb(&self) -> Result<Top, SurvivalError> {
        let n = self.spells.len() as f64;
        let mean = self.log_time.iter().sum::<f64>() / n;
        let spread = (self
            .log_time
            .iter()
            .map(|y| (y - mean).powi(2))
            .sum::<f64>()
            / n)
            .sqrt();
        let mut at = vec![0.0; self.n_parameters()];
        at[0] = mean;
        if self.law.has_scale() {
            at[self.width] = spread.max(1e-3).ln();
        }
        let (mut value, mut slope, mut information) = self.at(&at);
        let mut ridge = 0.0;
        for steps in 1..=MOST_STEPS {
            let mut bent = information.clone();
            for j in 0..at.len() {
                bent.add(j, j, ridge * (1.0 + information.get(j, j).abs()));
            }
            let Some(factor) = Cholesky::new(&bent) else {
                ridge = (ridge * 10.0_f64).max(1e-4);
                continue;
            };
            let step = factor.solve(&slope);
            let decrement = dot(&step, &slope);
            let next: Vec<f64> = at.iter().zip(&step).map(|(at, step)| at + step).collect();
            let (then, next_slope, next_information) = self.at(&next);
            if then.is_nan() || then < value - 1e-11 * value.abs() {
                ridge = (ridge * 10.0_f64).max(1e-4);
                continue;
            }
            (at, value, slope, information) = (next, then, next_slope, next_information);
            if ridge == 0.0 && decrement <= 1e-13 {
                return Ok(Top {
                    at,
                    log_likelihood: value,
                    information,
                    steps,
                });
            }
            ridge = if ridge > 1e-4 { ridge / 10.0 } else { 0.0 };
        }
        Err(SurvivalError::NotConverged {
            iterations: MOST_STEPS,
        })
    }

    /// Covariance and estimates of the columns as they came.
    pub(super) fn in_units(&self, top: &Top) -> (Vec<Vec<f64>>, Vec<f64>) {
        let m = self.n_parameters();
        // The intercept there is the one here less the moved columns.
        let mut change = vec![vec![0.0; m]; m];
        for (j, row) in change.iter_mut().enumerate() {
            row[j] = 1.0;
        }
        for (k, scale) in self.scale.iter().enumerate() {
            change[k + 1][k + 1] = *scale;
            change[0][k + 1] = -self.centre[k] * scale;
        }
        let estimates = change.iter().map(|row| dot(row, &top.at)).collect();
        let covariance = Cholesky::new(&top.information)
            .map_or_else(|| Symmetric::zeros(m), |factor| factor.inverse());
        let half: Vec<Vec<f64>> = change.iter().map(|row| covariance.times(row)).collect();
        let covariance = change
            .iter()
            .map(|row| half.iter().map(|half| dot(row, half)).collect())
            .collect();
        (covariance, estimates)
    }
}
