//! The cheapest way to a leaf of a tree or rule list.

use std::collections::HashMap;

use super::{
    change::{Movable, Move, Target},
    goal::Goal,
};
use crate::{Asked, Model, Row, TreeFit, TreeLeaf, scorer::TreeAnswers};

/// All leaves.
#[derive(Clone, Debug)]
pub(super) struct Leaves(Vec<Leaf>);

#[derive(Clone, Debug)]
struct Leaf {
    probability: f64,
    /// Inputs that are asked for on the way, with the limits of the raw number.
    asked: Vec<(usize, Asked, [f64; 2])>,
}

impl Leaves {
    /// `fit` is of `model`, which is coherent.
    pub(super) fn new(model: &Model, fit: &TreeFit) -> Self {
        let positions: HashMap<String, usize> = model
            .inputs
            .iter()
            .enumerate()
            .map(|(place, input)| (input.name.clone(), place))
            .collect();
        let answers = TreeAnswers::new(fit, &model.inputs, &positions, model.calibration);
        let leaves = fit.leaves(&model.inputs).into_iter();
        let with_raw = |(input, asked): (usize, Asked)| {
            let limits = match &asked {
                Asked::Number { above, at_most, .. } => [*above, *at_most],
                Asked::Levels { .. } => [f64::NEG_INFINITY, f64::INFINITY],
            };
            let raw = model.inputs[input].raw_limits(limits);
            (input, asked, raw)
        };
        let leaf = |leaf: TreeLeaf| {
            Some(Leaf {
                probability: answers.probability(leaf.node)?,
                asked: leaf.asked.into_iter().map(with_raw).collect(),
            })
        };
        Self(leaves.filter_map(leaf).collect())
    }

    /// The changes with the least effort after which a row ends in a leaf that meets the goal; fewer changes first where it is the same.
    /// `None` where no leaf can be reached. Every leaf is looked at, and inputs are moved apart, so nothing smaller exists.
    pub(super) fn smallest(
        &self,
        row: &Row,
        movable: &[Option<Movable>],
        goal: Goal,
        most_changes: usize,
    ) -> Option<Vec<Move>> {
        let mut best: Option<(f64, Vec<Move>)> = None;
        let mut changes = Vec::new();
        for leaf in self.0.iter().filter(|leaf| goal.is_met(leaf.probability)) {
            changes.clear();
            let mut effort = 0.0;
            let is_reached = leaf.asked.iter().all(|(input, asked, raw)| {
                if asked.holds(row, *input) {
                    return true;
                }
                let movable = movable[*input].as_ref();
                // From a value that is not known no distance can be told.
                let movable = movable.filter(|_| !row.is_substituted(*input));
                let found = movable.and_then(|of| asked.nearest(*raw, of, row, *input));
                let Some((to, own)) = found else {
                    return false;
                };
                effort += own;
                changes.push(Move {
                    input: *input,
                    to,
                    effort: own,
                });
                changes.len() <= most_changes
                    && best.as_ref().is_none_or(|(least, _)| effort <= *least)
            });
            let is_better = |(least, kept): &(f64, Vec<_>)| {
                effort < *least || (effort <= *least && changes.len() < kept.len())
            };
            if is_reached && best.as_ref().is_none_or(is_better) {
                best = Some((effort, changes.clone()));
            }
        }
        let (_, mut changes) = best?;
        changes.sort_by_key(|change| change.input);
        Some(changes)
    }
}

impl Asked {
    /// Whether the present value of a row passes.
    fn holds(&self, row: &Row, input: usize) -> bool {
        match self {
            Self::Number {
                above,
                at_most,
                or_missing,
            } => row
                .number(input)
                .map_or(*or_missing, |number| number > *above && number <= *at_most),
            Self::Levels { may, or_none } => {
                let level = row.level(input);
                let may = level.and_then(|level| may.get(level)).copied();
                may.unwrap_or(*or_none)
            }
        }
    }

    /// The value that passes with the least effort, and this effort; the present one does not pass.
    fn nearest(
        &self,
        [above, at_most]: [f64; 2],
        movable: &Movable,
        row: &Row,
        input: usize,
    ) -> Option<(Target, f64)> {
        match (self, movable) {
            (Self::Number { .. }, Movable::Number(number)) => {
                let now = row.raw_number(input)?;
                let to = number.within(now, above, at_most)?;
                Some((Target::Number(to), number.cost(now, to)))
            }
            (Self::Number { .. }, Movable::Boolean { direction, cost }) => {
                let to = row.number(input)? <= 0.5;
                let number = f64::from(u8::from(to));
                let passes = number > above && number <= at_most;
                (passes && direction.allows(to)).then_some((Target::Boolean(to), *cost))
            }
            (Self::Levels { may, .. }, Movable::Levels { to, cost }) => {
                let passes = |level: &&usize| may.get(**level).copied().unwrap_or_default();
                let to = to.iter().find(passes)?;
                Some((Target::Level(*to), *cost))
            }
            _ => None,
        }
    }
}
