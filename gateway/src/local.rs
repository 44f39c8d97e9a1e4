//! Asks a service that runs in the gateway's own process by call instead of over a connection.
//!
//! The same headers go on and come back as in [`crate::forward`]; the service verifies the internal token as it always does.
//! Bodies that are large or of unknown length take the connection, where they can be held back while the service is busy.

use std::{cell::OnceCell, collections::BTreeMap, future::ready, sync::Arc, time::Instant};

use actix_web::{
    HttpRequest, HttpResponse,
    dev::Payload as ActixPayload,
    http::header::{self, HeaderMap, HeaderName, HeaderValue},
    web::Payload,
};
use futures_util::stream;
use helder_platform::{
    problem::Result,
    server::{LocalApp, LocalService},
    trace,
};

use crate::{
    forward::{Onward, PASSED_BACK, PASSED_ON, SMALL_BYTES, content_length, slow, whole},
    room::{Guest, Room, Seat},
    table::Operation,
    turns::Turns,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static(trace::TRACEPARENT);
const CALLING_ACT: HeaderName = HeaderName::from_static(trace::CALLING_ACT);
const TRANSACTION: HeaderName = HeaderName::from_static(trace::TRANSACTION_HEADER);

/// The applications of one worker thread, each built on its first request.
pub(crate) struct Locals {
    services: BTreeMap<&'static str, (LocalService, OnceCell<LocalApp>)>,
    /// Of all worker threads.
    room: Arc<Room>,
    turns: Turns,
}

impl Locals {
    pub(crate) fn new(services: &BTreeMap<&'static str, LocalService>, room: &Arc<Room>) -> Self {
        let seat = |(name, service): (&&'static str, &LocalService)| {
            (*name, (service.clone(), OnceCell::new()))
        };
        Self {
            services: services.iter().map(seat).collect(),
            room: Arc::clone(room),
            turns: Turns::default(),
        }
    }

    /// Lets a request of this client in, or says at once that there is no room.
    async fn enter<'a>(&'a self, guest: &'a Guest, operation: usize) -> Result<Seat<'a>> {
        let seat = self.room.enter(guest, operation, Instant::now())?;
        if self.room.is_crowded() {
            // Whoever is there by now is counted, or refused, before this one computes.
            self.turns.next().await;
        }
        Ok(seat)
    }

    /// The application that can answer this request, and the client's seat in the room; none when the request has to go over a
    /// connection.
    ///
    /// # Errors
    /// 503 when there is no room.
    pub(crate) async fn find<'a>(
        &'a self,
        operation: &Operation,
        request: &HttpRequest,
        body_limit: u64,
        guest: &'a Guest,
    ) -> Result<Option<(LocalApp, Seat<'a>)>> {
        let Some((service, app)) = self.services.get(operation.service) else {
            return Ok(None);
        };
        let fits = content_length(request)?.unwrap_or(0) <= body_limit.min(SMALL_BYTES)
            && !request.headers().contains_key(header::TRANSFER_ENCODING);
        if !fits {
            return Ok(None);
        }
        let seat = self.enter(guest, operation.number).await?;
        if app.get().is_none() {
            // Two first requests may build one each; either serves.
            let _ = app.set(service.app().await?);
        }
        Ok(app.get().cloned().map(|app| (app, seat)))
    }
}

/// Asks, and gives the answer with the headers that mean something to a client.
pub(crate) async fn send(
    app: &LocalApp,
    request: &HttpRequest,
    payload: Payload,
    onward: Onward<'_>,
) -> Result<HttpResponse> {
    let payload = received(request, payload, &onward).await?;
    let asked = app.call(
        request.method().clone(),
        request.uri().clone(),
        headers(request, &onward),
        payload,
    );
    let mut response = tokio::time::timeout(onward.answer_within, asked)
        .await
        .map_err(|_| slow())?;
    response
        .headers_mut()
        .retain(|name, _| PASSED_BACK.iter().any(|known| is_same(known, name)));
    Ok(response)
}

/// The body, once the client has sent all of it: who is slow at that holds up nobody here.
async fn received(
    request: &HttpRequest,
    mut payload: Payload,
    onward: &Onward<'_>,
) -> Result<ActixPayload> {
    let length = content_length(request)?.unwrap_or(0);
    if length == 0 {
        return Ok(payload.into_inner());
    }
    let bytes = whole(&mut payload, length, onward.grace)
        .await
        .map_err(|error| error.problem(onward.body_limit))?;
    Ok(ActixPayload::Stream {
        payload: Box::pin(stream::once(ready(Ok(bytes)))),
    })
}

/// Both are in lower case, so their bytes tell.
fn is_same(known: &http::HeaderName, name: &HeaderName) -> bool {
    known.as_str() == name.as_str()
}

fn headers(request: &HttpRequest, onward: &Onward<'_>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(12);
    for (name, value) in request.headers() {
        let is_passed = PASSED_ON.iter().any(|known| is_same(known, name));
        if is_passed || name == header::CONTENT_LENGTH {
            headers.append(name.clone(), value.clone());
        }
    }
    let mut insert = |name: HeaderName, value: &[u8]| {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.insert(name, value);
        }
    };
    let mut buffer = uuid::Uuid::encode_buffer();
    let id = onward
        .trace
        .request_id
        .hyphenated()
        .encode_lower(&mut buffer);
    insert(REQUEST_ID, id.as_bytes());
    insert(TRACEPARENT, onward.trace.parent.as_bytes());
    insert(CALLING_ACT, onward.trace.calling.as_bytes());
    if let Some(transaction) = onward.transaction {
        insert(TRANSACTION, transaction.to_string().as_bytes());
    }
    if let Some(value) = &onward.authorization {
        headers.insert(header::AUTHORIZATION, value.call.clone());
    }
    headers
}
