//! Request id and W3C trace context.

use std::{
    cell::Cell,
    time::{SystemTime, UNIX_EPOCH},
};

use actix_web::{HttpRequest, http::header::HeaderName};
use helder_platform::trace::{self, TRACEPARENT, TraceParent, hex};
use http::HeaderValue;
use tracing::Span;
use uuid::{Builder, Uuid};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const PARENT: HeaderName = HeaderName::from_static(TRACEPARENT);

/// The names under which a request can be found again.
pub(crate) struct Trace {
    /// `X-Request-Id`: the client's when it is a UUID, else a new one.
    pub(crate) request_id: Uuid,
    /// `traceparent` for the service: the client's trace with a new span, or a new trace.
    pub(crate) parent: HeaderValue,
    /// The client's act that calls, for the log of processing; the span in `parent` is the gateway's.
    pub(crate) calling: HeaderValue,
    /// The span of this request; disabled unless traces are exported.
    pub(crate) span: Span,
}

impl Trace {
    /// The trace's name: 32 hex digits.
    pub(crate) fn id(&self) -> &str {
        let parent = self.parent.to_str().unwrap_or_default();
        parent.get(3..35).unwrap_or("-")
    }

    pub(crate) fn of(request: &HttpRequest) -> Self {
        let text = |name: HeaderName| {
            let value = request.headers().get(name)?;
            value.to_str().ok()
        };
        let request_id = text(REQUEST_ID)
            .and_then(|id| Uuid::try_parse(id).ok())
            .unwrap_or_else(new_request_id);
        let inbound = text(PARENT).and_then(TraceParent::parse);
        let calling = inbound
            .and_then(|inbound| HeaderValue::from_str(inbound.span).ok())
            .unwrap_or_else(|| HeaderValue::from_static("none"));
        let (span, parent) = if trace::is_exported() {
            let span = tracing::info_span!("gateway", id = %request_id, operation = tracing::field::Empty, status = tracing::field::Empty);
            trace::follow(&span, inbound);
            let parent = trace::of(&span);
            (span, parent)
        } else {
            (Span::none(), None)
        };
        // Not exported here: the services still get one trace for their records of processing.
        let parent = parent.unwrap_or_else(|| {
            let next = hex(u128::from(random() | 1), 16);
            let fresh = hex(u128::from(random()) << 64 | u128::from(random() | 1), 32);
            let parent = TraceParent {
                trace: inbound.map_or(fresh.as_str(), |inbound| inbound.trace),
                span: &next,
                sampled: true,
            };
            parent.text()
        });
        let parent = HeaderValue::try_from(parent).unwrap_or_else(|_| HeaderValue::from_static(""));
        Self {
            request_id,
            parent,
            calling,
            span,
        }
    }
}

/// A UUID in order of time. These ids are names, no secrets, so they need no system call each.
pub(crate) fn new_request_id() -> Uuid {
    let millis = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64);
    let mut bytes = [0; 10];
    bytes[..8].copy_from_slice(&random().to_le_bytes());
    bytes[8..].copy_from_slice(&random().to_le_bytes()[..2]);
    Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
}

/// The next number of this thread, seeded once by the system.
///
/// # Source
/// `SplitMix64`, Steele, Lea & Flood, OOPSLA 2014.
fn random() -> u64 {
    thread_local! {
        static STATE: Cell<u64> = Cell::new(Uuid::new_v4().as_u64_pair().0);
    }
    let state = STATE.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
    STATE.set(state);
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn request_ids_are_version_7_and_do_not_repeat() {
        let ids: HashSet<_> = (0..10_000).map(|_| new_request_id()).collect();
        assert_eq!(ids.len(), 10_000);
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
    }

    #[test]
    fn a_strange_id_is_replaced_and_a_trace_is_always_named() {
        let request = actix_web::test::TestRequest::default()
            .insert_header(("x-request-id", "no uuid"))
            .insert_header(("traceparent", "broken"))
            .to_http_request();
        let trace = Trace::of(&request);
        assert_eq!(trace.request_id.get_version_num(), 7);
        assert!(TraceParent::parse(trace.parent.to_str().unwrap()).is_some());
    }
}
