//! Places that nobody should call.

use std::net::{SocketAddr, TcpListener};

/// Listens and counts; whoever follows an address in a request ends up here.
pub(crate) struct Trap {
    listener: TcpListener,
}

impl Trap {
    pub(crate) fn set() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        Self { listener }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    /// Asserts that nobody came.
    #[track_caller]
    pub(crate) fn assert_untouched(&self) {
        assert!(self.listener.accept().is_err(), "somebody called the trap");
    }
}
