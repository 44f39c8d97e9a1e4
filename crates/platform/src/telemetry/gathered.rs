//! Writes many lines with one call to the system, from a thread of its own.
//!
//! A line per request is a call per request, which is a good part of what a small request costs. Lines up to `info` are
//! gathered for a moment; warnings and errors are written at once, after what came before them.
//!
//! A log that cannot be written costs lines and never an answer: on a disk that is full they are dropped, and when whoever reads
//! the log hangs, so many are kept and the rest is dropped. What is dropped is counted, and no line is glued to half of another.

use std::{
    io::{self, ErrorKind, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

use crate::metrics::Counter;

/// Lines that nobody will read.
pub(super) static DROPPED: Counter = Counter::new();

/// How long a line may wait.
const MOMENT: Duration = Duration::from_millis(10);
/// Bytes that are not kept waiting any longer.
const FULL: usize = 64 << 10;
/// Bytes that are kept while nothing can be written; more is dropped.
const MOST: usize = 4 << 20;
/// How long a warning waits until it is written. Longer, and the log counts as stuck: then nobody waits for it.
const AT_ONCE: Duration = Duration::from_millis(100);
/// How long the end of the process waits for the last lines.
const AT_THE_END: Duration = Duration::from_secs(2);

type Sink = Box<dyn Write + Send>;

/// Where lines go. What is gathered is written when the [`Gatherer`] is dropped.
#[derive(Clone)]
pub(super) struct Gathered {
    shared: Arc<Shared>,
}

/// The thread that writes.
pub(super) struct Gatherer {
    shared: Arc<Shared>,
}

struct Shared {
    lines: Mutex<Lines>,
    /// There is something to write.
    some: Condvar,
    /// Something was written.
    written: Condvar,
    sink: Mutex<Torn>,
}

#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    /// Nothing of it can wait.
    is_due: bool,
    /// Bytes handed in since the start, and of those the ones the thread is done with.
    given: u64,
    done: u64,
    is_stuck: bool,
    has_ended: bool,
    is_gone: bool,
}

/// A place to write, which may have taken half a line.
struct Torn {
    sink: Sink,
    is_torn: bool,
}

impl Gathered {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn to(sink: Sink) -> io::Result<(Self, Gatherer)> {
        let sink = Torn {
            sink,
            is_torn: false,
        };
        let shared = Arc::new(Shared {
            lines: Mutex::default(),
            some: Condvar::new(),
            written: Condvar::new(),
            sink: Mutex::new(sink),
        });
        let writer = Arc::clone(&shared);
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || writer.write_until_the_end())?;
        let gatherer = Gatherer {
            shared: Arc::clone(&shared),
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
            let is_quiet = |lines: &mut Lines| lines.bytes.is_empty() && !lines.has_ended;
            let lines = self
                .some
                .wait_while(self.lines(), is_quiet)
                .unwrap_or_else(PoisonError::into_inner);
            let can_wait = |lines: &mut Lines| !lines.is_due && !lines.has_ended;
            let (lines, _) = self
                .some
                .wait_timeout_while(lines, MOMENT, can_wait)
                .unwrap_or_else(PoisonError::into_inner);
            has_ended = lines.has_ended;
            drop(lines);
            self.flush();
        }
        self.lines().is_gone = true;
        self.written.notify_all();
    }

    /// Writes what is gathered, in order.
    fn flush(&self) {
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines = self.lines();
        let bytes = std::mem::take(&mut lines.bytes);
        lines.is_due = false;
        let given = lines.given;
        drop(lines);
        sink.write(&bytes);
        drop(sink);
        let mut lines = self.lines();
        lines.done = lines.done.max(given);
        lines.is_stuck = false;
        drop(lines);
        self.written.notify_all();
    }
}

impl Torn {
    fn write(&mut self, bytes: &[u8]) {
        let mut left = bytes;
        if self.is_torn && !left.is_empty() {
            if self.some_of(b"\n") != Some(1) {
                return lost(left);
            }
            self.is_torn = false;
        }
        while !left.is_empty() {
            let Some(count) = self.some_of(left) else {
                // Where the log itself cannot be written there is nobody to tell.
                return lost(left);
            };
            self.is_torn = left.get(count.wrapping_sub(1)) != Some(&b'\n');
            left = left.get(count..).unwrap_or_default();
        }
        // What was taken is written.
        let _ = self.sink.flush();
    }

    /// How much was taken; none when nothing more will be.
    fn some_of(&mut self, bytes: &[u8]) -> Option<usize> {
        loop {
            match self.sink.write(bytes) {
                Ok(0) => return None,
                Ok(count) => return Some(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
    }
}

fn lost(bytes: &[u8]) {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').count();
    DROPPED.add(lines as u64);
}

impl Drop for Gatherer {
    fn drop(&mut self) {
        let mut lines = self.shared.lines();
        lines.has_ended = true;
        self.shared.some.notify_one();
        // It writes everything, unless nobody takes it.
        drop(
            self.shared
                .written
                .wait_timeout_while(lines, AT_THE_END, |lines| !lines.is_gone),
        );
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
        if lines.bytes.len() + bytes.len() > MOST {
            drop(lines);
            lost(bytes);
            return Ok(bytes.len());
        }
        let was_empty = lines.bytes.is_empty();
        lines.bytes.extend_from_slice(bytes);
        lines.given += bytes.len() as u64;
        if lines.is_gone {
            drop(lines);
            self.shared.flush();
            return Ok(bytes.len());
        }
        let is_due = self.is_urgent || lines.bytes.len() >= FULL;
        if was_empty || (is_due && !lines.is_due) {
            self.shared.some.notify_one();
        }
        lines.is_due |= is_due;
        if self.is_urgent && !lines.is_stuck {
            let mine = lines.given;
            let since = Instant::now();
            let (mut lines, _) = self
                .shared
                .written
                .wait_timeout_while(lines, AT_ONCE, |lines| lines.done < mine)
                .unwrap_or_else(PoisonError::into_inner);
            lines.is_stuck |= lines.done < mine && since.elapsed() >= AT_ONCE;
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

    /// As the subscriber does: a whole line at a time.
    fn say(to: &Gathered, is_urgent: bool, text: &str) {
        line(to, is_urgent).write_all(text.as_bytes()).unwrap();
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

    /// Takes so many bytes, then says what it is told to; or hangs until it may go on.
    #[derive(Clone)]
    struct Bad {
        kept: Kept,
        room: Arc<Mutex<usize>>,
        may_go_on: Arc<(Mutex<bool>, Condvar)>,
    }

    impl Bad {
        fn new(room: usize, may_go_on: bool) -> Self {
            Self {
                kept: Kept::default(),
                room: Arc::new(Mutex::new(room)),
                may_go_on: Arc::new((Mutex::new(may_go_on), Condvar::new())),
            }
        }

        fn go_on(&self) {
            *self.may_go_on.0.lock().unwrap() = true;
            self.may_go_on.1.notify_all();
        }

        fn text(&self) -> String {
            String::from_utf8(self.kept.0.lock().unwrap().concat()).unwrap()
        }
    }

    impl Write for Bad {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let may = self.may_go_on.0.lock().unwrap();
            drop(self.may_go_on.1.wait_while(may, |may| !*may).unwrap());
            let mut room = self.room.lock().unwrap();
            let taken = bytes.len().min(*room);
            if taken == 0 {
                return Err(ErrorKind::StorageFull.into());
            }
            *room -= taken;
            self.kept.write(&bytes[..taken])
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_costs_lines_and_no_line_is_glued_to_half_of_another() {
        let bad = Bad::new(25, true);
        let before = DROPPED.get();
        let (lines, gatherer) = Gathered::to(Box::new(bad.clone())).unwrap();
        for number in 0..5 {
            say(&lines, true, &format!("line no. {number}\n"));
        }
        assert_eq!(bad.text(), "line no. 0\nline no. 1\nlin");
        *bad.room.lock().unwrap() = 1_000;
        say(&lines, true, "again\n");
        drop(gatherer);
        assert_eq!(bad.text(), "line no. 0\nline no. 1\nlin\nagain\n");
        assert!(DROPPED.get() >= before + 3);
    }

    #[test]
    fn a_log_that_hangs_holds_nobody_up_and_what_does_not_fit_is_dropped() {
        let bad = Bad::new(usize::MAX, false);
        let before = DROPPED.get();
        let (lines, gatherer) = Gathered::to(Box::new(bad.clone())).unwrap();
        let text = "x".repeat(1_000);
        // The second and later warnings would each wait, did nobody learn from the first.
        for number in 0..20_000 {
            say(&lines, number % 10 == 0, &format!("{number} {text}\n"));
        }
        assert!(lines.shared.lines().bytes.len() <= MOST);
        let dropped = DROPPED.get() - before;
        assert!(dropped > 10_000, "{dropped}");
        bad.go_on();
        drop(gatherer);
        let text = bad.text();
        assert!(text.ends_with('\n') && text.lines().count() > 3_000);
        for (number, line) in text.lines().enumerate() {
            assert!(line.starts_with(&format!("{number} x")) && line.len() > 1_000);
        }
    }

    #[test]
    fn a_log_that_hangs_for_ever_does_not_keep_the_process() {
        let bad = Bad::new(usize::MAX, false);
        let (lines, gatherer) = Gathered::to(Box::new(bad.clone())).unwrap();
        say(&lines, false, "never read\n");
        drop(gatherer);
        bad.go_on();
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
