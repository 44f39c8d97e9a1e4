//! Which penalty predicts rows best that it was not fitted on.

use serde::Serialize;

use crate::{
    Design, ElasticNet, GlmError, Lambdas, Response, path::Path, response::Checked, special,
};

/// A path with its cross-validated deviance.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CrossValidated {
    /// The path on all rows.
    pub path: Path,
    /// Mean deviance per unit of weight of rows left out, per point of the path.
    pub deviances: Vec<f64>,
    /// Standard error of each over the folds.
    pub standard_errors: Vec<f64>,
    /// Place of the smallest deviance.
    pub best: usize,
    /// Place of the largest penalty within one standard error of the smallest deviance.
    pub simplest: usize,
    /// Folds.
    pub folds: usize,
}

impl ElasticNet {
    /// Fits the path on all rows, and again without each fold to see how it predicts the fold.
    ///
    /// `folds` – shape `(n,)`: the number of the fold of each row, from 0. Rows that belong together have one number.
    ///
    /// # Errors
    /// As [`Self::fit`]; [`GlmError::Setting`] for fewer than two folds.
    pub fn cross_validate(
        &self,
        design: &Design,
        response: &Response<'_>,
        folds: &[usize],
    ) -> Result<CrossValidated, GlmError> {
        let n = design.n_rows();
        if folds.len() != n {
            return Err(GlmError::LengthMismatch {
                what: "folds".into(),
                expected: n,
                found: folds.len(),
            });
        }
        let count = folds.iter().max().map_or(0, |most| most + 1);
        if count < 2 {
            return Err(GlmError::Setting {
                setting: "the number of folds",
                demand: "at least 2",
            });
        }
        let path = self.fit(design, response)?;
        let lambdas: Vec<f64> = path.points.iter().map(|point| point.lambda).collect();
        let checked = response.check(self.family(), n)?;
        let mut sums: Vec<Vec<f64>> = Vec::with_capacity(count);
        let mut sizes = Vec::with_capacity(count);
        for fold in 0..count {
            let weights: Vec<f64> = (0..n)
                .map(|row| {
                    if folds[row] == fold {
                        0.0
                    } else {
                        checked.weight(row)
                    }
                })
                .collect();
            let size: f64 = (0..n)
                .filter(|&row| folds[row] == fold)
                .map(|row| checked.weight(row))
                .sum();
            if size == 0.0 {
                continue;
            }
            let without = response.clone().weights(&weights);
            let fitted = self
                .clone()
                .lambdas(Lambdas::Given(lambdas.clone()))
                .fit(design, &without)?;
            let held = |row: usize| folds[row] == fold;
            sums.push(self.left_out(design, &checked, &fitted, held));
            sizes.push(size);
        }
        let total: f64 = sizes.iter().sum();
        let points = lambdas.len();
        let mean = |k: usize| sums.iter().map(|sums| sums[k]).sum::<f64>() / total;
        let deviances: Vec<f64> = (0..points).map(mean).collect();
        let standard_errors: Vec<f64> = (0..points)
            .map(|k| {
                let spread: f64 = sums
                    .iter()
                    .zip(&sizes)
                    .map(|(sums, size)| size * (sums[k] / size - deviances[k]).powi(2))
                    .sum();
                (spread / total / (sizes.len() as f64 - 1.0).max(1.0)).sqrt()
            })
            .collect();
        let best = (0..points)
            .min_by(|&a, &b| deviances[a].total_cmp(&deviances[b]))
            .unwrap_or(0);
        let limit = deviances[best] + standard_errors[best];
        let simplest = (0..points).find(|&k| deviances[k] <= limit).unwrap_or(best);
        Ok(CrossValidated {
            path,
            deviances,
            standard_errors,
            best,
            simplest,
            folds: sizes.len(),
        })
    }

    /// Deviance of the rows left out, per point of the path.
    fn left_out(
        &self,
        design: &Design,
        checked: &Checked<'_>,
        path: &Path,
        held: impl Fn(usize) -> bool,
    ) -> Vec<f64> {
        let n = design.n_rows();
        let places: Vec<usize> = path
            .columns
            .iter()
            .filter_map(|name| design.names().iter().position(|known| known == name))
            .collect();
        path.points
            .iter()
            .map(|point| {
                let mut eta: Vec<f64> = (0..n)
                    .map(|row| point.intercept + checked.offset(row))
                    .collect();
                for (&place, coefficient) in places.iter().zip(&point.coefficients) {
                    if *coefficient != 0.0 {
                        for (eta, x) in eta.iter_mut().zip(design.column(place)) {
                            *eta += coefficient * x;
                        }
                    }
                }
                (0..n)
                    .filter(|&row| held(row) && checked.weight(row) > 0.0)
                    .map(|row| {
                        // An unseen row may be called impossible: a deviance that counts, but stays finite.
                        let mean = self.family().mean(eta[row].clamp(-700.0, 700.0));
                        let mean = if self.family().is_binomial() {
                            mean.clamp(1e-300, 1.0 - f64::EPSILON)
                        } else {
                            mean
                        };
                        checked.weight(row)
                            * special::deviance(
                                self.family(),
                                checked.y[row],
                                checked.trial(row),
                                mean,
                            )
                    })
                    .sum()
            })
            .collect()
    }
}
