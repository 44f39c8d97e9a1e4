//! Byte strings by digest, per organisation: a local folder or an S3-compatible store.
//!
//! The key is `{organisation}/{hex digits of the SHA-256}`. An object is written whole or not at all (temporary file and
//! rename, or a conditional put), never changed, and its digest is checked on every read.

mod local;
mod read;
mod remote;
#[cfg(test)]
mod tests;
mod write;

use std::{path::PathBuf, sync::Arc};

use helder_types::{Digest, OrganisationId};
use object_store::{ObjectStore, aws::AmazonS3Builder};

pub use read::{ObjectStream, StoredFile};
pub use write::ObjectWriter;

use crate::problem::{Problem, Result};

/// The store is not usable; told at start.
#[derive(Debug, thiserror::Error)]
pub enum ObjectsError {
    /// The URL names no store this platform can use.
    #[error("object store url must be file:<folder> or s3://<bucket>/<prefix>")]
    Url,
    /// The folder cannot be used.
    #[error("cannot use the folder of the object store")]
    Folder(#[source] std::io::Error),
    /// The bucket's settings are wrong.
    #[error("cannot configure the bucket of the object store")]
    Bucket(#[source] object_store::Error),
}

/// Stores and fetches byte strings. Cheap to clone.
#[derive(Clone)]
pub struct Objects {
    backend: Backend,
    /// Where bytes wait until their digest is known; on the same file system as a local store.
    scratch: Arc<PathBuf>,
}

#[derive(Clone)]
enum Backend {
    Local(Arc<PathBuf>),
    Remote {
        store: Arc<dyn ObjectStore>,
        prefix: Arc<str>,
    },
}

impl Objects {
    /// Opens the store that `url` names.
    ///
    /// * `url` – `file:data/objects` (made when absent) or `s3://bucket/prefix`; for S3 the usual `AWS_…` environment
    ///   gives endpoint, region and credentials (`AWS_ENDPOINT`, `AWS_ALLOW_HTTP`, …)
    ///
    /// # Errors
    /// [`ObjectsError`] when the folder or bucket cannot be used.
    pub fn open(url: &str) -> std::result::Result<Self, ObjectsError> {
        if let Some(folder) = url.strip_prefix("file:") {
            let folder = PathBuf::from(folder.strip_prefix("//").unwrap_or(folder));
            return Self::local(folder);
        }
        if !url.starts_with("s3://") {
            return Err(ObjectsError::Url);
        }
        let store = AmazonS3Builder::from_env()
            .with_url(url)
            .build()
            .map_err(ObjectsError::Bucket)?;
        let prefix = url
            .trim_start_matches("s3://")
            .split_once('/')
            .map_or("", |(_, prefix)| prefix);
        Self::remote(Arc::new(store), prefix)
    }

    /// A store in a folder.
    ///
    /// # Errors
    /// [`ObjectsError::Folder`] when it cannot be made.
    pub fn local(folder: PathBuf) -> std::result::Result<Self, ObjectsError> {
        let scratch = folder.join(".incoming");
        std::fs::create_dir_all(&scratch).map_err(ObjectsError::Folder)?;
        local::sweep(&scratch);
        Ok(Self {
            backend: Backend::Local(Arc::new(folder)),
            scratch: Arc::new(scratch),
        })
    }

    /// A store behind any [`ObjectStore`].
    ///
    /// # Errors
    /// [`ObjectsError::Folder`] when the temporary folder cannot be used.
    pub fn remote(
        store: Arc<dyn ObjectStore>,
        prefix: &str,
    ) -> std::result::Result<Self, ObjectsError> {
        let scratch = std::env::temp_dir().join("helder-objects");
        std::fs::create_dir_all(&scratch).map_err(ObjectsError::Folder)?;
        local::sweep(&scratch);
        let prefix = prefix.trim_matches('/').into();
        Ok(Self {
            backend: Backend::Remote { store, prefix },
            scratch: Arc::new(scratch),
        })
    }

    /// Whether the object is there; does not read it.
    ///
    /// # Errors
    /// 503 when the store is away.
    pub async fn exists(&self, organisation: &OrganisationId, digest: &Digest) -> Result<bool> {
        match &self.backend {
            Backend::Local(root) => Ok(local::path(root, organisation, digest).is_file()),
            Backend::Remote { store, prefix } => {
                remote::exists(store.as_ref(), &remote::key(prefix, organisation, digest)).await
            }
        }
    }

    /// Removes an object for good, as at the end of its retention. Absent is fine.
    ///
    /// # Errors
    /// 503 when the store is away.
    pub async fn delete(&self, organisation: &OrganisationId, digest: &Digest) -> Result<()> {
        match &self.backend {
            Backend::Local(root) => local::delete(&local::path(root, organisation, digest)),
            Backend::Remote { store, prefix } => {
                remote::delete(store.as_ref(), &remote::key(prefix, organisation, digest)).await
            }
        }
    }
}

/// The store is away or full.
fn away(error: impl std::error::Error + Send + Sync + 'static) -> Problem {
    Problem::unavailable("the object store cannot be used now", 5).caused_by(error)
}

/// The bytes are not what their name says. Nobody gets to see them.
fn damaged(digest: &Digest) -> Problem {
    Problem::internal(format!(
        "object {digest} is damaged: its bytes have another digest"
    ))
}
