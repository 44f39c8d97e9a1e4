//! A TCP proxy that breaks: it stands between a program and a server it needs, and does what networks do.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{oneshot, watch},
};

/// What the proxy does to connections from now on, those under way included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: all bytes pass.
    Nothing,
    /// Connections end as soon as they are made.
    Refuse,
    /// Nothing passes and nothing ends, as with a server that hangs.
    Hang,
    /// Every piece of an answer waits this long.
    Delay(Duration),
    /// At most this many bytes a second, each way.
    Throttle(u64),
    /// A connection is cut after this many bytes from the client.
    CutRequest(u64),
    /// A connection is cut after this many bytes from the server.
    CutAnswer(u64),
    /// Every request is answered with 500 by the proxy itself.
    Error,
}

/// Stands before a server until dropped. It runs on a thread of its own, so that a test may block.
#[derive(Debug)]
pub struct FaultyProxy {
    address: SocketAddr,
    fault: watch::Sender<Fault>,
    accepted: Arc<AtomicU64>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl FaultyProxy {
    /// A proxy before `server` that lets all pass until [`FaultyProxy::set`] says otherwise.
    ///
    /// # Errors
    /// When there is no free port.
    pub fn before(server: SocketAddr) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (fault, seen) = watch::channel(Fault::Nothing);
        let (end, ended) = oneshot::channel();
        let accepted = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&accepted);
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = ended => {}
                    _ = serve(listener, server, seen, counter) => {}
                }
            });
        });
        Ok(Self {
            address,
            fault,
            accepted,
            end: Some(end),
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes what it does. Connections that are open feel it at once.
    pub fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }

    /// Connections made so far.
    pub fn connections(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }
}

impl Drop for FaultyProxy {
    fn drop(&mut self) {
        // A thread that ended by itself hears nothing any more.
        let _ = self.end.take().map(|end| end.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

async fn serve(
    listener: std::net::TcpListener,
    server: SocketAddr,
    fault: watch::Receiver<Fault>,
    accepted: Arc<AtomicU64>,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (client, _) = listener.accept().await?;
        accepted.fetch_add(1, Ordering::Relaxed);
        let fault = fault.clone();
        tokio::spawn(async move {
            // However it ends, both sides see their connection closed.
            let _ = carry(client, server, fault).await;
        });
    }
}

async fn carry(
    client: TcpStream,
    server: SocketAddr,
    fault: watch::Receiver<Fault>,
) -> io::Result<()> {
    if *fault.borrow() == Fault::Refuse {
        return Ok(());
    }
    let server = TcpStream::connect(server).await?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let up = {
        let mut fault = fault.clone();
        async move {
            let mut passed = 0;
            let mut block = vec![0; 16 * 1024];
            loop {
                let n = read(&mut from_client, &mut block, &mut fault).await?;
                passed += n as u64;
                let now = *fault.borrow();
                match now {
                    Fault::CutRequest(limit) if passed > limit => return Err(cut()),
                    Fault::Error => return Ok(true),
                    Fault::Throttle(rate) => pause(n, rate).await,
                    _ => {}
                }
                if n == 0 {
                    to_server.shutdown().await?;
                    return Ok(false);
                }
                to_server.write_all(&block[..n]).await?;
            }
        }
    };
    let mut fault_down = fault.clone();
    let down = async {
        let mut passed = 0;
        let mut block = vec![0; 16 * 1024];
        loop {
            let n = read(&mut from_server, &mut block, &mut fault_down).await?;
            passed += n as u64;
            let now = *fault_down.borrow();
            match now {
                Fault::CutAnswer(limit) if passed > limit => return Err(cut()),
                Fault::Throttle(rate) => pause(n, rate).await,
                Fault::Delay(time) => tokio::time::sleep(time).await,
                _ => {}
            }
            if n == 0 {
                return to_client.shutdown().await;
            }
            to_client.write_all(&block[..n]).await?;
        }
    };
    let refuse: io::Result<bool> = {
        let mut up = std::pin::pin!(up);
        let mut down = std::pin::pin!(down);
        let mut up_ended = false;
        loop {
            tokio::select! {
                ended = &mut up, if !up_ended => match ended {
                    Ok(false) => up_ended = true,
                    other => break other,
                },
                ended = &mut down => break ended.map(|()| false),
            }
        }
    };
    if refuse? {
        let answer =
            "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        to_client.write_all(answer.as_bytes()).await?;
        to_client.shutdown().await?;
    }
    Ok(())
}

/// Bytes that may pass now: waits while the fault is a hang, ends the connection when it is a refusal.
async fn read(
    from: &mut (impl AsyncReadExt + Unpin),
    block: &mut [u8],
    fault: &mut watch::Receiver<Fault>,
) -> io::Result<usize> {
    loop {
        let now = *fault.borrow_and_update();
        match now {
            Fault::Refuse => return Err(cut()),
            Fault::Hang => fault.changed().await.map_err(io::Error::other)?,
            _ => tokio::select! {
                changed = fault.changed() => changed.map_err(io::Error::other)?,
                n = from.read(block) => return n,
            },
        }
    }
}

fn cut() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}

async fn pause(n: usize, rate: u64) {
    let millis = n as u64 * 1_000 / rate.max(1);
    tokio::time::sleep(Duration::from_millis(millis)).await;
}
