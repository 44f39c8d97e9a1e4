//! Expectation–maximisation over counts of agreement patterns.
//!
//! Each training block is a set of pairs chosen by a rule; the comparisons the rule touches are left out there, so that what was
//! selected on teaches nothing. All blocks share m (and the household distribution); each has class shares of its own. u stays fixed.
//! The work per iteration is the number of distinct patterns, whatever the number of pairs.

mod expect;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::bound::Pattern;
use expect::{Flat, Tables, expect};

/// Pairs that one rule selected, as counts.
#[derive(Clone, Debug)]
pub struct TrainingBlock {
    /// The rule.
    pub rule: String,
    /// Per comparison, whether the rule selects on it.
    pub touched: Vec<bool>,
    /// Distinct patterns with the number of pairs, sorted by pattern.
    pub patterns: Vec<(Pattern, u64)>,
    /// Starting shares of true pairs, household pairs and unrelated pairs.
    pub start: [f64; 3],
}

/// What EM starts from and keeps fixed. Per comparison, per level; level 0 (missing) is ignored everywhere.
#[derive(Clone, Debug)]
pub struct EmInput {
    /// Probabilities among random pairs, fixed.
    pub u: Vec<Vec<f64>>,
    /// Starting m.
    pub m: Vec<Vec<f64>>,
    /// Starting distribution among members of one household, when that class is used.
    pub household: Option<Vec<Vec<f64>>>,
    /// Per comparison, whether household members share it with the person (the address): m and household are then one distribution.
    pub shared: Vec<bool>,
    /// Per comparison, whether it only follows: it is counted, but does not decide the class of a pair. For the sex beside given names, which
    /// all but settle it in every class.
    pub follows: Vec<bool>,
    /// Per comparison, the most household members who may agree by name or birth date, and on how many of the first levels that is counted.
    pub household_caps: Vec<Option<(usize, f64)>>,
    /// Iteration limit.
    pub max_iterations: u32,
}

/// Class shares EM found in one block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlockShares {
    /// The rule.
    pub rule: String,
    /// Pairs used.
    pub pairs: u64,
    /// Share of true pairs.
    pub matches: f64,
    /// Share of household members.
    pub household: f64,
    /// Share of unrelated pairs.
    pub unrelated: f64,
}

/// How EM ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Convergence {
    /// Iterations done.
    pub iterations: u32,
    /// Whether no probability moved by more than 1e-6 in the last one.
    pub converged: bool,
    /// Largest move of a probability, per iteration.
    pub largest_change: Vec<f64>,
    /// Log-likelihood at the end, natural logarithm.
    pub log_likelihood: f64,
    /// Class shares per block.
    pub blocks: Vec<BlockShares>,
}

/// What EM found.
#[derive(Clone, Debug)]
pub struct Trained {
    /// m per comparison and level.
    pub m: Vec<Vec<f64>>,
    /// Household distribution per comparison and level.
    pub household: Option<Vec<Vec<f64>>>,
    /// The way there.
    pub convergence: Convergence,
}

const TOLERANCE: f64 = 1e-6;
/// A household class with fewer expected pairs than this is dropped: there is nothing to learn it from.
const LEAST_HOUSEHOLD_PAIRS: f64 = 5.0;
/// Weight of the starting distribution against the data, in pairs.
const PRIOR_PAIRS: [f64; 2] = [1.0, 20.0];

/// Runs EM until nothing moves by more than 1e-6 or the limit is reached.
///
/// # Source
/// Winkler, *Using the EM algorithm for weight computation in the Fellegi–Sunter model of record linkage*, 1988; pattern counts as in
/// Enamorado, Fifield & Imai, *APSR* 113(2), 2019.
pub fn train(input: &EmInput, blocks: &[TrainingBlock]) -> Trained {
    let start = [Some(&input.m), input.household.as_ref()];
    let mut m = input.m.clone();
    let mut household = input.household.clone();
    let mut shares: Vec<[f64; 3]> = blocks
        .iter()
        .map(|block| normalised(block.start, household.is_some()))
        .collect();
    let flat: Vec<Flat> = blocks.iter().map(Flat::new).collect();
    let mut largest_change = Vec::new();
    let mut log_likelihood = 0.0;
    let mut converged = false;
    while !converged && largest_change.len() < input.max_iterations as usize {
        let mut counts = [zeros(&input.m), zeros(&input.m)];
        log_likelihood = 0.0;
        let tables = Tables::new(&m, household.as_deref(), input);
        for (block, share) in flat.iter().zip(&mut shares) {
            log_likelihood += expect(block, share, &tables, &mut counts);
        }
        if household.is_some()
            && counts[1]
                .iter()
                .map(|levels| levels.iter().sum())
                .fold(0.0, f64::max)
                < LEAST_HOUSEHOLD_PAIRS
        {
            household = None;
            for share in &mut shares {
                *share = normalised(*share, false);
            }
        }
        if household.is_some() {
            share_counts(&mut counts, &input.shared);
        }
        let before = (m.clone(), household.clone());
        for (class, target) in [Some(&mut m), household.as_mut()].into_iter().enumerate() {
            if let (Some(target), Some(start)) = (target, start[class]) {
                maximise(target, &counts[class], start, PRIOR_PAIRS[class]);
            }
        }
        if let Some(household) = &mut household {
            for (levels, cap) in household.iter_mut().zip(&input.household_caps) {
                if let Some((n_levels, most)) = cap {
                    hold_down(levels, *n_levels, *most);
                }
            }
            for (k, shared) in input.shared.iter().enumerate() {
                if *shared {
                    household[k].clone_from(&m[k]);
                }
            }
        }
        let mut change = moved(&before.0, &m);
        if let (Some(before), Some(household)) = (&before.1, &household) {
            change = change.max(moved(before, household));
        }
        largest_change.push(change);
        converged = change < TOLERANCE;
    }
    let found = blocks
        .iter()
        .zip(&shares)
        .map(|(block, [matches, household, unrelated])| BlockShares {
            rule: block.rule.clone(),
            pairs: block.patterns.iter().map(|(_, n)| n).sum(),
            matches: *matches,
            household: *household,
            unrelated: *unrelated,
        });
    let convergence = Convergence {
        iterations: largest_change.len() as u32,
        converged,
        largest_change,
        log_likelihood,
        blocks: found.collect(),
    };
    Trained {
        m,
        household,
        convergence,
    }
}

fn share_counts(counts: &mut [Vec<Vec<f64>>; 2], shared: &[bool]) {
    let [m, household] = counts;
    for (k, shared) in shared.iter().enumerate() {
        if *shared {
            for (a, b) in m[k].iter_mut().zip(&household[k]) {
                *a += b;
            }
        }
    }
}

fn maximise(target: &mut [Vec<f64>], counts: &[Vec<f64>], start: &[Vec<f64>], prior: f64) {
    for ((target, counts), start) in target.iter_mut().zip(counts).zip(start) {
        let total: f64 = counts.iter().skip(1).sum::<f64>() + prior;
        for ((probability, count), start) in target.iter_mut().zip(counts).zip(start).skip(1) {
            *probability = (count + prior * start) / total;
        }
    }
}

/// Largest move of a probability.
fn moved(before: &[Vec<f64>], after: &[Vec<f64>]) -> f64 {
    before
        .iter()
        .flatten()
        .zip(after.iter().flatten())
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max)
}

/// Scales the first levels down to `most` in sum, and the others up.
fn hold_down(levels: &mut [f64], n_levels: usize, most: f64) {
    let (agreeing, others) = levels.split_at_mut(n_levels + 1);
    let agreeing = &mut agreeing[1..];
    let sum: f64 = agreeing.iter().sum();
    let rest: f64 = others.iter().sum();
    if sum > most && rest > 0.0 {
        for p in agreeing {
            *p *= most / sum;
        }
        for p in others {
            *p *= (1.0 - most) / rest;
        }
    }
}

fn normalised([m, household, u]: [f64; 3], with_household: bool) -> [f64; 3] {
    let household = if with_household { household } else { 0.0 };
    let sum = m + household + u;
    [m / sum, household / sum, u / sum]
}

fn zeros(like: &[Vec<f64>]) -> Vec<Vec<f64>> {
    like.iter().map(|levels| vec![0.0; levels.len()]).collect()
}
