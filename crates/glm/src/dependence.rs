//! Columns that are linear combinations of columns before them.

use serde::Serialize;

use crate::{
    Design, GlmError,
    design::dot,
    layout,
    response::Checked,
    work::{Task, Work},
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

/// Columns whose values lie further from 1 have variances that do not fit a number.
const SCALES: std::ops::RangeInclusive<f64> = 1e-140..=1e140;

/// The columns that a fit uses, and what is known of them.
pub(crate) struct Prepared<'a> {
    pub(crate) work: Work<'a>,
    pub(crate) dropped: Vec<DroppedColumn>,
    /// Standard deviation (divisor: sum of the weights) per column used, moved and scaled; 0 for the intercept.
    pub(crate) deviations: Vec<f64>,
}

/// As [`prepare`], but drops only columns that do not vary: a penalty decides between columns that say the same.
pub(crate) fn prepare_with_dependent<'a>(
    design: &'a Design,
    response: &'a Checked<'a>,
) -> Result<Prepared<'a>, GlmError> {
    let work = layout::of(design, response);
    let moments = Moments::of(&work)?;
    let constant = |j: &usize| moments.is_constant(&work, *j);
    let (flat, kept): (Vec<usize>, Vec<usize>) = (1..design.width()).partition(constant);
    let kept: Vec<usize> = std::iter::once(0).chain(kept).collect();
    let dropped = flat.into_iter().map(|j| DroppedColumn {
        name: design.names()[j].clone(),
        combination_of: Vec::new(),
    });
    Prepared::of(work, &moments, kept, dropped.collect())
}

/// Walks the columns from left to right; each either adds something to the ones before it or is dropped.
///
/// # Errors
/// [`GlmError::Scale`], naming the column.
pub(crate) fn prepare<'a>(
    design: &'a Design,
    response: &'a Checked<'a>,
) -> Result<Prepared<'a>, GlmError> {
    let work = layout::of(design, response);
    let moments = Moments::of(&work)?;
    let mut basis = Basis::default();
    let mut dropped = Vec::new();
    for j in 1..design.width() {
        let drop = |combination_of| DroppedColumn {
            name: design.names()[j].clone(),
            combination_of,
        };
        if moments.is_constant(&work, j) {
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
            let length = moments.residual_length(&work, j, &basis.columns, &weights);
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
    let kept: Vec<usize> = std::iter::once(0).chain(basis.columns).collect();
    Prepared::of(work, &moments, kept, dropped)
}

impl<'a> Prepared<'a> {
    fn of(
        mut work: Work<'a>,
        moments: &Moments,
        kept: Vec<usize>,
        dropped: Vec<DroppedColumn>,
    ) -> Result<Self, GlmError> {
        if let Some(&far) = kept.iter().find(|&&j| !SCALES.contains(&work.scale[j])) {
            return Err(GlmError::Scale(work.design.names()[far].clone()));
        }
        let deviations = kept.iter().map(|&j| moments.deviation(j)).collect();
        work.centre = kept.iter().map(|&j| work.centre[j]).collect();
        work.scale = kept.iter().map(|&j| work.scale[j]).collect();
        work.columns = kept;
        Ok(Self {
            work,
            dropped,
            deviations,
        })
    }
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
    weight: f64,
    means: Vec<f64>,
    lengths: Vec<f64>,
    correlations: Vec<f64>,
}

impl Moments {
    fn of(work: &Work<'_>) -> Result<Self, GlmError> {
        let p = work.width();
        let mut products = work.pass(Task::Products, 1).information;
        for j in 0..p {
            let square = products[j * p + j];
            if !square.is_finite() {
                return Err(GlmError::Scale(work.design.names()[j].clone()));
            }
        }
        let weight = products[0];
        let means: Vec<f64> = (0..p).map(|j| products[j] / weight).collect();
        for i in 0..p {
            for j in 0..p {
                products[i * p + j] -= weight * means[i] * means[j];
            }
        }
        let lengths: Vec<f64> = (0..p)
            .map(|j| products[j * p + j].max(0.0).sqrt())
            .collect();
        for i in 0..p {
            for j in 0..p {
                products[i * p + j] /= lengths[i] * lengths[j];
            }
        }
        Ok(Self {
            p,
            weight,
            means,
            lengths,
            correlations: products,
        })
    }

    fn is_constant(&self, work: &Work<'_>, j: usize) -> bool {
        let largest = self.means[j].abs() + (work.centre[j] * work.scale[j]).abs();
        self.lengths[j] <= 1e-12 * largest * self.weight.sqrt()
    }

    fn correlation(&self, i: usize, j: usize) -> f64 {
        self.correlations[i * self.p + j]
    }

    fn deviation(&self, j: usize) -> f64 {
        if j == 0 {
            0.0
        } else {
            self.lengths[j] / self.weight.sqrt()
        }
    }

    /// Length of what `weights` of `others` leave of column `j`, as a share of its centred length.
    fn residual_length(&self, work: &Work<'_>, j: usize, others: &[usize], weights: &[f64]) -> f64 {
        let mut direction = vec![0.0; self.p];
        direction[j] = 1.0 / self.lengths[j];
        for (&k, weight) in others.iter().zip(weights) {
            direction[k] = -weight / self.lengths[k];
        }
        direction[0] = -(1..self.p)
            .map(|k| direction[k] * self.means[k])
            .sum::<f64>();
        let squared = work.scan(
            &direction,
            false,
            || 0.0,
            |sum, first, rest| {
                for (at, rest) in rest.iter().enumerate() {
                    *sum += work.response.weight(first + at) * rest * rest;
                }
            },
            |a, b| a + b,
        );
        squared.unwrap_or(0.0).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Family, Response};

    fn walk(design: &Design) -> (Vec<usize>, Vec<DroppedColumn>) {
        let y: Vec<bool> = (0..design.n_rows()).map(|row| row == 0).collect();
        let response = Response::yes_no(&y);
        let checked = response.check(Family::Binomial, y.len()).unwrap();
        let prepared = prepare(design, &checked).unwrap();
        (prepared.work.columns, prepared.dropped)
    }

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
    fn a_column_that_varies_only_in_rows_without_weight_is_constant() {
        let x = [1.0, 1.0, 1.0, 4.0];
        let design = Design::new(4, [("x", x)]).unwrap();
        let y = [1.0, 0.0, 1.0, 1.0];
        let weights = [1.0, 2.0, 1.0, 0.0];
        let response = Response::new(&y).weights(&weights);
        let checked = response.check(Family::Binomial, 4).unwrap();
        assert_eq!(prepare(&design, &checked).unwrap().dropped[0].name, "x");
    }

    #[test]
    fn values_that_cannot_be_squared_are_named() {
        let x = [1.0e300, -1.0e300, 5.0, 0.0];
        let mut far = vec![0.0; 100_000];
        far[99_999] = 1e300;
        let wide = Design::new(4, [("x", x)]).unwrap();
        let single = [1.0, 0.0, 0.0, 1.0];
        let response = Response::new(&single);
        let checked = response.check(Family::Binomial, 4).unwrap();
        assert!(matches!(prepare(&wide, &checked), Err(GlmError::Scale(name)) if name == "x"));
        let design = Design::new(100_000, [("far", &far)]).unwrap();
        let mut y = vec![0.0; 100_000];
        y[0] = 1.0;
        let response = Response::new(&y);
        let checked = response.check(Family::Binomial, y.len()).unwrap();
        assert!(matches!(
            prepare(&design, &checked),
            Err(GlmError::Scale(name)) if name == "far"
        ));
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
