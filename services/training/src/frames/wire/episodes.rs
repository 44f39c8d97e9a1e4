//! How records become episodes, over the wire.

use std::collections::BTreeMap;

use helder_frames::{Clock, EpisodeCounts, EpisodeStep, Late};
use helder_outflow::RecordCounts;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the rows of the query, one per record of an administration, become one row per unbroken stretch of a person.
///
/// A row has what the first record of its stretch tells, without the last day and the day of entry, and `entry`, `duration` (days on the
/// clock on which it is first and last seen), `ended`, `episode` (which of the person, from 1), `days_since_former`, `records` (how many it
/// was made of) and `made_by` (what was done to them). The reason is the one of the record that ended last; empty when it runs.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewEpisodes {
    /// Column of the query with whose record it is.
    pub person: String,
    /// Column with the first day.
    pub start: String,
    /// Column with the last day, that day included; empty while it runs.
    pub end: String,
    /// Column with why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Column with the day on which the administration came to know the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<String>,
    /// When the administration is complete. Who started before is seen from then on; who still runs after it is lost from sight there.
    pub observed: Observed,
    /// Records of one person with at most so many days between them are one stretch.
    #[serde(default)]
    pub most_days_between: u32,
    /// Stretches that end within fewer days are left out, and counted.
    #[serde(default)]
    pub least_days: u32,
    /// What an end without a reason counts as; absent for being lost from sight, which is right only if reasons are missing by chance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_reason: Option<String>,
    /// From when a record counts that was entered after it began.
    #[serde(default)]
    pub late: LateRecords,
    /// What `entry` and `duration` count from.
    #[serde(default)]
    pub clock: DayCount,
}

/// When an administration is complete.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Observed {
    /// First complete day.
    pub from: Date,
    /// Last complete day; absent for the reference date, which bounds it in every case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

/// From when a record counts that was entered late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LateRecords {
    /// From its first day: the administration comes to know everything in the end.
    #[default]
    FromStart,
    /// From the day of entry: what ended before would never have been entered.
    FromRecord,
}

/// What days are counted from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DayCount {
    /// The beginning of the stretch.
    #[default]
    Duration,
    /// The first complete day.
    Calendar,
}

impl NewEpisodes {
    /// The step for the engine.
    pub(crate) fn step(&self) -> EpisodeStep {
        EpisodeStep {
            person: self.person.clone(),
            start: self.start.clone(),
            end: self.end.clone(),
            reason: self.reason.clone(),
            recorded: self.recorded.clone(),
            observed_from: self.observed.from,
            observed_until: self.observed.until,
            most_days_between: self.most_days_between,
            least_days: self.least_days,
            without_reason: self.without_reason.clone(),
            late: match self.late {
                LateRecords::FromStart => Late::FromStart,
                LateRecords::FromRecord => Late::FromRecord,
            },
            clock: match self.clock {
                DayCount::Duration => Clock::Duration,
                DayCount::Calendar => Clock::Calendar,
            },
        }
    }
}

/// The counts of the engine, as they are told.
pub(crate) fn told(counts: EpisodeCounts) -> RecordCounts {
    let by_name = |counts: BTreeMap<&'static str, u64>| {
        let owned = counts.into_iter().map(|(name, n)| (name.to_owned(), n));
        owned.collect()
    };
    RecordCounts {
        records: counts.records,
        episodes: counts.episodes,
        in_episodes: counts.in_episodes,
        set_apart: by_name(counts.set_apart),
        done: by_name(counts.done),
    }
}
