//! How late a worker thread is: how long a request that is there has to wait for its turn.

use std::{cell::Cell, rc::Rc, sync::Arc, time::Duration};

use tokio::{
    sync::Notify,
    task::yield_now,
    time::{Instant, sleep_until},
};

use crate::room::{Room, WINDOW};

/// How often a busy worker looks. Timers count whole milliseconds, so a look tells up to one too much.
const EVERY: Duration = Duration::from_millis(3);

/// A look at this worker thread, as long as there is something to do.
#[derive(Clone, Default)]
pub(crate) struct Pulse {
    is_running: Rc<Cell<bool>>,
    /// In the window that is looked at.
    is_asked: Rc<Cell<bool>>,
    next: Rc<Notify>,
    is_turning: Rc<Cell<bool>>,
}

/// The least lateness since a window began.
struct Window {
    began: Instant,
    least: Duration,
}

impl Pulse {
    /// Waits until the thread has looked at every connection on which something has arrived by now.
    ///
    /// The HTTP library asks a handler more than once in a turn, so a handler that only yields goes on in the same turn.
    pub(crate) async fn turn(&self) {
        let next = self.next.notified();
        if !self.is_turning.replace(true) {
            let (all, is_turning) = (Rc::clone(&self.next), Rc::clone(&self.is_turning));
            actix_web::rt::spawn(async move {
                yield_now().await;
                is_turning.set(false);
                all.notify_waiters();
            });
        }
        next.await;
    }

    /// Looks until nobody asks any more; where somebody looks already, tells that somebody asks.
    pub(crate) fn asked(&self, room: &Arc<Room>) {
        self.is_asked.set(true);
        if self.is_running.replace(true) {
            return;
        }
        let (room, pulse) = (Arc::clone(room), self.clone());
        actix_web::rt::spawn(async move {
            room.looked_at(Instant::now().into_std());
            let mut window = Window::new(Instant::now());
            loop {
                let due = Instant::now() + EVERY;
                sleep_until(due).await;
                let now = Instant::now();
                let late = now.saturating_duration_since(due);
                let Some(least) = window.saw(late, now) else {
                    continue;
                };
                room.judge(least, now.into_std());
                if !pulse.is_asked.replace(false) {
                    break;
                }
            }
            pulse.is_running.set(false);
        });
    }
}

impl Window {
    fn new(began: Instant) -> Self {
        Self {
            began,
            least: Duration::MAX,
        }
    }

    /// The least of the window, when it ends with this look.
    fn saw(&mut self, late: Duration, now: Instant) -> Option<Duration> {
        let least = self.least.min(late);
        if now.saturating_duration_since(self.began) < WINDOW {
            self.least = least;
            return None;
        }
        *self = Self::new(now);
        Some(least)
    }
}
