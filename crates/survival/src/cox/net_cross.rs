//! Which penalty: judged on people that a regression has not seen.

use serde::Serialize;

use super::{CoxNet, CoxPath, CoxPathPoint, Penalties, newton, ordered::Ordered};
use crate::{Design, Spells, SurvivalError, spells::same_length};

/// A path and how well each of its penalties does on rows left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CrossValidatedCoxPath {
    /// Fitted on all rows.
    pub path: CoxPath,
    /// One per point of the path.
    pub scores: Vec<PenaltyScore>,
    /// Place of the point with the least deviance.
    pub best: usize,
    /// Place of the largest penalty whose deviance lies within one standard error of the least: the sparser choice.
    pub sparsest_as_good: usize,
}

/// How well one penalty does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PenaltyScore {
    /// Minus twice the partial log-likelihood that the rows left out add, per event.
    pub deviance: f64,
    /// Its standard error from the spread over the folds.
    pub standard_error: f64,
}

impl CrossValidatedCoxPath {
    /// The point of the path with the least deviance.
    pub fn chosen(&self) -> &CoxPathPoint {
        &self.path.points[self.best]
    }
}

impl CoxNet {
    /// Fits the path, and again without each fold in turn; `folds` has one label per row. Rows of one person belong in one fold.
    ///
    /// What a fold says is the log-likelihood of all rows less that of the others, at coefficients learnt from the others: so the rows left
    /// out are judged in their whole risk sets, also when there are few of them.
    ///
    /// # Errors
    /// As [`CoxNet::fit`], also without a fold; fewer than two folds; a fold without events.
    ///
    /// # Source
    /// Verweij & van Houwelingen 1993 (doi 10.1002/sim.4780122407). Compared with R `cv.glmnet` (`grouped = TRUE`).
    pub fn cross_validate(
        &self,
        spells: &Spells,
        design: &Design,
        folds: &[u32],
    ) -> Result<CrossValidatedCoxPath, SurvivalError> {
        same_length("folds", spells.len(), folds.len())?;
        let path = self.fit(spells, design)?;
        let lambdas: Vec<f64> = path.points.iter().map(|point| point.lambda).collect();
        let given = self.clone().penalties(Penalties::Given(lambdas));
        let mut labels = folds.to_vec();
        labels.sort_unstable();
        labels.dedup();
        let events_of = |label: u32| -> f64 {
            (0..spells.len())
                .filter(|&i| folds[i] == label && spells.is_event(i))
                .map(|i| spells.weight_of(i))
                .sum()
        };
        let events: Vec<f64> = labels.iter().map(|&label| events_of(label)).collect();
        if labels.len() < 2 || events.iter().any(|&events| events <= 0.0) {
            return Err(SurvivalError::Setting {
                what: "folds",
                demand: "two or more, each with events",
            });
        }
        let mut of_folds = Vec::with_capacity(labels.len());
        for (&label, events) in labels.iter().zip(&events) {
            let others: Vec<usize> = (0..spells.len()).filter(|&i| folds[i] != label).collect();
            let without = given.fit(&spells.at(&others), &design.at(&others))?;
            let gains = self.gains(spells, design, &without)?;
            of_folds.push(gains.iter().map(|gain| -2.0 * gain / events).collect());
        }
        let scores = scores(&of_folds, &events);
        let best = (0..scores.len())
            .min_by(|&a, &b| scores[a].deviance.total_cmp(&scores[b].deviance))
            .unwrap_or(0);
        let limit = scores[best].deviance + scores[best].standard_error;
        let sparsest_as_good = scores
            .iter()
            .position(|score| score.deviance <= limit)
            .unwrap_or(best);
        Ok(CrossValidatedCoxPath {
            path,
            scores,
            best,
            sparsest_as_good,
        })
    }

    /// Log-likelihood of all rows less that of the rows of `without`, at its points.
    fn gains(
        &self,
        spells: &Spells,
        design: &Design,
        without: &CoxPath,
    ) -> Result<Vec<f64>, SurvivalError> {
        let places: Vec<usize> = (0..design.names.len())
            .filter(|&j| without.columns.contains(&design.names[j]))
            .collect();
        let rows = Ordered::new(spells, design, &places);
        without
            .points
            .iter()
            .map(|point| {
                let gamma: Vec<f64> = point
                    .coefficients
                    .iter()
                    .zip(&rows.scale)
                    .map(|(beta, scale)| beta / scale)
                    .collect();
                let all = newton::surface(&self.cox(), &rows, &gamma)?;
                Ok(all.log_likelihood - point.log_likelihood)
            })
            .collect()
    }
}

/// Means over the folds, weighted by their events, with standard errors.
fn scores(of_folds: &[Vec<f64>], events: &[f64]) -> Vec<PenaltyScore> {
    let total: f64 = events.iter().sum();
    let mean = |of: &dyn Fn(usize) -> f64| -> f64 {
        (0..events.len()).map(|k| events[k] * of(k)).sum::<f64>() / total
    };
    let n_points = of_folds.first().map_or(0, Vec::len);
    (0..n_points)
        .map(|point| {
            let deviance = mean(&|k| of_folds[k][point]);
            let variance = mean(&|k| (of_folds[k][point] - deviance).powi(2));
            PenaltyScore {
                deviance,
                standard_error: (variance / (events.len() as f64 - 1.0)).sqrt(),
            }
        })
        .collect()
}
