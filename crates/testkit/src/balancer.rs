//! Spreads connections over the replicas that say they are ready, as a Kubernetes service does.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinSet,
};

/// Time between two looks at a replica. Kubernetes takes seconds; a test has less time.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// A replica that takes longer to say that it is ready is not.
const LOOK_WITHIN: Duration = Duration::from_secs(1);

/// Listens until dropped. It runs on a thread of its own, so that a test may block.
#[derive(Debug)]
pub(crate) struct Balancer {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Balancer {
    /// Hands each connection to the next of `replicas` that is ready and takes it.
    ///
    /// * `asked` – path that answers 200 when a replica is ready
    pub(crate) fn over(
        address: SocketAddr,
        replicas: Vec<SocketAddr>,
        asked: &'static str,
    ) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (end, ended) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = ended => {}
                    _ = serve(listener, replicas, asked) => {}
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

/// A process behind the balancer.
struct Replica {
    address: SocketAddr,
    is_ready: AtomicBool,
}

async fn serve(
    listener: std::net::TcpListener,
    replicas: Vec<SocketAddr>,
    asked: &'static str,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let next = AtomicUsize::new(0);
    let replicas: Vec<_> = replicas
        .into_iter()
        .map(|address| {
            let is_ready = AtomicBool::new(false);
            Arc::new(Replica { address, is_ready })
        })
        .collect();
    let mut looking = JoinSet::new();
    for replica in &replicas {
        looking.spawn(Arc::clone(replica).look(asked));
    }
    loop {
        let (mut from, _) = listener.accept().await?;
        let first = next.fetch_add(1, Ordering::Relaxed);
        let ready: Vec<_> = (0..replicas.len())
            .map(|turn| Arc::clone(&replicas[(first + turn) % replicas.len()]))
            .filter(|replica| replica.is_ready.load(Ordering::Relaxed))
            .collect();
        tokio::spawn(async move {
            for replica in ready {
                if let Ok(mut to) = TcpStream::connect(replica.address).await {
                    // Either side may cut the connection; the other then sees it.
                    let _ = copy_bidirectional(&mut from, &mut to).await;
                    return;
                }
            }
        });
    }
}

impl Replica {
    /// Asks again and again whether it is ready.
    async fn look(self: Arc<Self>, asked: &str) {
        loop {
            let answer = tokio::time::timeout(LOOK_WITHIN, ask_ready(self.address, asked)).await;
            let is_ready = matches!(answer, Ok(Ok(true)));
            self.is_ready.store(is_ready, Ordering::Relaxed);
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }
}

async fn ask_ready(address: SocketAddr, asked: &str) -> io::Result<bool> {
    let mut stream = TcpStream::connect(address).await?;
    let question = format!("GET {asked} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(question.as_bytes()).await?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).await?;
    Ok(head.ends_with(b" 200"))
}
