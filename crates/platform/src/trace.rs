//! W3C trace context: the name under which one request can be followed through all services.
//!
//! Where traces are exported (see [`crate::telemetry`]) spans become children of the caller's span; where they are not, the
//! inbound `traceparent` is passed on as it came, so that logs and processing records of all services still name one trace.

use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use uuid::Uuid;

/// Header name.
pub const TRACEPARENT: &str = "traceparent";

/// Header with the transaction under which both organisations log a request that came through an FSC inway. The gateway drops
/// it when it comes from elsewhere.
pub const TRANSACTION_HEADER: &str = "fsc-transaction-id";

static EXPORTED: AtomicBool = AtomicBool::new(false);
static WRITTEN: AtomicBool = AtomicBool::new(false);

/// Header from the gateway and between services: which act of the caller's log of processing calls, see [`Calling`].
pub const CALLING_ACT: &str = "helder-calling-act";

tokio::task_local! {
    /// With what the request of this task came.
    pub static INBOUND: Inbound;
    /// The act in the log of processing that this task is busy with, and the service that does it.
    pub static ACTING: (u64, &'static str);
}

/// With what a request or a job came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inbound {
    /// A valid `traceparent`.
    pub traceparent: Option<String>,
    /// The act that calls.
    pub calling: Option<Calling>,
    /// Under which both organisations log it, when it came through an FSC inway: [`TRANSACTION_HEADER`].
    pub transaction: Option<Uuid>,
}

/// The act of another application that calls us. Written as 16 hex digits, and after a blank the service when it is one of ours.
///
/// The span in `traceparent` is not it: between the caller and us the gateway has a span too, which is no act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calling {
    /// Its span.
    pub span: u64,
    /// The service of ours; absent when it is the client's application.
    pub service: Option<String>,
}

impl Inbound {
    /// What the headers of a request say.
    ///
    /// * `calling` – value of [`CALLING_ACT`]; where it is absent nobody stood between, and the parent's span is the caller's
    pub fn new(parent: Option<TraceParent<'_>>, calling: Option<&str>) -> Self {
        let calling = match calling {
            Some(text) => Calling::parse(text),
            None => parent.and_then(|parent| Calling::parse(parent.span)),
        };
        Self {
            traceparent: parent.map(TraceParent::text),
            calling,
            transaction: None,
        }
    }

    /// With the transaction that a header names.
    #[must_use]
    pub fn with_transaction(mut self, header: Option<&str>) -> Self {
        self.transaction = header.and_then(|text| Uuid::parse_str(text).ok());
        self
    }

    /// The transaction of this task's request.
    pub fn transaction_of_task() -> Option<Uuid> {
        INBOUND
            .try_with(|inbound| inbound.transaction)
            .unwrap_or_default()
    }

    /// That of this task; empty outside of a request or job.
    pub fn current() -> Self {
        INBOUND.try_with(Clone::clone).unwrap_or_default()
    }
}

impl Calling {
    /// Reads the header.
    pub fn parse(text: &str) -> Option<Self> {
        let (span, service) = match text.split_once(' ') {
            Some((span, service)) => (span, Some(service)),
            None => (text, None),
        };
        let is_hex = span.len() == 16 && span.bytes().all(|b| b.is_ascii_hexdigit());
        let is_name = |name: &str| name.len() < 20 && name.bytes().all(|b| b.is_ascii_lowercase());
        let span = is_hex
            .then(|| u64::from_str_radix(span, 16).ok())
            .flatten()?;
        Some(Self {
            span,
            service: service.filter(|name| is_name(name)).map(str::to_owned),
        })
    }
}

impl std::fmt::Display for Calling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.span)?;
        match &self.service {
            Some(service) => write!(f, " {service}"),
            None => Ok(()),
        }
    }
}

/// The last `digits` hex digits of a number, without the machinery of formatting: every request writes some.
pub fn hex(number: u128, digits: usize) -> String {
    let digit = |place| b"0123456789abcdef"[(number >> (4 * place)) as usize & 15];
    let digits = (0..digits).rev().map(digit).collect();
    String::from_utf8(digits).unwrap_or_default()
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

    /// As the header has it. Every request writes one or two, so this does without the machinery of formatting.
    pub fn text(self) -> String {
        let mut text = String::with_capacity(55);
        for part in ["00-", self.trace, "-", self.span] {
            text.push_str(part);
        }
        text.push_str(if self.sampled { "-01" } else { "-00" });
        text
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
        f.write_str(&self.text())
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
    Inbound::current().traceparent
}

/// Value of [`CALLING_ACT`] for a call made by this task: the act it is busy with, or none.
pub fn calling() -> String {
    ACTING.try_with(|acting| *acting).map_or_else(
        |_| "none".to_owned(),
        |(span, service)| format!("{span:016x} {service}"),
    )
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
        let came = Inbound::new(TraceParent::parse(&inbound), Some("none"));
        assert_eq!(came.calling, None);
        let got = INBOUND.scope(came, async { onward() }).await;
        assert_eq!(got, Some(inbound));
    }

    #[tokio::test]
    async fn the_act_that_calls_is_the_callers_and_not_the_gateways_span() {
        let text = format!("00-{TRACE}-00f067aa0ba902b7-01");
        let parent = TraceParent::parse(&text);
        let direct = Inbound::new(parent, None).calling.unwrap();
        assert_eq!((direct.span, direct.service), (0x00f0_67aa_0ba9_02b7, None));
        let from_us = ACTING.scope((7, "training"), async { calling() }).await;
        assert_eq!(from_us, "0000000000000007 training");
        let told = Inbound::new(parent, Some(&from_us)).calling.unwrap();
        assert_eq!((told.span, told.service.as_deref()), (7, Some("training")));
        assert_eq!(told.to_string(), from_us);
        for none in ["none", "", "00f067aa0ba902b", "zzf067aa0ba902b7"] {
            assert_eq!(Inbound::new(parent, Some(none)).calling, None, "{none}");
        }
        assert_eq!(calling(), "none");
    }
}
