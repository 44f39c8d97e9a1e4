//! Cholesky factor of a small symmetric positive definite matrix.

use crate::lanes::Column;

/// Lower factor `L` with `L Lᵀ = A`, row-major, shape `(p, p)`.
///
/// The result is insensitive to the scale of the columns: rounding errors follow the condition number after scaling.
pub(crate) struct Cholesky {
    p: usize,
    lower: Vec<f64>,
}

impl Cholesky {
    /// Factors `matrix` (row-major, shape `(p, p)`, lower triangle read); `None` when a pivot is not clearly positive.
    pub(crate) fn new(matrix: &[f64], p: usize) -> Option<Self> {
        let mut lower = vec![0.0; p * p];
        for i in 0..p {
            for j in 0..=i {
                let dot: f64 = (0..j).map(|k| lower[i * p + k] * lower[j * p + k]).sum();
                let rest = matrix[i * p + j] - dot;
                if i == j {
                    if rest.is_nan() || rest <= f64::EPSILON * 4.0 * matrix[i * p + i] {
                        return None;
                    }
                    lower[i * p + i] = rest.sqrt();
                } else {
                    lower[i * p + j] = rest / lower[j * p + j];
                }
            }
        }
        Some(Self { p, lower })
    }

    /// `A⁻¹ b`, shape `(p,)`.
    pub(crate) fn solve(&self, b: &[f64]) -> Vec<f64> {
        let p = self.p;
        let mut x = b.to_vec();
        for i in 0..p {
            let dot: f64 = (0..i).map(|k| self.lower[i * p + k] * x[k]).sum();
            x[i] = (x[i] - dot) / self.lower[i * p + i];
        }
        for i in (0..p).rev() {
            let dot: f64 = (i + 1..p).map(|k| self.lower[k * p + i] * x[k]).sum();
            x[i] = (x[i] - dot) / self.lower[i * p + i];
        }
        x
    }

    /// `log |A|`.
    pub(crate) fn log_determinant(&self) -> f64 {
        (0..self.p)
            .map(|i| 2.0 * self.lower[i * self.p + i].ln())
            .sum()
    }

    /// `L⁻¹ z` for every row of a block at once: the squared length of a row's result is `zᵀ A⁻¹ z`.
    pub(crate) fn solve_half(&self, z: &[Column], half: &mut [Column]) {
        for i in 0..self.p {
            let mut rest = z[i];
            for (known, factor) in half[..i].iter().zip(&self.lower[i * self.p..]) {
                for (rest, known) in rest.iter_mut().zip(known) {
                    *rest -= factor * known;
                }
            }
            let pivot = self.lower[i * self.p + i];
            for (out, rest) in half[i].iter_mut().zip(&rest) {
                *out = rest / pivot;
            }
        }
    }

    /// `A⁻¹`, symmetric, row-major, shape `(p, p)`.
    pub(crate) fn inverse(&self) -> Vec<f64> {
        let p = self.p;
        let mut inverse = vec![0.0; p * p];
        let mut unit = vec![0.0; p];
        for j in 0..p {
            unit.fill(0.0);
            unit[j] = 1.0;
            let column = self.solve(&unit);
            for i in 0..p {
                inverse[i * p + j] = column[i];
            }
        }
        for i in 0..p {
            for j in 0..i {
                let mean = f64::midpoint(inverse[i * p + j], inverse[j * p + i]);
                inverse[i * p + j] = mean;
                inverse[j * p + i] = mean;
            }
        }
        inverse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_matrix_is_inverted() {
        let a = [4.0, 2.0, 0.0, 2.0, 5.0, 1.0, 0.0, 1.0, 3.0];
        let inverse = Cholesky::new(&a, 3).unwrap().inverse();
        for i in 0..3 {
            for j in 0..3 {
                let entry: f64 = (0..3).map(|k| a[i * 3 + k] * inverse[k * 3 + j]).sum();
                assert!(
                    (entry - f64::from(u8::from(i == j))).abs() < 1e-15,
                    "{i} {j} {entry}"
                );
            }
        }
    }

    #[test]
    fn a_singular_matrix_has_no_factor() {
        assert!(Cholesky::new(&[1.0, 1.0, 1.0, 1.0], 2).is_none());
        assert!(Cholesky::new(&[f64::NAN], 1).is_none());
    }
}
