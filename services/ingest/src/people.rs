//! People whose number is not there, for records of processing: the row stands for the person.

use std::{collections::BTreeMap, fs::File};

use arrow::{
    array::{Array, AsArray},
    datatypes::Int64Type,
};
use helder_dataset::{Contract, Field, write::read_part_batches};
use helder_platform::{
    jobs::JobContext,
    logboek::Act,
    problem::{Problem, Result},
};
use helder_types::{Digest, SemanticType};

use crate::fault::problem;

/// Under which activity looking at a sample is on record: it belongs to no project yet.
pub(crate) const SUGGESTING: &str = "urn:helder:activity:contract-voorstellen";

/// Rows read at a time.
const BATCH: usize = 16_384;

/// Adds the records set apart whose number was not read, by row of the part: one with a fault in its number, one that could not be
/// taken apart, and every one where the contract knows no number. The others were counted by number as they were read.
pub(crate) fn set_apart(
    job: &JobContext,
    part: File,
    digest: &Digest,
    contract: &Contract,
    act: &mut Act,
) -> Result<()> {
    let is_bsn = |field: &&Field| field.semantic_type == Some(SemanticType::Bsn);
    let numbers: Vec<&Field> = contract.fields.iter().filter(is_bsn).collect();
    let is_number = |column: &str| {
        numbers
            .iter()
            .any(|field| field.name == column || field.header() == column)
    };
    // A record has an entry per rule that it breaks.
    let mut unread: BTreeMap<i64, bool> = BTreeMap::new();
    let (_, batches) = read_part_batches(part, BATCH).map_err(problem)?;
    for batch in batches {
        job.checkpoint()?;
        let batch = batch.map_err(Problem::internal)?;
        let strange = || Problem::internal("a part with records set apart lacks a column");
        let column = |name| batch.column_by_name(name).ok_or_else(strange);
        let rows = column("_row")?.as_primitive_opt::<Int64Type>();
        let columns = column("column")?.as_string_opt::<i32>();
        let (rows, columns) = rows.zip(columns).ok_or_else(strange)?;
        for at in 0..batch.num_rows() {
            let is_unread =
                numbers.is_empty() || !columns.is_valid(at) || is_number(columns.value(at));
            *unread.entry(rows.value(at)).or_default() |= is_unread;
        }
    }
    let table = digest.to_string();
    for (row, _) in unread.into_iter().filter(|(_, is_unread)| *is_unread) {
        act.subjects.row(&table, row);
    }
    Ok(())
}
