//! P-splines: many small bends held together by a penalty on how much neighbours differ.

use serde::{Deserialize, Serialize};

use crate::SurvivalError;

/// Pieces whose cubic curves overlap at one value.
const DEGREE: usize = 3;

/// Cubic B-splines on equal stretches of the range of a column; beyond the range a straight line.
///
/// A column becomes `terms + 2` columns. There is one more curve than that: all together add up to 1, which a hazard cannot tell from its
/// baseline, so the first is left out.
///
/// ```
/// use helder_survival::PSpline;
/// let ages: Vec<f64> = (18..67).map(f64::from).collect();
/// let spline = PSpline::over(&ages, 10)?;
/// assert_eq!(spline.basis(40.0).len(), 12);
/// # Ok::<(), helder_survival::SurvivalError>(())
/// ```
///
/// # Source
/// Eilers & Marx 1996 (doi 10.1214/ss/1038425655). Compared with R `survival::pspline`, version in `tests/reference/pspline.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PSpline {
    first: f64,
    last: f64,
    terms: usize,
}

impl PSpline {
    /// On so many stretches between two values; R takes 2.5 per degree of freedom.
    ///
    /// # Errors
    /// Ends that are not finite or do not rise; fewer than 3 or more than 200 stretches.
    pub fn between(first: f64, last: f64, terms: usize) -> Result<Self, SurvivalError> {
        let is_wide = first.is_finite() && last.is_finite() && (last - first).is_finite();
        if !is_wide || last - first <= f64::EPSILON * first.abs().max(last.abs()) {
            return Err(SurvivalError::Setting {
                what: "the range of a P-spline",
                demand: "two finite numbers that rise: does the column vary?",
            });
        }
        if !(3..=200).contains(&terms) {
            return Err(SurvivalError::Setting {
                what: "the stretches of a P-spline",
                demand: "3 to 200",
            });
        }
        Ok(Self { first, last, terms })
    }

    /// The same between the smallest and the largest of the values.
    ///
    /// # Errors
    /// As [`PSpline::between`].
    pub fn over(values: &[f64], terms: usize) -> Result<Self, SurvivalError> {
        let ends = values
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(*value), high.max(*value))
            });
        Self::between(ends.0, ends.1, terms)
    }

    /// How many columns a column becomes.
    pub const fn width(&self) -> usize {
        self.terms + DEGREE - 1
    }

    /// Stretches between the ends.
    pub const fn terms(&self) -> usize {
        self.terms
    }

    /// Names of the columns that `name` becomes, counted as R does.
    pub fn names(&self, name: &str) -> Vec<String> {
        (3..self.width() + 3)
            .map(|k| format!("ps({name}){k}"))
            .collect()
    }

    /// The columns' values at a finite `x`.
    pub fn basis(&self, x: f64) -> Vec<f64> {
        let step = (self.last - self.first) / self.terms as f64;
        let inside = x.clamp(self.first, self.last);
        let place = ((inside - self.first) / step).min(self.terms as f64);
        // The last value ends the last stretch instead of beginning another.
        let stretch = (place.floor() as usize).min(self.terms - 1);
        let u = place - stretch as f64;
        let v = 1.0 - u;
        let mut pieces = [
            v * v * v / 6.0,
            (3.0 * u * u * u - 6.0 * u * u + 4.0) / 6.0,
            (3.0 * v * v * v - 6.0 * v * v + 4.0) / 6.0,
            u * u * u / 6.0,
        ];
        if x < self.first || x > self.last {
            // Straight on: the slopes of the pieces at the end, times how far beyond it.
            let far = (x - inside) / step;
            let slopes = if x < self.first {
                [-0.5, 0.0, 0.5, 0.0]
            } else {
                [0.0, -0.5, 0.0, 0.5]
            };
            for (piece, slope) in pieces.iter_mut().zip(slopes) {
                *piece += far * slope;
            }
        }
        let mut basis = vec![0.0; self.width() + 1];
        basis[stretch..=stretch + DEGREE].copy_from_slice(&pieces);
        basis.remove(0);
        basis
    }

    /// What the penalty is made of: `DᵀD` with `D` the second differences of neighbours' coefficients, the first of which is 0. Shape
    /// `(width, width)`, row by row.
    pub(crate) fn roughness(&self) -> Vec<f64> {
        let p = self.width();
        let mut matrix = vec![0.0; p * p];
        for start in 0..p - 1 {
            // Neighbours start, start + 1 and start + 2 among all; the first of all has no column.
            let parts = [(start, 1.0), (start + 1, -2.0), (start + 2, 1.0)];
            for (a, of_a) in parts {
                for (b, of_b) in parts {
                    if a > 0 && b > 0 {
                        matrix[(a - 1) * p + b - 1] += of_a * of_b;
                    }
                }
            }
        }
        matrix
    }
}
