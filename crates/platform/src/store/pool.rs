//! A small pool: connections open on demand, callers wait their turn for a bounded time.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    Conn,
    connection::{Mode, Target, begin, connect, finish},
    scope::Scope,
};
use crate::problem::{Problem, Result};

/// How long a request waits for a connection before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bounded set of connections to one database.
#[derive(Clone)]
pub(super) struct Pool {
    shared: Arc<Shared>,
    turns: Arc<Semaphore>,
}

struct Shared {
    target: Target,
    mode: Mode,
    idle: Mutex<Vec<Conn>>,
}

/// The right to use one connection.
pub(super) struct Slot {
    shared: Arc<Shared>,
    _turn: OwnedSemaphorePermit,
}

impl Pool {
    pub(super) fn new(target: Target, size: usize, mode: Mode) -> Self {
        let shared = Shared {
            target,
            mode,
            idle: Mutex::new(Vec::with_capacity(size)),
        };
        Self {
            shared: Arc::new(shared),
            turns: Arc::new(Semaphore::new(size)),
        }
    }

    /// Adds a connection that is already open.
    pub(super) fn put(&self, conn: Conn) {
        self.shared.put(conn);
    }

    pub(super) async fn slot(&self) -> Result<Slot> {
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await;
        match turn {
            Ok(Ok(turn)) => Ok(Slot {
                shared: Arc::clone(&self.shared),
                _turn: turn,
            }),
            Ok(Err(_)) | Err(_) => Err(busy()),
        }
    }

    /// For code on a blocking thread of a runtime; waits in the same queue as everybody.
    pub(super) fn slot_blocking(&self) -> Result<Slot> {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            return runtime.block_on(self.slot());
        }
        for _ in 0..PATIENCE.as_millis() {
            if let Ok(turn) = Arc::clone(&self.turns).try_acquire_owned() {
                return Ok(Slot {
                    shared: Arc::clone(&self.shared),
                    _turn: turn,
                });
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Err(busy())
    }
}

impl Slot {
    /// Runs `work` in a transaction; a connection that is broken, or in use when `work` panics, is not used again.
    pub(super) fn run<T>(
        self,
        scope: &Scope,
        work: impl FnOnce(&mut Conn) -> Result<T>,
    ) -> Result<T> {
        let mut conn = self.begun(scope)?;
        let (outcome, good) = finish(&mut conn, work);
        if good {
            self.shared.put(conn);
        }
        outcome
    }

    /// A connection in a fresh transaction. Connections that a restarted server has forgotten are thrown away.
    fn begun(&self, scope: &Scope) -> Result<Conn> {
        let mode = self.shared.mode;
        while let Some(mut conn) = self.shared.take() {
            match begin(&mut conn, mode, scope) {
                Ok(()) => return Ok(conn),
                // An embedded database forgets nobody: it is busy, and another connection would find it as busy.
                Err(error) if matches!(conn, Conn::Sqlite(_)) => {
                    self.shared.put(conn);
                    return Err(error.into());
                }
                Err(error) => tracing::info!(%error, "a database connection was lost while idle"),
            }
        }
        let mut conn = connect(&self.shared.target, mode).map_err(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "database is away");
            Problem::unavailable("the database is away", 2)
        })?;
        begin(&mut conn, mode, scope)?;
        Ok(conn)
    }
}

impl Shared {
    fn take(&self) -> Option<Conn> {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
    }

    fn put(&self, conn: Conn) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(conn);
    }
}

fn busy() -> Problem {
    Problem::unavailable("the database is busy", 1)
}
