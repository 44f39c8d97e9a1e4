//! A small symmetric matrix and the equations it stands for.

/// Lower half of a symmetric matrix of shape `(p, p)`.
pub(crate) struct Square {
    p: usize,
    values: Vec<f64>,
}

impl Square {
    pub(crate) fn zeros(p: usize) -> Self {
        Self {
            p,
            values: vec![0.0; p * p],
        }
    }

    /// Adds to an entry of the lower half: `row ≥ column`.
    pub(crate) fn add(&mut self, row: usize, column: usize, value: f64) {
        self.values[row * self.p + column] += value;
    }

    /// Solves `A x = b` for a matrix without negative eigenvalues; unknowns that follow from earlier ones are 0.
    pub(crate) fn solve(&self, b: &[f64]) -> Vec<f64> {
        let p = self.p;
        let mut lower = vec![0.0; p * p];
        let mut is_kept = vec![false; p];
        for i in 0..p {
            for j in 0..=i {
                let known: f64 = (0..j).map(|k| lower[i * p + k] * lower[j * p + k]).sum();
                let rest = self.values[i * p + j] - known;
                if i == j {
                    is_kept[i] = rest > 1e-10 * self.values[i * p + i] && rest > 0.0;
                    lower[i * p + i] = if is_kept[i] { rest.sqrt() } else { 0.0 };
                } else if is_kept[j] {
                    lower[i * p + j] = rest / lower[j * p + j];
                }
            }
            if !is_kept[i] {
                lower[i * p..][..p].fill(0.0);
            }
        }
        let mut x = vec![0.0; p];
        for i in (0..p).filter(|&i| is_kept[i]) {
            let known: f64 = (0..i).map(|k| lower[i * p + k] * x[k]).sum();
            x[i] = (b[i] - known) / lower[i * p + i];
        }
        for i in (0..p).rev() {
            if is_kept[i] {
                let known: f64 = (i + 1..p).map(|k| lower[k * p + i] * x[k]).sum();
                x[i] = (x[i] - known) / lower[i * p + i];
            }
        }
        x
    }
}
