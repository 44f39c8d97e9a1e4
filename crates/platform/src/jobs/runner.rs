//! The worker loop of a service.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
    time::Duration,
};

use actix_web::http::StatusCode;
use helder_types::Caller;
use tokio::{
    sync::{Semaphore, watch},
    task::{JoinHandle, JoinSet},
    time::{Instant, sleep, timeout},
};
use tracing::Span;

use super::{
    HEARTBEAT, JobContext, LEASE,
    background::background,
    context::{Shared, Stop},
    lease::{self, Beat, Leased},
};
use crate::{
    idempotency,
    problem::{Problem, Result},
    store::{ScopedStore, Store, Work},
    trace::{self, INBOUND, Inbound, TraceParent},
};

/// How often a running job is asked whether somebody wants it to stop.
const LOOK: Duration = Duration::from_millis(200);
/// How long a handler may take to notice before its job ends as cancelled without it.
const GRACE: Duration = Duration::from_millis(300);

/// Does one kind of job.
///
/// Runs on a thread that lets others go first and may run again from the start after a crash, so it makes nothing visible before
/// [`JobContext::succeed`] (writing content-addressed objects is fine: the second try writes the same ones).
pub trait JobHandler: Send + Sync + 'static {
    /// The kind given to [`super::enqueue`].
    fn kind(&self) -> &'static str;

    /// Does the work and ends it with [`JobContext::succeed`].
    ///
    /// # Errors
    /// 4xx: the job has failed and this is why. Anything else: it is tried again.
    fn run(&self, job: &JobContext) -> Result<()>;
}

/// Times of a [`Runner`]; tests make them short.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How long a lease holds without a heartbeat.
    pub lease: Duration,
    /// How often a lease is renewed.
    pub heartbeat: Duration,
    /// How often to look for jobs of other processes and for dead workers.
    pub poll: Duration,
    /// Pause after the first fault; doubles with each.
    pub pause: Duration,
    /// Jobs at a time in this process.
    pub parallel: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            lease: LEASE,
            heartbeat: HEARTBEAT,
            poll: Duration::from_secs(2),
            pause: Duration::from_secs(1),
            parallel: 2,
        }
    }
}

/// The workers of one service in one process.
pub struct Runner {
    stop: watch::Sender<bool>,
    main: JoinHandle<()>,
}

struct Worker {
    store: Store,
    handlers: BTreeMap<&'static str, Arc<dyn JobHandler>>,
    pace: Pace,
    stop: watch::Receiver<bool>,
    /// Organisation whose job was taken last.
    last: Mutex<Option<String>>,
}

impl Runner {
    /// Starts working on the jobs of these kinds. On the embedded database, which one process owns, the leases of the
    /// dead former process are taken over at once.
    ///
    /// # Errors
    /// Database errors.
    pub async fn start(
        store: &Store,
        handlers: Vec<Arc<dyn JobHandler>>,
        pace: Pace,
    ) -> Result<Self> {
        let freed = if store.is_embedded() {
            store.across(Work::LEASE).write(lease::free_all).await?
        } else {
            0
        };
        if freed > 0 {
            tracing::info!(jobs = freed, "taking up the jobs of the former process");
        }
        Ok(Self::start_beside_others(store, handlers, pace))
    }

    /// [`Runner::start`] where other living workers share the database.
    pub fn start_beside_others(
        store: &Store,
        handlers: Vec<Arc<dyn JobHandler>>,
        pace: Pace,
    ) -> Self {
        // Before anybody computes in parallel.
        background();
        let (stop, stopped) = watch::channel(false);
        let handlers = handlers
            .into_iter()
            .map(|handler| (handler.kind(), handler))
            .collect();
        let worker = Arc::new(Worker {
            store: store.clone(),
            handlers,
            pace,
            stop: stopped,
            last: Mutex::default(),
        });
        Self {
            stop,
            main: tokio::spawn(worker.main()),
        }
    }

    /// Stops taking jobs, asks running ones to stop at their next checkpoint, gives them back and returns when all are
    /// back or `patience` is over. What is not back is taken up by the next process.
    pub async fn stop(self, patience: Duration) {
        self.stop.send_replace(true);
        if timeout(patience, self.main).await.is_err() {
            tracing::warn!("a job did not stop in time; the next process takes it up");
        }
    }
}

impl Worker {
    async fn main(self: Arc<Self>) {
        let slots = Arc::new(Semaphore::new(self.pace.parallel));
        let mut running = JoinSet::new();
        let mut stop = self.stop.clone();
        let mut purged = Instant::now();
        while !*stop.borrow() {
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
                break;
            };
            // The others, when nothing runs: a job that may end this process gets them, too.
            let others = self.pace.parallel.saturating_sub(1) as u32;
            let others = Arc::clone(&slots).try_acquire_many_owned(others).ok();
            match self.take(others.is_some()).await {
                Ok(Some(leased)) => {
                    let worker = Arc::clone(&self);
                    let others = others.filter(|_| leased.is_suspect());
                    running.spawn(async move {
                        worker.run(leased).await;
                        drop((slot, others));
                    });
                    continue;
                }
                Ok(None) => {}
                Err(problem) => problem.log(),
            }
            drop((slot, others));
            while running.try_join_next().is_some() {}
            if purged.elapsed() > Duration::from_mins(10) {
                purged = Instant::now();
                let expired = self.store.across(Work::EXPIRY);
                if let Err(problem) = expired.write(idempotency::purge).await {
                    problem.log();
                }
            }
            tokio::select! {
                () = self.store.announced() => {}
                () = sleep(self.pace.poll) => {}
                // Nobody holds the other end any more, as when the program could not start: nobody wants jobs done.
                changed = stop.changed() => if changed.is_err() {
                    break;
                },
            }
        }
        while running.join_next().await.is_some() {}
    }

    async fn take(&self, is_idle: bool) -> Result<Option<Leased>> {
        let kinds: Vec<_> = self.handlers.keys().copied().collect();
        if kinds.is_empty() {
            return Ok(None);
        }
        let (lease, last) = (self.pace.lease, self.last().clone());
        let taken = self
            .store
            .across(Work::LEASE)
            .write(move |conn| lease::take(conn, &kinds, lease, last.as_deref(), is_idle))
            .await?;
        if let Some(leased) = &taken {
            *self.last() = Some(leased.row.organisation.clone());
        }
        Ok(taken)
    }

    fn last(&self) -> MutexGuard<'_, Option<String>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(&self, leased: Leased) {
        let shared = Arc::new(Shared::new(leased));
        let row = &shared.leased.row;
        let Some(handler) = self.handlers.get(row.kind.as_str()).cloned() else {
            return;
        };
        let (Ok(caller), Ok(id)) = (serde_json::from_str::<Caller>(&row.caller), row.id.parse())
        else {
            tracing::error!(job = %row.id, "job row cannot be read");
            return;
        };
        let own = self.store.of(&caller.organisation);
        tracing::info!(job = %row.id, kind = %row.kind, lease = row.leases + 1, "job started");
        let jobs = background();
        let context = JobContext {
            shared: Arc::clone(&shared),
            caller,
            id,
            store: own.clone(),
            runtime: jobs.clone(),
        };
        let parent = row.traceparent.as_deref().and_then(TraceParent::parse);
        let inbound = Inbound::new(parent, row.calling_act.as_deref().or(Some("none")));
        let span = if trace::is_seen() {
            tracing::info_span!("job", kind = %row.kind, job = %row.id)
        } else {
            Span::none()
        };
        trace::follow(&span, parent);
        let work = jobs.spawn_blocking(move || {
            span.in_scope(|| INBOUND.sync_scope(inbound, || handler.run(&context)))
        });
        let outcome = tokio::select! {
            outcome = work => outcome.unwrap_or_else(|panic| Err(Problem::internal(panic))),
            never = self.keep(&shared, &own) => match never {},
        };
        self.settle(&shared, &own, outcome).await;
    }

    /// Renews the lease and passes on reasons to stop, until dropped.
    ///
    /// A job that was asked to stop and whose handler has not come by a checkpoint after [`GRACE`] ends as cancelled all the same: it
    /// loses its lease, so that nothing it does later counts, and its place is free when the handler notices.
    async fn keep(&self, shared: &Arc<Shared>, own: &ScopedStore) -> std::convert::Infallible {
        let mut stop = self.stop.clone();
        let mut shown = shared.position();
        let (mut told, mut due) = (Instant::now(), Instant::now() + self.pace.heartbeat);
        let mut cancelled: Option<Instant> = None;
        let telling = self.pace.heartbeat / 6;
        let tick = LOOK.min(telling).max(Duration::from_millis(5));
        loop {
            tokio::select! {
                () = sleep(tick) => {}
                changed = stop.changed() => if changed.is_err() {
                    shared.stop(Stop::ShuttingDown);
                    sleep(tick).await;
                },
            }
            if *stop.borrow() {
                shared.stop(Stop::ShuttingDown);
            }
            if let Some(since) = cancelled {
                if since.elapsed() >= GRACE.min(telling) {
                    let ending = Arc::clone(shared);
                    let written = own.write(move |conn| lease::cancelled(conn, &ending.leased));
                    match written.await {
                        Ok(()) => std::future::pending().await,
                        Err(problem) => problem.log(),
                    }
                }
                continue;
            }
            let position = shared.position();
            let is_news = position != shown && told.elapsed() >= telling;
            if Instant::now() < due && !is_news {
                // Nothing to tell; but whoever asks to stop must not wait for a heartbeat.
                let looking = Arc::clone(shared);
                let asked = own.read(move |conn| lease::cancel_asked(conn, &looking.leased));
                if let Ok(true) = asked.await {
                    shared.stop(Stop::Cancelled);
                    cancelled = Some(Instant::now());
                }
                continue;
            }
            let (beating, at, lease) = (Arc::clone(shared), position.clone(), self.pace.lease);
            match own
                .write(move |conn| lease::beat(conn, &beating.leased, &at, lease))
                .await
            {
                Ok(Beat::Held) => {}
                Ok(Beat::CancelAsked) => {
                    shared.stop(Stop::Cancelled);
                    cancelled = Some(Instant::now());
                }
                Ok(Beat::Lost) => shared.stop(Stop::Lost),
                // The database is away: the next beat tries again; if it stays away the fence decides.
                Err(problem) => problem.log(),
            }
            shown = position;
            told = Instant::now();
            due = told + self.pace.heartbeat;
        }
    }

    /// Writes how the run ended. When the database is away, the lease runs out and the job is taken up again.
    async fn settle(&self, shared: &Arc<Shared>, own: &ScopedStore, outcome: Result<()>) {
        let id = shared.leased.row.id.clone();
        let pause = self.pace.pause;
        let (problem, why) = match outcome {
            Ok(()) if shared.succeeded.load(Ordering::Acquire) => {
                tracing::info!(job = %id, "job succeeded");
                return;
            }
            Ok(()) => (
                Problem::internal("the handler ended without an outcome"),
                shared.stopped(),
            ),
            Err(problem) => (problem, shared.stopped()),
        };
        // The end was written although a later step failed.
        if shared.succeeded.load(Ordering::Acquire) {
            problem.log();
            return;
        }
        let details = problem.details();
        let status = problem.status();
        let shared = Arc::clone(shared);
        let written = own.write(move |conn| {
            let leased = &shared.leased;
            match why {
                Stop::Lost => Ok(()),
                Stop::Cancelled => lease::cancelled(conn, leased),
                Stop::ShuttingDown if status == StatusCode::SERVICE_UNAVAILABLE => {
                    lease::released(conn, leased)
                }
                _ if status.is_client_error() => lease::failed(conn, leased, &details),
                _ => lease::faulted(conn, leased, &details, pause),
            }
        });
        if status.is_client_error() || why != Stop::Not {
            tracing::info!(job = %id, %problem, ?why, "job ended without result");
        } else {
            problem.log();
            tracing::warn!(job = %id, "job met a fault");
        }
        if let Err(problem) = written.await {
            problem.log();
        }
    }
}
