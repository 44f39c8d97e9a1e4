//! Finding records of single predictions, for the reading interface of the log of processing.
//!
//! Segments have no column per value: whoever looks for a trace or a person reads through them, from the first that can hold it.
//! The database compares the bytes of whole segments; only those that hold what is looked for are taken apart.

use std::{collections::HashSet, fmt::Write as _};

use diesel::{
    dsl::sql,
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

use super::segment;
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
pub(crate) fn more(
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
    loop {
        let rows = wanted.segments(conn, organisation, &from)?;
        let has_more = rows.len() as i64 == SEGMENTS;
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
                    return Ok(found);
                }
                let parent = logged.record.parent_span_id.as_ref();
                let is_called = parent.is_some_and(|parent| !own.contains(parent));
                found.push((logged.id, rendered(logged.record, is_called, settings)?));
            }
            // The next look starts behind this one.
            (from, place) = (format!("{id}."), 0);
        }
        if !has_more {
            return Ok(found);
        }
    }
}

/// Projects for which somebody was predicted.
///
/// # Errors
/// Database errors.
pub(crate) fn projects(conn: &mut Conn, organisation: &OrganisationId) -> Result<Vec<Uuid>> {
    let shared: Vec<String> = processing_segments::table
        .filter(dsl::organisation.eq(organisation.as_str()))
        .select(dsl::shared)
        .distinct()
        .load(conn)?;
    let id = |shared: &String| {
        let facts: Value = serde_json::from_str(shared).ok()?;
        let id = &facts["resource"]["attributes"]["helder.project_id"];
        id.as_str()?.parse().ok()
    };
    let found: HashSet<Uuid> = shared.iter().filter_map(id).collect();
    Ok(found.into_iter().collect())
}

/// What is looked for, as it stands in segments.
struct Wanted<'a> {
    query: &'a Query,
    /// Names of the people, any of them.
    people: Option<Vec<String>>,
}

type Row = (String, String, String);

impl<'a> Wanted<'a> {
    fn of(query: &'a Query) -> Self {
        let name = |sought: &Sought| match sought {
            Sought::Person(pseudonym) => Some(hex(pseudonym)),
            // Single predictions know no rows.
            Sought::Row(..) => None,
        };
        let people = query.subjects.as_ref();
        Self {
            query,
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
        // The same function under two names.
        let holds = match conn {
            Conn::Sqlite(_) => "instr",
            Conn::Pg(_) => "strpos",
        };
        let mut rows = processing_segments::table
            .filter(dsl::organisation.eq(organisation.as_str()))
            .filter(dsl::id.ge(from))
            .into_boxed();
        let holds = |column: &str, text: &str| {
            sql::<Bool>(&format!("{holds}({column}, "))
                .bind::<Text, _>(text.to_owned())
                .sql(") > 0")
        };
        if let Some(trace) = &self.query.trace {
            rows = rows.filter(holds("lines", trace));
        }
        if let Some(activity) = &self.query.activity {
            // As JSON has it; the name is looked at again below.
            let text = Value::from(activity.as_str()).to_string();
            rows = rows.filter(holds("shared", &text));
        }
        if let Some([person]) = self.people.as_deref() {
            rows = rows.filter(holds("lines", person));
        } else if let Some(people) = &self.people {
            let mut any: Box<
                dyn BoxableExpression<
                        processing_segments::table,
                        <Conn as Connection>::Backend,
                        SqlType = Bool,
                    >,
            > = Box::new(sql::<Bool>("1 = 0"));
            for person in people {
                any = Box::new(any.or(holds("lines", person)));
            }
            rows = rows.filter(any);
        }
        Ok(rows
            .order(dsl::id)
            .limit(SEGMENTS)
            .select((dsl::id, dsl::shared, dsl::lines))
            .load(conn)?)
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
