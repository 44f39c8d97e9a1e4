//! Small symmetric matrices.

/// Lower factor of a positive definite matrix, row-major, shape `(p, p)`; none when a pivot is not clearly positive.
pub(crate) fn cholesky(matrix: &[f64], p: usize) -> Option<Vec<f64>> {
    let mut lower = vec![0.0; p * p];
    for i in 0..p {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| lower[i * p + k] * lower[j * p + k]).sum();
            let rest = matrix[i * p + j] - dot;
            if i == j {
                if rest.is_nan() || rest <= 1e-13 * matrix[i * p + i] {
                    return None;
                }
                lower[i * p + i] = rest.sqrt();
            } else {
                lower[i * p + j] = rest / lower[j * p + j];
            }
        }
    }
    Some(lower)
}

/// `vᵀ A⁻¹ v` from the factor of A.
pub(crate) fn quadratic(factor: &[f64], p: usize, vector: &[f64]) -> f64 {
    forward(factor, p, vector).iter().map(|v| v * v).sum()
}

/// `L⁻¹ v`.
fn forward(factor: &[f64], p: usize, vector: &[f64]) -> Vec<f64> {
    let mut x = vector.to_vec();
    for i in 0..p {
        let dot: f64 = (0..i).map(|k| factor[i * p + k] * x[k]).sum();
        x[i] = (x[i] - dot) / factor[i * p + i];
    }
    x
}

/// `A⁻¹ v`.
pub(crate) fn solve(factor: &[f64], p: usize, vector: &[f64]) -> Vec<f64> {
    let mut x = forward(factor, p, vector);
    for i in (0..p).rev() {
        let dot: f64 = (i + 1..p).map(|k| factor[k * p + i] * x[k]).sum();
        x[i] = (x[i] - dot) / factor[i * p + i];
    }
    x
}
