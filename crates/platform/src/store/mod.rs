//! One database per service: SQLite when embedded, PostgreSQL in production, the same queries on both.
//!
//! Each [`ScopedStore::read`] and [`ScopedStore::write`] is one transaction on one pooled connection, run on a blocking thread.
//! On SQLite there is a single writing connection (`BEGIN IMMEDIATE`, WAL, `synchronous=FULL`) and a few readers that
//! cannot write; on PostgreSQL reads run `READ ONLY`.
//!
//! Rows are reached through [`Store::of`] an organisation. On PostgreSQL the database keeps to that too: see [`Guard`].

mod connection;
mod copy;
mod disk;
mod fault;
mod grants;
mod guard;
mod inspect;
mod migrate;
mod pool;
mod role;
mod scope;
#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
mod wall_tests;

use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use diesel::connection::SimpleConnection;
use tokio::sync::Notify;

pub use connection::Conn;
use connection::{Mode, Roles, Target, connect};
pub use copy::{
    Head, Kind, RemovedObject, RemovedRecords, copy_sqlite, has_event, heads, kind,
    removed_objects, removed_records,
};
use disk::Disk;
pub use grants::Grants;
pub use guard::{Command, Guard};
pub use inspect::{Inspection, RoleSeen, inspect};
pub(crate) use migrate::as_owner;
pub use migrate::{Migrations, Status, down, status, up};
use pool::Pool;
use scope::Scope;
pub use scope::{ScopedStore, Work};

use crate::{
    problem::{Problem, Result},
    trace::{INBOUND, Inbound},
};

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
    /// What the URL says about roles.
    #[error("roles in the database url can only be one: roles=one, for a developer's machine")]
    Roles,
    /// The role would not be held back by row-level security.
    #[error(
        "the role of the database url must not serve: {}; give the role of the application (docs/databases.md), or add \
         roles=one to the url on a developer's machine", .0.join(", ")
    )]
    Role(Vec<&'static str>),
    /// Row-level security hides rows.
    #[error("this role does not see every row; name a database role that does, with --store")]
    Blind,
    /// The tables are older than this program.
    #[error("the database lacks migrations ({}); run `helder migrate` first", .0.join(", "))]
    Behind(Vec<String>),
    /// Tables without row-level security.
    #[error("no row-level security on {}; run `helder migrate` of this version", .0.join(", "))]
    Unguarded(Vec<String>),
    /// More migrations backwards than there are.
    #[error("only {0} migrations have run here")]
    TooFar(usize),
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
    /// Connects. On SQLite the platform's and the service's migrations that have not run yet are run. On PostgreSQL that
    /// is [`up`]'s, in the name of the tables' owner; here the role must be the application's, whom row-level security holds
    /// back, and the tables must be there.
    ///
    /// * `url` – `sqlite:path/to/file.db` (made when absent) or `postgres://…`, where `?schema=name` says in which schema
    ///   the tables are, and `roles=one` that this role does everything, which only fits a developer's machine
    ///
    /// # Errors
    /// [`StoreError`] says which step failed.
    pub fn open(url: &str, migrations: &[Migrations]) -> std::result::Result<Self, StoreError> {
        let target: Target = url.parse()?;
        let split = matches!(
            target,
            Target::Postgres {
                roles: Roles::Split,
                ..
            }
        );
        let mut conn = if split {
            connect(&target, Mode::Write)?
        } else {
            migrate::bring_up(&target, migrations)?.0
        };
        role::check(&mut conn, migrations, split)?;
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

    async fn read<T, F>(&self, scope: Scope, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        let slot = self.inner.readers.slot().await?;
        blocking(move || slot.run(&scope, work)).await
    }

    async fn write<T, F>(&self, scope: Scope, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        let slot = self.inner.writers.slot().await?;
        let store = self.clone();
        blocking(move || store.commit(|| slot.run(&scope, work))).await
    }

    fn read_blocking<T>(
        &self,
        scope: &Scope,
        work: impl FnOnce(&mut Conn) -> Result<T>,
    ) -> Result<T> {
        self.inner.readers.slot_blocking()?.run(scope, work)
    }

    fn write_blocking<T>(
        &self,
        scope: &Scope,
        work: impl FnOnce(&mut Conn) -> Result<T>,
    ) -> Result<T> {
        let slot = self.inner.writers.slot_blocking()?;
        self.commit(|| slot.run(scope, work))
    }

    /// Whether the database answers and could keep something; for readiness.
    ///
    /// # Errors
    /// 503 when it does not, when its disk is full, or when that disk reported a fault.
    pub async fn ping(&self) -> Result<()> {
        self.inner.disk.usable()?;
        self.inner.disk.demand_room()?;
        self.nobody()
            .read(|conn| Ok(conn.batch_execute("SELECT 1")?))
            .await
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
    // The work belongs to the request: its lines in the log, its records and its jobs say so.
    let (inbound, span) = (Inbound::current(), tracing::Span::current());
    let work = move || span.in_scope(|| INBOUND.sync_scope(inbound, work));
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Problem::internal)?
}
