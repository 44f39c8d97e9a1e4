//! The leaves of a tree or rule list, each with what its questions ask of every input together.

use std::collections::HashMap;

use super::{
    change::{Movable, Move, Target},
    goal::Goal,
};
use crate::{Input, Model, Row, TreeFit, TreeTest, Way, scorer::TreeAnswers};

/// All leaves.
#[derive(Clone, Debug)]
pub(super) struct Leaves(Vec<Leaf>);

#[derive(Clone, Debug)]
struct Leaf {
    probability: f64,
    /// Inputs that are asked for on the way.
    asked: Vec<(usize, Asked)>,
}

/// What the questions on the way to a leaf leave of an input.
#[derive(Clone, Debug, PartialEq)]
enum Asked {
    /// Numbers and booleans above the first and up to the second; or, where it may be, no number.
    Number {
        above: f64,
        at_most: f64,
        or_missing: bool,
    },
    /// Per level of the input; or, where it may be, none of them.
    Levels { may: Vec<bool>, or_none: bool },
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
        let mut parents = vec![None; fit.nodes.len()];
        for (place, node) in fit.nodes.iter().enumerate() {
            let Some(split) = &node.split else { continue };
            for (way, next) in [(Way::First, split.first), (Way::Second, split.second)] {
                if let Some(parent) = parents.get_mut(next as usize) {
                    *parent = Some((place, way));
                }
            }
        }
        let leaf = |at: usize| {
            let mut asked: Vec<(usize, Asked)> = Vec::new();
            let mut at_parent = parents[at];
            while let Some((place, way)) = at_parent {
                let split = fit.nodes[place].split.as_ref()?;
                let input = *positions.get(&split.input)?;
                let known = asked.iter().position(|(other, _)| *other == input);
                let known = known.unwrap_or_else(|| {
                    asked.push((input, Asked::anything(&model.inputs[input])));
                    asked.len() - 1
                });
                let is_missing_first = split.missing == Way::First;
                let own = &model.inputs[input];
                asked[known]
                    .1
                    .narrow(&split.test, way, is_missing_first, own);
                at_parent = parents[place];
            }
            Some(Leaf {
                probability: answers.probability(at)?,
                asked,
            })
        };
        Self((0..fit.nodes.len()).filter_map(leaf).collect())
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
            let is_reached = leaf.asked.iter().all(|(input, asked)| {
                if asked.holds(row, *input) {
                    return true;
                }
                let movable = movable[*input].as_ref();
                // From a value that is not known no distance can be told.
                let movable = movable.filter(|_| !row.is_substituted(*input));
                let Some((to, own)) = movable.and_then(|of| asked.nearest(of, row, *input)) else {
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
    fn anything(input: &Input) -> Self {
        if input.categories.is_empty() {
            Self::Number {
                above: f64::NEG_INFINITY,
                at_most: f64::INFINITY,
                or_missing: true,
            }
        } else {
            Self::Levels {
                may: vec![true; input.categories.len()],
                or_none: true,
            }
        }
    }

    /// Leaves what goes this way at a question.
    fn narrow(&mut self, test: &TreeTest, way: Way, is_missing_first: bool, input: &Input) {
        let is_first = way == Way::First;
        match self {
            Self::Number {
                above,
                at_most,
                or_missing,
            } => {
                *or_missing &= is_missing_first == is_first;
                match (test, is_first) {
                    (TreeTest::AtMost(cut), true) | (TreeTest::Above(cut), false) => {
                        *at_most = at_most.min(*cut);
                    }
                    (TreeTest::AtMost(cut), false) | (TreeTest::Above(cut), true) => {
                        *above = above.max(*cut);
                    }
                    (TreeTest::Known(known), _) if *known == is_first => {}
                    // No number goes this way.
                    (TreeTest::Known(_) | TreeTest::OneOf(_), _) => *at_most = f64::NEG_INFINITY,
                }
            }
            Self::Levels { may, or_none } => {
                let TreeTest::OneOf(levels) = test else {
                    // Of a category without a number only what is said of missing values counts.
                    let goes = is_missing_first == is_first;
                    for may in may.iter_mut() {
                        *may &= goes;
                    }
                    *or_none &= goes;
                    return;
                };
                *or_none &= !is_first;
                for (may, category) in may.iter_mut().zip(&input.categories) {
                    *may &= levels.contains(&category.level) == is_first;
                }
            }
        }
    }

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
    fn nearest(&self, movable: &Movable, row: &Row, input: usize) -> Option<(Target, f64)> {
        match (self, movable) {
            (Self::Number { above, at_most, .. }, Movable::Number(number)) => {
                let now = row.number(input)?;
                let to = number.within(now, *above, *at_most)?;
                Some((Target::Number(to), number.cost(now, to)))
            }
            (Self::Number { above, at_most, .. }, Movable::Boolean { direction, cost }) => {
                let to = row.number(input)? <= 0.5;
                let number = f64::from(u8::from(to));
                let passes = number > *above && number <= *at_most;
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
