//! One database per service: SQLite when embedded, PostgreSQL in production, the same queries on both.
//!
//! Each [`Store::read`] and [`Store::write`] is one transaction on one pooled connection, run on a blocking thread.
//! On SQLite there is a single writing connection (`BEGIN IMMEDIATE`, WAL, `synchronous=FULL`) and a few readers that
//! cannot write; on PostgreSQL reads run `READ ONLY`.

mod connection;
mod copy;
mod disk;
mod fault;
mod inspect;
mod pool;
#[cfg(test)]
pub(crate) mod tests;

use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use diesel::connection::SimpleConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use helder_types::Caller;
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::Notify;

pub use connection::Conn;
pub use copy::{Head, Kind, copy_sqlite, has_event, heads, kind};
use disk::Disk;
pub use inspect::{Inspection, RoleSeen, inspect};

use connection::{Mode, Target, begin, connect, finish};
use pool::Pool;

use crate::{
    idempotency::{self, Idempotency},
    problem::{Problem, Result},
};

const PLATFORM: EmbeddedMigrations = embed_migrations!("migrations");

/// Readers per store; each costs up to 2 MiB of page cache once used.
const READERS: usize = 4;
/// Writers on PostgreSQL. SQLite has one writer by nature.
const WRITERS: usize = 4;

/// The database did not open or migrate. Tells the operator which one; never shown to a client.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL names no database this platform can use.
    #[error(
        "database url must start with sqlite: or postgres:// (for instance sqlite:data/registry.db)"
    )]
    Url,
    /// The name of the schema in the URL.
    #[error(
        "schema in the database url must be lower-case letters, digits and _, starting with a letter"
    )]
    Schema,
    /// The folder of the SQLite file cannot be made.
    #[error("cannot create the folder of the database")]
    Folder(#[source] std::io::Error),
    /// The database is not there or refuses us.
    #[error("cannot connect to the database")]
    Connect(#[from] diesel::ConnectionError),
    /// A setting or statement at start failed.
    #[error("cannot prepare the database connection")]
    Prepare(#[from] diesel::result::Error),
    /// A migration failed.
    #[error("cannot bring the database to this version")]
    Migrate(#[source] Box<dyn std::error::Error + Send + Sync>),
}

thread_local! {
    /// Set by [`Store::announce`] inside a write; looked at once the write is committed.
    static ANNOUNCED: Cell<bool> = const { Cell::new(false) };
}

/// Whether [`Store::open`] could use this URL; asks nobody.
///
/// # Errors
/// [`StoreError::Url`], [`StoreError::Schema`].
pub fn check_url(url: &str) -> std::result::Result<(), StoreError> {
    url.parse::<Target>().map(drop)
}

/// A service's database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    sqlite: bool,
    readers: Pool,
    writers: Pool,
    committed: Notify,
    closing: AtomicBool,
    disk: Disk,
}

impl Store {
    /// Connects, then runs the platform's and the service's migrations that have not run yet.
    ///
    /// * `url` – `sqlite:path/to/file.db` (made when absent) or `postgres://…`, where `?schema=name` keeps all tables in
    ///   a schema of that name (made when absent)
    ///
    /// # Errors
    /// [`StoreError`] says which step failed.
    pub fn open(
        url: &str,
        migrations: &[EmbeddedMigrations],
    ) -> std::result::Result<Self, StoreError> {
        let target: Target = url.parse()?;
        target.prepare()?;
        let mut conn = connect(&target, Mode::Write)?;
        migrate(&mut conn, migrations)?;
        let sqlite = matches!(conn, Conn::Sqlite(_));
        let disk = Disk::of(target.file());
        let writers = Pool::new(
            target.clone(),
            if sqlite { 1 } else { WRITERS },
            Mode::Write,
        );
        writers.put(conn);
        let readers = Pool::new(target, READERS, Mode::Read);
        Ok(Self {
            inner: Arc::new(Inner {
                sqlite,
                readers,
                writers,
                committed: Notify::new(),
                closing: AtomicBool::new(false),
                disk,
            }),
        })
    }

    /// Whether this is the embedded database, which one process owns.
    pub fn is_embedded(&self) -> bool {
        self.inner.sqlite
    }

    /// Runs `work` in a transaction that cannot write.
    ///
    /// # Errors
    /// What `work` returns; 503 when no connection comes free in time or the database is away.
    pub async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        let slot = self.inner.readers.slot().await?;
        blocking(move || slot.run(work)).await
    }

    /// Runs `work` in one transaction: all of it is kept, or nothing.
    ///
    /// # Errors
    /// What `work` returns; 503 when no connection comes free in time or the database is away.
    pub async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        let slot = self.inner.writers.slot().await?;
        let store = self.clone();
        blocking(move || store.commit(|| slot.run(work))).await
    }

    /// [`Store::write`] that happens once per `Idempotency-Key`: the effect and the answer are kept in one transaction,
    /// and a repeat gets the kept answer. Without a key it is a plain write.
    ///
    /// # Errors
    /// 409 `idempotency-key-reused` when the key came with another request before; else as [`Store::write`].
    pub async fn create<T, F>(
        &self,
        caller: &Caller,
        idempotency: &Idempotency,
        work: F,
    ) -> Result<T>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        let Some(claim) = idempotency.claim(caller) else {
            return self.write(work).await;
        };
        self.write(move |conn| idempotency::once(conn, &claim, work))
            .await
    }

    /// [`Store::read`] for code that already runs on a blocking thread, such as a job.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn read_blocking<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        self.inner.readers.slot_blocking()?.run(work)
    }

    /// [`Store::write`] for code that already runs on a blocking thread, such as a job.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn write_blocking<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let slot = self.inner.writers.slot_blocking()?;
        self.commit(|| slot.run(work))
    }

    /// Whether the database answers and could keep something; for readiness.
    ///
    /// # Errors
    /// 503 when it does not, when its disk is full, or when that disk reported a fault.
    pub async fn ping(&self) -> Result<()> {
        self.inner.disk.usable()?;
        self.inner.disk.demand_room()?;
        self.read(|conn| Ok(conn.batch_execute("SELECT 1")?)).await
    }

    /// Tells long answers, such as event streams, to come to an end; reads and writes go on.
    pub fn close(&self) {
        self.inner.closing.store(true, Ordering::Release);
    }

    /// Whether the service is stopping.
    pub fn is_closing(&self) -> bool {
        self.inner.closing.load(Ordering::Acquire)
    }

    /// Says, inside a write, that waiting workers have something to look at once it is committed.
    pub(crate) fn announce() {
        ANNOUNCED.set(true);
    }

    /// Waits for an announced write of this process.
    pub(crate) async fn announced(&self) {
        self.inner.committed.notified().await;
    }

    fn commit<T>(&self, write: impl FnOnce() -> Result<T>) -> Result<T> {
        ANNOUNCED.set(false);
        self.inner.disk.usable()?;
        let outcome = self.inner.disk.judge(write());
        if ANNOUNCED.take() && outcome.is_ok() {
            self.inner.committed.notify_one();
        }
        outcome
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Problem::internal)?
}

/// All migrations are one transaction. Two processes that start together: the second waits and finds nothing left to do.
fn migrate(
    conn: &mut Conn,
    migrations: &[EmbeddedMigrations],
) -> std::result::Result<(), StoreError> {
    begin(conn, Mode::Write)?;
    let (outcome, _) = finish(conn, |conn| {
        if matches!(conn, Conn::Pg(_)) {
            conn.batch_execute("SELECT pg_advisory_xact_lock(4841)")?;
        }
        for source in std::iter::once(&PLATFORM).chain(migrations) {
            conn.run_pending_migrations(connection::Source(source))
                .map_err(StoreError::Migrate)?;
        }
        Ok(())
    });
    outcome
}
