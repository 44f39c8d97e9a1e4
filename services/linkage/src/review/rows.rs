//! The table of review tasks and what is read off the whole of one. Every query starts with the organisation.

use std::collections::HashMap;

use diesel::prelude::*;
use helder_platform::{
    audit, clock, jobs,
    problem::{Problem, Result},
    store::Conn,
};
use helder_types::{Caller, OrganisationId, job::Job};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    decisions::{self, PairRow},
    figures::{self, Seen, Stratum},
    job::KIND,
    schema::{review_pairs, reviews},
    wire::{LinkageReview, NewLinkageReview, Progress, Verdict},
};

/// One row of [`reviews`].
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = reviews)]
pub(crate) struct ReviewRow {
    id: String,
    organisation: String,
    project_id: String,
    run_id: String,
    job_id: String,
    settings: String,
    strata: Option<String>,
    created_by: String,
    created_at: String,
}

/// What the job needs to know.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payload {
    /// The review task.
    pub review_id: Uuid,
}

/// Writes the task and queues the job that makes its queue, in the caller's transaction.
///
/// # Errors
/// Database errors.
pub(crate) fn insert(
    conn: &mut Conn,
    caller: &Caller,
    project: Uuid,
    wanted: &NewLinkageReview,
) -> Result<Job> {
    let id = Uuid::now_v7();
    let job = jobs::enqueue(conn, caller, KIND, &Payload { review_id: id })?;
    let row = ReviewRow {
        id: id.to_string(),
        organisation: caller.organisation.to_string(),
        project_id: project.to_string(),
        run_id: wanted.linkage_run_id.to_string(),
        job_id: job.id.to_string(),
        settings: super::json(wanted)?,
        strata: None,
        created_by: caller.subject.clone(),
        created_at: clock::now(),
    };
    diesel::insert_into(reviews::table)
        .values(row)
        .execute(conn)?;
    let object = format!("/linkage-reviews/{id}");
    audit::record(conn, caller, "linkage-review.create", &object)?;
    Ok(job)
}

/// A task of this organisation.
///
/// # Errors
/// 404 when it is absent or someone else's.
pub(crate) fn find(conn: &mut Conn, organisation: &OrganisationId, id: Uuid) -> Result<ReviewRow> {
    Ok(reviews::table
        .filter(reviews::organisation.eq(organisation.as_str()))
        .filter(reviews::id.eq(id.to_string()))
        .select(ReviewRow::as_select())
        .first(conn)?)
}

/// Tasks of this organisation, newest first, older than `before`.
///
/// # Errors
/// Database errors.
pub(crate) fn list(
    conn: &mut Conn,
    organisation: &OrganisationId,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ReviewRow>> {
    let mut query = reviews::table
        .filter(reviews::organisation.eq(organisation.as_str()))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(reviews::id.lt(before.to_string()));
    }
    Ok(query
        .order(reviews::id.desc())
        .limit(limit)
        .select(ReviewRow::as_select())
        .load(conn)?)
}

/// The newest task of a run that has a queue.
///
/// # Errors
/// Database errors.
pub(crate) fn newest_of_run(
    conn: &mut Conn,
    organisation: &OrganisationId,
    run: Uuid,
) -> Result<Option<ReviewRow>> {
    Ok(reviews::table
        .filter(reviews::organisation.eq(organisation.as_str()))
        .filter(reviews::run_id.eq(run.to_string()))
        .filter(reviews::strata.is_not_null())
        .order(reviews::id.desc())
        .select(ReviewRow::as_select())
        .first(conn)
        .optional()?)
}

/// Reviews of a run, oldest first.
///
/// # Errors
/// Database errors, 500 when a row is damaged.
pub(crate) fn of_run(
    conn: &mut Conn,
    organisation: &OrganisationId,
    run: Uuid,
) -> Result<Vec<Uuid>> {
    let ids: Vec<String> = reviews::table
        .filter(reviews::organisation.eq(organisation.as_str()))
        .filter(reviews::run_id.eq(run.to_string()))
        .order(reviews::id)
        .select(reviews::id)
        .load(conn)?;
    ids.iter().map(|id| super::uuid(id)).collect()
}

/// Keeps the queue. A second try of the same job finds the first's.
///
/// # Errors
/// Database errors.
pub(crate) fn fill(
    conn: &mut Conn,
    organisation: &OrganisationId,
    id: Uuid,
    (pairs, strata): (&[PairRow], &[Stratum]),
) -> Result<()> {
    let row = reviews::table
        .filter(reviews::organisation.eq(organisation.as_str()))
        .filter(reviews::id.eq(id.to_string()))
        .filter(reviews::strata.is_null());
    let changed = diesel::update(row)
        .set(reviews::strata.eq(Some(super::json(&strata)?)))
        .execute(conn)?;
    if changed == 1 {
        for pair in pairs {
            diesel::insert_into(review_pairs::table)
                .values(pair)
                .execute(conn)?;
        }
    }
    Ok(())
}

impl ReviewRow {
    /// Identifier.
    ///
    /// # Errors
    /// 500 when the row is damaged.
    pub(crate) fn id(&self) -> Result<Uuid> {
        super::uuid(&self.id)
    }

    /// Project.
    ///
    /// # Errors
    /// 500 when the row is damaged.
    pub(crate) fn project_id(&self) -> Result<Uuid> {
        super::uuid(&self.project_id)
    }

    /// The run it looks at.
    ///
    /// # Errors
    /// 500 when the row is damaged.
    pub(crate) fn run_id(&self) -> Result<Uuid> {
        super::uuid(&self.run_id)
    }

    /// As asked.
    ///
    /// # Errors
    /// 500 when the row is damaged.
    pub(crate) fn settings(&self) -> Result<NewLinkageReview> {
        super::parsed(&self.settings)
    }

    /// 409 while there is no queue.
    ///
    /// # Errors
    /// 409 `review-not-ready`.
    pub(crate) fn ready(&self) -> Result<()> {
        match self.strata {
            Some(_) => Ok(()),
            None => Err(Problem::conflict(
                "review-not-ready",
                "the queue of this review is not there yet; see its job",
            )),
        }
    }

    /// The task as shown.
    ///
    /// # Errors
    /// Database errors, 500 when a row is damaged.
    pub(crate) fn show(
        self,
        conn: &mut Conn,
        organisation: &OrganisationId,
    ) -> Result<LinkageReview> {
        let id = self.id()?;
        let job_id = super::uuid(&self.job_id)?;
        let pairs = decisions::pairs(conn, organisation, id)?;
        let mut progress = Progress {
            pairs: pairs.len() as u64,
            ..Progress::default()
        };
        let mut seen: HashMap<&str, Seen> = HashMap::new();
        for pair in &pairs {
            let Some(verdict) = pair.verdict()? else {
                continue;
            };
            let seen = seen.entry(pair.stratum()).or_default();
            progress.settled += 1;
            match verdict {
                Verdict::Match => {
                    progress.matches += 1;
                    seen.matches += 1;
                    seen.decided += 1;
                }
                Verdict::NoMatch => {
                    progress.no_matches += 1;
                    seen.decided += 1;
                }
                Verdict::Unsure => {
                    progress.unsure += 1;
                    seen.unsure += 1;
                }
            }
        }
        let strata: Vec<Stratum> = self
            .strata
            .as_deref()
            .map(super::parsed)
            .transpose()?
            .unwrap_or_default();
        let strata: Vec<(Stratum, Seen)> = strata
            .into_iter()
            .map(|stratum| {
                let seen = seen.get(stratum.name.as_str()).copied();
                (stratum, seen.unwrap_or_default())
            })
            .collect();
        Ok(LinkageReview {
            id,
            project_id: self.project_id()?,
            job_id,
            state: jobs::find(conn, organisation, job_id)?.state,
            settings: self.settings()?,
            progress,
            agreement: figures::agreement(decisions::table(conn, organisation, id)?),
            estimates: figures::estimates(&strata),
            created_by: self.created_by,
            created_at: self.created_at,
        })
    }
}
