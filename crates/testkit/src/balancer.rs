//! Spreads connections over replicas, as a Kubernetes service does.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::JoinHandle,
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

/// Listens until dropped. It runs on a thread of its own, so that a test may block.
#[derive(Debug)]
pub(crate) struct Balancer {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Balancer {
    /// Hands each connection to the next of `replicas` that takes it.
    pub(crate) fn over(replicas: Vec<SocketAddr>) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        let (end, ended) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = ended => {}
                    _ = serve(listener, replicas) => {}
                }
            });
        });
        Ok(Self {
            address,
            end: Some(end),
            thread: Some(thread),
        })
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        // A thread that ended by itself hears nothing any more.
        let _ = self.end.take().map(|end| end.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

async fn serve(listener: std::net::TcpListener, replicas: Vec<SocketAddr>) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let (replicas, next) = (Arc::new(replicas), Arc::new(AtomicUsize::new(0)));
    loop {
        let (mut from, _) = listener.accept().await?;
        let first = next.fetch_add(1, Ordering::Relaxed);
        let replicas = Arc::clone(&replicas);
        tokio::spawn(async move {
            for turn in 0..replicas.len() {
                let replica = replicas[(first + turn) % replicas.len()];
                if let Ok(mut to) = TcpStream::connect(replica).await {
                    // Either side may cut the connection; the other then sees it.
                    let _ = copy_bidirectional(&mut from, &mut to).await;
                    return;
                }
            }
        });
    }
}
