//! A look at a database without changing it, for `helder doctor`.

use diesel::{
    Connection, OptionalExtension as _, PgConnection, QueryableByName, RunQueryDsl as _,
    SqliteConnection,
    connection::SimpleConnection as _,
    sql_query,
    sql_types::{BigInt, Bool, Text},
};

use super::{StoreError, connection::Target};

/// What was seen of a database.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// Migrations that have run, oldest first; nothing when no program has used the database yet.
    pub applied: Vec<String>,
    /// What the role of the connection may do; for a database server.
    pub role: Option<RoleSeen>,
    /// Clock of the database server, milliseconds since 1970.
    pub clock_ms: Option<i64>,
    /// What SQLite's own check found wrong with the file.
    pub damage: Option<String>,
}

/// A role of a database server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleSeen {
    /// It may do everything, so nothing of what the tables refuse holds for it.
    pub is_superuser: bool,
    /// Row-level security does not hold for it.
    pub bypasses_row_security: bool,
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Text)]
    version: String,
}

#[derive(QueryableByName)]
struct RoleRow {
    #[diesel(sql_type = Bool)]
    is_superuser: bool,
    #[diesel(sql_type = Bool)]
    bypasses: bool,
    #[diesel(sql_type = BigInt)]
    clock_ms: i64,
}

#[derive(QueryableByName)]
struct Check {
    #[diesel(sql_type = Text)]
    quick_check: String,
}

/// Looks at the database of `url`. Blocks.
///
/// # Errors
/// When it is not there or refuses us.
pub fn inspect(url: &str) -> Result<Inspection, StoreError> {
    match url.parse()? {
        Target::Sqlite(path) => {
            // Opening would make it.
            std::fs::metadata(&path).map_err(StoreError::Folder)?;
            let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
            conn.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA query_only = ON")?;
            let there: Option<Version> = sql_query(
                "SELECT name AS version FROM sqlite_master WHERE name = '__diesel_schema_migrations'",
            )
            .get_result(&mut conn)
            .optional()?;
            let found: Check = sql_query("PRAGMA quick_check(1)").get_result(&mut conn)?;
            Ok(Inspection {
                applied: match there {
                    Some(_) => versions(sql_query(VERSIONS).load(&mut conn)?),
                    None => Vec::new(),
                },
                role: None,
                clock_ms: None,
                damage: Some(found.quick_check).filter(|said| said != "ok"),
            })
        }
        Target::Postgres { url, schema, .. } => {
            let mut conn = PgConnection::establish(&url)?;
            if let Some(schema) = schema {
                conn.batch_execute(&format!("SET search_path = {schema}"))?;
            }
            conn.batch_execute("SET statement_timeout = '10s'")?;
            let there: Option<Version> = sql_query(
                "SELECT 'there' AS version WHERE to_regclass('__diesel_schema_migrations') IS NOT NULL",
            )
            .get_result(&mut conn)
            .optional()?;
            let row: RoleRow = sql_query(
                "SELECT rolsuper AS is_superuser, rolbypassrls AS bypasses, \
                 (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS clock_ms \
                 FROM pg_roles WHERE rolname = current_user",
            )
            .get_result(&mut conn)?;
            Ok(Inspection {
                applied: match there {
                    Some(_) => versions(sql_query(VERSIONS).load(&mut conn)?),
                    None => Vec::new(),
                },
                role: Some(RoleSeen {
                    is_superuser: row.is_superuser,
                    bypasses_row_security: row.bypasses,
                }),
                clock_ms: Some(row.clock_ms),
                damage: None,
            })
        }
    }
}

const VERSIONS: &str = "SELECT version FROM __diesel_schema_migrations ORDER BY version";

fn versions(rows: Vec<Version>) -> Vec<String> {
    rows.into_iter().map(|row| row.version).collect()
}
