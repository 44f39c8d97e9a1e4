//! From two tables to a trained model: u from random pairs, training blocks as pattern counts, EM.

mod household;
mod known;
mod patterns;
mod random;

use std::collections::BTreeMap;

use crate::{
    bound::Bound,
    comparison::Scratch,
    em::{EmInput, TrainingBlock, distribute, train},
    model::{Source, TrainedComparison, TrainedLevel, TrainedModel},
    run::{Cancelled, Observer},
    spec::{ComparisonSpec, LevelSpec, LinkageSpec},
};
use household::{
    household_cap, household_ratio, household_start, is_address, match_cap, match_start,
};
pub(crate) use known::sharing_identifier;
use patterns::block_patterns;
use random::{RandomPairs, chance, random_pairs};

/// Fewest random pairs at a level before its frequencies are trusted.
const LEAST_PAIRS_FOR_FREQUENCY: u64 = 30;

/// Trains a model. `known_pairs` are pairs already known to be the same person (equal pseudonym); they teach when there are at least 200.
///
/// # Errors
/// [`Cancelled`] when the observer says so.
pub fn train_model(
    bound: &Bound,
    spec: &LinkageSpec,
    known_pairs: &[(u32, u32)],
    observer: &dyn Observer,
) -> Result<TrainedModel, Cancelled> {
    observer.stage("measuring chance agreement");
    let random = random_pairs(bound, spec, observer)?;
    observer.stage("learning the weights");
    let rules = spec.effective_training_rules();
    let address = spec.comparisons.iter().position(is_address);
    let is_household_rule = |rule: &crate::spec::BlockingRule| {
        rule.keys
            .iter()
            .all(|key| spec.position(&key.comparison) == address)
    };
    let with_household = spec.household && address.is_some() && rules.iter().any(is_household_rule);
    let mut blocks = Vec::new();
    for rule in rules {
        blocks.push(TrainingBlock {
            rule: rule.label(),
            touched: spec
                .comparisons
                .iter()
                .map(|c| rule.keys.iter().any(|key| key.comparison == c.name()))
                .collect(),
            patterns: block_patterns(bound, spec, rule, observer)?,
            start: if with_household && is_household_rule(rule) {
                [0.3, 0.4, 0.3]
            } else {
                [0.2, 0.01, 0.79]
            },
        });
    }
    if known_pairs.len() >= 200 {
        blocks.push(known_block(bound, spec, known_pairs));
    }
    let starting: Vec<Vec<f64>> = (0..bound.comparisons.len())
        .map(|k| {
            let mut start: Vec<f64> = bound.levels(k).iter().map(|level| level.start_m).collect();
            distribute(&mut start, bound.conditions(k));
            start
        })
        .collect();
    let mut expected = bound.n_left().min(bound.n_right()) as f64;
    // Random pairs hold a few true ones; once m is known they are taken out of u, and m is learned again.
    let mut m = None;
    for _ in 0..2 {
        let match_share = expected / bound.n_pairs().max(1.0);
        let u = chance(bound, &random, m.as_deref().unwrap_or(&[]), match_share);
        let starts: Vec<Vec<f64>> = spec
            .comparisons
            .iter()
            .zip(starting.iter().zip(&u))
            .map(|(comparison, (start, u))| match_start(comparison, start, u))
            .collect();
        let input = EmInput {
            household: with_household.then(|| {
                spec.comparisons
                    .iter()
                    .zip(&starts)
                    .zip(&u)
                    .map(|((c, m), u)| household_start(c, m, u))
                    .collect()
            }),
            m: starts,
            shared: spec.comparisons.iter().map(is_address).collect(),
            follows: vec![false; spec.comparisons.len()],
            match_caps: spec
                .comparisons
                .iter()
                .map(|c| match_cap(c).filter(|_| with_household))
                .collect(),
            conditions: (0..spec.comparisons.len())
                .map(|k| bound.conditions(k).to_vec())
                .collect(),
            household_caps: spec.comparisons.iter().map(household_cap).collect(),
            max_iterations: spec.max_iterations,
            u,
        };
        let trained = train(&input, &blocks);
        if m.is_some() {
            let ratio = household_ratio(
                &trained.convergence.blocks,
                rules.iter().map(is_household_rule),
            );
            let ratio = ratio.filter(|_| trained.household.is_some());
            return Ok(assemble(
                bound,
                spec,
                &random,
                &input,
                trained,
                (expected, ratio),
            ));
        }
        if bound.is_within() {
            // How often people are in one file is not known beforehand: at least as often as one training rule sees.
            let seen = trained
                .convergence
                .blocks
                .iter()
                .map(|block| block.matches * block.pairs as f64);
            expected = seen.fold(1.0, f64::max);
        }
        m = Some(trained.m);
    }
    Err(Cancelled)
}

fn known_block(bound: &Bound, spec: &LinkageSpec, known_pairs: &[(u32, u32)]) -> TrainingBlock {
    let mut scratch = Scratch::new();
    let mut counts = BTreeMap::new();
    for (left, right) in known_pairs {
        *counts
            .entry(bound.pattern(*left as usize, *right as usize, &mut scratch))
            .or_insert(0) += 1;
    }
    TrainingBlock {
        rule: "equal identifier".to_owned(),
        touched: vec![false; spec.comparisons.len()],
        patterns: counts.into_iter().collect(),
        start: [0.98, 0.01, 0.01],
    }
}

fn assemble(
    bound: &Bound,
    spec: &LinkageSpec,
    random: &RandomPairs,
    input: &EmInput,
    trained: crate::em::Trained,
    (expected_matches, household_ratio): (f64, Option<f64>),
) -> TrainedModel {
    let comparisons = spec.comparisons.iter().enumerate().map(|(k, comparison)| {
        let counted = bound.collision(k).is_some();
        let own_labels = comparison.composed_levels();
        let levels = bound
            .levels(k)
            .iter()
            .enumerate()
            .skip(1)
            .map(|(i, level)| {
                let (m, u) = (trained.m[k][i], input.u[k][i]);
                let exact = counted && i == 1;
                let sampled = random.counts[k][i];
                let typical = if exact {
                    Some(u)
                } else {
                    (sampled >= LEAST_PAIRS_FOR_FREQUENCY)
                        .then(|| sampled as f64 / random.inverse_frequency[k][i])
                };
                let [label, label_nl] = own_labels
                    .as_ref()
                    .and_then(|levels| levels.get(i - 1))
                    .map_or_else(
                        || [level.label.to_owned(), level.label_nl.to_owned()],
                        LevelSpec::labels,
                    );
                TrainedLevel {
                    label,
                    label_nl,
                    m_probability: m,
                    u_probability: u,
                    u_source: if exact {
                        Source::ValueCounts
                    } else {
                        Source::RandomPairs
                    },
                    household_probability: trained
                        .household
                        .as_ref()
                        .filter(|_| household_ratio.is_some())
                        .map(|h| h[k][i]),
                    match_weight: (m / u).log2(),
                    typical_frequency: typical.filter(|f| level.by_frequency && f.is_finite()),
                }
            });
        TrainedComparison {
            name: comparison.name().to_owned(),
            m_source: Source::Em,
            household_by_chance: matches!(comparison, ComparisonSpec::GivenNames { .. }),
            levels: levels.collect(),
        }
    });
    let mut model = TrainedModel {
        comparisons: comparisons.collect(),
        expected_matches,
        prior_weight: 0.0,
        household_weight: household_ratio
            .map(|ratio| (ratio * expected_matches / bound.n_pairs().max(1.0)).log2()),
        calibration: None,
        convergence: trained.convergence,
    };
    let cautious = 0.5 * bound.n_left().min(bound.n_right()) as f64;
    let expected = if bound.is_within() {
        expected_matches
    } else {
        expected_matches.min(cautious)
    };
    model.set_expected_matches(expected, bound, spec.assignment);
    model
}
