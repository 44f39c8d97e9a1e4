//! What a handler sees of its job.

use std::{
    future::Future,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
};

use helder_types::{Caller, OrganisationId, job::JobLearning};
use serde::de::DeserializeOwned;
use tokio::runtime::Handle;
use uuid::Uuid;

use super::lease::{self, Leased, Position};
use crate::{
    clock,
    logboek::Status,
    problem::{Problem, Result},
    store::{Conn, ScopedStore},
};

/// Why a handler must stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Stop {
    Not = 0,
    Cancelled = 1,
    Lost = 2,
    ShuttingDown = 3,
}

/// State shared between the handler's thread and the heartbeat.
pub(super) struct Shared {
    pub(super) leased: Leased,
    stop: AtomicU8,
    pub(super) succeeded: AtomicBool,
    position: Mutex<Position>,
}

impl Shared {
    pub(super) fn new(leased: Leased) -> Self {
        let position = Position {
            stage: "started".to_owned(),
            since: clock::now(),
            ..Position::default()
        };
        Self {
            leased,
            stop: AtomicU8::new(0),
            succeeded: AtomicBool::new(false),
            position: Mutex::new(position),
        }
    }

    pub(super) fn position(&self) -> Position {
        self.position
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The first reason to stop stays.
    pub(super) fn stop(&self, why: Stop) {
        let _ = self
            .stop
            .compare_exchange(0, why as u8, Ordering::AcqRel, Ordering::Acquire);
    }

    pub(super) fn stopped(&self) -> Stop {
        match self.stop.load(Ordering::Acquire) {
            0 => Stop::Not,
            1 => Stop::Cancelled,
            2 => Stop::Lost,
            _ => Stop::ShuttingDown,
        }
    }
}

/// One run of a job. Cheap to clone, may be sent to other threads of the handler.
#[derive(Clone)]
pub struct JobContext {
    pub(super) shared: Arc<Shared>,
    pub(super) caller: Caller,
    pub(super) id: Uuid,
    pub(super) store: ScopedStore,
    pub(super) runtime: Handle,
}

impl JobContext {
    /// The job's identifier, the same in every try; right for naming what the job makes.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Who asked for the work.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Whose work it is.
    pub fn organisation(&self) -> &OrganisationId {
        &self.caller.organisation
    }

    /// Which attempt this is, from 1; after the first, a former worker ended without finishing the job.
    pub fn attempt(&self) -> u32 {
        u32::try_from(self.shared.leased.row.leases + 1).unwrap_or(u32::MAX)
    }

    /// What was given to [`super::enqueue`].
    ///
    /// # Errors
    /// When it does not fit `T`.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.shared.leased.row.payload).map_err(Problem::internal)
    }

    /// Shows how far the work is; cheap, may be called for every batch.
    ///
    /// * `stage` – what is being done, for a person   * `total` – 0 while unknown   * `unit` – `rows`, `bytes`, `pairs` …
    pub fn progress(&self, stage: &str, done: u64, total: u64, unit: &str) {
        let mut position = self
            .shared
            .position
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if position.stage != stage {
            stage.clone_into(&mut position.stage);
            position.since = clock::now();
        }
        if position.unit != unit {
            unit.clone_into(&mut position.unit);
        }
        position.done = done;
        position.total = total;
    }

    /// Shows how learning goes. Losses must be numbers.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn learning(&self, learning: &JobLearning) -> Result<()> {
        let text = serde_json::to_string(learning).map_err(Problem::internal)?;
        let mut position = self
            .shared
            .position
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        position.learning = Some(text);
        Ok(())
    }

    /// To be asked between batches; pass its error on with `?`.
    ///
    /// # Errors
    /// When the job was cancelled, the lease was lost, or the process is stopping.
    pub fn checkpoint(&self) -> Result<()> {
        match self.shared.stopped() {
            Stop::Not => Ok(()),
            Stop::Cancelled => Err(Problem::conflict("job-cancelled", "the job was cancelled")),
            Stop::Lost => Err(lease_lost()),
            Stop::ShuttingDown => Err(Problem::unavailable(
                "the service is stopping; the job goes on later",
                1,
            )),
        }
    }

    /// Whether [`JobContext::succeed`] has ended the job.
    pub fn has_succeeded(&self) -> bool {
        self.shared.succeeded.load(Ordering::Acquire)
    }

    /// How a job that was stopped stands in the log of processing: a person stopped it, or another worker goes on with it.
    pub(crate) fn ended_by_request(&self) -> Option<Status> {
        match self.shared.stopped() {
            Stop::Not => None,
            Stop::Cancelled => Some(Status::Ok),
            Stop::Lost | Stop::ShuttingDown => Some(Status::Unset),
        }
    }

    /// The rows of the job's organisation in the service's database; use the `_blocking` calls.
    pub fn store(&self) -> &ScopedStore {
        &self.store
    }

    /// Waits for a future, such as a call to another service or an object read.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// Ends the job: `effect` and the end of the job are one transaction, and only the holder of the lease gets it done.
    ///
    /// `effect` writes what the job made and answers its public path (`/ingest/v1/dataset-versions/…`).
    ///
    /// # Errors
    /// What `effect` returns, or a 503 when another worker has the lease; in both cases nothing is written.
    pub fn succeed(&self, effect: impl FnOnce(&mut Conn) -> Result<String>) -> Result<()> {
        self.checkpoint()?;
        let leased = &self.shared.leased;
        self.store.write_blocking(|conn| {
            if !lease::fence(conn, leased)? {
                return Err(lease_lost());
            }
            let result = effect(conn)?;
            lease::succeeded(conn, leased, Some(&result))
        })?;
        self.shared.succeeded.store(true, Ordering::Release);
        Ok(())
    }
}

fn lease_lost() -> Problem {
    Problem::unavailable("another worker has taken this job", 1)
}
