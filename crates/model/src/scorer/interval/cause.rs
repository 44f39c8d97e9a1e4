//! The sum of curves of one cause, read off once per row and then once per interval.

use std::collections::HashMap;

use super::super::{OverTime, row::Cell, terms::Terms};
use crate::{Bags, Calibration, Deviations, Input, Term, TermsFit};

#[derive(Clone, Debug)]
pub(super) struct Cause {
    terms: Terms,
    /// Entry of the curve of the time, per interval.
    time: Vec<usize>,
    /// Per pair, where it counts.
    places: Vec<Place>,
    /// Per entry and bag, by what the score may be off; empty where the model keeps no bags.
    deviations: Vec<f64>,
    /// The same of the intercept.
    of_intercept: Vec<f64>,
}

/// Where a pair counts.
#[derive(Clone, Debug)]
struct Place {
    /// The term of the answer that it is part of.
    term: usize,
    /// Of a pair with the time: how far the entry of each interval lies beyond that of the first.
    steps: Option<Vec<usize>>,
}

/// Entries of a row in the first interval: of the curves of the inputs and the time, then of the pairs.
pub(super) struct Found(Vec<usize>);

/// Scores of a row by interval.
pub(super) struct Scores {
    pub(super) score: Vec<f64>,
    /// Per interval and bag, by what the score may be off: products over the bags add up to its covariance.
    pub(super) directions: Vec<f64>,
    pub(super) bags: usize,
}

impl Cause {
    /// `inputs` and `positions` hold the time last.
    pub(super) fn new(
        fit: &TermsFit,
        (inputs, positions): (&[Input], &HashMap<String, usize>),
        of_answer: &[Term],
        ends: &[f64],
    ) -> Self {
        let terms = Terms::new(fit, inputs, positions, Calibration::None);
        let time = inputs.len() - 1;
        let at = |end: &f64| Cell::given(*end);
        let places = terms.pairs.iter().map(|pair| {
            let side = pair.inputs.iter().position(|input| *input == time);
            let Some(side) = side else {
                let own = Term {
                    input: pair.inputs[0],
                    other: Some(pair.inputs[1]),
                };
                let term = of_answer.iter().position(|term| term.is_of(own));
                return Place {
                    term: term.unwrap_or(pair.inputs[0]),
                    steps: None,
                };
            };
            let width = if side == 0 { pair.across as usize } else { 1 };
            let step = |end: &f64| pair.searched[side].of(&at(end));
            let first = ends.first().map_or(0, step);
            Place {
                term: pair.inputs[1 - side],
                // Ends rise, and so do their steps.
                steps: Some(ends.iter().map(|end| (step(end) - first) * width).collect()),
            }
        });
        let places = places.collect();
        let curve = &terms.curves[time];
        let entry = |end: &f64| curve.first as usize + curve.steps.of(&at(end));
        let (deviations, of_intercept) = fit.bags.as_ref().map_or_else(Default::default, |bags| {
            let share = share(bags);
            let curves = fit.curves.iter().flat_map(|curve| &curve.deviations);
            let cells = fit
                .pairs
                .iter()
                .flat_map(|pair| pair.deviations.iter().flatten());
            let scaled = |of: &Deviations| -> Vec<f64> {
                of.0.iter().map(|value| f64::from(*value) * share).collect()
            };
            (
                curves.chain(cells).flat_map(scaled).collect(),
                scaled(&bags.intercept),
            )
        });
        Self {
            time: ends.iter().map(entry).collect(),
            places,
            deviations,
            of_intercept,
            terms,
        }
    }

    pub(super) fn find(&self, cells: &[Cell]) -> Found {
        let (mut steps, mut entries) = (Vec::new(), Vec::new());
        self.terms.find(cells, &mut steps, &mut entries);
        Found(entries)
    }

    /// Pairs of a row with where they count and their entry in the first interval.
    fn pairs<'a>(&'a self, found: &'a Found) -> impl Iterator<Item = (&'a Place, usize)> {
        let entries = &found.0[self.terms.curves.len()..];
        self.places.iter().zip(entries.iter().copied())
    }

    /// Adds to what each term of the answer adds, averaged over the intervals.
    pub(super) fn contribute(&self, found: &Found, at_risk: &[f64], contributions: &mut [f64]) {
        let scores = &self.terms.scores;
        let inputs = self.terms.curves.len() - 1;
        for (to, entry) in contributions.iter_mut().zip(&found.0[..inputs]) {
            *to += scores[*entry];
        }
        for (place, entry) in self.pairs(found) {
            contributions[place.term] += place.steps.as_ref().map_or(scores[entry], |steps| {
                let each = steps.iter().zip(at_risk);
                each.map(|(step, share)| share * scores[entry + step]).sum()
            });
        }
    }

    /// What inputs add whose effect changes with time, per interval.
    pub(super) fn over_time(&self, found: &Found) -> Vec<OverTime> {
        let scores = &self.terms.scores;
        let mut all: Vec<OverTime> = Vec::new();
        for (place, entry) in self.pairs(found) {
            let Some(steps) = &place.steps else { continue };
            let own = scores[found.0[place.term]];
            all.push(OverTime {
                input: place.term,
                contributions: steps
                    .iter()
                    .map(|step| own + scores[entry + step])
                    .collect(),
            });
        }
        all
    }

    /// Scores by interval, summed in the order of training.
    pub(super) fn scores(&self, found: &Found, intervals: usize) -> Scores {
        let scores = &self.terms.scores;
        let inputs = self.terms.curves.len() - 1;
        let fixed = found.0[..inputs]
            .iter()
            .fold(self.terms.intercept, |sum, entry| sum + scores[*entry]);
        let bags = self.of_intercept.len();
        let of_entry = |entry: usize| &self.deviations[entry * bags..(entry + 1) * bags];
        let mut still = self.of_intercept.clone();
        if bags > 0 {
            let unchanged = self.pairs(found).filter(|(place, _)| place.steps.is_none());
            let unchanged = unchanged.map(|(_, entry)| entry);
            for entry in found.0[..inputs].iter().copied().chain(unchanged) {
                add(&mut still, of_entry(entry));
            }
        }
        let mut score = Vec::with_capacity(intervals);
        let mut directions = Vec::with_capacity(intervals * bags);
        for (k, time) in self.time.iter().enumerate() {
            let mut sum = fixed + scores[*time];
            directions.extend_from_slice(&still);
            let own = &mut directions[k * bags..];
            if bags > 0 {
                add(own, of_entry(*time));
            }
            for (place, entry) in self.pairs(found) {
                let Some(steps) = &place.steps else {
                    sum += scores[entry];
                    continue;
                };
                sum += scores[entry + steps[k]];
                if bags > 0 {
                    add(own, of_entry(entry + steps[k]));
                }
            }
            score.push(sum);
        }
        Scores {
            score,
            directions,
            bags,
        }
    }
}

/// What a deviation of 1 adds to a standard error.
fn share(bags: &Bags) -> f64 {
    bags.unit * bags.factor / ((bags.count().max(2) - 1) as f64).sqrt()
}

fn add(to: &mut [f64], others: &[f64]) {
    for (to, other) in to.iter_mut().zip(others) {
        *to += other;
    }
}
