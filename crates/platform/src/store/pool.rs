//! A small pool: connections open on demand, callers wait their turn for a bounded time.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use diesel::{Connection, connection::TransactionManager};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    Conn,
    connection::{Target, connect},
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
    read_only: bool,
    idle: Mutex<Vec<Conn>>,
}

/// The right to use one connection.
pub(super) struct Slot {
    shared: Arc<Shared>,
    _turn: OwnedSemaphorePermit,
}

impl Pool {
    pub(super) fn new(target: Target, size: usize, read_only: bool) -> Self {
        let shared = Shared {
            target,
            read_only,
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
    /// Runs `work` on a connection; a broken one, or one in use when `work` panics, is closed and not used again.
    pub(super) fn run<T>(self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let idle = self
            .shared
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let mut conn = match idle {
            Some(conn) => conn,
            None => connect(&self.shared.target, self.shared.read_only).map_err(|error| {
                tracing::warn!(error = &error as &dyn std::error::Error, "database is away");
                Problem::unavailable("the database is away", 2)
            })?,
        };
        let outcome = work(&mut conn);
        if !<Conn as Connection>::TransactionManager::is_broken_transaction_manager(&mut conn) {
            self.shared.put(conn);
        }
        outcome
    }
}

impl Shared {
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
