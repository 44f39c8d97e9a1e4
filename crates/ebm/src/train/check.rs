//! What rows and columns must be before anything is learned from them.

use crate::{Column, ColumnFault, Direction, EbmError};

/// Which way each column must go.
pub(crate) fn directions(
    columns: &[Column],
    monotone: &[(String, Direction)],
) -> Result<Vec<Option<Direction>>, EbmError> {
    let mut directions = vec![None; columns.len()];
    for (name, direction) in monotone {
        let place = columns.iter().position(|column| column.name() == name);
        let place = place.ok_or_else(|| EbmError::NoInput(name.clone()))?;
        if matches!(columns[place], Column::Category { .. }) {
            return Err(EbmError::NoOrder(name.clone()));
        }
        directions[place] = Some(*direction);
    }
    Ok(directions)
}

/// Whether columns have rows, as many as the outcome, and names of their own.
pub(crate) fn check_columns(columns: &[Column], rows: usize) -> Result<(), EbmError> {
    if columns.is_empty() || rows < 2 {
        return Err(EbmError::Empty);
    }
    Ok(Column::check(columns, rows)?)
}

/// Whether rows can teach something: both outcomes, with weights that weigh.
pub(super) fn check(
    columns: &[Column],
    outcome: &[bool],
    weights: Option<&[f64]>,
) -> Result<(), EbmError> {
    check_columns(columns, outcome.len())?;
    if let Some(weights) = weights {
        if weights.len() != outcome.len() {
            let fault = ColumnFault::Rows {
                column: "weight".to_owned(),
                found: weights.len(),
                expected: outcome.len(),
            };
            return Err(fault.into());
        }
        let is_wrong = |weight: &f64| !(weight.is_finite() && *weight >= 0.0);
        if weights.iter().any(is_wrong) || weights.iter().all(|weight| *weight == 0.0) {
            return Err(EbmError::Weight);
        }
    }
    // Rows without weight are no rows.
    let weighs = |row: usize| weights.is_none_or(|weights| weights[row] > 0.0);
    let has = |wanted: bool| (0..outcome.len()).any(|row| outcome[row] == wanted && weighs(row));
    if !(has(true) && has(false)) {
        return Err(EbmError::OneClass);
    }
    Ok(())
}
