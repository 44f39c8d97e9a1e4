//! Columns that are linear combinations of columns before them.

use serde::Serialize;

use crate::{
    chunks,
    design::{Design, dot},
};

/// A column left out because earlier columns already say the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DroppedColumn {
    /// The column.
    pub name: String,
    /// Earlier columns whose combination equals it; empty for a constant column, which the intercept already holds.
    pub combination_of: Vec<String>,
}

/// A column is dropped when what earlier columns leave of it is shorter than this share of its centred length.
const RESIDUAL_SHARE: f64 = 1e-7;
/// Shares of the squared length below this are looked at row by row; the cross products alone are not exact enough.
const SUSPECT_SHARE: f64 = 1e-6;

/// Walks the columns from left to right; each either adds something to the ones before it or is dropped.
///
/// Returns the columns kept (ascending) and the ones dropped.
pub(crate) fn walk(design: &Design) -> (Vec<usize>, Vec<DroppedColumn>) {
    let moments = Moments::of(design);
    let mut basis = Basis::default();
    let mut dropped = Vec::new();
    for j in 1..design.width() {
        let drop = |combination_of| DroppedColumn {
            name: design.names()[j].clone(),
            combination_of,
        };
        if moments.is_constant(j) {
            dropped.push(drop(Vec::new()));
            continue;
        }
        let cross: Vec<f64> = basis
            .columns
            .iter()
            .map(|&k| moments.correlation(k, j))
            .collect();
        let coordinates = basis.project(&cross);
        let mut rest = 1.0 - dot(&coordinates, &coordinates);
        if rest < SUSPECT_SHARE {
            let weights = basis.weights(&coordinates);
            let length = moments.residual_length(design, j, &basis.columns, &weights);
            if length < RESIDUAL_SHARE {
                let parts = basis
                    .columns
                    .iter()
                    .zip(&weights)
                    .filter(|(_, weight)| weight.abs() > 1e-6);
                dropped.push(drop(
                    parts.map(|(&k, _)| design.names()[k].clone()).collect(),
                ));
                continue;
            }
            rest = length * length;
        }
        basis.extend(j, coordinates, rest);
    }
    (std::iter::once(0).chain(basis.columns).collect(), dropped)
}

/// The columns kept so far, with the Cholesky factor of their correlations, row by row.
#[derive(Default)]
struct Basis {
    columns: Vec<usize>,
    factor: Vec<Vec<f64>>,
}

impl Basis {
    /// Coordinates of a column in the orthonormal basis, from its correlations with the columns kept.
    fn project(&self, cross: &[f64]) -> Vec<f64> {
        let mut z: Vec<f64> = Vec::with_capacity(cross.len());
        for (row, c) in self.factor.iter().zip(cross) {
            let i = z.len();
            z.push((c - dot(&row[..i], &z)) / row[i]);
        }
        z
    }

    /// Weights of the columns kept, from coordinates.
    fn weights(&self, coordinates: &[f64]) -> Vec<f64> {
        let mut w = coordinates.to_vec();
        for i in (0..w.len()).rev() {
            let known: f64 = (i + 1..w.len()).map(|k| self.factor[k][i] * w[k]).sum();
            w[i] = (w[i] - known) / self.factor[i][i];
        }
        w
    }

    fn extend(&mut self, column: usize, mut coordinates: Vec<f64>, rest: f64) {
        coordinates.push(rest.sqrt());
        self.columns.push(column);
        self.factor.push(coordinates);
    }
}

/// Means and cross products of the centred columns, each scaled to length 1.
struct Moments {
    p: usize,
    means: Vec<f64>,
    lengths: Vec<f64>,
    correlations: Vec<f64>,
    largest: Vec<f64>,
    n_rows: usize,
}

impl Moments {
    fn of(design: &Design) -> Self {
        let (p, n_rows) = (design.width(), design.n_rows());
        let sums = chunks::reduce(
            n_rows,
            |range| {
                let mut sums = vec![0.0; 2 * p];
                for row in design.rows(range) {
                    for j in 0..p {
                        sums[j] += row[j];
                        sums[p + j] = sums[p + j].max(row[j].abs());
                    }
                }
                sums
            },
            |mut a, b| {
                chunks::add(&mut a[..p], &b[..p]);
                for j in p..2 * p {
                    a[j] = a[j].max(b[j]);
                }
                a
            },
        )
        .unwrap_or_else(|| vec![0.0; 2 * p]);
        let means: Vec<f64> = sums[..p]
            .iter()
            .map(|sum| sum / n_rows.max(1) as f64)
            .collect();
        let mut products = chunks::reduce(
            n_rows,
            |range| {
                let mut products = vec![0.0; p * p];
                let mut centred = vec![0.0; p];
                for row in design.rows(range) {
                    for j in 0..p {
                        centred[j] = row[j] - means[j];
                    }
                    for i in 0..p {
                        for j in 0..=i {
                            products[i * p + j] += centred[i] * centred[j];
                        }
                    }
                }
                products
            },
            |mut a, b| {
                chunks::add(&mut a, &b);
                a
            },
        )
        .unwrap_or_else(|| vec![0.0; p * p]);
        let lengths: Vec<f64> = (0..p).map(|j| products[j * p + j].sqrt()).collect();
        for i in 0..p {
            for j in 0..=i {
                products[i * p + j] /= lengths[i] * lengths[j];
                products[j * p + i] = products[i * p + j];
            }
        }
        Self {
            p,
            means,
            lengths,
            correlations: products,
            largest: sums[p..].to_vec(),
            n_rows,
        }
    }

    fn is_constant(&self, j: usize) -> bool {
        self.lengths[j] <= 1e-12 * self.largest[j] * (self.n_rows as f64).sqrt()
    }

    fn correlation(&self, i: usize, j: usize) -> f64 {
        self.correlations[i * self.p + j]
    }

    /// Length of what `weights` of `others` leave of column `j`, as a share of its centred length.
    fn residual_length(&self, design: &Design, j: usize, others: &[usize], weights: &[f64]) -> f64 {
        let squared = chunks::reduce(
            self.n_rows,
            |range| {
                let scaled = |row: &[f64], k: usize| (row[k] - self.means[k]) / self.lengths[k];
                design
                    .rows(range)
                    .map(|row| {
                        let fitted: f64 = others
                            .iter()
                            .zip(weights)
                            .map(|(&k, w)| w * scaled(row, k))
                            .sum();
                        (scaled(row, j) - fitted).powi(2)
                    })
                    .sum::<f64>()
            },
            |a, b| a + b,
        );
        squared.unwrap_or(0.0).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_column_of_a_dependent_set_is_dropped_and_named() {
        let a = [1.0, 0.0, 0.0, 1.0, 0.0];
        let b = [0.0, 1.0, 0.0, 0.0, 1.0];
        let sum: Vec<f64> = a
            .iter()
            .zip(b)
            .map(|(x, y)| 3.0 * x - 2.0 * y + 5.0)
            .collect();
        let other = [0.3, 0.1, 0.4, 0.1, 0.5];
        let design = Design::new(
            5,
            [
                ("a", &a[..]),
                ("b", &b),
                ("other", &other),
                ("sum", &sum),
                ("flat", &[7.0; 5]),
            ],
        )
        .unwrap();
        let (kept, dropped) = walk(&design);
        assert_eq!(kept, [0, 1, 2, 3]);
        assert_eq!(
            dropped[0],
            DroppedColumn {
                name: "sum".into(),
                combination_of: vec!["a".into(), "b".into()]
            }
        );
        assert_eq!(
            dropped[1],
            DroppedColumn {
                name: "flat".into(),
                combination_of: vec![]
            }
        );
    }

    #[test]
    fn a_nearly_equal_column_is_kept() {
        let a: Vec<f64> = (0..100).map(f64::from).collect();
        let b: Vec<f64> = a
            .iter()
            .map(|x| x + if x % 2.0 == 0.0 { 1e-4 } else { 0.0 })
            .collect();
        let (kept, dropped) = walk(&Design::new(100, [("a", &a), ("b", &b)]).unwrap());
        assert_eq!((kept.len(), dropped.len()), (3, 0));
    }

    #[test]
    fn scale_does_not_matter() {
        let a: Vec<f64> = (0..50).map(|i| f64::from(i * i % 17) * 1e-9).collect();
        let b: Vec<f64> = (0..50).map(|i| 1e12 + f64::from(i % 7) * 1e6).collect();
        let c: Vec<f64> = a
            .iter()
            .zip(&b)
            .map(|(x, y)| x * 1e9 + (y - 1e12) * 1e-6)
            .collect();
        let (kept, dropped) = walk(&Design::new(50, [("a", &a), ("b", &b), ("c", &c)]).unwrap());
        assert_eq!(kept, [0, 1, 2]);
        assert_eq!(dropped.len(), 1);
    }
}
