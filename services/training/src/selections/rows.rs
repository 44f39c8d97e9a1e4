//! The table of comparisons. Every query starts with the organisation.

use diesel::prelude::*;
use helder_platform::{
    audit, clock, jobs,
    problem::{Problem, Result},
    store::Conn,
};
use helder_selection::Tried;
use helder_types::{Caller, OrganisationId, job::Job};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    job::KIND,
    wire::{Selection, SelectionOutcome},
};
use crate::{
    json::{parsed, text},
    learn::select::NewSelection,
    schema::selections,
};

/// One row of [`selections`].
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = selections)]
pub(crate) struct SelectionRow {
    id: String,
    organisation: String,
    project_id: String,
    frame_id: String,
    job_id: String,
    request: String,
    outcome: Option<String>,
    created_by: String,
    created_at: String,
    kept: Option<String>,
}

/// What the job needs to know.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payload {
    pub selection_id: Uuid,
}

/// Writes the comparison and queues its job, in the caller's transaction.
pub(crate) fn insert(conn: &mut Conn, caller: &Caller, selection: &NewSelection) -> Result<Job> {
    let id = Uuid::now_v7();
    let job = jobs::enqueue(conn, caller, KIND, &Payload { selection_id: id })?;
    let row = SelectionRow {
        id: id.to_string(),
        organisation: caller.organisation.to_string(),
        project_id: selection.project_id.to_string(),
        frame_id: selection.frame_id.to_string(),
        job_id: job.id.to_string(),
        request: text(selection)?,
        outcome: None,
        created_by: caller.subject.clone(),
        created_at: clock::now(),
        kept: None,
    };
    diesel::insert_into(selections::table)
        .values(row)
        .execute(conn)?;
    audit::record(
        conn,
        caller,
        "selection.create",
        &format!("/selections/{id}"),
    )?;
    Ok(job)
}

/// A comparison of this organisation; 404 when it is absent or someone else's.
pub(crate) fn find(
    conn: &mut Conn,
    organisation: &OrganisationId,
    id: Uuid,
) -> Result<SelectionRow> {
    Ok(selections::table
        .filter(selections::organisation.eq(organisation.as_str()))
        .filter(selections::id.eq(id.to_string()))
        .select(SelectionRow::as_select())
        .first(conn)?)
}

/// Comparisons of this organisation, newest first, older than `before`.
pub(crate) fn list(
    conn: &mut Conn,
    organisation: &OrganisationId,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<SelectionRow>> {
    let mut query = selections::table
        .filter(selections::organisation.eq(organisation.as_str()))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(selections::id.lt(before.to_string()));
    }
    Ok(query
        .order(selections::id.desc())
        .limit(limit)
        .select(SelectionRow::as_select())
        .load(conn)?)
}

/// Keeps what was found. A second try of the same job writes the same.
pub(crate) fn finish(
    conn: &mut Conn,
    organisation: &OrganisationId,
    id: Uuid,
    outcome: &SelectionOutcome,
) -> Result<()> {
    let selection = selections::table
        .filter(selections::organisation.eq(organisation.as_str()))
        .filter(selections::id.eq(id.to_string()));
    diesel::update(selection)
        .set((
            selections::outcome.eq(Some(text(outcome)?)),
            selections::kept.eq(None::<String>),
        ))
        .execute(conn)?;
    Ok(())
}

/// Keeps what was tried so far. Whoever lost the job meanwhile writes figures that are the same.
pub(crate) fn keep(
    conn: &mut Conn,
    organisation: &OrganisationId,
    id: Uuid,
    tried: &Tried,
) -> Result<()> {
    let open = selections::table
        .filter(selections::organisation.eq(organisation.as_str()))
        .filter(selections::id.eq(id.to_string()))
        .filter(selections::outcome.is_null());
    diesel::update(open)
        .set(selections::kept.eq(Some(text(tried)?)))
        .execute(conn)?;
    Ok(())
}

impl SelectionRow {
    /// What a former attempt tried.
    pub(crate) fn kept(&self) -> Result<Option<Tried>> {
        self.kept.as_deref().map(parsed).transpose()
    }

    /// What was asked.
    pub(crate) fn request(&self) -> Result<NewSelection> {
        parsed(&self.request)
    }

    /// What was found; 409 while it is not.
    pub(crate) fn outcome(&self) -> Result<SelectionOutcome> {
        let not_done = || {
            Problem::conflict(
                "selection-not-done",
                "this comparison has no result; see its job",
            )
        };
        parsed(self.outcome.as_deref().ok_or_else(not_done)?)
    }

    /// The comparison as shown, with the state of its job.
    pub(crate) fn show(self, conn: &mut Conn, organisation: &OrganisationId) -> Result<Selection> {
        let job_id = self.job_id.parse().map_err(Problem::internal)?;
        Ok(Selection {
            id: self.id.parse().map_err(Problem::internal)?,
            job_id,
            state: jobs::find(conn, organisation, job_id)?.state,
            plan: self.request()?,
            outcome: self.outcome.as_deref().map(parsed).transpose()?,
            created_by: self.created_by,
            created_at: self.created_at,
        })
    }
}
