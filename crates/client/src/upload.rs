//! Files, sent as they are read.

use std::{io::Read, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{Method, header};
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use crate::{
    Answer, Client, ClientError,
    call::{decode, unreadable},
};

/// Media type and content encoding of a file by its name.
///
/// ```
/// assert_eq!(helder_client::media_type("brp.csv.gz".as_ref()), ("text/csv", Some("gzip")));
/// ```
pub fn media_type(file: &Path) -> (&'static str, Option<&'static str>) {
    let name = file
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default()
        .to_ascii_lowercase();
    let (name, encoding) = match (name.strip_suffix(".gz"), name.strip_suffix(".zst")) {
        (Some(inner), _) => (inner, Some("gzip")),
        (_, Some(inner)) => (inner, Some("zstd")),
        _ => (name.as_str(), None),
    };
    let media = match name.rsplit('.').next() {
        Some("xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        Some("parquet") => "application/vnd.apache.parquet",
        Some("jsonl" | "ndjson") => "application/x-ndjson",
        Some("json") => "application/json",
        Some("csv" | "txt" | "tsv") => "text/csv",
        _ => "application/octet-stream",
    };
    (media, encoding)
}

impl Client {
    /// Sends a file to `path`, with its digest ahead of it so that the other side can tell a damaged copy.
    ///
    /// Memory stays flat: the file is read twice, once for the digest and once to send. `sent` hears the bytes sent so far.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn upload<T: DeserializeOwned>(
        &self,
        path: &str,
        file: &Path,
        sent: impl FnMut(u64) + Send + Unpin + 'static,
    ) -> Result<Answer<T>, ClientError> {
        let unread = |source| ClientError::File {
            path: file.display().to_string(),
            source,
        };
        let for_digest = file.to_owned();
        let digest = tokio::task::spawn_blocking(move || digest(&for_digest))
            .await
            .map_err(|error| unreadable(path, error))?
            .map_err(unread)?;
        let open = tokio::fs::File::open(file).await.map_err(unread)?;
        let size = open.metadata().await.map_err(unread)?.len();
        let (media, encoding) = media_type(file);
        let stream = ReaderStream::with_capacity(
            Counting {
                inner: open,
                done: 0,
                sent,
            },
            256 << 10,
        );
        let mut request = self
            .request(Method::POST, path)
            .header(header::CONTENT_TYPE, media)
            .header(header::CONTENT_LENGTH, size)
            .header(
                "content-digest",
                format!("sha-256=:{}:", STANDARD.encode(digest)),
            )
            .header("idempotency-key", Uuid::now_v7().to_string())
            .body(reqwest::Body::wrap_stream(stream));
        if let Some(encoding) = encoding {
            request = request.header(header::CONTENT_ENCODING, encoding);
        }
        decode(path, self.send(path, request).await?).await
    }
}

fn digest(file: &Path) -> std::io::Result<[u8; 32]> {
    let mut file = std::fs::File::open(file)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hash.finalize().into()),
            n => hash.update(&buffer[..n]),
        }
    }
}

/// Reads through and tells how far it is.
struct Counting<R, F> {
    inner: R,
    done: u64,
    sent: F,
}

impl<R: tokio::io::AsyncRead + Unpin, F: FnMut(u64) + Unpin> tokio::io::AsyncRead
    for Counting<R, F>
{
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let polled = std::pin::Pin::new(&mut self.inner).poll_read(context, buffer);
        let read = (buffer.filled().len() - before) as u64;
        if read > 0 {
            self.done += read;
            let done = self.done;
            (self.sent)(done);
        }
        polled
    }
}
