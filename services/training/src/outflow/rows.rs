//! The table of reports on outflow. Every query starts with the organisation.

use diesel::prelude::*;
use helder_model::Provisions;
use helder_outflow::{OutflowAnalysis, expected};
use helder_platform::{
    audit, clock, jobs,
    problem::{Problem, Result},
    store::Conn,
};
use helder_types::{Caller, Digest, Fault, OrganisationId, job::Job};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    job::KIND,
    wire::{NewOutflowReport, OutflowOutcome, OutflowReport},
};
use crate::{
    json::{parsed, text},
    schema::outflow_reports,
};

/// One row of [`outflow_reports`], without its analysis.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = outflow_reports)]
pub(crate) struct OutflowRow {
    id: String,
    organisation: String,
    project_id: String,
    frame_id: String,
    job_id: String,
    request: String,
    outcome: Option<String>,
    created_by: String,
    created_at: String,
}

/// What the job needs to know.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payload {
    pub outflow_report_id: Uuid,
}

/// Writes the report and queues its job, in the caller's transaction.
pub(crate) fn insert(conn: &mut Conn, caller: &Caller, asked: &NewOutflowReport) -> Result<Job> {
    let id = Uuid::now_v7();
    let payload = Payload {
        outflow_report_id: id,
    };
    let job = jobs::enqueue(conn, caller, KIND, &payload)?;
    let row = OutflowRow {
        id: id.to_string(),
        organisation: caller.organisation.to_string(),
        project_id: asked.project_id.to_string(),
        frame_id: asked.frame_id.to_string(),
        job_id: job.id.to_string(),
        request: text(asked)?,
        outcome: None,
        created_by: caller.subject.clone(),
        created_at: clock::now(),
    };
    diesel::insert_into(outflow_reports::table)
        .values(row)
        .execute(conn)?;
    audit::record(
        conn,
        caller,
        "outflow-report.create",
        &format!("/outflow-reports/{id}"),
    )?;
    Ok(job)
}

/// A report of this organisation; 404 when it is absent or someone else's.
pub(crate) fn find(conn: &mut Conn, organisation: &OrganisationId, id: Uuid) -> Result<OutflowRow> {
    Ok(outflow_reports::table
        .filter(outflow_reports::organisation.eq(organisation.as_str()))
        .filter(outflow_reports::id.eq(id.to_string()))
        .select(OutflowRow::as_select())
        .first(conn)?)
}

/// The analysis of a report of this organisation, as it was stored; 404 when the report is absent or someone else's, 409 while there is
/// none.
pub(crate) fn analysis(conn: &mut Conn, organisation: &OrganisationId, id: Uuid) -> Result<String> {
    let found: Option<String> = outflow_reports::table
        .filter(outflow_reports::organisation.eq(organisation.as_str()))
        .filter(outflow_reports::id.eq(id.to_string()))
        .select(outflow_reports::analysis)
        .first(conn)?;
    found.ok_or_else(|| {
        Problem::conflict(
            "outflow-report-not-done",
            "this report has no result; see its job",
        )
    })
}

/// Refuses a plan that names a report which is not there, of another project or frame, or without a result.
///
/// # Errors
/// 400 that says which.
pub(crate) fn must_be_of(
    conn: &mut Conn,
    organisation: &OrganisationId,
    report: Uuid,
    (frame, project): (Uuid, Uuid),
) -> Result<()> {
    let wrong = |code: &str, detail: &str| {
        Problem::invalid(vec![Fault::new("/outflowReport", code, detail)])
    };
    let found = match find(conn, organisation, report) {
        Err(problem) if problem.status() == 404 => {
            return Err(wrong("unknown", "there is no such report on outflow"));
        }
        found => found?,
    };
    if found.project_id != project.to_string() {
        return Err(wrong(
            "other-project",
            "the report belongs to another project",
        ));
    }
    if found.frame_id != frame.to_string() {
        let detail = "the report is of another frame: make one of the frame to learn from";
        return Err(wrong("other-frame", detail));
    }
    if found.outcome.is_none() {
        return Err(wrong(
            "not-ready",
            "the report is not finished; wait for its job",
        ));
    }
    Ok(())
}

/// What a finished report says of provisions, as a model carries it; `None` where it looked at none.
pub(crate) fn provisions(
    conn: &mut Conn,
    organisation: &OrganisationId,
    report: Uuid,
) -> Result<Option<Provisions>> {
    let text = analysis(conn, organisation, report)?;
    let found: OutflowAnalysis = parsed(&text)?;
    Ok((!found.provisions.is_empty()).then(|| Provisions {
        report: Digest::of(text.as_bytes()),
        each: expected(&found.provisions),
    }))
}

/// Reports of this organisation, newest first, older than `before`.
pub(crate) fn list(
    conn: &mut Conn,
    organisation: &OrganisationId,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<OutflowRow>> {
    let mut query = outflow_reports::table
        .filter(outflow_reports::organisation.eq(organisation.as_str()))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(outflow_reports::id.lt(before.to_string()));
    }
    Ok(query
        .order(outflow_reports::id.desc())
        .limit(limit)
        .select(OutflowRow::as_select())
        .load(conn)?)
}

/// Keeps what came out. A second try of the same job writes the same.
pub(crate) fn finish(
    conn: &mut Conn,
    organisation: &OrganisationId,
    id: Uuid,
    outcome: &OutflowOutcome,
    analysis: &str,
) -> Result<()> {
    let report = outflow_reports::table
        .filter(outflow_reports::organisation.eq(organisation.as_str()))
        .filter(outflow_reports::id.eq(id.to_string()));
    diesel::update(report)
        .set((
            outflow_reports::outcome.eq(Some(text(outcome)?)),
            outflow_reports::analysis.eq(Some(analysis)),
        ))
        .execute(conn)?;
    Ok(())
}

impl OutflowRow {
    /// What was asked.
    pub(crate) fn request(&self) -> Result<NewOutflowReport> {
        parsed(&self.request)
    }

    /// The report as shown, with the state of its job.
    pub(crate) fn show(
        self,
        conn: &mut Conn,
        organisation: &OrganisationId,
    ) -> Result<OutflowReport> {
        let job_id = self.job_id.parse().map_err(Problem::internal)?;
        Ok(OutflowReport {
            id: self.id.parse().map_err(Problem::internal)?,
            job_id,
            state: jobs::find(conn, organisation, job_id)?.state,
            asked: self.request()?,
            outcome: self.outcome.as_deref().map(parsed).transpose()?,
            created_by: self.created_by,
            created_at: self.created_at,
        })
    }
}
