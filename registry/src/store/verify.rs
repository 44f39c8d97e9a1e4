//! Recomputing the event log from its first line.

use diesel::prelude::*;
use helder_platform::{problem::Result, store::Conn};
use helder_types::OrganisationId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::events::EventRow;
use crate::{
    domain::chain::genesis,
    schema::{event_heads, events},
};

/// Lines looked at per query.
const BLOCK: i64 = 5_000;

/// What recomputing the log found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// Whether every line follows from the one before it.
    pub valid: bool,
    /// Lines that are in order, counted from the first.
    pub events: i64,
    /// The first line that was edited, deleted, inserted or moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_bad_sequence: Option<i64>,
    /// What is wrong there, in plain words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Digest of the last line that is in order. Keep it elsewhere: a later log must still hold it at this number.
    pub head: String,
}

/// Walks the whole log of an organisation.
///
/// # Errors
/// Database errors.
pub fn verify(conn: &mut Conn, organisation: &OrganisationId) -> Result<Verification> {
    let mut head = genesis(organisation.as_str()).to_string();
    let mut good = 0_i64;
    let mut buffer = Vec::new();
    let bad = |good: i64, head: String, reason: &str| Verification {
        valid: false,
        events: good,
        first_bad_sequence: Some(good + 1),
        reason: Some(reason.to_owned()),
        head,
    };
    loop {
        // From the least number there is: a line smuggled in before the first is seen as well.
        let floor = if good == 0 { i64::MIN } else { good };
        let rows: Vec<EventRow> = events::table
            .filter(events::organisation.eq(organisation.as_str()))
            .filter(events::sequence.gt(floor))
            .order(events::sequence)
            .limit(BLOCK)
            .select(EventRow::as_select())
            .load(conn)?;
        let last = (rows.len() as i64) < BLOCK;
        for row in rows {
            if row.sequence != good + 1 {
                let reason = if row.sequence <= good {
                    "a line stands before the first"
                } else {
                    "a line is missing"
                };
                return Ok(bad(good, head, reason));
            }
            if row.previous != head {
                return Ok(bad(
                    good,
                    head,
                    "the line does not follow from the one before it",
                ));
            }
            let digest = row.link().digest(&mut buffer).to_string();
            if digest != row.digest {
                return Ok(bad(good, head, "the line is not what was written"));
            }
            head = digest;
            good += 1;
        }
        if last {
            break;
        }
    }
    let stored: Option<(i64, String)> = event_heads::table
        .find(organisation.as_str())
        .select((event_heads::sequence, event_heads::digest))
        .first(conn)
        .optional()?;
    match stored {
        None if good == 0 => {}
        Some(end) if end == (good, head.clone()) => {}
        Some((sequence, _)) if sequence > good => {
            return Ok(bad(good, head, "lines at the end are missing"));
        }
        _ => {
            return Ok(bad(
                good,
                head,
                "lines were added at the end outside this service",
            ));
        }
    }
    Ok(Verification {
        valid: true,
        events: good,
        first_bad_sequence: None,
        reason: None,
        head,
    })
}
