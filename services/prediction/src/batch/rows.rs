//! Batches in the database.

use diesel::prelude::*;
use helder_platform::{
    clock,
    problem::{Problem, Result},
    store::Conn,
};
use helder_types::{Caller, Digest, OrganisationId};
use uuid::Uuid;

use super::control::Control;
use crate::{
    registry::ActiveVersion,
    schema::batches::{self, dsl},
    wire::{Batch, BatchOutcome},
};

/// What a new batch is about.
pub(crate) struct NewRow {
    /// The version that scores.
    pub(crate) version: ActiveVersion,
    /// The version that is scored.
    pub(crate) dataset_version_id: Uuid,
    /// Its analysis part.
    pub(crate) dataset_digest: Digest,
    /// The control sample, where one is asked.
    pub(crate) control: Option<Control>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = batches)]
struct Row {
    id: String,
    organisation: String,
    project_id: String,
    model_name: String,
    model_version_id: String,
    model_digest: String,
    dataset_version_id: String,
    dataset_digest: String,
    created_by: String,
    created_at: String,
    job_id: String,
    outcome: Option<String>,
    control: Option<String>,
}

impl Row {
    fn into_batch(self) -> Result<Batch> {
        fn parse<T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>>(
            text: &str,
        ) -> Result<T> {
            text.parse().map_err(Problem::internal)
        }
        Ok(Batch {
            id: parse(&self.id)?,
            project_id: parse(&self.project_id)?,
            model: self.model_name,
            model_version_id: parse(&self.model_version_id)?,
            model_digest: parse(&self.model_digest)?,
            dataset_version_id: parse(&self.dataset_version_id)?,
            dataset_digest: parse(&self.dataset_digest)?,
            created_by: self.created_by,
            created_at: self.created_at,
            job: format!("/prediction/v1/jobs/{}", self.job_id),
            outcome: self
                .outcome
                .map(|text| serde_json::from_str(&text))
                .transpose()
                .map_err(Problem::internal)?,
            control: control(self.control.as_deref())?.map(|control| control.shown()),
        })
    }
}

fn control(stored: Option<&str>) -> Result<Option<Control>> {
    stored
        .map(serde_json::from_str)
        .transpose()
        .map_err(Problem::internal)
}

fn written(control: &Control) -> Result<String> {
    serde_json::to_string(control).map_err(Problem::internal)
}

/// The control sample of a batch, with its seed.
pub(super) fn control_of(
    conn: &mut Conn,
    organisation: &OrganisationId,
    id: Uuid,
) -> Result<Option<Control>> {
    let stored: Option<String> = batches::table
        .filter(dsl::organisation.eq(organisation.as_str()))
        .filter(dsl::id.eq(id.to_string()))
        .select(dsl::control)
        .first(conn)?;
    control(stored.as_deref())
}

/// Opens the control sample of a batch.
pub(crate) fn reveal(conn: &mut Conn, caller: &Caller, id: Uuid) -> Result<Batch> {
    let mine = || {
        batches::table
            .filter(dsl::organisation.eq(caller.organisation.as_str()))
            .filter(dsl::id.eq(id.to_string()))
    };
    // Held until the end of the transaction: who is first stays.
    diesel::update(mine())
        .set(dsl::control.eq(dsl::control))
        .execute(conn)?;
    if let Some(mut control) = control_of(conn, &caller.organisation, id)? {
        control.reveal(&caller.subject);
        diesel::update(mine())
            .set(dsl::control.eq(Some(written(&control)?)))
            .execute(conn)?;
    }
    find(conn, &caller.organisation, id)
}

/// Writes a batch that `job` will do.
pub(crate) fn insert(
    conn: &mut Conn,
    caller: &Caller,
    id: Uuid,
    new: &NewRow,
    job: Uuid,
) -> Result<()> {
    let row = Row {
        id: id.to_string(),
        organisation: caller.organisation.to_string(),
        project_id: new.version.project_id.to_string(),
        model_name: new.version.model_name.clone(),
        model_version_id: new.version.model_version_id.to_string(),
        model_digest: new.version.digest.to_string(),
        dataset_version_id: new.dataset_version_id.to_string(),
        dataset_digest: new.dataset_digest.to_string(),
        created_by: caller.subject.clone(),
        created_at: clock::now(),
        job_id: job.to_string(),
        outcome: None,
        control: new.control.as_ref().map(written).transpose()?,
    };
    diesel::insert_into(batches::table)
        .values(row)
        .execute(conn)?;
    Ok(())
}

/// A batch of this organisation; 404 when it is absent or someone else's.
pub(crate) fn find(conn: &mut Conn, organisation: &OrganisationId, id: Uuid) -> Result<Batch> {
    let row: Row = batches::table
        .filter(dsl::organisation.eq(organisation.as_str()))
        .filter(dsl::id.eq(id.to_string()))
        .select(Row::as_select())
        .first(conn)?;
    row.into_batch()
}

/// Batches of this organisation after `after`, oldest first, at most `limit`.
pub(crate) fn list(
    conn: &mut Conn,
    organisation: &OrganisationId,
    after: &str,
    limit: i64,
) -> Result<Vec<Batch>> {
    let rows: Vec<Row> = batches::table
        .filter(dsl::organisation.eq(organisation.as_str()))
        .filter(dsl::id.gt(after))
        .order(dsl::id)
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Row::into_batch).collect()
}

/// Writes what a batch came to.
pub(super) fn finish(conn: &mut Conn, id: Uuid, outcome: &BatchOutcome) -> Result<()> {
    let text = serde_json::to_string(outcome).map_err(Problem::internal)?;
    diesel::update(batches::table.find(id.to_string()))
        .set(dsl::outcome.eq(Some(text)))
        .execute(conn)?;
    Ok(())
}
