//! Reading: nothing counts as read before its digest has been checked.

use std::{
    fs::File,
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
};

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use helder_types::{Digest, OrganisationId};
use object_store::{ObjectStoreExt, path::Path as Key};
use tempfile::{NamedTempFile, TempPath};

use super::{Backend, Objects, away, damaged, local, remote, write::finished};
use crate::{
    bucket::Bucket,
    problem::{Problem, Result},
};

/// Bytes of an object in order. A last item with an error says that what came before must be thrown away.
pub type ObjectStream = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;

/// Bytes read at a time.
const BLOCK: usize = 256 * 1024;

/// A checked object as a readable file. Removed when dropped, where it is a copy.
#[derive(Debug)]
pub struct StoredFile {
    file: File,
    path: PathBuf,
    _copy: Option<TempPath>,
}

impl StoredFile {
    /// Where it is. Read only: for a local store this is the object itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The very file whose digest was checked, at its start.
    ///
    /// # Errors
    /// 503 when the file cannot be used any more.
    pub fn open(&self) -> Result<File> {
        let mut file = self.file.try_clone().map_err(away)?;
        file.rewind().map_err(away)?;
        Ok(file)
    }
}

impl Objects {
    /// All bytes of an object.
    ///
    /// # Errors
    /// 404 when absent, 413 above `limit_bytes`, 500 when damaged, 503 when the store is away.
    pub async fn get_bytes(
        &self,
        organisation: &OrganisationId,
        digest: &Digest,
        limit_bytes: u64,
    ) -> Result<Bytes> {
        let mut stream = self.open_stream(organisation, digest).await?;
        let mut bytes = Vec::new();
        while let Some(block) = stream.next().await {
            bytes.extend_from_slice(&block?);
            if bytes.len() as u64 > limit_bytes {
                return Err(Problem::too_large(limit_bytes));
            }
        }
        Ok(bytes.into())
    }

    /// The bytes as a stream, for sending on. Its last item is an error when the bytes turn out damaged.
    ///
    /// # Errors
    /// 404 when absent, 503 when the store is away.
    pub async fn open_stream(
        &self,
        organisation: &OrganisationId,
        digest: &Digest,
    ) -> Result<ObjectStream> {
        let raw: ObjectStream = match &self.backend {
            Backend::Local(root) => {
                let path = local::path(root, organisation, digest);
                let file = tokio::task::spawn_blocking(move || open(&path))
                    .await
                    .map_err(Problem::internal)??;
                Box::pin(stream::try_unfold(file, |file| async {
                    read_block(file).await
                }))
            }
            Backend::Remote(bucket) => {
                let key = remote::key(&bucket.prefix, organisation, digest);
                download(bucket.clone(), &key).await?
            }
        };
        Ok(checked(raw, *digest))
    }

    /// A checked file to read in place: the object itself in a local store, else a copy that goes when dropped.
    ///
    /// # Errors
    /// 404 when absent, 500 when damaged, 503 when the store is away.
    pub async fn get_to_file(
        &self,
        organisation: &OrganisationId,
        digest: &Digest,
    ) -> Result<StoredFile> {
        let digest = *digest;
        match &self.backend {
            Backend::Local(root) => {
                let path = local::path(root, organisation, &digest);
                tokio::task::spawn_blocking(move || {
                    let file = open(&path)?;
                    verify(&file, &digest)?;
                    Ok(StoredFile {
                        file,
                        path,
                        _copy: None,
                    })
                })
                .await
                .map_err(Problem::internal)?
            }
            Backend::Remote(bucket) => {
                let key = remote::key(&bucket.prefix, organisation, &digest);
                let copy = tempfile::Builder::new()
                    .prefix(local::COPY)
                    .tempfile_in(self.scratch.as_path())
                    .map_err(away)?;
                let copy = copied(download(bucket.clone(), &key).await?, copy).await?;
                tokio::task::spawn_blocking(move || {
                    verify(copy.as_file(), &digest)?;
                    let (file, copy) = copy.into_parts();
                    Ok(StoredFile {
                        file,
                        path: copy.to_path_buf(),
                        _copy: Some(copy),
                    })
                })
                .await
                .map_err(Problem::internal)?
            }
        }
    }
}

fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Problem::not_found(),
        _ => away(error),
    })
}

fn absent(error: object_store::Error) -> Problem {
    match error {
        object_store::Error::NotFound { .. } => Problem::not_found(),
        other => away(other),
    }
}

async fn read_block(mut file: File) -> Result<Option<(Bytes, File)>> {
    tokio::task::spawn_blocking(move || {
        let mut block = vec![0; BLOCK];
        let n = file.read(&mut block).map_err(away)?;
        block.truncate(n);
        Ok(if n == 0 {
            None
        } else {
            Some((block.into(), file))
        })
    })
    .await
    .map_err(Problem::internal)?
}

/// The bytes as the bucket sends them, each block of them within its time.
async fn download(bucket: Arc<Bucket>, key: &Key) -> Result<ObjectStream> {
    let answer = bucket.within(0, bucket.store.get(key)).await?;
    let blocks = answer.map_err(absent)?.into_stream();
    Ok(Box::pin(stream::try_unfold(
        (bucket, blocks),
        |(bucket, mut blocks)| async move {
            match bucket.within(0, blocks.next()).await? {
                None => Ok(None),
                Some(block) => Ok(Some((block.map_err(away)?, (bucket, blocks)))),
            }
        },
    )))
}

async fn copied(mut blocks: ObjectStream, mut copy: NamedTempFile) -> Result<NamedTempFile> {
    while let Some(block) = blocks.next().await {
        let block = block?;
        copy = tokio::task::spawn_blocking(move || copy.write_all(&block).map(|()| copy))
            .await
            .map_err(Problem::internal)?
            .map_err(away)?;
    }
    Ok(copy)
}

fn verify(file: &File, digest: &Digest) -> Result<()> {
    let mut reader = file;
    reader.rewind().map_err(away)?;
    let found = digest_of_reader(reader).map_err(away)?;
    reader.rewind().map_err(away)?;
    if found == *digest {
        Ok(())
    } else {
        Err(damaged(digest))
    }
}

/// Digest of a file's bytes.
///
/// # Errors
/// When it cannot be read.
pub fn digest_of(file: &Path) -> io::Result<Digest> {
    digest_of_reader(&File::open(file)?)
}

fn digest_of_reader(mut reader: &File) -> io::Result<Digest> {
    let mut sha256 = Context::new(&SHA256);
    let mut block = vec![0; BLOCK];
    loop {
        let n = reader.read(&mut block)?;
        if n == 0 {
            return Ok(finished(sha256));
        }
        sha256.update(&block[..n]);
    }
}

/// Passes bytes on while computing their digest. The last block is held back until the digest is known to be right.
fn checked(raw: ObjectStream, digest: Digest) -> ObjectStream {
    struct Checking {
        raw: ObjectStream,
        sha256: Context,
        held: Option<Bytes>,
        digest: Digest,
    }
    let start = Some(Checking {
        raw,
        sha256: Context::new(&SHA256),
        held: None,
        digest,
    });
    Box::pin(stream::try_unfold(start, |state| async {
        let Some(mut state) = state else {
            return Ok(None);
        };
        loop {
            if let Some(block) = state.raw.next().await {
                let block = block?;
                state.sha256.update(&block);
                if let Some(before) = state.held.replace(block) {
                    return Ok(Some((before, Some(state))));
                }
            } else {
                let Checking {
                    sha256,
                    held,
                    digest,
                    ..
                } = state;
                if finished(sha256) != digest {
                    return Err(damaged(&digest));
                }
                return Ok(held.map(|last| (last, None)));
            }
        }
    }))
}
