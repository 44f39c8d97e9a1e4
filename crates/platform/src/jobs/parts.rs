//! What a job has finished and keeps for its next attempt.
//!
//! A worker that is killed takes hours of work with it. What a handler has finished it may keep here, under a name that says all that it
//! depends on; the next attempt takes it instead of doing it again. Parts are sealed for the organisation, bounded, and removed in the
//! transaction that ends the job, however it ends.

use std::io::{Read as _, Write as _};

use diesel::prelude::*;

use super::{
    JobContext,
    lease::{self, Leased},
};
use crate::{
    keyring::{KeyRing, Sealer},
    problem::{Problem, Result},
    schema::job_parts,
    store::Conn,
};

/// Bytes of all parts of a job at most, sealed; what comes after is not kept, and would be done again.
pub const MOST_BYTES: i64 = 64 << 20;

/// The parts of one job.
pub struct Parts {
    job: JobContext,
    sealer: Sealer,
}

#[derive(Insertable)]
#[diesel(table_name = job_parts)]
struct Row<'a> {
    organisation: &'a str,
    job_id: &'a str,
    name: &'a str,
    sealed: &'a [u8],
    size_bytes: i64,
}

impl JobContext {
    /// What this job keeps, sealed with the organisation's key.
    ///
    /// # Errors
    /// Those of the key ring.
    pub fn parts(&self, keyring: &KeyRing) -> Result<Parts> {
        Ok(Parts {
            job: self.clone(),
            sealer: self.block_on(keyring.sealer(self.organisation()))?,
        })
    }
}

impl Parts {
    /// What was kept under a name, by this or a former attempt.
    ///
    /// # Errors
    /// Database errors; 500 for a part that was changed.
    pub fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let leased = &self.job.shared.leased;
        let sealed: Option<Vec<u8>> = self.job.store().read_blocking(|conn| {
            Ok(of(leased)
                .filter(job_parts::name.eq(name))
                .select(job_parts::sealed)
                .first(conn)
                .optional()?)
        })?;
        let Some(sealed) = sealed else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        let mut reader = self
            .sealer
            .reader(sealed.as_slice())
            .map_err(Problem::internal)?;
        reader.read_to_end(&mut bytes).map_err(Problem::internal)?;
        Ok(Some(bytes))
    }

    /// Keeps bytes under a name. Says whether they were: not beyond [`MOST_BYTES`], not when they are there already, and not when
    /// another worker has the job.
    ///
    /// # Errors
    /// Database errors.
    pub fn put(&self, name: &str, bytes: &[u8]) -> Result<bool> {
        let mut sealing = self.sealer.writer(Vec::new()).map_err(Problem::internal)?;
        sealing.write_all(bytes).map_err(Problem::internal)?;
        let sealed = sealing.finish().map_err(Problem::internal)?;
        let size_bytes = i64::try_from(sealed.len()).unwrap_or(i64::MAX);
        let leased = &self.job.shared.leased;
        self.job.store().write_blocking(|conn| {
            // From here on nobody else writes for this job.
            if !lease::fence(conn, leased)? {
                return Ok(false);
            }
            let there: Vec<(String, i64)> = of(leased)
                .select((job_parts::name, job_parts::size_bytes))
                .load(conn)?;
            let room = MOST_BYTES - there.iter().map(|(_, size)| size).sum::<i64>();
            if size_bytes > room || there.iter().any(|(kept, _)| kept == name) {
                return Ok(false);
            }
            let row = Row {
                organisation: &leased.row.organisation,
                job_id: &leased.row.id,
                name,
                sealed: &sealed,
                size_bytes,
            };
            diesel::insert_into(job_parts::table)
                .values(row)
                .execute(conn)?;
            Ok(true)
        })
    }
}

type Of<'a> = diesel::dsl::Filter<
    diesel::dsl::Filter<job_parts::table, diesel::dsl::Eq<job_parts::organisation, &'a str>>,
    diesel::dsl::Eq<job_parts::job_id, &'a str>,
>;

fn of(leased: &Leased) -> Of<'_> {
    of_job(&leased.row.organisation, &leased.row.id)
}

fn of_job<'a>(organisation: &'a str, job: &'a str) -> Of<'a> {
    job_parts::table
        .filter(job_parts::organisation.eq(organisation))
        .filter(job_parts::job_id.eq(job))
}

/// Removes all parts of a job that has ended.
pub(super) fn remove(conn: &mut Conn, organisation: &str, job: &str) -> Result<()> {
    diesel::delete(of_job(organisation, job)).execute(conn)?;
    Ok(())
}
