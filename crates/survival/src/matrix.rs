//! Small symmetric matrices.

/// A symmetric matrix of shape `(p, p)`; both halves are kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Symmetric {
    p: usize,
    values: Vec<f64>,
}

impl Symmetric {
    pub(crate) fn zeros(p: usize) -> Self {
        Self {
            p,
            values: vec![0.0; p * p],
        }
    }

    pub(crate) fn get(&self, i: usize, j: usize) -> f64 {
        self.values[i * self.p + j]
    }

    /// Adds to the entry and to its mirror.
    pub(crate) fn add(&mut self, i: usize, j: usize, value: f64) {
        self.values[i * self.p + j] += value;
        if i != j {
            self.values[j * self.p + i] += value;
        }
    }

    /// Adds `weight · x xᵀ`.
    pub(crate) fn add_outer(&mut self, weight: f64, x: &[f64]) {
        for i in 0..self.p {
            let scaled = weight * x[i];
            for (sum, value) in self.values[i * self.p..][..self.p].iter_mut().zip(x) {
                *sum += scaled * value;
            }
        }
    }

    /// Adds `weight · (x yᵀ + y xᵀ)`.
    pub(crate) fn add_mixed(&mut self, weight: f64, x: &[f64], y: &[f64]) {
        for i in 0..self.p {
            for j in 0..self.p {
                self.values[i * self.p + j] += weight * (x[i] * y[j] + y[i] * x[j]);
            }
        }
    }

    pub(crate) fn add_scaled(&mut self, weight: f64, other: &Self) {
        for (sum, value) in self.values.iter_mut().zip(&other.values) {
            *sum += weight * value;
        }
    }

    /// Rows and columns at these places.
    pub(crate) fn part(&self, places: &[usize]) -> Self {
        let values = places
            .iter()
            .flat_map(|&i| places.iter().map(move |&j| self.get(i, j)));
        Self {
            p: places.len(),
            values: values.collect(),
        }
    }

    /// `A x`.
    pub(crate) fn times(&self, x: &[f64]) -> Vec<f64> {
        self.values
            .chunks(self.p.max(1))
            .map(|row| dot(row, x))
            .collect()
    }

    /// `xᵀ A x`.
    pub(crate) fn form(&self, x: &[f64]) -> f64 {
        dot(&self.times(x), x)
    }

    /// `xᵀ A⁻¹ x`; columns that follow from earlier ones are left out.
    pub(crate) fn quadratic(&self, x: &[f64]) -> f64 {
        let kept = self.independent();
        let Some(factor) = Cholesky::new(&self.part(&kept)) else {
            return f64::NAN;
        };
        let x: Vec<f64> = kept.iter().map(|&i| x[i]).collect();
        dot(&factor.solve(&x), &x)
    }

    /// Places of the columns that do not follow from earlier ones (of a matrix without negative eigenvalues).
    pub(crate) fn independent(&self) -> Vec<usize> {
        let mut kept: Vec<usize> = Vec::new();
        let mut rows: Vec<Vec<f64>> = Vec::new();
        for i in 0..self.p {
            let mut row: Vec<f64> = Vec::with_capacity(kept.len() + 1);
            for (k, &j) in kept.iter().enumerate() {
                let known = dot(&row[..k], &rows[k][..k]);
                row.push((self.get(i, j) - known) / rows[k][k]);
            }
            let rest = self.get(i, i) - dot(&row, &row);
            if rest > 1e-10 * self.get(i, i) && rest > 0.0 {
                row.push(rest.sqrt());
                rows.push(row);
                kept.push(i);
            }
        }
        kept
    }
}

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Factor of a positive definite matrix.
pub(crate) struct Cholesky {
    p: usize,
    lower: Vec<f64>,
}

impl Cholesky {
    /// `None` when the matrix is not clearly positive definite.
    pub(crate) fn new(matrix: &Symmetric) -> Option<Self> {
        let p = matrix.p;
        let mut lower = vec![0.0; p * p];
        for i in 0..p {
            for j in 0..=i {
                let known = dot(&lower[i * p..][..j], &lower[j * p..][..j]);
                let rest = matrix.get(i, j) - known;
                if i != j {
                    lower[i * p + j] = rest / lower[j * p + j];
                } else if rest.is_nan() || rest <= 1e-14 * matrix.get(i, i) {
                    return None;
                } else {
                    lower[i * p + i] = rest.sqrt();
                }
            }
        }
        Some(Self { p, lower })
    }

    /// `A⁻¹ b`.
    pub(crate) fn solve(&self, b: &[f64]) -> Vec<f64> {
        let p = self.p;
        let mut x = b.to_vec();
        for i in 0..p {
            let known = dot(&self.lower[i * p..][..i], &x[..i]);
            x[i] = (x[i] - known) / self.lower[i * p + i];
        }
        for i in (0..p).rev() {
            let known: f64 = (i + 1..p).map(|k| self.lower[k * p + i] * x[k]).sum();
            x[i] = (x[i] - known) / self.lower[i * p + i];
        }
        x
    }

    /// `A⁻¹`.
    pub(crate) fn inverse(&self) -> Symmetric {
        let mut inverse = Symmetric::zeros(self.p);
        for j in 0..self.p {
            let mut unit = vec![0.0; self.p];
            unit[j] = 1.0;
            for (i, value) in self.solve(&unit).into_iter().enumerate().skip(j) {
                inverse.add(i, j, value);
            }
        }
        inverse
    }
}
