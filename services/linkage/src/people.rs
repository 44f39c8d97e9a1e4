//! Whose data an act of linkage processes, for its records.

use helder_platform::{
    logboek::Subjects,
    objects::Objects,
    problem::{Problem, Result},
};
use helder_types::OrganisationId;

use crate::{parts::Waits, versions::Input};

/// Adds everybody of one side.
///
/// # Errors
/// Those of the object store, and why the work was stopped.
pub(crate) fn of(
    objects: &Objects,
    organisation: &OrganisationId,
    input: &Input,
    waits: &impl Waits,
    into: &mut Subjects,
) -> Result<()> {
    let file = waits.wait(objects.get_to_file(organisation, &input.analysis))?;
    let found = helder_subjects::people(file.open()?, &mut || waits.go_on().is_ok());
    let found = found.map_err(|error| {
        let stopped = waits.go_on().err();
        stopped.unwrap_or_else(|| Problem::internal(error))
    })?;
    into.people(found.pseudonyms);
    let table = input.analysis.to_string();
    for row in found.rows {
        into.row(&table, row);
    }
    Ok(())
}
