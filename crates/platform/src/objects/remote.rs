//! Objects in a bucket.

use std::{
    io::{Read, Seek},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt, stream::FuturesUnordered};
use helder_types::{Digest, OrganisationId};
use object_store::{
    Error, MultipartUpload, ObjectStoreExt, PutMode, PutOptions, PutPayload, path::Path,
};
use tempfile::NamedTempFile;
use tracing::Instrument as _;

use super::away;
use crate::{bucket::Bucket, problem::Result};

/// Up to this size one conditional put; above it parts of this size.
const PART: usize = 8 * 1024 * 1024;
/// Parts under way at a time, so at most this many in memory.
const ABREAST: usize = 2;
/// How often the removal of parts is tried again, and the first pause, which doubles.
const ABORTS: u32 = 9;
const ABORT_PAUSE: Duration = Duration::from_secs(1);

pub(super) fn key(prefix: &str, organisation: &OrganisationId, digest: &Digest) -> Path {
    if prefix.is_empty() {
        Path::from(format!("{organisation}/{}", digest.hex()))
    } else {
        Path::from(format!("{prefix}/{organisation}/{}", digest.hex()))
    }
}

/// Under which the objects of this store lie.
pub(super) fn prefix(prefix: &str) -> Option<Path> {
    (!prefix.is_empty()).then(|| Path::from(prefix))
}

pub(super) async fn exists(bucket: &Bucket, key: &Path) -> Result<bool> {
    Ok(size(bucket, key).await?.is_some())
}

/// Size in bytes of what lies there.
async fn size(bucket: &Bucket, key: &Path) -> Result<Option<u64>> {
    match bucket.within(0, bucket.store.head(key)).await? {
        Ok(found) => Ok(Some(found.size)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(away(error)),
    }
}

/// Whether the bucket answers a question, whatever it says about a key that nobody wrote.
pub(super) async fn answers(bucket: &Bucket) -> Result<()> {
    let key = if bucket.prefix.is_empty() {
        Path::from("ping")
    } else {
        Path::from(format!("{}/ping", bucket.prefix))
    };
    exists(bucket, &key).await.map(drop)
}

pub(super) async fn delete(bucket: &Bucket, key: &Path) -> Result<()> {
    match bucket.within(0, bucket.store.delete(key)).await? {
        Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(away(error)),
    }
}

/// Uploads finished bytes. A multipart upload shows nothing until it is complete, as a single put does.
///
/// The name is the digest of the bytes, so whoever is first, the same bytes lie there. Something of another length under
/// that name is a store's own fault; it is replaced.
pub(super) async fn keep(
    bucket: &Bucket,
    key: &Path,
    bytes: NamedTempFile,
    size_bytes: u64,
) -> Result<()> {
    let lying = size(bucket, key).await?;
    if lying == Some(size_bytes) {
        return Ok(());
    }
    if size_bytes > PART as u64 {
        return in_parts(bucket, key, bytes, size_bytes).await;
    }
    let (part, _) = next_part(bytes).await?;
    let options = PutOptions {
        mode: if lying.is_none() {
            PutMode::Create
        } else {
            PutMode::Overwrite
        },
        ..PutOptions::default()
    };
    let put = bucket.store.put_opts(key, PutPayload::from(part), options);
    match bucket.within(size_bytes, put).await? {
        Ok(_) | Err(Error::AlreadyExists { .. }) => Ok(()),
        Err(error) => Err(away(error)),
    }
}

/// Holds at most [`ABREAST`] parts in memory. What does not get to its end leaves no parts behind.
async fn in_parts(
    bucket: &Bucket,
    key: &Path,
    mut bytes: NamedTempFile,
    size_bytes: u64,
) -> Result<()> {
    let (store, key_of_it) = (Arc::clone(&bucket.store), key.clone());
    // A task of its own: when nobody waits any more, its answer is still heard, and what was begun is taken back.
    let begin = async move {
        let upload = store.put_multipart(&key_of_it).await;
        upload.map(|upload| Unfinished(Some(upload)))
    };
    let begun = bucket
        .within(0, tokio::spawn(begin.in_current_span()))
        .await?;
    let mut upload = begun.map_err(away)?.map_err(away)?;
    let mut under_way = FuturesUnordered::new();
    loop {
        let part;
        (part, bytes) = next_part(bytes).await?;
        if part.is_empty() {
            break;
        }
        if under_way.len() == ABREAST {
            finished(under_way.next().await)?;
        }
        let size = part.len() as u64;
        under_way.push(bucket.within(size * ABREAST as u64, upload.part(part)));
    }
    while !under_way.is_empty() {
        finished(under_way.next().await)?;
    }
    // The store copies the parts together now, which takes longer for more of them.
    match bucket.within(size_bytes / 64, upload.complete()).await {
        Ok(Ok(())) => {
            upload.0 = None;
            Ok(())
        }
        // The answer may have been lost on its way, after the deed.
        other if size(bucket, key).await? == Some(size_bytes) => {
            upload.0 = None;
            drop(other);
            Ok(())
        }
        Ok(Err(error)) => Err(away(error)),
        Err(late) => Err(late),
    }
}

fn finished(part: Option<Result<object_store::Result<()>>>) -> Result<()> {
    match part {
        None | Some(Ok(Ok(()))) => Ok(()),
        Some(Ok(Err(error))) => Err(away(error)),
        Some(Err(late)) => Err(late),
    }
}

/// An upload in parts. Dropped before its end, by a fault or because nobody waits any more, its parts are removed.
struct Unfinished(Option<Box<dyn MultipartUpload>>);

impl Unfinished {
    fn part(
        &mut self,
        bytes: Bytes,
    ) -> impl Future<Output = object_store::Result<()>> + Send + 'static {
        let part = self
            .0
            .as_mut()
            .map(|upload| upload.put_part(PutPayload::from(bytes)));
        async move {
            match part {
                Some(part) => part.await,
                None => Ok(()),
            }
        }
    }

    async fn complete(&mut self) -> object_store::Result<()> {
        match &mut self.0 {
            Some(upload) => upload.complete().await.map(drop),
            None => Ok(()),
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let (Some(mut upload), Ok(runtime)) =
            (self.0.take(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        runtime.spawn(async move {
            for turn in 0..ABORTS {
                match upload.abort().await {
                    Ok(()) | Err(Error::NotFound { .. }) => return,
                    Err(error) => tracing::warn!(%error, "parts of an upload are not removed yet"),
                }
                tokio::time::sleep(ABORT_PAUSE * 2_u32.pow(turn)).await;
            }
            tracing::error!("parts of an upload stay in the bucket until the next sweep");
        });
    }
}

async fn next_part(bytes: NamedTempFile) -> Result<(Bytes, NamedTempFile)> {
    tokio::task::spawn_blocking(move || {
        let here = bytes.as_file().stream_position()?;
        let left = bytes.as_file().metadata()?.len().saturating_sub(here);
        let mut part = Vec::with_capacity(usize::try_from(left).unwrap_or(PART).min(PART));
        bytes.as_file().take(PART as u64).read_to_end(&mut part)?;
        Ok((Bytes::from(part), bytes))
    })
    .await
    .map_err(away)?
    .map_err(|error: std::io::Error| away(error))
}
