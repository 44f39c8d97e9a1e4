//! A question for predictions under way, and what of it goes on record.

use actix_web::{
    HttpRequest,
    http::{StatusCode, header::HeaderName},
};
use helder_platform::{logboek::Status, problem::Problem, trace};
use helder_types::Caller;

use crate::{
    log::{Log, Records, Span, now_ms},
    served::Served,
};

const TRACEPARENT: HeaderName = HeaderName::from_static(trace::TRACEPARENT);
const CALLING_ACT: HeaderName = HeaderName::from_static(trace::CALLING_ACT);

/// Who asks which version, since when, in which trace.
pub(crate) struct Asking<'a> {
    pub(crate) served: &'a Served,
    pub(crate) caller: &'a Caller,
    span: Span,
    start: u64,
}

impl<'a> Asking<'a> {
    /// Starts now.
    pub(crate) fn start(request: &HttpRequest, caller: &'a Caller, served: &'a Served) -> Self {
        let text = |name: HeaderName| {
            let value = request.headers().get(name);
            value.and_then(|value| value.to_str().ok())
        };
        Self {
            served,
            caller,
            span: Span::from_headers(text(TRACEPARENT), text(CALLING_ACT)),
            start: now_ms(),
        }
    }

    /// A record per subject; where there are several, under one of the whole.
    pub(crate) fn records<'i>(
        &self,
        subjects: impl ExactSizeIterator<Item = Option<&'i str>>,
    ) -> Records {
        let times = [self.start, now_ms()];
        let mut records = Records::new(self.served, self.caller);
        let whole = (subjects.len() > 1).then(|| records.act(&self.span, times));
        let span = whole.as_ref().unwrap_or(&self.span);
        for id in subjects {
            records.prediction(self.served, span, id, times);
        }
        records
    }

    /// Puts on record that there was no answer: refused, or a fault of ours. The problem to answer with.
    pub(crate) async fn unanswered(&self, log: &Log, problem: Problem) -> Problem {
        // A log that cannot be written is why there is no answer; nothing was processed.
        if problem.status() == StatusCode::SERVICE_UNAVAILABLE {
            return problem;
        }
        let status = Status::of(&problem);
        let mut records = Records::unanswered(self.served, self.caller, status);
        records.act(&self.span, [self.start, now_ms()]);
        match log.write(records).await {
            Ok(()) => problem,
            Err(unwritten) => unwritten,
        }
    }
}
