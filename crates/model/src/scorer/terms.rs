//! A sum of curves and tables.

use std::collections::HashMap;

use super::{
    Answer, Answers, Block, Interval, Row, bagged::Bagged, probability, row::Cell, steps::Steps,
};
use crate::{Calibration, Deviations, Input, MissingRule, Side, TermsFit};

/// The 97.5 % point of the standard normal distribution.
const Z95: f64 = 1.959_963_984_540_054;

#[derive(Clone, Debug)]
pub(super) struct Terms {
    pub(super) intercept: f64,
    pub(super) curves: Vec<Curved>,
    pub(super) pairs: Vec<Pair>,
    /// Entries: the steps of all curves, then the cells of all tables, row by row.
    pub(super) scores: Vec<f64>,
    bags: Option<Bagged>,
    calibration: Calibration,
}

#[derive(Clone, Debug)]
pub(super) struct Curved {
    pub(super) steps: Steps,
    /// Its first entry.
    pub(super) first: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) inputs: [usize; 2],
    /// For each step of the curve of an input its step in the table.
    sides: [Vec<u32>; 2],
    is_found_by_curve: bool,
    pub(super) searched: [Steps; 2],
    pub(super) across: u32,
    /// Its first entry.
    first: u32,
}

impl Pair {
    /// The entry of each row; `steps` are those of the curves.
    fn entries(&self, block: &Block, steps: &[u32], entries: &mut [u32]) {
        let [first, second] = self.inputs;
        if self.is_found_by_curve {
            let of = |input: usize| &steps[input * Block::ROWS..][..entries.len()];
            let (down, across) = (of(first), of(second));
            for ((entry, down), across) in entries.iter_mut().zip(down).zip(across) {
                let [down, across] = [
                    self.sides[0][*down as usize],
                    self.sides[1][*across as usize],
                ];
                *entry = self.first + down * self.across + across;
            }
        } else {
            let mut searched = [0; Block::ROWS];
            self.searched[0].of_all(block.column(first), entries);
            let across = &mut searched[..entries.len()];
            self.searched[1].of_all(block.column(second), across);
            for (entry, across) in entries.iter_mut().zip(across) {
                *entry = self.first + *entry * self.across + *across;
            }
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
        let mut scores = Vec::new();
        let mut deviations: Vec<Vec<&Deviations>> = Vec::new();
        let mut curves = Vec::with_capacity(fit.curves.len());
        for (curve, input) in fit.curves.iter().zip(inputs) {
            curves.push(Curved {
                steps: Steps::new(&curve.side, input),
                first: scores.len() as u32,
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
                across: pair.scores.first().map_or(0, Vec::len) as u32,
                first: scores.len() as u32,
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
        self.find(row.cells(), &mut answer.steps, &mut answer.entries);
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
        answer.interval = self
            .bags
            .as_ref()
            .map(|bags| self.interval(score, bags.standard_error(&entries.iter().copied())));
    }

    /// The step of each curve and the entry of each term.
    pub(super) fn find(&self, cells: &[Cell], steps: &mut Vec<usize>, entries: &mut Vec<usize>) {
        steps.clear();
        let curves = self.curves.iter().zip(cells);
        steps.extend(curves.map(|(curve, cell)| curve.steps.of(cell)));
        entries.clear();
        let curves = self.curves.iter().zip(&*steps);
        entries.extend(curves.map(|(curve, step)| curve.first as usize + step));
        entries.extend(self.pairs.iter().map(|pair| {
            let [down, across] = [0, 1].map(|side| {
                let input = pair.inputs[side];
                if pair.is_found_by_curve {
                    pair.sides[side][steps[input]] as usize
                } else {
                    pair.searched[side].of(&cells[input])
                }
            });
            pair.first as usize + down * pair.across as usize + across
        }));
    }

    pub(super) fn score_block(&self, block: &Block, answers: &mut Answers) {
        let (curves, rows) = (self.curves.len(), block.rows());
        answers.start_from(self.intercept);
        answers
            .entries
            .resize((2 * curves + self.pairs.len()) * Block::ROWS, 0);
        let mut entries = std::mem::take(&mut answers.entries);
        // First the steps of the curves, then the entries of all terms.
        let (steps, of_terms) = entries.split_at_mut(curves * Block::ROWS);
        for (place, curve) in self.curves.iter().enumerate() {
            let steps = &mut steps[place * Block::ROWS..][..rows];
            curve.steps.of_all(block.column(place), steps);
            let entries = &mut of_terms[place * Block::ROWS..][..rows];
            for (entry, step) in entries.iter_mut().zip(&*steps) {
                *entry = curve.first + *step;
            }
            self.read_off(place, entries, answers);
        }
        for (place, pair) in self.pairs.iter().enumerate() {
            let term = curves + place;
            let entries = &mut of_terms[term * Block::ROWS..][..rows];
            pair.entries(block, steps, entries);
            self.read_off(term, entries, answers);
        }
        let scores = answers.scores.iter();
        let chances = scores.map(|score| probability(*score, self.calibration));
        answers.probabilities.extend(chances);
        if let Some(bags) = &self.bags {
            let entry = |row: usize| move |of: &[u32]| of[row] as usize;
            let errors = (0..rows).map(|row| {
                bags.standard_error(&of_terms.chunks_exact(Block::ROWS).map(entry(row)))
            });
            let intervals = answers.scores.iter().zip(errors);
            answers
                .intervals
                .extend(intervals.map(|(score, error)| self.interval(*score, error)));
        }
        answers.entries = entries;
    }

    /// Adds what a term contributes to every row.
    fn read_off(&self, term: usize, entries: &[u32], answers: &mut Answers) {
        let (contributions, scores) = answers.term(term);
        let each = contributions.iter_mut().zip(scores).zip(entries);
        for ((contribution, score), entry) in each {
            *contribution = self.scores[*entry as usize];
            *score += *contribution;
        }
    }

    fn interval(&self, score: f64, standard_error: f64) -> Interval {
        let half = Z95 * standard_error;
        let [lower, upper] =
            [score - half, score + half].map(|score| probability(score, self.calibration));
        Interval { lower, upper }
    }
}
