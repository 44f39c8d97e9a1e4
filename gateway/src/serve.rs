//! One request through the door.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Data, Payload},
};
use helder_platform::{
    identity::TokenMint,
    metrics::HttpRoutes,
    problem::{Problem, Result},
    routes::{Found, RouteTable, allow},
    server::close_after,
};
use helder_types::Caller;
use tracing::Instrument as _;

use crate::{
    accept, answer, audit,
    config::GatewayConfig,
    connection::Progress,
    docs,
    forward::{Forwarder, Onward, read_away},
    head,
    local::{self, Locals},
    outside::{Fsc, Passage, Refusal, Session, Verifier},
    rate::{Bucket, Buckets},
    room::NO_ROOM,
    table::{BodyKind, Operation},
    trace::Trace,
    upstream::Upstream,
};

/// Largest body where none is told, bytes.
const EMPTY_BYTES: u64 = 16;

/// Who asks again at once, on the connection on which there was no room a moment ago, waits this long for the next refusal, and as
/// much longer for each after it: else refusals take the processor from those who are let in.
const HASTE: Duration = Duration::from_millis(6);
/// The longest wait is so many times that.
const HASTE_MOST: u32 = 32;

/// Everything a request needs, shared by all workers.
pub(crate) struct Door {
    pub(crate) config: GatewayConfig,
    pub(crate) table: RouteTable<Arc<Operation>>,
    pub(crate) versions: BTreeMap<String, String>,
    pub(crate) verifier: Verifier,
    pub(crate) fsc: Option<Fsc>,
    pub(crate) buckets: Buckets,
    pub(crate) mint: Arc<TokenMint>,
    pub(crate) upstreams: BTreeMap<String, Upstream>,
    pub(crate) routes: Arc<HttpRoutes>,
    /// Whether this process is stopping, and its clients have to find another.
    pub(crate) is_closing: Arc<AtomicBool>,
}

/// What is known of a request by the time it is answered.
#[derive(Default)]
struct Known {
    session: Option<Arc<Session>>,
    passage: Option<Passage>,
    operation: Option<Arc<Operation>>,
}

/// Answers every path that is not the docs or health.
pub(crate) async fn serve(
    request: HttpRequest,
    payload: Payload,
    door: Data<Door>,
    ways: (Data<Forwarder>, Data<Locals>),
) -> HttpResponse {
    let started = Instant::now();
    let progress = Progress::of(&request);
    if let Some(progress) = &progress {
        progress.handled();
    }
    let trace = Trace::of(&request);
    let mut known = Known::default();
    let mut payload = Some(payload);
    let answer = door
        .answer(
            &request,
            &mut payload,
            (&ways.0, &ways.1),
            &trace,
            &mut known,
        )
        .instrument(trace.span.clone())
        .await;
    let version = door.version(&request, known.operation.as_deref());
    let mut response = match answer {
        Ok(mut response) => {
            let has_forms = known
                .operation
                .as_ref()
                .is_some_and(|it| it.answers.len() > 1);
            if has_forms && response.status().is_success() {
                let forms = header::HeaderValue::from_static("Accept");
                response.headers_mut().insert(header::VARY, forms);
            }
            answer::finish(response.headers_mut(), trace.request_id, version);
            response
        }
        Err(problem) => {
            read_away(&request, payload).await;
            if let Some(progress) = progress.as_ref().filter(|_| problem.code() == NO_ROOM) {
                let again = progress.told_again();
                if again > 0 {
                    tokio::time::sleep(HASTE * again.min(HASTE_MOST)).await;
                }
            }
            helder_platform::problem::REQUEST_ID
                .scope(trace.request_id, async {
                    answer::refuse(request.path(), &problem, trace.request_id, version)
                })
                .await
        }
    };
    // Of a request that did not come to its end, nothing more is read.
    let is_unread = response.status() == StatusCode::REQUEST_TIMEOUT;
    if is_unread || door.is_closing.load(Ordering::Relaxed) {
        close_after(response.head_mut());
    }
    if let Some(progress) = &progress {
        progress.answered();
    }
    let operation = known
        .operation
        .as_ref()
        .map_or("-", |operation| operation.id.as_str());
    let number = known.operation.as_ref().map(|operation| operation.number);
    let took_us = started.elapsed().as_micros() as u64;
    door.routes
        .record(number, response.status().as_u16(), took_us);
    trace.span.record("operation", operation);
    trace.span.record("status", response.status().as_u16());
    audit::record(
        known.session.as_deref(),
        known.passage.as_ref(),
        operation,
        response.status().as_u16(),
        (trace.request_id, trace.id()),
        started,
    );
    response
}

fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Invalid => {
            Problem::unauthenticated("the token is not valid here and now; get a new one")
        }
        Refusal::IssuerAway => Problem::unavailable(
            "the issuer of this token cannot be asked for its keys; ask again later",
            30,
        ),
    }
}

impl Door {
    async fn answer(
        &self,
        request: &HttpRequest,
        payload: &mut Option<Payload>,
        (forwarder, locals): (&Forwarder, &Locals),
        trace: &Trace,
        known: &mut Known,
    ) -> Result<HttpResponse> {
        head::check(request, &self.config)?;
        if let Some(document) = docs::document(request)? {
            return Ok(document);
        }
        let method = http::Method::from_bytes(request.method().as_str().as_bytes())
            .map_err(Problem::internal)?;
        let operation = match self.table.find(&method, request.path()) {
            Found::Route(operation) => Arc::clone(operation),
            Found::OtherMethods(methods) => {
                return Err(Problem::method_not_allowed(allow(&methods)));
            }
            Found::Nothing => return Err(Problem::not_found()),
        };
        known.operation = Some(Arc::clone(&operation));
        if let Some(fsc) = &self.fsc {
            known.passage = fsc.passage(request)?;
        }
        let (authorization, bucket) = match operation.permission {
            None => {
                let bucket = self.bucket_of_address(request);
                bucket.take()?;
                (None, bucket)
            }
            Some(permission) => {
                let session = self.session(request, known.passage.as_ref()).await?;
                known.session = Some(Arc::clone(&session));
                session.bucket.take()?;
                if !session.may(permission) {
                    return Err(Problem::forbidden(
                        "not-permitted",
                        "your role does not allow this",
                    ));
                }
                let internal = session.internal(&self.mint)?;
                (Some(internal), Arc::clone(&session.bucket))
            }
        };
        accept::check(request, &operation.answers)?;
        let (body_limit, answer_s) = match operation.body {
            BodyKind::Json => (self.config.json_bytes, self.config.answer_s),
            BodyKind::Upload => (self.config.upload_bytes, self.config.upload_s),
            // Clients in the field send `{}` or `null` where nothing is asked.
            BodyKind::None => (EMPTY_BYTES, self.config.answer_s),
        };
        if operation.body != BodyKind::Upload
            && request.headers().contains_key(header::CONTENT_ENCODING)
        {
            return Err(Problem::unsupported_media_type(
                "send this body without Content-Encoding",
            ));
        }
        let upstream = self.upstreams.get(operation.service).ok_or_else(|| {
            Problem::unavailable("this service is not part of this installation", 60)
        })?;
        let onward = Onward {
            upstream,
            authorization,
            trace,
            transaction: known.passage.as_ref().map(|passage| passage.transaction),
            body_limit,
            answer_within: Duration::from_secs(answer_s),
            grace: Duration::from_secs(self.config.grace_s),
        };
        let local = locals.find(&operation, request, body_limit, &bucket.guest);
        let local = local.await?;
        let payload = payload
            .take()
            .ok_or_else(|| Problem::internal("a body is read once"))?;
        match local {
            // The seat is given back once there is an answer.
            Some((app, mut seat)) => {
                let answer = local::send(&app, request, payload, onward).await;
                if answer.as_ref().is_ok_and(|it| it.status().is_success()) {
                    seat.good();
                }
                answer
            }
            None => forwarder.send(request, payload, onward).await,
        }
    }

    /// Who asks: by a token, by the inway through which the request came, or by both when they agree.
    async fn session(
        &self,
        request: &HttpRequest,
        passage: Option<&Passage>,
    ) -> Result<Arc<Session>> {
        let bucket = |caller: &Caller| {
            self.buckets
                .of(&format!("{}\n{}", caller.organisation, caller.client))
        };
        let consumer = passage.map(|passage| &passage.consumer);
        if let Some(consumer) = consumer
            && !request.headers().contains_key(header::AUTHORIZATION)
            && let Some(session) = consumer.session(bucket)
        {
            return Ok(session);
        }
        let token = head::bearer(request)?;
        let session = match self.verifier.session(token, bucket).await {
            Ok(session) => session,
            Err(refusal) => {
                // Verifying costs a signature check; whoever keeps guessing is slowed down by address.
                self.bucket_of_address(request).take()?;
                return Err(refused(refusal));
            }
        };
        if consumer.is_some_and(|consumer| !consumer.is_of(&session.caller)) {
            return Err(Problem::forbidden(
                "fsc-consumer",
                "the token speaks for another organisation than the one that came in through the inway",
            ));
        }
        Ok(session)
    }

    fn bucket_of_address(&self, request: &HttpRequest) -> Arc<Bucket> {
        let address = request
            .peer_addr()
            .map_or_else(String::new, |address| address.ip().to_string());
        self.buckets.of(&address)
    }

    fn version<'a>(
        &'a self,
        request: &HttpRequest,
        operation: Option<&'a Operation>,
    ) -> Option<&'a str> {
        operation
            .map(|operation| operation.version.as_str())
            .or_else(|| {
                let service = request.path().split('/').nth(1)?;
                self.versions.get(service).map(String::as_str)
            })
    }
}
