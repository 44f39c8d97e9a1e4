//! W3C trace context: the name under which one request can be followed through all services.
//!
//! Where traces are exported (see [`crate::telemetry`]) spans become children of the caller's span; where they are not, the
//! inbound `traceparent` is passed on as it came, so that logs and processing records of all services still name one trace.

use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Header name.
pub const TRACEPARENT: &str = "traceparent";

/// Header with the transaction under which both organisations log a request that came through an FSC inway. The gateway drops
/// it when it comes from elsewhere.
pub const TRANSACTION_HEADER: &str = "fsc-transaction-id";

static EXPORTED: AtomicBool = AtomicBool::new(false);
static WRITTEN: AtomicBool = AtomicBool::new(false);

tokio::task_local! {
    /// The valid `traceparent` that the request of this task came with.
    pub static INBOUND: Option<String>;
}

/// A valid `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent<'a> {
    /// 32 hex digits.
    pub trace: &'a str,
    /// 16 hex digits.
    pub span: &'a str,
    /// Whether the caller records this trace.
    pub sampled: bool,
}

impl<'a> TraceParent<'a> {
    /// Reads the header.
    ///
    /// # Source
    /// W3C Trace Context, level 1: lower-case hex, no zero ids, version `ff` forbidden, later versions read as `00`.
    pub fn parse(value: &'a str) -> Option<Self> {
        let mut parts = value.split('-');
        let (version, trace, span, flags) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let hex = |text: &str, length| {
            text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        let zero = |text: &str| text.bytes().all(|b| b == b'0');
        let known = version != "ff" && (version != "00" || parts.next().is_none());
        let well_formed =
            known && hex(version, 2) && hex(trace, 32) && hex(span, 16) && hex(flags, 2);
        let sampled = u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & 1 == 1);
        (well_formed && !zero(trace) && !zero(span)).then_some(Self {
            trace,
            span,
            sampled,
        })
    }

    fn context(self) -> Option<SpanContext> {
        let flags = if self.sampled {
            TraceFlags::SAMPLED
        } else {
            TraceFlags::default()
        };
        let (trace, span) = (
            TraceId::from_hex(self.trace).ok()?,
            SpanId::from_hex(self.span).ok()?,
        );
        Some(SpanContext::new(
            trace,
            span,
            flags,
            true,
            TraceState::default(),
        ))
    }
}

impl std::fmt::Display for TraceParent<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "00-{}-{}-{:02x}",
            self.trace,
            self.span,
            u8::from(self.sampled)
        )
    }
}

/// Told by telemetry once an exporter runs.
pub(crate) fn exported_from_now_on() {
    EXPORTED.store(true, Ordering::Relaxed);
}

/// Whether spans of this process are exported.
pub fn is_exported() -> bool {
    EXPORTED.load(Ordering::Relaxed)
}

/// Told by whoever writes lines that carry the spans around them: telemetry, and tests with a log of their own.
pub fn written_from_now_on() {
    WRITTEN.store(true, Ordering::Relaxed);
}

/// Whether anybody sees a span of this process; if not, making one is work for nothing on every request.
pub fn is_seen() -> bool {
    is_exported() || WRITTEN.load(Ordering::Relaxed)
}

/// Makes `span` a child of the caller's span, where traces are exported.
pub fn follow(span: &Span, parent: Option<TraceParent<'_>>) {
    if let Some(context) = parent
        .filter(|_| is_exported())
        .and_then(TraceParent::context)
    {
        let parent = opentelemetry::Context::new().with_remote_span_context(context);
        if span.set_parent(parent).is_err() {
            tracing::debug!("a span could not follow its caller");
        }
    }
}

/// The `traceparent` for a call made by this task.
pub fn onward() -> Option<String> {
    if is_exported()
        && let Some(value) = of(&Span::current())
    {
        return Some(value);
    }
    INBOUND.try_with(Clone::clone).ok().flatten()
}

/// The `traceparent` that names `span`, when it is exported.
pub fn of(span: &Span) -> Option<String> {
    let context = span.context();
    let context = context.span().span_context().clone();
    let flags = u8::from(context.is_sampled());
    context.is_valid().then(|| {
        format!(
            "00-{}-{}-{flags:02x}",
            context.trace_id(),
            context.span_id()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn only_a_well_formed_parent_is_followed() {
        let good = format!("00-{TRACE}-00f067aa0ba902b7-01");
        let parent = TraceParent::parse(&good).unwrap();
        assert_eq!(
            (parent.trace, parent.span, parent.sampled),
            (TRACE, "00f067aa0ba902b7", true)
        );
        assert!(
            !TraceParent::parse(&format!("00-{TRACE}-00f067aa0ba902b7-00"))
                .unwrap()
                .sampled
        );
        for bad in [
            String::new(),
            format!("00-{}-00f067aa0ba902b7-00", TRACE.to_uppercase()),
            format!("00-{}-00f067aa0ba902b7-00", "0".repeat(32)),
            format!("00-{TRACE}-0000000000000000-00"),
            format!("ff-{TRACE}-00f067aa0ba902b7-00"),
            format!("00-{TRACE}-00f067aa0ba902b7"),
            format!("00-{TRACE}-00f067aa0ba902b7-00-x"),
            format!("00-{TRACE}-00f067aa0ba902b7-\u{e9}"),
        ] {
            assert_eq!(TraceParent::parse(&bad), None, "{bad}");
        }
        assert!(TraceParent::parse(&format!("01-{TRACE}-00f067aa0ba902b7-01-later")).is_some());
    }

    #[tokio::test]
    async fn without_an_exporter_the_inbound_trace_goes_on() {
        assert_eq!(onward(), None);
        let inbound = format!("00-{TRACE}-00f067aa0ba902b7-01");
        let got = INBOUND
            .scope(Some(inbound.clone()), async { onward() })
            .await;
        assert_eq!(got, Some(inbound));
    }
}
