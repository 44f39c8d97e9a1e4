//! From the rows of the query to the rows of the frame.

use std::{collections::BTreeSet, sync::Arc};

use datafusion::arrow::{
    array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, UInt64Array},
    compute::{concat_batches, take},
    datatypes::{DataType, Field, Schema, SchemaRef},
};
use helder_survival::{Action, Clock, Episode, EpisodeRules, Episodes, WithoutReason};

use super::{
    ADDED, EpisodeCounts, EpisodeStep,
    columns::{self, Found},
};
use crate::{FrameColumn, FrameError, FrameType, session};

/// Makes episodes of the rows of one reference date.
///
/// # Errors
/// [`FrameError::Invalid`] when the columns do not fit.
pub(crate) fn apply(
    step: &EpisodeStep,
    reference_day: Option<i32>,
    (schema, columns, batches): (&SchemaRef, &[FrameColumn], &[RecordBatch]),
) -> Result<(RecordBatch, Vec<FrameColumn>, EpisodeCounts), FrameError> {
    let faults = columns::faults(step, columns);
    if !faults.is_empty() {
        return Err(FrameError::Invalid(faults));
    }
    let rows = concat_batches(schema, batches).map_err(FrameError::internal)?;
    let found = columns::read(step, &rows)?;
    let first = session::day_number(step.observed_from)?;
    let until = step
        .observed_until
        .map(session::day_number)
        .transpose()?
        .into_iter()
        .chain(reference_day)
        .min();
    let rules = EpisodeRules {
        observed: (first, until.unwrap_or(first)),
        most_days_between: step.most_days_between,
        least_days: step.least_days,
        without_reason: match &step.without_reason {
            None => WithoutReason::Lost,
            Some(text) => WithoutReason::Cause(found.number_of(text.trim())),
        },
        late: step.late,
    };
    // A reference date before the first complete day sees nothing.
    let made = if rules.observed.1 < first {
        Episodes {
            episodes: Vec::new(),
            log: vec![helder_survival::LogEntry {
                what: Action::AfterObservation,
                records: (0..found.records.len()).collect(),
            }],
        }
    } else {
        rules.apply(&found.records).map_err(FrameError::internal)?
    };
    let counts = count(&rows, &found, &made);
    let (batch, columns) = table(step, first, (&rows, columns), (&found, &made))?;
    Ok((batch, columns, counts))
}

fn count(rows: &RecordBatch, found: &Found, made: &Episodes) -> EpisodeCounts {
    let mut counts = EpisodeCounts {
        records: rows.num_rows() as u64,
        episodes: made.episodes.len() as u64,
        in_episodes: made
            .episodes
            .iter()
            .map(|episode| episode.records.len() as u64)
            .sum(),
        ..EpisodeCounts::default()
    };
    for (word, rows) in [
        ("no_person", found.without_person),
        ("no_start", found.without_start),
    ] {
        if rows > 0 {
            counts.set_apart.insert(word, rows);
        }
    }
    let kept = kept(found.records.len(), made);
    for (action, records) in actions(made) {
        if action.sets_apart() {
            *counts.set_apart.entry(action.name()).or_default() += records.len() as u64;
        } else {
            // What was done to records of an episode that is left out itself is no longer of interest.
            let of_kept = records.iter().filter(|record| kept[**record]).count();
            if of_kept > 0 {
                *counts.done.entry(action.name()).or_default() += of_kept as u64;
            }
        }
    }
    counts
}

fn actions(made: &Episodes) -> impl Iterator<Item = (Action, &[usize])> {
    made.log
        .iter()
        .map(|entry| (entry.what, entry.records.as_slice()))
}

fn kept(records: usize, made: &Episodes) -> Vec<bool> {
    let mut kept = vec![false; records];
    for record in made.episodes.iter().flat_map(|episode| &episode.records) {
        kept[*record] = true;
    }
    kept
}

/// What was done to the records of each episode.
fn done(step: &EpisodeStep, records: usize, made: &Episodes) -> Vec<BTreeSet<Action>> {
    let mut of_record: Vec<Vec<Action>> = vec![Vec::new(); records];
    for (action, records) in actions(made) {
        // Without a column of reasons no end has one, which says nothing.
        if action == Action::NoReason && step.reason.is_none() {
            continue;
        }
        for record in records {
            of_record[*record].push(action);
        }
    }
    let of_episode = |episode: &Episode| {
        let records = episode.records.iter();
        records
            .flat_map(|record| &of_record[*record])
            .copied()
            .collect()
    };
    made.episodes.iter().map(of_episode).collect()
}

fn words(done: &BTreeSet<Action>) -> String {
    let names: Vec<_> = done.iter().map(|action| action.name()).collect();
    names.join(", ")
}

fn table(
    step: &EpisodeStep,
    first: i32,
    (rows, columns): (&RecordBatch, &[FrameColumn]),
    (found, made): (&Found, &Episodes),
) -> Result<(RecordBatch, Vec<FrameColumn>), FrameError> {
    let episodes = &made.episodes;
    // The first record of an episode is the one that began first: it tells what was known at the beginning.
    let first_rows: UInt64Array = episodes
        .iter()
        .map(|episode| {
            episode
                .records
                .first()
                .map(|record| found.rows[*record] as u64)
        })
        .collect();
    let mut table: Vec<(FrameColumn, ArrayRef)> = Vec::with_capacity(columns.len() + ADDED.len());
    for (column, array) in columns.iter().zip(rows.columns()) {
        if column.name == step.end || Some(&column.name) == step.recorded.as_ref() {
            continue;
        }
        table.push(if Some(&column.name) == step.reason.as_ref() {
            let text = FrameColumn {
                name: column.name.clone(),
                kind: FrameType::Text,
            };
            let reasons: StringArray = episodes.iter().map(|e| found.reason(e)).collect();
            (text, Arc::new(reasons))
        } else {
            let array = take(array, &first_rows, None).map_err(FrameError::internal)?;
            (column.clone(), array)
        });
    }
    let origin = |episode: &Episode| match step.clock {
        Clock::Duration => 0,
        Clock::Calendar => i64::from(episode.start) - i64::from(first),
    };
    let numbers = |of: &dyn Fn(&Episode) -> Option<i64>| -> ArrayRef {
        Arc::new(episodes.iter().map(of).collect::<Int64Array>())
    };
    let done = done(step, found.records.len(), made);
    let ended = |done: &BTreeSet<Action>| Some(!done.contains(&Action::Runs));
    let added: [(FrameType, ArrayRef); 7] = [
        (
            FrameType::Integer,
            numbers(&|e| Some(origin(e) + i64::from(e.entry))),
        ),
        (
            FrameType::Integer,
            numbers(&|e| Some(origin(e) + i64::from(e.duration))),
        ),
        (
            FrameType::Boolean,
            Arc::new(done.iter().map(ended).collect::<BooleanArray>()),
        ),
        (FrameType::Integer, numbers(&|e| Some(i64::from(e.number)))),
        (
            FrameType::Integer,
            numbers(&|e| e.days_since_former.map(i64::from)),
        ),
        (
            FrameType::Integer,
            numbers(&|e| Some(e.records.len() as i64)),
        ),
        (
            FrameType::Text,
            Arc::new(StringArray::from_iter_values(done.iter().map(words))),
        ),
    ];
    for (name, (kind, array)) in ADDED.iter().zip(added) {
        let name = (*name).to_owned();
        table.push((FrameColumn { name, kind }, array));
    }
    let fields: Vec<_> = table
        .iter()
        .map(|(column, array)| Field::new(&column.name, DataType::clone(array.data_type()), true))
        .collect();
    let (columns, arrays): (Vec<_>, Vec<_>) = table.into_iter().unzip();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
        .map_err(FrameError::internal)?;
    Ok((batch, columns))
}
