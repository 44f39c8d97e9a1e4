//! Which pairs are looked at: blocking rules as hash joins. Pairs stream by; they are never stored.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasherDefault, Hasher},
};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    bound::{Bound, KeyWork},
    comparison::Side,
    spec::{BlockingRule, LinkageSpec},
};

/// What a rule reaches, known before any pair is compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuleCount {
    /// The rule.
    pub rule: String,
    /// Pairs the rule reaches, before pairs of earlier rules are left out.
    pub pairs: u64,
    /// Groups of records with one key on both sides.
    pub blocks: u64,
    /// Pairs in the largest group.
    pub largest_block: u64,
    /// Groups skipped because they hold more pairs than the cap.
    pub skipped_blocks: u64,
    /// Pairs in the skipped groups.
    pub skipped_pairs: u64,
}

/// Keys are hashes already.
#[derive(Default)]
pub(crate) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

type KeyMap<V> = HashMap<u64, V, BuildHasherDefault<KeyHasher>>;

/// Keys per row, row after row.
struct RowKeys {
    starts: Vec<u32>,
    keys: Vec<u64>,
}

impl RowKeys {
    fn read(bound: &Bound, spec: &LinkageSpec, rule: &BlockingRule, side: Side) -> Self {
        let n = if side == Side::Left {
            bound.n_left()
        } else {
            bound.n_right()
        };
        let mut work = KeyWork::default();
        let (mut starts, mut keys) = (Vec::with_capacity(n + 1), Vec::with_capacity(n));
        starts.push(0);
        for row in 0..n {
            bound.keys(spec, rule, side, row, &mut work);
            keys.extend_from_slice(&work.keys);
            starts.push(keys.len() as u32);
        }
        Self { starts, keys }
    }

    fn of(&self, row: usize) -> &[u64] {
        &self.keys[self.starts[row] as usize..self.starts[row + 1] as usize]
    }
}

/// One rule as a join.
struct RuleIndex {
    left: RowKeys,
    right: RowKeys,
    blocks: KeyMap<(u32, u32)>,
    rows: Vec<u32>,
    skipped: HashSet<u64, BuildHasherDefault<KeyHasher>>,
    count: RuleCount,
}

impl RuleIndex {
    fn new(bound: &Bound, spec: &LinkageSpec, rule: &BlockingRule) -> Self {
        let (left, right) = (
            RowKeys::read(bound, spec, rule, Side::Left),
            RowKeys::read(bound, spec, rule, Side::Right),
        );
        let mut pairs: Vec<(u64, u32)> = (0..bound.n_right())
            .flat_map(|row| right.of(row).iter().map(move |key| (*key, row as u32)))
            .collect();
        pairs.sort_unstable();
        let mut blocks = KeyMap::<(u32, u32)>::default();
        for (at, (key, _)) in pairs.iter().enumerate() {
            blocks.entry(*key).or_insert((at as u32, 0)).1 += 1;
        }
        let rows = pairs.into_iter().map(|(_, row)| row).collect();
        let mut on_left = KeyMap::<u64>::default();
        for key in left.keys.iter().filter(|key| blocks.contains_key(*key)) {
            *on_left.entry(*key).or_insert(0) += 1;
        }
        let mut count = RuleCount {
            rule: rule.label(),
            pairs: 0,
            blocks: 0,
            largest_block: 0,
            skipped_blocks: 0,
            skipped_pairs: 0,
        };
        let mut skipped = HashSet::default();
        for (key, n_left) in on_left {
            let n_pairs = n_left * u64::from(blocks.get(&key).map_or(0, |(_, n)| *n));
            count.largest_block = count.largest_block.max(n_pairs);
            if n_pairs > spec.max_block_pairs {
                count.skipped_blocks += 1;
                count.skipped_pairs += n_pairs;
                skipped.insert(key);
            } else {
                count.blocks += 1;
                count.pairs += n_pairs;
            }
        }
        Self {
            left,
            right,
            blocks,
            rows,
            skipped,
            count,
        }
    }

    fn fires(&self, left: usize, right: usize) -> bool {
        self.first_common(left, right).is_some()
    }

    fn first_common(&self, left: usize, right: usize) -> Option<u64> {
        let others = self.right.of(right);
        self.left
            .of(left)
            .iter()
            .copied()
            .find(|key| others.contains(key) && !self.skipped.contains(key))
    }
}

/// All rules of a spec as joins over two tables.
pub struct Candidates {
    rules: Vec<RuleIndex>,
}

impl Candidates {
    /// Builds the joins; no pair is looked at yet.
    pub fn new(bound: &Bound, spec: &LinkageSpec, rules: &[BlockingRule]) -> Self {
        Self {
            rules: rules
                .par_iter()
                .map(|rule| RuleIndex::new(bound, spec, rule))
                .collect(),
        }
    }

    /// What each rule reaches.
    pub fn counts(&self) -> Vec<RuleCount> {
        self.rules.iter().map(|rule| rule.count.clone()).collect()
    }

    /// Visits every right row that some rule pairs with `left`, once, with the place of the first rule that does.
    pub fn of_left(&self, left: usize, mut visit: impl FnMut(usize, usize)) {
        for (place, rule) in self.rules.iter().enumerate() {
            for key in rule.left.of(left) {
                let Some((start, n)) = rule.blocks.get(key).filter(|_| !rule.skipped.contains(key))
                else {
                    continue;
                };
                let several = rule.left.of(left).len() > 1;
                for right in &rule.rows[*start as usize..(*start + *n) as usize] {
                    let right = *right as usize;
                    let seen = (several && rule.first_common(left, right) != Some(*key))
                        || self.rules[..place]
                            .iter()
                            .any(|earlier| earlier.fires(left, right));
                    if !seen {
                        visit(place, right);
                    }
                }
            }
        }
    }

    /// Place of the first rule that pairs the two rows.
    pub fn first_rule(&self, left: usize, right: usize) -> Option<usize> {
        self.rules.iter().position(|rule| rule.fires(left, right))
    }
}
