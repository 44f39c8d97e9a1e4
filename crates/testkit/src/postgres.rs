//! A PostgreSQL server of one test, for tests that restart it.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use diesel::{Connection as _, PgConnection, connection::SimpleConnection as _};
use tempfile::TempDir;

use crate::{Result, TestkitError, launch};

/// A server on a free port that keeps what it acknowledged; it is gone when dropped.
#[derive(Debug)]
pub struct Server {
    binaries: PathBuf,
    port: u16,
    folder: TempDir,
}

impl Server {
    /// Starts one of Debian's packages; nothing where there is none.
    ///
    /// # Errors
    /// [`TestkitError`] with what the server's programs said.
    pub fn start() -> Result<Option<Self>> {
        let Some(binaries) = binaries() else {
            return Ok(None);
        };
        let folder = tempfile::Builder::new().prefix("helder-pg-").tempdir()?;
        if is_root()? {
            run(Command::new("chown").arg("postgres").arg(folder.path()))?;
        }
        let server = Self {
            binaries,
            port: launch::free_address()?.port(),
            folder,
        };
        let data = server.data();
        let mut initdb = server.program("initdb")?;
        run(initdb.arg("--pgdata").arg(&data).args([
            "--username",
            "helder",
            "--auth",
            "trust",
            "--no-sync",
        ]))?;
        server.up()?;
        Ok(Some(server))
    }

    /// Starts the server after [`Server::down`].
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn up(&self) -> Result<()> {
        let options = format!(
            "-p {} -k {} -c listen_addresses=127.0.0.1 -c max_connections=200",
            self.port,
            self.folder.path().display()
        );
        let mut start = self.control("start")?;
        run(start
            .arg("--log")
            .arg(self.folder.path().join("log"))
            .args(["--options", &options]))
    }

    /// Ends it at once, as a crash does: nothing is written that was not.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn down(&self) -> Result<()> {
        run(self.control("stop")?.args(["--mode", "immediate"]))
    }

    /// [`Server::down`] and [`Server::up`] in one.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn restart(&self) -> Result<()> {
        run(self.control("restart")?.args(["--mode", "immediate"]))
    }

    /// Does something as superuser.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn execute(&self, sql: &str) -> Result<()> {
        Ok(PgConnection::establish(&self.url())?.batch_execute(sql)?)
    }

    /// Ends every connection of these roles (a pattern of `LIKE`).
    ///
    /// # Errors
    /// When the server refuses.
    pub fn cut_off(&self, roles: &str) -> Result<()> {
        self.execute(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE usename LIKE '{roles}' AND pid <> pg_backend_pid()"
        ))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Address as superuser.
    pub(crate) fn url(&self) -> String {
        format!("postgres://helder@127.0.0.1:{}/postgres", self.port)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn control(&self, what: &str) -> Result<Command> {
        let mut control = self.program("pg_ctl")?;
        control
            .args([what, "--wait", "--silent", "--pgdata"])
            .arg(self.data());
        Ok(control)
    }

    /// PostgreSQL refuses to run as root.
    fn program(&self, name: &str) -> Result<Command> {
        let path = self.binaries.join(name);
        let mut command = if is_root()? {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir("/");
        Ok(command)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that is down already cannot be stopped; either way it is gone.
        let _ = self.down();
        // Its files are another user's, in a folder that is ours.
        let _ = fs::remove_dir_all(self.folder.path());
    }
}

fn is_root() -> Result<bool> {
    Ok(fs::metadata("/proc/self")?.uid() == 0)
}

/// The newest version that is installed.
fn binaries() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let version = |path: &Path| -> Option<u32> { path.file_name()?.to_str()?.parse().ok() };
    versions
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("bin/initdb").is_file())
        .max_by_key(|path| version(path))
        .map(|path| path.join("bin"))
}

fn run(command: &mut Command) -> Result<()> {
    // Not `output`: a server that was started would keep its end of a pipe open.
    let log = tempfile::NamedTempFile::new()?;
    let status = command
        .stdin(std::process::Stdio::null())
        .stdout(log.reopen()?)
        .stderr(log.reopen()?)
        .status()?;
    if status.success() {
        return Ok(());
    }
    Err(TestkitError::NoSettings(format!(
        "{command:?}: {}",
        fs::read_to_string(log.path())?
    )))
}
