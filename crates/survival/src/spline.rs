//! Restricted cubic splines: a curve instead of a line, straight beyond its outer knots.

use serde::{Deserialize, Serialize};

use crate::SurvivalError;

/// Places at which the pieces of a natural cubic spline meet; beyond the first and the last it is a straight line.
///
/// A column becomes `knots − 1` columns: itself and `knots − 2` that bend. Their span is that of R's `ns` with the same inner and boundary
/// knots, so a regression on either gives the same curve, limits and likelihood.
///
/// ```
/// use helder_survival::RestrictedCubicSpline;
/// let ages: Vec<f64> = (18..67).map(f64::from).collect();
/// let spline = RestrictedCubicSpline::at_quantiles(&ages, 4)?;
/// let columns = spline.columns("age", &ages);
/// let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
/// assert_eq!(names, ["age", "age'", "age''"]);
/// # Ok::<(), helder_survival::SurvivalError>(())
/// ```
///
/// # Source
/// Durrleman & Simon 1989 (doi 10.1002/sim.4780080504); Harrell, Regression Modeling Strategies, 2nd ed. 2015, section 2.4.5. Compared with
/// Hmisc `rcspline.eval` and R `splines::ns`, versions in `tests/reference/more.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RestrictedCubicSpline {
    knots: Vec<f64>,
}

impl RestrictedCubicSpline {
    /// Knots at these places.
    ///
    /// # Errors
    /// Fewer than 3, numbers that are not finite, places that do not rise.
    pub fn at(knots: &[f64]) -> Result<Self, SurvivalError> {
        let rises = knots.windows(2).all(|pair| pair[0] < pair[1]);
        let finite = knots.iter().all(|knot| knot.is_finite());
        if knots.len() < 3 || !rises || !finite {
            return Err(SurvivalError::Setting {
                what: "knots",
                demand: "three or more different finite numbers that rise: does the column take enough different values?",
            });
        }
        Ok(Self {
            knots: knots.to_vec(),
        })
    }

    /// Harrell's places, 3 to 7: evenly spaced quantiles between the outer ones, which are at 10 % (3 knots), 5 % or 2.5 % (7 knots) from
    /// either end; with fewer than 100 values the outer knots are the fifth value from either end.
    ///
    /// # Errors
    /// Another number, values that are not finite, quantiles that are the same.
    pub fn at_quantiles(values: &[f64], n_knots: usize) -> Result<Self, SurvivalError> {
        if !(3..=7).contains(&n_knots) {
            return Err(SurvivalError::Setting {
                what: "the number of knots",
                demand: "3 to 7",
            });
        }
        let sorted = sorted(values)?;
        let outer = match n_knots {
            3 => 0.1,
            7 => 0.025,
            _ => 0.05,
        };
        let step = (1.0 - 2.0 * outer) / (n_knots - 1) as f64;
        let mut knots: Vec<f64> = (0..n_knots)
            .map(|k| quantile(&sorted, outer + step * k as f64))
            .collect();
        if (5..100).contains(&sorted.len()) {
            knots[0] = sorted[4];
            knots[n_knots - 1] = sorted[sorted.len() - 5];
        }
        Self::at(&knots)
    }

    /// R's `ns(x, df)`: outer knots at the smallest and the largest value, inner ones at evenly spaced quantiles.
    ///
    /// # Errors
    /// Fewer than 2 degrees of freedom, values that are not finite, quantiles that are the same.
    pub fn natural(values: &[f64], degrees_of_freedom: usize) -> Result<Self, SurvivalError> {
        if degrees_of_freedom < 2 {
            return Err(SurvivalError::Setting {
                what: "degrees of freedom of a spline",
                demand: "at least 2; one is a straight line",
            });
        }
        let sorted = sorted(values)?;
        let share = |k: usize| k as f64 / degrees_of_freedom as f64;
        let knots: Vec<f64> = (0..=degrees_of_freedom)
            .map(|k| quantile(&sorted, share(k)))
            .collect();
        Self::at(&knots)
    }

    /// Where the pieces meet, rising.
    pub fn knots(&self) -> &[f64] {
        &self.knots
    }

    /// Names of the columns that `name` becomes: itself, then with one prime more each.
    pub fn names(&self, name: &str) -> Vec<String> {
        (0..self.knots.len() - 1)
            .map(|k| format!("{name}{}", "'".repeat(k)))
            .collect()
    }

    /// The columns' values at `x`: `x` itself, then each bend on the scale of `x`.
    pub fn basis(&self, x: f64) -> Vec<f64> {
        let k = self.knots.len();
        let (before, last) = (self.knots[k - 2], self.knots[k - 1]);
        let range = last - self.knots[0];
        // Units of the range keep the cubes within the numbers.
        let near = x.min(last);
        let cube = |knot: f64| {
            let above = ((near - knot) / range).max(0.0);
            above * above * above
        };
        let bend = |&knot: &f64| {
            let share = (last - knot) / (last - before);
            let at_knots = range * (cube(knot) - cube(before) * share);
            // Beyond the last knot by the line itself: cubes of far numbers that cancel would leave nothing right.
            let rise = 3.0 * ((last - knot) / range) * ((before - knot) / range);
            if x > last {
                at_knots + rise * (x - last)
            } else {
                at_knots
            }
        };
        std::iter::once(x)
            .chain(self.knots[..k - 2].iter().map(bend))
            .collect()
    }

    /// The columns that a column becomes, with their names, for [`crate::Design::new`].
    pub fn columns(&self, name: &str, values: &[f64]) -> Vec<(String, Vec<f64>)> {
        let rows: Vec<Vec<f64>> = values.iter().map(|&x| self.basis(x)).collect();
        self.names(name)
            .into_iter()
            .enumerate()
            .map(|(k, name)| (name, rows.iter().map(|row| row[k]).collect()))
            .collect()
    }
}

fn sorted(values: &[f64]) -> Result<Vec<f64>, SurvivalError> {
    let mut sorted = values.to_vec();
    if sorted.is_empty() || sorted.iter().any(|value| !value.is_finite()) {
        return Err(SurvivalError::Setting {
            what: "values under a spline",
            demand: "finite numbers, one or more",
        });
    }
    sorted.sort_unstable_by(f64::total_cmp);
    Ok(sorted)
}

/// Between the two nearest values, as R's default (type 7).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    // A place that is whole but for rounding is whole.
    let below = (place + 4.0 * f64::EPSILON).floor();
    let part = place - below;
    let low = sorted[below as usize];
    if part.abs() < f64::EPSILON * 4.0 * (place + 1.0) {
        return low;
    }
    let high = sorted[(below as usize + 1).min(sorted.len() - 1)];
    (1.0 - part) * low + part * high
}
