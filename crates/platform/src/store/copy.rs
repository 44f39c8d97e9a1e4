//! A copy of a database in use, and what a copy must have in common with it, for backups.

use std::path::Path;

use diesel::{
    Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, SqliteConnection,
    connection::SimpleConnection as _,
    sql_query,
    sql_types::{BigInt, Text},
};
use serde::{Deserialize, Serialize};

use super::{
    StoreError, Work,
    connection::{Conn, Target},
};

/// What kind of database a URL names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    Sqlite(std::path::PathBuf),
    /// A schema on a server: the address without our own additions, and the schema.
    Postgres {
        /// `postgres://…`
        address: String,
        /// Name of the schema.
        schema: String,
    },
}

/// The last line of an organisation's event log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, QueryableByName, Serialize, Deserialize)]
pub struct Head {
    /// Whose log.
    #[diesel(sql_type = Text)]
    pub organisation: String,
    /// Number of the line.
    #[diesel(sql_type = BigInt)]
    pub sequence: i64,
    /// Its digest, which covers every line before it.
    #[diesel(sql_type = Text)]
    pub digest: String,
}

#[derive(QueryableByName)]
struct Checked {
    #[diesel(sql_type = Text)]
    quick_check: String,
}

/// The kind of database that `url` names.
///
/// # Errors
/// [`StoreError::Url`], [`StoreError::Schema`].
pub fn kind(url: &str) -> Result<Kind, StoreError> {
    Ok(match url.parse()? {
        Target::Sqlite(path) => Kind::Sqlite(path),
        Target::Postgres { url, schema, .. } => Kind::Postgres {
            address: url,
            schema: schema.unwrap_or_else(|| "public".to_owned()),
        },
    })
}

/// Copies a SQLite file that may be in use, as it is at one moment, to `copy`, which must not exist. Blocks.
///
/// # Errors
/// When the file is not there, or the copy cannot be written.
pub fn copy_sqlite(file: &Path, copy: &Path) -> Result<(), StoreError> {
    // Opening would make it.
    std::fs::metadata(file).map_err(StoreError::Folder)?;
    let mut conn = SqliteConnection::establish(&file.to_string_lossy())?;
    conn.batch_execute("PRAGMA busy_timeout = 30000")?;
    sql_query("VACUUM INTO ?")
        .bind::<Text, _>(copy.to_string_lossy())
        .execute(&mut conn)?;
    let mut copied = SqliteConnection::establish(&copy.to_string_lossy())?;
    let found: Checked = sql_query("PRAGMA quick_check(1)").get_result(&mut copied)?;
    if found.quick_check != "ok" {
        return Err(StoreError::Folder(std::io::Error::other(found.quick_check)));
    }
    std::fs::File::open(copy)
        .and_then(|file| file.sync_all())
        .map_err(StoreError::Folder)
}

/// The ends of the event logs in the registry's database. Blocks.
///
/// # Errors
/// When the database is away or is not the registry's.
pub fn heads(url: &str) -> Result<Vec<Head>, StoreError> {
    let sql = "SELECT organisation, sequence, digest FROM event_heads ORDER BY organisation";
    Ok(match reader(url)? {
        Conn::Sqlite(mut conn) => sql_query(sql).load(&mut conn)?,
        Conn::Pg(mut conn) => sql_query(sql).load(&mut conn)?,
    })
}

/// Whether an event log holds this line. Blocks.
///
/// # Errors
/// As [`heads`].
pub fn has_event(url: &str, line: &Head) -> Result<bool, StoreError> {
    let sql = |own: &str, number: &str| {
        format!(
            "SELECT organisation, sequence, digest FROM events WHERE organisation = {own} AND sequence = {number}"
        )
    };
    let found: Vec<Head> = match reader(url)? {
        Conn::Sqlite(mut conn) => sql_query(sql("?", "?"))
            .bind::<Text, _>(&line.organisation)
            .bind::<BigInt, _>(line.sequence)
            .load(&mut conn)?,
        Conn::Pg(mut conn) => sql_query(sql("$1", "$2"))
            .bind::<Text, _>(&line.organisation)
            .bind::<BigInt, _>(line.sequence)
            .load(&mut conn)?,
    };
    Ok(found.contains(line))
}

/// An object that retention removed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, QueryableByName)]
pub struct RemovedObject {
    /// Whose.
    #[diesel(sql_type = Text)]
    pub organisation: String,
    /// Its digest.
    #[diesel(sql_type = Text)]
    pub digest: String,
    /// By which rule.
    #[diesel(sql_type = Text)]
    pub rule: String,
    /// When, UTC.
    #[diesel(sql_type = Text)]
    pub at: String,
}

/// Records that retention removed from a log.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct RemovedRecords {
    /// Whose.
    #[diesel(sql_type = Text)]
    pub organisation: String,
    /// Which log.
    #[diesel(sql_type = Text)]
    pub log: String,
    /// How many.
    #[diesel(sql_type = BigInt)]
    pub records: i64,
    /// Time of the oldest of them, UTC.
    #[diesel(sql_type = Text)]
    pub oldest: String,
    /// When they were removed, UTC.
    #[diesel(sql_type = Text)]
    pub at: String,
}

#[derive(QueryableByName)]
struct Sees {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    everything: bool,
}

/// Every object that retention removed, from the database of ingest. Blocks.
///
/// # Errors
/// When the database is away, is not that of ingest, or does not show this role every row.
pub fn removed_objects(url: &str) -> Result<Vec<RemovedObject>, StoreError> {
    let sql = "SELECT removed_parts.organisation, digest, rule, at FROM removed_parts
               JOIN retention_proofs ON retention_proofs.id = proof_id ORDER BY 1, 2";
    Ok(match all_rows_of(url, "removed_parts")? {
        Conn::Sqlite(mut conn) => sql_query(sql).load(&mut conn)?,
        Conn::Pg(mut conn) => sql_query(sql).load(&mut conn)?,
    })
}

/// Every piece that retention removed from the logs of a service. Blocks.
///
/// # Errors
/// When the database is away, or does not show this role every row.
pub fn removed_records(url: &str) -> Result<Vec<RemovedRecords>, StoreError> {
    let sql = "SELECT organisation, log, records, oldest, at FROM log_removals ORDER BY at";
    Ok(match all_rows_of(url, "log_removals")? {
        Conn::Sqlite(mut conn) => sql_query(sql).load(&mut conn)?,
        Conn::Pg(mut conn) => sql_query(sql).load(&mut conn)?,
    })
}

/// [`reader`] for a role that sees every row of a table: nothing seen would else mean nothing known.
fn all_rows_of(url: &str, table: &str) -> Result<Conn, StoreError> {
    let mut conn = reader(url)?;
    if let Conn::Pg(conn) = &mut conn {
        let sql = format!(
            "SELECT NOT row_security_active(c.oid) OR pg_get_userbyid(c.relowner) = current_user AS everything
             FROM pg_class c WHERE c.oid = '{table}'::regclass"
        );
        let seen: Sees = sql_query(sql).get_result(conn)?;
        if !seen.everything {
            return Err(StoreError::Blind);
        }
    }
    Ok(conn)
}

/// A connection that cannot write, and does not make what is not there.
fn reader(url: &str) -> Result<Conn, StoreError> {
    match url.parse()? {
        Target::Sqlite(path) => {
            std::fs::metadata(&path).map_err(StoreError::Folder)?;
            let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
            conn.batch_execute("PRAGMA busy_timeout = 30000; PRAGMA query_only = ON")?;
            Ok(Conn::Sqlite(conn))
        }
        Target::Postgres { url, schema, .. } => {
            let mut conn = PgConnection::establish(&url)?;
            if let Some(schema) = schema {
                conn.batch_execute(&format!("SET search_path = {schema}"))?;
            }
            // The owner of the tables sees all rows of them when it says so; to others it means nothing.
            conn.batch_execute(&format!("SET helder.work = '{}'", Work::MIGRATION.name()))?;
            Ok(Conn::Pg(conn))
        }
    }
}
