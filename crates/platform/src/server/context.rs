//! What a service is given at start.

use std::{net::TcpListener, path::PathBuf, sync::Arc};

use crate::{
    calls::Peers,
    config::Limits,
    identity::{TokenMint, TokenVerifier},
    jobs::Pace,
    keyring::KeyRing,
    logboek::LogboekSettings,
    objects::Objects,
    problem::Problem,
    store::{Migrations, Store, StoreError},
};

/// All that a service stands on; the embedded platform and a process of its own make it differently.
pub struct ServiceContext {
    /// Where it listens, already bound.
    pub listener: TcpListener,
    /// HTTP worker threads.
    pub workers: usize,
    /// Jobs at a time.
    pub job_workers: usize,
    /// Folder for temporary files.
    pub scratch: PathBuf,
    /// Database, see [`Store::open`].
    pub store_url: String,
    /// Object store.
    pub objects: Objects,
    /// Keys.
    pub keyring: KeyRing,
    /// Signs this service's calls to others.
    pub mint: Arc<TokenMint>,
    /// Whom it believes.
    pub verifier: Arc<TokenVerifier>,
    /// The other services.
    pub peers: Peers,
    /// Sizes and times.
    pub limits: Limits,
    /// Records of processing.
    pub logboek: LogboekSettings,
}

/// The service did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Database.
    #[error("the database of the service cannot be used")]
    Store(#[from] StoreError),
    /// Network.
    #[error("the service cannot serve on its address")]
    Listen(#[from] std::io::Error),
    /// Something the service does at start.
    #[error("the service cannot start: {0}")]
    Refused(Problem),
}

impl From<Problem> for StartError {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

impl ServiceContext {
    /// Opens the service's database on a blocking thread, see [`Store::open`].
    ///
    /// # Errors
    /// [`StartError::Store`].
    pub async fn open_store(&self, migrations: Migrations) -> Result<Store, StartError> {
        let url = self.store_url.clone();
        let opened = tokio::task::spawn_blocking(move || Store::open(&url, &[migrations])).await;
        Ok(opened.map_err(|error| StartError::Refused(Problem::internal(error)))??)
    }

    /// Times of this service's job runner.
    pub fn pace(&self) -> Pace {
        Pace {
            parallel: self.job_workers,
            ..Pace::default()
        }
    }
}
