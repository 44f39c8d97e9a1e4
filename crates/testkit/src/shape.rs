//! One process, or many.

use std::{
    net::SocketAddr,
    path::Path,
    process::{Child, Command},
    time::Duration,
};

use crate::{
    Result,
    launch::{self, Kept},
    processes::Processes,
};

/// How a platform runs: everything in one process, or each program by itself when `HELDER_TEST_SHAPE` is `processes`.
#[derive(Debug)]
pub(crate) enum Shape {
    One(Child),
    Many(Processes),
}

impl Shape {
    pub(crate) async fn start(folder: &Path, address: SocketAddr, kept: &Kept) -> Result<Self> {
        let mut shape = if Processes::wanted() {
            let mut processes = Processes::prepare(folder, address, kept)?;
            processes.start()?;
            Self::Many(processes)
        } else {
            Self::One(launch::up(folder, address, kept)?)
        };
        shape.ready(folder, address).await?;
        Ok(shape)
    }

    pub(crate) async fn restart(
        &mut self,
        folder: &Path,
        address: SocketAddr,
        kept: &Kept,
    ) -> Result<()> {
        match self {
            Self::One(child) => *child = launch::up(folder, address, kept)?,
            Self::Many(processes) => processes.start()?,
        }
        self.ready(folder, address).await
    }

    async fn ready(&mut self, folder: &Path, address: SocketAddr) -> Result<()> {
        let outcome = launch::ready(folder, address, || self.ended()).await;
        if outcome.is_err() {
            self.kill()?;
        }
        outcome
    }

    pub(crate) const fn processes(&mut self) -> Option<&mut Processes> {
        match self {
            Self::One(_) => None,
            Self::Many(processes) => Some(processes),
        }
    }

    fn ended(&mut self) -> Result<Option<String>> {
        match self {
            Self::One(child) => Ok(child
                .try_wait()?
                .map(|status| format!("it ended with {status}"))),
            Self::Many(processes) => processes.ended(),
        }
    }

    pub(crate) fn kill(&mut self) -> Result<()> {
        match self {
            Self::One(child) => {
                child.kill()?;
                child.wait()?;
                Ok(())
            }
            Self::Many(processes) => processes.kill(),
        }
    }

    pub(crate) async fn stop(&mut self, limit: Duration) -> Result<bool> {
        let child = match self {
            Self::One(child) => child,
            Self::Many(processes) => return processes.stop(limit).await,
        };
        Command::new("kill").arg(child.id().to_string()).status()?;
        launch::ended_well(child, limit).await
    }

    /// Processes in which services run.
    pub(crate) fn service_pids(&self) -> Vec<u32> {
        match self {
            Self::One(child) => vec![child.id()],
            Self::Many(processes) => processes.service_pids(),
        }
    }

    pub(crate) fn pids(&self) -> Vec<u32> {
        match self {
            Self::One(child) => vec![child.id()],
            Self::Many(processes) => processes.pids(),
        }
    }
}
