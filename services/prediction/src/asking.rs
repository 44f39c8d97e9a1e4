//! A question for predictions under way, and what of it goes on record.

use actix_web::{
    HttpRequest,
    http::{StatusCode, header::HeaderName},
};
use helder_platform::{logboek::Status, problem::Problem, trace};
use helder_types::Caller;

use crate::{
    budget::{Asked, Budget, Spent},
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
    /// Milliseconds since 1970.
    pub(crate) start: u64,
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

    /// The subjects of this question, where predictions per subject are counted.
    pub(crate) fn asked<'i>(
        &self,
        budget: &Budget,
        ids: impl Iterator<Item = Option<&'i str>>,
    ) -> Option<Asked> {
        let organisation = self.caller.organisation.as_str();
        budget.asked(organisation, ids, |id| self.served.pseudonym(id).0)
    }

    /// Takes one prediction for each subject from its budget.
    pub(crate) fn take(&self, budget: &Budget, asked: &Asked) -> Result<(), Spent> {
        budget.take(asked, self.start)
    }

    /// Puts on record whose budget is spent. The problem to answer with.
    ///
    /// * `pointer` – of the place of a subject in the request
    pub(crate) async fn refused<'i>(
        &self,
        log: &Log,
        spent: &Spent,
        ids: impl Iterator<Item = Option<&'i str>>,
        pointer: impl Fn(usize) -> String,
    ) -> Problem {
        let problem = spent.problem(pointer);
        let status = Status::of(&problem);
        let mut records = Records::unanswered(self.served, self.caller, status);
        let times = [self.start, now_ms()];
        let span = records.act(&self.span, times);
        for (place, id) in ids.enumerate() {
            if spent.places.contains(&place) {
                records.prediction(self.served, &span, id, times);
            }
        }
        match log.write(records).await {
            Ok(()) => problem,
            Err(unwritten) => unwritten,
        }
    }

    /// Puts on record that there was no answer: refused, or a fault of ours. The problem to answer with.
    pub(crate) async fn unanswered(&self, log: &Log, problem: Problem) -> Problem {
        // A log that cannot be written is why there is no answer; nothing was processed. What is beyond a budget is on record.
        let is_done = [
            StatusCode::SERVICE_UNAVAILABLE,
            StatusCode::TOO_MANY_REQUESTS,
        ];
        if is_done.contains(&problem.status()) {
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
