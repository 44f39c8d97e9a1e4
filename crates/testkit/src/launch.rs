//! One `helder up` process.

use std::{
    fs::{self, File},
    io::ErrorKind,
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    time::{Duration, Instant},
};

use helder_client::Client;

use crate::{Result, TestkitError, bucket::Bucket, database::Database, helder};

/// Where a platform keeps facts and bytes, when not in its folder.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) database: Option<Database>,
    pub(crate) bucket: Option<Bucket>,
}

impl Kept {
    /// As the environment of the test says.
    pub(crate) fn wanted() -> Result<Self> {
        Ok(Self {
            database: Database::wanted(true)?,
            bucket: Bucket::wanted()?,
        })
    }

    /// Tells an embedded platform about it.
    pub(crate) fn tell(&self, command: &mut Command) {
        if let Some(store) = self.store() {
            command.env("HELDER_STORE", store);
        }
        if let Some(bucket) = &self.bucket {
            bucket.tell(command);
        }
    }

    /// Address of the database.
    pub(crate) fn store(&self) -> Option<&str> {
        self.database
            .as_ref()
            .map(|database| database.services.as_str())
    }
}

/// Longest wait for a platform to become ready; a debug build on a busy machine needs some.
const READY_WITHIN: Duration = Duration::from_mins(1);

/// An address nobody listens on, and nobody gets by chance before the program that is to listen there: below the ports that the
/// system gives to connections, each once per test program.
pub(crate) fn free_address() -> Result<SocketAddr> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 1_000).unwrap_or(0) * 17;
    loop {
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 10_000 + (first + next % 20_000) % 20_000;
        match TcpListener::bind(("127.0.0.1", port)) {
            Ok(listener) => return Ok(listener.local_addr()?),
            Err(error) if error.kind() == ErrorKind::AddrInUse && next < 20_000 => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Starts `helder up` on `folder`.
pub(crate) fn up(folder: &Path, address: SocketAddr, kept: &Kept) -> Result<Child> {
    let log = log(folder)?;
    let mut command = Command::new(helder()?);
    kept.tell(&mut command);
    let child = command
        .arg("up")
        .arg("--data")
        .arg(folder.join("data"))
        .arg("--listen")
        .arg(address.to_string())
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    Ok(child)
}

/// The log of all processes of a test.
pub(crate) fn log(folder: &Path) -> Result<File> {
    Ok(File::options()
        .create(true)
        .append(true)
        .open(folder.join("testkit.log"))?)
}

/// Waits until the gateway says that all is ready; `ended` tells of a process that is gone.
pub(crate) async fn ready(
    folder: &Path,
    address: SocketAddr,
    mut ended: impl FnMut() -> Result<Option<String>>,
) -> Result<()> {
    let client = Client::new(&format!("http://{address}"))?;
    let start = Instant::now();
    loop {
        let reason = match (ended()?, client.get_bytes("/health/ready").await) {
            (Some(said), _) => said,
            (None, Ok(_)) => return Ok(()),
            (None, Err(error)) if start.elapsed() > READY_WITHIN => error.to_string(),
            (None, Err(_)) => {
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            }
        };
        return Err(TestkitError::NotReady {
            reason,
            log: end_of(&folder.join("testkit.log")),
        });
    }
}

fn end_of(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}

/// Waits for the end of a process that was asked to stop; kills it after `limit`. Gives whether it ended well by itself.
pub(crate) async fn ended_well(child: &mut Child, limit: Duration) -> Result<bool> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if start.elapsed() >= limit {
            child.kill()?;
            child.wait()?;
            return Ok(false);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
