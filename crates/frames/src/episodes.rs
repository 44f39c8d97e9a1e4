//! Records of an administration become episodes: one row per unbroken stretch of one person.

mod apply;
mod columns;

use std::collections::{BTreeMap, BTreeSet};

use helder_survival::{Clock, Late};
use jiff::civil::Date;

pub(crate) use apply::apply;

use crate::FrameFault;

/// How the rows of the query, one per record, become one row per episode. Every rule is a choice that changes the answer.
///
/// A row of the frame has what the first record of its episode tells, without `end` and `recorded`, and with the columns [`ADDED`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpisodeStep {
    /// Column with whose record it is: text or integer.
    pub person: String,
    /// Column with the first day.
    pub start: String,
    /// Column with the last day, that day included; empty while it runs.
    pub end: String,
    /// Column with why it ended; empty when that is not known or it runs.
    pub reason: Option<String>,
    /// Column with the day on which the administration came to know the record.
    pub recorded: Option<String>,
    /// First day on which the administration is complete.
    pub observed_from: Date,
    /// Last day on which it is complete; absent for the reference date.
    pub observed_until: Option<Date>,
    /// Records of one person with at most so many days between them are one episode.
    pub most_days_between: u32,
    /// Episodes that end within fewer days are left out.
    pub least_days: u32,
    /// What an end without a reason counts as; absent for being lost from sight.
    pub without_reason: Option<String>,
    /// From when a record counts that was entered after it began.
    pub late: Late,
    /// The clock of `entry` and `duration`.
    pub clock: Clock,
}

/// Columns that are added to those of the query:
///
/// - `entry`, `duration`: days on the clock on which the episode is first and last seen; `ended`: whether it ended there;
/// - `episode`: which of the person it is, from 1; `days_since_former`: since the end of the former one;
/// - `records`: how many it was made of; `made_by`: what was done to them, in words with commas between.
pub const ADDED: [&str; 7] = [
    "entry",
    "duration",
    "ended",
    "episode",
    "days_since_former",
    "records",
    "made_by",
];

/// What became of the records: `records` = `in_episodes` + all of `set_apart`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EpisodeCounts {
    /// Rows of the query.
    pub records: u64,
    /// Rows of the frame.
    pub episodes: u64,
    /// Records that are in an episode.
    pub in_episodes: u64,
    /// Records in no episode, by reason.
    pub set_apart: BTreeMap<&'static str, u64>,
    /// What was done to records that are in an episode.
    pub done: BTreeMap<&'static str, u64>,
}

impl EpisodeStep {
    /// All faults that show without reading a row.
    pub(crate) fn check(&self, with_reference_dates: bool) -> Vec<FrameFault> {
        let mut faults = Vec::new();
        let mut fault = |pointer: &str, code, detail: &str| {
            faults.push(FrameFault::new(format!("/episodes{pointer}"), code, detail));
        };
        let mut seen = BTreeSet::new();
        for (key, column) in self.named() {
            if column.trim().is_empty() {
                fault(&format!("/{key}"), "required", "name a column of the query");
            } else if !seen.insert(column) {
                fault(
                    &format!("/{key}"),
                    "unique",
                    "this column has another part already",
                );
            }
        }
        match self.observed_until {
            None if !with_reference_dates => fault(
                "/observed/until",
                "required",
                "say until when the administration is complete, or give reference dates",
            ),
            Some(until) if until < self.observed_from => fault(
                "/observed/until",
                "order",
                "the last complete day lies before the first",
            ),
            _ => {}
        }
        if self.late == Late::FromRecord && self.recorded.is_none() {
            fault(
                "/recorded",
                "required",
                "counting from the day of entry needs the column with that day",
            );
        }
        match (&self.without_reason, &self.reason) {
            (Some(_), None) => fault(
                "/reason",
                "required",
                "a reason for ends without one needs the column with reasons",
            ),
            (Some(text), _) if text.trim().is_empty() => fault(
                "/withoutReason",
                "required",
                "name the reason, or leave it out for being lost from sight",
            ),
            _ => {}
        }
        faults
    }

    /// The columns with a part in it, by key of the request.
    fn named(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("person", Some(&self.person)),
            ("start", Some(&self.start)),
            ("end", Some(&self.end)),
            ("reason", self.reason.as_ref()),
            ("recorded", self.recorded.as_ref()),
        ]
        .into_iter()
        .filter_map(|(key, column)| Some((key, column?.as_str())))
    }
}

impl EpisodeCounts {
    pub(crate) fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.episodes += other.episodes;
        self.in_episodes += other.in_episodes;
        for (into, from) in [
            (&mut self.set_apart, &other.set_apart),
            (&mut self.done, &other.done),
        ] {
            for (word, count) in from {
                *into.entry(*word).or_default() += count;
            }
        }
    }
}
