//! Hazards by interval: curves per cause, the time being one input.

use helder_hazard::{DiscreteHazard, HazardError};
use helder_model::{
    Algorithm, Input, IntervalFit, IntervalHazard, Meaning, interval::MOST_INTERVALS,
};
use helder_survival::{Intervals, Spells, SurvivalError};
use serde::Serialize;

use super::{Fitted, HORIZONS, QUARTER, Summary, spells::Lasted};
use crate::learn::{
    LearnError, ModelParts, Onlooker,
    columns::{columns, own_effects},
    ebm::{self, BoostingSummary, terms_fit},
    plan::{IntervalLength, NewTrainingRun, SMALLEST_GROUP},
    prepare::Prepared,
    split::Rows,
    table::Table,
};

/// Rows of spells by interval that are made at most: with twenty columns half a gigabyte.
pub(super) const MOST_ROWS: usize = 3_000_000;

/// How the curves were learned, for the evaluation.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct IntervalSummary {
    /// Days of each interval.
    pub width: f64,
    /// Intervals: as long as ten train rows were in sight.
    pub intervals: usize,
    /// Spells by interval that were learned from.
    pub rows: usize,
    /// One per cause.
    pub causes: Vec<CauseCurves>,
}

/// The curves of one cause.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct CauseCurves {
    pub name: String,
    pub meaning: Meaning,
    pub events: usize,
    /// How they were learned; the time is the input `(time)`.
    pub boosting: BoostingSummary,
}

/// Fits curves per cause on the train rows.
///
/// # Errors
/// As [`super::fit`].
pub(super) fn fit(
    table: &Table,
    plan: &NewTrainingRun,
    prepared: &Prepared,
    rows: &Rows,
    onlooker: &Onlooker<'_>,
) -> Result<Fitted, LearnError> {
    let lasted = Lasted::of(table, plan, &rows.train)?;
    lasted.every_cause_comes()?;
    let inputs = own_effects(prepared);
    let columns = columns(table, &inputs, &rows.train)?;
    let width = width(plan);
    let intervals = intervals(&lasted.spells, width)?;
    let goes_on = |news| {
        (onlooker.news)(news);
        !(onlooker.stop)()
    };
    let (found, reports) = DiscreteHazard::new(intervals)
        .most_rows(MOST_ROWS)
        .ebm_kept(
            &lasted.spells,
            &columns,
            &ebm::settings(plan),
            (&goes_on, onlooker.keeper),
        )
        .map_err(|error| told(error, &lasted))?;
    let mut stored = IntervalFit {
        horizons: HORIZONS.to_vec(),
        ends: found.intervals.ends().to_vec(),
        at_risk: found.at_risk.clone(),
        causes: Vec::new(),
        risk_classes: Vec::new(),
    };
    let timed: Vec<Input> = stored.inputs(&inputs);
    let ends = |cause: usize| {
        let of = lasted.spells.causes().iter();
        of.filter(|end| **end == cause as u32 + 1).count()
    };
    let mut causes = Vec::new();
    for (place, ((model, report), cause)) in found
        .causes
        .iter()
        .zip(&reports)
        .zip(&lasted.causes)
        .enumerate()
    {
        stored.causes.push(IntervalHazard {
            name: cause.name.clone(),
            meaning: cause.meaning.clone(),
            events: ends(place) as u64,
            terms: terms_fit(&timed, model),
        });
        causes.push(CauseCurves {
            name: cause.name.clone(),
            meaning: cause.meaning.clone(),
            events: ends(place),
            boosting: ebm::summary(&timed, model, report),
        });
    }
    Ok(Fitted {
        events: lasted.spells.n_events(),
        summary: Summary::Intervals(IntervalSummary {
            width,
            intervals: stored.ends.len(),
            rows: found.n_rows,
            causes,
        }),
        parts: ModelParts {
            inputs,
            algorithm: Algorithm::HazardBoosting(stored),
        },
    })
}

/// Days of each interval.
pub(super) fn width(plan: &NewTrainingRun) -> f64 {
    match plan.hyperparameters.interval.unwrap_or_default() {
        IntervalLength::Month => QUARTER / 3.0,
        IntervalLength::Quarter => QUARTER,
    }
}

/// Intervals of one width until the last in which at least ten rows were in sight.
pub(super) fn intervals(spells: &Spells, width: f64) -> Result<Intervals, LearnError> {
    let entry = |row: usize| spells.entry_of(row).unwrap_or(0.0);
    let in_sight = |k: usize| {
        let (start, end) = (width * k as f64, width * (k + 1) as f64);
        let times = spells.times().iter().enumerate();
        times
            .filter(|(row, time)| **time > start && entry(*row) < end)
            .count()
    };
    let longest = spells.times().iter().copied().fold(0.0, f64::max);
    let most = ((longest / width).ceil() as usize).min(MOST_INTERVALS);
    let count = (0..most).rev().find(|k| in_sight(*k) >= SMALLEST_GROUP);
    let Some(last) = count else {
        let detail = "fewer than ten rows to learn from were in sight in any interval";
        return Err(LearnError::fault("/frameId", "too-few-rows", detail));
    };
    Intervals::of_width(width, last + 1).map_err(LearnError::internal)
}

fn told(error: HazardError, lasted: &Lasted) -> LearnError {
    match error {
        HazardError::NoEvents(cause) => lasted.causes[cause as usize - 1].never_comes(),
        HazardError::Ebm { source, .. } => match source {
            helder_ebm::EbmError::OneClass => LearnError::fault(
                "/event",
                "one-class",
                "everybody ends in the first interval: there is nothing to tell apart",
            ),
            source => ebm::told(source),
        },
        HazardError::Spells(SurvivalError::TooManyPersonPeriods { needed, allowed }) => {
            too_many_rows(needed, allowed)
        }
        other => LearnError::internal(other),
    }
}

pub(super) fn too_many_rows(needed: usize, allowed: usize) -> LearnError {
    let detail = format!(
        "the rows by interval would be {needed}, more than {allowed}: set hyperparameters/interval to quarter, or take fewer rows"
    );
    LearnError::fault("/frameId", "too-many-rows", detail)
}
