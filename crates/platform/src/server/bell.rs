//! The last moments of a listening socket.
//!
//! The system completes connections before a program takes them, and throws away those that nobody took when the socket closes:
//! a client may have sent its request whole by then. So before it closes, new connections are no longer answered, while those
//! that have begun are still taken: after that there is none that could be thrown away.

use std::{
    net::TcpListener,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// How long connections that have begun may take to be there, with their request: several round trips of any network between a
/// balancer and its programs.
const SETTLE: Duration = Duration::from_millis(200);

/// A second hold on the socket of a server. For one that nobody stands before: a balancer whose attempt to connect is dropped waits for it,
/// and lists were answered 503 in a rolling restart.
#[derive(Debug)]
pub struct Bell(Mutex<Option<TcpListener>>);

impl Bell {
    /// Of a socket that listens.
    pub fn of(listener: &TcpListener) -> Self {
        Self(Mutex::new(listener.try_clone().ok()))
    }

    /// Lets nobody new ring: whoever tries hears nothing, tries again by itself, and finds another program or nobody. Returns once
    /// all who had rung before have been let in. The socket is then the server's alone, and closes with it.
    ///
    /// Elsewhere than on Linux the system offers no such thing, and it does nothing.
    pub async fn silence(&self) {
        let listener = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(listener) = listener else { return };
        match deafen(&listener) {
            Ok(true) => tokio::time::sleep(SETTLE).await,
            Ok(false) => {}
            Err(error) => tracing::debug!(%error, "new connections are taken to the last"),
        }
    }
}

/// Drops what begins a connection (SYN without ACK) and passes all else, by a filter of the socket (`SO_ATTACH_FILTER`), for which
/// no right is needed.
#[cfg(target_os = "linux")]
fn deafen(listener: &TcpListener) -> std::io::Result<bool> {
    use socket2::{SockFilter, SockRef};
    // The filter reads from the head of TCP on; the flags are its byte 13: SYN 0x02, ACK 0x10.
    let filter = [
        SockFilter::new(0x30, 0, 0, 13),       // load the byte at 13
        SockFilter::new(0x54, 0, 0, 0x12),     // of it SYN and ACK
        SockFilter::new(0x15, 0, 1, 0x02),     // SYN alone: next, else the one after
        SockFilter::new(0x06, 0, 0, 0),        // nothing of it
        SockFilter::new(0x06, 0, 0, u32::MAX), // all of it
    ];
    SockRef::from(listener).attach_filter(&filter)?;
    Ok(true)
}

#[cfg(not(target_os = "linux"))]
fn deafen(_: &TcpListener) -> std::io::Result<bool> {
    Ok(false)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::TcpStream,
    };

    use super::*;

    #[tokio::test]
    async fn who_had_rung_is_let_in_and_who_rings_later_is_not_heard() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let bell = Bell::of(&listener);
        let mut early = TcpStream::connect(address).unwrap();
        bell.silence().await;
        let late = TcpStream::connect_timeout(&address, Duration::from_millis(300));
        assert_eq!(late.unwrap_err().kind(), std::io::ErrorKind::TimedOut);
        // What was there goes on: it is taken, and both sides are heard.
        let (mut taken, _) = listener.accept().unwrap();
        early.write_all(b"ask").unwrap();
        let mut said = [0; 3];
        taken.read_exact(&mut said).unwrap();
        taken.write_all(b"say").unwrap();
        early.read_exact(&mut said).unwrap();
        assert_eq!(&said, b"say");
        // Nobody else holds the socket: with the server's it is closed.
        drop(listener);
        let closed = TcpStream::connect_timeout(&address, Duration::from_secs(5));
        let kind = closed.unwrap_err().kind();
        assert_eq!(kind, std::io::ErrorKind::ConnectionRefused);
    }
}
