//! Clerical review: people decide about pairs of a run, in an order that teaches most; two of them independently where asked; and a re-run
//! keeps, obeys and learns from what they decided.

mod decisions;
#[cfg(test)]
mod decisions_tests;
mod figures;
mod handlers;
mod job;
mod queue;
mod records;
mod rows;
mod schema;
pub(crate) mod used;
mod wire;

use helder_platform::{
    problem::{Problem, Result},
    store::{Conn, Guard},
};
use helder_types::OrganisationId;
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

pub(crate) use handlers::configure;
pub(crate) use job::ReviewJob;
pub(crate) use wire::RunReview;

/// Decisions stay as they were written.
pub(crate) const GUARD: Guard = Guard::append_only("review_decisions");

/// What people made of a run: the newest review of it, and the labels that it used itself.
///
/// # Errors
/// Database errors, 500 when a row is damaged.
pub(crate) fn of_run(
    conn: &mut Conn,
    organisation: &OrganisationId,
    run: Uuid,
) -> Result<Option<RunReview>> {
    let newest = rows::newest_of_run(conn, organisation, run)?;
    let newest = newest.map(|row| row.show(conn, organisation)).transpose()?;
    let labels = used::show(conn, organisation, run)?;
    Ok((newest.is_some() || labels.is_some()).then(|| {
        let (id, agreement, estimates) = newest.map_or((None, None, None), |review| {
            (Some(review.id), review.agreement, review.estimates)
        });
        RunReview {
            linkage_review_id: id,
            agreement,
            estimates,
            labels,
        }
    }))
}

fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(Problem::internal)
}

fn parsed<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(Problem::internal)
}

fn uuid(text: &str) -> Result<Uuid> {
    text.parse().map_err(Problem::internal)
}
