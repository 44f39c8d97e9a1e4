//! Hands a request to a service and its answer back, streaming both ways over pooled HTTP/1 connections.

mod body;
mod leftover;
mod patience;

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    body::{BodyStream, SizedStream},
    http::header as actix_header,
    web::Payload,
};
use futures_util::TryStreamExt;
use helder_platform::{
    calls::BETWEEN_TRIES,
    problem::{Problem, Result},
    trace::{self, TRANSACTION_HEADER},
};
use http::{Request, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper_util::{
    client::legacy::{Client, Error as ClientError, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use uuid::Uuid;

use self::body::{BodyError, OutBody, Outgoing, outgoing};
pub(crate) use self::{
    body::{SMALL_BYTES, content_length, whole},
    leftover::read_away,
};
use crate::{
    internal::Internal,
    trace::Trace,
    upstream::{Pass, Upstream},
};

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

/// The connections of one worker thread.
#[derive(Clone)]
pub(crate) struct Forwarder {
    client: Client<HttpConnector, OutBody>,
}

/// How a request is handed on.
pub(crate) struct Onward<'a> {
    pub(crate) upstream: &'a Upstream,
    /// `Authorization` for the service; none for operations open to all.
    pub(crate) authorization: Option<Internal>,
    pub(crate) trace: &'a Trace,
    /// `Fsc-Transaction-Id`, of a request that came through an inway.
    pub(crate) transaction: Option<Uuid>,
    pub(crate) body_limit: u64,
    pub(crate) answer_within: Duration,
    /// How long the client may let us wait for its body before its pace counts.
    pub(crate) grace: Duration,
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
        let body = outgoing(request, payload, length, onward.body_limit, onward.grace).await?;
        let pass = onward.upstream.enter()?;
        let asked = self.ask(request, body, &onward);
        let answer = match tokio::time::timeout(onward.answer_within, asked).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(unsent(error, &pass, onward.body_limit)),
            Err(_) => {
                pass.waited_in_vain();
                return Err(slow());
            }
        };
        pass.answered();
        drop(pass);
        back(answer).await
    }

    /// Asks, and asks again where that can do no harm: nobody took the connection, or a connection ended without an answer and
    /// the request may be repeated. That is what a client would see of a replica that comes or goes.
    async fn ask(
        &self,
        request: &HttpRequest,
        mut body: Outgoing,
        onward: &Onward<'_>,
    ) -> Result<http::Response<Incoming>, Unsent> {
        let mut waits = BETWEEN_TRIES.into_iter();
        loop {
            let (sent, again) = match body {
                Outgoing::Whole(bytes) => {
                    let again = Outgoing::Whole(bytes.clone());
                    let whole = Full::new(bytes).map_err(BodyError::from).boxed_unsync();
                    (whole, Some(again))
                }
                Outgoing::Stream(stream) => (stream, None),
            };
            let out = outward(request, sent, onward).map_err(Unsent::Refused)?;
            let error = match self.client.request(out).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let harmless = error.is_connect() || is_repeatable(request);
            match (again, waits.next()) {
                (Some(again), Some(wait)) if harmless => {
                    tokio::time::sleep(wait).await;
                    body = again;
                }
                _ => return Err(Unsent::Unanswered(error)),
            }
        }
    }
}

/// Whether asking twice has the effect of asking once.
fn is_repeatable(request: &HttpRequest) -> bool {
    request.method().is_safe() || request.headers().contains_key("idempotency-key")
}

/// The request as it goes on.
fn outward(request: &HttpRequest, body: OutBody, onward: &Onward<'_>) -> Result<Request<OutBody>> {
    let mut out = Request::builder()
        .method(method(request)?)
        .uri(target(&onward.upstream.base, request)?);
    for name in &PASSED_ON {
        for value in request.headers().get_all(name.as_str()) {
            out = out.header(name.clone(), value.as_bytes());
        }
    }
    out = out
        .header("x-request-id", onward.trace.request_id.to_string())
        .header(trace::TRACEPARENT, onward.trace.parent.clone())
        .header(trace::CALLING_ACT, onward.trace.calling.clone());
    if let Some(transaction) = onward.transaction {
        out = out.header(TRANSACTION_HEADER, transaction.to_string());
    }
    if let Some(value) = &onward.authorization {
        out = out.header(header::AUTHORIZATION, value.connection.clone());
    }
    out.body(body).map_err(Problem::internal)
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

/// Why there is no answer.
enum Unsent {
    /// The request cannot go on as it is.
    Refused(Problem),
    /// Something between here and the service.
    Unanswered(ClientError),
}

/// Tells what went wrong between here and the service.
fn unsent(error: Unsent, pass: &Pass<'_>, limit: u64) -> Problem {
    let error = match error {
        Unsent::Refused(problem) => return problem,
        Unsent::Unanswered(error) => error,
    };
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(cause) = source {
        match cause.downcast_ref::<BodyError>() {
            Some(error) => return error.problem(limit),
            None => source = cause.source(),
        }
    }
    pass.waited_in_vain();
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
