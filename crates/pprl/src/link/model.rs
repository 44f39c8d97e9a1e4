//! What agreement is worth: EM over the patterns of the candidates, chance agreement from the encodings.

use std::collections::BTreeMap;

use helder_record_linkage::{
    bound::{Pattern, level_of},
    em::{Convergence, EmInput, TrainingBlock, train as em},
};

use super::candidates::Candidate;
use crate::{
    chance::ChanceTable,
    layout::COMPARISONS,
    rules::{Rule, Slot},
};

/// Bits that an equal BSN is worth; an error or a number used by two people is assumed in one of a hundred thousand.
const BSN_WEIGHT: f64 = 17.0;
const MOST_ITERATIONS: u32 = 500;

/// Members of a household other than oneself, seen from a person; the mean in the Netherlands (2.1 per household) is about this.
const HOUSEHOLD_MEMBERS: f64 = 1.0;

/// Where EM starts for members of a household: how much of each comparison is as with oneself, the rest as by chance.
const LIKE_ONESELF: [f64; 5] = [0.02, 0.6, 0.001, 1.0, 0.0];
/// Few relatives share a given name, fewer a birth date: without this the class could take over true pairs with a wrong date.
const HOUSEHOLD_CAPS: [Option<(usize, f64)>; 5] =
    [Some((9, 0.10)), None, Some((1, 0.05)), None, None];

/// Weights per comparison and level, and the prior.
pub(super) struct Model {
    weights: Vec<[f64; 16]>,
    /// For "another member of the household" against "unrelated", when that class could be learned.
    household: Option<Vec<[f64; 16]>>,
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
        let sum = |tables: &[[f64; 16]]| {
            tables
                .iter()
                .enumerate()
                .map(|(k, weights)| weights[level_of(pattern, k)])
                .sum::<f64>()
        };
        let bsn = if by_bsn { BSN_WEIGHT } else { 0.0 };
        let relatives = self.household.as_ref().map_or(0.0, |tables| {
            let odds = (sum(tables) + self.prior + HOUSEHOLD_MEMBERS.log2()).min(500.0);
            odds.exp2().ln_1p() / std::f64::consts::LN_2
        });
        self.prior + sum(&self.weights) - relatives + bsn
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
                start: match slot.rule {
                    Rule::HouseInitial | Rule::HouseYear | Rule::HouseMonthDay => [0.8, 0.15, 0.05],
                    _ => [0.5, 0.01, 0.49],
                },
            })
        })
        .collect();
    let u = chance.shares();
    let m: Vec<Vec<f64>> = COMPARISONS
        .iter()
        .map(|(_, levels)| levels.iter().map(|level| level.start_m).collect())
        .collect();
    let household = m.iter().zip(&u).zip(LIKE_ONESELF);
    let household: Vec<Vec<f64>> = household
        .map(|((m, u), share)| {
            m.iter()
                .zip(u)
                .map(|(m, u)| share * m + (1.0 - share) * u)
                .collect()
        })
        .collect();
    let input = EmInput {
        m,
        household: None,
        // The address says nothing between members of a household.
        shared: vec![false, false, false, true, false],
        // Given names all but settle the sex in every class, so it is counted but does not decide.
        follows: vec![false, false, false, false, true],
        household_caps: HOUSEHOLD_CAPS.to_vec(),
        conditions: Vec::new(),
        match_caps: Vec::new(),
        max_iterations: MOST_ITERATIONS,
        u,
    };
    let trained = em(&input, &blocks);
    let against_chance = |learned: &[Vec<f64>]| {
        learned
            .iter()
            .zip(&input.u)
            .map(|(p, u)| {
                let mut table = [0.0; 16];
                for (weight, (p, u)) in table.iter_mut().zip(p.iter().zip(u)).skip(1) {
                    *weight = (p / u).log2();
                }
                table
            })
            .collect()
    };
    (
        Model {
            weights: against_chance(&trained.m),
            household: Some(against_chance(&household)),
            prior: 0.0,
        },
        trained.convergence,
    )
}
