//! The body of a request on its way from the client to a service.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    HttpRequest,
    http::{StatusCode, header as actix_header},
    web::Payload,
};
use bytes::Bytes;
use helder_platform::problem::{Problem, Result};
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

use super::patience::Patience;

/// Bodies up to this size travel as one piece.
pub(crate) const SMALL_BYTES: u64 = 64 << 10;
/// Pieces under way between the client's and the service's connection.
const PIECES: usize = 8;

pub(super) type OutBody = UnsyncBoxBody<Bytes, BodyError>;

/// What goes on: a small body in one piece, which can be sent again, or a stream, which cannot.
pub(super) enum Outgoing {
    Whole(Bytes),
    Stream(OutBody),
}

/// Why a body could not be handed on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("body over the limit")]
    TooLarge,
    #[error("the client broke off")]
    BrokenOff,
    #[error("the client is too slow")]
    TooSlow,
}

impl BodyError {
    /// What the client is told; `limit` is that of its body, bytes.
    pub(crate) fn problem(&self, limit: u64) -> Problem {
        match self {
            Self::TooLarge => Problem::too_large(limit),
            Self::BrokenOff => Problem::bad_request("body", "the body broke off"),
            Self::TooSlow => Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "slow-request",
                "the rest of the request did not come in time",
            ),
        }
    }
}

impl From<Infallible> for BodyError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// What the request says its body has, bytes.
pub(crate) fn content_length(request: &HttpRequest) -> Result<Option<u64>> {
    let Some(value) = request.headers().get(actix_header::CONTENT_LENGTH) else {
        return Ok(None);
    };
    let digits = value.to_str().ok().and_then(|text| text.parse().ok());
    digits
        .map(Some)
        .ok_or_else(|| Problem::bad_request("content-length", "Content-Length must be a number"))
}

/// A small body whose length is told, in one piece.
pub(crate) async fn whole(
    payload: &mut Payload,
    length: u64,
    grace: Duration,
) -> std::result::Result<Bytes, BodyError> {
    let mut patience = Patience::new(grace);
    let mut first: Option<Bytes> = None;
    let mut rest: Vec<u8> = Vec::new();
    while let Some(piece) = patience.next(payload).await? {
        match &first {
            None => first = Some(piece),
            Some(first) => {
                if rest.is_empty() {
                    rest.reserve(length as usize);
                    rest.extend_from_slice(first);
                }
                rest.extend_from_slice(&piece);
            }
        }
    }
    Ok(if rest.is_empty() {
        first.unwrap_or_default()
    } else {
        rest.into()
    })
}

/// A small body in one piece, a large or unmeasured one as a stream that stops at the limit.
pub(super) async fn outgoing(
    request: &HttpRequest,
    mut payload: Payload,
    length: Option<u64>,
    limit: u64,
    grace: Duration,
) -> Result<Outgoing> {
    let has_body = length.is_some_and(|length| length > 0)
        || request
            .headers()
            .contains_key(actix_header::TRANSFER_ENCODING);
    if !has_body {
        return Ok(Outgoing::Whole(Bytes::new()));
    }
    if let Some(length) = length.filter(|length| *length <= SMALL_BYTES) {
        let whole = whole(&mut payload, length, grace)
            .await
            .map_err(|error| error.problem(limit))?;
        return Ok(Outgoing::Whole(whole));
    }
    // The client's payload stays on this thread; a bounded channel carries its pieces to the connection's task.
    let (sender, receiver) = mpsc::channel::<std::result::Result<Bytes, BodyError>>(PIECES);
    actix_web::rt::spawn(async move {
        let (mut seen, mut patience) = (0_u64, Patience::new(grace));
        loop {
            let piece = match patience.next(&mut payload).await {
                Ok(None) => return,
                Ok(Some(piece)) => {
                    seen += piece.len() as u64;
                    if seen > limit {
                        Err(BodyError::TooLarge)
                    } else {
                        Ok(piece)
                    }
                }
                Err(error) => Err(error),
            };
            let last = piece.is_err();
            if sender.send(piece).await.is_err() || last {
                return;
            }
        }
    });
    let pieces = futures_util::stream::unfold(receiver, |mut receiver| async move {
        receiver
            .recv()
            .await
            .map(|piece| (piece.map(Frame::data), receiver))
    });
    Ok(Outgoing::Stream(match length {
        Some(length) => Measured {
            inner: StreamBody::new(Box::pin(pieces)),
            length,
        }
        .boxed_unsync(),
        None => StreamBody::new(pieces).boxed_unsync(),
    }))
}

/// A stream whose length is known, so that the service sees `Content-Length` too.
struct Measured<B> {
    inner: B,
    length: u64,
}

impl<B: Body<Data = Bytes, Error = BodyError> + Unpin> Body for Measured<B> {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, BodyError>>> {
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
