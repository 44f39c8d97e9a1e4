//! Labels that a run was asked to use: fixed when it is asked, named by stable keys, put in place when it is done.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use helder_platform::{
    jobs::JobContext,
    keyring::KeyRing,
    objects::Objects,
    problem::{Problem, Result},
    store::Conn,
};
use helder_record_linkage::{Label, LinkageSpec};
use helder_types::OrganisationId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    decisions,
    records::Side,
    rows,
    schema::run_labels,
    wire::{Held, UsedLabels, Verdict},
};
use crate::{memory::Memory, versions::Inputs};

/// A label as it is kept for a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    left: String,
    right: String,
    is_match: bool,
}

/// One row of [`run_labels`].
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = run_labels)]
struct Row {
    run_id: String,
    organisation: String,
    review_id: String,
    labels: String,
    used: Option<String>,
}

fn find(conn: &mut Conn, organisation: &OrganisationId, run: Uuid) -> Result<Option<Row>> {
    Ok(run_labels::table
        .filter(run_labels::organisation.eq(organisation.as_str()))
        .filter(run_labels::run_id.eq(run.to_string()))
        .select(Row::as_select())
        .first(conn)
        .optional()?)
}

/// What was decided about pairs, by the keys of their records.
type Labels = BTreeMap<(String, String), bool>;

/// Adds the labels that a run used itself.
fn add_used(
    conn: &mut Conn,
    organisation: &OrganisationId,
    run: Uuid,
    labels: &mut Labels,
) -> Result<Option<Row>> {
    let row = find(conn, organisation, run)?;
    if let Some(row) = &row {
        for kept in super::parsed::<Vec<Kept>>(&row.labels)? {
            labels.insert((kept.left, kept.right), kept.is_match);
        }
    }
    Ok(row)
}

/// Adds the settled pairs of a review.
fn add_settled(
    conn: &mut Conn,
    organisation: &OrganisationId,
    review: Uuid,
    labels: &mut Labels,
) -> Result<()> {
    for pair in decisions::pairs(conn, organisation, review)? {
        let verdict = pair.verdict()?;
        let keys = (pair.left_key, pair.right_key);
        match verdict {
            Some(Verdict::Match) => labels.insert(keys, true),
            Some(Verdict::NoMatch) => labels.insert(keys, false),
            Some(Verdict::Unsure) | None => None,
        };
    }
    Ok(())
}

/// Everything decided about a run: the labels that it used itself, overruled by the settled pairs of its reviews, newer ones last. With
/// the newest review that has a say.
fn known(
    conn: &mut Conn,
    organisation: &OrganisationId,
    run: Uuid,
    labels: &mut Labels,
) -> Result<Option<Uuid>> {
    let used = add_used(conn, organisation, run, labels)?;
    let mut newest = used.map(|row| super::uuid(&row.review_id)).transpose()?;
    for review in rows::of_run(conn, organisation, run)? {
        let before = labels.clone();
        add_settled(conn, organisation, review, labels)?;
        if *labels != before {
            newest = Some(review);
        }
    }
    Ok(newest)
}

/// Fixes for a new run of a series what was decided about the run it goes on from, if anything was.
///
/// # Errors
/// Database errors, 500 when a row is damaged.
pub(crate) fn inherit(
    conn: &mut Conn,
    organisation: &OrganisationId,
    run: Uuid,
    previous: Uuid,
) -> Result<()> {
    let mut labels = Labels::new();
    match known(conn, organisation, previous, &mut labels)? {
        Some(review) if !labels.is_empty() => keep(conn, organisation, (run, review), labels),
        _ => Ok(()),
    }
}

/// Fixes what was decided so far for a new run: the labels that the reviewed run used itself, overruled by the settled pairs of the review.
/// A run that goes on from another one also obeys what was decided about that.
///
/// # Errors
/// 409 `no-decisions` when nothing is settled as match or no match.
pub(crate) fn insert(
    conn: &mut Conn,
    organisation: &OrganisationId,
    run: Uuid,
    (review, reviewed_run, previous): (Uuid, Uuid, Option<Uuid>),
) -> Result<()> {
    let mut labels = Labels::new();
    if let Some(previous) = previous.filter(|previous| *previous != reviewed_run) {
        known(conn, organisation, previous, &mut labels)?;
    }
    if previous.is_some() {
        known(conn, organisation, reviewed_run, &mut labels)?;
    } else {
        add_used(conn, organisation, reviewed_run, &mut labels)?;
    }
    add_settled(conn, organisation, review, &mut labels)?;
    if labels.is_empty() {
        return Err(Problem::conflict(
            "no-decisions",
            "no pair of this review is settled as match or no match yet",
        ));
    }
    keep(conn, organisation, (run, review), labels)
}

fn keep(
    conn: &mut Conn,
    organisation: &OrganisationId,
    (run, review): (Uuid, Uuid),
    labels: Labels,
) -> Result<()> {
    let labels: Vec<Kept> = labels
        .into_iter()
        .map(|((left, right), is_match)| Kept {
            left,
            right,
            is_match,
        })
        .collect();
    let row = Row {
        run_id: run.to_string(),
        organisation: organisation.to_string(),
        review_id: review.to_string(),
        labels: super::json(&labels)?,
        used: None,
    };
    diesel::insert_into(run_labels::table)
        .values(row)
        .execute(conn)?;
    Ok(())
}

/// What became of the labels of a run, if it was asked to use any.
///
/// # Errors
/// Database errors, 500 when the row is damaged.
pub(crate) fn show(
    conn: &mut Conn,
    organisation: &OrganisationId,
    run: Uuid,
) -> Result<Option<UsedLabels>> {
    let Some(row) = find(conn, organisation, run)? else {
        return Ok(None);
    };
    Ok(Some(UsedLabels {
        linkage_review_id: super::uuid(&row.review_id)?,
        given: super::parsed::<Vec<Kept>>(&row.labels)?.len() as u64,
        held: row.used.as_deref().map(super::parsed).transpose()?,
    }))
}

/// Labels of a run by the places of their records, for its job.
#[derive(Default)]
pub(crate) struct Placed {
    /// What the engine is told.
    pub labels: Vec<Label>,
    held: Option<Held>,
}

impl Placed {
    /// Finds the records of the labels of a run, if it has any.
    ///
    /// # Errors
    /// Those of the database, the object store and the key ring.
    pub(crate) fn of(
        (job, memory): (&JobContext, Memory),
        (objects, keyring): (&Objects, &KeyRing),
        (run, project): (Uuid, Uuid),
        (spec, inputs): (&LinkageSpec, &Inputs),
    ) -> Result<Self> {
        let organisation = job.organisation();
        let row = job
            .store()
            .read_blocking(|conn| find(conn, organisation, run))?;
        let Some(row) = row else {
            return Ok(Self::default());
        };
        job.progress("finding the decided records", 0, 0, "");
        let kept: Vec<Kept> = super::parsed(&row.labels)?;
        let keys = job.block_on(keyring.pseudonymiser(organisation, project))?;
        let places = |is_left: bool| {
            let wanted: BTreeSet<&str> = kept
                .iter()
                .map(|label| if is_left { &label.left } else { &label.right })
                .map(String::as_str)
                .collect();
            let stores = (objects, keyring);
            let beside = memory.beside(0, job);
            let side = Side::read(stores, organisation, (spec, inputs), is_left, &beside)?;
            job.checkpoint()?;
            Ok::<_, Problem>(side.places(&keys, &wanted))
        };
        let (lefts, rights) = (places(true)?, places(false)?);
        let (mut labels, mut held) = (Vec::new(), Held::default());
        for label in kept {
            let (Some(lefts), Some(rights)) = (lefts.get(&label.left), rights.get(&label.right))
            else {
                held.changed += 1;
                continue;
            };
            held.held += 1;
            for left in lefts {
                labels.extend(rights.iter().map(|right| Label {
                    left: *left,
                    right: *right,
                    is_match: label.is_match,
                }));
            }
        }
        Ok(Self {
            labels,
            held: Some(held),
        })
    }

    /// Keeps how many labels held, in the transaction that ends the run.
    ///
    /// # Errors
    /// Database errors.
    pub(crate) fn keep(
        &self,
        conn: &mut Conn,
        organisation: &OrganisationId,
        run: Uuid,
    ) -> Result<()> {
        let Some(held) = &self.held else {
            return Ok(());
        };
        let row = run_labels::table
            .filter(run_labels::organisation.eq(organisation.as_str()))
            .filter(run_labels::run_id.eq(run.to_string()));
        diesel::update(row)
            .set(run_labels::used.eq(Some(super::json(held)?)))
            .execute(conn)?;
        Ok(())
    }
}
