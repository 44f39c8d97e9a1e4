//! What a role must be to serve on PostgreSQL: one that row-level security holds back, on tables that are another's.

use diesel::{
    QueryableByName, RunQueryDsl as _, sql_query,
    sql_types::{Bool, Text},
};

use super::{Conn, Migrations, StoreError, migrate};

#[derive(QueryableByName)]
struct Role {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    is_exempt: bool,
    #[diesel(sql_type = Bool)]
    owns: bool,
    #[diesel(sql_type = Bool)]
    makes: bool,
}

/// What the role could be, itself or by `SET ROLE`.
const QUESTION: &str = "
    SELECT current_user::text AS name,
           EXISTS (SELECT 1 FROM pg_roles r
                   WHERE (r.rolsuper OR r.rolbypassrls) AND pg_has_role(current_user, r.oid, 'MEMBER')) AS is_exempt,
           EXISTS (SELECT 1 FROM pg_class c
                   WHERE c.relnamespace = current_schema()::regnamespace
                     AND pg_has_role(current_user, c.relowner, 'MEMBER')) AS owns,
           coalesce(has_schema_privilege(current_user, current_schema(), 'CREATE'), false) AS makes";

impl Role {
    fn faults(&self) -> Vec<&'static str> {
        [
            (
                self.is_exempt,
                "it is a superuser or has BYPASSRLS, or can become such a role",
            ),
            (self.owns, "it owns the tables, or can become their owner"),
            (self.makes, "it may make tables in the schema"),
        ]
        .into_iter()
        .filter_map(|(is_so, fault)| is_so.then_some(fault))
        .collect()
    }
}

/// Refuses a role or tables with which row-level security would be no wall. With one role for everything, says so instead.
pub(super) fn check(
    conn: &mut Conn,
    migrations: &[Migrations],
    is_split: bool,
) -> Result<(), StoreError> {
    let Conn::Pg(pg) = conn else { return Ok(()) };
    let role: Role = sql_query(QUESTION).get_result(pg)?;
    let faults = role.faults();
    if !is_split {
        tracing::warn!(
            role = role.name,
            ?faults,
            "ONE DATABASE ROLE FOR EVERYTHING (roles=one): row-level security can be switched off by whoever has this role. \
             For a developer's machine only; docs/databases.md shows how roles are split"
        );
        return Ok(());
    }
    if !faults.is_empty() {
        return Err(StoreError::Role(faults));
    }
    let status = migrate::look(conn, migrations)?;
    if !status.pending.is_empty() {
        return Err(StoreError::Behind(status.pending));
    }
    if !status.unguarded.is_empty() {
        return Err(StoreError::Unguarded(status.unguarded));
    }
    if !status.newer.is_empty() {
        tracing::info!(newer = ?status.newer, "the tables are of a newer version");
    }
    Ok(())
}
