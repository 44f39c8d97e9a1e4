//! What agreement is worth: EM over the patterns of the candidates, chance agreement from the encodings.

use std::collections::BTreeMap;

use helder_record_linkage::{
    bound::{Pattern, level_of},
    em::{Convergence, EmInput, TrainingBlock, train as em},
};

use super::candidates::Candidate;
use crate::{chance::ChanceTable, layout::COMPARISONS, rules::Slot};

/// Bits that an equal BSN is worth; an error or a number used by two people is assumed in one of a hundred thousand.
const BSN_WEIGHT: f64 = 17.0;
const MOST_ITERATIONS: u32 = 500;

/// Weights per comparison and level, and the prior.
pub(super) struct Model {
    weights: Vec<[f64; 16]>,
    prior: f64,
}

impl Model {
    /// Sets the prior for `expected` true pairs among `n_pairs`.
    pub(super) fn set_prior(&mut self, expected: f64, n_pairs: f64) {
        let share = (expected / n_pairs.max(1.0)).clamp(1e-15, 0.5);
        self.prior = (share / (1.0 - share)).log2();
    }

    /// log2 odds of a pair.
    pub(super) fn weight(&self, pattern: Pattern, by_bsn: bool) -> f64 {
        let levels = self
            .weights
            .iter()
            .enumerate()
            .map(|(k, weights)| weights[level_of(pattern, k)])
            .sum::<f64>();
        self.prior + levels + if by_bsn { BSN_WEIGHT } else { 0.0 }
    }
}

/// Learns the model. Every rule is a training block in which the comparisons it selects on are left out.
pub(super) fn train(
    pairs: &[Candidate],
    patterns: &[Pattern],
    chance: &ChanceTable,
    slots: &[Slot],
) -> (Model, Convergence) {
    let blocks: Vec<TrainingBlock> = slots
        .iter()
        .enumerate()
        .filter_map(|(place, slot)| {
            let mut counts = BTreeMap::new();
            for (_, pattern) in pairs
                .iter()
                .zip(patterns)
                .filter(|(pair, _)| pair.rules >> place & 1 == 1)
            {
                *counts.entry(*pattern).or_insert(0) += 1;
            }
            (!counts.is_empty()).then(|| TrainingBlock {
                rule: format!("{:?}", slot.rule),
                touched: slot.rule.touches().to_vec(),
                patterns: counts.into_iter().collect(),
                start: [0.5, 0.0, 0.5],
            })
        })
        .collect();
    let u = chance.shares();
    let input = EmInput {
        m: COMPARISONS
            .iter()
            .map(|(_, levels)| levels.iter().map(|level| level.start_m).collect())
            .collect(),
        household: None,
        shared: vec![false; COMPARISONS.len()],
        // Given names all but settle the sex in every class, so it is counted but does not decide.
        follows: vec![false, false, false, false, true],
        household_caps: vec![None; COMPARISONS.len()],
        max_iterations: MOST_ITERATIONS,
        u,
    };
    let trained = em(&input, &blocks);
    let weights = trained
        .m
        .iter()
        .zip(&input.u)
        .map(|(m, u)| {
            let mut table = [0.0; 16];
            for (weight, (m, u)) in table.iter_mut().zip(m.iter().zip(u)).skip(1) {
                *weight = (m / u).log2();
            }
            table
        })
        .collect();
    (
        Model {
            weights,
            prior: 0.0,
        },
        trained.convergence,
    )
}
