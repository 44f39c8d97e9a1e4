//! Bringing tables to a version, and back. On PostgreSQL this is done in the name of the tables' owner, by `helder migrate`.

use std::{thread::sleep, time::Duration};

use diesel::{
    QueryableByName, RunQueryDsl as _,
    backend::Backend,
    connection::SimpleConnection as _,
    dsl::sql,
    migration::{Migration, MigrationSource},
    sql_query,
    sql_types::{Bool, Text},
    sqlite::Sqlite,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};

use super::{
    Command, Conn, Guard, StoreError, Work,
    connection::{Mode, Target, begin, connect, finish},
    guard::{self, LEDGER},
    scope::Scope,
};

/// How often a migration that found a table in use comes back, and after what pause.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(250);

/// The tables of one crate: its migrations, for both databases, and who may see which rows, for PostgreSQL.
pub struct Migrations {
    source: EmbeddedMigrations,
    guards: &'static [Guard],
}

/// Tables that every service has.
const PLATFORM: Migrations = Migrations::new(embed_migrations!("migrations")).guarded(&[
    Guard::across("jobs", Work::LEASE, Command::Select),
    Guard::across("jobs", Work::LEASE, Command::Update),
    Guard::across("jobs", Work::NUMBERS, Command::Select),
    Guard::across("job_parts", Work::LEASE, Command::Select),
    Guard::across("job_parts", Work::LEASE, Command::Delete),
    Guard::across("idempotency_keys", Work::EXPIRY, Command::Select),
    Guard::across("idempotency_keys", Work::EXPIRY, Command::Delete),
    Guard::append_only("processing_acts"),
    Guard::append_only("processing_subjects"),
    Guard::append_only("log_removals"),
    Guard::across("log_removals", Work::LOG_TERM, Command::Insert),
    Guard::across_where(
        "processing_acts",
        Work::LOG_TERM,
        Command::Select,
        OLD_ACTS,
        "",
    ),
    Guard::across_where(
        "processing_acts",
        Work::LOG_TERM,
        Command::Delete,
        OLD_ACTS,
        "",
    ),
    Guard::across_where(
        "processing_subjects",
        Work::LOG_TERM,
        Command::Select,
        OLD_PEOPLE,
        "",
    ),
    Guard::across_where(
        "processing_subjects",
        Work::LOG_TERM,
        Command::Delete,
        OLD_PEOPLE,
        "",
    ),
    Guard::across_where("audit", Work::LOG_TERM, Command::Select, OLD_LINES, ""),
    Guard::across_where("audit", Work::LOG_TERM, Command::Delete, OLD_LINES, ""),
    Guard::across_where("jobs", Work::LOG_TERM, Command::Select, OLD_JOBS, ""),
    Guard::across_where("jobs", Work::LOG_TERM, Command::Delete, OLD_JOBS, ""),
]);

/// Rows older than the least term that settings may give (`crate::logboek::LEAST_DAYS`): nothing younger can be removed, whatever
/// the program does. Keys begin with the milliseconds of their time.
const OLD_ACTS: &str =
    "id < lpad(to_hex((extract(epoch FROM now())::bigint - 184 * 86400) * 1000), 12, '0')";
const OLD_PEOPLE: &str =
    "act_id < lpad(to_hex((extract(epoch FROM now())::bigint - 184 * 86400) * 1000), 12, '0')";
const OLD_LINES: &str =
    "at < to_char(now() AT TIME ZONE 'UTC' - interval '184 days', 'YYYY-MM-DD\"T\"HH24:MI:SS')";
const OLD_JOBS: &str = "finished_at < to_char(now() AT TIME ZONE 'UTC' - interval '184 days', 'YYYY-MM-DD\"T\"HH24:MI:SS')";

impl Migrations {
    /// Tables whose rows each name their organisation in a column `organisation`.
    pub const fn new(source: EmbeddedMigrations) -> Self {
        Self {
            source,
            guards: &[],
        }
    }

    /// Says who may see which rows, where the column `organisation` does not say it all.
    #[must_use]
    pub const fn guarded(self, guards: &'static [Guard]) -> Self {
        Self {
            source: self.source,
            guards,
        }
    }
}

/// Where a database stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Versions that ran, oldest first.
    pub applied: Vec<String>,
    /// Versions that this program knows and that did not run.
    pub pending: Vec<String>,
    /// Versions that ran and that this program does not know: a newer program's.
    pub newer: Vec<String>,
    /// Tables without row-level security; empty on SQLite.
    pub unguarded: Vec<String>,
}

/// Runs what has not run, and sets row-level security. Gives the versions that ran.
///
/// It waits only a short time for a table in use and comes back later, so that requests do not queue behind it.
///
/// # Errors
/// [`StoreError`] says which step failed; then nothing has changed.
pub fn up(url: &str, migrations: &[Migrations]) -> Result<Vec<String>, StoreError> {
    Ok(bring_up(&url.parse()?, migrations)?.1)
}

/// Takes the last `count` migrations back, with what they held. Gives their versions.
///
/// # Errors
/// [`StoreError`] says which step failed; then nothing has changed.
pub fn down(url: &str, migrations: &[Migrations], count: usize) -> Result<Vec<String>, StoreError> {
    let all = with_platform(migrations);
    let mut conn = connect(&url.parse()?, Mode::Write)?;
    changed(&mut conn, |conn| {
        let there = applied(conn)?.len();
        if there < count {
            return Err(StoreError::TooFar(there));
        }
        if let Conn::Pg(conn) = conn {
            guard::lift(conn)?;
        }
        let mut undone = Vec::with_capacity(count);
        for _ in 0..count {
            let version = conn
                .revert_last_migration(Source(&all))
                .map_err(StoreError::Migrate)?;
            undone.push(version.to_string());
        }
        secure(conn, &all)?;
        Ok(undone)
    })
}

/// Looks, and changes nothing.
///
/// # Errors
/// [`StoreError`] when the database is away or refuses.
pub fn status(url: &str, migrations: &[Migrations]) -> Result<Status, StoreError> {
    let mut conn = connect(&url.parse()?, Mode::Read)?;
    look(&mut conn, migrations)
}

/// Runs `sql` in the name of the tables' owner, who sees all rows.
pub(crate) fn as_owner(url: &str, sql: &str) -> Result<(), StoreError> {
    let mut conn = connect(&url.parse()?, Mode::Write)?;
    changed(&mut conn, |conn| Ok(conn.batch_execute(sql)?))
}

/// [`status`] on a connection.
pub(super) fn look(conn: &mut Conn, migrations: &[Migrations]) -> Result<Status, StoreError> {
    let known = versions(migrations)?;
    let applied = applied(conn)?;
    let newer = missing(&applied, &known);
    let pending = missing(&known, &applied);
    let unguarded = match conn {
        Conn::Pg(conn) => guard::unguarded(conn)?,
        Conn::Sqlite(_) => Vec::new(),
    };
    Ok(Status {
        applied,
        pending,
        newer,
        unguarded,
    })
}

/// [`up`], and the connection it used.
pub(super) fn bring_up(
    target: &Target,
    migrations: &[Migrations],
) -> Result<(Conn, Vec<String>), StoreError> {
    target.prepare()?;
    let all = with_platform(migrations);
    let mut conn = connect(target, Mode::Write)?;
    let done = changed(&mut conn, |conn| {
        let mut done = Vec::new();
        for one in &all {
            let ran = conn
                .run_pending_migrations(Source(std::slice::from_ref(one)))
                .map_err(StoreError::Migrate)?;
            done.extend(ran.iter().map(ToString::to_string));
        }
        secure(conn, &all)?;
        Ok(done)
    })?;
    Ok((conn, done))
}

/// One transaction for everything. Two processes that start together: the second waits and finds nothing left to do.
fn changed<T>(
    conn: &mut Conn,
    mut change: impl FnMut(&mut Conn) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut tries = 1;
    loop {
        begin(conn, Mode::Write, &Scope::Across(Work::MIGRATION))?;
        let (outcome, is_good) = finish(conn, |conn| {
            if matches!(conn, Conn::Pg(_)) {
                // First our turn among migrations, which may take long; then tables in use, for which requests would queue.
                conn.batch_execute(
                    "SET LOCAL statement_timeout = 0;
                     SET LOCAL lock_timeout = '10min';
                     SELECT pg_advisory_xact_lock(4841);
                     SET LOCAL lock_timeout = '1s'",
                )?;
            }
            change(conn)
        });
        match outcome {
            Err(error) if is_good && tries < TRIES && is_lock_timeout(&error) => {
                tracing::info!(tries, "a table is in use; the migration comes back");
                tries += 1;
                sleep(PAUSE);
            }
            other => return other,
        }
    }
}

fn is_lock_timeout(error: &StoreError) -> bool {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if error.to_string().contains("lock timeout") {
            return true;
        }
        next = error.source();
    }
    false
}

fn secure(conn: &mut Conn, all: &[&Migrations]) -> Result<(), StoreError> {
    if let Conn::Pg(conn) = conn {
        let guards: Vec<Guard> = all.iter().flat_map(|one| one.guards).copied().collect();
        guard::apply(conn, &guards)?;
    }
    Ok(())
}

fn with_platform(migrations: &[Migrations]) -> Vec<&Migrations> {
    std::iter::once(&PLATFORM).chain(migrations).collect()
}

/// Versions this program knows, oldest first.
fn versions(migrations: &[Migrations]) -> Result<Vec<String>, StoreError> {
    let all = with_platform(migrations);
    let known: Vec<Box<dyn Migration<Sqlite>>> =
        Source(&all).migrations().map_err(StoreError::Migrate)?;
    let mut versions: Vec<_> = known
        .iter()
        .map(|one| one.name().version().to_string())
        .collect();
    versions.sort();
    Ok(versions)
}

/// Versions that ran, oldest first; none where nobody ever migrated. Asked without diesel, which would make its table.
fn applied(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    let there = match conn {
        Conn::Pg(_) => format!("to_regclass('{LEDGER}') IS NOT NULL"),
        Conn::Sqlite(_) => {
            format!("EXISTS (SELECT 1 FROM sqlite_master WHERE name = '{LEDGER}')")
        }
    };
    let is_there: bool = diesel::select(sql::<Bool>(&there)).get_result(conn)?;
    if !is_there {
        return Ok(Vec::new());
    }
    let rows: Vec<Version> =
        sql_query(format!("SELECT version FROM {LEDGER} ORDER BY version")).load(conn)?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Text)]
    version: String,
}

fn missing(of: &[String], among: &[String]) -> Vec<String> {
    of.iter()
        .filter(|version| !among.contains(version))
        .cloned()
        .collect()
}

/// Lends the migrations of several crates to the runner, which wants to own its source.
struct Source<'a>(&'a [&'a Migrations]);

impl<DB: Backend> MigrationSource<DB> for Source<'_> {
    fn migrations(&self) -> diesel::migration::Result<Vec<Box<dyn Migration<DB>>>> {
        let mut all = Vec::new();
        for one in self.0 {
            all.extend(one.source.migrations()?);
        }
        Ok(all)
    }
}
