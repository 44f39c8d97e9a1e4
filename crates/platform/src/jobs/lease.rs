//! Taking, keeping and giving up leases. Each step is one conditional update; its row count says who won.

use std::time::Duration;

use diesel::prelude::*;
use helder_types::{ProblemDetails, job::JobState};
use uuid::Uuid;

use super::{
    MAX_FAULTS, MAX_LEASES, SUSPECT_AFTER, parts,
    row::{JobRow, stored},
};
use crate::{
    clock,
    problem::{Problem, Result},
    schema::jobs,
    store::Conn,
};

/// A job in our hands: the row as it was when taken, and the fence.
#[derive(Clone, Debug)]
pub(super) struct Leased {
    pub(super) row: JobRow,
    pub(super) token: String,
}

impl Leased {
    /// Whether it may be what ended its workers.
    pub(super) const fn is_suspect(&self) -> bool {
        self.row.leases >= SUSPECT_AFTER
    }
}

/// What the heartbeat learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beat {
    Held,
    CancelAsked,
    Lost,
}

/// Where a job is, as its handler last said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) stage: String,
    pub(super) done: u64,
    pub(super) total: u64,
    pub(super) unit: String,
    /// When the stage began.
    pub(super) since: String,
    /// How learning goes, as JSON.
    pub(super) learning: Option<String>,
}

/// Takes a job that waits, or whose worker is dead: the oldest of the organisations that have none running and had not the
/// last turn, else the oldest of all. So nobody's long queue makes others wait for more than one job. A job that may be what
/// ended its workers comes after all others, and only when nothing else runs in this process.
///
/// * `last` – whose job this process took last   * `is_idle` – whether it does no other job
pub(super) fn take(
    conn: &mut Conn,
    kinds: &[&'static str],
    lease: Duration,
    last: Option<&str>,
    is_idle: bool,
) -> Result<Option<Leased>> {
    loop {
        let now = clock::now();
        let mut had_turns: Vec<String> = jobs::table
            .filter(jobs::state.eq(stored(JobState::Running)))
            .filter(jobs::lease_until.assume_not_null().ge(now.clone()))
            .select(jobs::organisation)
            .distinct()
            .load(conn)?;
        had_turns.extend(last.map(str::to_owned));
        let free = jobs::state
            .eq(stored(JobState::Queued))
            .and(jobs::run_after.le(now.clone()));
        let orphaned = jobs::state.eq(stored(JobState::Running)).and(
            jobs::lease_until
                .is_null()
                .or(jobs::lease_until.assume_not_null().lt(now.clone())),
        );
        let oldest = jobs::table
            .filter(free.or(orphaned))
            .filter(jobs::kind.eq_any(kinds.to_vec()))
            .order((jobs::created_at, jobs::id))
            .select(JobRow::as_select());
        let unsuspected = oldest.clone().filter(jobs::leases.lt(SUSPECT_AFTER));
        let mut candidate: Option<JobRow> = unsuspected
            .clone()
            .filter(jobs::organisation.ne_all(had_turns))
            .first(conn)
            .optional()?;
        if candidate.is_none() {
            candidate = unsuspected.first(conn).optional()?;
        }
        if candidate.is_none() && is_idle {
            candidate = oldest.first(conn).optional()?;
        }
        let Some(row) = candidate else {
            return Ok(None);
        };
        let token = Uuid::new_v4().to_string();
        // The row as we saw it: whoever changed it since has won.
        let taken = diesel::update(
            jobs::table
                .find(&row.id)
                .filter(jobs::state.eq(&row.state))
                .filter(jobs::leases.eq(row.leases))
                .filter(jobs::updated_at.eq(&row.updated_at)),
        )
        .set((
            jobs::state.eq(stored(JobState::Running)),
            jobs::leases.eq(row.leases + 1),
            jobs::lease_token.eq(Some(&token)),
            jobs::lease_until.eq(Some(clock::after(lease))),
            jobs::updated_at.eq(clock::now()),
        ))
        .execute(conn)?;
        if taken == 0 {
            continue;
        }
        let leased = Leased { row, token };
        if leased.row.cancel_requested != 0 {
            cancelled(conn, &leased)?;
        } else if leased.row.leases >= MAX_LEASES {
            let detail = format!(
                "given up: the worker ended {} times without finishing it",
                leased.row.leases
            );
            end(
                conn,
                &leased,
                JobState::Failed,
                Some(&Problem::internal(detail.clone()).details().with(detail)),
            )?;
        } else {
            return Ok(Some(leased));
        }
    }
}

/// Renews the lease and shows how far the job is.
pub(super) fn beat(
    conn: &mut Conn,
    leased: &Leased,
    at: &Position,
    lease: Duration,
) -> Result<Beat> {
    let held = diesel::update(held(leased))
        .set((
            jobs::stage.eq(&at.stage),
            jobs::done.eq(at.done as i64),
            jobs::total.eq(at.total as i64),
            jobs::unit.eq(&at.unit),
            jobs::stage_since.eq(Some(&at.since)),
            jobs::learning.eq(&at.learning),
            jobs::lease_until.eq(Some(clock::after(lease))),
            jobs::updated_at.eq(clock::now()),
        ))
        .execute(conn)?;
    if held == 0 {
        return Ok(Beat::Lost);
    }
    cancel_asked(conn, leased).map(|asked| if asked { Beat::CancelAsked } else { Beat::Held })
}

/// Whether somebody asked to stop; changes nothing, so it can be looked at often.
pub(super) fn cancel_asked(conn: &mut Conn, leased: &Leased) -> Result<bool> {
    let asked: i64 = jobs::table
        .find(&leased.row.id)
        .select(jobs::cancel_requested)
        .first(conn)?;
    Ok(asked != 0)
}

/// Ends the job as succeeded; false when the lease is no longer ours. The caller's effect shares the transaction.
pub(super) fn fence(conn: &mut Conn, leased: &Leased) -> Result<bool> {
    // Also takes the row's lock, so that nobody else can take the job until this transaction has ended.
    Ok(diesel::update(held(leased))
        .set(jobs::updated_at.eq(clock::now()))
        .execute(conn)?
        == 1)
}

pub(super) fn succeeded(conn: &mut Conn, leased: &Leased, result: Option<&str>) -> Result<()> {
    let now = clock::now();
    diesel::update(held(leased))
        .set((
            jobs::state.eq(stored(JobState::Succeeded)),
            jobs::stage.eq("done"),
            jobs::result.eq(result),
            jobs::lease_token.eq(None::<String>),
            jobs::lease_until.eq(None::<String>),
            jobs::updated_at.eq(&now),
            jobs::finished_at.eq(Some(&now)),
        ))
        .execute(conn)?;
    parts::remove(conn, &leased.row.organisation, &leased.row.id)
}

/// Ends the job because somebody asked.
pub(super) fn cancelled(conn: &mut Conn, leased: &Leased) -> Result<()> {
    end(conn, leased, JobState::Cancelled, None)
}

/// Ends the job for a reason the client can read.
pub(super) fn failed(conn: &mut Conn, leased: &Leased, problem: &ProblemDetails) -> Result<()> {
    end(conn, leased, JobState::Failed, Some(problem))
}

/// After a fault of ours: tries again later, or gives up with the reason.
pub(super) fn faulted(
    conn: &mut Conn,
    leased: &Leased,
    problem: &ProblemDetails,
    pause: Duration,
) -> Result<()> {
    let faults = leased.row.faults + 1;
    if faults >= MAX_FAULTS {
        let detail = format!("given up after {faults} tries: {}", problem.detail);
        return end(
            conn,
            leased,
            JobState::Failed,
            Some(&problem.clone().with(detail)),
        );
    }
    diesel::update(held(leased))
        .set((
            jobs::state.eq(stored(JobState::Queued)),
            jobs::stage.eq("waiting to try again"),
            jobs::faults.eq(faults),
            jobs::run_after.eq(clock::after(pause * 2_u32.pow(faults.clamp(0, 10) as u32))),
            jobs::lease_token.eq(None::<String>),
            jobs::lease_until.eq(None::<String>),
            jobs::updated_at.eq(clock::now()),
        ))
        .execute(conn)?;
    Ok(())
}

/// Gives an unfinished job back, as on a clean stop: the next worker may take it at once.
pub(super) fn released(conn: &mut Conn, leased: &Leased) -> Result<()> {
    diesel::update(held(leased))
        .set((
            jobs::state.eq(stored(JobState::Queued)),
            jobs::stage.eq("waiting"),
            jobs::lease_token.eq(None::<String>),
            jobs::lease_until.eq(None::<String>),
            jobs::updated_at.eq(clock::now()),
        ))
        .execute(conn)?;
    Ok(())
}

/// Frees every lease. Only right where one process owns the database, at its start: all former holders are dead.
pub(super) fn free_all(conn: &mut Conn) -> Result<usize> {
    Ok(
        diesel::update(jobs::table.filter(jobs::state.eq(stored(JobState::Running))))
            .set((
                jobs::lease_until.eq(None::<String>),
                jobs::lease_token.eq(None::<String>),
            ))
            .execute(conn)?,
    )
}

fn end(
    conn: &mut Conn,
    leased: &Leased,
    state: JobState,
    problem: Option<&ProblemDetails>,
) -> Result<()> {
    let now = clock::now();
    let problem = problem
        .map(serde_json::to_string)
        .transpose()
        .map_err(Problem::internal)?;
    let ended = diesel::update(held(leased))
        .set((
            jobs::state.eq(stored(state)),
            jobs::stage.eq(stored(state)),
            jobs::problem.eq(problem),
            jobs::lease_token.eq(None::<String>),
            jobs::lease_until.eq(None::<String>),
            jobs::updated_at.eq(&now),
            jobs::finished_at.eq(Some(&now)),
        ))
        .execute(conn)?;
    if ended == 0 {
        // Another worker has the job, and what it keeps.
        return Ok(());
    }
    parts::remove(conn, &leased.row.organisation, &leased.row.id)
}

type Held<'a> = diesel::dsl::Filter<
    diesel::dsl::Filter<
        diesel::dsl::Find<jobs::table, &'a str>,
        diesel::dsl::Eq<jobs::lease_token, Option<&'a str>>,
    >,
    diesel::dsl::Eq<jobs::state, &'static str>,
>;

/// The row, as long as it is ours.
fn held(leased: &Leased) -> Held<'_> {
    jobs::table
        .find(leased.row.id.as_str())
        .filter(jobs::lease_token.eq(Some(leased.token.as_str())))
        .filter(jobs::state.eq(stored(JobState::Running)))
}

/// A problem with another detail.
trait WithDetail {
    fn with(self, detail: String) -> Self;
}

impl WithDetail for ProblemDetails {
    fn with(mut self, detail: String) -> Self {
        self.detail = detail;
        self
    }
}
