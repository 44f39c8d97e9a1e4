//! Finding records, and making those of single people.

use std::{fmt, str::FromStr};

use diesel::prelude::*;
use helder_types::OrganisationId;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    LogboekSettings, ProcessingActivity, ProcessingStatus, Resource,
    act::CALLED,
    ids::child_span,
    rows::{ActRow, SubjectsRow},
    settings::Extension,
    subjects::{Kind, parse, row_id},
};
use crate::{
    problem::{Problem, Result},
    schema::{processing_acts as acts, processing_subjects as subjects},
    store::Conn,
};

/// Rows looked at with one statement.
const ROWS: i64 = 100;

/// What is looked for; all of it together.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Trace, 32 hex digits.
    pub trace: Option<String>,
    /// URI of the processing activity.
    pub activity: Option<String>,
    /// One of these people; nobody at all when empty.
    pub subjects: Option<Vec<Sought>>,
    /// Started at this time or later, milliseconds since 1970.
    pub start_ms: Option<i64>,
    /// Ended at this time or before.
    pub end_ms: Option<i64>,
}

/// Somebody looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sought {
    /// By pseudonym.
    Person([u8; 16]),
    /// By row of a table.
    Row(String, i64),
}

/// A place in the log, after which the next page starts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// The act.
    pub act: String,
    /// The person of that act, from 1; 0 is the act itself.
    pub place: i64,
    /// Acts from this one on came after the first page was asked.
    pub until: String,
}

impl Cursor {
    /// Before everything that is there now.
    pub fn start() -> Self {
        Self {
            act: String::new(),
            place: 0,
            until: Uuid::now_v7().simple().to_string(),
        }
    }

    fn at(&self, act: &str, place: i64) -> Self {
        Self {
            act: act.to_owned(),
            place,
            until: self.until.clone(),
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.act, self.place, self.until)
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> std::result::Result<Self, ()> {
        let parts: Vec<_> = text.split(':').collect();
        let [act, place, until] = parts.as_slice() else {
            return Err(());
        };
        let is_id = |id: &str| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
        let place = place.parse().ok().filter(|place| *place >= 0).ok_or(())?;
        (is_id(act) && is_id(until))
            .then(|| Self {
                act: (*act).to_owned(),
                place,
                until: (*until).to_owned(),
            })
            .ok_or(())
    }
}

impl Sought {
    /// Whom an identifier in a record names; none when it is not of ours.
    pub fn read(text: &str) -> Option<Self> {
        if let Some(pseudonym) = parse(text) {
            return Some(Self::Person(pseudonym));
        }
        let (table, row) = text.rsplit_once('/')?;
        Some(Self::Row(table.to_owned(), row.parse().ok()?))
    }

    const fn kind(&self) -> Kind {
        match self {
            Self::Person(_) => Kind::Bsn,
            Self::Row(..) => Kind::Row,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Person(pseudonym) => pseudonym.to_vec(),
            Self::Row(_, row) => row_id(*row).to_vec(),
        }
    }
}

/// A page of records with the cursor of each, oldest first.
///
/// # Errors
/// Database errors.
pub fn find(
    conn: &mut Conn,
    organisation: &OrganisationId,
    settings: &LogboekSettings,
    query: &Query,
    after: &Cursor,
    limit: usize,
) -> Result<Vec<(Cursor, ProcessingActivity)>> {
    let mut search = Search {
        conn,
        organisation: organisation.as_str(),
        settings,
        query,
        after,
        limit,
        found: Vec::new(),
    };
    match &query.subjects {
        Some(people) => search.people(people)?,
        None => search.acts()?,
    }
    Ok(search.found)
}

struct Search<'a> {
    conn: &'a mut Conn,
    organisation: &'a str,
    settings: &'a LogboekSettings,
    query: &'a Query,
    after: &'a Cursor,
    limit: usize,
    found: Vec<(Cursor, ProcessingActivity)>,
}

impl Search<'_> {
    fn is_full(&self) -> bool {
        self.found.len() >= self.limit
    }

    fn push(&mut self, act: &ActRow, place: i64, person: Option<(String, Kind)>) -> Result<()> {
        let cursor = self.after.at(&act.id, place);
        if cursor > *self.after && !self.is_full() {
            let record = record(act, place, person, self.settings)?;
            self.found.push((cursor, record));
        }
        Ok(())
    }

    /// Acts with everybody in them.
    fn acts(&mut self) -> Result<()> {
        let mut from = self.after.act.clone();
        loop {
            let mut rows = acts::table
                .filter(acts::organisation.eq(self.organisation))
                .filter(acts::id.ge(&from))
                .filter(acts::id.lt(&self.after.until))
                .into_boxed();
            if let Some(trace) = &self.query.trace {
                rows = rows.filter(acts::trace_id.eq(trace));
            }
            if let Some(activity) = &self.query.activity {
                rows = rows.filter(acts::activity.eq(activity));
            }
            if let Some(start) = self.query.start_ms {
                rows = rows.filter(acts::start_ms.ge(start));
            }
            if let Some(end) = self.query.end_ms {
                rows = rows.filter(acts::end_ms.le(end));
            }
            let rows: Vec<ActRow> = rows
                .order(acts::id)
                .limit(ROWS)
                .select(ActRow::as_select())
                .load(self.conn)?;
            let has_more = rows.len() as i64 == ROWS;
            for act in &rows {
                self.act(act)?;
                if self.is_full() {
                    return Ok(());
                }
                // The next look starts after this one.
                from = format!("{}0", act.id);
            }
            if !has_more {
                return Ok(());
            }
        }
    }

    fn act(&mut self, act: &ActRow) -> Result<()> {
        let is_first = act.id == self.after.act;
        // An act about one person is one record, which names the person.
        if act.subjects != 1 {
            self.push(act, 0, None)?;
        }
        let mut place = if is_first { self.after.place + 1 } else { 1 };
        while place <= act.subjects && !self.is_full() {
            let row: Option<SubjectsRow> = subjects::table
                .filter(subjects::organisation.eq(self.organisation))
                .filter(subjects::act_id.eq(&act.id))
                .filter(subjects::place.le(place))
                .order(subjects::place.desc())
                .select(SubjectsRow::as_select())
                .first(self.conn)
                .optional()?;
            let row = row.ok_or_else(|| Problem::internal("an act lacks its people"))?;
            let kind = Kind::read(&row.kind);
            let ids = row.ids.chunks_exact(kind.width());
            let skipped = (place - row.place) as usize;
            let before = place;
            for id in ids.skip(skipped) {
                self.push(act, place, Some((name(kind, &row.scope, id), kind)))?;
                place += 1;
                if self.is_full() {
                    return Ok(());
                }
            }
            if place == before {
                return Err(Problem::internal("an act lacks some of its people"));
            }
        }
        Ok(())
    }

    /// Records of some people.
    fn people(&mut self, people: &[Sought]) -> Result<()> {
        let mut hits: Vec<(String, i64, Kind, String)> = Vec::new();
        for person in people {
            self.places(person, &mut hits)?;
        }
        hits.sort_unstable_by(|one, other| (&one.0, one.1).cmp(&(&other.0, other.1)));
        for (act, place, kind, id) in hits {
            if self.is_full() {
                break;
            }
            let row: Option<ActRow> = acts::table
                .filter(acts::organisation.eq(self.organisation))
                .filter(acts::id.eq(&act))
                .select(ActRow::as_select())
                .first(self.conn)
                .optional()?;
            let row = row.ok_or_else(|| Problem::internal("people without their act"))?;
            if self.fits(&row) {
                self.push(&row, place, Some((id, kind)))?;
            }
        }
        Ok(())
    }

    fn fits(&self, act: &ActRow) -> bool {
        let query = self.query;
        query.trace.as_ref().is_none_or(|it| *it == act.trace_id)
            && query.activity.as_ref().is_none_or(|it| *it == act.activity)
            && query.start_ms.is_none_or(|it| act.start_ms >= it)
            && query.end_ms.is_none_or(|it| act.end_ms <= it)
    }

    /// Where one person stands in acts, after the cursor.
    fn places(
        &mut self,
        person: &Sought,
        hits: &mut Vec<(String, i64, Kind, String)>,
    ) -> Result<()> {
        let (kind, id) = (person.kind(), person.bytes());
        let mut from = (self.after.act.clone(), 0_i64);
        loop {
            let mut rows = subjects::table
                .filter(subjects::organisation.eq(self.organisation))
                .filter(subjects::first_id.le(&id))
                .filter(subjects::last_id.ge(&id))
                .filter(subjects::kind.eq(kind.as_str()))
                .filter(subjects::act_id.lt(&self.after.until))
                .filter(
                    subjects::act_id
                        .gt(&from.0)
                        .or(subjects::act_id.eq(&from.0).and(subjects::place.gt(from.1))),
                )
                .into_boxed();
            if let Sought::Row(table, _) = person {
                rows = rows.filter(subjects::scope.eq(table));
            }
            let rows: Vec<SubjectsRow> = rows
                .order((subjects::act_id, subjects::place))
                .limit(ROWS)
                .select(SubjectsRow::as_select())
                .load(self.conn)?;
            let has_more = rows.len() as i64 == ROWS;
            for row in rows {
                from = (row.act_id.clone(), row.place);
                if let Some(at) = position(&row.ids, kind.width(), &id) {
                    let place = row.place + at as i64;
                    hits.push((row.act_id, place, kind, name(kind, &row.scope, &id)));
                }
            }
            // More than a page is not asked for.
            if !has_more || hits.len() > self.limit + ROWS as usize {
                return Ok(());
            }
        }
    }
}

/// Where `id` stands among sorted ones of `width` bytes.
fn position(ids: &[u8], width: usize, id: &[u8]) -> Option<usize> {
    let (mut low, mut high) = (0, ids.len() / width);
    while low < high {
        let middle = usize::midpoint(low, high);
        match ids[middle * width..(middle + 1) * width].cmp(id) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Equal => return Some(middle),
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}

/// `dpl.core.data_subject_id`.
fn name(kind: Kind, scope: &str, id: &[u8]) -> String {
    match kind {
        Kind::Bsn => hex::encode(id),
        Kind::Row => {
            let row = id.try_into().map_or(0, i64::from_be_bytes);
            format!("{scope}/{row}")
        }
    }
}

fn record(
    act: &ActRow,
    place: i64,
    person: Option<(String, Kind)>,
    settings: &LogboekSettings,
) -> Result<ProcessingActivity> {
    let mut attributes = Map::new();
    let mut put = |key: &str, value: String| attributes.insert(key.to_owned(), value.into());
    put("dpl.core.processing_activity_id", act.activity.clone());
    if let Some((id, kind)) = person {
        put("dpl.core.data_subject_id", id);
        put("dpl.core.data_subject_id_type", kind.as_str().to_owned());
    }
    if let Some(processor) = &act.processor {
        put(
            "dpl.core.foreign_operation.processor",
            settings.application(processor),
        );
    }
    let (span, is_child) = (act.span_id as u64, act.subjects > 1 && place > 0);
    let own = if is_child {
        child_span(span, place as u64)
    } else {
        span
    };
    let parent = if is_child {
        Some(act.span_id)
    } else {
        act.parent_span_id
    };
    let mut record = ProcessingActivity {
        trace_id: Uuid::parse_str(&act.trace_id).map_err(Problem::internal)?,
        span_id: format!("{own:016x}"),
        parent_span_id: parent.map(|parent| format!("{:016x}", parent as u64)),
        status: ProcessingStatus::read(&act.status),
        name: act.name.clone(),
        start_time: act.start_ms,
        end_time: act.end_ms,
        attributes,
        resource: Resource {
            attributes: act.resource()?,
        },
    };
    settings.extend(&mut record);
    Ok(record)
}

impl LogboekSettings {
    /// Adds what extensions of the standard say about a record, where this installation says it may stand.
    pub fn extend(&self, record: &mut ProcessingActivity) {
        let resource = &record.resource.attributes;
        let fact = |key: &str| resource.get(key).and_then(Value::as_str);
        let algorithm = self.algorithm_id.as_ref().and_then(|template| {
            let mut text = template.clone();
            for (word, key) in [
                ("{model_id}", "helder.model_id"),
                ("{model_version_id}", "helder.model_version_id"),
                ("{model_digest}", "helder.model_digest"),
            ] {
                if text.contains(word) {
                    text = text.replace(word, fact(key)?);
                }
            }
            Some(text)
        });
        let called = fact(CALLED).map(|service| self.reading_of(service));
        for (extension, key, value) in [
            (Extension::Objecten, "dpl.objects.algorithm_id", algorithm),
            (Extension::Lezen, "dpl.read.externalReadAPI_id", called),
        ] {
            let Some(value) = value else { continue };
            let into = if self.set_extensions.contains(&extension) {
                &mut record.attributes
            } else {
                &mut record.resource.attributes
            };
            into.insert(key.to_owned(), value.into());
        }
    }
}
