//! From pairs to groups of records of one person, for a file that holds people more than once.
//!
//! Taking everything that hangs together (connected components) lets one wrong pair join two people with all their records. So groups
//! grow from the surest pair on, and two groups only become one when the records of both, compared all with all, speak for it on average.
//! A pair that is sure in itself but would join groups that contradict each other is a conflict, and reported. What people decided goes first:
//! their matches join groups whatever the records say, and groups with records that they keep apart never become one.

use std::collections::{HashMap, HashSet};

use crate::{
    bound::Bound,
    comparison::{Outcome, Scratch},
    model::TrainedModel,
    run::{Link, Step},
    score::Weights,
};

/// A single pair counts for no more than this many bits, for or against, when two groups are weighed.
const MOST_BITS: f64 = 12.0;
/// Members per group that are compared when groups are large.
const MOST_MEMBERS: usize = 48;

/// A pair above the threshold whose records ended up in different groups.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conflict {
    /// One row.
    pub left: u32,
    /// The other row, after it.
    pub right: u32,
    /// Weight of the pair.
    pub match_weight: f64,
    /// Mean weight between the two groups, below zero unless people keep them apart.
    pub group_weight: f64,
}

/// Groups of records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clusters {
    /// Group of each row, called by its first row. A row alone is its own group.
    pub cluster_of: Vec<u32>,
    /// Number of groups.
    pub n_clusters: usize,
    /// Number of groups if everything that hangs together were one.
    pub n_components: usize,
    /// Pairs that would have joined groups that contradict each other, or that people keep apart.
    pub conflicts: Vec<Conflict>,
}

/// Groups rows by their links; the rows of the pairs in `apart`, the first row first, end in different groups.
pub(crate) fn clusters(
    bound: &Bound,
    model: &TrainedModel,
    links: &[Link],
    apart: &[(u32, u32)],
) -> Clusters {
    let apart: HashSet<(u32, u32)> = apart.iter().copied().collect();
    let kept_apart = |first: &[u32], second: &[u32]| {
        let mut pairs = first
            .iter()
            .flat_map(|a| second.iter().map(move |b| (*a, *b)));
        !apart.is_empty() && pairs.any(|(a, b)| apart.contains(&(a.min(b), a.max(b))))
    };
    let weigher = Weigher::new(bound, model);
    let n = bound.n_left();
    let mut order: Vec<&Link> = links.iter().collect();
    order.sort_by(|a, b| {
        let reviewed = |link: &Link| link.step == Step::Reviewed;
        let order = reviewed(b).cmp(&reviewed(a));
        order
            .then(b.match_weight.total_cmp(&a.match_weight))
            .then((a.left, a.right).cmp(&(b.left, b.right)))
    });
    let mut groups: Vec<u32> = (0..n as u32).collect();
    let mut members: HashMap<u32, Vec<u32>> = HashMap::new();
    let mut components: Vec<u32> = (0..n as u32).collect();
    let mut n_components = n;
    let mut conflicts = Vec::new();
    let mut scratch = Scratch::new();
    // Pairs within one person come by often; what was decided about two groups holds until one of them grows.
    let mut refused: HashMap<(u32, u32), (usize, f64)> = HashMap::new();
    for link in order {
        let (x, y) = (
            root(&mut components, link.left),
            root(&mut components, link.right),
        );
        if x != y {
            components[x.max(y) as usize] = x.min(y);
            n_components -= 1;
        }
        let (a, b) = (groups[link.left as usize], groups[link.right as usize]);
        let (a, b) = (a.min(b), a.max(b));
        if a == b {
            continue;
        }
        let of = |group: u32| members.get(&group).cloned().unwrap_or_else(|| vec![group]);
        let (first, second) = (of(a), of(b));
        let size = first.len() + second.len();
        let weight = match refused.get(&(a, b)) {
            Some((then, weight)) if *then == size => *weight,
            _ => weigher.between(&first, &second, &mut scratch),
        };
        let agrees = weight >= 0.0 || link.step == Step::Reviewed;
        if agrees && !kept_apart(&first, &second) {
            for row in &second {
                groups[*row as usize] = a;
            }
            members.remove(&b);
            members.insert(a, [first, second].concat());
        } else {
            refused.insert((a, b), (size, weight));
            conflicts.push(Conflict {
                left: link.left,
                right: link.right,
                match_weight: link.match_weight,
                group_weight: weight,
            });
        }
    }
    conflicts.retain(|conflict| groups[conflict.left as usize] != groups[conflict.right as usize]);
    let n_clusters = groups
        .iter()
        .enumerate()
        .filter(|(row, group)| *row == **group as usize)
        .count();
    Clusters {
        cluster_of: groups,
        n_clusters,
        n_components,
        conflicts,
    }
}

fn root(parents: &mut [u32], mut node: u32) -> u32 {
    while parents[node as usize] != node {
        parents[node as usize] = parents[parents[node as usize] as usize];
        node = parents[node as usize];
    }
    node
}

/// Weighs records of one file with each other.
pub(crate) struct Weigher<'a> {
    bound: &'a Bound,
    model: &'a TrainedModel,
    weights: Weights,
}

impl<'a> Weigher<'a> {
    pub(crate) fn new(bound: &'a Bound, model: &'a TrainedModel) -> Self {
        Self {
            bound,
            model,
            weights: Weights::new(model, bound.n_records()),
        }
    }

    /// Weight of a pair by itself.
    pub(crate) fn weight(&self, left: u32, right: u32, scratch: &mut Scratch) -> f64 {
        let mut found = Vec::new();
        let (left, right) = (left.min(right) as usize, left.max(right) as usize);
        self.bound.compare(left, right, scratch, &mut found);
        let evidence = self.weights.evidence(&found);
        let household = self.model.household_weight;
        evidence.matching
            + self.model.prior_weight
            + self.weights.household_bar(evidence, household)
    }

    /// Weight of agreeing on all that a row states, no value rarer than another.
    pub(crate) fn own_weight(
        &self,
        row: u32,
        scratch: &mut Scratch,
        found: &mut Vec<Outcome>,
    ) -> f64 {
        found.clear();
        self.bound
            .compare(row as usize, row as usize, scratch, found);
        let levels = found.iter().enumerate();
        levels
            .map(|(k, outcome)| self.weights.bars(k, *outcome).0)
            .sum()
    }

    /// What a single pair counts for where groups are weighed.
    pub(crate) const fn limited(weight: f64) -> f64 {
        weight.clamp(-MOST_BITS, MOST_BITS)
    }

    /// Mean weight of the pairs between two groups.
    pub(crate) fn between(&self, a: &[u32], b: &[u32], scratch: &mut Scratch) -> f64 {
        let (mut sum, mut n) = (0.0, 0.0);
        for left in a.iter().take(MOST_MEMBERS) {
            for right in b.iter().take(MOST_MEMBERS) {
                sum += Self::limited(self.weight(*left, *right, scratch));
                n += 1.0;
            }
        }
        sum / f64::max(n, 1.0)
    }
}
