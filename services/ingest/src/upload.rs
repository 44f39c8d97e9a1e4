//! A file on its way in: counted, digested, decompressed and sealed chunk by chunk. Nothing is kept of half a file.

use std::{io::Write, time::Duration};

use actix_web::{
    HttpRequest,
    http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap},
    web::Payload,
};
use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use futures_util::StreamExt;
use helder_dataset::{
    DatasetError, Limits,
    detect::{self, EncodingScan, Format},
    read::decode::{Compression, Inflate},
};
use helder_platform::{
    content_digest,
    keyring::{Sealer, SealingWriter},
    objects::{ObjectWriter, Objects},
    problem::{Problem, Result},
};
use helder_types::{Digest, Fault, OrganisationId};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::fault::problem;

/// Bytes of the file kept to recognise its format.
const START_BYTES: usize = 64 << 10;
/// Chunks under way between network and disk.
const CHUNKS_UNDER_WAY: usize = 8;

/// Bytes still read after a refusal, and for how long.
const DRAINED_BYTES: usize = 8 << 20;
const DRAINED_TIME: Duration = Duration::from_secs(2);

/// The bytes of a file.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "a body is read as a stream, never as this")]
pub(crate) struct FileBytes(Vec<u8>);

/// A file that lies sealed in the object store.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Staged {
    /// The sealed object.
    pub(crate) object: Digest,
    /// The file after undoing compression.
    pub(crate) source_digest: Digest,
    /// Its bytes.
    pub(crate) size_bytes: u64,
    /// Its format.
    pub(crate) format: Format,
    /// What was seen of its bytes, for text.
    pub(crate) scan: EncodingScan,
}

/// What the headers of an upload say.
#[derive(Clone, Debug)]
pub(crate) struct Announced {
    format: Format,
    compression: Compression,
    digest: Option<Digest>,
}

/// Reads the headers of an upload.
///
/// # Errors
/// 415 for media types and encodings that are not read, 413 for a length over the limit, 400 for an unreadable digest.
pub(crate) fn announced(request: &HttpRequest, limit_bytes: u64) -> Result<Announced> {
    let headers = request.headers();
    let length = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > limit_bytes) {
        return Err(Problem::too_large(limit_bytes));
    }
    Ok(Announced {
        format: format(headers)?,
        compression: compression(headers)?,
        digest: content_digest::announced(headers)?,
    })
}

/// A small file being held in memory.
pub(crate) struct InMemory {
    format: Format,
    inflate: Inflate<Vec<u8>>,
}

impl Announced {
    /// Receives into memory, at most `limit_bytes` after decompression.
    ///
    /// # Errors
    /// When the decoder cannot be made.
    pub(crate) fn into_memory(self, limits: &Limits, limit_bytes: u64) -> Result<InMemory> {
        let limits = Limits {
            expanded_bytes: limit_bytes,
            ..limits.clone()
        };
        let inflate = Inflate::new(self.compression, Vec::new(), &limits).map_err(problem)?;
        Ok(InMemory {
            format: self.format,
            inflate,
        })
    }
}

impl InMemory {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// 413 at the limit, 400 for damaged compression.
    pub(crate) fn push(&mut self, chunk: &[u8]) -> Result<()> {
        self.inflate.push(chunk).map_err(problem)
    }

    /// The file.
    ///
    /// # Errors
    /// 400 when it is cut, empty or of a kind that is not read; 415 when it is of another kind than announced.
    pub(crate) fn finish(self) -> Result<(Format, Vec<u8>)> {
        let (bytes, _) = self.inflate.finish().map_err(problem)?;
        if bytes.is_empty() {
            return Err(problem(DatasetError::refused(
                "/file",
                "empty",
                "the file is empty",
            )));
        }
        agrees(self.format, &bytes)?;
        Ok((self.format, bytes))
    }
}

/// Refuses bytes of another kind than announced.
fn agrees(announced: Format, start: &[u8]) -> Result<()> {
    let found = detect::sniff(start).map_err(problem)?;
    let agrees = match announced {
        // One line of JSON lines may be cut by the window, and a CSV may look like one.
        Format::Csv | Format::Jsonl => matches!(found, Format::Csv | Format::Jsonl),
        other => found == other,
    };
    if agrees {
        Ok(())
    } else {
        Err(Problem::unsupported_media_type(
            "the bytes are of another kind than Content-Type says",
        ))
    }
}

fn format(headers: &HeaderMap) -> Result<Format> {
    let media = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    match media
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
        .as_str()
    {
        "text/csv" => Ok(Format::Csv),
        "application/x-ndjson" | "application/jsonl" => Ok(Format::Jsonl),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => Ok(Format::Xlsx),
        "application/vnd.apache.parquet" => Ok(Format::Parquet),
        _ => Err(Problem::unsupported_media_type(
            "send text/csv, application/x-ndjson, application/vnd.apache.parquet or \
             application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        )),
    }
}

fn compression(headers: &HeaderMap) -> Result<Compression> {
    let mut values = headers.get_all(CONTENT_ENCODING);
    let first = values
        .next()
        .map(|value| value.to_str().unwrap_or("?").trim().to_ascii_lowercase());
    match (first.as_deref(), values.next()) {
        (None | Some("" | "identity"), None) => Ok(Compression::Identity),
        (Some("gzip" | "x-gzip"), None) => Ok(Compression::Gzip),
        (Some("zstd"), None) => Ok(Compression::Zstd),
        _ => Err(Problem::unsupported_media_type(
            "compress with gzip or zstd, once, or not at all",
        )),
    }
}

/// Looks at the bytes of a file while they go to their sealed place.
struct Tee {
    scan: Option<EncodingScan>,
    sha256: Context,
    start: Vec<u8>,
    out: SealingWriter<ObjectWriter>,
}

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.sha256.update(bytes);
        let room = START_BYTES.saturating_sub(self.start.len());
        self.start
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
        if let Some(scan) = &mut self.scan {
            scan.update(bytes);
        }
        self.out.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// Where uploads go.
pub(crate) struct Place<'a> {
    /// The object store.
    pub(crate) objects: &'a Objects,
    /// Seals for the organisation.
    pub(crate) sealer: Sealer,
    /// The organisation.
    pub(crate) organisation: &'a OrganisationId,
    /// Limit on what is sent.
    pub(crate) upload_bytes: u64,
    /// Limits on the file.
    pub(crate) limits: Limits,
}

/// Receives a file. Answers where it lies sealed, and the digest of the bytes that were sent.
///
/// # Errors
/// 400 for another digest than announced, NUL bytes and damaged compression; 413 beyond a limit; 415 when the bytes are of
/// another format than announced. Nothing is kept then.
pub(crate) async fn receive(
    place: Place<'_>,
    announced: Announced,
    mut payload: Payload,
) -> Result<(Staged, Digest)> {
    let out = place
        .sealer
        .writer(place.objects.writer(place.organisation)?)
        .map_err(Problem::internal)?;
    let text = matches!(announced.format, Format::Csv | Format::Jsonl);
    let tee = Tee {
        scan: text.then(EncodingScan::default),
        sha256: Context::new(&SHA256),
        start: Vec::new(),
        out,
    };
    let inflate = Inflate::new(announced.compression, tee, &place.limits).map_err(problem)?;
    let (sender, chunks) = mpsc::channel(CHUNKS_UNDER_WAY);
    let keeping = tokio::task::spawn_blocking(move || keep(inflate, &announced, chunks));
    let mut sent = 0_u64;
    let mut refusal = None;
    while let Some(chunk) = payload.next().await {
        let chunk = match chunk {
            Ok(chunk) => chunk,
            Err(error) => {
                let cut =
                    Problem::bad_request("body-cut", "the body ended too early; nothing was kept");
                refusal = Some(cut.caused_by(error.to_string()));
                break;
            }
        };
        sent += chunk.len() as u64;
        if sent > place.upload_bytes {
            refusal = Some(Problem::too_large(place.upload_bytes));
            break;
        }
        // A closed channel means that the other side has refused; its reason follows.
        if sender.send(Some(chunk)).await.is_err() {
            break;
        }
    }
    if refusal.is_none() {
        let _ = sender.send(None).await;
    }
    drop(sender);
    let kept = keeping.await.map_err(Problem::internal)?;
    let outcome = refusal.map_or(kept, Err);
    if outcome.is_err() {
        drain(payload).await;
    }
    outcome
}

/// Reads a little of what still comes after a refusal, so that a client in the middle of sending gets to see the answer.
async fn drain(mut payload: Payload) {
    let mut room = DRAINED_BYTES;
    let rest = async {
        while let Some(Ok(chunk)) = payload.next().await {
            room = room.saturating_sub(chunk.len());
            if room == 0 {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(DRAINED_TIME, rest).await;
}

/// Takes chunks until the end is said; without that, nothing is kept.
fn keep(
    mut inflate: Inflate<Tee>,
    announced: &Announced,
    mut chunks: mpsc::Receiver<Option<Bytes>>,
) -> Result<(Staged, Digest)> {
    let mut received = Context::new(&SHA256);
    loop {
        match chunks.blocking_recv() {
            Some(Some(chunk)) => {
                received.update(&chunk);
                inflate.push(&chunk).map_err(problem)?;
            }
            Some(None) => break,
            None => {
                return Err(Problem::bad_request(
                    "body-cut",
                    "the body ended too early; nothing was kept",
                ));
            }
        }
    }
    let received = finished(received);
    content_digest::check(announced.digest, &received)?;
    let (tee, size_bytes) = inflate.finish().map_err(problem)?;
    if size_bytes == 0 {
        return Err(problem(DatasetError::refused(
            "/file",
            "empty",
            "the file is empty",
        )));
    }
    agrees(announced.format, &tee.start)?;
    let scan = tee.scan.unwrap_or_default();
    if announced.format == Format::Csv {
        scan.decide().map_err(problem)?;
    }
    let sealed = tee
        .out
        .finish()
        .map_err(|error| problem(DatasetError::Io(error)))?;
    let (object, _) = sealed.finish()?;
    let staged = Staged {
        object,
        source_digest: finished(tee.sha256),
        size_bytes,
        format: announced.format,
        scan,
    };
    Ok((staged, received))
}

fn finished(context: Context) -> Digest {
    let mut value = [0; 32];
    value.copy_from_slice(context.finish().as_ref());
    Digest::from_sha256(value)
}

/// Refusals of a version that names a contract that is not there.
pub(crate) fn unknown(pointer: &str, what: &str) -> Problem {
    Problem::invalid(vec![Fault::new(
        pointer,
        "unknown",
        format!("your organisation has no such {what}"),
    )])
}
