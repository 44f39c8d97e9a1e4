//! Writes many lines with one call to the system.
//!
//! A line per request is a call per request, which is a good part of what a small request costs. Lines up to `info` are
//! gathered for a moment; warnings and errors are written at once, after what came before them.

use std::{
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long a line may wait.
const MOMENT: Duration = Duration::from_millis(10);
/// Bytes that are not kept waiting any longer.
const FULL: usize = 64 << 10;

type Sink = Box<dyn Write + Send>;

/// Where lines go. What is gathered is written when the [`Gatherer`] is dropped.
#[derive(Clone)]
pub(super) struct Gathered {
    shared: Arc<Shared>,
}

/// The thread that writes.
pub(super) struct Gatherer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    lines: Mutex<Lines>,
    some: Condvar,
    sink: Mutex<Sink>,
}

#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    has_ended: bool,
}

impl Gathered {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn to(sink: Sink) -> io::Result<(Self, Gatherer)> {
        let shared = Arc::new(Shared {
            lines: Mutex::default(),
            some: Condvar::new(),
            sink: Mutex::new(sink),
        });
        let writer = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || writer.write_until_the_end())?;
        let gatherer = Gatherer {
            shared: Arc::clone(&shared),
            thread: Some(thread),
        };
        Ok((Self { shared }, gatherer))
    }
}

impl Shared {
    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_until_the_end(&self) {
        let mut has_ended = false;
        while !has_ended {
            let mut lines = self.lines();
            while lines.bytes.is_empty() && !lines.has_ended {
                lines = self
                    .some
                    .wait(lines)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            has_ended = lines.has_ended;
            drop(lines);
            if !has_ended {
                thread::sleep(MOMENT);
            }
            self.flush();
        }
    }

    /// Writes what is gathered, in order.
    fn flush(&self) {
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = std::mem::take(&mut self.lines().bytes);
        // Where the log itself cannot be written there is nobody to tell.
        let _ = sink.write_all(&bytes).and_then(|()| sink.flush());
    }
}

impl Drop for Gatherer {
    fn drop(&mut self) {
        self.shared.lines().has_ended = true;
        self.shared.some.notify_one();
        if let Some(thread) = self.thread.take() {
            // It has written everything, or panicked and said so.
            let _ = thread.join();
        }
    }
}

/// One line.
pub(super) struct Line<'a> {
    shared: &'a Shared,
    is_urgent: bool,
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut lines = self.shared.lines();
        let was_empty = lines.bytes.is_empty();
        lines.bytes.extend_from_slice(bytes);
        let is_due = self.is_urgent || lines.bytes.len() >= FULL || lines.has_ended;
        drop(lines);
        if is_due {
            self.shared.flush();
        } else if was_empty {
            self.shared.some.notify_one();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Gathered {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line {
            shared: &self.shared,
            is_urgent: true,
        }
    }

    fn make_writer_for(&'a self, said: &Metadata<'_>) -> Line<'a> {
        Line {
            shared: &self.shared,
            is_urgent: *said.level() <= Level::WARN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<Vec<u8>>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().push(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn line(to: &Gathered, is_urgent: bool) -> Line<'_> {
        Line {
            shared: &to.shared,
            is_urgent,
        }
    }

    #[test]
    fn no_line_is_lost_and_the_order_stays() {
        let kept = Kept::default();
        let (lines, gatherer) = Gathered::to(Box::new(kept.clone())).unwrap();
        for number in 0..1000 {
            writeln!(line(&lines, false), "{number}").unwrap();
        }
        drop(gatherer);
        writeln!(line(&lines, false), "after the end").unwrap();
        let pieces = kept.0.lock().unwrap();
        let text = String::from_utf8(pieces.concat()).unwrap();
        let mut lines = text.lines();
        for number in 0..1000 {
            assert_eq!(lines.next(), Some(number.to_string().as_str()));
        }
        assert_eq!(lines.collect::<Vec<_>>(), ["after the end"]);
        assert!(pieces.len() < 500, "{} calls", pieces.len());
    }

    #[test]
    fn a_warning_is_written_at_once_after_what_came_before() {
        let kept = Kept::default();
        let (lines, _gatherer) = Gathered::to(Box::new(kept.clone())).unwrap();
        line(&lines, false).write_all(b"before\n").unwrap();
        line(&lines, true).write_all(b"warning\n").unwrap();
        let text = kept.0.lock().unwrap().concat();
        assert_eq!(text, b"before\nwarning\n");
    }
}
