//! A small pool: connections open on demand, callers wait their turn for a bounded time.
//!
//! A short queue is how bursts are served. A long one, or one that does not move, only makes everybody late: whoever would join
//! it is told to come back at once.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
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
/// Callers that may wait at a time; one commit takes milliseconds.
pub(super) const MOST_WAITING: usize = 256;
/// When nobody got a connection for so long, one caller waits and finds out whether it goes on; the others do not.
const STUCK: Duration = Duration::from_secs(3);

/// Bounded set of connections to one database.
#[derive(Clone)]
pub(super) struct Pool {
    shared: Arc<Shared>,
    turns: Arc<Semaphore>,
    queue: Arc<Queue>,
}

/// Callers without a connection.
struct Queue {
    since: Instant,
    waiting: AtomicUsize,
    /// When somebody got a connection last, milliseconds after `since`.
    moved_ms: AtomicU64,
}

/// A place in the queue, left when dropped.
struct Place<'a>(&'a Queue);

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
            queue: Arc::new(Queue {
                since: Instant::now(),
                waiting: AtomicUsize::new(0),
                moved_ms: AtomicU64::new(0),
            }),
        }
    }

    /// Adds a connection that is already open.
    pub(super) fn put(&self, conn: Conn) {
        self.shared.put(conn);
    }

    pub(super) async fn slot(&self) -> Result<Slot> {
        if let Some(slot) = self.free() {
            return Ok(slot);
        }
        let _place = self.queue.join()?;
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await;
        match turn {
            Ok(Ok(turn)) => Ok(self.taken(turn)),
            Ok(Err(_)) | Err(_) => Err(busy()),
        }
    }

    /// A connection, when one is free now.
    fn free(&self) -> Option<Slot> {
        let turn = Arc::clone(&self.turns).try_acquire_owned().ok()?;
        Some(self.taken(turn))
    }

    fn taken(&self, turn: OwnedSemaphorePermit) -> Slot {
        self.queue
            .moved_ms
            .store(self.queue.now_ms(), Ordering::Relaxed);
        Slot {
            shared: Arc::clone(&self.shared),
            _turn: turn,
        }
    }

    /// Callers that wait.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.queue.waiting.load(Ordering::Relaxed)
    }

    /// For code on a blocking thread of a runtime; waits in the same queue as everybody.
    pub(super) fn slot_blocking(&self) -> Result<Slot> {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            return runtime.block_on(self.slot());
        }
        if let Some(slot) = self.free() {
            return Ok(slot);
        }
        let _place = self.queue.join()?;
        for _ in 0..PATIENCE.as_millis() {
            if let Some(slot) = self.free() {
                return Ok(slot);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Err(busy())
    }
}

impl Queue {
    /// A place to wait, or at once the word that waiting is of no use.
    fn join(&self) -> Result<Place<'_>> {
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let place = Place(self);
        let still = self
            .now_ms()
            .saturating_sub(self.moved_ms.load(Ordering::Relaxed));
        let is_stuck = before > 0 && still > STUCK.as_millis() as u64;
        if is_stuck || before >= MOST_WAITING {
            return Err(busy());
        }
        Ok(place)
    }

    fn now_ms(&self) -> u64 {
        self.since.elapsed().as_millis() as u64
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
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
