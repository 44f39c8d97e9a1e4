//! How good probabilities are on the rows of one fold.

use helder_evaluation::{EvaluationError, at_capacity, auc, brier, calibration, log_loss};
use serde::{Deserialize, Serialize};

/// Fewest subjects picked whose precision is told.
const LEAST_PICKED: usize = 10;

/// Figures of one fold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FoldFigures {
    /// Chance that a positive scores above a negative.
    pub auc: f64,
    /// Logarithmic loss, in nats.
    pub log_loss: f64,
    /// Brier score.
    pub brier: f64,
    /// Ideal is 1; absent where the rows do not determine it.
    pub calibration_slope: Option<f64>,
    /// Share of positives among those picked; absent when fewer than 10 would be picked.
    pub precision: Option<f64>,
    /// That share divided by the share among all.
    pub lift: Option<f64>,
}

impl FoldFigures {
    /// Figures of the probabilities `p` for the outcomes `y`, when the given share of the rows can be picked.
    ///
    /// # Errors
    /// [`EvaluationError`] with one class only, or a value that is no probability.
    pub fn of(y: &[bool], p: &[f64], capacity_share: f64) -> Result<Self, EvaluationError> {
        let k = (y.len() as f64 * capacity_share).round() as usize;
        let picked = (k >= LEAST_PICKED)
            .then(|| at_capacity(y, p, k))
            .transpose()?;
        Ok(Self {
            auc: auc(y, p)?.value,
            log_loss: log_loss(y, p)?,
            brier: brier(y, p)?,
            calibration_slope: calibration(y, p)?.line.map(|line| line.slope),
            precision: picked.as_ref().map(|picked| picked.precision),
            lift: picked.and_then(|picked| picked.lift),
        })
    }
}
