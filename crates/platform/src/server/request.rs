//! Around every request: an id, a span without values, headers, and an answer even after a panic.

use std::{panic::AssertUnwindSafe, time::Instant};

use actix_web::{
    Error, ResponseError,
    body::{EitherBody, MessageBody},
    dev::{ResponseHead, ServiceRequest, ServiceResponse},
    error::InternalError,
    http::{
        ConnectionType,
        header::{CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS},
    },
    middleware::Next,
    web::Data,
};
use futures_util::FutureExt;
use tracing::{Instrument, Span};
use uuid::Uuid;

use super::{address, run::Known};
use crate::{
    openapi::API_VERSION,
    problem::{Problem, REQUEST_ID},
    store::Store,
    trace::{self, Inbound, TraceParent},
};

const API_VERSION_HEADER: HeaderName = HeaderName::from_static("api-version");
const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static(trace::TRACEPARENT);
const CALLING_ACT: HeaderName = HeaderName::from_static(trace::CALLING_ACT);
const TRANSACTION: HeaderName = HeaderName::from_static(trace::TRANSACTION_HEADER);

/// Wraps a request; see the module.
pub(super) async fn around(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = request
        .headers()
        .get(&REQUEST_ID_HEADER)
        .and_then(|value| Uuid::parse_str(value.to_str().ok()?).ok())
        .unwrap_or_else(Uuid::now_v7);
    let span = if trace::is_seen() {
        let route = request
            .match_pattern()
            .unwrap_or_else(|| "unknown".to_owned());
        tracing::info_span!("request", method = %request.method(), route, id = %id)
    } else {
        Span::none()
    };
    let parent = request
        .headers()
        .get(TRACEPARENT)
        .and_then(|value| TraceParent::parse(value.to_str().ok()?));
    trace::follow(&span, parent);
    let calling = request.headers().get(CALLING_ACT);
    let calling = calling.and_then(|value| value.to_str().ok());
    let transaction = request.headers().get(TRANSACTION);
    let transaction = transaction.and_then(|value| value.to_str().ok());
    let inbound = Inbound::new(parent, calling).with_transaction(transaction);
    let started = Instant::now();
    let known = request.app_data::<Data<Known>>().cloned();
    let route = known
        .as_ref()
        .and_then(|known| known.route(request.method().as_str(), request.path()));
    let is_closing = request
        .app_data::<Data<Store>>()
        .is_some_and(|store| store.is_closing());
    let answering = REQUEST_ID
        .scope(id, async move {
            if has_nul(request.query_string()) {
                return Err(refusal(&nul_fault().into(), id, is_closing));
            }
            if address::names_somebody(request.path(), request.query_string()) {
                return Err(refusal(&address::fault().into(), id, is_closing));
            }
            let outcome = AssertUnwindSafe(next.call(request)).catch_unwind().await;
            let mut response = match outcome {
                Ok(Ok(response)) => as_problem(response),
                Ok(Err(error)) => return Err(refusal(&error, id, is_closing)),
                Err(_) => {
                    let problem = Problem::internal("a handler panicked");
                    return Err(refusal(&problem.into(), id, is_closing));
                }
            };
            mark(response.headers_mut(), id);
            if is_closing {
                close_after(response.response_mut().head_mut());
            }
            let status = response.status().as_u16();
            tracing::debug!(
                status,
                took_us = started.elapsed().as_micros() as u64,
                "answered"
            );
            Ok(response)
        })
        .instrument(span);
    let answered = trace::INBOUND.scope(inbound, answering).await;
    if let Some(known) = known {
        let status = match &answered {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        known.answered(route, status.as_u16(), started.elapsed());
    }
    answered
}

/// Whether a query holds NUL, which no text here has and PostgreSQL cannot keep.
fn has_nul(query: &str) -> bool {
    query.contains("%00")
}

fn nul_fault() -> Problem {
    Problem::bad_request("invalid-query", "a query value holds the character NUL")
}

/// The next request of this client comes over another connection, and so to another replica.
pub fn close_after(head: &mut ResponseHead) {
    head.set_connection_type(ConnectionType::Close);
}

/// What every answer says.
fn mark(headers: &mut HeaderMap, id: Uuid) {
    if !headers.contains_key(API_VERSION_HEADER) {
        headers.insert(API_VERSION_HEADER, HeaderValue::from_static(API_VERSION));
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let mut buffer = Uuid::encode_buffer();
    if let Ok(id) = HeaderValue::from_str(id.hyphenated().encode_lower(&mut buffer)) {
        headers.insert(REQUEST_ID_HEADER, id);
    }
}

/// Refusals of the web framework itself become problems too.
fn as_problem<B: MessageBody + 'static>(
    response: ServiceResponse<B>,
) -> ServiceResponse<EitherBody<B>> {
    match response.response().error().map(problem_of) {
        Some(Some(problem)) => response
            .into_response(problem.error_response())
            .map_into_right_body(),
        Some(None) | None => response.map_into_left_body(),
    }
}

/// A problem in place of an error that is none.
fn problem_of(error: &Error) -> Option<Problem> {
    if error.as_error::<Problem>().is_some() {
        return None;
    }
    let status = error.as_response_error().status_code();
    Some(Problem::new(
        status,
        "request-refused",
        "the request cannot be served as it is",
    ))
}

/// The answer where no handler could make one.
fn refusal(error: &Error, id: Uuid, is_closing: bool) -> Error {
    let mut response = match (error.as_error::<Problem>(), problem_of(error)) {
        (Some(problem), _) => problem.error_response(),
        (None, Some(problem)) => problem.error_response(),
        (None, None) => Problem::internal("an error without answer").error_response(),
    };
    mark(response.headers_mut(), id);
    if is_closing {
        close_after(response.head_mut());
    }
    InternalError::from_response("refused", response).into()
}
