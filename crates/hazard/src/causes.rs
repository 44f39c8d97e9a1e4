//! Rows of one cause: those that end by it, and those that do not end.

use helder_survival::{Intervals, PersonPeriods};

use crate::HazardError;

/// Yes-or-no rows with their weights.
pub(crate) struct CauseRows {
    /// Place in the person-periods.
    pub(crate) row: Vec<usize>,
    pub(crate) ended: Vec<bool>,
    pub(crate) weight: Vec<f64>,
}

/// Rows of cause `cause`, of intervals that `counts` says count. Ends by other causes are left out: what is learned is the chance of this
/// end among this end and none.
///
/// # Source
/// Begg & Gray 1984 (doi 10.1093/biomet/71.1.11).
pub(crate) fn rows_of(
    periods: &PersonPeriods,
    cause: usize,
    counts: impl Fn(usize) -> bool,
) -> CauseRows {
    let mut rows = CauseRows {
        row: Vec::new(),
        ended: Vec::new(),
        weight: Vec::new(),
    };
    for row in (0..periods.len()).filter(|&row| counts(periods.interval[row] as usize)) {
        let by_any: f64 = periods.events.iter().map(|events| events[row]).sum();
        let by_this = periods.events[cause - 1][row];
        // Weights that add up to that at risk but for rounding leave nobody.
        let stays = periods.at_risk[row] - by_any;
        let stays = if stays > 1e-12 * periods.at_risk[row] {
            stays
        } else {
            0.0
        };
        for (ended, weight) in [(true, by_this), (false, stays)] {
            if weight > 0.0 {
                rows.row.push(row);
                rows.ended.push(ended);
                rows.weight.push(weight);
            }
        }
    }
    rows
}

/// Weight that ends by a cause, per interval.
///
/// # Errors
/// None at all.
pub(crate) fn events_by_interval(
    periods: &PersonPeriods,
    intervals: &Intervals,
    cause: usize,
) -> Result<Vec<f64>, HazardError> {
    let mut events = vec![0.0; intervals.len()];
    for (interval, weight) in periods.interval.iter().zip(&periods.events[cause - 1]) {
        events[*interval as usize] += weight;
    }
    if events.iter().all(|weight| *weight == 0.0) {
        return Err(HazardError::NoEvents(cause as u32));
    }
    Ok(events)
}
