//! Objects in a bucket.

use std::io::Read;

use bytes::Bytes;
use helder_types::{Digest, OrganisationId};
use object_store::{
    Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, WriteMultipart, path::Path,
};
use tempfile::NamedTempFile;

use super::away;
use crate::problem::Result;

/// Up to this size one conditional put; above it parts of this size.
const PART: usize = 8 * 1024 * 1024;

pub(super) fn key(prefix: &str, organisation: &OrganisationId, digest: &Digest) -> Path {
    if prefix.is_empty() {
        Path::from(format!("{organisation}/{}", digest.hex()))
    } else {
        Path::from(format!("{prefix}/{organisation}/{}", digest.hex()))
    }
}

pub(super) async fn exists(store: &dyn ObjectStore, key: &Path) -> Result<bool> {
    match store.head(key).await {
        Ok(_) => Ok(true),
        Err(Error::NotFound { .. }) => Ok(false),
        Err(error) => Err(away(error)),
    }
}

pub(super) async fn delete(store: &dyn ObjectStore, key: &Path) -> Result<()> {
    match store.delete(key).await {
        Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(away(error)),
    }
}

/// Uploads finished bytes. A multipart upload shows nothing until it is complete, as a single put does.
pub(super) async fn keep(
    store: &dyn ObjectStore,
    key: &Path,
    bytes: NamedTempFile,
    size: u64,
) -> Result<()> {
    if exists(store, key).await? {
        return Ok(());
    }
    if size <= PART as u64 {
        let body = tokio::task::spawn_blocking(move || read_part(&bytes))
            .await
            .map_err(away)?
            .map_err(away)?;
        let options = PutOptions {
            mode: PutMode::Create,
            ..PutOptions::default()
        };
        return match store.put_opts(key, PutPayload::from(body), options).await {
            Ok(_) | Err(Error::AlreadyExists { .. }) => Ok(()),
            Err(error) => Err(away(error)),
        };
    }
    let upload = store.put_multipart(key).await.map_err(away)?;
    let mut upload = WriteMultipart::new_with_chunk_size(upload, PART);
    let mut bytes = bytes;
    loop {
        let (part, rest) = tokio::task::spawn_blocking(move || (read_part(&bytes), bytes))
            .await
            .map_err(away)?;
        bytes = rest;
        match part {
            Ok(part) if part.is_empty() => break,
            Ok(part) => {
                upload.wait_for_capacity(2).await.map_err(away)?;
                upload.put(part);
            }
            Err(error) => {
                drop(upload.abort().await);
                return Err(away(error));
            }
        }
    }
    upload.finish().await.map(drop).map_err(away)
}

fn read_part(bytes: &NamedTempFile) -> std::io::Result<Bytes> {
    let mut part = Vec::new();
    bytes.as_file().take(PART as u64).read_to_end(&mut part)?;
    Ok(part.into())
}
