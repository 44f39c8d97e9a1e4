//! Jobs that finished long ago. A service that shows the state of a job in something that lasts, as a run of linkage does, keeps
//! its jobs; one whose jobs are only a way to a result lets them go ([`FINISHED_JOBS`]).

use diesel::prelude::*;
use jiff::Timestamp;

use super::{Gone, OldLog, Owner, Past, moment};
use crate::{
    logboek::LogboekSettings,
    problem::{Problem, Result},
    schema::jobs,
    store::Conn,
};

/// Most jobs in one piece.
const JOBS: i64 = 1_000;

/// Finished jobs of a service in which nothing refers to them.
pub const FINISHED_JOBS: OldLog = OldLog {
    name: "jobs",
    term: |settings: &LogboekSettings, _, _| settings.keep_jobs_days.0,
    owners,
    remove,
};

/// One look at the whole table, once a day; the term keeps it small.
fn owners(conn: &mut Conn) -> Result<Vec<Owner>> {
    let owners: Vec<String> = jobs::table
        .filter(jobs::finished_at.is_not_null())
        .select(jobs::organisation)
        .distinct()
        .load(conn)?;
    Ok(owners.into_iter().map(|it| (it, None)).collect())
}

fn remove(conn: &mut Conn, past: &Past<'_>) -> Result<Option<Gone>> {
    let found: Vec<(String, String)> = jobs::table
        .filter(jobs::organisation.eq(past.organisation))
        .filter(jobs::finished_at.assume_not_null().lt(moment(past.before)))
        .order(jobs::finished_at)
        .limit(JOBS)
        .select((jobs::id, jobs::finished_at.assume_not_null()))
        .load(conn)?;
    let mut gone = None;
    for (id, finished_at) in found {
        let job = jobs::table
            .filter(jobs::organisation.eq(past.organisation))
            .filter(jobs::id.eq(&id));
        // What another replica removes at this moment is its to prove.
        if diesel::delete(job).execute(conn)? == 1 {
            let at: Timestamp = finished_at.parse().map_err(Problem::internal)?;
            Gone::add(&mut gone, (1, 0), at);
        }
    }
    Ok(gone)
}
