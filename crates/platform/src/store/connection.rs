//! One connection to either database, and the transactions we run on it.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use diesel::{
    Connection, PgConnection, SqliteConnection,
    backend::Backend,
    connection::{AnsiTransactionManager, CacheSize, SimpleConnection, TransactionManager},
    migration::{Migration, MigrationSource},
    result::Error,
};
use diesel_migrations::EmbeddedMigrations;

use super::StoreError;

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
    Postgres(String),
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
            return Ok(Self::Postgres(url.to_owned()));
        }
        Err(StoreError::Url)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(_) => f.write_str("postgres://…"),
        }
    }
}

impl Target {
    /// Makes the folder of a SQLite file.
    pub(super) fn prepare(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(path) => match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => {
                    std::fs::create_dir_all(folder).map_err(StoreError::Folder)
                }
                _ => Ok(()),
            },
            Self::Postgres(_) => Ok(()),
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
        Target::Postgres(url) => {
            let mut conn = PgConnection::establish(url)?;
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

/// Starts a transaction.
pub(super) fn begin(conn: &mut Conn, mode: Mode) -> Result<(), Error> {
    match (conn, mode) {
        (Conn::Pg(conn), Mode::Read) => AnsiTransactionManager::begin_transaction_sql(
            conn,
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        ),
        (Conn::Pg(conn), Mode::Write) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN")
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

/// Lends embedded migrations to the runner, which wants to own its source.
pub(super) struct Source<'a>(pub(super) &'a EmbeddedMigrations);

impl<DB: Backend> MigrationSource<DB> for Source<'_> {
    fn migrations(&self) -> diesel::migration::Result<Vec<Box<dyn Migration<DB>>>> {
        self.0.migrations()
    }
}
