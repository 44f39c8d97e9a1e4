//! Characteristics as columns of a regression.

use helder_model::Meaning;
use helder_survival::{Design, SurvivalError};

use crate::{prepare::Prepared, traits::Trait};

/// One column, of all spells.
#[derive(Clone, Debug)]
pub(crate) struct DesignColumn {
    /// Place of the characteristic.
    pub(crate) place: usize,
    /// What is compared with what.
    pub(crate) against: Against,
    pub(crate) values: Vec<f64>,
}

/// What a hazard ratio compares.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Against {
    /// So much more.
    Step(f64),
    /// A level with the reference.
    Level { level: Meaning, reference: Meaning },
    /// Not known with known.
    Missing,
}

/// Name of the column at a place of a regression.
pub(crate) fn name(n: usize) -> String {
    format!("column {n}")
}

/// Columns of the characteristics that are wanted. Unknown numbers take the median, with a column that tells so.
pub(crate) fn columns(
    prepared: &Prepared<'_>,
    wanted: &dyn Fn(&Trait) -> bool,
) -> Vec<DesignColumn> {
    let traits = prepared.traits.iter().enumerate();
    traits
        .filter(|(_, one)| wanted(one))
        .flat_map(|(place, one)| match &one.numbers {
            Some(numbers) => of_numbers(place, one, numbers),
            None => of_levels(place, one),
        })
        .collect()
}

fn of_numbers(place: usize, one: &Trait, numbers: &[Option<f64>]) -> Vec<DesignColumn> {
    if numbers.iter().all(Option::is_none) {
        return Vec::new();
    }
    let median = one.median();
    let mut columns = vec![DesignColumn {
        place,
        against: Against::Step(one.per),
        values: numbers
            .iter()
            .map(|value| (value.unwrap_or(median) - median) / one.per)
            .collect(),
    }];
    if one.levels.iter().any(|level| level.is_missing) {
        columns.push(DesignColumn {
            place,
            against: Against::Missing,
            values: numbers
                .iter()
                .map(|value| f64::from(u8::from(value.is_none())))
                .collect(),
        });
    }
    columns
}

fn of_levels(place: usize, one: &Trait) -> Vec<DesignColumn> {
    let others = (0..one.levels.len()).filter(|level| *level != one.reference);
    others
        .map(|level| DesignColumn {
            place,
            against: if one.levels[level].is_missing {
                Against::Missing
            } else {
                Against::Level {
                    level: one.levels[level].words.clone(),
                    reference: one.levels[one.reference].words.clone(),
                }
            },
            values: one
                .level
                .iter()
                .map(|found| f64::from(u8::from(*found == Some(level))))
                .collect(),
        })
        .collect()
}

/// The columns at some spells, with persons as clusters where they are known.
///
/// # Errors
/// None for columns made here.
pub(crate) fn design(
    columns: &[DesignColumn],
    persons: Option<&[u32]>,
    places: &[usize],
) -> Result<Design, SurvivalError> {
    let at = |values: &[f64]| places.iter().map(|&i| values[i]).collect();
    let named = columns.iter().enumerate();
    let design = Design::new(named.map(|(n, c)| (name(n), at(&c.values))).collect())?;
    Ok(match persons {
        Some(persons) => {
            design.clustered_by(&places.iter().map(|&i| persons[i]).collect::<Vec<_>>())
        }
        None => design,
    })
}
