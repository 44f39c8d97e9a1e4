//! Where wrapped keys lie. Unlike objects they can be replaced, because keys must be destroyable.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use futures_util::StreamExt as _;
use helder_types::OrganisationId;
use object_store::{Error, ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion, path};

use super::KeyRingError;
use crate::{
    bucket::{Bucket, BucketSettings},
    problem::{Problem, Result},
};

#[derive(Clone)]
pub(super) enum Shelf {
    Folder(Arc<PathBuf>),
    Bucket(Bucket),
}

impl Shelf {
    pub(super) fn open(
        url: &str,
        bucket: &BucketSettings,
    ) -> std::result::Result<Self, KeyRingError> {
        if let Some(folder) = url.strip_prefix("file:") {
            let folder = PathBuf::from(folder.strip_prefix("//").unwrap_or(folder));
            fs::create_dir_all(&folder).map_err(KeyRingError::File)?;
            return Ok(Self::Folder(Arc::new(folder)));
        }
        if !url.starts_with("s3://") {
            return Err(KeyRingError::Shelf);
        }
        Ok(Self::Bucket(Bucket::open(url, bucket)?))
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
            Self::Bucket(bucket) => {
                let key = key(&bucket.prefix, organisation, purpose);
                let read = async { bucket.store.get(&key).await?.bytes().await };
                match bucket.within(0, read).await? {
                    Ok(found) => Ok(Some(found.to_vec())),
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
            Self::Bucket(bucket) => {
                let options = PutOptions {
                    mode: PutMode::Create,
                    ..PutOptions::default()
                };
                let key = key(&bucket.prefix, organisation, purpose);
                let put = bucket
                    .store
                    .put_opts(&key, PutPayload::from(bytes), options);
                match bucket.within(0, put).await? {
                    Ok(_) | Err(Error::AlreadyExists { .. }) => Ok(()),
                    Err(error) => Err(away(error)),
                }
            }
        }
    }

    /// Puts `bytes` in the place of `lying`, unless something else has come there since.
    pub(super) async fn exchange(
        &self,
        organisation: &OrganisationId,
        purpose: &str,
        lying: &[u8],
        bytes: Vec<u8>,
    ) -> Result<bool> {
        match self {
            Self::Folder(folder) => {
                let _turn = turn(folder).map_err(away)?;
                let path = file(folder, organisation, purpose);
                if fs::read(&path).map_err(away)? != lying {
                    return Ok(false);
                }
                write(&path, &bytes, true).map_err(away)?;
                Ok(true)
            }
            Self::Bucket(bucket) => {
                let key = key(&bucket.prefix, organisation, purpose);
                let read = async {
                    let found = bucket.store.get(&key).await?;
                    let version = UpdateVersion {
                        e_tag: found.meta.e_tag.clone(),
                        version: found.meta.version.clone(),
                    };
                    Ok::<_, Error>((found.bytes().await?, version))
                };
                let (found, version) = bucket.within(0, read).await?.map_err(away)?;
                if found != lying {
                    return Ok(false);
                }
                let options = PutOptions {
                    mode: PutMode::Update(version),
                    ..PutOptions::default()
                };
                let put = bucket
                    .store
                    .put_opts(&key, PutPayload::from(bytes), options);
                match bucket.within(0, put).await? {
                    Ok(_) => Ok(true),
                    Err(Error::Precondition { .. }) => Ok(false),
                    Err(error) => Err(away(error)),
                }
            }
        }
    }

    /// Whose keys lie here, and for what.
    pub(super) async fn list(&self) -> Result<Vec<(OrganisationId, String)>> {
        let mut names = Vec::new();
        match self {
            Self::Folder(folder) => {
                for organisation in fs::read_dir(folder.as_path()).map_err(away)? {
                    let organisation = organisation.map_err(away)?;
                    if !organisation.file_type().map_err(away)?.is_dir() {
                        continue;
                    }
                    for key in fs::read_dir(organisation.path()).map_err(away)? {
                        names.push((
                            organisation.file_name().to_string_lossy().into_owned(),
                            key.map_err(away)?
                                .file_name()
                                .to_string_lossy()
                                .into_owned(),
                        ));
                    }
                }
            }
            Self::Bucket(bucket) => {
                let below = path::Path::from(&*bucket.prefix);
                let mut listing = bucket.store.list(Some(&below));
                while let Some(entry) = bucket.within(0, listing.next()).await? {
                    let entry = entry.map_err(away)?;
                    let mut parts: Vec<_> = entry.location.parts().collect();
                    if let (Some(key), Some(organisation)) = (parts.pop(), parts.pop()) {
                        names.push((organisation.as_ref().to_owned(), key.as_ref().to_owned()));
                    }
                }
            }
        }
        names.sort();
        // Whatever else lies there, such as a file half written, is no key.
        let keys = names.into_iter().filter_map(|(organisation, key)| {
            Some((
                organisation.parse().ok()?,
                key.strip_suffix(".key")?.to_owned(),
            ))
        });
        Ok(keys.collect())
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
                let _turn = turn(folder).map_err(away)?;
                write(&file(folder, organisation, purpose), &bytes, true).map_err(away)
            }
            Self::Bucket(bucket) => {
                let key = key(&bucket.prefix, organisation, purpose);
                let put = bucket.store.put(&key, PutPayload::from(bytes));
                bucket.within(0, put).await?.map(drop).map_err(away)
            }
        }
    }
}

/// The right to replace keys in a folder, until the file is closed. Keys that are merely made need none.
fn turn(folder: &Path) -> std::io::Result<File> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join(".turn"))?;
    file.lock()?;
    Ok(file)
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
