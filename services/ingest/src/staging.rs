//! Sealed uploads between request and job, so that a job survives the death of its process.
//!
//! An object is removed when its job has ended, by the job or, should that not happen, by the sweep.

use std::{sync::Weak, time::Duration};

use actix_web::http::StatusCode;
use diesel::prelude::*;
use helder_platform::{
    clock, jobs,
    objects::Objects,
    problem::{Problem, Result},
    store::{Conn, Store},
};
use helder_types::{Caller, Digest, OrganisationId};
use uuid::Uuid;

use crate::{STAGING, schema::staged_uploads};

/// How often ended jobs are looked for.
const SWEEP: Duration = Duration::from_secs(30);

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = staged_uploads)]
struct Row {
    job_id: String,
    organisation: String,
    digest: String,
    created_at: String,
}

/// Notes a staged object, in the transaction that queues its job.
///
/// # Errors
/// Database errors.
pub(crate) fn note(conn: &mut Conn, caller: &Caller, job: Uuid, digest: &Digest) -> Result<()> {
    let row = Row {
        job_id: job.to_string(),
        organisation: caller.organisation.to_string(),
        digest: digest.to_string(),
        created_at: clock::now(),
    };
    diesel::insert_into(staged_uploads::table)
        .values(row)
        .execute(conn)?;
    Ok(())
}

fn forget(conn: &mut Conn, job: &str) -> Result<()> {
    diesel::delete(staged_uploads::table.filter(staged_uploads::job_id.eq(job))).execute(conn)?;
    Ok(())
}

fn all(conn: &mut Conn) -> Result<Vec<Row>> {
    Ok(staged_uploads::table
        .order(staged_uploads::created_at)
        .limit(1_000)
        .select(Row::as_select())
        .load(conn)?)
}

/// Removes the staged objects of jobs that have ended; gives how many.
///
/// # Errors
/// When the database or the object store is away; the next sweep goes on.
pub(crate) async fn sweep(store: &Store, objects: &Objects) -> Result<usize> {
    let waiting = store
        .across(STAGING)
        .read(|conn| {
            let mut ended = Vec::new();
            for row in all(conn)? {
                let organisation: OrganisationId =
                    row.organisation.parse().map_err(Problem::internal)?;
                let id = row.job_id.parse().map_err(Problem::internal)?;
                // A job that finished long ago is there no more.
                let is_over = match jobs::find(conn, &organisation, id) {
                    Ok(job) => job.state.is_final(),
                    Err(problem) if problem.status() == StatusCode::NOT_FOUND => true,
                    Err(problem) => return Err(problem),
                };
                if is_over {
                    ended.push((
                        row.job_id,
                        organisation,
                        row.digest.parse::<Digest>().map_err(Problem::internal)?,
                    ));
                }
            }
            Ok(ended)
        })
        .await?;
    let count = waiting.len();
    for (job, organisation, digest) in waiting {
        objects.delete(&organisation, &digest).await?;
        store
            .of(&organisation)
            .write(move |conn| forget(conn, &job))
            .await?;
    }
    Ok(count)
}

/// Sweeps now and then until the service stops.
pub(crate) async fn keep_clean(store: Store, objects: Objects, alive: Weak<()>) {
    loop {
        if let Err(problem) = sweep(&store, &objects).await {
            problem.log();
        }
        // Short steps, so that the task ends soon after the service.
        for _ in 0..SWEEP.as_secs() {
            if store.is_closing() || alive.strong_count() == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}
