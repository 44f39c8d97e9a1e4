//! An act under way, and its record.

use std::fmt;

use helder_types::{Caller, OrganisationId};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Subjects, ids, rows};
use crate::{
    jobs::JobContext,
    problem::{Problem, Result},
    purpose::Purpose,
    store::{Conn, Store},
    trace::{ACTING, Calling, Inbound, TraceParent},
};

/// In `resource.attributes`: the transaction of a request that came through an FSC inway.
pub const FSC_TRANSACTION: &str = "helder.fsc_transaction_id";

/// How an act ended, in the words of the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Ended without fault of ours, without result: refused, not found, incomplete input.
    Unset,
    /// Done, or stopped because somebody asked.
    Ok,
    /// Something of ours failed.
    Error,
}

impl Status {
    /// The written form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unset => "Unset",
            Self::Ok => "Ok",
            Self::Error => "Error",
        }
    }

    /// Of an act that ended so.
    pub fn of(problem: &Problem) -> Self {
        if problem.status().is_server_error() {
            Self::Error
        } else {
            Self::Unset
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that Helder does with personal data.
#[derive(Clone, Debug)]
pub struct Act {
    /// Whose data it processes; filled while it goes on.
    pub subjects: Subjects,
    pub(super) organisation: OrganisationId,
    pub(super) trace_id: String,
    pub(super) span: u64,
    pub(super) calling: Option<Calling>,
    pub(super) client: String,
    pub(super) service: &'static str,
    pub(super) name: String,
    pub(super) purpose: Purpose,
    pub(super) start_ms: i64,
    pub(super) resource: Map<String, Value>,
}

impl Act {
    /// Starts now, in the trace of the request or job of this task; in a trace of its own where there is none.
    ///
    /// * `service` – ours, `ingest`   * `name` – for people, `dataset version from an upload`; filled in when empty
    pub fn begin(service: &'static str, caller: &Caller, purpose: &Purpose, name: &str) -> Self {
        let inbound = Inbound::current();
        let parent = inbound.traceparent.as_deref().and_then(TraceParent::parse);
        let mut act = Self {
            subjects: Subjects::default(),
            organisation: caller.organisation.clone(),
            trace_id: parent.map_or_else(
                || Uuid::new_v4().simple().to_string(),
                |parent| parent.trace.to_owned(),
            ),
            span: ids::span(),
            calling: inbound.calling,
            client: caller.client.clone(),
            service,
            name: if name.is_empty() { service } else { name }.to_owned(),
            purpose: purpose.clone(),
            start_ms: now_ms(),
            resource: Map::new(),
        };
        act.note("service.name", format!("helder-{service}"));
        act.note("service.version", env!("CARGO_PKG_VERSION"));
        act.note("helder.organisation", caller.organisation.as_str());
        act.note("helder.project_id", purpose.project.to_string());
        act.note("helder.caller", caller.subject.as_str());
        act.note("helder.client", caller.client.as_str());
        if let Some(transaction) = inbound.transaction {
            act.note(FSC_TRANSACTION, transaction.to_string());
        }
        act
    }

    /// Adds a fact about what did the act: goes into `resource.attributes`. Never a value about a person.
    pub fn note(&mut self, key: &str, value: impl Into<String>) {
        self.resource.insert(key.to_owned(), value.into().into());
    }

    /// Says that the act called another service of ours, which keeps records of its own.
    pub fn called(&mut self, service: &str) {
        self.note(CALLED, service);
    }

    /// Writes the records, in the transaction of what the act made.
    ///
    /// # Errors
    /// Database errors, which undo what the act made as well.
    pub fn record(&self, conn: &mut Conn, status: Status) -> Result<()> {
        rows::insert(conn, self, status, now_ms())
    }

    /// For [`ACTING`].
    pub fn acting(&self) -> (u64, &'static str) {
        (self.span, self.service)
    }
}

/// Key in the stored resource: another service of ours that was called.
pub(super) const CALLED: &str = "helder.called";

/// Does a job's act: calls of other services made meanwhile name it, and it is on record however it ends.
///
/// `work` ends with [`JobContext::succeed`] and calls [`Act::record`] in there. When it fails, the record is written here, with the
/// people known by then; where that cannot be written the job is tried again.
///
/// # Errors
/// Those of `work`, and 503 when the record of a failure cannot be written.
pub fn during(
    job: &JobContext,
    mut act: Act,
    work: impl FnOnce(&mut Act) -> Result<()>,
) -> Result<()> {
    act.note("helder.job_id", job.id().to_string());
    let outcome = ACTING.sync_scope(act.acting(), || work(&mut act));
    let Err(problem) = outcome else { return Ok(()) };
    if !job.has_succeeded() {
        let status = job
            .ended_by_request()
            .unwrap_or_else(|| Status::of(&problem));
        job.store()
            .write_blocking(|conn| act.record(conn, status))
            .map_err(|unwritten| {
                problem.log();
                Problem::unavailable("the log of processing cannot be written", 5)
                    .caused_by(unwritten)
            })?;
    }
    Err(problem)
}

/// Puts an act of a request on record, however it ended, and gives its outcome: no answer without record.
///
/// # Errors
/// The outcome's, or 503 when the record cannot be written.
pub async fn on_record<T>(store: &Store, act: Act, outcome: Result<T>) -> Result<T> {
    let status = outcome.as_ref().map_or_else(Status::of, |_| Status::Ok);
    let own = store.of(&act.organisation);
    own.write(move |conn| act.record(conn, status)).await?;
    outcome
}

/// Milliseconds since 1970, UTC.
fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
