//! One line per request: who, which operation, what answer, how long. The path's ids, the query and the body stay out.

use std::time::Instant;

use uuid::Uuid;

use crate::outside::{Passage, Session};

/// Writes the line.
pub(crate) fn record(
    session: Option<&Session>,
    passage: Option<&Passage>,
    operation: &str,
    status: u16,
    (request_id, trace_id): (Uuid, &str),
    started: Instant,
) {
    let (organisation, subject, client) = session.map_or(("-", "-", "-"), |session| {
        let caller = &session.caller;
        (
            caller.organisation.as_str(),
            caller.subject.as_str(),
            caller.client.as_str(),
        )
    });
    tracing::info!(
        target: "audit",
        organisation,
        subject,
        client,
        operation,
        status,
        %request_id,
        trace_id,
        fsc_consumer = passage.map(|passage| passage.consumer.peer.as_str()),
        fsc_transaction_id = passage.map(|passage| tracing::field::display(passage.transaction)),
        duration_us = started.elapsed().as_micros() as u64,
        "request"
    );
}
