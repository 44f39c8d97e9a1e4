//! Survival: how long something lasts, and which cause ends it.

mod baseline;
mod calibration;
mod classes;
mod cox;
mod groups;
mod intervals;
mod judge;
mod measures;
mod penalised;
mod regression;
mod spells;

use helder_model::Model;

use super::{
    AlgorithmName, LearnError, ModelParts, Onlooker, plan::NewTrainingRun, prepare::Prepared,
    split::Rows, table::Table,
};

pub(super) use calibration::CalibrationRow;
pub(super) use cox::{CauseSummary, Proportional, SurvivalSummary};
pub(super) use groups::GroupOutlooks;
pub(super) use intervals::IntervalSummary;
pub(super) use judge::{CauseQuality, HorizonQuality, SurvivalQuality, judge};
pub(super) use measures::Ordered;
pub(super) use regression::{CauseEffects, RegressionSummary};
use spells::Lasted;

/// Months that a horizon stands for.
pub(super) fn months(days: f64) -> u32 {
    (days / QUARTER * 3.0).round() as u32
}

/// Days in three months: a quarter of a year of 365.25 days.
const QUARTER: f64 = 91.3125;
/// Horizons of every survival model: 3, 6, 12 and 24 months.
pub(super) const HORIZONS: [f64; 4] = [QUARTER, 2.0 * QUARTER, 4.0 * QUARTER, 8.0 * QUARTER];

/// A fit with what others need of it.
pub(super) struct Fitted {
    /// For the model document.
    pub parts: ModelParts,
    /// Ends among the train rows.
    pub events: usize,
    /// For the evaluation.
    pub summary: Summary,
}

/// How the fit went.
pub(super) enum Summary {
    Cox(SurvivalSummary),
    Intervals(IntervalSummary),
    Regression(RegressionSummary),
}

/// Learns from the train rows by the algorithm of the plan.
///
/// # Errors
/// [`LearnError::Invalid`] when durations, ends or entries do not fit together, a cause never comes, or nothing can be learned of it;
/// [`LearnError::Stopped`] when the onlooker says so.
pub(super) fn fit(
    table: &Table,
    plan: &NewTrainingRun,
    prepared: &Prepared,
    rows: &Rows,
    onlooker: &Onlooker<'_>,
) -> Result<Fitted, LearnError> {
    match plan.algorithm {
        AlgorithmName::HazardBoosting => intervals::fit(table, plan, prepared, rows, onlooker),
        AlgorithmName::HazardRegression => regression::fit(table, plan, prepared, rows),
        _ => cox::fit(table, plan, prepared, rows),
    }
}

/// Adds what came of training rows alike, by the scores of the model itself.
///
/// # Errors
/// As [`fit`].
pub(super) fn with_classes(
    table: &Table,
    plan: &NewTrainingRun,
    rows: &Rows,
    model: &mut Model,
) -> Result<(), LearnError> {
    let outlooks = judge::outlooks(table, model, &rows.train)?;
    let lasted = Lasted::of(table, plan, &rows.train)?;
    let scores: Vec<f64> = outlooks
        .iter()
        .map(|outlook| outlook.causes[0].score)
        .collect();
    if scores
        .windows(2)
        .all(|pair| (pair[0] - pair[1]).abs() <= 0.0)
    {
        return Err(super::nothing_told());
    }
    if let Some(found) = model.algorithm.risk_classes_mut() {
        *found = classes::classes(&lasted.spells, &scores, lasted.causes.len());
    }
    Ok(())
}
