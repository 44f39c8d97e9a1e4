//! Writing: bytes go to a temporary file while their digest is computed, then get their name.

use std::io::{self, BufWriter, Seek, Write};

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use helder_types::{Digest, OrganisationId};
use tempfile::NamedTempFile;
use tokio::runtime::Handle;

use super::{Backend, Objects, away, local, remote};
use crate::{
    keyring::Sealer,
    problem::{Problem, Result},
};

/// Bytes handed to the blocking writer at a time.
const BLOCK: usize = 1 << 20;

/// A `std::io::Write` that becomes an object when [`ObjectWriter::finish`] says so; dropped before, it leaves nothing.
pub struct ObjectWriter {
    objects: Objects,
    organisation: OrganisationId,
    file: BufWriter<NamedTempFile>,
    sha256: Context,
    size_bytes: u64,
}

/// A stream that was stored sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Digest of the object; no two are equal, even of equal bytes.
    pub object: Digest,
    /// Digest of the bytes that came.
    pub content: Digest,
    /// How many came.
    pub size_bytes: u64,
}

impl Objects {
    /// A writer for code on a blocking thread, such as a job.
    ///
    /// # Errors
    /// 503 when the temporary file cannot be made.
    pub fn writer(&self, organisation: &OrganisationId) -> Result<ObjectWriter> {
        let file = tempfile::Builder::new()
            .prefix("o")
            .tempfile_in(self.scratch.as_path())
            .map_err(away)?;
        Ok(ObjectWriter {
            objects: self.clone(),
            organisation: organisation.clone(),
            file: BufWriter::with_capacity(256 * 1024, file),
            sha256: Context::new(&SHA256),
            size_bytes: 0,
        })
    }

    /// Stores a stream; memory stays flat. Answers the digest and the size in bytes.
    ///
    /// # Errors
    /// The first error of the stream, turned into a problem; 503 when the store is away or full. Nothing is kept then.
    pub async fn put_stream<S, E>(
        &self,
        organisation: &OrganisationId,
        stream: S,
    ) -> Result<(Digest, u64)>
    where
        S: Stream<Item = std::result::Result<Bytes, E>>,
        E: Into<Problem>,
    {
        let mut stream = std::pin::pin!(stream);
        let mut writer = self.writer(organisation)?;
        let mut block = Vec::new();
        while let Some(bytes) = stream.next().await {
            let bytes = bytes.map_err(Into::into)?;
            block.extend_from_slice(&bytes);
            if block.len() >= BLOCK {
                (writer, block) = append(writer, block).await?;
            }
        }
        (writer, _) = append(writer, block).await?;
        writer.finish_async().await
    }

    /// [`Objects::put_stream`], sealed for the organisation on its way.
    ///
    /// # Errors
    /// As [`Objects::put_stream`].
    pub async fn put_sealed_stream<S, E>(
        &self,
        organisation: &OrganisationId,
        sealer: &Sealer,
        stream: S,
    ) -> Result<Sealed>
    where
        S: Stream<Item = std::result::Result<Bytes, E>>,
        E: Into<Problem>,
    {
        let mut stream = std::pin::pin!(stream);
        let mut sealing = sealer.writer(self.writer(organisation)?).map_err(away)?;
        let mut sha256 = Context::new(&SHA256);
        let mut size_bytes = 0;
        let mut block = Vec::new();
        while let Some(bytes) = stream.next().await {
            let bytes = bytes.map_err(Into::into)?;
            sha256.update(&bytes);
            size_bytes += bytes.len() as u64;
            block.extend_from_slice(&bytes);
            if block.len() >= BLOCK {
                (sealing, block) = append(sealing, block).await?;
            }
        }
        (sealing, _) = append(sealing, block).await?;
        let writer = tokio::task::spawn_blocking(move || sealing.finish().map_err(away))
            .await
            .map_err(Problem::internal)??;
        let (object, _) = writer.finish_async().await?;
        Ok(Sealed {
            object,
            content: finished(sha256),
            size_bytes,
        })
    }

    /// Stores bytes held in memory.
    ///
    /// # Errors
    /// 503 when the store is away or full.
    pub async fn put_bytes(&self, organisation: &OrganisationId, bytes: Bytes) -> Result<Digest> {
        let writer = self.writer(organisation)?;
        let (writer, _) = append(writer, bytes.into()).await?;
        Ok(writer.finish_async().await?.0)
    }
}

async fn append<W: Write + Send + 'static>(
    mut writer: W,
    mut block: Vec<u8>,
) -> Result<(W, Vec<u8>)> {
    tokio::task::spawn_blocking(move || {
        writer.write_all(&block).map_err(away)?;
        block.clear();
        Ok((writer, block))
    })
    .await
    .map_err(Problem::internal)?
}

impl ObjectWriter {
    /// Bytes written so far.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Keeps the bytes; answers digest and size. For blocking threads of a runtime.
    ///
    /// # Errors
    /// 503 when the store is away or full; nothing is kept then.
    pub fn finish(self) -> Result<(Digest, u64)> {
        let (objects, organisation, file, digest, size) = self.close()?;
        match &objects.backend {
            Backend::Local(root) => {
                local::keep(root, &organisation, &digest, file).map_err(away)?;
            }
            Backend::Remote(bucket) => {
                let key = remote::key(&bucket.prefix, &organisation, &digest);
                let runtime = Handle::try_current().map_err(Problem::internal)?;
                runtime.block_on(remote::keep(bucket, &key, file, size))?;
            }
        }
        Ok((digest, size))
    }

    /// [`ObjectWriter::finish`] for async code.
    ///
    /// # Errors
    /// As [`ObjectWriter::finish`].
    pub async fn finish_async(self) -> Result<(Digest, u64)> {
        if matches!(self.objects.backend, Backend::Local(_)) {
            return tokio::task::spawn_blocking(move || self.finish())
                .await
                .map_err(Problem::internal)?;
        }
        let (objects, organisation, file, digest, size) =
            tokio::task::spawn_blocking(move || self.close())
                .await
                .map_err(Problem::internal)??;
        if let Backend::Remote(bucket) = &objects.backend {
            let key = remote::key(&bucket.prefix, &organisation, &digest);
            remote::keep(bucket, &key, file, size).await?;
        }
        Ok((digest, size))
    }

    fn close(self) -> Result<(Objects, OrganisationId, NamedTempFile, Digest, u64)> {
        let mut file = self
            .file
            .into_inner()
            .map_err(|error| away(error.into_error()))?;
        file.rewind().map_err(away)?;
        Ok((
            self.objects,
            self.organisation,
            file,
            finished(self.sha256),
            self.size_bytes,
        ))
    }
}

impl Write for ObjectWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.sha256.update(&bytes[..written]);
        self.size_bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The digest of what a context has seen.
pub(super) fn finished(sha256: Context) -> Digest {
    let mut value = [0; 32];
    value.copy_from_slice(sha256.finish().as_ref());
    Digest::from_sha256(value)
}
