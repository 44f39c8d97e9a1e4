//! Who changed or read what that matters, written in the transaction of the act: no line, no act.

use diesel::prelude::*;
use helder_types::Caller;
use uuid::Uuid;

use crate::{clock, problem::Result, schema::audit, store::Conn};

/// One line of the audit table.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit)]
pub struct AuditLine {
    /// Identifier, in order of time.
    pub id: String,
    /// When, UTC.
    pub at: String,
    /// Tenant.
    pub organisation: String,
    /// Who.
    pub subject: String,
    /// Through which application.
    pub client: String,
    /// What was done: `project.create`, `model-version.activate` …
    pub action: String,
    /// To what: a path such as `/projects/0198…`, never a value.
    pub object: String,
}

/// Writes an audit line for what `caller` does in this transaction.
///
/// * `action` – noun and verb, `dataset.create`   * `object` – path or id of the thing; never a person's data
///
/// # Errors
/// Database errors, which undo the act as well.
pub fn record(conn: &mut Conn, caller: &Caller, action: &str, object: &str) -> Result<()> {
    let line = AuditLine {
        id: Uuid::now_v7().to_string(),
        at: clock::now(),
        organisation: caller.organisation.to_string(),
        subject: caller.subject.clone(),
        client: caller.client.clone(),
        action: action.to_owned(),
        object: object.to_owned(),
    };
    diesel::insert_into(audit::table)
        .values(line)
        .execute(conn)?;
    Ok(())
}
