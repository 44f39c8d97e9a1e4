//! One `helder up` process.

use std::{
    fs::{self, File},
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use helder_client::Client;

use crate::{Result, TestkitError, helder};

/// Longest wait for a platform to become ready; a debug build on a busy machine needs some.
const READY_WITHIN: Duration = Duration::from_mins(1);

/// An address nobody listens on now.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}

/// The binary, without the variables that are for tests: it takes every other `HELDER_…` for a setting.
pub(crate) fn command() -> Result<Command> {
    let mut command = Command::new(helder()?);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("HELDER_TEST_") {
            command.env_remove(name);
        }
    }
    Ok(command)
}

/// Starts `helder up` on `folder` and waits until it says it is ready.
pub(crate) async fn up(folder: &Path, address: SocketAddr, store: Option<&str>) -> Result<Child> {
    let log_file = folder.join("testkit.log");
    let log = File::options().create(true).append(true).open(&log_file)?;
    let mut command = command()?;
    if let Some(store) = store {
        command.env("HELDER_STORE", store);
    }
    let mut child = command
        .arg("up")
        .arg("--data")
        .arg(folder.join("data"))
        .arg("--listen")
        .arg(address.to_string())
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    let client = Client::new(&format!("http://{address}"))?;
    let start = Instant::now();
    loop {
        let reason = match (child.try_wait()?, client.get_bytes("/health/ready").await) {
            (Some(status), _) => format!("it ended with {status}"),
            (None, Ok(_)) => return Ok(child),
            (None, Err(error)) if start.elapsed() > READY_WITHIN => error.to_string(),
            (None, Err(_)) => {
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            }
        };
        child.kill()?;
        child.wait()?;
        return Err(TestkitError::NotReady {
            reason,
            log: end_of(&log_file),
        });
    }
}

fn end_of(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}
