//! One connection to either database, and the transactions we run on it.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use diesel::{
    Connection, PgConnection, RunQueryDsl as _, SqliteConnection,
    connection::{AnsiTransactionManager, CacheSize, SimpleConnection, TransactionManager},
    result::Error,
};

use super::{StoreError, scope::Scope};

/// A connection to PostgreSQL or SQLite; one schema and one set of queries serve both.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// Production.
    Pg(PgConnection),
    /// Embedded.
    Sqlite(SqliteConnection),
}

/// Where the database is. Prints without credentials.
#[derive(Clone)]
pub(super) enum Target {
    Sqlite(PathBuf),
    Postgres {
        url: String,
        schema: Option<String>,
        roles: Roles,
    },
}

/// Who connects to PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Roles {
    /// The application's role; the tables are another's, who brings them up to date.
    Split,
    /// One role for everything (`roles=one`): for a developer's machine.
    One,
}

impl FromStr for Target {
    type Err = StoreError;

    fn from_str(url: &str) -> Result<Self, StoreError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.contains('?') || path.contains(":memory:") {
                return Err(StoreError::Url);
            }
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let (url, schema) = without("schema=", url);
            if schema.as_deref().is_some_and(|name| !is_schema_name(name)) {
                return Err(StoreError::Schema);
            }
            let (url, roles) = without("roles=", &url);
            let roles = match roles.as_deref() {
                None => Roles::Split,
                Some("one") => Roles::One,
                Some(_) => return Err(StoreError::Roles),
            };
            return Ok(Self::Postgres { url, schema, roles });
        }
        Err(StoreError::Url)
    }
}

/// Takes a part (`schema=…`) out of the query of a URL; PostgreSQL's library does not know it.
fn without(part: &str, url: &str) -> (String, Option<String>) {
    let Some((address, query)) = url.split_once('?') else {
        return (url.to_owned(), None);
    };
    let (found, rest): (Vec<&str>, Vec<&str>) =
        query.split('&').partition(|one| one.starts_with(part));
    let found = found.first().map(|one| one[part.len()..].to_owned());
    let joint = if rest.is_empty() { "" } else { "?" };
    (format!("{address}{joint}{}", rest.join("&")), found)
}

/// The same URL with an end to waiting for a server that does not answer, where it does not say its own. A server that is gone
/// without a word (cable cut, machine dead) would else be waited for longer than anybody's request.
fn with_patience(url: &str) -> String {
    let mut url = url.to_owned();
    for (name, value) in [("connect_timeout", 3), ("tcp_user_timeout", 10_000)] {
        if !url.contains(name) {
            let joint = if url.contains('?') { '&' } else { '?' };
            url = format!("{url}{joint}{name}={value}");
        }
    }
    url
}

/// A name that needs no quotes in SQL.
pub(super) fn is_schema_name(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres { .. } => f.write_str("postgres://…"),
        }
    }
}

impl Target {
    /// The file, where the database is one.
    pub(super) fn file(&self) -> Option<&std::path::Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres { .. } => None,
        }
    }

    /// Makes the folder of a SQLite file, or the schema.
    pub(super) fn prepare(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(path) => match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => {
                    std::fs::create_dir_all(folder).map_err(StoreError::Folder)
                }
                _ => Ok(()),
            },
            Self::Postgres { schema: None, .. } => Ok(()),
            Self::Postgres {
                url,
                schema: Some(schema),
                ..
            } => {
                let mut conn = PgConnection::establish(url)?;
                let there: i64 = diesel::select(
                    diesel::dsl::sql::<diesel::sql_types::BigInt>(
                        "(SELECT count(*) FROM pg_namespace WHERE nspname = ",
                    )
                    .bind::<diesel::sql_types::Text, _>(schema)
                    .sql(")"),
                )
                .get_result(&mut conn)?;
                // The role of a service may not be allowed to make schemas; then somebody made it beforehand.
                // The lock, because IF NOT EXISTS fails when two replicas make the same schema at the same moment.
                if there == 0 {
                    conn.batch_execute(&format!(
                        "BEGIN;
                         SELECT pg_advisory_xact_lock(hashtext('helder make schema'));
                         CREATE SCHEMA IF NOT EXISTS {schema};
                         COMMIT"
                    ))?;
                }
                Ok(())
            }
        }
    }
}

/// Opens a connection with the settings every one of ours has.
pub(super) fn connect(target: &Target, mode: Mode) -> Result<Conn, StoreError> {
    let mut conn = match target {
        Target::Sqlite(path) => {
            // A file name with a comma or percent sign is a name, never a URI.
            let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
            conn.batch_execute("PRAGMA busy_timeout = 5000")?;
            use_wal(&mut conn)?;
            conn.batch_execute(
                "PRAGMA synchronous = FULL;
                 PRAGMA foreign_keys = ON;
                 PRAGMA temp_store = MEMORY;
                 PRAGMA cache_size = -2000;
                 PRAGMA trusted_schema = OFF;",
            )?;
            if mode == Mode::Read {
                conn.batch_execute("PRAGMA query_only = ON")?;
            }
            Conn::Sqlite(conn)
        }
        Target::Postgres { url, schema, .. } => {
            let mut conn = PgConnection::establish(&with_patience(url))?;
            if let Some(schema) = schema {
                conn.batch_execute(&format!("SET search_path = {schema}"))?;
            }
            conn.batch_execute(
                "SET TIME ZONE 'UTC';
                 SET lock_timeout = '10s';
                 SET statement_timeout = '30s';
                 SET idle_in_transaction_session_timeout = '60s'",
            )?;
            Conn::Pg(conn)
        }
    };
    conn.set_prepared_statement_cache_size(CacheSize::Unbounded);
    Ok(conn)
}

/// Switches to write-ahead logging. The one statement that does not wait for others who do the same, so we do.
fn use_wal(conn: &mut SqliteConnection) -> Result<(), Error> {
    let mut tries = 0;
    loop {
        match conn.batch_execute("PRAGMA journal_mode = WAL") {
            Err(Error::DatabaseError(_, what))
                if tries < 250 && what.message().contains("locked") =>
            {
                tries += 1;
                std::thread::sleep(Duration::from_millis(20));
            }
            other => return other,
        }
    }
}

/// What a transaction may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Sees one moment and cannot write.
    Read,
    /// Is kept whole or not at all.
    Write,
}

/// Starts a transaction for `scope`.
pub(super) fn begin(conn: &mut Conn, mode: Mode, scope: &Scope) -> Result<(), Error> {
    match (conn, mode) {
        (Conn::Pg(conn), Mode::Read) => AnsiTransactionManager::begin_transaction_sql(
            conn,
            &scope.begin_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        ),
        (Conn::Pg(conn), Mode::Write) => {
            AnsiTransactionManager::begin_transaction_sql(conn, &scope.begin_sql("BEGIN"))
        }
        (Conn::Sqlite(conn), Mode::Read) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN")
        }
        // Takes the write lock now, so that no statement inside can fail for another process holding it.
        (Conn::Sqlite(conn), Mode::Write) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")
        }
    }
}

/// Runs `work` in the transaction that was started, and ends it. Says as well whether the connection is still good.
pub(super) fn finish<T, E: From<Error>>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> (Result<T, E>, bool) {
    type Manager = <Conn as Connection>::TransactionManager;
    let (outcome, ended) = match work(conn) {
        Ok(value) => match Manager::commit_transaction(conn) {
            Ok(()) => (Ok(value), true),
            // Nobody knows what is left of it.
            Err(error) => (Err(error.into()), false),
        },
        Err(problem) => {
            let undone = Manager::rollback_transaction(conn);
            if let Err(error) = &undone {
                tracing::warn!(%error, "rollback failed; the connection is dropped");
            }
            (Err(problem), undone.is_ok())
        }
    };
    (
        outcome,
        ended && !Manager::is_broken_transaction_manager(conn),
    )
}
