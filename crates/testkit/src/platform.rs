//! A running platform that a test owns.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use helder_client::Client;
use helder_types::Role;
use tempfile::TempDir;

use crate::{
    Result, Server, TestkitError,
    bucket::Bucket,
    database::Database,
    helder,
    launch::{self, Kept},
    ports,
    processes::Processes,
    shape::Shape,
};

/// Where a platform is or will be.
#[derive(Debug)]
pub struct Place<'a> {
    data: PathBuf,
    kept: &'a Kept,
}

impl Place<'_> {
    /// The `helder` command on the data, the database and the bucket of this place.
    ///
    /// # Errors
    /// When there is no binary.
    pub fn command(&self) -> Result<Command> {
        let mut command = Command::new(helder()?);
        self.kept.tell(&mut command);
        command.env("HELDER_DATA", &self.data);
        Ok(command)
    }

    /// Settings of the programs that will run here, as they are before anything else is; none for a platform in one process.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn settings(&self) -> Result<Vec<PathBuf>> {
        if !Processes::wanted() {
            return Ok(Vec::new());
        }
        let files = Processes::settings(&self.data, self.kept)?;
        // The keys are those of whatever is put here.
        fs::remove_dir_all(self.data.join("keys"))?;
        Ok(files)
    }

    /// Address of its database as the owner of the tables, where it has one.
    pub fn owner(&self) -> Option<String> {
        self.kept.database.as_ref().map(Database::owner)
    }
}

/// A platform: process or processes, folder, address. It is killed when dropped.
#[derive(Debug)]
pub struct Platform {
    shape: Shape,
    address: SocketAddr,
    folder: PathBuf,
    // Last, so that the process is gone before its database and folder.
    kept: Kept,
    guard: Option<TempDir>,
}

impl Platform {
    /// A platform on a fresh folder and a free port, ready to answer.
    ///
    /// # Errors
    /// [`TestkitError`] when there is no binary or it does not become ready.
    pub async fn start() -> Result<Self> {
        Self::keeping(Kept::wanted()?).await
    }

    /// The same in a folder that the test has chosen, such as a disk of its own.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_in(folder: PathBuf) -> Result<Self> {
        Self::at(Kept::wanted()?, folder, None, |_| Ok(())).await
    }

    /// The same with its objects in the bucket that `HELDER_TEST_S3_URL` names, reached at `endpoint`; for a proxy in
    /// between.
    ///
    /// # Errors
    /// [`TestkitError`] when there is no binary, no bucket, or it does not become ready.
    pub async fn start_on_bucket(endpoint: SocketAddr) -> Result<Self> {
        let bucket = Bucket::fresh(Some(format!("http://{endpoint}")))?;
        Self::keeping(Kept {
            bucket: Some(bucket),
            ..Kept::wanted()?
        })
        .await
    }

    /// The same after `prepare` has done something with the place where it will be, such as restore a backup.
    ///
    /// # Errors
    /// That of `prepare`; else as [`Self::start`].
    pub async fn start_after(prepare: impl FnOnce(&Place<'_>) -> Result<()>) -> Result<Self> {
        let kept = Kept {
            // Roles and schemas, and no tables yet.
            database: Database::wanted(false)?,
            bucket: Bucket::wanted()?,
        };
        Self::prepared(kept, prepare).await
    }

    /// The same as [`Self::start`] with its facts on a server that the test owns, reached at `endpoint`; for a proxy in between.
    ///
    /// # Errors
    /// As [`Self::start`], and when the server refuses.
    pub async fn start_on(server: &Server, endpoint: SocketAddr) -> Result<Self> {
        let mut database = Database::on(&server.url(), true)?;
        database.reached_at(endpoint);
        Self::keeping(Kept {
            database: Some(database),
            bucket: Bucket::wanted()?,
        })
        .await
    }

    async fn keeping(kept: Kept) -> Result<Self> {
        Self::prepared(kept, |_| Ok(())).await
    }

    async fn prepared(kept: Kept, prepare: impl FnOnce(&Place<'_>) -> Result<()>) -> Result<Self> {
        let guard = tempfile::Builder::new().prefix("helder-test-").tempdir()?;
        let folder = guard.path().to_owned();
        Self::at(kept, folder, Some(guard), prepare).await
    }

    async fn at(
        kept: Kept,
        folder: PathBuf,
        guard: Option<TempDir>,
        prepare: impl FnOnce(&Place<'_>) -> Result<()>,
    ) -> Result<Self> {
        let address = launch::free_address()?;
        prepare(&Place {
            data: folder.join("data"),
            kept: &kept,
        })?;
        let shape = Shape::start(&folder, address, &kept).await?;
        Ok(Self {
            shape,
            address,
            folder,
            kept,
            guard,
        })
    }

    /// Ends the process at once, as `kill -9` does. Nothing in it gets a chance to tidy up.
    ///
    /// # Errors
    /// When the process cannot be signalled.
    pub fn kill(&mut self) -> Result<()> {
        self.shape.kill()
    }

    /// Asks the process to stop and waits for its end; gives whether it ended by itself within `limit`.
    ///
    /// # Errors
    /// When the process cannot be signalled.
    pub async fn stop(&mut self, limit: Duration) -> Result<bool> {
        self.shape.stop(limit).await
    }

    /// Starts the process again on the same folder and address, after [`Self::kill`] or [`Self::stop`].
    ///
    /// # Errors
    /// [`TestkitError`] when it does not become ready.
    pub async fn restart(&mut self) -> Result<()> {
        self.shape
            .restart(&self.folder, self.address, &self.kept)
            .await
    }

    /// Whether each program is a process of its own, with two replicas.
    pub fn has_replicas(&mut self) -> bool {
        self.shape.processes().is_some()
    }

    /// Restarts the replicas of these services one after the other, each once the one before is ready again; `change` gets the
    /// service's name and its settings.
    ///
    /// # Errors
    /// [`TestkitError::NoSettings`] when all runs in one process; as [`Self::restart`].
    pub async fn roll(
        &mut self,
        services: &[&str],
        change: impl Fn(&str, &mut toml::Table),
    ) -> Result<()> {
        let processes = self.shape.processes();
        let one = || TestkitError::NoSettings("there are no replicas".to_owned());
        processes.ok_or_else(one)?.roll(services, change).await
    }

    /// Address of the gateway, `http://127.0.0.1:…`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Socket address of the gateway, for tests that speak HTTP by hand.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The `helder` command on the data, the database and the bucket of this platform.
    ///
    /// # Errors
    /// When there is no binary.
    pub fn command(&self) -> Result<Command> {
        let place = Place {
            data: self.data(),
            kept: &self.kept,
        };
        place.command()
    }

    /// Settings of its programs, one of each, for commands that take them; none for a platform in one process.
    pub fn settings(&self) -> Vec<PathBuf> {
        if Processes::wanted() {
            Processes::files(&self.data())
        } else {
            Vec::new()
        }
    }

    /// Data folder of the platform.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Address of the PostgreSQL database as superuser, where the platform has one; a schema and a role per service.
    pub fn database(&self) -> Option<&str> {
        let database = self.kept.database.as_ref()?;
        Some(&database.url)
    }

    /// Where its objects lie when that is a bucket: `s3://bucket/prefix`.
    pub fn bucket(&self) -> Option<&str> {
        self.kept.bucket.as_ref().map(|bucket| bucket.url.as_str())
    }

    /// Address of that database as the owner of the tables, who brings them up to date.
    pub fn owner(&self) -> Option<String> {
        self.kept.database.as_ref().map(Database::owner)
    }

    /// Folder of this test: the data folder, the log, and room for files of the test.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Process numbers: one, or one per program and replica.
    pub fn pids(&self) -> Vec<u32> {
        self.shape.pids()
    }

    /// Ports on which the services listen, behind the gateway.
    ///
    /// # Errors
    /// When `/proc` cannot be read, as on systems other than Linux.
    pub fn service_ports(&self) -> Result<std::collections::BTreeSet<u16>> {
        let mut found = std::collections::BTreeSet::new();
        for pid in self.shape.service_pids() {
            found.extend(ports::listening(pid)?);
        }
        found.remove(&self.address.port());
        Ok(found)
    }

    /// A token of this role in this municipality, from the built-in issuer.
    ///
    /// # Errors
    /// [`TestkitError::NoToken`] with what `helder token` said.
    pub fn token(&self, role: Role, gemeente: &str) -> Result<String> {
        self.token_for(role, gemeente, None)
    }

    /// The same for a named person; two tokens without a name are of one person per role.
    ///
    /// # Errors
    /// [`TestkitError::NoToken`] with what `helder token` said.
    pub fn token_for(&self, role: Role, gemeente: &str, subject: Option<&str>) -> Result<String> {
        let mut command = Command::new(helder()?);
        command.arg("token").arg("--data").arg(self.data());
        command.args(["--role", role.as_str(), "--gemeente", gemeente]);
        if let Some(subject) = subject {
            command.args(["--subject", subject]);
        }
        let output = command.output()?;
        if !output.status.success() {
            return Err(TestkitError::NoToken(
                String::from_utf8_lossy(&output.stderr).into_owned(),
            ));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// A client without a token.
    ///
    /// # Errors
    /// When the address cannot be used.
    pub fn anonymous(&self) -> Result<Client> {
        Ok(Client::new(&self.url())?)
    }

    /// A client with a token of this role in this municipality.
    ///
    /// # Errors
    /// As [`Self::token`].
    pub fn client(&self, role: Role, gemeente: &str) -> Result<Client> {
        Ok(self.anonymous()?.with_token(self.token(role, gemeente)?))
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        // The process may have ended already; either way it is gone afterwards.
        let _ = self.shape.kill();
        let kept = self
            .guard
            .take()
            .filter(|_| std::env::var_os("HELDER_KEEP").is_some());
        if let Some(folder) = kept {
            eprintln!("kept {}", folder.keep().display());
        }
    }
}
