//! The table of frames. Every query starts with the organisation.

use diesel::prelude::*;
use helder_platform::{
    audit, clock, jobs,
    problem::{Problem, Result},
    store::Conn,
};
use helder_types::{Caller, Fault, OrganisationId, job::Job};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    inputs::Inputs,
    job::KIND,
    wire::{Frame, FrameOutcome, NewFrame},
};
use crate::{
    json::{parsed, text},
    schema::frames,
};

/// One row of [`frames`].
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = frames)]
pub(crate) struct FrameRow {
    id: String,
    organisation: String,
    project_id: String,
    name: String,
    job_id: String,
    request: String,
    inputs: String,
    outcome: Option<String>,
    created_by: String,
    created_at: String,
}

/// What the job needs to know.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payload {
    pub frame_id: Uuid,
}

/// Writes the frame and queues its job, in the caller's transaction.
pub(crate) fn insert(
    conn: &mut Conn,
    caller: &Caller,
    frame: &NewFrame,
    inputs: &Inputs,
) -> Result<Job> {
    let id = Uuid::now_v7();
    let job = jobs::enqueue(conn, caller, KIND, &Payload { frame_id: id })?;
    let row = FrameRow {
        id: id.to_string(),
        organisation: caller.organisation.to_string(),
        project_id: frame.project_id.to_string(),
        name: frame.name.clone(),
        job_id: job.id.to_string(),
        request: text(frame)?,
        inputs: text(inputs)?,
        outcome: None,
        created_by: caller.subject.clone(),
        created_at: clock::now(),
    };
    diesel::insert_into(frames::table)
        .values(row)
        .execute(conn)?;
    audit::record(conn, caller, "frame.create", &format!("/frames/{id}"))?;
    Ok(job)
}

/// A frame of this organisation; 404 when it is absent or someone else's.
pub(crate) fn find(conn: &mut Conn, organisation: &OrganisationId, id: Uuid) -> Result<FrameRow> {
    Ok(frames::table
        .filter(frames::organisation.eq(organisation.as_str()))
        .filter(frames::id.eq(id.to_string()))
        .select(FrameRow::as_select())
        .first(conn)?)
}

/// That work of a project can read a frame.
///
/// # Errors
/// 400 at `/frameId` when it is absent, of another project, or not built yet.
pub(crate) fn must_be_built(
    conn: &mut Conn,
    organisation: &OrganisationId,
    (frame, project): (Uuid, Uuid),
) -> Result<()> {
    let wrong =
        |code: &str, detail: &str| Problem::invalid(vec![Fault::new("/frameId", code, detail)]);
    let frame = match find(conn, organisation, frame) {
        Err(problem) if problem.status() == 404 => {
            return Err(wrong("unknown", "there is no such frame"));
        }
        found => found?,
    };
    if frame.project_id()? != project {
        return Err(wrong(
            "other-project",
            "the frame belongs to another project",
        ));
    }
    frame.outcome().map(drop).map_err(|_| {
        wrong(
            "not-ready",
            "the frame has not been built; wait for its job",
        )
    })
}

/// Frames of this organisation, newest first, older than `before`.
pub(crate) fn list(
    conn: &mut Conn,
    organisation: &OrganisationId,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<FrameRow>> {
    let mut query = frames::table
        .filter(frames::organisation.eq(organisation.as_str()))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(frames::id.lt(before.to_string()));
    }
    Ok(query
        .order(frames::id.desc())
        .limit(limit)
        .select(FrameRow::as_select())
        .load(conn)?)
}

/// What was built in a project.
pub(crate) fn built_in(
    conn: &mut Conn,
    organisation: &OrganisationId,
    project: Uuid,
) -> Result<Vec<FrameOutcome>> {
    let outcomes: Vec<Option<String>> = frames::table
        .filter(frames::organisation.eq(organisation.as_str()))
        .filter(frames::project_id.eq(project.to_string()))
        .filter(frames::outcome.is_not_null())
        .select(frames::outcome)
        .load(conn)?;
    outcomes
        .iter()
        .flatten()
        .map(|outcome| parsed(outcome))
        .collect()
}

/// Keeps what was built. A second try of the same job writes the same.
pub(crate) fn finish(
    conn: &mut Conn,
    organisation: &OrganisationId,
    id: Uuid,
    outcome: &FrameOutcome,
) -> Result<()> {
    let frame = frames::table
        .filter(frames::organisation.eq(organisation.as_str()))
        .filter(frames::id.eq(id.to_string()));
    diesel::update(frame)
        .set(frames::outcome.eq(Some(text(outcome)?)))
        .execute(conn)?;
    Ok(())
}

impl FrameRow {
    /// What was asked.
    pub(crate) fn request(&self) -> Result<NewFrame> {
        parsed(&self.request)
    }

    /// Files it reads.
    pub(crate) fn inputs(&self) -> Result<Inputs> {
        parsed(&self.inputs)
    }

    /// What was built; 409 while it is not.
    pub(crate) fn outcome(&self) -> Result<FrameOutcome> {
        let not_done = || {
            Problem::conflict(
                "frame-not-built",
                "this frame has not been built; see its job",
            )
        };
        parsed(self.outcome.as_deref().ok_or_else(not_done)?)
    }

    /// What the analyst calls it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Project.
    pub(crate) fn project_id(&self) -> Result<Uuid> {
        self.project_id.parse().map_err(Problem::internal)
    }

    /// The frame as shown, with the state of its job.
    pub(crate) fn show(self, conn: &mut Conn, organisation: &OrganisationId) -> Result<Frame> {
        let job_id = self.job_id.parse().map_err(Problem::internal)?;
        Ok(Frame {
            id: self.id.parse().map_err(Problem::internal)?,
            job_id,
            state: jobs::find(conn, organisation, job_id)?.state,
            request: self.request()?,
            outcome: self.outcome.as_deref().map(parsed).transpose()?,
            created_by: self.created_by,
            created_at: self.created_at,
        })
    }
}
