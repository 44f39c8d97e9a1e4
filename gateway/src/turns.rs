//! A turn of a worker thread.

use std::{cell::Cell, rc::Rc};

use tokio::{sync::Notify, task::yield_now};

/// Lets tasks wait for a turn of this worker thread.
#[derive(Clone, Default)]
pub(crate) struct Turns {
    next: Rc<Notify>,
    is_turning: Rc<Cell<bool>>,
}

impl Turns {
    /// Waits until the thread has looked at every connection on which something has arrived by now.
    ///
    /// The HTTP library asks a handler more than once in a turn, so a handler that only yields goes on in the same turn.
    pub(crate) async fn next(&self) {
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
}
