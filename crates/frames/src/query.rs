//! What to build.

use std::{collections::BTreeSet, path::PathBuf};

use jiff::civil::Date;

use crate::{EpisodeStep, FrameFault, FrameLimits, sql};

/// Whether a table describes what was known, or what came after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableRole {
    /// Shown as known on the reference date.
    Feature,
    /// Shown whole: it holds the target, which lies after the reference date.
    Outcome,
}

/// A Parquet file under the name by which the query reads it.
#[derive(Clone, Debug)]
pub struct FrameTable {
    /// Name in the query: lower-case letters, digits and underscores.
    pub alias: String,
    /// Where the file is.
    pub path: PathBuf,
    /// Feature or outcome.
    pub role: TableRole,
    /// Column with the date since which a row is known (`Date32`, a timestamp, or ISO text).
    pub known_since: Option<String>,
    /// Column with the date on which what the row tells happened.
    pub event_time: Option<String>,
}

/// A frame to build.
#[derive(Clone, Debug)]
pub struct FrameQuery {
    /// The tables.
    pub tables: Vec<FrameTable>,
    /// One `SELECT`.
    pub sql: String,
    /// Reference dates, in the order in which their rows are stacked; none for a frame without time.
    pub reference_dates: Vec<Date>,
    /// How the rows become episodes; absent for the rows as they are.
    pub episodes: Option<EpisodeStep>,
}

/// Name of the one-row table that holds the reference date.
pub(crate) const REFERENCE_TABLE: &str = "reference";
/// Name of the column that holds the reference date.
pub(crate) const REFERENCE_COLUMN: &str = "reference_date";

impl FrameQuery {
    /// All faults that show without reading a file.
    pub fn check(&self, limits: &FrameLimits) -> Vec<FrameFault> {
        let mut faults = Vec::new();
        if self.tables.is_empty() {
            faults.push(FrameFault::new(
                "/tables",
                "required",
                "name at least one table",
            ));
        }
        let mut seen = BTreeSet::new();
        for (index, table) in self.tables.iter().enumerate() {
            let pointer = format!("/tables/{index}/alias");
            if !is_name(&table.alias) {
                faults.push(FrameFault::new(
                    &pointer,
                    "pattern",
                    "an alias is a lower-case letter followed by lower-case letters, digits or underscores",
                ));
            } else if table.alias == REFERENCE_TABLE {
                faults.push(FrameFault::new(
                    &pointer,
                    "reserved",
                    "`reference` is the table of the reference date",
                ));
            }
            if !seen.insert(&table.alias) {
                faults.push(FrameFault::new(
                    &pointer,
                    "unique",
                    "two tables have this alias",
                ));
            }
            if self.reference_dates.is_empty()
                && (table.known_since.is_some() || table.event_time.is_some())
            {
                faults.push(FrameFault::new(
                    format!("/tables/{index}"),
                    "needs_reference_date",
                    "known-since and event-time columns need reference dates to compare with",
                ));
            }
        }
        if self.reference_dates.len() > limits.reference_dates {
            faults.push(FrameFault::new(
                "/referenceDates",
                "max_items",
                format!("at most {} reference dates", limits.reference_dates),
            ));
        }
        let distinct: BTreeSet<_> = self.reference_dates.iter().collect();
        if distinct.len() != self.reference_dates.len() {
            faults.push(FrameFault::new(
                "/referenceDates",
                "unique",
                "a reference date is given twice",
            ));
        }
        if self.sql.len() > limits.sql_bytes {
            faults.push(FrameFault::sql(
                "max_length",
                format!("at most {} bytes of SQL", limits.sql_bytes),
            ));
        }
        if let Err(fault) = sql::parse(&self.sql) {
            faults.push(fault);
        }
        if let Some(episodes) = &self.episodes {
            faults.extend(episodes.check(!self.reference_dates.is_empty()));
        }
        faults
    }
}

fn is_name(text: &str) -> bool {
    text.len() <= 60
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}
