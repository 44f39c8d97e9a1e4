//! Which step of a curve a value lies in.

use std::collections::HashMap;

use super::{
    Value, ValueFault,
    cuts::Cuts,
    row::{Cell, Slot, State},
};
use crate::{Input, MissingRule, Side};

/// Finds the step of a raw value, by the rules of its input.
pub(crate) struct Placer {
    slot: Slot,
    steps: Steps,
}

impl Placer {
    pub(crate) fn new(side: &Side, input: &Input) -> Self {
        Self {
            slot: Slot::new(input),
            steps: Steps::new(side, input),
        }
    }

    /// The step of a value, the one for missing first where there is one.
    pub(crate) fn step(&self, value: Value<'_>) -> Result<usize, ValueFault> {
        Ok(self.steps.of(&self.slot.resolve(value)?))
    }
}

/// Which step a value lies in.
#[derive(Clone, Debug)]
pub(super) enum Steps {
    Cuts {
        cuts: Cuts,
        /// 1 where the first step is the missing value.
        missing: usize,
    },
    /// Step per level of the input.
    Levels(Vec<u32>),
}

impl Steps {
    pub(super) fn new(side: &Side, input: &Input) -> Self {
        let Some(groups) = &side.levels else {
            return Self::Cuts {
                cuts: Cuts::new(side.cuts.as_deref().unwrap_or_default()),
                missing: usize::from(input.missing == MissingRule::OwnEffect),
            };
        };
        let places: HashMap<&str, u32> = groups
            .iter()
            .zip(0..)
            .flat_map(|(levels, place)| levels.iter().map(move |level| (level.as_str(), place)))
            .collect();
        let of = |level: &str| places.get(level).copied().unwrap_or(0);
        Self::Levels(input.categories.iter().map(|c| of(&c.level)).collect())
    }

    #[inline]
    pub(super) fn of(&self, cell: &Cell) -> usize {
        match self {
            Self::Cuts { missing: 1, .. } if cell.state == State::Missing => 0,
            Self::Cuts { cuts, missing } => missing + cuts.reached(cell.number),
            Self::Levels(steps) => steps
                .get(cell.level as usize)
                .map_or(0, |step| *step as usize),
        }
    }

    /// The same for many values, with what is to be known of the steps fetched once.
    pub(super) fn of_all(&self, cells: &[Cell], steps: &mut [u32]) {
        let each = cells.iter().zip(steps);
        match self {
            Self::Cuts { missing: 0, cuts } => {
                each.for_each(|(cell, step)| *step = cuts.reached(cell.number) as u32);
            }
            Self::Cuts { .. } | Self::Levels(_) => {
                each.for_each(|(cell, step)| *step = self.of(cell) as u32);
            }
        }
    }
}
