//! Rows per step, found as prediction finds the step of a value.

use super::{EditError, LearnedFrom};
use crate::{Input, MissingRule, PairTable, Side, Value, scorer::Placer};

/// Steps before those of values.
pub(super) fn skipped(input: &Input) -> usize {
    usize::from(input.missing == MissingRule::OwnEffect)
}

/// The step of every row in a side, as prediction finds it.
fn steps(rows: &dyn LearnedFrom, side: &Side, input: &Input) -> Result<Vec<u32>, EditError> {
    let placer = Placer::new(side, input);
    let mut steps = Vec::new();
    let mut refused = false;
    rows.each(
        &input.name,
        &mut |value: Value<'_>| match placer.step(value) {
            Ok(step) => steps.push(u32::try_from(step).unwrap_or(u32::MAX)),
            Err(_) => refused = true,
        },
    )?;
    if refused {
        return Err(EditError::one(
            "/input",
            "other-rows",
            "the rows hold values of this input that the model refuses",
        ));
    }
    Ok(steps)
}

/// Rows per step.
pub(super) fn counts(
    rows: &dyn LearnedFrom,
    side: &Side,
    input: &Input,
) -> Result<Vec<f64>, EditError> {
    let mut counts = vec![0.0; side.steps() + skipped(input)];
    for step in steps(rows, side, input)? {
        if let Some(count) = counts.get_mut(step as usize) {
            *count += 1.0;
        }
    }
    Ok(counts)
}

/// Rows per cell of a table.
pub(super) fn cells(
    rows: &dyn LearnedFrom,
    table: &PairTable,
    inputs: &[Input],
) -> Result<Vec<Vec<f64>>, EditError> {
    let of = |side: &Side| {
        let input = inputs.iter().find(|input| input.name == side.input);
        let input = input.ok_or_else(|| {
            EditError::one("/input", "unknown-input", "the model has no such input")
        })?;
        Ok((steps(rows, side, input)?, side.steps() + skipped(input)))
    };
    let ((first, down), (second, across)) = (of(&table.first)?, of(&table.second)?);
    let mut counts = vec![vec![0.0; across]; down];
    for (a, b) in first.into_iter().zip(second) {
        counts[a as usize][b as usize] += 1.0;
    }
    Ok(counts)
}
