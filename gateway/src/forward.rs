//! Hands a request to a service and its answer back, streaming both ways over pooled HTTP/1 connections.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    HttpRequest, HttpResponse,
    body::{BodyStream, SizedStream},
    http::header as actix_header,
    web::Payload,
};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use helder_platform::problem::{Problem, Result};
use http::{HeaderValue, Request, Uri, header};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper_util::{
    client::legacy::{Client, Error as ClientError, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use tokio::sync::mpsc;

use crate::trace::Trace;

/// Bodies up to this size travel as one piece.
pub(crate) const SMALL_BYTES: u64 = 64 << 10;
/// Pieces under way between the client's and the service's connection.
const PIECES: usize = 8;

/// Headers of a request that mean something to a service. All others end here, identity headers first of all.
pub(crate) const PASSED_ON: [header::HeaderName; 11] = [
    header::ACCEPT,
    header::ACCEPT_LANGUAGE,
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::HeaderName::from_static("content-digest"),
    header::HeaderName::from_static("idempotency-key"),
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::HeaderName::from_static("last-event-id"),
    header::HeaderName::from_static("tracestate"),
    header::USER_AGENT,
];

/// Headers of an answer that mean something to a client.
pub(crate) const PASSED_BACK: [header::HeaderName; 12] = [
    header::CONTENT_TYPE,
    header::CONTENT_LANGUAGE,
    header::CONTENT_DISPOSITION,
    header::CONTENT_SECURITY_POLICY,
    header::HeaderName::from_static("content-digest"),
    header::HeaderName::from_static("api-version"),
    header::ETAG,
    header::LOCATION,
    header::LINK,
    header::RETRY_AFTER,
    header::ALLOW,
    header::VARY,
];

type OutBody = UnsyncBoxBody<Bytes, BodyError>;

/// Why a body could not be handed on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("body over the limit")]
    TooLarge,
    #[error("the client broke off")]
    BrokenOff,
}

impl From<Infallible> for BodyError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// The connections of one worker thread.
#[derive(Clone)]
pub(crate) struct Forwarder {
    client: Client<HttpConnector, OutBody>,
}

/// How a request is handed on.
pub(crate) struct Onward<'a> {
    /// `http://127.0.0.1:1234`, without a path.
    pub(crate) base: &'a Uri,
    /// `Authorization` for the service; none for operations open to all.
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) trace: &'a Trace,
    pub(crate) body_limit: u64,
    pub(crate) answer_within: Duration,
}

impl Forwarder {
    pub(crate) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Duration::from_secs(2)));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(20))
            .pool_max_idle_per_host(256)
            .build(connector);
        Self { client }
    }

    /// Sends the request on and gives the answer; its body goes on streaming.
    pub(crate) async fn send(
        &self,
        request: &HttpRequest,
        payload: Payload,
        onward: Onward<'_>,
    ) -> Result<HttpResponse> {
        let length = content_length(request)?;
        if length.is_some_and(|length| length > onward.body_limit) {
            return Err(Problem::too_large(onward.body_limit));
        }
        let body = outgoing(request, payload, length, onward.body_limit).await?;
        let mut out = Request::builder()
            .method(method(request)?)
            .uri(target(onward.base, request)?);
        for name in &PASSED_ON {
            for value in request.headers().get_all(name.as_str()) {
                out = out.header(name.clone(), value.as_bytes());
            }
        }
        out = out
            .header("x-request-id", onward.trace.request_id.to_string())
            .header("traceparent", onward.trace.parent.clone());
        if let Some(value) = onward.authorization {
            out = out.header(header::AUTHORIZATION, value);
        }
        let out = out.body(body).map_err(Problem::internal)?;
        let answer = tokio::time::timeout(onward.answer_within, self.client.request(out))
            .await
            .map_err(|_| slow())?
            .map_err(|error| unsent(error, onward.body_limit))?;
        back(answer).await
    }
}

/// The service took longer than it may.
pub(crate) fn slow() -> Problem {
    Problem::new(
        actix_web::http::StatusCode::GATEWAY_TIMEOUT,
        "service-slow",
        "the service did not answer in time; ask again later",
    )
    .with_header(actix_header::RETRY_AFTER, "5")
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

fn method(request: &HttpRequest) -> Result<http::Method> {
    http::Method::from_bytes(request.method().as_str().as_bytes()).map_err(Problem::internal)
}

fn target(base: &Uri, request: &HttpRequest) -> Result<Uri> {
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let mut parts = base.clone().into_parts();
    parts.path_and_query = Some(
        path.parse()
            .map_err(|_| Problem::bad_request("path", "the address cannot be read"))?,
    );
    Uri::from_parts(parts).map_err(Problem::internal)
}

/// A small body in one piece, a large or unmeasured one as a stream that stops at the limit.
async fn outgoing(
    request: &HttpRequest,
    mut payload: Payload,
    length: Option<u64>,
    limit: u64,
) -> Result<OutBody> {
    let has_body = length.is_some_and(|length| length > 0)
        || request
            .headers()
            .contains_key(actix_header::TRANSFER_ENCODING);
    if !has_body {
        return Ok(Full::new(Bytes::new())
            .map_err(BodyError::from)
            .boxed_unsync());
    }
    if let Some(length) = length.filter(|length| *length <= SMALL_BYTES) {
        let mut first: Option<Bytes> = None;
        let mut rest: Vec<u8> = Vec::new();
        while let Some(piece) = payload.next().await {
            let piece = piece.map_err(|_| Problem::bad_request("body", "the body broke off"))?;
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
        let whole = if rest.is_empty() {
            first.unwrap_or_default()
        } else {
            rest.into()
        };
        return Ok(Full::new(whole).map_err(BodyError::from).boxed_unsync());
    }
    // The client's payload stays on this thread; a bounded channel carries its pieces to the connection's task.
    let (sender, receiver) = mpsc::channel::<std::result::Result<Bytes, BodyError>>(PIECES);
    actix_web::rt::spawn(async move {
        let mut seen = 0_u64;
        while let Some(piece) = payload.next().await {
            let piece = match piece {
                Ok(piece) => {
                    seen += piece.len() as u64;
                    if seen > limit {
                        Err(BodyError::TooLarge)
                    } else {
                        Ok(piece)
                    }
                }
                Err(_) => Err(BodyError::BrokenOff),
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
    Ok(match length {
        Some(length) => Measured {
            inner: StreamBody::new(Box::pin(pieces)),
            length,
        }
        .boxed_unsync(),
        None => StreamBody::new(pieces).boxed_unsync(),
    })
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

/// Tells what went wrong between here and the service.
fn unsent(error: ClientError, limit: u64) -> Problem {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(cause) = source {
        match cause.downcast_ref::<BodyError>() {
            Some(BodyError::TooLarge) => return Problem::too_large(limit),
            Some(BodyError::BrokenOff) => {
                return Problem::bad_request("body", "the body broke off");
            }
            None => source = cause.source(),
        }
    }
    Problem::unavailable("the service cannot be reached; ask again later", 2).caused_by(error)
}

async fn back(answer: http::Response<Incoming>) -> Result<HttpResponse> {
    let (head, body) = answer.into_parts();
    let status =
        actix_web::http::StatusCode::from_u16(head.status.as_u16()).map_err(Problem::internal)?;
    let mut response = HttpResponse::build(status);
    for name in &PASSED_BACK {
        for value in head.headers.get_all(name) {
            response.append_header((name.as_str(), value.as_bytes()));
        }
    }
    match body.size_hint().exact() {
        Some(size) if size <= SMALL_BYTES => {
            let whole = body.collect().await.map_err(|error| {
                Problem::unavailable("the service broke off its answer", 2).caused_by(error)
            })?;
            Ok(response.body(whole.to_bytes()))
        }
        Some(size) => Ok(response.body(SizedStream::new(
            size,
            body.into_data_stream().map_err(BrokenAnswer),
        ))),
        None => Ok(response.body(BodyStream::new(
            body.into_data_stream().map_err(BrokenAnswer),
        ))),
    }
}

/// The service stopped in the middle of its answer; the client's connection ends there too.
#[derive(Debug, thiserror::Error)]
#[error("the service broke off its answer")]
struct BrokenAnswer(#[source] hyper::Error);
