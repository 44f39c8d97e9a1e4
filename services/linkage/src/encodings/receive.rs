//! An encoding on its way in: streamed to its place, its start looked at. Nothing is kept of what is refused.

use std::{cell::RefCell, rc::Rc};

use actix_web::{
    HttpRequest,
    http::header::{CONTENT_LENGTH, CONTENT_TYPE},
    web::Payload,
};
use futures_util::StreamExt as _;
use helder_platform::{
    content_digest,
    keyring::KeyRing,
    objects::{Objects, Sealed},
    problem::{Problem, Result},
};
use helder_pprl::{Header, Start};
use helder_types::{Fault, OrganisationId};

/// Largest file: about half a million rows. Linking holds two in memory.
pub(super) const MOST_BYTES: u64 = 640 << 20;
const MEDIA_TYPE: &str = "application/octet-stream";
/// Fewest rows. An encoding of a few people is a question about those people.
pub(super) const LEAST_ROWS: u64 = 100;

/// Refuses what is said to be something else than bytes.
///
/// # Errors
/// 415 then.
pub(super) fn refuse_other(request: &HttpRequest) -> Result<()> {
    let said = request.headers().get(CONTENT_TYPE);
    if said.is_none_or(|said| said.as_bytes() == MEDIA_TYPE.as_bytes()) {
        return Ok(());
    }
    Err(not_bytes())
}

fn not_bytes() -> Problem {
    Problem::unsupported_media_type("send application/octet-stream")
}

/// Takes a file in and seals it; answers where it lies, and what its start says or why it is refused: the caller then throws it away.
///
/// # Errors
/// 415 for another media type, 413 above [`MOST_BYTES`], 400 for a cut body, 409 `key-destroyed`; nothing is kept then.
pub(super) async fn receive(
    (objects, keyring): (&Objects, &KeyRing),
    organisation: &OrganisationId,
    request: &HttpRequest,
    body: Payload,
) -> Result<(Sealed, Result<Header>)> {
    let headers = request.headers();
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if text(CONTENT_TYPE) != Some(MEDIA_TYPE) {
        return Err(not_bytes());
    }
    let length = text(CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| length > MOST_BYTES) {
        return Err(Problem::too_large(MOST_BYTES));
    }
    let announced = content_digest::announced(headers)?;
    let seen = Rc::new(RefCell::new((Vec::new(), 0_u64)));
    let looking = Rc::clone(&seen);
    let stream = body.map(move |chunk| {
        let chunk = chunk.map_err(|error| {
            Problem::bad_request("body-cut", "the body ended too early; nothing was kept")
                .caused_by(error.to_string())
        })?;
        let (start, size) = &mut *looking.borrow_mut();
        let room = Start::MOST_BYTES.saturating_sub(start.len());
        start.extend_from_slice(&chunk[..chunk.len().min(room)]);
        *size += chunk.len() as u64;
        if *size > MOST_BYTES {
            return Err(Problem::too_large(MOST_BYTES));
        }
        Ok(chunk)
    });
    let sealer = keyring.sealer(organisation).await?;
    let sealed = objects
        .put_sealed_stream(organisation, &sealer, stream)
        .await?;
    let looked = looked_at(&seen.borrow().0, sealed.size_bytes)
        .and_then(|header| content_digest::check(announced, &sealed.content).map(|()| header));
    Ok((sealed, looked))
}

/// The header of a file of this size.
fn looked_at(start: &[u8], size: u64) -> Result<Header> {
    let refused = |code: &'static str, detail: String| {
        Problem::invalid(vec![Fault::new("/file", code, detail)])
    };
    let start = Start::read(start).map_err(|error| refused("encoding", error.to_string()))?;
    if start.size_bytes != size {
        let detail = format!(
            "the encoding has {size} bytes where its header promises {}",
            start.size_bytes
        );
        return Err(refused("length", detail));
    }
    if start.header.n_rows < LEAST_ROWS {
        let detail = format!("an encoding has at least {LEAST_ROWS} rows here");
        return Err(refused("too-few", detail));
    }
    Ok(start.header)
}
