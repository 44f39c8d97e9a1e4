//! Places that nobody should call, and a collector that keeps what it is sent.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex},
    thread,
};

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

/// An OTLP/HTTP collector that answers 200 and keeps all bytes.
#[derive(Clone)]
pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    kept: Arc<Mutex<Vec<u8>>>,
}

impl Collector {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let collector = Self {
            address: listener.local_addr().unwrap(),
            kept: Arc::default(),
        };
        let kept = Arc::clone(&collector.kept);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                thread::spawn(move || while keep_one(&stream, &kept).is_some() {});
            }
        });
        collector
    }

    /// Everything received so far.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.kept.lock().unwrap().clone()
    }
}

/// Reads one request; none when the connection ends.
fn keep_one(mut stream: &std::net::TcpStream, kept: &Mutex<Vec<u8>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let lower = line.to_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    kept.lock().unwrap().extend(body);
    stream
        .write_all(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n",
        )
        .ok()
}
