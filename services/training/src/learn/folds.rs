//! The folds in which the strength of a penalty is chosen.

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
    let of_split = match &plan.split {
        NewSplit::Random { group, .. } => group.as_deref(),
        _ => None,
    };
    let (column, pointer) = match net.fold_group.as_deref() {
        Some(column) => (Some(column), "/hyperparameters/elasticNet/foldGroup"),
        None => (of_split, "/split/group"),
    };
    // A strength that is given needs no folds.
    let Some(column) = column.filter(|_| net.lambda.is_none()) else {
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

/// A number that the seed and a name give.
fn drawn(seed: u32, name: &[u8]) -> u64 {
    let mut bytes = b"helder-folds/1".to_vec();
    bytes.extend(seed.to_le_bytes());
    bytes.extend(name);
    let digest = Digest::of(&bytes);
    let head: [u8; 8] = std::array::from_fn(|place| digest.as_bytes()[place]);
    u64::from_le_bytes(head)
}
