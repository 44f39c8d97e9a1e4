//! Rows that belong together, and the folds in which the strength of a penalty is chosen.

use std::collections::BTreeMap;

use helder_types::Digest;

use super::{
    LearnError,
    plan::{NewSplit, NewTrainingRun},
    split::{Rows, known},
    table::Table,
};

/// Folds that choose a penalty.
const FOLDS: usize = 10;

/// The fold of each train row, drawn by the seed. Rows of one group (a person, a household, a date) stand in one fold: what is held apart
/// is then nobody that was learned from. Without groups each row is drawn by itself.
///
/// # Errors
/// [`LearnError::Invalid`] where the column of the groups is of another kind, has gaps, or holds fewer than three of them.
pub(super) fn folds(
    table: &Table,
    plan: &NewTrainingRun,
    rows: &Rows,
) -> Result<Vec<usize>, LearnError> {
    let Some(net) = &plan.hyperparameters.elastic_net else {
        return Ok(Vec::new());
    };
    let asked = net.fold_group.as_deref();
    let group = group(plan, asked, "/hyperparameters/elasticNet/foldGroup");
    // A strength that is given needs no folds.
    let Some((column, pointer)) = group.filter(|_| net.lambda.is_none()) else {
        let each = rows.train.iter();
        let of_row = |row: &usize| drawn(plan.seed, &(*row as u64).to_le_bytes()) % FOLDS as u64;
        return Ok(each.map(|row| of_row(row) as usize).collect());
    };
    let values = known(table, column, pointer)?;
    let draw = |row: &usize| (drawn(plan.seed, values[*row].as_bytes()), &values[*row]);
    let mut groups: BTreeMap<(u64, &String), usize> =
        rows.train.iter().map(|row| (draw(row), 0)).collect();
    if groups.len() < 3 {
        let detail =
            "fewer than three groups make no folds: name a column that tells more rows apart";
        return Err(LearnError::fault(pointer, "too-few-groups", detail));
    }
    // In the order of the draw, so that every fold gets its share of few groups too.
    for (place, fold) in groups.values_mut().enumerate() {
        *fold = place % FOLDS;
    }
    Ok(rows.train.iter().map(|row| groups[&draw(row)]).collect())
}

/// Train rows that belong together.
pub(super) struct Clusters<'a> {
    /// The column whose equal values say so.
    pub column: &'a str,
    /// Where the plan names it.
    pub pointer: &'static str,
    /// Per train row the number of its value, in the order of the values.
    pub of_rows: Vec<u32>,
}

/// Which train rows belong together, for trees and rule lists; none where the plan names no column.
///
/// # Errors
/// [`LearnError::Invalid`] where the column is of another kind or has gaps.
pub(super) fn clusters<'a>(
    table: &Table,
    plan: &'a NewTrainingRun,
    rows: &Rows,
) -> Result<Option<Clusters<'a>>, LearnError> {
    let asked = plan.hyperparameters.row_group.as_deref();
    let Some((column, pointer)) = group(plan, asked, "/hyperparameters/rowGroup") else {
        return Ok(None);
    };
    let values = known(table, column, pointer)?;
    let mut distinct: Vec<&String> = rows.train.iter().map(|row| &values[*row]).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let number = |row: &usize| distinct.partition_point(|value| *value < &values[*row]) as u32;
    Ok(Some(Clusters {
        column,
        pointer,
        of_rows: rows.train.iter().map(number).collect(),
    }))
}

/// The column that is asked for, else that of the split; with the pointer to blame.
fn group<'a>(
    plan: &'a NewTrainingRun,
    asked: Option<&'a str>,
    pointer: &'static str,
) -> Option<(&'a str, &'static str)> {
    let of_split = match &plan.split {
        NewSplit::Random { group, .. } => group.as_deref(),
        _ => None,
    };
    asked
        .map(|column| (column, pointer))
        .or_else(|| of_split.map(|column| (column, "/split/group")))
}

/// A number that the seed and a name give.
fn drawn(seed: u32, name: &[u8]) -> u64 {
    let mut bytes = b"helder-folds/1".to_vec();
    bytes.extend(seed.to_le_bytes());
    bytes.extend(name);
    let digest = Digest::of(&bytes);
    let head: [u8; 8] = std::array::from_fn(|place| digest.as_bytes()[place]);
    u64::from_le_bytes(head)
}
