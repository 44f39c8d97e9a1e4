//! The end of a term: old records of processing, lines of the audit trail and finished jobs go for good, in bounded pieces, and a
//! proof stays.
//!
//! How long they stay is a setting of the installation, with another one for an organisation or a project where it needs that
//! ([`LogboekSettings::keep_days`]). Terms end with the day, so there is one look a day. On PostgreSQL the task may touch nothing
//! younger than the least term that settings can give.

mod finished;
pub mod http;
mod rows;
#[cfg(test)]
mod tests;

use std::{sync::Weak, time::Duration};

use helder_types::OrganisationId;
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use uuid::Uuid;

pub use finished::FINISHED_JOBS;
pub use rows::LogRemoval;

use crate::{
    clock,
    logboek::{Days, LogboekSettings},
    problem::{Problem, Result},
    store::{Conn, Store, Work},
};

/// The calendar on which terms end.
const CALENDAR: &str = "Europe/Amsterdam";

/// A log of a service.
#[derive(Clone, Copy, Debug)]
pub struct OldLog {
    /// What a proof calls it.
    pub name: &'static str,
    /// How long it stays.
    pub term: Term,
    /// Whose records may be old: organisations, with their projects where a record has one.
    pub owners: fn(&mut Conn) -> Result<Vec<Owner>>,
    /// Removes some of what is past its term; nothing when nothing is left.
    pub remove: fn(&mut Conn, &Past<'_>) -> Result<Option<Gone>>,
}

/// How long records stay: of this organisation, about this project, by these settings.
pub type Term = fn(&LogboekSettings, &OrganisationId, Option<Uuid>) -> Days;

/// An organisation, and one of its projects.
pub type Owner = (String, Option<String>);

/// What is past its term.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    /// Whose.
    pub organisation: &'a str,
    /// About which project.
    pub project: Option<&'a str>,
    /// Everything before this moment.
    pub before: Timestamp,
}

impl Past<'_> {
    /// The least key that stays, where keys begin with milliseconds as 12 hex digits.
    pub fn key(&self) -> String {
        format!("{:012x}", self.before.as_millisecond().max(0))
    }
}

/// What was removed in one piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone {
    /// Records, lines or acts.
    pub records: i64,
    /// People that they were about, each counted once per act.
    pub people: i64,
    /// Time of the first.
    pub oldest: Timestamp,
    /// Time of the last.
    pub newest: Timestamp,
}

/// The logs of one service.
pub(crate) struct Logs {
    /// Its database.
    pub(crate) store: Store,
    /// Terms.
    pub(crate) settings: LogboekSettings,
    /// Logs that it keeps beside those of the platform.
    pub(crate) more: Vec<OldLog>,
}

impl Logs {
    /// Looks once a day until the service stops; the first look is at once. What fails is tried again at the next turn.
    pub(crate) async fn keep<T>(self, every: Duration, alive: Weak<T>) {
        let mut done = None;
        loop {
            match today(Timestamp::now()) {
                Ok(today) if done != Some(today) => match self.run(Timestamp::now()).await {
                    Ok(_) => done = Some(today),
                    Err(problem) => problem.log(),
                },
                Ok(_) => {}
                Err(problem) => problem.log(),
            }
            // Short steps, so that the task ends soon after the service.
            for _ in 0..every.as_secs().max(1) {
                if self.store.is_closing() || alive.strong_count() == 0 {
                    return;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }

    /// Removes everything whose term is over at `now`; gives the proofs.
    ///
    /// # Errors
    /// When the database is away; what was removed has its proof.
    pub(crate) async fn run(&self, now: Timestamp) -> Result<Vec<LogRemoval>> {
        let mut proofs = Vec::new();
        for log in rows::OWN.into_iter().chain(self.more.iter().copied()) {
            let store = self.store.across(Work::LOG_TERM);
            for (organisation, project) in store.read(log.owners).await? {
                let whose: OrganisationId = organisation.parse().map_err(Problem::internal)?;
                let of = project.as_ref().and_then(|id| id.parse::<Uuid>().ok());
                let days = (log.term)(&self.settings, &whose, of).get();
                let before = end_of(now, days)?;
                while !self.store.is_closing() {
                    let (organisation, project) = (organisation.clone(), project.clone());
                    let piece = store.write(move |conn| {
                        let past = Past {
                            organisation: &organisation,
                            project: project.as_deref(),
                            before,
                        };
                        let Some(gone) = (log.remove)(conn, &past)? else {
                            return Ok(None);
                        };
                        rows::prove(conn, log.name, &past, days, gone).map(Some)
                    });
                    let Some(proof) = piece.await? else { break };
                    tracing::info!(
                        log = proof.log,
                        records = proof.records,
                        "old records of a log were removed at the end of their term"
                    );
                    proofs.push(proof);
                }
            }
        }
        Ok(proofs)
    }
}

/// The day at `now`.
fn today(now: Timestamp) -> Result<Date> {
    let zone = TimeZone::get(CALENDAR).map_err(Problem::internal)?;
    Ok(now.to_zoned(zone).date())
}

/// The start of the day that lies `days` before today: what is older is past a term of so many whole days.
fn end_of(now: Timestamp, days: u16) -> Result<Timestamp> {
    let zone = TimeZone::get(CALENDAR).map_err(Problem::internal)?;
    let day = today(now)?
        .checked_sub(i64::from(days).days())
        .map_err(Problem::internal)?;
    let start = day.to_zoned(zone).map_err(Problem::internal)?;
    Ok(start.timestamp())
}

/// A moment as proofs have it.
pub(crate) fn moment(at: Timestamp) -> String {
    clock::text(at)
}
