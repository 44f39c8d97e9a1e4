//! Byte strings by digest, per organisation: a local folder or an S3-compatible store.
//!
//! The key is `{organisation}/{hex digits of the SHA-256}`. An object is written whole or not at all (temporary file and
//! rename, or a conditional put), never changed, and its digest is checked on every read.

mod list;
mod local;
mod probe;
mod read;
mod remote;
mod sweep;
#[cfg(test)]
mod tests;
mod write;

use std::{io::ErrorKind, path::PathBuf, sync::Arc, time::Duration};

use helder_types::{Digest, OrganisationId};
use object_store::ObjectStore;

pub use list::Listed;
pub use probe::Probed;
pub use read::{ObjectStream, StoredFile, digest_of};
pub use sweep::{ABANDONED, Empty, Swept};
pub use write::{ObjectWriter, Sealed};

use crate::{
    bucket::{Bucket, BucketError, BucketSettings},
    disk,
    problem::{Problem, Result},
};

/// Longest wait for the answer of a store that is no real bucket.
const PATIENCE: Duration = Duration::from_secs(10);

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
    #[error("cannot use the bucket of the object store")]
    Bucket(#[from] BucketError),
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
    Remote(Arc<Bucket>),
}

impl Objects {
    /// Opens the store that `url` names, with what the `AWS_…` variables say of a bucket.
    ///
    /// # Errors
    /// As [`Objects::open_with`].
    pub fn open(url: &str) -> std::result::Result<Self, ObjectsError> {
        Self::open_with(url, &BucketSettings::default())
    }

    /// Opens the store that `url` names.
    ///
    /// * `url` – `file:data/objects` (made when absent) or `s3://bucket/prefix`
    ///
    /// # Errors
    /// [`ObjectsError`] when the folder or bucket cannot be used.
    pub fn open_with(
        url: &str,
        bucket: &BucketSettings,
    ) -> std::result::Result<Self, ObjectsError> {
        if let Some(folder) = url.strip_prefix("file:") {
            let folder = PathBuf::from(folder.strip_prefix("//").unwrap_or(folder));
            return Self::local(folder);
        }
        if !url.starts_with("s3://") {
            return Err(ObjectsError::Url);
        }
        Self::in_bucket(Bucket::open(url, bucket)?)
    }

    /// Whether [`Objects::open_with`] could use this; makes nothing and asks nobody.
    ///
    /// # Errors
    /// As [`Objects::open_with`].
    pub fn check(url: &str, bucket: &BucketSettings) -> std::result::Result<(), ObjectsError> {
        if url.starts_with("file:") {
            return Ok(());
        }
        if !url.starts_with("s3://") {
            return Err(ObjectsError::Url);
        }
        Ok(Bucket::open(url, bucket).map(drop)?)
    }

    /// A store in a folder.
    ///
    /// # Errors
    /// [`ObjectsError::Folder`] when it cannot be made.
    pub fn local(folder: PathBuf) -> std::result::Result<Self, ObjectsError> {
        let scratch = folder.join(".incoming");
        std::fs::create_dir_all(&scratch).map_err(ObjectsError::Folder)?;
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
        Self::in_bucket(Bucket::of(store, prefix, PATIENCE))
    }

    fn in_bucket(bucket: Bucket) -> std::result::Result<Self, ObjectsError> {
        let scratch = std::env::temp_dir().join("helder-objects");
        std::fs::create_dir_all(&scratch).map_err(ObjectsError::Folder)?;
        Ok(Self {
            backend: Backend::Remote(Arc::new(bucket)),
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
            Backend::Remote(bucket) => {
                remote::exists(bucket, &remote::key(&bucket.prefix, organisation, digest)).await
            }
        }
    }

    /// Whether bytes could be fetched and kept now; for readiness.
    ///
    /// # Errors
    /// 503 when the store is away, its folder cannot be written, or its disk is full.
    pub async fn ping(&self) -> Result<()> {
        let scratch = Arc::clone(&self.scratch);
        tokio::task::spawn_blocking(move || {
            disk::demand_room(&scratch)?;
            tempfile::tempfile_in(scratch.as_path())
                .map(drop)
                .map_err(away)
        })
        .await
        .map_err(Problem::internal)??;
        match &self.backend {
            Backend::Local(_) => Ok(()),
            Backend::Remote(bucket) => remote::answers(bucket).await,
        }
    }

    /// Removes an object for good, as at the end of its retention. Absent is fine.
    ///
    /// # Errors
    /// 503 when the store is away.
    pub async fn delete(&self, organisation: &OrganisationId, digest: &Digest) -> Result<()> {
        match &self.backend {
            Backend::Local(root) => local::delete(&local::path(root, organisation, digest)),
            Backend::Remote(bucket) => {
                remote::delete(bucket, &remote::key(&bucket.prefix, organisation, digest)).await
            }
        }
    }
}

/// The store is away or full.
fn away(error: impl std::error::Error + Send + Sync + 'static) -> Problem {
    if is_full(&error) {
        return Problem::storage_full().caused_by(error);
    }
    Problem::unavailable("the object store cannot be used now", 5).caused_by(error)
}

/// Whether a disk without room is behind it.
fn is_full(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| {
        error.downcast_ref::<std::io::Error>().is_some_and(|error| {
            matches!(
                error.kind(),
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded
            )
        })
    })
}

/// The bytes are not what their name says. Nobody gets to see them.
fn damaged(digest: &Digest) -> Problem {
    Problem::internal(format!(
        "object {digest} is damaged: its bytes have another digest"
    ))
}
