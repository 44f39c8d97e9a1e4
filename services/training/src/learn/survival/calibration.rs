//! What was said of rows beside what came of them.

use helder_evaluation::Interval;
use helder_survival::{Spells, aalen_johansen};
use serde::Serialize;

use crate::learn::plan::SMALLEST_GROUP;

const CONFIDENCE: f64 = 0.95;

/// What was said beside what came.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct CalibrationRow {
    pub rows: usize,
    /// Mean chance; absent with fewer than ten rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicted: Option<f64>,
    /// Share that ended by the cause until then; absent where fewer than ten rows ended so, or are left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_95: Option<Interval>,
}

/// What was said of some rows beside what came of them.
pub(super) fn calibration(
    spells: &Spells,
    chances: &[f64],
    mut places: Vec<usize>,
    (cause, horizon): (usize, f64),
) -> CalibrationRow {
    places.sort_unstable();
    let rows = places.len();
    let hidden = CalibrationRow {
        rows,
        predicted: None,
        observed: None,
        interval_95: None,
    };
    if rows < SMALLEST_GROUP {
        return hidden;
    }
    let predicted = places.iter().map(|&row| chances[row]).sum::<f64>() / rows as f64;
    let own = spells.at(&places);
    let ended = own.times().iter().zip(own.causes());
    let ended = ended
        .filter(|(time, found)| **time <= horizon && **found == cause as u32 + 1)
        .count();
    let left = own.times().iter().filter(|time| **time > horizon).count();
    let shares = aalen_johansen(&own, CONFIDENCE);
    let found = shares
        .at(horizon)
        .and_then(|point| point.causes.get(cause))
        .filter(|_| ended >= SMALLEST_GROUP && left >= SMALLEST_GROUP);
    CalibrationRow {
        predicted: Some(predicted),
        observed: found.map(|found| found.share),
        interval_95: found.and_then(|found| {
            Some(Interval {
                low: found.lower?,
                high: found.upper?,
            })
        }),
        ..hidden
    }
}
