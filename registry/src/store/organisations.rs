//! Organisations: made known the first time somebody of them writes.

use diesel::prelude::*;
use helder_platform::{clock, problem::Result, store::Conn};
use helder_types::{Caller, OrganisationId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::events;
use crate::schema::organisations;

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Organisation {
    /// CBS code of a municipality, OIN or short name.
    pub id: OrganisationId,
    /// What citizens know it as.
    pub name: String,
    /// Since when it is known here, UTC.
    pub created_at: String,
}

/// The caller's organisation, made known when it is not yet.
pub(crate) fn ensure(conn: &mut Conn, caller: &Caller) -> Result<()> {
    let id = caller.organisation.as_str();
    let row = (
        organisations::id.eq(id),
        organisations::name.eq(id),
        organisations::created_at.eq(clock::now()),
    );
    let insert = diesel::insert_into(organisations::table)
        .values(row)
        .on_conflict_do_nothing();
    let made = match conn {
        Conn::Pg(conn) => insert.execute(conn)?,
        Conn::Sqlite(conn) => insert.execute(conn)?,
    };
    if made == 1 {
        events::record(
            conn,
            caller,
            "organisation.create",
            &format!("/organisations/{id}"),
            &json!({}),
        )?;
    }
    Ok(())
}

/// The caller's own organisation, if it is known.
pub(crate) fn own(conn: &mut Conn, organisation: &OrganisationId) -> Result<Option<Organisation>> {
    let found: Option<(String, String)> = organisations::table
        .find(organisation.as_str())
        .select((organisations::name, organisations::created_at))
        .first(conn)
        .optional()?;
    Ok(found.map(|(name, created_at)| Organisation {
        id: organisation.clone(),
        name,
        created_at,
    }))
}

/// Gives the caller's organisation the name that citizens know.
pub(crate) fn rename(conn: &mut Conn, caller: &Caller, name: &str) -> Result<Organisation> {
    ensure(conn, caller)?;
    let id = caller.organisation.as_str();
    diesel::update(organisations::table.find(id))
        .set(organisations::name.eq(name))
        .execute(conn)?;
    events::record(
        conn,
        caller,
        "organisation.rename",
        &format!("/organisations/{id}"),
        &json!({ "name": name }),
    )?;
    own(conn, &caller.organisation)?.ok_or_else(helder_platform::problem::Problem::not_found)
}
