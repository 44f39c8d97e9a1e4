//! Spells from the columns of a frame: how long, how it ended, and from when it was seen.

use helder_model::Meaning;
use helder_survival::{SpellFault, Spells, SurvivalError};
use helder_types::Fault;

use crate::learn::{
    LearnError,
    estimate::numbers,
    plan::NewTrainingRun,
    table::{Column, Table},
};

/// What ends a spell.
#[derive(Clone, Debug)]
pub(super) struct Cause {
    /// As the event column says it; for one sort of end the name of that column.
    pub name: String,
    pub meaning: Meaning,
    pointer: String,
}

/// The spells of some rows.
#[derive(Clone, Debug)]
pub(super) struct Lasted {
    /// Cause `k` of the spells stands at `k − 1` of `causes`.
    pub spells: Spells,
    pub causes: Vec<Cause>,
}

impl Cause {
    pub(super) fn never_comes(&self) -> LearnError {
        LearnError::Invalid(vec![self.absence()])
    }

    fn absence(&self) -> Fault {
        let detail =
            "none of the rows to learn from ends this way, so nothing can be learned of it";
        Fault::new(self.pointer.clone(), "no-events", detail)
    }
}

impl Lasted {
    /// Reads the columns that the plan names, for `rows`.
    ///
    /// # Errors
    /// [`LearnError::Invalid`] with every column that does not fit, and why.
    pub(super) fn of(
        table: &Table,
        plan: &NewTrainingRun,
        rows: &[usize],
    ) -> Result<Self, LearnError> {
        let mut faults = Vec::new();
        let target = plan.target.as_deref().unwrap_or_default();
        let time = kept(numbers(table, target, "/target", rows), &mut faults)?;
        let entry = match plan.entry.as_deref() {
            Some(name) => kept(numbers(table, name, "/entry", rows), &mut faults)?,
            None => None,
        };
        let ends = kept(ends(table, plan, rows), &mut faults)?;
        let (Some(time), Some(ends), true) = (time, ends, faults.is_empty()) else {
            return Err(LearnError::Invalid(faults));
        };
        let mut spells = Spells::competing(&time, &ends).map_err(|error| told(&error))?;
        if let Some(entry) = entry {
            spells = spells.entered_at(&entry).map_err(|error| told(&error))?;
        }
        Ok(Self {
            spells,
            causes: causes(plan),
        })
    }

    /// # Errors
    /// [`LearnError::Invalid`] with every cause by which nothing ends.
    pub(super) fn every_cause_comes(&self) -> Result<(), LearnError> {
        let comes = |cause: usize| self.spells.causes().contains(&(cause as u32 + 1));
        let absent = self
            .causes
            .iter()
            .enumerate()
            .filter(|(place, _)| !comes(*place));
        let faults: Vec<Fault> = absent.map(|(_, cause)| cause.absence()).collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(LearnError::Invalid(faults))
        }
    }
}

fn kept<T>(found: Result<T, LearnError>, faults: &mut Vec<Fault>) -> Result<Option<T>, LearnError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(LearnError::Invalid(more)) => {
            faults.extend(more);
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

fn causes(plan: &NewTrainingRun) -> Vec<Cause> {
    if plan.causes.is_empty() {
        return vec![Cause {
            name: plan.event.clone().unwrap_or_default(),
            meaning: Meaning::new("afgelopen", "ended"),
            pointer: "/event".to_owned(),
        }];
    }
    let cause = |(place, cause): (usize, &crate::learn::plan::NewCause)| Cause {
        name: cause.value.clone(),
        meaning: cause.meaning.clone(),
        pointer: format!("/causes/{place}/value"),
    };
    plan.causes.iter().enumerate().map(cause).collect()
}

/// How each row ended: 0 for not yet.
fn ends(table: &Table, plan: &NewTrainingRun, rows: &[usize]) -> Result<Vec<u32>, LearnError> {
    let name = plan.event.as_deref().unwrap_or_default();
    let column = table.column(name)?;
    if plan.causes.is_empty() {
        return one_sort(column, rows);
    }
    let wrong = || {
        let detail =
            "with causes this column holds their names, or whole numbers with 0 for not ended";
        LearnError::fault("/event", "wrong-kind", detail)
    };
    if matches!(column, Column::Date(_)) {
        return Err(wrong());
    }
    let texts = column.texts().ok_or_else(wrong)?;
    // An empty text, a 0 and false say that it had not ended when last seen.
    let open = match column {
        Column::Integer(_) => Some("0"),
        Column::Boolean(_) => Some("false"),
        _ => None,
    };
    let mut unknown = 0;
    let end = |row: &usize| {
        let Some(text) = texts[*row].as_deref().filter(|text| Some(*text) != open) else {
            return 0;
        };
        let known = plan.causes.iter().position(|cause| cause.value == text);
        known.map_or_else(
            || {
                unknown += 1;
                0
            },
            |place| place as u32 + 1,
        )
    };
    let ends = rows.iter().map(end).collect();
    if unknown > 0 {
        let detail = format!("{unknown} rows end in a way that causes does not name");
        return Err(LearnError::fault("/event", "unknown-cause", detail));
    }
    Ok(ends)
}

/// True or false, 1 and 0, or any text for an end and none for no end.
fn one_sort(column: &Column, rows: &[usize]) -> Result<Vec<u32>, LearnError> {
    if let Column::Text(texts) = column {
        return Ok(rows
            .iter()
            .map(|&row| u32::from(texts[row].is_some()))
            .collect());
    }
    let wrong = || {
        let detail = "true when it ended and false when it had not, or 1 and 0; name causes when it holds more";
        LearnError::fault("/event", "wrong-kind", detail)
    };
    if matches!(column, Column::Date(_)) {
        return Err(wrong());
    }
    let values = column.numbers().ok_or_else(wrong)?;
    rows.iter()
        .map(|&row| match values[row] {
            Some(1.0) => Ok(1),
            Some(0.0) => Ok(0),
            Some(_) => Err(wrong()),
            None => {
                let detail =
                    "this is missing in some rows: leave these rows out in the frame's query";
                Err(LearnError::fault("/event", "missing-value", detail))
            }
        })
        .collect()
}

fn told(error: &SurvivalError) -> LearnError {
    let SurvivalError::Spells(faults) = error else {
        return LearnError::internal(error.clone());
    };
    let fault = |fault: &SpellFault| match fault {
        SpellFault::TimeNegative(n) => Fault::new(
            "/target",
            "out-of-range",
            format!("{n} rows last shorter than 0 days"),
        ),
        SpellFault::EntryNotBeforeEnd(n) => Fault::new(
            "/entry",
            "out-of-range",
            format!("{n} rows are first seen at their end or after it"),
        ),
        other => Fault::new(
            "/target",
            "out-of-range",
            SurvivalError::Spells(vec![*other]).to_string(),
        ),
    };
    LearnError::Invalid(faults.iter().map(fault).collect())
}
