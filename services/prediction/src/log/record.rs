//! One record, in the words of the standard.
//!
//! Fields `trace_id`, `span_id`, `parent_span_id`, `status`, `name`, `start_time`, `end_time` (milliseconds since 1970),
//! `attributes` with `dpl.core.…`, and `resource.attributes` with the model version: the core standard forbids attributes of
//! extensions that are not yet set, so the model stands in `resource`.

use std::{
    fmt::Write as _,
    time::{SystemTime, UNIX_EPOCH},
};

use helder_types::Caller;
use uuid::Uuid;

use super::ids;
use crate::served::Served;

/// A record ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whose log it belongs to.
    pub organisation: String,
    /// Key: time first.
    pub id: String,
    /// The record as JSON.
    pub json: String,
}

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
    pub fn from_header(header: Option<&str>) -> Self {
        header.and_then(Self::parse).unwrap_or_else(|| Self {
            trace_id: ids::trace_id(),
            parent: None,
        })
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

impl Record {
    /// The record of one prediction.
    ///
    /// * `id` – the subject as the caller named it; only its pseudonym goes into the record
    /// * `times` – start and end, milliseconds since 1970
    pub fn new(
        served: &Served,
        caller: &Caller,
        span: &Span,
        id: Option<&str>,
        times: [u64; 2],
    ) -> Self {
        let subject = id.map(|id| served.pseudonym(id));
        let subject = subject.as_ref().map(|(pseudonym, kind)| {
            (
                std::str::from_utf8(pseudonym).unwrap_or_default(),
                kind.as_str(),
            )
        });
        Self {
            organisation: caller.organisation.as_str().to_owned(),
            id: ids::record_id(times[1]),
            json: json(served, caller, span, ids::span_id(), subject, times),
        }
    }

    /// The record of one row of a batch. Written again after a crash, it has the same id and is kept once.
    ///
    /// * `pseudonym` – of the dataset   * `row` – ordinal in the dataset version
    pub(crate) fn of_row(
        served: &Served,
        caller: &Caller,
        batch: Uuid,
        pseudonym: Option<&str>,
        row: i64,
        times: [u64; 2],
    ) -> Self {
        let span = Span {
            trace_id: batch.simple().to_string(),
            parent: None,
        };
        Self {
            organisation: caller.organisation.as_str().to_owned(),
            // The batch's id begins with its time; 16 hex digits of the row keep the order.
            id: format!("{}-{row:016x}", batch.simple()),
            json: json(
                served,
                caller,
                &span,
                ids::mix(batch.as_u64_pair().1 ^ row as u64),
                pseudonym.map(|p| (p, "pseudonym")),
                times,
            ),
        }
    }
}

fn json(
    served: &Served,
    caller: &Caller,
    span: &Span,
    span_id: u64,
    subject: Option<(&str, &str)>,
    times: [u64; 2],
) -> String {
    let parts = &served.record;
    let mut out =
        String::with_capacity(360 + parts.name.len() + parts.activity.len() + parts.resource.len());
    // Writing into memory cannot fail.
    let _ = write!(
        out,
        "{{\"trace_id\":\"{}\",\"span_id\":\"{span_id:016x}\"",
        span.trace_id
    );
    if let Some(parent) = &span.parent {
        let _ = write!(out, ",\"parent_span_id\":\"{parent}\"");
    }
    let [start, end] = times;
    let _ = write!(
        out,
        "{},\"start_time\":{start},\"end_time\":{end},\"attributes\":{{{}",
        parts.name, parts.activity
    );
    if let Some((pseudonym, kind)) = subject {
        // Both are hex digits and fixed words, except a dataset's own pseudonyms, which are escaped.
        let _ = write!(
            out,
            ",\"dpl.core.data_subject_id\":{}",
            serde_json::Value::from(pseudonym)
        );
        let _ = write!(out, ",\"dpl.core.data_subject_id_type\":\"{kind}\"");
    }
    let _ = write!(
        out,
        "}},{},\"helder.caller\":{}",
        parts.resource,
        serde_json::Value::from(caller.subject.as_str())
    );
    let _ = write!(
        out,
        ",\"helder.client\":{}}}}}}}",
        serde_json::Value::from(caller.client.as_str())
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_followed_and_a_broken_one_starts_a_new_trace() {
        let span = Span::from_header(Some(
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
        ));
        assert_eq!(span.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(span.parent.as_deref(), Some("00f067aa0ba902b7"));
        let zeros = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
        for bad in [
            None,
            Some(""),
            Some("00-xyz-1-01"),
            Some(zeros),
            Some("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ] {
            let span = Span::from_header(bad);
            assert_eq!((span.trace_id.len(), span.parent), (32, None));
        }
    }
}
