//! One pass over the rows: log-likelihood, gradient and information of the logistic model.

use crate::{
    chunks,
    design::{Design, dot},
};

/// What one pass yields at given coefficients.
pub(crate) struct Pass {
    pub(crate) log_likelihood: f64,
    /// Shape `(p,)`.
    pub(crate) gradient: Vec<f64>,
    /// Expected information, row-major, lower triangle, shape `(p, p)`.
    pub(crate) information: Vec<f64>,
}

/// Log-likelihood, its gradient and the expected information at `beta`.
pub(crate) fn pass(design: &Design, y: &[bool], beta: &[f64]) -> Pass {
    let p = design.width();
    let sums = chunks::reduce(
        design.n_rows(),
        |range| {
            let mut sums = vec![0.0; 1 + p + p * p];
            let (head, information) = sums.split_at_mut(1 + p);
            let mut filled = Filled::new(p);
            for (row, &positive) in design.rows(range.clone()).zip(&y[range]) {
                let eta = dot(row, beta);
                let (mu, log_likelihood) = respond(eta, positive);
                head[0] += log_likelihood;
                let residual = f64::from(u8::from(positive)) - mu;
                filled.read(row);
                filled.add_scaled(residual, &mut head[1..]);
                filled.add_outer(mu * (1.0 - mu), information);
            }
            sums
        },
        |mut a, b| {
            chunks::add(&mut a, &b);
            a
        },
    )
    .unwrap_or_else(|| vec![0.0; 1 + p + p * p]);
    Pass {
        log_likelihood: sums[0],
        gradient: sums[1..=p].to_vec(),
        information: sums[1 + p..].to_vec(),
    }
}

/// `Σ (y − μ)² x xᵀ`, the middle of the robust covariance, row-major, both triangles.
pub(crate) fn score_products(design: &Design, y: &[bool], beta: &[f64]) -> Vec<f64> {
    let p = design.width();
    let mut sums = chunks::reduce(
        design.n_rows(),
        |range| {
            let mut sums = vec![0.0; p * p];
            let mut filled = Filled::new(p);
            for (row, &positive) in design.rows(range.clone()).zip(&y[range]) {
                let (mu, _) = respond(dot(row, beta), positive);
                filled.read(row);
                filled.add_outer((f64::from(u8::from(positive)) - mu).powi(2), &mut sums);
            }
            sums
        },
        |mut a, b| {
            chunks::add(&mut a, &b);
            a
        },
    )
    .unwrap_or_else(|| vec![0.0; p * p]);
    mirror(&mut sums, p);
    sums
}

/// Copies the lower triangle to the upper one.
pub(crate) fn mirror(matrix: &mut [f64], p: usize) {
    for i in 0..p {
        for j in 0..i {
            matrix[j * p + i] = matrix[i * p + j];
        }
    }
}

/// Probability and log-likelihood of one outcome, without overflow for any `eta`.
pub(crate) fn respond(eta: f64, positive: bool) -> (f64, f64) {
    let small = (-eta.abs()).exp();
    let near = 1.0 / (1.0 + small);
    let mu = if eta >= 0.0 { near } else { small * near };
    let signed = if positive { eta } else { -eta };
    (mu, signed.min(0.0) - small.ln_1p())
}

/// The filled places of a row: one-hot columns leave most places empty, and an empty place adds nothing.
struct Filled {
    at: Vec<usize>,
    values: Vec<f64>,
}

impl Filled {
    fn new(p: usize) -> Self {
        Self {
            at: Vec::with_capacity(p),
            values: Vec::with_capacity(p),
        }
    }

    fn read(&mut self, row: &[f64]) {
        self.at.clear();
        self.values.clear();
        for (j, &value) in row.iter().enumerate() {
            if value != 0.0 {
                self.at.push(j);
                self.values.push(value);
            }
        }
    }

    fn add_scaled(&self, factor: f64, sums: &mut [f64]) {
        for (&j, value) in self.at.iter().zip(&self.values) {
            sums[j] += factor * value;
        }
    }

    /// Adds `factor · x xᵀ` to the lower triangle.
    fn add_outer(&self, factor: f64, sums: &mut [f64]) {
        let p = sums.len().isqrt();
        let full = self.at.len() == p;
        for (place, (&i, value)) in self.at.iter().zip(&self.values).enumerate() {
            let scaled = factor * value;
            let row = &mut sums[i * p..=i * p + i];
            if full {
                for (sum, other) in row.iter_mut().zip(&self.values[..=place]) {
                    *sum += scaled * other;
                }
            } else {
                for (&j, other) in self.at[..=place].iter().zip(&self.values) {
                    row[j] += scaled * other;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extreme_predictors_stay_finite() {
        for eta in [-1e4, -40.0, 0.0, 40.0, 1e4] {
            for positive in [false, true] {
                let (mu, log_likelihood) = respond(eta, positive);
                assert!(
                    (0.0..=1.0).contains(&mu)
                        && log_likelihood <= 0.0
                        && log_likelihood.is_finite()
                );
            }
        }
        assert!((respond(0.0, true).1 + std::f64::consts::LN_2).abs() < 1e-16);
    }

    #[test]
    fn empty_places_change_nothing() {
        let dense = Design::new(3, [("a", [1.0, 2.0, 3.0]), ("b", [0.5, 0.25, 4.0])]).unwrap();
        let gaps = Design::new(
            3,
            [
                ("a", [1.0, 2.0, 3.0]),
                ("b", [0.5, 0.25, 4.0]),
                ("c", [0.0; 3]),
            ],
        )
        .unwrap();
        let y = [true, false, true];
        let (one, other) = (
            pass(&dense, &y, &[0.1, 0.2, 0.3]),
            pass(&gaps, &y, &[0.1, 0.2, 0.3, 0.0]),
        );
        assert_eq!(one.gradient[..], other.gradient[..3]);
        assert_eq!(
            one.information[8].to_bits(),
            other.information[10].to_bits()
        );
    }
}
