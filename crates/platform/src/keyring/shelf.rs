//! Where wrapped keys lie. Unlike objects they can be replaced, because keys must be destroyable.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use helder_types::OrganisationId;
use object_store::{
    Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, aws::AmazonS3Builder, path,
};

use super::KeyRingError;
use crate::problem::{Problem, Result};

#[derive(Clone)]
pub(super) enum Shelf {
    Folder(Arc<PathBuf>),
    Bucket {
        store: Arc<dyn ObjectStore>,
        prefix: Arc<str>,
    },
}

impl Shelf {
    pub(super) fn open(url: &str) -> std::result::Result<Self, KeyRingError> {
        if let Some(folder) = url.strip_prefix("file:") {
            let folder = PathBuf::from(folder.strip_prefix("//").unwrap_or(folder));
            fs::create_dir_all(&folder).map_err(KeyRingError::File)?;
            return Ok(Self::Folder(Arc::new(folder)));
        }
        let place = url.strip_prefix("s3://").ok_or(KeyRingError::Shelf)?;
        let prefix = place
            .split_once('/')
            .map_or("", |(_, prefix)| prefix)
            .trim_matches('/');
        let store = AmazonS3Builder::from_env()
            .with_url(url)
            .build()
            .map_err(KeyRingError::Bucket)?;
        Ok(Self::Bucket {
            store: Arc::new(store),
            prefix: prefix.into(),
        })
    }

    pub(super) async fn get(
        &self,
        organisation: &OrganisationId,
        purpose: &str,
    ) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Folder(folder) => match fs::read(file(folder, organisation, purpose)) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(away(error)),
            },
            Self::Bucket { store, prefix } => {
                match store.get(&key(prefix, organisation, purpose)).await {
                    Ok(found) => Ok(Some(found.bytes().await.map_err(away)?.to_vec())),
                    Err(Error::NotFound { .. }) => Ok(None),
                    Err(error) => Err(away(error)),
                }
            }
        }
    }

    /// Puts a key where none lies; where one lies, it stays.
    pub(super) async fn create(
        &self,
        organisation: &OrganisationId,
        purpose: &str,
        bytes: Vec<u8>,
    ) -> Result<()> {
        match self {
            Self::Folder(folder) => {
                write(&file(folder, organisation, purpose), &bytes, false).map_err(away)
            }
            Self::Bucket { store, prefix } => {
                let options = PutOptions {
                    mode: PutMode::Create,
                    ..PutOptions::default()
                };
                match store
                    .put_opts(
                        &key(prefix, organisation, purpose),
                        PutPayload::from(bytes),
                        options,
                    )
                    .await
                {
                    Ok(_) | Err(Error::AlreadyExists { .. }) => Ok(()),
                    Err(error) => Err(away(error)),
                }
            }
        }
    }

    /// Puts `bytes` in the place of what lies there.
    pub(super) async fn replace(
        &self,
        organisation: &OrganisationId,
        purpose: &str,
        bytes: Vec<u8>,
    ) -> Result<()> {
        match self {
            Self::Folder(folder) => {
                write(&file(folder, organisation, purpose), &bytes, true).map_err(away)
            }
            Self::Bucket { store, prefix } => {
                let key = key(prefix, organisation, purpose);
                store
                    .put(&key, PutPayload::from(bytes))
                    .await
                    .map(drop)
                    .map_err(away)
            }
        }
    }
}

fn file(folder: &Path, organisation: &OrganisationId, purpose: &str) -> PathBuf {
    folder
        .join(organisation.as_str())
        .join(format!("{purpose}.key"))
}

fn key(prefix: &str, organisation: &OrganisationId, purpose: &str) -> path::Path {
    path::Path::from(format!("{prefix}/{organisation}/{purpose}.key"))
}

/// Whole or not at all, readable by the owner only, on disk when this returns.
fn write(target: &Path, bytes: &[u8], replace: bool) -> std::io::Result<()> {
    let folder = target.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // Temporary files are made with mode 0600.
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    if replace {
        temporary.persist(target).map_err(|error| error.error)?;
    } else {
        match temporary.persist_noclobber(target) {
            Ok(_) => {}
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => return Ok(()),
            Err(error) => return Err(error.error),
        }
    }
    File::open(folder)?.sync_all()?;
    if let Some(above) = folder.parent() {
        File::open(above)?.sync_all()?;
    }
    Ok(())
}

fn away(error: impl std::error::Error + Send + Sync + 'static) -> Problem {
    Problem::unavailable("the key shelf cannot be used now", 5).caused_by(error)
}
