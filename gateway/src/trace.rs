//! Request id and W3C trace context.

use actix_web::HttpRequest;
use http::HeaderValue;
use uuid::Uuid;

/// The names under which a request can be found again.
pub(crate) struct Trace {
    /// `X-Request-Id`: the client's when it is a UUID, else a new one.
    pub(crate) request_id: Uuid,
    /// `traceparent` for the service: the client's trace with a new span, or a new trace.
    pub(crate) parent: HeaderValue,
}

impl Trace {
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let text = |name: &str| {
            request
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let request_id = text("x-request-id")
            .and_then(|id| Uuid::try_parse(id).ok())
            .unwrap_or_else(Uuid::now_v7);
        let trace = text("traceparent")
            .and_then(trace_id)
            .map_or_else(|| Uuid::new_v4().simple().to_string(), str::to_owned);
        let span = Uuid::new_v4().simple().to_string();
        // No sampling in the log of processing: the flag is always set.
        let parent = HeaderValue::try_from(format!("00-{trace}-{}-01", &span[..16]))
            .unwrap_or_else(|_| HeaderValue::from_static(""));
        Self { request_id, parent }
    }
}

/// The trace id of a valid `traceparent`.
fn trace_id(value: &str) -> Option<&str> {
    let mut parts = value.split('-');
    let (version, trace, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str, length| {
        text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let zero = |text: &str| text.bytes().all(|b| b == b'0');
    let known = version != "ff" && (version != "00" || parts.next().is_none());
    (known
        && hex(version, 2)
        && hex(trace, 32)
        && hex(span, 16)
        && hex(flags, 2)
        && !zero(trace)
        && !zero(span))
    .then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::trace_id;

    #[test]
    fn only_a_well_formed_trace_is_carried_on() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(
            trace_id(&format!("00-{trace}-00f067aa0ba902b7-00")),
            Some(trace)
        );
        for bad in [
            "",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-00",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-x",
        ] {
            assert_eq!(trace_id(bad), None, "{bad}");
        }
    }
}
