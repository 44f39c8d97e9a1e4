//! Recomputing the event log from its first line.

use std::{
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

use diesel::prelude::*;
use helder_platform::{
    problem::{Problem, Result},
    store::Conn,
};
use helder_types::{Digest, OrganisationId};
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

/// A line that is not as it was written, counted from the first.
struct Bad {
    good: i64,
    head: String,
    reason: &'static str,
}

impl From<Bad> for Verification {
    fn from(bad: Bad) -> Self {
        Self {
            valid: false,
            events: bad.good,
            first_bad_sequence: Some(bad.good + 1),
            reason: Some(bad.reason.to_owned()),
            head: bad.head,
        }
    }
}

/// Walks the whole log of an organisation. The next lines are fetched while the last are recomputed by another thread.
///
/// # Errors
/// Database errors.
pub fn verify(conn: &mut Conn, organisation: &OrganisationId) -> Result<Verification> {
    let (sender, blocks) = sync_channel::<Vec<EventRow>>(2);
    let walked = thread::scope(|scope| {
        let walking = scope.spawn(|| walk(organisation, blocks));
        // From the least number there is: a line smuggled in before the first is seen as well.
        let mut after = i64::MIN;
        loop {
            let rows: Vec<EventRow> = events::table
                .filter(events::organisation.eq(organisation.as_str()))
                .filter(events::sequence.gt(after))
                .order(events::sequence)
                .limit(BLOCK)
                .select(EventRow::as_select())
                .load(conn)?;
            let is_last = (rows.len() as i64) < BLOCK;
            after = rows.last().map_or(after, |row| row.sequence);
            // Who walks stops at the first bad line, and listens no more.
            if sender.send(rows).is_err() || is_last {
                break;
            }
        }
        drop(sender);
        walking
            .join()
            .map_err(|_| Problem::internal("the walk along the event log broke off"))
    })?;
    let (good, head) = match walked {
        Ok(end) => end,
        Err(bad) => return Ok(bad.into()),
    };
    let stored: Option<(i64, String)> = event_heads::table
        .find(organisation.as_str())
        .select((event_heads::sequence, event_heads::digest))
        .first(conn)
        .optional()?;
    let bad = |reason| Bad {
        good,
        head: head.clone(),
        reason,
    };
    match stored {
        None if good == 0 => {}
        Some(end) if end == (good, head.clone()) => {}
        Some((sequence, _)) if sequence > good => {
            return Ok(bad("lines at the end are missing").into());
        }
        _ => return Ok(bad("lines were added at the end outside this service").into()),
    }
    Ok(Verification {
        valid: true,
        events: good,
        first_bad_sequence: None,
        reason: None,
        head,
    })
}

/// Recomputes line after line; the number of the last and its digest.
fn walk(
    organisation: &OrganisationId,
    blocks: Receiver<Vec<EventRow>>,
) -> std::result::Result<(i64, String), Bad> {
    let mut head = genesis(organisation.as_str()).to_string();
    let (mut good, mut buffer) = (0_i64, Vec::new());
    for row in blocks.into_iter().flatten() {
        let reason = if row.sequence <= good {
            Some("a line stands before the first")
        } else if row.sequence != good + 1 {
            Some("a line is missing")
        } else if row.previous != head {
            Some("the line does not follow from the one before it")
        } else {
            let digest = row.link().digest(&mut buffer);
            // Texts that name the same digest are the same text.
            let is_same = row.digest.parse::<Digest>().is_ok_and(|it| it == digest);
            (!is_same).then_some("the line is not what was written")
        };
        if let Some(reason) = reason {
            return Err(Bad { good, head, reason });
        }
        head = row.digest;
        good += 1;
    }
    Ok((good, head))
}
