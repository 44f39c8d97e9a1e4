//! What the learners of curves, trees and cards read alike: inputs, the values of the train rows, and directions.

use helder_model::{Input, InputType, MissingRule};
use helder_types::{
    Fault,
    column::{Column as Learned, Direction},
};

use super::{
    LearnError,
    plan::{Curbed, NewTrainingRun},
    prepare::{MISSING, Prepared},
    regress::outcomes,
    split::Rows,
    table::{Column, Table},
};

/// The values of a feature over the train rows. A text that is missing is a level.
pub(super) enum Values<'a> {
    Numbers(Vec<Option<f64>>),
    Levels(Vec<Option<&'a str>>),
}

impl<'a> Values<'a> {
    /// Of a column, over some rows.
    pub(super) fn of(column: &'a Column, rows: &[usize]) -> Self {
        if let Column::Text(values) = column {
            let level = |row: &usize| Some(values[*row].as_deref().unwrap_or(MISSING));
            return Self::Levels(rows.iter().map(level).collect());
        }
        let values = column.numbers().unwrap_or_default();
        Self::Numbers(rows.iter().map(|&row| values[row]).collect())
    }

    /// As a column, with the levels of its input.
    fn learned(self, input: &Input) -> Learned {
        let name = input.name.clone();
        match self {
            Self::Numbers(values) => {
                let number = |value: Option<f64>| value.unwrap_or(f64::NAN);
                let values = values.into_iter().map(number).collect();
                Learned::Numeric { name, values }
            }
            Self::Levels(values) => {
                let code = |level: Option<&str>| {
                    let mut categories = input.categories.iter();
                    let place = categories.position(|c| Some(c.level.as_str()) == level)?;
                    u32::try_from(place).ok()
                };
                Learned::Category {
                    name,
                    codes: values.into_iter().map(code).collect(),
                    levels: input.categories.iter().map(|c| c.level.clone()).collect(),
                }
            }
        }
    }
}

/// The inputs where a missing number gets no substitute: it counts by itself.
pub(super) fn own_effects(prepared: &Prepared) -> Vec<Input> {
    prepared.inputs.iter().cloned().map(own_effect).collect()
}

/// An input where a missing number gets no substitute.
pub(super) fn own_effect(mut input: Input) -> Input {
    if matches!(input.missing, MissingRule::MedianAndIndicator { .. }) {
        input.missing = MissingRule::OwnEffect;
    }
    input
}

/// A column per input, over some rows.
pub(super) fn columns(
    table: &Table,
    inputs: &[Input],
    rows: &[usize],
) -> Result<Vec<Learned>, LearnError> {
    let column = |input: &Input| Ok(Values::of(&*table.worked(input)?, rows).learned(input));
    inputs.iter().map(column).collect()
}

/// Whether the outcome came, per train row.
pub(super) fn train_outcomes(
    table: &Table,
    plan: &NewTrainingRun,
    rows: &Rows,
) -> Result<Vec<bool>, LearnError> {
    let outcomes = outcomes(table, plan)?;
    Ok(rows.train.iter().map(|&row| outcomes[row]).collect())
}

/// Which inputs were asked to make the probability only rise or only fall.
///
/// # Errors
/// [`LearnError::Invalid`] names every one that has no order.
pub(super) fn directions(
    plan: &NewTrainingRun,
    inputs: &[Input],
) -> Result<Vec<(String, Direction)>, LearnError> {
    let (mut faults, mut directions) = (Vec::new(), Vec::new());
    for (n, curbed) in plan.hyperparameters.monotone.iter().enumerate() {
        let is_number =
            |input: &Input| input.name == curbed.feature && input.kind != InputType::Category;
        if !inputs.iter().any(is_number) {
            faults.push(Fault::new(
                format!("/hyperparameters/monotone/{n}/feature"),
                "wrong-kind",
                "name a feature that is a number: categories have no order",
            ));
        }
        let direction = match curbed.direction {
            Curbed::Rising => Direction::Rising,
            Curbed::Falling => Direction::Falling,
        };
        directions.push((curbed.feature.clone(), direction));
    }
    if faults.is_empty() {
        Ok(directions)
    } else {
        Err(LearnError::Invalid(faults))
    }
}
