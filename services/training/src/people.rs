//! Whose data an act of training processes, for its records.

use helder_platform::{
    jobs::JobContext,
    logboek::Act,
    objects::StoredFile,
    problem::{Problem, Result},
};
use helder_types::Digest;

/// What the rows of a table without pseudonyms are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nameless {
    /// Not people: places, codes, rates.
    Nobody,
    /// One person each, known by the row.
    People,
}

/// Adds everybody in a table to an act.
///
/// # Errors
/// Those of the table, and why the job was stopped.
pub(crate) fn in_table(
    job: &JobContext,
    table: &StoredFile,
    digest: &Digest,
    nameless: Nameless,
    act: &mut Act,
) -> Result<()> {
    let found = helder_subjects::people(table.open()?, &mut || job.checkpoint().is_ok());
    let found = found.map_err(|error| {
        let stopped = job.checkpoint().err();
        stopped.unwrap_or_else(|| Problem::internal(error))
    })?;
    act.subjects.people(found.pseudonyms);
    if found.has_pseudonyms || nameless == Nameless::People {
        let table = digest.to_string();
        for row in found.rows {
            act.subjects.row(&table, row);
        }
    }
    Ok(())
}
