//! The jobs table, and what a client sees of a row.

use diesel::prelude::*;
use helder_types::{
    Caller, OrganisationId, ProblemDetails,
    job::{Job, JobProgress, JobState},
};
use serde::Serialize;
use uuid::Uuid;

use super::parts;
use crate::{
    clock,
    problem::{Problem, Result},
    schema::jobs,
    store::{Conn, Store},
    trace::{self, Inbound},
};

/// A stage must have lasted this long before its pace says anything.
const LEAST_SPENT_MS: u64 = 500;

/// One row of [`jobs`].
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = jobs)]
pub(super) struct JobRow {
    pub(super) id: String,
    pub(super) organisation: String,
    pub(super) caller: String,
    pub(super) kind: String,
    pub(super) payload: String,
    pub(super) state: String,
    pub(super) stage: String,
    pub(super) done: i64,
    pub(super) total: i64,
    pub(super) unit: String,
    pub(super) result: Option<String>,
    pub(super) problem: Option<String>,
    pub(super) leases: i64,
    pub(super) faults: i64,
    pub(super) run_after: String,
    pub(super) lease_token: Option<String>,
    pub(super) lease_until: Option<String>,
    pub(super) cancel_requested: i64,
    pub(super) created_at: String,
    pub(super) updated_at: String,
    pub(super) finished_at: Option<String>,
    pub(super) traceparent: Option<String>,
    pub(super) calling_act: Option<String>,
    pub(super) stage_since: Option<String>,
    pub(super) learning: Option<String>,
}

/// The stored form of a state.
pub(super) const fn stored(state: JobState) -> &'static str {
    match state {
        JobState::Queued => "queued",
        JobState::Running => "running",
        JobState::Succeeded => "succeeded",
        JobState::Failed => "failed",
        JobState::Cancelled => "cancelled",
    }
}

impl JobRow {
    /// Units per second of this stage so far, and seconds until its end at that pace.
    fn pace(&self) -> (Option<u64>, Option<u64>) {
        let spent = self.stage_since.as_deref().and_then(|since| {
            let since: jiff::Timestamp = since.parse().ok()?;
            let seen: jiff::Timestamp = self.updated_at.parse().ok()?;
            u64::try_from(seen.as_millisecond() - since.as_millisecond()).ok()
        });
        let (Some(spent), Ok(done)) = (spent, u64::try_from(self.done)) else {
            return (None, None);
        };
        if self.state != stored(JobState::Running) || spent < LEAST_SPENT_MS || done == 0 {
            return (None, None);
        }
        let per_second = u128::from(done) * 1000 / u128::from(spent);
        let left = u64::try_from(self.total).unwrap_or(0).saturating_sub(done);
        let is_known = self.total > 0 && per_second > 0;
        let seconds = is_known.then(|| u128::from(left).div_ceil(per_second.max(1)));
        let small = |n: u128| u64::try_from(n).unwrap_or(u64::MAX);
        (Some(small(per_second)), seconds.map(small))
    }

    pub(super) fn into_job(self) -> Result<Job> {
        let state = match self.state.as_str() {
            "queued" => JobState::Queued,
            "running" => JobState::Running,
            "succeeded" => JobState::Succeeded,
            "cancelled" => JobState::Cancelled,
            _ => JobState::Failed,
        };
        let problem: Option<ProblemDetails> = match &self.problem {
            Some(text) => Some(serde_json::from_str(text).map_err(Problem::internal)?),
            None => None,
        };
        let (per_second, seconds_left) = self.pace();
        let learning = self.learning.as_deref().map(serde_json::from_str);
        Ok(Job {
            learning: learning.transpose().map_err(Problem::internal)?,
            id: self.id.parse().map_err(Problem::internal)?,
            kind: self.kind,
            state,
            stage: self.stage,
            progress: JobProgress {
                done: u64::try_from(self.done).unwrap_or(0),
                total: u64::try_from(self.total).unwrap_or(0),
                unit: self.unit,
                per_second,
                seconds_left,
            },
            attempts: u32::try_from(self.leases).unwrap_or(u32::MAX),
            result: self.result,
            problem,
            created_at: self.created_at,
            finished_at: self.finished_at,
        })
    }
}

/// Queues a job in the transaction of the rows it belongs to: both are there, or neither.
///
/// * `kind` – which [`super::JobHandler`] does it   * `payload` – what that handler needs; no personal data
///
/// # Errors
/// Database errors, and a payload that cannot be written as JSON.
pub fn enqueue<P: Serialize>(
    conn: &mut Conn,
    caller: &Caller,
    kind: &str,
    payload: &P,
) -> Result<Job> {
    let now = clock::now();
    let row = JobRow {
        id: Uuid::now_v7().to_string(),
        organisation: caller.organisation.to_string(),
        caller: serde_json::to_string(caller).map_err(Problem::internal)?,
        kind: kind.to_owned(),
        payload: serde_json::to_string(payload).map_err(Problem::internal)?,
        state: stored(JobState::Queued).to_owned(),
        stage: "waiting".to_owned(),
        done: 0,
        total: 0,
        unit: String::new(),
        result: None,
        problem: None,
        leases: 0,
        faults: 0,
        run_after: now.clone(),
        lease_token: None,
        lease_until: None,
        cancel_requested: 0,
        created_at: now.clone(),
        updated_at: now,
        finished_at: None,
        traceparent: trace::onward(),
        calling_act: Inbound::current()
            .calling
            .map(|calling| calling.to_string()),
        stage_since: None,
        learning: None,
    };
    diesel::insert_into(jobs::table)
        .values(row.clone())
        .execute(conn)?;
    Store::announce();
    row.into_job()
}

/// A job of this organisation.
///
/// # Errors
/// 404 when it is absent or someone else's.
pub fn find(conn: &mut Conn, organisation: &OrganisationId, id: Uuid) -> Result<Job> {
    row(conn, organisation, id)?.into_job()
}

pub(super) fn row(conn: &mut Conn, organisation: &OrganisationId, id: Uuid) -> Result<JobRow> {
    Ok(jobs::table
        .filter(jobs::organisation.eq(organisation.as_str()))
        .filter(jobs::id.eq(id.to_string()))
        .select(JobRow::as_select())
        .first(conn)?)
}

/// Stops a job: a queued one at once, a running one at its next checkpoint.
pub(super) fn cancel(conn: &mut Conn, organisation: &OrganisationId, id: Uuid) -> Result<Job> {
    let found = row(conn, organisation, id)?;
    let now = clock::now();
    let mine = || {
        jobs::table
            .filter(jobs::organisation.eq(organisation.as_str()))
            .filter(jobs::id.eq(id.to_string()))
    };
    let stopped = diesel::update(mine().filter(jobs::state.eq(stored(JobState::Queued))))
        .set((
            jobs::state.eq(stored(JobState::Cancelled)),
            jobs::stage.eq("cancelled"),
            jobs::updated_at.eq(&now),
            jobs::finished_at.eq(Some(&now)),
        ))
        .execute(conn)?;
    if stopped == 0 {
        let asked = diesel::update(mine().filter(jobs::state.eq(stored(JobState::Running))))
            .set((jobs::cancel_requested.eq(1), jobs::updated_at.eq(&now)))
            .execute(conn)?;
        if asked == 0 {
            let state = found.state;
            return Err(Problem::conflict(
                "job-has-ended",
                format!("the job has already ended: {state}"),
            ));
        }
    } else {
        parts::remove(conn, organisation.as_str(), &found.id)?;
    }
    find(conn, organisation, id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(state: JobState, done: i64, total: i64, seen: &str) -> JobRow {
        let at = |time: &str| format!("2026-11-22T12:00:{time}Z");
        JobRow {
            id: Uuid::nil().to_string(),
            organisation: String::new(),
            caller: String::new(),
            kind: String::new(),
            payload: String::new(),
            state: stored(state).to_owned(),
            stage: "weighing pairs".to_owned(),
            done,
            total,
            unit: "pairs".to_owned(),
            result: None,
            problem: None,
            leases: 2,
            faults: 0,
            run_after: String::new(),
            lease_token: None,
            lease_until: None,
            cancel_requested: 0,
            created_at: at("00"),
            updated_at: at(seen),
            finished_at: None,
            traceparent: None,
            calling_act: None,
            stage_since: Some(at("10")),
            learning: None,
        }
    }

    #[test]
    fn a_running_job_tells_its_pace_and_when_it_will_be_done() {
        let job = row(JobState::Running, 4_000, 10_000, "14")
            .into_job()
            .unwrap();
        assert_eq!(
            (job.progress.per_second, job.progress.seconds_left),
            (Some(1_000), Some(6))
        );
        assert_eq!(job.attempts, 2);
        // Of unknown size: no end in sight.
        let job = row(JobState::Running, 4_000, 0, "14").into_job().unwrap();
        assert_eq!(
            (job.progress.per_second, job.progress.seconds_left),
            (Some(1_000), None)
        );
        for (state, done, seen) in [
            (JobState::Running, 0, "14"),
            (JobState::Running, 4_000, "10.2"),
            (JobState::Running, 4_000, "09"),
            (JobState::Succeeded, 4_000, "14"),
        ] {
            let job = row(state, done, 10_000, seen).into_job().unwrap();
            assert_eq!(job.progress.per_second, None, "{state:?} {done} {seen}");
        }
    }
}
