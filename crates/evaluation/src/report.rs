//! All measures of one set of predictions.

use serde::Serialize;

use crate::{
    Auc, Calibration, Capacity, EvaluationError, Interval, at_capacity, auc, average_precision,
    average_precision_interval, brier, calibration, log_loss,
};

/// What a reader needs to judge the probabilities of one model on rows it has not seen.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evaluation {
    /// Rows evaluated.
    pub rows: usize,
    /// Positives among them.
    pub positives: usize,
    /// Share of positives: what a model that knows nothing would predict.
    pub base_rate: f64,
    /// Area under the ROC curve.
    pub auc: Auc,
    /// Average precision.
    pub average_precision: f64,
    /// Its interval at 95 %.
    pub average_precision_interval_95: Option<Interval>,
    /// Brier score.
    pub brier: f64,
    /// Brier score of the base rate, to compare with.
    pub brier_of_base_rate: f64,
    /// Logarithmic loss, nats.
    pub log_loss: f64,
    /// Calibration.
    pub calibration: Calibration,
    /// The first k, for each capacity asked.
    pub capacities: Vec<Capacity>,
}

/// Evaluates probabilities against outcomes.
///
/// * `y` – shape `(n,)`, both classes   * `probabilities` – shape `(n,)`, in `[0, 1]`   * `capacities` – each at least 1
///
/// # Errors
/// [`EvaluationError`].
pub fn evaluate(
    y: &[bool],
    probabilities: &[f64],
    capacities: &[usize],
) -> Result<Evaluation, EvaluationError> {
    let auc = auc(y, probabilities)?;
    let positives = y.iter().filter(|positive| **positive).count();
    let base_rate = positives as f64 / y.len() as f64;
    let average_precision = average_precision(y, probabilities)?;
    Ok(Evaluation {
        rows: y.len(),
        positives,
        base_rate,
        auc,
        average_precision,
        average_precision_interval_95: average_precision_interval(average_precision, positives),
        brier: brier(y, probabilities)?,
        brier_of_base_rate: base_rate * (1.0 - base_rate),
        log_loss: log_loss(y, probabilities)?,
        calibration: calibration(y, probabilities)?,
        capacities: capacities
            .iter()
            .map(|k| at_capacity(y, probabilities, *k))
            .collect::<Result<_, _>>()?,
    })
}
