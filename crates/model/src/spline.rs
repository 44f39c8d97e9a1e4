//! Restricted cubic splines: an input that counts as a curve instead of a line.

use serde::Serialize;

use crate::LinearFit;

/// Fewest and most knots of a curve.
pub const KNOTS: std::ops::RangeInclusive<usize> = 3..=20;

/// A natural cubic spline of one input: straight beyond its outer knots, smooth between them.
///
/// With `k` knots the input becomes `k − 1` columns ([`SplineBasis`]); what it adds to the score is the sum of coefficient × column.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SplineTerm {
    /// Name of the input.
    pub input: String,
    /// Where the pieces meet, in the unit that the model works with, rising.
    pub knots: Vec<f64>,
    /// One per column of the basis, in its order.
    pub columns: Vec<SplineColumn>,
}

/// `coefficient` × a column of the basis.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SplineColumn {
    /// Score per unit of the column.
    pub coefficient: f64,
    /// Standard error, where the method gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standard_error: Option<f64>,
    /// Mean of the column over the training rows; contributions are counted from here.
    pub mean: f64,
}

/// The columns that an input becomes: itself, then `k − 2` that bend, each on the scale of the input.
///
/// Training and scoring both take them from here, so that they agree to the last bit.
///
/// # Source
/// Durrleman & Simon 1989 (doi 10.1002/sim.4780080504); Harrell, Regression Modeling Strategies, 2nd ed. 2015, section 2.4.5: the columns of
/// `rcspline.eval` of R `Hmisc`, and those of `helder-survival`'s `RestrictedCubicSpline`.
#[derive(Clone, Debug, PartialEq)]
pub struct SplineBasis {
    knots: Vec<f64>,
    /// Per bend: what it is at the last knot, and how much it rises per unit beyond it.
    beyond: Vec<[f64; 2]>,
}

impl SplineBasis {
    /// A basis on knots that hold together (see [`are_knots`]).
    pub fn new(knots: &[f64]) -> Self {
        let mut basis = Self {
            knots: knots.to_vec(),
            beyond: Vec::new(),
        };
        let [.., before, last] = *knots else {
            return basis;
        };
        let range = last - knots[0];
        let at_last = knots[..knots.len() - 2].iter().map(|knot| {
            let rise = 3.0 * ((last - knot) / range) * ((before - knot) / range);
            [basis.bend(*knot, last), rise]
        });
        basis.beyond = at_last.collect();
        basis
    }

    /// How many columns there are.
    pub const fn width(&self) -> usize {
        self.knots.len().saturating_sub(1)
    }

    /// A column at `x`, a number no farther than [`crate::FARTHEST`].
    pub fn column(&self, column: usize, x: f64) -> f64 {
        let Some(bend) = column.checked_sub(1) else {
            return x;
        };
        let (Some([at_last, rise]), Some(last)) = (self.beyond.get(bend), self.knots.last()) else {
            return 0.0;
        };
        if x > *last {
            // By the line itself: cubes of far numbers that cancel would leave nothing right.
            return at_last + rise * (x - last);
        }
        self.bend(self.knots[bend], x)
    }

    /// The bend that begins at `knot`, up to the last knot.
    fn bend(&self, knot: f64, x: f64) -> f64 {
        let k = self.knots.len();
        let (before, last) = (self.knots[k - 2], self.knots[k - 1]);
        let range = last - self.knots[0];
        // Units of the range keep the cubes within the numbers.
        let cube = |knot: f64| {
            let above = ((x - knot) / range).max(0.0);
            above * above * above
        };
        range * (cube(knot) - cube(before) * ((last - knot) / (last - before)))
    }
}

/// Names of the columns that an input becomes: its own, then with one prime more each.
pub fn column_names(input: &str, width: usize) -> impl Iterator<Item = String> {
    (0..width).map(move |k| format!("{input}{}", "'".repeat(k)))
}

/// Whether a curve can be made of these knots: 3 to 20 numbers below 1e100 that rise, no two nearer than a millionth of the range.
pub fn are_knots(knots: &[f64]) -> bool {
    let range = match knots {
        [first, .., last] => last - first,
        _ => return false,
    };
    let near = range * 1e-6;
    let apart = |pair: &[f64]| pair[1] - pair[0] > near;
    KNOTS.contains(&knots.len())
        && knots.iter().all(|knot| knot.abs() < crate::FARTHEST)
        && range > 1e-100
        && knots.windows(2).all(apart)
}

/// What a curve adds at one value, counted from the mean of the training rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// Value of the input, as the model works with it.
    pub value: f64,
    /// Added to the score.
    pub effect: f64,
    /// Standard error of that; `None` where the model keeps no covariance.
    pub standard_error: Option<f64>,
}

impl SplineTerm {
    /// The columns of its input.
    pub fn basis(&self) -> SplineBasis {
        SplineBasis::new(&self.knots)
    }
}

impl LinearFit {
    /// Place of the first column of each curve among the parameters.
    pub(crate) fn spline_places(&self) -> impl Iterator<Item = (usize, &SplineTerm)> {
        let mut next = 1 + self.linear_terms.len();
        self.spline_terms.iter().map(move |term| {
            let place = next;
            next += term.columns.len();
            (place, term)
        })
    }

    /// What the curve of an input adds at `values`; empty for an input that counts otherwise.
    pub fn curve(&self, input: &str, values: &[f64]) -> Vec<CurvePoint> {
        let Some((place, term)) = self.spline_places().find(|(_, term)| term.input == *input)
        else {
            return Vec::new();
        };
        let basis = term.basis();
        let point = |&value: &f64| {
            let columns = term.columns.iter().enumerate();
            let from_mean: Vec<f64> = columns
                .map(|(k, column)| basis.column(k, value) - column.mean)
                .collect();
            let effects = term.columns.iter().zip(&from_mean);
            let variance = self.covariance.as_ref().map(|triangle| {
                let entry = |i: usize, j: usize| {
                    let row = triangle.get(place + i.max(j));
                    let cell = row.and_then(|row| row.get(place + i.min(j)));
                    cell.copied().unwrap_or(0.0)
                };
                let row = |i: usize| -> f64 {
                    let each = from_mean.iter().enumerate();
                    each.map(|(j, x)| entry(i, j) * x).sum()
                };
                let each = from_mean.iter().enumerate();
                each.map(|(i, x)| x * row(i)).sum::<f64>()
            });
            CurvePoint {
                value,
                effect: effects.map(|(column, x)| column.coefficient * x).sum(),
                // Rounding may leave a variance of zero slightly below.
                standard_error: variance.map(|variance| variance.max(0.0).sqrt()),
            }
        };
        values.iter().map(point).collect()
    }
}
