//! A sum of curves and tables.

use std::collections::HashMap;

use super::{Answer, Interval, Row, bagged::Bagged, probability, steps::Steps};
use crate::{Calibration, Deviations, Input, MissingRule, Side, TermsFit};

/// The 97.5 % point of the standard normal distribution.
const Z95: f64 = 1.959_963_984_540_054;

#[derive(Clone, Debug)]
pub(super) struct Terms {
    intercept: f64,
    curves: Vec<Curved>,
    pairs: Vec<Pair>,
    /// Entries: the steps of all curves, then the cells of all tables, row by row.
    scores: Vec<f64>,
    bags: Option<Bagged>,
    calibration: Calibration,
}

#[derive(Clone, Debug)]
struct Curved {
    steps: Steps,
    /// Its first entry.
    first: usize,
}

#[derive(Clone, Debug)]
struct Pair {
    inputs: [usize; 2],
    /// For each step of the curve of an input its step in the table.
    sides: [Vec<u32>; 2],
    is_found_by_curve: bool,
    searched: [Steps; 2],
    across: usize,
    /// Its first entry.
    first: usize,
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
        let mut scores = Vec::new();
        let mut deviations: Vec<Vec<&Deviations>> = Vec::new();
        let mut curves = Vec::with_capacity(fit.curves.len());
        for (curve, input) in fit.curves.iter().zip(inputs) {
            curves.push(Curved {
                steps: Steps::new(&curve.side, input),
                first: scores.len(),
            });
            scores.extend(&curve.scores);
            deviations.push(curve.deviations.iter().collect());
        }
        let mut pairs = Vec::with_capacity(fit.pairs.len());
        for pair in &fit.pairs {
            let place = |side: &Side| positions.get(&side.input).copied();
            let (Some(first), Some(second)) = (place(&pair.first), place(&pair.second)) else {
                continue;
            };
            let sides = [by_curve(&pair.first, first), by_curve(&pair.second, second)];
            let is_found_by_curve = sides.iter().all(Option::is_some);
            pairs.push(Pair {
                inputs: [first, second],
                sides: sides.map(|side| {
                    let steps = side.into_iter().flatten();
                    steps.map(|step| step as u32).collect()
                }),
                is_found_by_curve,
                searched: [
                    Steps::new(&pair.first, &inputs[first]),
                    Steps::new(&pair.second, &inputs[second]),
                ],
                across: pair.scores.first().map_or(0, Vec::len),
                first: scores.len(),
            });
            scores.extend(pair.scores.iter().flatten());
            deviations.push(pair.deviations.iter().flatten().collect());
        }
        let bags = fit.bags.as_ref();
        Self {
            intercept: fit.intercept,
            curves,
            pairs,
            scores,
            bags: bags.map(|bags| Bagged::new(bags, &deviations)),
            calibration,
        }
    }

    pub(super) fn score(&self, row: &Row, answer: &mut Answer) {
        self.find(row, &mut answer.steps, &mut answer.entries);
        let entries = &answer.entries;
        answer.contributions.clear();
        answer.points.clear();
        answer
            .contributions
            .extend(entries.iter().map(|entry| self.scores[*entry]));
        let sum = |score, contribution: &f64| score + contribution;
        let score = answer.contributions.iter().fold(self.intercept, sum);
        answer.score = score;
        answer.base_score = self.intercept;
        answer.probability = Some(probability(score, self.calibration));
        answer.value = None;
        answer.nearest = None;
        answer.interval = self.bags.as_ref().map(|bags| {
            let half = Z95 * bags.standard_error(entries);
            let [lower, upper] =
                [score - half, score + half].map(|score| probability(score, self.calibration));
            Interval { lower, upper }
        });
    }

    /// The step of each curve and the entry of each term.
    fn find(&self, row: &Row, steps: &mut Vec<usize>, entries: &mut Vec<usize>) {
        let cells = row.cells();
        steps.clear();
        let curves = self.curves.iter().zip(cells);
        steps.extend(curves.map(|(curve, cell)| curve.steps.of(cell)));
        entries.clear();
        let curves = self.curves.iter().zip(&*steps);
        entries.extend(curves.map(|(curve, step)| curve.first + step));
        entries.extend(self.pairs.iter().map(|pair| {
            let [down, across] = [0, 1].map(|side| {
                let input = pair.inputs[side];
                if pair.is_found_by_curve {
                    pair.sides[side][steps[input]] as usize
                } else {
                    pair.searched[side].of(&cells[input])
                }
            });
            pair.first + down * pair.across + across
        }));
    }
}
