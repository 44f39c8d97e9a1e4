//! Finding records of single predictions, for the reading interface of the log of processing.
//!
//! Where a person stands is known ([`super::index`]): those segments are read, each by its key. For a trace or an activity, and for
//! segments of the version before that have no places yet, the database compares the bytes of whole segments, from the first that can
//! hold it; only those that hold what is looked for are taken apart.

use std::{collections::HashSet, fmt::Write as _};

use diesel::{
    dsl::{AsExprOf, sql},
    expression::{SqlLiteral, UncheckedBind},
    prelude::*,
    sql_types::{Bool, Text},
};
use helder_platform::{
    logboek::{LogboekSettings, ProcessingActivity, ProcessingStatus, Query, Resource, Sought},
    problem::{Problem, Result},
    store::Conn,
};
use helder_types::OrganisationId;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{index, places, segment};
use crate::{
    schema::processing_segments::{self, dsl},
    wire::ProcessingRecord,
};

/// Segments read at a time.
const SEGMENTS: i64 = 64;

/// Records after the one with key `after` that fit, oldest first, at most `limit`; each with its key.
///
/// # Errors
/// Database errors.
pub fn more(
    conn: &mut Conn,
    organisation: &OrganisationId,
    settings: &LogboekSettings,
    query: &Query,
    after: &str,
    limit: usize,
) -> Result<Vec<(String, ProcessingActivity)>> {
    let wanted = Wanted::of(query);
    if wanted.is_nobody() {
        return Ok(Vec::new());
    }
    let (mut from, mut place) = match segment::place(after) {
        Some((segment, place)) => (segment.to_owned(), place + 1),
        // A segment begins with the time at which it was written; its records ended before.
        None => (
            query
                .start_ms
                .map_or_else(String::new, |start| format!("{start:012x}")),
            0,
        ),
    };
    let mut found = Vec::new();
    let mut take = |rows: Vec<Row>, from: &str, place: usize| -> Result<bool> {
        for (id, shared, lines) in rows {
            let skipped = if id == from { place } else { 0 };
            let records = segment::read(&id, &shared, &lines).map_err(Problem::internal)?;
            // A record under another of this segment is part of one act of ours: nobody else called.
            let own: HashSet<String> = records
                .iter()
                .map(|logged| logged.record.span_id.clone())
                .collect();
            for logged in records.into_iter().skip(skipped) {
                if !wanted.fits(&logged.record) {
                    continue;
                }
                if found.len() == limit {
                    return Ok(true);
                }
                let parent = logged.record.parent_span_id.as_ref();
                let is_called = parent.is_some_and(|parent| !own.contains(parent));
                found.push((logged.id, rendered(logged.record, is_called, settings)?));
            }
        }
        Ok(false)
    };
    if let Some(keys) = &wanted.keys {
        let mut ids = index::segments_of(conn, organisation, keys)?;
        ids.extend(wanted.unplaced(conn, organisation, &from)?);
        for id in ids.range(from.clone()..) {
            // Its term may have ended meanwhile.
            let row = row_of(conn, organisation, id)?;
            if take(row.into_iter().collect(), &from, place)? {
                break;
            }
        }
        return Ok(found);
    }
    loop {
        let rows = wanted.segments(conn, organisation, &from)?;
        let last = rows.last().map(|(id, ..)| id.clone());
        let has_more = rows.len() as i64 == SEGMENTS;
        if take(rows, &from, place)? || !has_more {
            return Ok(found);
        }
        // The next look starts behind this one.
        if let Some(last) = last {
            (from, place) = (format!("{last}."), 0);
        }
    }
}

fn row_of(conn: &mut Conn, organisation: &OrganisationId, id: &str) -> Result<Option<Row>> {
    Ok(processing_segments::table
        .find((organisation.as_str(), id))
        .select((dsl::id, dsl::shared, dsl::lines))
        .first(conn)
        .optional()?)
}

/// Projects for which somebody was predicted.
///
/// # Errors
/// Database errors.
pub fn projects(conn: &mut Conn, organisation: &OrganisationId) -> Result<Vec<Uuid>> {
    let mut found = index::projects_of(conn, organisation.as_str())?;
    let former: Vec<String> = processing_segments::table
        .filter(dsl::organisation.eq(organisation.as_str()))
        .filter(dsl::project_id.is_null())
        .select(dsl::shared)
        .distinct()
        .load(conn)?;
    let former = former.iter().filter_map(|it| index::project_of(it));
    found.extend(former.map(str::to_owned));
    found.sort_unstable();
    found.dedup();
    Ok(found.iter().filter_map(|id| id.parse().ok()).collect())
}

/// What is looked for, as it stands in segments.
struct Wanted<'a> {
    query: &'a Query,
    /// Names of the people, any of them.
    people: Option<Vec<String>>,
    /// The starts of these names, as places have them.
    keys: Option<Vec<places::Key>>,
}

type Row = (String, String, String);
type Holds = SqlLiteral<Bool, UncheckedBind<SqlLiteral<Bool>, AsExprOf<String, Text>>>;

impl<'a> Wanted<'a> {
    fn of(query: &'a Query) -> Self {
        let name = |sought: &Sought| match sought {
            Sought::Person(pseudonym) => Some(hex(pseudonym)),
            // Single predictions know no rows.
            Sought::Row(..) => None,
        };
        let key = |sought: &Sought| match sought {
            Sought::Person(pseudonym) => pseudonym.first_chunk().copied(),
            Sought::Row(..) => None,
        };
        let people = query.subjects.as_ref();
        Self {
            query,
            keys: people.map(|people| people.iter().filter_map(key).collect()),
            people: people.map(|people| people.iter().filter_map(name).collect()),
        }
    }

    fn is_nobody(&self) -> bool {
        self.people.as_ref().is_some_and(Vec::is_empty)
    }

    /// Segments from `from` on that hold the texts looked for.
    fn segments(
        &self,
        conn: &mut Conn,
        organisation: &OrganisationId,
        from: &str,
    ) -> Result<Vec<Row>> {
        let holds = holds(conn);
        let mut rows = processing_segments::table
            .filter(dsl::organisation.eq(organisation.as_str()))
            .filter(dsl::id.ge(from))
            .into_boxed();
        if let Some(trace) = &self.query.trace {
            rows = rows.filter(holds("lines", trace));
        }
        if let Some(activity) = &self.query.activity {
            // As JSON has it; the name is looked at again below.
            let text = Value::from(activity.as_str()).to_string();
            rows = rows.filter(holds("shared", &text));
        }
        Ok(rows
            .order(dsl::id)
            .limit(SEGMENTS)
            .select((dsl::id, dsl::shared, dsl::lines))
            .load(conn)?)
    }

    /// Segments of the version before in which one of the people stands.
    fn unplaced(
        &self,
        conn: &mut Conn,
        organisation: &OrganisationId,
        from: &str,
    ) -> Result<Vec<String>> {
        let holds = holds(conn);
        let mut found = Vec::new();
        for person in self.people.iter().flatten() {
            let ids: Vec<String> = processing_segments::table
                .filter(dsl::organisation.eq(organisation.as_str()))
                .filter(dsl::project_id.is_null())
                .filter(dsl::id.ge(from))
                .filter(holds("lines", person))
                .select(dsl::id)
                .load(conn)?;
            found.extend(ids);
        }
        Ok(found)
    }

    fn fits(&self, record: &ProcessingRecord) -> bool {
        let attribute = |key: &str| record.attributes.get(key).map(String::as_str);
        let query = self.query;
        let is_person = self.people.as_ref().is_none_or(|people| {
            let subject = attribute("dpl.core.data_subject_id");
            subject.is_some_and(|subject| people.iter().any(|person| person == subject))
        });
        let activity = attribute("dpl.core.processing_activity_id");
        is_person
            && query.trace.as_ref().is_none_or(|it| *it == record.trace_id)
            && query
                .activity
                .as_ref()
                .is_none_or(|it| activity == Some(it.as_str()))
            && query
                .start_ms
                .is_none_or(|it| record.start_time as i64 >= it)
            && query.end_ms.is_none_or(|it| record.end_time as i64 <= it)
    }
}

/// Whether a column holds a text: the same function under two names.
fn holds(conn: &Conn) -> impl Fn(&str, &str) -> Holds + use<> {
    let name = match conn {
        Conn::Sqlite(_) => "instr",
        Conn::Pg(_) => "strpos",
    };
    move |column, text| {
        sql::<Bool>(&format!("{name}({column}, "))
            .bind::<Text, _>(text.to_owned())
            .sql(") > 0")
    }
}

/// In the words of the reading interface.
fn rendered(
    record: ProcessingRecord,
    is_called: bool,
    settings: &LogboekSettings,
) -> Result<ProcessingActivity> {
    let facts = |facts: std::collections::BTreeMap<String, String>| {
        facts
            .into_iter()
            .map(|(key, value)| (key, Value::from(value)))
            .collect::<Map<_, _>>()
    };
    let client = record.resource.attributes.get("helder.client");
    let mut attributes = facts(record.attributes);
    if let (true, Some(client)) = (is_called, client) {
        attributes.insert(
            "dpl.core.foreign_operation.processor".to_owned(),
            settings.application(&format!("client {client}")).into(),
        );
    }
    let mut activity = ProcessingActivity {
        trace_id: Uuid::parse_str(&record.trace_id).map_err(Problem::internal)?,
        span_id: record.span_id,
        parent_span_id: record.parent_span_id,
        status: ProcessingStatus::read(&record.status),
        name: record.name,
        start_time: record.start_time as i64,
        end_time: record.end_time as i64,
        attributes,
        resource: Resource {
            attributes: facts(record.resource.attributes),
        },
    };
    settings.extend(&mut activity);
    Ok(activity)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into memory cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
