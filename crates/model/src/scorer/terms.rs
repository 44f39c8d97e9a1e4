//! A sum of curves and tables.

use std::collections::HashMap;

use super::{Answer, Row, probability, row::Cell, row::State};
use crate::{Calibration, Input, MissingRule, Side, TermsFit};

#[derive(Clone, Debug)]
pub(super) struct Terms {
    intercept: f64,
    curves: Vec<(Steps, Vec<f64>)>,
    pairs: Vec<Pair>,
    calibration: Calibration,
}

/// Which step a value lies in.
#[derive(Clone, Debug)]
pub(super) enum Steps {
    Cuts {
        cuts: Vec<f64>,
        /// 1 where the first step is the missing value.
        missing: usize,
    },
    /// Step per level of the input.
    Levels(Vec<u32>),
}

#[derive(Clone, Debug)]
struct Pair {
    inputs: [usize; 2],
    /// For each step of the curve of an input its step in the table.
    sides: [Vec<usize>; 2],
    is_found_by_curve: bool,
    searched: [Steps; 2],
    across: usize,
    scores: Vec<f64>,
}

impl Steps {
    pub(super) fn new(side: &Side, input: &Input) -> Self {
        let Some(groups) = &side.levels else {
            return Self::Cuts {
                cuts: side.cuts.clone().unwrap_or_default(),
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

    pub(super) fn of(&self, cell: &Cell) -> usize {
        match self {
            Self::Cuts { missing: 1, .. } if cell.state == State::Missing => 0,
            Self::Cuts { cuts, missing } => {
                missing + cuts.partition_point(|cut| *cut <= cell.number)
            }
            Self::Levels(steps) => steps
                .get(cell.level as usize)
                .map_or(0, |step| *step as usize),
        }
    }
}

/// For each step of a curve its step in a table of the same input, where no step of the curve lies in two of them.
fn coarser(curve: &Side, table: &Side, input: &Input) -> Option<Vec<usize>> {
    let missing = usize::from(input.missing == MissingRule::OwnEffect);
    let own = (0..missing).map(Some);
    let mapped: Option<Vec<usize>> = if let (Some(fine), Some(coarse)) = (&curve.cuts, &table.cuts)
    {
        let is_part = |cut: &f64| fine.binary_search_by(|other| other.total_cmp(cut)).is_ok();
        if !coarse.iter().all(is_part) {
            return None;
        }
        // A step begins at its lower cut; the first lies below all.
        let lower = [f64::NEG_INFINITY].into_iter().chain(fine.iter().copied());
        let place = |low: f64| Some(missing + coarse.partition_point(|cut| *cut <= low));
        own.chain(lower.map(place)).collect()
    } else {
        let (fine, coarse) = (curve.levels.as_ref()?, table.levels.as_ref()?);
        let of = |levels: &Vec<String>| {
            let mut places = levels
                .iter()
                .map(|level| coarse.iter().position(|step| step.contains(level)));
            let first = places.next()??;
            places.all(|place| place == Some(first)).then_some(first)
        };
        fine.iter().map(of).collect()
    };
    mapped
}

impl Terms {
    /// `fit` is coherent with `inputs` (see `check`).
    pub(super) fn new(
        fit: &TermsFit,
        inputs: &[Input],
        positions: &HashMap<String, usize>,
        calibration: Calibration,
    ) -> Self {
        let by_curve =
            |side: &Side, input: usize| coarser(&fit.curves.get(input)?.side, side, &inputs[input]);
        let pair = |pair: &crate::PairTable| {
            let first = *positions.get(&pair.first.input)?;
            let second = *positions.get(&pair.second.input)?;
            let sides = [by_curve(&pair.first, first), by_curve(&pair.second, second)];
            let is_found_by_curve = sides.iter().all(Option::is_some);
            Some(Pair {
                inputs: [first, second],
                sides: sides.map(Option::unwrap_or_default),
                is_found_by_curve,
                searched: [
                    Steps::new(&pair.first, &inputs[first]),
                    Steps::new(&pair.second, &inputs[second]),
                ],
                across: pair.scores.first().map_or(0, Vec::len),
                scores: pair.scores.concat(),
            })
        };
        let curves = fit.curves.iter().zip(inputs);
        Self {
            intercept: fit.intercept,
            curves: curves
                .map(|(curve, input)| (Steps::new(&curve.side, input), curve.scores.clone()))
                .collect(),
            pairs: fit.pairs.iter().filter_map(pair).collect(),
            calibration,
        }
    }

    pub(super) fn score(&self, row: &Row, answer: &mut Answer) {
        answer.contributions.clear();
        answer.points.clear();
        answer.steps.clear();
        let cells = row.cells();
        let mut score = self.intercept;
        for ((steps, scores), cell) in self.curves.iter().zip(cells) {
            let step = steps.of(cell);
            answer.steps.push(step);
            let contribution = scores.get(step).copied().unwrap_or(0.0);
            score += contribution;
            answer.contributions.push(contribution);
        }
        for pair in &self.pairs {
            let [first, second] = [0, 1].map(|side| {
                let input = pair.inputs[side];
                if pair.is_found_by_curve {
                    pair.sides[side][answer.steps[input]]
                } else {
                    pair.searched[side].of(&cells[input])
                }
            });
            let place = first * pair.across + second;
            let contribution = pair.scores.get(place).copied().unwrap_or(0.0);
            score += contribution;
            answer.contributions.push(contribution);
        }
        answer.score = score;
        answer.base_score = self.intercept;
        answer.probability = Some(probability(score, self.calibration));
        answer.value = None;
        answer.nearest = None;
        answer.interval = None;
    }
}
