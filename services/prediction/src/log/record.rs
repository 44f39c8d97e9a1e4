//! Records as they are made: per request what they share once, per record a short line.
//!
//! Put together again a record has the words of the standard: fields `trace_id`, `span_id`, `parent_span_id`, `status`, `name`, `start_time`, `end_time` (milliseconds since 1970),
//! `attributes` with `dpl.core.…`, and `resource.attributes` with the model version: the core standard forbids attributes of
//! extensions that are not yet set, so the model stands in `resource`.

use std::{
    fmt::Write as _,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use helder_platform::{
    logboek::{FSC_TRANSACTION, Status},
    trace::{Calling, Inbound, hex},
};
use helder_types::Caller;
use uuid::Uuid;

use super::ids;
use crate::served::{Served, record_head};

/// The records of one request: what they share, and a line each.
#[derive(Clone, Debug)]
pub struct Records {
    pub(super) organisation: String,
    pub(super) shared: Shared,
    /// A JSON array per record, each with a line end.
    pub(super) lines: String,
    pub(super) count: usize,
}

/// What the records of one caller and one model version have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shared {
    head: Arc<str>,
    caller: String,
    client: String,
    /// Of FSC; then a segment holds one request.
    transaction: Option<Uuid>,
}

/// One record's own values, as they stand in its line.
pub(super) type Line = (
    String,
    String,
    Option<String>,
    u64,
    u64,
    Option<String>,
    Option<String>,
);

/// Where a request stands in its trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// 32 hex digits.
    pub trace_id: String,
    /// The span that called us: 16 hex digits.
    pub parent: Option<String>,
}

impl Span {
    /// From a W3C `traceparent` header; a fresh trace when there is none or it is malformed. A `sampled=0` in it is ignored:
    /// the log is complete.
    ///
    /// * `calling` – the act that calls, see [`CALLING_ACT`](helder_platform::trace::CALLING_ACT); where it is absent, nobody
    ///   stood between and the span in the header is the caller's
    pub fn from_headers(header: Option<&str>, calling: Option<&str>) -> Self {
        let mut span = header.and_then(Self::parse).unwrap_or_else(|| Self {
            trace_id: ids::trace_id(),
            parent: None,
        });
        if let Some(calling) = calling {
            let act = Calling::parse(calling);
            span.parent = act.map(|act| hex(act.span.into(), 16));
        }
        span
    }

    fn parse(header: &str) -> Option<Self> {
        let mut parts = header.split('-');
        let (version, trace, parent) = (parts.next()?, parts.next()?, parts.next()?);
        let hex = |text: &str, len: usize| {
            text.len() == len
                && text
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
                && text.bytes().any(|byte| byte != b'0')
        };
        let good = version.len() == 2 && version != "ff" && hex(trace, 32) && hex(parent, 16);
        good.then(|| Self {
            trace_id: trace.to_owned(),
            parent: Some(parent.to_owned()),
        })
    }
}

/// Milliseconds since 1970, UTC.
pub fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}

impl Records {
    /// None yet, of what `caller` asks of a version and gets.
    pub fn new(served: &Served, caller: &Caller) -> Self {
        Self::with_head(&served.record_head, caller)
    }

    /// None yet, of what ended without an answer.
    pub fn unanswered(served: &Served, caller: &Caller, status: Status) -> Self {
        let head = record_head(served.act, &served.version, status);
        Self::with_head(&Arc::from(head), caller)
    }

    fn with_head(head: &Arc<str>, caller: &Caller) -> Self {
        Self {
            organisation: caller.organisation.as_str().to_owned(),
            shared: Shared {
                head: Arc::clone(head),
                caller: caller.subject.as_str().to_owned(),
                client: caller.client.as_str().to_owned(),
                transaction: Inbound::transaction_of_task(),
            },
            lines: String::new(),
            count: 0,
        }
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds one prediction.
    ///
    /// * `id` – the subject as the caller named it; only its pseudonym goes into the record
    /// * `times` – start and end, milliseconds since 1970
    pub fn prediction(&mut self, served: &Served, span: &Span, id: Option<&str>, times: [u64; 2]) {
        let subject = id.map(|id| served.pseudonym(id));
        let subject = subject.as_ref().map(|(pseudonym, kind)| {
            (
                std::str::from_utf8(pseudonym).unwrap_or_default(),
                kind.as_str(),
            )
        });
        self.add(span, ids::span_id(), subject, times);
    }

    /// Adds the act itself where it is about several subjects, or about nobody that is known; the span under which their
    /// records stand.
    pub fn act(&mut self, span: &Span, times: [u64; 2]) -> Span {
        let own = ids::span_id();
        self.add(span, own, None, times);
        Span {
            trace_id: span.trace_id.clone(),
            parent: Some(hex(own.into(), 16)),
        }
    }

    fn add(&mut self, span: &Span, span_id: u64, subject: Option<(&str, &str)>, times: [u64; 2]) {
        let out = &mut self.lines;
        out.reserve(180);
        let own = hex(span_id.into(), 16);
        push(out, &["[\"", &span.trace_id, "\",\"", &own, "\","]);
        match &span.parent {
            Some(parent) => push(out, &["\"", parent, "\""]),
            None => out.push_str("null"),
        }
        let [start, end] = times;
        // Writing into memory cannot fail.
        let _ = write!(out, ",{start},{end},");
        match subject {
            // Hex digits need no escapes; a dataset's own pseudonyms may.
            Some((hex, kind)) if hex.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                push(out, &["\"", hex, "\",\"", kind, "\"]\n"]);
            }
            Some((pseudonym, kind)) => {
                let _ = writeln!(out, "{},\"{kind}\"]", serde_json::Value::from(pseudonym));
            }
            None => out.push_str("null,null]\n"),
        }
        self.count += 1;
    }
}

fn push(out: &mut String, parts: &[&str]) {
    for part in parts {
        out.push_str(part);
    }
}

impl Shared {
    /// As a JSON object: a [`ProcessingRecord`](crate::wire::ProcessingRecord) without what is its own.
    pub(super) fn json(&self) -> String {
        let transaction = self.transaction.map_or_else(String::new, |transaction| {
            format!(",\"{FSC_TRANSACTION}\":\"{transaction}\"")
        });
        format!(
            "{},\"helder.caller\":{},\"helder.client\":{}{transaction}}}}}}}",
            self.head,
            serde_json::Value::from(self.caller.as_str()),
            serde_json::Value::from(self.client.as_str())
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_followed_and_a_broken_one_starts_a_new_trace() {
        let header = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
        let span = Span::from_headers(header, None);
        assert_eq!(span.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(span.parent.as_deref(), Some("00f067aa0ba902b7"));
        for (calling, parent) in [
            ("none", None),
            ("1111111111111111", Some("1111111111111111")),
        ] {
            let span = Span::from_headers(header, Some(calling));
            assert_eq!(span.parent.as_deref(), parent);
        }
        let zeros = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
        for bad in [
            None,
            Some(""),
            Some("00-xyz-1-01"),
            Some(zeros),
            Some("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ] {
            let span = Span::from_headers(bad, None);
            assert_eq!((span.trace_id.len(), span.parent), (32, None));
        }
    }
}
