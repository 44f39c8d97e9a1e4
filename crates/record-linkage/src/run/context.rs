//! What the other records of a person say about a pair, within one file.
//!
//! Two records of one person may have little in common, but each much with the others of that person; and two records that look alike may
//! belong to groups that contradict each other. Groups are made of pairs; here pairs learn from their groups.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::{
    Link, RunResult, ScoredPair, Step,
    lost::{Between, expected_pairs},
    quality::judge_again,
};
use crate::{
    bound::Bound,
    cluster::{Clusters, Weigher},
    comparison::Scratch,
    model::{TrainedModel, exact},
    score::probability,
};

/// Groups of more records than this keep the weights of their pairs as they are: so many are no copies of one person's record.
const MOST_MEMBERS: usize = 300;

/// How much of the mean weight of a record with the others of its group a pair of the group is worth at least: of several ties, each holding
/// by itself, a pair needs only some to hold.
const TIES: f64 = 2.0;

/// Pairs that [`apply`] may add: those of every group that it looks at.
pub(super) fn most_pairs(clusters: &Clusters) -> u64 {
    let mut sizes: BTreeMap<u32, u64> = BTreeMap::new();
    for group in &clusters.cluster_of {
        *sizes.entry(*group).or_default() += 1;
    }
    let looked_at = sizes.values().filter(|n| **n <= MOST_MEMBERS as u64);
    looked_at.map(|n| n * (n - 1) / 2).sum()
}

/// Adds a bar to every scored pair of two grouped records, adds the pairs of a group that no rule reached, and makes the links anew. Records
/// of groups that a decision of people keeps `apart` are no pair.
pub(crate) fn apply(
    bound: &Bound,
    model: &TrainedModel,
    (clusters, apart): (&Clusters, &[(u32, u32)]),
    threshold: f64,
    run: &mut RunResult,
) {
    let weigher = Weigher::new(bound, model);
    let mut scratch = Scratch::new();
    let mut groups: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (row, group) in clusters.cluster_of.iter().enumerate() {
        groups.entry(*group).or_default().push(row as u32);
    }
    groups.retain(|_, members| (2..=MOST_MEMBERS).contains(&members.len()));
    let mut pairs: BTreeMap<(u32, u32), ScoredPair> = run
        .scored
        .drain(..)
        .map(|pair| ((pair.left, pair.right), pair))
        .collect();
    let before = pairs.len();
    for members in groups.values() {
        within(&weigher, members, &mut scratch, &mut pairs);
    }
    let newly_reached = (pairs.len() - before) as f64;
    let between = between(&weigher, (clusters, apart), &groups, &pairs);
    for pair in pairs.values_mut().filter(|pair| pair.match_weight > 0.0) {
        if let Some(mean) = groups_of(clusters, pair).and_then(|met| between.get(&met)) {
            pair.add(exact((mean - pair.match_weight).min(0.0)));
        }
    }
    run.scored = pairs.into_values().collect();
    run.links.retain(|link| link.step != Step::Probabilistic);
    let known: std::collections::HashSet<(u32, u32)> = run
        .links
        .iter()
        .map(|link| (link.left, link.right))
        .collect();
    let found = run.scored.iter().filter(|pair| {
        probability(pair.match_weight) >= threshold && !known.contains(&(pair.left, pair.right))
    });
    run.links.extend(found.map(|pair| Link {
        left: pair.left,
        right: pair.right,
        match_weight: pair.match_weight,
        match_probability: probability(pair.match_weight),
        step: Step::Probabilistic,
    }));
    run.links.sort_by_key(|link| (link.left, link.right));
    let judged: Vec<(usize, usize, f64, bool)> = run
        .scored
        .iter()
        .map(|pair| {
            let linked = probability(pair.match_weight) >= threshold;
            (
                pair.left as usize,
                pair.right as usize,
                pair.match_weight,
                linked,
            )
        })
        .collect();
    let expected = expected_pairs(&weigher, (clusters, &between), &run.scored);
    judge_again(&mut run.quality, bound, &judged, (newly_reached, expected));
}

/// The two groups of a pair, the first row's first; `None` when they are one.
fn groups_of(clusters: &Clusters, pair: &ScoredPair) -> Option<(u32, u32)> {
    let [a, b] = [pair.left, pair.right].map(|row| clusters.cluster_of[row as usize]);
    (a != b).then(|| (a.min(b), a.max(b)))
}

/// Mean weights between groups of which a pair was scored, where it speaks for one of them alone or both have several records.
fn between(
    weigher: &Weigher<'_>,
    (clusters, apart): (&Clusters, &[(u32, u32)]),
    groups: &BTreeMap<u32, Vec<u32>>,
    pairs: &BTreeMap<(u32, u32), ScoredPair>,
) -> Between {
    let mut met = BTreeSet::new();
    for pair in pairs.values() {
        met.extend(groups_of(clusters, pair).filter(|(a, b)| {
            pair.match_weight > 0.0 || groups.contains_key(a) && groups.contains_key(b)
        }));
    }
    let of = |group: &u32| groups.get(group).cloned().unwrap_or_else(|| vec![*group]);
    let mut means: Between = met
        .into_par_iter()
        .map_init(Scratch::new, |scratch, (a, b)| {
            ((a, b), weigher.between(&of(&a), &of(&b), scratch))
        })
        .collect();
    for pair in apart {
        let [a, b] = [pair.0, pair.1].map(|row| clusters.cluster_of[row as usize]);
        means.insert((a.min(b), a.max(b)), Weigher::limited(f64::NEG_INFINITY));
    }
    means
}

impl ScoredPair {
    fn add(&mut self, bar: f64) {
        self.rival_bar += bar;
        self.match_weight += bar;
    }
}

/// A pair of one group weighs no less than the group speaks for either of its records.
fn within(
    weigher: &Weigher<'_>,
    members: &[u32],
    scratch: &mut Scratch,
    pairs: &mut BTreeMap<(u32, u32), ScoredPair>,
) {
    let n = members.len();
    let mut weights = vec![0.0; n * n];
    for i in 0..n {
        for j in i + 1..n {
            let weight = weigher.weight(members[i], members[j], scratch);
            weights[i * n + j] = weight;
            weights[j * n + i] = weight;
        }
    }
    let limited = |weight: f64| Weigher::limited(weight);
    let sums: Vec<f64> = weights
        .chunks(n)
        .map(|row| row.iter().copied().map(limited).sum())
        .collect();
    for i in 0..n {
        for j in i + 1..n {
            let own = weights[i * n + j];
            // What the others, the pair itself left out, say of either record; with two records there are no others.
            let others = |record: usize| (sums[record] - limited(own)) / (n as f64 - 2.0);
            let bar = if n > 2 {
                exact((TIES * others(i).min(others(j)) - own).max(0.0))
            } else {
                0.0
            };
            let (left, right) = (members[i].min(members[j]), members[i].max(members[j]));
            let pair = pairs.entry((left, right)).or_insert(ScoredPair {
                left,
                right,
                rival_bar: 0.0,
                match_weight: own,
            });
            pair.add(bar);
        }
    }
}
