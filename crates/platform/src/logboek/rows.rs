//! Acts and their people in the database.

use diesel::prelude::*;
use helder_types::OrganisationId;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Act, Status};
use crate::{
    problem::{Problem, Result},
    schema::{processing_acts as acts, processing_subjects as subjects},
    store::Conn,
};

/// People in one row.
pub(super) const PEOPLE_PER_ROW: usize = 2_048;
/// Rows in one statement: about 2 MB.
const ROWS_PER_STATEMENT: usize = 64;

/// An act as stored.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = acts)]
pub(super) struct ActRow {
    pub(super) organisation: String,
    pub(super) id: String,
    pub(super) trace_id: String,
    pub(super) span_id: i64,
    pub(super) parent_span_id: Option<i64>,
    pub(super) processor: Option<String>,
    pub(super) status: String,
    pub(super) name: String,
    pub(super) start_ms: i64,
    pub(super) end_ms: i64,
    pub(super) activity: String,
    pub(super) project_id: String,
    pub(super) resource: String,
    pub(super) subjects: i64,
}

impl ActRow {
    /// The facts about what did the act.
    pub(super) fn resource(&self) -> Result<Map<String, Value>> {
        serde_json::from_str(&self.resource).map_err(Problem::internal)
    }
}

/// Some of an act's people.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = subjects)]
pub(super) struct SubjectsRow {
    pub(super) organisation: String,
    pub(super) act_id: String,
    /// Place of the first of them among all people of the act, from 1.
    pub(super) place: i64,
    pub(super) kind: String,
    pub(super) scope: String,
    pub(super) first_id: Vec<u8>,
    pub(super) last_id: Vec<u8>,
    pub(super) ids: Vec<u8>,
}

/// Writes an act with its people.
pub(super) fn insert(conn: &mut Conn, act: &Act, status: Status, end_ms: i64) -> Result<()> {
    let id = Uuid::now_v7().simple().to_string();
    let (mut place, mut people) = (1, Vec::new());
    for stored in act.subjects.stored() {
        for ids in stored.ids.chunks(PEOPLE_PER_ROW * stored.width) {
            people.push(SubjectsRow {
                organisation: act.organisation.to_string(),
                act_id: id.clone(),
                place,
                kind: stored.kind.as_str().to_owned(),
                scope: stored.scope.clone(),
                first_id: ids[..stored.width].to_vec(),
                last_id: ids[ids.len() - stored.width..].to_vec(),
                ids: ids.to_vec(),
            });
            place += (ids.len() / stored.width) as i64;
        }
    }
    let calling = act.calling.as_ref();
    let processor = calling.map(|calling| match &calling.service {
        Some(service) => format!("service {service}"),
        None => format!("client {}", act.client),
    });
    let row = ActRow {
        organisation: act.organisation.to_string(),
        id,
        trace_id: act.trace_id.clone(),
        span_id: act.span as i64,
        parent_span_id: calling.map(|calling| calling.span as i64),
        processor,
        status: status.as_str().to_owned(),
        name: act.name.clone(),
        start_ms: act.start_ms,
        end_ms: end_ms.max(act.start_ms),
        activity: act.purpose.activity.clone(),
        project_id: act.purpose.project.to_string(),
        resource: Value::Object(act.resource.clone()).to_string(),
        subjects: place - 1,
    };
    diesel::insert_into(acts::table).values(row).execute(conn)?;
    write_people(conn, people)
}

fn write_people(conn: &mut Conn, people: Vec<SubjectsRow>) -> Result<()> {
    let insert = |row: SubjectsRow| diesel::insert_into(subjects::table).values(row);
    match conn {
        Conn::Sqlite(conn) => {
            for row in people {
                insert(row).execute(conn)?;
            }
        }
        // Several in one round trip.
        Conn::Pg(conn) => {
            let mut people = people.into_iter().peekable();
            while people.peek().is_some() {
                let rows: Vec<_> = people.by_ref().take(ROWS_PER_STATEMENT).collect();
                diesel::insert_into(subjects::table)
                    .values(rows)
                    .execute(conn)?;
            }
        }
    }
    Ok(())
}

/// The processing activity under which a project's data was last processed here; the project's own name where that never was.
///
/// # Errors
/// Database errors.
pub fn activity_of(
    conn: &mut Conn,
    organisation: &OrganisationId,
    project: Uuid,
) -> Result<String> {
    let known: Option<String> = acts::table
        .filter(acts::organisation.eq(organisation.as_str()))
        .filter(acts::project_id.eq(project.to_string()))
        .order(acts::id.desc())
        .select(acts::activity)
        .first(conn)
        .optional()?;
    Ok(known.unwrap_or_else(|| format!("urn:uuid:{project}")))
}

/// Projects whose data was processed here.
///
/// # Errors
/// Database errors.
pub fn projects_of(conn: &mut Conn, organisation: &OrganisationId) -> Result<Vec<Uuid>> {
    let known: Vec<String> = acts::table
        .filter(acts::organisation.eq(organisation.as_str()))
        .select(acts::project_id)
        .distinct()
        .load(conn)?;
    Ok(known.iter().filter_map(|id| id.parse().ok()).collect())
}
