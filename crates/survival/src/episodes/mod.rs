//! Clean episodes from what an administration holds: spells that overlap, follow each other within days, were entered late, or have no end.

mod clean;

use serde::Serialize;

use crate::{Cause, Spells, SurvivalError};

/// A spell as an administration has it. Days are counted from any fixed day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whose it is; any number that is the same for the same person.
    pub person: u64,
    /// First day.
    pub start: i32,
    /// Last day, that day included; `None` while it runs.
    pub end: Option<i32>,
    /// Why it ended, 1 and up; `None` when that is not known or it runs.
    pub reason: Option<Cause>,
    /// Day on which the administration came to know it; `None` when that is not known.
    pub recorded: Option<i32>,
}

/// How episodes are made. Every rule is a choice that changes the answer: write down why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct EpisodeRules {
    /// First and last day on which the administration is complete. Who started before is seen from the first day on (delayed entry); who
    /// still runs after the last is lost from sight there.
    pub observed: (i32, i32),
    /// Spells of one person with at most so many days between them are one episode.
    pub most_days_between: u32,
    /// Episodes shorter than this are left out, and the log says so.
    pub least_days: u32,
    /// What an end without a reason counts as.
    pub without_reason: WithoutReason,
    /// From when a spell counts that was entered late.
    pub late: Late,
}

/// What an end without a reason counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WithoutReason {
    /// As being lost from sight: right only if reasons are missing by chance.
    Lost,
    /// As a cause of its own with this number.
    Cause(Cause),
}

/// From when a spell counts that was entered into the administration after it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Late {
    /// From its first day: the administration is taken to know all spells of its time in the end.
    FromStart,
    /// From the day it was entered: a spell that would have ended before would never have been entered.
    FromRecord,
}

/// An unbroken stretch of one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Episode {
    /// Whose it is.
    pub person: u64,
    /// First day.
    pub start: i32,
    /// Days from the start until it is first seen; 0 when it is seen from the start.
    pub entry: u32,
    /// Days from the start until the first day after it, or until it is lost from sight.
    pub duration: u32,
    /// Why it ended; 0 when it is lost from sight.
    pub cause: Cause,
    /// Which episode of the person it is, from 1.
    pub number: u32,
    /// Days since the person's former episode ended.
    pub days_since_former: Option<u32>,
    /// Places of the records that it was made of.
    pub records: Vec<usize>,
}

/// Something that was done to records, or why they were set apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogEntry {
    /// What.
    pub what: Action,
    /// Places of the records.
    pub records: Vec<usize>,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// The last day lies before the first: set apart.
    EndsBeforeStart,
    /// It ended before the administration was complete: set apart.
    BeforeObservation,
    /// It started after the last complete day: set apart.
    AfterObservation,
    /// Shorter than the least: set apart.
    TooShort,
    /// It was entered only after it had ended: set apart under [`Late::FromRecord`].
    RecordedAfterEnd,
    /// The very same spell stands there more than once: taken once.
    Repeated,
    /// Spells overlap: taken as one.
    Overlapped,
    /// Spells follow each other within the days allowed: taken as one.
    Joined,
    /// It runs beyond the last complete day: lost from sight there.
    Runs,
    /// It started before the first complete day: seen from there.
    EnteredLate,
    /// It was entered after it began: seen from there.
    RecordedLate,
    /// Its end has no reason.
    NoReason,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 12] = [
        Self::EndsBeforeStart,
        Self::BeforeObservation,
        Self::AfterObservation,
        Self::TooShort,
        Self::RecordedAfterEnd,
        Self::Repeated,
        Self::Overlapped,
        Self::Joined,
        Self::Runs,
        Self::EnteredLate,
        Self::RecordedLate,
        Self::NoReason,
    ];

    /// Its name, as it is serialised.
    pub fn name(self) -> &'static str {
        match self {
            Self::EndsBeforeStart => "ends_before_start",
            Self::BeforeObservation => "before_observation",
            Self::AfterObservation => "after_observation",
            Self::TooShort => "too_short",
            Self::RecordedAfterEnd => "recorded_after_end",
            Self::Repeated => "repeated",
            Self::Overlapped => "overlapped",
            Self::Joined => "joined",
            Self::Runs => "runs",
            Self::EnteredLate => "entered_late",
            Self::RecordedLate => "recorded_late",
            Self::NoReason => "no_reason",
        }
    }

    /// Whether the records are in no episode.
    pub fn sets_apart(self) -> bool {
        matches!(
            self,
            Self::EndsBeforeStart
                | Self::BeforeObservation
                | Self::AfterObservation
                | Self::TooShort
                | Self::RecordedAfterEnd
        )
    }
}

/// Episodes with what was done to get them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Episodes {
    /// By person and start.
    pub episodes: Vec<Episode>,
    /// What was done, in order of person. Every record is in one episode, or in one entry that sets it apart.
    pub log: Vec<LogEntry>,
}

/// The clock on which spells are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// Days since the episode began: what changes with how long somebody has been there.
    Duration,
    /// Days since the first complete day: what changes with the times. Nobody is at risk before the own beginning.
    Calendar,
}

impl EpisodeRules {
    /// Makes episodes of records in any order.
    ///
    /// # Errors
    /// An observation that ends before it begins; a reason of 0 in the records or for ends without one.
    pub fn apply(&self, records: &[Record]) -> Result<Episodes, SurvivalError> {
        if self.observed.1 < self.observed.0 {
            return Err(SurvivalError::Setting {
                what: "the last complete day",
                demand: "not before the first",
            });
        }
        let zero = records.iter().any(|record| record.reason == Some(0));
        if zero || self.without_reason == WithoutReason::Cause(0) {
            return Err(SurvivalError::Setting {
                what: "reasons",
                demand: "1 and up: 0 is for spells lost from sight",
            });
        }
        Ok(clean::episodes(self, records))
    }
}

impl Episodes {
    /// How often each was done, in records.
    pub fn counts(&self) -> Vec<(Action, usize)> {
        let mut counts = std::collections::BTreeMap::new();
        for entry in &self.log {
            *counts.entry(entry.what).or_insert(0) += entry.records.len();
        }
        counts.into_iter().collect()
    }

    /// The episodes as spells on a clock.
    ///
    /// # Errors
    /// No episodes.
    pub fn spells(&self, rules: &EpisodeRules, clock: Clock) -> Result<Spells, SurvivalError> {
        let origin = |episode: &Episode| match clock {
            Clock::Duration => 0.0,
            Clock::Calendar => f64::from(episode.start) - f64::from(rules.observed.0),
        };
        let of = |days: fn(&Episode) -> u32| -> Vec<f64> {
            self.episodes
                .iter()
                .map(|episode| origin(episode) + f64::from(days(episode)))
                .collect()
        };
        let cause: Vec<Cause> = self.episodes.iter().map(|episode| episode.cause).collect();
        Spells::competing(&of(|episode| episode.duration), &cause)?
            .entered_at(&of(|episode| episode.entry))
    }
}
