//! The columns of the query that have a part in episodes, as records.

use std::collections::BTreeMap;

use datafusion::arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    compute::{cast, rank},
    datatypes::{DataType, Date32Type},
};
use helder_survival::{Episode, Record};

use super::{ADDED, EpisodeStep};
use crate::{FrameColumn, FrameError, FrameFault, FrameType};

/// Rows of the query as records, with the rows that cannot be one.
pub(super) struct Found {
    pub records: Vec<Record>,
    /// Row of each record.
    pub rows: Vec<usize>,
    /// Rows without a person.
    pub without_person: u64,
    /// Rows with a person, without a first day.
    pub without_start: u64,
    /// Reasons; number 1 is the first.
    pub reasons: Vec<String>,
}

impl Found {
    /// Number of a reason that was read or is the one of ends without.
    pub(super) fn number_of(&self, reason: &str) -> u32 {
        (1..)
            .zip(&self.reasons)
            .find_map(|(number, known)| (known == reason).then_some(number))
            .unwrap_or(1)
    }

    /// Why an episode ended; nothing when it is lost from sight.
    pub(super) fn reason(&self, episode: &Episode) -> Option<&str> {
        let index = episode.cause.checked_sub(1)?;
        self.reasons.get(index as usize).map(String::as_str)
    }
}

/// All faults of the step against the columns of the query.
pub(super) fn faults(step: &EpisodeStep, columns: &[FrameColumn]) -> Vec<FrameFault> {
    let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
    let mut faults = Vec::new();
    for (key, name) in step.named() {
        let pointer = format!("/episodes/{key}");
        let Some(column) = columns.iter().find(|column| column.name == name) else {
            let detail = format!(
                "the query has no column `{name}`; it has: {}",
                names.join(", ")
            );
            faults.push(FrameFault::new(pointer, "unknown_column", detail));
            continue;
        };
        let (fits, demand) = match key {
            "person" | "reason" => (
                matches!(column.kind, FrameType::Text | FrameType::Integer),
                "text or whole numbers",
            ),
            _ => (column.kind == FrameType::Date, "days: use CAST(… AS DATE)"),
        };
        if !fits {
            let detail = format!("column `{name}` must hold {demand}");
            faults.push(FrameFault::new(pointer, "column_type", detail));
        }
    }
    let added = names.iter().filter(|name| ADDED.contains(name));
    faults.extend(added.map(|name| {
        let detail = format!("`{name}` is a column that episodes add: rename yours with AS");
        FrameFault::sql("duplicate_column", detail)
    }));
    faults
}

/// Reads the records; the columns are those that [`faults`] let through.
pub(super) fn read(step: &EpisodeStep, rows: &RecordBatch) -> Result<Found, FrameError> {
    let column = |name: &str| -> Result<ArrayRef, FrameError> {
        let index = rows.schema_ref().index_of(name);
        Ok(ArrayRef::clone(
            rows.column(index.map_err(FrameError::internal)?),
        ))
    };
    let days = |name: &str| -> Result<Vec<Option<i32>>, FrameError> {
        let array = column(name)?;
        Ok(array.as_primitive::<Date32Type>().iter().collect())
    };
    let none = || vec![None; rows.num_rows()];
    let people = column(&step.person)?;
    let ranks = rank(&people, None).map_err(FrameError::internal)?;
    let (starts, ends) = (days(&step.start)?, days(&step.end)?);
    let recorded = step.recorded.as_deref().map_or_else(|| Ok(none()), &days)?;
    let written = match &step.reason {
        None => None,
        Some(name) => Some(cast(&column(name)?, &DataType::Utf8).map_err(FrameError::internal)?),
    };
    let reason_of = |row: usize| {
        let written = written.as_ref()?;
        let text = written
            .is_valid(row)
            .then(|| written.as_string::<i32>().value(row))?;
        Some(text.trim()).filter(|text| !text.is_empty())
    };
    let mut numbers: BTreeMap<&str, u32> = (0..rows.num_rows())
        .filter_map(reason_of)
        .chain(step.without_reason.as_deref().map(str::trim))
        .map(|text| (text, 0))
        .collect();
    for (number, own) in (1..).zip(numbers.values_mut()) {
        *own = number;
    }
    let mut found = Found {
        records: Vec::with_capacity(rows.num_rows()),
        rows: Vec::with_capacity(rows.num_rows()),
        without_person: 0,
        without_start: 0,
        reasons: numbers.keys().map(|text| (*text).to_owned()).collect(),
    };
    for (row, start) in starts.into_iter().enumerate() {
        if people.is_null(row) {
            found.without_person += 1;
        } else if let Some(start) = start {
            found.rows.push(row);
            found.records.push(Record {
                person: u64::from(ranks[row]),
                start,
                end: ends[row],
                reason: reason_of(row).map(|text| numbers[text]),
                recorded: recorded[row],
            });
        } else {
            found.without_start += 1;
        }
    }
    Ok(found)
}
