//! Blocks that are too large: divided by what else their records say.
//!
//! A block over the cap is not looked at pair by pair. Its rule asks for more there: one of some further keys, each of another comparison
//! than the rule's own, must be equal too. Which further keys follows from the records of the block alone: from the one that costs least on,
//! as many as fit, so that all parts together hold no more pairs than one block may. Two of them together where none fits by itself. A block
//! that nothing divides is refused, as is one in which nothing else is equal.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{KeyHasher, complete::implies};
use crate::{
    bound::Bound,
    comparison::{Side, mix},
    spec::{BlockingRule, KeyFunction, LinkageSpec},
};

/// A key beside those of the rule: a comparison and what is asked of it.
pub(crate) type Further = (usize, KeyFunction);
/// Further keys that must be equal together: one, or two of different comparisons.
pub(crate) type Together = Vec<Further>;
/// Pairs of further keys that a block is divided by at most.
const MOST_TOGETHER: usize = 4;

type ByKey<V> = HashMap<u64, V, std::hash::BuildHasherDefault<KeyHasher>>;

/// A block over the cap, and what was done about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LargeBlock {
    /// Records of the left dataset in it.
    pub left_records: u64,
    /// Records of the right dataset in it.
    pub right_records: u64,
    /// Pairs in it.
    pub pairs: u64,
    /// What else must be equal in it, any one of these; empty when the block was refused.
    pub split_by: Vec<String>,
    /// Pairs for which that holds, those of several parts counted several times. The others of the block are lost to this rule.
    pub kept_pairs: u64,
}

impl LargeBlock {
    /// What was done about a block of so many pairs.
    pub(crate) fn new(
        spec: &LinkageSpec,
        rows: [&[u32]; 2],
        pairs: u64,
        division: Option<&Division>,
    ) -> Self {
        Self {
            left_records: rows[0].len() as u64,
            right_records: rows[1].len() as u64,
            pairs,
            split_by: division.map_or_else(Vec::new, |division| labels(spec, &division.by)),
            kept_pairs: division.map_or(0, |division| division.kept_pairs),
        }
    }
}

/// The blocks of a rule that are not looked at as they are, by key: what else must be equal; nothing when they are refused.
#[derive(Clone, Debug, Default)]
pub(crate) struct Splits(ByKey<Vec<Together>>);

/// Rows of a part of a block, by its key.
type Parts = Vec<(u64, [Vec<u32>; 2])>;

impl Splits {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn insert(&mut self, key: u64, by: Vec<Together>) {
        self.0.insert(key, by);
    }

    /// Puts the keys of its parts in place of every key whose block is divided; `keys` is sorted, and is again.
    pub(crate) fn replace(&self, bound: &Bound, side: Side, row: usize, keys: &mut Vec<u64>) {
        if !keys.iter().any(|key| self.0.contains_key(key)) {
            return;
        }
        let mut out = Vec::new();
        for key in &*keys {
            match self.0.get(key) {
                None => out.push(*key),
                Some(by) => by
                    .iter()
                    .for_each(|by| part_keys(bound, side, row, *key, by, &mut out)),
            }
        }
        out.sort_unstable();
        out.dedup();
        *keys = out;
    }
}

/// Appends the keys of the parts of a block that a row is in by these further keys.
fn part_keys(bound: &Bound, side: Side, row: usize, key: u64, by: &[Further], out: &mut Vec<u64>) {
    let from = out.len();
    let mut values = Vec::new();
    out.push(key);
    for (comparison, function) in by {
        values.clear();
        bound.atom_keys(*comparison, side, row, *function, &mut values);
        let salt = (*comparison as u64) << 8 | *function as u64;
        let so_far: Vec<u64> = out.drain(from..).collect();
        for known in so_far {
            let known = mix(known, salt);
            out.extend(values.iter().map(|value| mix(known, *value)));
        }
    }
}

/// Further keys that a rule may ask for: those of comparisons that it does not ask already.
pub(crate) fn further(spec: &LinkageSpec, rule: &BlockingRule) -> Vec<Further> {
    let own: HashSet<usize> = rule
        .keys
        .iter()
        .filter_map(|key| spec.position(&key.comparison))
        .collect();
    let others = spec.comparisons.iter().enumerate();
    let others = others.filter(|(k, c)| !own.contains(k) && !c.is_weak());
    others
        .flat_map(|(k, comparison)| comparison.keys().iter().map(move |key| (k, *key)))
        .collect()
}

/// How a block is divided.
pub(crate) struct Division {
    pub(crate) by: Vec<Together>,
    pub(crate) parts: Parts,
    pub(crate) kept_pairs: u64,
}

/// The parts of a block by some further keys, sorted by key, and the pairs in them.
fn divide(bound: &Bound, key: u64, rows: [&[u32]; 2], by: &[Further]) -> (u64, Parts) {
    let listed = [Side::Left, Side::Right].map(|side| {
        let mut keyed: Vec<(u64, u32)> = Vec::new();
        let mut keys = Vec::new();
        for row in rows[side as usize] {
            keys.clear();
            part_keys(bound, side, *row as usize, key, by, &mut keys);
            keys.sort_unstable();
            keys.dedup();
            keyed.extend(keys.iter().map(|key| (*key, *row)));
        }
        keyed.sort_unstable();
        keyed
    });
    let mut parts: Parts = Vec::new();
    let mut pairs = 0;
    let of = |group: &[(u64, u32)]| group.iter().map(|(_, row)| *row).collect::<Vec<_>>();
    let mut rights = listed[1].chunk_by(|a, b| a.0 == b.0).peekable();
    for lefts in listed[0].chunk_by(|a, b| a.0 == b.0) {
        let part = lefts[0].0;
        while rights.next_if(|group| group[0].0 < part).is_some() {}
        if let Some(rights) = rights.next_if(|group| group[0].0 == part) {
            let found = n_pairs(bound, lefts.len(), rights.len());
            if found > 0 {
                pairs += found;
                parts.push((part, [of(lefts), of(rights)]));
            }
        }
    }
    (pairs, parts)
}

pub(crate) fn n_pairs(bound: &Bound, left: usize, right: usize) -> u64 {
    if bound.is_within() {
        left as u64 * (left as u64).saturating_sub(1) / 2
    } else {
        left as u64 * right as u64
    }
}

/// Divides a block so that its parts together hold at most `most` pairs; nothing when that cannot be.
pub(crate) fn division(
    bound: &Bound,
    further: &[Further],
    (key, rows): (u64, [&[u32]; 2]),
    most: u64,
) -> Option<Division> {
    let cost = |by: Together| {
        let pairs = divide(bound, key, rows, &by).0;
        (pairs, by)
    };
    let mut alone: Vec<(u64, Together)> = further.par_iter().map(|by| cost(vec![*by])).collect();
    alone.retain(|(pairs, _)| *pairs > 0);
    let mut chosen = take(&mut alone, most, usize::MAX);
    if chosen.is_empty() {
        let left_over: Vec<Further> = alone.iter().map(|(_, by)| by[0]).collect();
        let mut pairs: Vec<Together> = Vec::new();
        for (i, a) in left_over.iter().enumerate() {
            let others = left_over[i + 1..].iter().filter(|b| b.0 != a.0);
            pairs.extend(others.map(|b| vec![*a, *b]));
        }
        let mut together: Vec<(u64, Together)> = pairs.into_par_iter().map(cost).collect();
        together.retain(|(pairs, _)| *pairs > 0);
        chosen = take(&mut together, most, MOST_TOGETHER);
    }
    // A key that always comes with another chosen one adds nothing.
    let all = chosen.clone();
    chosen.retain(|(_, by)| !all.iter().any(|(_, other)| comes_with(by, other)));
    if chosen.is_empty() {
        return None;
    }
    let parts: Vec<Parts> = chosen
        .par_iter()
        .map(|(_, by)| divide(bound, key, rows, by).1)
        .collect();
    Some(Division {
        parts: parts.into_iter().flatten().collect(),
        kept_pairs: chosen.iter().map(|(pairs, _)| pairs).sum(),
        by: chosen.into_iter().map(|(_, by)| by).collect(),
    })
}

/// Whether records that share the one further key always share the other, wider one.
fn comes_with(by: &[Further], other: &[Further]) -> bool {
    match (by, other) {
        ([(k, a)], [(other, b)]) => k == other && a != b && implies(*a, *b),
        _ => false,
    }
}

/// The cheapest that fit together.
fn take(known: &mut [(u64, Together)], most: u64, n: usize) -> Vec<(u64, Together)> {
    known.sort();
    let (mut chosen, mut spent) = (Vec::new(), 0);
    for (pairs, by) in known.iter() {
        if chosen.len() < n && spent + pairs <= most {
            spent += pairs;
            chosen.push((*pairs, by.clone()));
        }
    }
    chosen
}

/// What a block is divided by, for a reader.
fn labels(spec: &LinkageSpec, by: &[Together]) -> Vec<String> {
    let key =
        |(k, function): &Further| format!("{} {}", spec.comparisons[*k].name(), function.as_str());
    by.iter()
        .map(|together| together.iter().map(key).collect::<Vec<_>>().join(" + "))
        .collect()
}
