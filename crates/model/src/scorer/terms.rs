//! A sum of curves and tables.

use std::collections::HashMap;

use super::{
    Answer, Interval, Row, Value, ValueFault, probability,
    row::{Cell, Slot, State},
};
use crate::{
    Bags, Calibration, Curve, Deviations, Input, MissingRule, PairTable, Side, TermsFit, bags,
};

/// The 97.5 % point of the standard normal distribution.
const Z95: f64 = 1.959_963_984_540_054;

#[derive(Clone, Debug)]
pub(super) struct Terms {
    intercept: f64,
    curves: Vec<(Steps, Vec<f64>)>,
    pairs: Vec<Pair>,
    bags: Option<Spread>,
    calibration: Calibration,
}

/// How the bags differ, ready to be read off beside the scores.
#[derive(Clone, Debug)]
struct Spread {
    count: usize,
    /// Standard errors of the score per root of the sum of squares.
    factor: f64,
    unit: f64,
    intercept: Vec<f64>,
    /// Per curve, then per pair: all steps or cells, bag by bag.
    terms: Vec<Vec<f32>>,
}

impl Spread {
    fn new(bags: &Bags, fit: &TermsFit) -> Self {
        let flat = |of: &mut dyn Iterator<Item = &Deviations>| -> Vec<f32> {
            of.flat_map(|one| one.0.iter().map(|value| *value as f32))
                .collect()
        };
        let curve = |curve: &Curve| flat(&mut curve.deviations.iter());
        let pair = |pair: &PairTable| flat(&mut pair.deviations.iter().flatten());
        Self {
            count: bags.count(),
            factor: bags.factor,
            unit: bags.unit,
            intercept: bags.intercept.0.iter().copied().map(f64::from).collect(),
            terms: (fit.curves.iter().map(curve))
                .chain(fit.pairs.iter().map(pair))
                .collect(),
        }
    }

    /// Adds what the bags say apart in one step or cell of a term.
    fn add(&self, sums: &mut [f64], term: usize, place: usize) {
        let of_term = self.terms.get(term).map_or(&[][..], Vec::as_slice);
        let here = of_term.get(place * self.count..).unwrap_or_default();
        for (sum, deviation) in sums.iter_mut().zip(here) {
            *sum += f64::from(*deviation);
        }
    }

    fn standard_error(&self, sums: &[f64]) -> f64 {
        let squares: f64 = sums.iter().map(|sum| sum * sum).sum();
        self.unit * bags::spread(squares, self.count, self.factor)
    }
}

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
        let pair = |pair: &PairTable| {
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
            bags: fit.bags.as_ref().map(|bags| Spread::new(bags, fit)),
            calibration,
        }
    }

    pub(super) fn score(&self, row: &Row, answer: &mut Answer) {
        answer.contributions.clear();
        answer.points.clear();
        answer.steps.clear();
        answer.bags.clear();
        if let Some(spread) = &self.bags {
            answer.bags.extend_from_slice(&spread.intercept);
        }
        let cells = row.cells();
        let mut score = self.intercept;
        for (term, ((steps, scores), cell)) in self.curves.iter().zip(cells).enumerate() {
            let step = steps.of(cell);
            answer.steps.push(step);
            if let Some(spread) = &self.bags {
                spread.add(&mut answer.bags, term, step);
            }
            let contribution = scores.get(step).copied().unwrap_or(0.0);
            score += contribution;
            answer.contributions.push(contribution);
        }
        for (term, pair) in self.pairs.iter().enumerate() {
            let [first, second] = [0, 1].map(|side| {
                let input = pair.inputs[side];
                if pair.is_found_by_curve {
                    pair.sides[side][answer.steps[input]]
                } else {
                    pair.searched[side].of(&cells[input])
                }
            });
            let place = first * pair.across + second;
            if let Some(spread) = &self.bags {
                spread.add(&mut answer.bags, self.curves.len() + term, place);
            }
            let contribution = pair.scores.get(place).copied().unwrap_or(0.0);
            score += contribution;
            answer.contributions.push(contribution);
        }
        answer.score = score;
        answer.base_score = self.intercept;
        answer.probability = Some(probability(score, self.calibration));
        answer.value = None;
        answer.nearest = None;
        answer.interval = self.bags.as_ref().map(|spread| {
            let half = Z95 * spread.standard_error(&answer.bags);
            let [lower, upper] =
                [score - half, score + half].map(|score| probability(score, self.calibration));
            Interval { lower, upper }
        });
    }
}
