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

/// Keys of one side: row after row, and within a row rule after rule, so that what is asked together lies together.
struct SideKeys {
    n_rules: usize,
    starts: Vec<u32>,
    keys: Vec<u64>,
}

/// Rows read per task.
const CHUNK_ROWS: usize = 4096;

impl SideKeys {
    fn read(bound: &Bound, spec: &LinkageSpec, rules: &[BlockingRule], side: Side) -> Self {
        let n = if side == Side::Left {
            bound.n_left()
        } else {
            bound.n_right()
        };
        let chunks: Vec<(Vec<u32>, Vec<u64>)> = (0..n.div_ceil(CHUNK_ROWS))
            .into_par_iter()
            .map(|chunk| {
                let mut work = KeyWork::default();
                let (mut ends, mut keys) = (Vec::new(), Vec::new());
                for row in chunk * CHUNK_ROWS..((chunk + 1) * CHUNK_ROWS).min(n) {
                    for rule in rules {
                        bound.keys(spec, rule, side, row, &mut work);
                        keys.extend_from_slice(&work.keys);
                        ends.push(keys.len() as u32);
                    }
                }
                (ends, keys)
            })
            .collect();
        let mut all = Self {
            n_rules: rules.len(),
            starts: vec![0],
            keys: Vec::new(),
        };
        for (ends, keys) in chunks {
            let base = all.keys.len() as u32;
            all.starts.extend(ends.iter().map(|end| base + end));
            all.keys.extend(keys);
        }
        all
    }

    fn of(&self, row: usize, rule: usize) -> &[u64] {
        let at = row * self.n_rules + rule;
        &self.keys[self.starts[at] as usize..self.starts[at + 1] as usize]
    }
}

/// One rule as a join.
struct RuleIndex {
    blocks: KeyMap<(u32, u32)>,
    rows: Vec<u32>,
    skipped: HashSet<u64, BuildHasherDefault<KeyHasher>>,
    count: RuleCount,
}

impl RuleIndex {
    fn new(
        (left, right): (&SideKeys, &SideKeys),
        n_rows: (usize, usize),
        place: usize,
        rule: &BlockingRule,
        max_block_pairs: u64,
    ) -> Self {
        let mut pairs: Vec<(u64, u32)> = (0..n_rows.1)
            .flat_map(|row| {
                right
                    .of(row, place)
                    .iter()
                    .map(move |key| (*key, row as u32))
            })
            .collect();
        pairs.sort_unstable();
        let mut blocks = KeyMap::<(u32, u32)>::default();
        for (at, (key, _)) in pairs.iter().enumerate() {
            blocks.entry(*key).or_insert((at as u32, 0)).1 += 1;
        }
        let rows = pairs.into_iter().map(|(_, row)| row).collect();
        let mut on_left = KeyMap::<u64>::default();
        for key in (0..n_rows.0)
            .flat_map(|row| left.of(row, place))
            .filter(|key| blocks.contains_key(*key))
        {
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
            if n_pairs > max_block_pairs {
                count.skipped_blocks += 1;
                count.skipped_pairs += n_pairs;
                skipped.insert(key);
            } else {
                count.blocks += 1;
                count.pairs += n_pairs;
            }
        }
        Self {
            blocks,
            rows,
            skipped,
            count,
        }
    }

    /// The first key both rows have, unless its block was skipped.
    fn first_common(&self, left: &[u64], right: &[u64]) -> Option<u64> {
        let mut common = left.iter().copied().filter(|key| right.contains(key));
        if self.skipped.is_empty() {
            common.next()
        } else {
            common.find(|key| !self.skipped.contains(key))
        }
    }
}

/// All rules of a spec as joins over two tables.
pub struct Candidates {
    left: SideKeys,
    right: SideKeys,
    rules: Vec<RuleIndex>,
}

impl Candidates {
    /// Builds the joins; no pair is looked at yet.
    pub fn new(bound: &Bound, spec: &LinkageSpec, rules: &[BlockingRule]) -> Self {
        let left = SideKeys::read(bound, spec, rules, Side::Left);
        let right = SideKeys::read(bound, spec, rules, Side::Right);
        let n_rows = (bound.n_left(), bound.n_right());
        let indexes = rules.par_iter().enumerate();
        let rules = indexes
            .map(|(place, rule)| {
                RuleIndex::new((&left, &right), n_rows, place, rule, spec.max_block_pairs)
            })
            .collect();
        Self { left, right, rules }
    }

    /// What each rule reaches.
    pub fn counts(&self) -> Vec<RuleCount> {
        self.rules.iter().map(|rule| rule.count.clone()).collect()
    }

    /// Visits every right row that some rule pairs with `left`, once, with the place of the first rule that does.
    pub fn of_left(&self, left: usize, mut visit: impl FnMut(usize, usize)) {
        for (place, rule) in self.rules.iter().enumerate() {
            let keys = self.left.of(left, place);
            for key in keys {
                let Some((start, n)) = rule.blocks.get(key).filter(|_| !rule.skipped.contains(key))
                else {
                    continue;
                };
                for right in &rule.rows[*start as usize..(*start + *n) as usize] {
                    let right = *right as usize;
                    let seen = (keys.len() > 1 && self.common(left, right, place) != Some(*key))
                        || (0..place).any(|earlier| self.common(left, right, earlier).is_some());
                    if !seen {
                        visit(place, right);
                    }
                }
            }
        }
    }

    /// Place of the first rule that pairs the two rows.
    pub fn first_rule(&self, left: usize, right: usize) -> Option<usize> {
        (0..self.rules.len()).find(|place| self.common(left, right, *place).is_some())
    }

    fn common(&self, left: usize, right: usize, place: usize) -> Option<u64> {
        self.rules[place].first_common(self.left.of(left, place), self.right.of(right, place))
    }
}
