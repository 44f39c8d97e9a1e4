//! A service as the gateway sees it: where it is, how many requests wait for it, and whether it hangs.

use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use helder_platform::problem::{Problem, Result};
use http::Uri;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Requests in a row that waited in vain before a service counts as hanging.
const IN_VAIN: u32 = 3;
/// A hanging service is asked this often whether it is back, with one request of a client.
const BETWEEN_PROBES: Duration = Duration::from_secs(1);
/// A refusal that comes sooner does not hold anybody up.
const QUICK: Duration = Duration::from_secs(1);

/// A service and what its last answers say of it.
pub(crate) struct Upstream {
    /// `http://127.0.0.1:1234`, without a path.
    pub(crate) base: Uri,
    room: Semaphore,
    since: Instant,
    /// When it answered last, milliseconds after `since`.
    answered_ms: AtomicU64,
    in_vain: AtomicU32,
    /// When a hanging service may be asked again, milliseconds after `since`.
    probe_ms: AtomicU64,
}

/// The right to ask once.
pub(crate) struct Pass<'a> {
    upstream: &'a Upstream,
    asked_ms: u64,
    _room: SemaphorePermit<'a>,
}

impl Upstream {
    /// * `at_once` – requests that may wait for its answer at a time
    pub(crate) fn new(base: Uri, at_once: usize) -> Self {
        Self {
            base,
            room: Semaphore::new(at_once.clamp(1, Semaphore::MAX_PERMITS)),
            since: Instant::now(),
            answered_ms: AtomicU64::new(0),
            in_vain: AtomicU32::new(0),
            probe_ms: AtomicU64::new(0),
        }
    }

    /// Lets a request through, or says at once why not: too many wait already, or the service hangs and another request is
    /// finding out whether it is back.
    pub(crate) fn enter(&self) -> Result<Pass<'_>> {
        let room = self
            .room
            .try_acquire()
            .map_err(|_| Problem::unavailable("the service is busy; ask again later", 1))?;
        let asked_ms = self.now_ms();
        if self.in_vain.load(Ordering::Relaxed) >= IN_VAIN {
            let due = self.probe_ms.load(Ordering::Relaxed);
            let next = asked_ms + BETWEEN_PROBES.as_millis() as u64;
            let is_mine = asked_ms >= due
                && self
                    .probe_ms
                    .compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed)
                    .is_ok();
            if !is_mine {
                return Err(Problem::unavailable(
                    "the service does not answer; ask again later",
                    2,
                ));
            }
        }
        Ok(Pass {
            upstream: self,
            asked_ms,
            _room: room,
        })
    }

    fn now_ms(&self) -> u64 {
        // One more, so that no time is the nought of "never".
        self.since.elapsed().as_millis() as u64 + 1
    }
}

impl Pass<'_> {
    /// The service answered, whatever it said.
    pub(crate) fn answered(&self) {
        let now = self.upstream.now_ms();
        self.upstream.answered_ms.store(now, Ordering::Relaxed);
        if self.upstream.in_vain.swap(0, Ordering::Relaxed) >= IN_VAIN {
            tracing::info!(service = %self.upstream.base, "a service answers again");
        }
    }

    /// No answer came. It counts against the service when the client had to wait for that and nobody else was answered
    /// meanwhile: one slow operation beside others that work does not shut a service off.
    pub(crate) fn waited_in_vain(&self) {
        let upstream = self.upstream;
        let now = upstream.now_ms();
        let was_quick = now - self.asked_ms < QUICK.as_millis() as u64;
        if was_quick || upstream.answered_ms.load(Ordering::Relaxed) >= self.asked_ms {
            return;
        }
        let next = now + BETWEEN_PROBES.as_millis() as u64;
        upstream.probe_ms.store(next, Ordering::Relaxed);
        if upstream.in_vain.fetch_add(1, Ordering::Relaxed) + 1 == IN_VAIN {
            tracing::warn!(service = %upstream.base, "a service hangs; requests for it are refused until it answers");
        }
    }
}
