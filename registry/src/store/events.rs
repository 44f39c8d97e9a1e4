//! Writing and reading the event log.

use diesel::prelude::*;
use helder_platform::{
    clock,
    problem::{Problem, Result},
    store::Conn,
};
use helder_types::{Caller, OrganisationId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    domain::chain::{Link, genesis},
    schema::{event_heads, events},
};

/// One line of the event log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event {
    /// 1, 2, 3 … within the organisation, without gaps.
    pub sequence: i64,
    /// When, UTC.
    pub at: String,
    /// Who.
    pub subject: String,
    /// Through which application.
    pub client: String,
    /// What: `model-version.activate` …
    pub action: String,
    /// To what, a path of this service.
    pub object: String,
    /// More about it; no personal data.
    pub details: Value,
    /// Digest of the line before.
    pub previous: String,
    /// Digest of this line, over all of the above.
    pub digest: String,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = events)]
pub(super) struct EventRow {
    pub(super) organisation: String,
    pub(super) sequence: i64,
    pub(super) at: String,
    pub(super) subject: String,
    pub(super) client: String,
    pub(super) action: String,
    pub(super) object: String,
    pub(super) details: String,
    pub(super) previous: String,
    pub(super) digest: String,
}

impl EventRow {
    pub(super) fn link(&self) -> Link<'_> {
        Link {
            organisation: &self.organisation,
            sequence: self.sequence,
            at: &self.at,
            subject: &self.subject,
            client: &self.client,
            action: &self.action,
            object: &self.object,
            details: &self.details,
            previous: &self.previous,
        }
    }
}

/// Adds a line for what `caller` does in this transaction: no line, no act.
///
/// * `action` – noun and verb   * `object` – path of the thing   * `details` – digests, states, reasons; no personal data
///
/// # Errors
/// Database errors, which undo the act as well.
pub fn record(
    conn: &mut Conn,
    caller: &Caller,
    action: &str,
    object: &str,
    details: &Value,
) -> Result<()> {
    let organisation = caller.organisation.as_str();
    let (sequence, previous) = next(conn, organisation)?;
    let mut row = EventRow {
        organisation: organisation.to_owned(),
        sequence,
        at: clock::now(),
        subject: caller.subject.clone(),
        client: caller.client.clone(),
        action: action.to_owned(),
        object: object.to_owned(),
        details: details.to_string(),
        previous,
        digest: String::new(),
    };
    row.digest = row.link().digest(&mut Vec::new()).to_string();
    diesel::update(event_heads::table.find(organisation))
        .set(event_heads::digest.eq(&row.digest))
        .execute(conn)?;
    diesel::insert_into(events::table)
        .values(row)
        .execute(conn)?;
    Ok(())
}

/// Takes the next number. The head's row lock, held until the transaction ends, orders all writers of an organisation.
fn next(conn: &mut Conn, organisation: &str) -> Result<(i64, String)> {
    let head = || event_heads::table.find(organisation.to_owned());
    let moved = diesel::update(head())
        .set(event_heads::sequence.eq(event_heads::sequence + 1))
        .execute(conn)?;
    if moved == 0 {
        let first = genesis(organisation).to_string();
        insert_head(conn, organisation, &first)?;
        diesel::update(head())
            .set(event_heads::sequence.eq(event_heads::sequence + 1))
            .execute(conn)?;
    }
    Ok(head()
        .select((event_heads::sequence, event_heads::digest))
        .first(conn)?)
}

fn insert_head(conn: &mut Conn, organisation: &str, digest: &str) -> Result<usize> {
    let row = (
        event_heads::organisation.eq(organisation),
        event_heads::sequence.eq(0),
        event_heads::digest.eq(digest),
    );
    let insert = diesel::insert_into(event_heads::table)
        .values(row)
        .on_conflict_do_nothing();
    Ok(match conn {
        Conn::Pg(conn) => insert.execute(conn)?,
        Conn::Sqlite(conn) => insert.execute(conn)?,
    })
}

/// A page of the log, oldest first, after line `after`.
pub(crate) fn list(
    conn: &mut Conn,
    organisation: &OrganisationId,
    after: i64,
    limit: i64,
) -> Result<Vec<Event>> {
    let rows: Vec<EventRow> = events::table
        .filter(events::organisation.eq(organisation.as_str()))
        .filter(events::sequence.gt(after))
        .order(events::sequence)
        .limit(limit + 1)
        .select(EventRow::as_select())
        .load(conn)?;
    let items = rows
        .into_iter()
        .map(Event::try_from)
        .collect::<Result<Vec<_>>>()?;
    Ok(items)
}

impl TryFrom<EventRow> for Event {
    type Error = Problem;

    fn try_from(row: EventRow) -> Result<Self> {
        Ok(Self {
            sequence: row.sequence,
            at: row.at,
            subject: row.subject,
            client: row.client,
            action: row.action,
            object: row.object,
            // A line that somebody damaged is still shown; verifying is what finds it.
            details: serde_json::from_str(&row.details).unwrap_or(Value::String(row.details)),
            previous: row.previous,
            digest: row.digest,
        })
    }
}
