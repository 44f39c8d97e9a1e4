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
    sizes::{Size, largest_person, weakest_join},
    stray::{File, strays},
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

/// With how much of the mean weight of a record with the others of its group a pair of the group is spoken for at least: of several ties, each
/// holding by itself, a pair needs only some to hold.
const TIES: f64 = 2.0;

/// What a pair of a group is worth: these bits at even odds, less [`FEWER`] divided among the others of the group, and so much of every further
/// bit. That the group was made speaks for the pair, the more so the more records agreed to it; ties resting on the same values do not add up.
const MADE: f64 = 2.7;
const FEWER: f64 = 1.8;
const OF_A_BIT: f64 = 0.57;
/// The same in a group larger than any person of the file: about half of its pairs are of two people.
const TOO_LARGE: f64 = -2.4;
const OF_A_BIT_TOO_LARGE: f64 = 0.22;

/// Pairs that [`apply`] may add: those of every group that it looks at.
pub(super) fn most_pairs(clusters: &Clusters) -> u64 {
    let mut sizes: BTreeMap<u32, u64> = BTreeMap::new();
    for group in &clusters.cluster_of {
        *sizes.entry(*group).or_default() += 1;
    }
    let looked_at = sizes.values().filter(|n| **n <= MOST_MEMBERS as u64);
    looked_at.map(|n| n * (n - 1) / 2).sum()
}

/// Adds a bar to every scored pair of which a group has something to say: its own, one that another record is near to, or two that speak
/// against each other. Adds the pairs of a group that no rule reached, and makes the links anew. Records of groups that a decision of people
/// keeps `apart` are no pair.
pub(crate) fn apply(
    bound: &Bound,
    model: &TrainedModel,
    (clusters, apart): (&Clusters, &[(u32, u32)]),
    threshold: f64,
    run: &mut RunResult,
) {
    let weigher = Weigher::new(bound, model);
    let mut groups: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (row, group) in clusters.cluster_of.iter().enumerate() {
        groups.entry(*group).or_default().push(row as u32);
    }
    let alone = groups.values().filter(|members| members.len() == 1).count();
    groups.retain(|_, members| (2..=MOST_MEMBERS).contains(&members.len()));
    let ties: Vec<Ties> = groups
        .par_iter()
        .map_init(Scratch::new, |scratch, (_, members)| {
            Ties::new(&weigher, members, scratch)
        })
        .collect();
    let sizes: Vec<Size> = ties.iter().map(|ties| ties.size).collect();
    let largest = largest_person(&sizes, alone).unwrap_or(MOST_MEMBERS);
    let mut pairs: BTreeMap<(u32, u32), ScoredPair> = run
        .scored
        .drain(..)
        .map(|pair| ((pair.left, pair.right), pair))
        .collect();
    let before = pairs.len();
    for (members, ties) in groups.values().zip(&ties) {
        ties.add_to(&mut pairs, members, largest);
    }
    drop(ties);
    let newly_reached = (pairs.len() - before) as f64;
    let between = between(&weigher, (clusters, apart), &groups, &pairs);
    let told = weigher.told(clusters.cluster_of.len());
    let file = File {
        clusters,
        groups: &groups,
        apart,
        between: &between,
        told: &told,
    };
    let strays = strays(&weigher, &file, &pairs);
    for pair in pairs.values_mut() {
        let Some(met) = groups_of(clusters, pair) else {
            continue;
        };
        let group_of = |row: u32| clusters.cluster_of[row as usize];
        let of_left = strays.get(&(pair.left, group_of(pair.right)));
        let of_right = strays.get(&(pair.right, group_of(pair.left)));
        let alone = of_left.into_iter().chain(of_right).copied();
        if let Some(bits) = alone.reduce(f64::max) {
            pair.add(exact(bits - pair.match_weight));
        } else if let Some(mean) = between.get(&met) {
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
    let expected = expected_pairs((clusters, &between), &told, &run.scored);
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

/// What the records of a group say of each other.
struct Ties {
    size: Size,
    /// Weight of every pair by itself, the first record with the second, the first with the third and so on, and what it or the group speaks
    /// for it with.
    pairs: Vec<(f64, f64)>,
}

impl Ties {
    fn new(weigher: &Weigher<'_>, members: &[u32], scratch: &mut Scratch) -> Self {
        let n = members.len();
        let mut own = Vec::with_capacity(n * (n - 1) / 2);
        let mut weights = vec![0.0; n * n];
        for i in 0..n {
            for j in i + 1..n {
                let weight = weigher.weight(members[i], members[j], scratch);
                own.push(weight);
                weights[i * n + j] = Weigher::limited(weight);
                weights[j * n + i] = Weigher::limited(weight);
            }
        }
        let sums: Vec<f64> = weights.chunks(n).map(|row| row.iter().sum()).collect();
        let places = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
        let pairs = own.iter().zip(places).map(|(own, (i, j))| {
            // What the others, the pair itself left out, say of either record; with two records there are no others.
            let others = |record: usize| (sums[record] - weights[i * n + j]) / (n as f64 - 2.0);
            let bits = if n > 2 {
                own.max(TIES * others(i).min(others(j)))
            } else {
                *own
            };
            (*own, bits)
        });
        Self {
            pairs: pairs.collect(),
            size: Size {
                records: n,
                weakest: weakest_join(&weights, n),
            },
        }
    }

    /// Gives every pair of the group its bar, `largest` being the most records of a person.
    fn add_to(
        &self,
        pairs: &mut BTreeMap<(u32, u32), ScoredPair>,
        members: &[u32],
        largest: usize,
    ) {
        let n = members.len();
        let rows = (0..n).flat_map(|i| (i + 1..n).map(move |j| (members[i], members[j])));
        for ((own, bits), (left, right)) in self.pairs.iter().zip(rows) {
            // Members are in the order of rows.
            let pair = pairs.entry((left, right)).or_insert(ScoredPair {
                left,
                right,
                rival_bar: 0.0,
                match_weight: *own,
            });
            if n > 2 {
                pair.add(exact(in_group(*bits, n, largest) - own));
            }
        }
    }
}

/// Weight of a pair of a group of `n` records, three at least, that it or the group speaks for with `bits`.
fn in_group(bits: f64, n: usize, largest: usize) -> f64 {
    if n > largest {
        TOO_LARGE + OF_A_BIT_TOO_LARGE * bits
    } else {
        MADE - FEWER / (n as f64 - 2.0) + OF_A_BIT * bits.max(0.0)
    }
}
