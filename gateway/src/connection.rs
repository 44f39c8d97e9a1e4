//! A connection from outside, which ends when the head of a request does not come to its end in time.
//!
//! The HTTP library times the first head on a connection and no later one: whoever has been served once could let the next head
//! drip in for hours. Here bytes that arrive between two requests start the clock, a handler that has its request stops it,
//! and a head that is late looks like a client that has ended: what is under way is still answered.

use std::{
    cell::Cell,
    io::{self, IoSlice},
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_web::{HttpRequest, dev::Extensions, rt::net::TcpStream};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use crate::room::Room;

/// Longest time from the first byte of a head to its last.
pub(crate) const HEAD_WITHIN: Duration = Duration::from_secs(5);

/// Who is refused for lack of room is told to come back after this time.
const COME_BACK: Duration = Duration::from_secs(1);

/// What a connection is doing.
#[derive(Clone, Copy)]
enum Phase {
    /// Nothing is known to have begun.
    Between,
    /// A request has begun at this time, and no handler has it.
    Head(Instant),
    /// A handler has it, and may read its body.
    Handled,
    /// Its answer has not been written yet.
    Answered,
}

/// How far the request of a connection is, for its handler. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Progress {
    phase: Rc<Cell<Phase>>,
    /// When a request was last told that there is no room, and how often in a row it had asked again too early.
    told: Rc<Cell<Option<(Instant, u32)>>>,
}

/// A connection with its limit.
pub(crate) struct Connection {
    stream: TcpStream,
    progress: Progress,
    room: Arc<Room>,
    /// Wakes the connection when a head may be late. Set at most once per limit and not once per request.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Progress {
    /// Of the connection that brought a request; none for a request that came without one, as in tests.
    pub(crate) fn of(request: &HttpRequest) -> Option<Self> {
        request.conn_data::<Self>().cloned()
    }

    /// The head is there; how long the rest may take is the handler's business.
    pub(crate) fn handled(&self) {
        self.phase.set(Phase::Handled);
    }

    /// The handler has its answer; once it is written, the next head may come.
    pub(crate) fn answered(&self) {
        self.phase.set(Phase::Answered);
    }

    /// Remembers that there is no room for its request, and tells how often in a row it was told so and asked again at once.
    pub(crate) fn told_again(&self) -> u32 {
        let again = match self.told.get() {
            Some((at, again)) if at.elapsed() < COME_BACK => again.saturating_add(1),
            _ => 0,
        };
        self.told.set(Some((Instant::now(), again)));
        again
    }

    fn read_some(&self) -> bool {
        match self.phase.get() {
            Phase::Between => self.phase.set(Phase::Head(Instant::now())),
            Phase::Head(since) => return since.elapsed() < HEAD_WITHIN,
            Phase::Handled | Phase::Answered => {}
        }
        true
    }

    fn wrote_some(&self) {
        match self.phase.get() {
            // "100 Continue", and the body is still to come.
            Phase::Handled => {}
            // Also of those who answer at once and tell nobody.
            Phase::Between | Phase::Head(_) | Phase::Answered => self.phase.set(Phase::Between),
        }
    }
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, room: &Arc<Room>) -> Self {
        room.opened();
        Self {
            stream,
            room: Arc::clone(room),
            progress: Progress {
                phase: Rc::new(Cell::new(Phase::Between)),
                told: Rc::default(),
            },
            alarm: None,
        }
    }

    /// Lets handlers find the progress of their connection.
    pub(crate) fn tell(&self, data: &mut Extensions) {
        data.insert(self.progress.clone());
    }

    /// Nothing came. The end once the head is late, else an alarm for when it is.
    fn wait(&mut self, since: Instant, context: &mut Context<'_>) -> Poll<()> {
        let due = since + HEAD_WITHIN;
        match &mut self.alarm {
            // Set for an earlier head: it wakes this task before this one is due.
            Some(alarm) if !alarm.is_elapsed() => return Poll::Pending,
            Some(alarm) => alarm.as_mut().reset(due),
            None => self.alarm = Some(Box::pin(sleep_until(due))),
        }
        match &mut self.alarm {
            Some(alarm) => alarm.as_mut().poll(context),
            None => Poll::Pending,
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.room.closed();
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        match Pin::new(&mut this.stream).poll_read(context, buffer) {
            Poll::Ready(Ok(())) => {
                if buffer.filled().len() > before && !this.progress.read_some() {
                    buffer.set_filled(before);
                }
                Poll::Ready(Ok(()))
            }
            Poll::Pending => match this.progress.phase.get() {
                Phase::Head(since) => {
                    ready!(this.wait(since, context));
                    Poll::Ready(Ok(()))
                }
                Phase::Between | Phase::Handled | Phase::Answered => Poll::Pending,
            },
            failed @ Poll::Ready(Err(_)) => failed,
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.stream).poll_write(context, bytes));
        this.progress.wrote_some();
        Poll::Ready(written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.stream).poll_write_vectored(context, pieces));
        this.progress.wrote_some();
        Poll::Ready(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
