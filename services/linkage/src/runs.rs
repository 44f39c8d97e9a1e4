//! The table of linkage runs. Every query starts with the organisation.

use diesel::prelude::*;
use helder_platform::{
    audit, clock, jobs,
    problem::{Problem, Result},
    store::Conn,
};
use helder_record_linkage::LinkageSpec;
use helder_types::{Caller, OrganisationId, job::Job};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{
    job::KIND,
    review,
    schema::linkage_runs,
    versions::Inputs,
    wire::{LinkageRun, Outcome},
};

/// One row of [`linkage_runs`].
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = linkage_runs)]
pub struct RunRow {
    id: String,
    organisation: String,
    project_id: String,
    left_version: String,
    right_version: String,
    job_id: String,
    spec: String,
    inputs: String,
    outcome: Option<String>,
    created_by: String,
    created_at: String,
}

/// A run that was checked and may be queued.
pub(crate) struct Checked {
    /// Project.
    pub project_id: Uuid,
    /// Left version.
    pub left: Uuid,
    /// Right version.
    pub right: Uuid,
    /// Without faults against the inputs.
    pub spec: LinkageSpec,
    /// Parts to read.
    pub inputs: Inputs,
}

/// What the job needs to know.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payload {
    /// The run.
    pub run_id: Uuid,
}

/// Writes the run and queues its job, in the caller's transaction; the job, and the identifier of the run.
///
/// # Errors
/// Database errors.
pub(crate) fn insert_named(conn: &mut Conn, caller: &Caller, run: &Checked) -> Result<(Job, Uuid)> {
    let id = Uuid::now_v7();
    let job = jobs::enqueue(conn, caller, KIND, &Payload { run_id: id })?;
    let row = RunRow {
        id: id.to_string(),
        organisation: caller.organisation.to_string(),
        project_id: run.project_id.to_string(),
        left_version: run.left.to_string(),
        right_version: run.right.to_string(),
        job_id: job.id.to_string(),
        spec: json(&run.spec)?,
        inputs: json(&run.inputs)?,
        outcome: None,
        created_by: caller.subject.clone(),
        created_at: clock::now(),
    };
    diesel::insert_into(linkage_runs::table)
        .values(row)
        .execute(conn)?;
    audit::record(
        conn,
        caller,
        "linkage-run.create",
        &format!("/linkage-runs/{id}"),
    )?;
    Ok((job, id))
}

/// A run of this organisation.
///
/// # Errors
/// 404 when it is absent or someone else's.
pub(crate) fn find(conn: &mut Conn, organisation: &OrganisationId, id: Uuid) -> Result<RunRow> {
    Ok(linkage_runs::table
        .filter(linkage_runs::organisation.eq(organisation.as_str()))
        .filter(linkage_runs::id.eq(id.to_string()))
        .select(RunRow::as_select())
        .first(conn)?)
}

/// Runs of this organisation, newest first, older than `before`.
///
/// # Errors
/// Database errors.
pub(crate) fn list(
    conn: &mut Conn,
    organisation: &OrganisationId,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<RunRow>> {
    let mut query = linkage_runs::table
        .filter(linkage_runs::organisation.eq(organisation.as_str()))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(linkage_runs::id.lt(before.to_string()));
    }
    Ok(query
        .order(linkage_runs::id.desc())
        .limit(limit)
        .select(RunRow::as_select())
        .load(conn)?)
}

/// Keeps what a run found. A second try of the same job writes the same.
///
/// # Errors
/// Database errors.
pub(crate) fn finish(
    conn: &mut Conn,
    organisation: &OrganisationId,
    id: Uuid,
    outcome: &Outcome,
) -> Result<()> {
    let run = linkage_runs::table
        .filter(linkage_runs::organisation.eq(organisation.as_str()))
        .filter(linkage_runs::id.eq(id.to_string()));
    diesel::update(run)
        .set(linkage_runs::outcome.eq(Some(json(outcome)?)))
        .execute(conn)?;
    Ok(())
}

impl RunRow {
    /// Identifier.
    ///
    /// # Errors
    /// 500 when the row is damaged.
    pub fn id(&self) -> Result<Uuid> {
        self.id.parse().map_err(Problem::internal)
    }

    /// Project.
    ///
    /// # Errors
    /// 500 when the row is damaged.
    pub fn project_id(&self) -> Result<Uuid> {
        self.project_id.parse().map_err(Problem::internal)
    }

    /// What it links on.
    ///
    /// # Errors
    /// 500 when the row is damaged.
    pub fn spec(&self) -> Result<LinkageSpec> {
        parsed(&self.spec)
    }

    /// Parts it reads.
    ///
    /// # Errors
    /// 500 when the row is damaged.
    pub fn inputs(&self) -> Result<Inputs> {
        parsed(&self.inputs)
    }

    /// What it found.
    ///
    /// # Errors
    /// 409 `run-not-done` while the job has not succeeded.
    pub fn outcome(&self) -> Result<Outcome> {
        let not_done = || Problem::conflict("run-not-done", "this run has no result; see its job");
        parsed(self.outcome.as_deref().ok_or_else(not_done)?)
    }

    /// What it found, once its job has succeeded.
    ///
    /// # Errors
    /// 500 when the row is damaged.
    pub fn done(&self) -> Result<Option<Outcome>> {
        self.outcome.as_deref().map(parsed).transpose()
    }

    /// The run as shown, with the state of its job.
    ///
    /// # Errors
    /// Database errors, 500 when the row is damaged.
    pub fn show(self, conn: &mut Conn, organisation: &OrganisationId) -> Result<LinkageRun> {
        let job_id = self.job_id.parse().map_err(Problem::internal)?;
        let job = jobs::find(conn, organisation, job_id)?;
        let review = review::of_run(conn, organisation, self.id()?)?;
        Ok(LinkageRun {
            review,
            id: self.id()?,
            project_id: self.project_id()?,
            left: self.left_version.parse().map_err(Problem::internal)?,
            right: self.right_version.parse().map_err(Problem::internal)?,
            job_id,
            state: job.state,
            spec: self.spec()?,
            outcome: self.outcome.as_deref().map(parsed).transpose()?,
            created_by: self.created_by,
            created_at: self.created_at,
        })
    }
}

fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(Problem::internal)
}

fn parsed<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(Problem::internal)
}
