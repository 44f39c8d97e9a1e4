//! The jobs table, and what a client sees of a row.

use diesel::prelude::*;
use helder_types::{
    Caller, OrganisationId, ProblemDetails,
    job::{Job, JobProgress, JobState},
};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    clock,
    problem::{Problem, Result},
    schema::jobs,
    store::{Conn, Store},
    trace::{self, Inbound},
};

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
        Ok(Job {
            id: self.id.parse().map_err(Problem::internal)?,
            kind: self.kind,
            state,
            stage: self.stage,
            progress: JobProgress {
                done: u64::try_from(self.done).unwrap_or(0),
                total: u64::try_from(self.total).unwrap_or(0),
                unit: self.unit,
            },
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
    }
    find(conn, organisation, id)
}
