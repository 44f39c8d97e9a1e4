//! Group commit.

use std::{
    io,
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use helder_platform::{
    problem::{Problem, Result},
    store::Store,
};
use tokio::sync::{mpsc, oneshot};

use super::{LogNumbers, Records, rows, segment};
use crate::PROCESSING_LOG;

/// Bounds of the log.
#[derive(Clone, Copy, Debug)]
pub struct LogSettings {
    /// Requests that may wait for the writer; one more is answered 503.
    pub queue: usize,
    /// Records in one transaction; what waits beyond that comes in the next.
    pub records_per_commit: usize,
    /// Where several requests shared the former commit, the next waits this long for their callers to come back. A commit costs
    /// about as much for thirty records as for one, so larger groups are what makes a record cheap. A lone caller never waits.
    pub linger: Duration,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            queue: 4_096,
            records_per_commit: 4_096,
            linger: Duration::from_micros(400),
        }
    }
}

struct Waiting {
    records: Records,
    done: oneshot::Sender<bool>,
}

/// The way to the writer. Cheap to clone; the writer stops when all of these are gone.
#[derive(Clone, Debug)]
pub struct Log {
    queue: mpsc::Sender<Waiting>,
    numbers: Arc<LogNumbers>,
}

impl Log {
    /// Starts the writer.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(store: Store, settings: LogSettings) -> io::Result<(Self, JoinHandle<()>)> {
        let (queue, waiting) = mpsc::channel(settings.queue.max(1));
        let numbers = Arc::new(LogNumbers::default());
        let counted = Arc::clone(&numbers);
        let writer = thread::Builder::new()
            .name("processing-log".to_owned())
            .spawn(move || write_all(&store, waiting, settings, &counted))?;
        Ok((Self { queue, numbers }, writer))
    }

    /// Numbers about it.
    pub fn numbers(&self) -> Arc<LogNumbers> {
        Arc::clone(&self.numbers)
    }

    /// Writes the records of one request; returns once they are durable.
    ///
    /// # Errors
    /// 503 when the queue is full or the log cannot be written; then none of these records is there.
    pub async fn write(&self, records: Records) -> Result<()> {
        let (done, written) = oneshot::channel();
        self.queue
            .try_send(Waiting { records, done })
            .map_err(|_| {
                Problem::unavailable(
                    "the processing log has more to write than it can; nothing was predicted",
                    1,
                )
            })?;
        match written.await {
            Ok(true) => Ok(()),
            _ => Err(unwritable()),
        }
    }
}

/// What a client reads when its record could not be kept.
pub(crate) fn unwritable() -> Problem {
    Problem::unavailable(
        "the processing log cannot be written; nothing was predicted",
        5,
    )
}

fn write_all(
    store: &Store,
    mut queue: mpsc::Receiver<Waiting>,
    settings: LogSettings,
    numbers: &LogNumbers,
) {
    let mut group: Vec<Waiting> = Vec::new();
    let mut was_shared = false;
    // One group holds the records of many organisations.
    let store = store.across(PROCESSING_LOG);
    while let Some(first) = queue.blocking_recv() {
        let taken = Instant::now();
        let mut count = first.records.len();
        group.push(first);
        if was_shared {
            thread::sleep(settings.linger);
        }
        while count < settings.records_per_commit {
            let Ok(next) = queue.try_recv() else { break };
            count += next.records.len();
            group.push(next);
        }
        was_shared = group.len() > 1;
        let segments = segment::join(group.iter().map(|waiting| &waiting.records));
        let written = store.write_blocking(|conn| rows::insert(conn, &segments));
        if let Err(problem) = &written {
            problem.log();
            tracing::error!(records = count, "the processing log cannot be written");
        }
        let durable = written.is_ok();
        numbers.wrote(count, durable, taken.elapsed(), queue.len());
        for waiting in group.drain(..) {
            // A client that went away no longer listens.
            let _ = waiting.done.send(durable);
        }
    }
}
