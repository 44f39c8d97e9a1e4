//! The table of training runs. Every query starts with the organisation.

use diesel::prelude::*;
use helder_platform::{
    audit, clock, jobs,
    problem::{Problem, Result},
    store::Conn,
};
use helder_types::{Caller, OrganisationId, job::Job};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    job::KIND,
    wire::{RunEdit, TrainingOutcome, TrainingRun},
};
use crate::{
    json::{parsed, text},
    learn::NewTrainingRun,
    schema::training_runs,
};

/// One row of [`training_runs`].
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = training_runs)]
pub(crate) struct RunRow {
    id: String,
    organisation: String,
    project_id: String,
    frame_id: String,
    job_id: String,
    request: String,
    outcome: Option<String>,
    created_by: String,
    created_at: String,
    edit: Option<String>,
}

/// What the job needs to know.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payload {
    pub run_id: Uuid,
}

/// Writes the run and queues its job, in the caller's transaction. `edit` says what it changes of another run's model, where it does
/// not learn.
pub(crate) fn insert(
    conn: &mut Conn,
    caller: &Caller,
    run: &NewTrainingRun,
    edit: Option<&RunEdit>,
) -> Result<Job> {
    let id = Uuid::now_v7();
    let job = jobs::enqueue(conn, caller, KIND, &Payload { run_id: id })?;
    let row = RunRow {
        id: id.to_string(),
        organisation: caller.organisation.to_string(),
        project_id: run.project_id.to_string(),
        frame_id: run.frame_id.to_string(),
        job_id: job.id.to_string(),
        request: text(run)?,
        outcome: None,
        created_by: caller.subject.clone(),
        created_at: clock::now(),
        edit: edit.map(text).transpose()?,
    };
    diesel::insert_into(training_runs::table)
        .values(row)
        .execute(conn)?;
    let act = if edit.is_some() {
        "training-run.edit"
    } else {
        "training-run.create"
    };
    audit::record(conn, caller, act, &format!("/training-runs/{id}"))?;
    Ok(job)
}

/// A run of this organisation; 404 when it is absent or someone else's.
pub(crate) fn find(conn: &mut Conn, organisation: &OrganisationId, id: Uuid) -> Result<RunRow> {
    Ok(training_runs::table
        .filter(training_runs::organisation.eq(organisation.as_str()))
        .filter(training_runs::id.eq(id.to_string()))
        .select(RunRow::as_select())
        .first(conn)?)
}

/// Runs of this organisation, newest first, older than `before`.
pub(crate) fn list(
    conn: &mut Conn,
    organisation: &OrganisationId,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<RunRow>> {
    let mut query = training_runs::table
        .filter(training_runs::organisation.eq(organisation.as_str()))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(training_runs::id.lt(before.to_string()));
    }
    Ok(query
        .order(training_runs::id.desc())
        .limit(limit)
        .select(RunRow::as_select())
        .load(conn)?)
}

/// Keeps what was made. A second try of the same job writes the same.
pub(crate) fn finish(
    conn: &mut Conn,
    organisation: &OrganisationId,
    id: Uuid,
    outcome: &TrainingOutcome,
) -> Result<()> {
    let run = training_runs::table
        .filter(training_runs::organisation.eq(organisation.as_str()))
        .filter(training_runs::id.eq(id.to_string()));
    diesel::update(run)
        .set(training_runs::outcome.eq(Some(text(outcome)?)))
        .execute(conn)?;
    Ok(())
}

impl RunRow {
    /// What was asked.
    pub(crate) fn request(&self) -> Result<NewTrainingRun> {
        parsed(&self.request)
    }

    /// What it changes of another run's model; absent for runs that learn.
    pub(crate) fn edit(&self) -> Result<Option<RunEdit>> {
        self.edit.as_deref().map(parsed).transpose()
    }

    /// Who asked, and when.
    pub(crate) fn signed(&self) -> (&str, &str) {
        (&self.created_by, &self.created_at)
    }

    /// What was made; 409 while it is not.
    pub(crate) fn outcome(&self) -> Result<TrainingOutcome> {
        let not_done = || Problem::conflict("run-not-done", "this run has no result; see its job");
        parsed(self.outcome.as_deref().ok_or_else(not_done)?)
    }

    /// The run as shown, with the state of its job.
    pub(crate) fn show(
        self,
        conn: &mut Conn,
        organisation: &OrganisationId,
    ) -> Result<TrainingRun> {
        let job_id = self.job_id.parse().map_err(Problem::internal)?;
        Ok(TrainingRun {
            id: self.id.parse().map_err(Problem::internal)?,
            job_id,
            state: jobs::find(conn, organisation, job_id)?.state,
            plan: self.request()?,
            edit: self.edit()?,
            outcome: self.outcome.as_deref().map(parsed).transpose()?,
            created_by: self.created_by,
            created_at: self.created_at,
        })
    }
}
