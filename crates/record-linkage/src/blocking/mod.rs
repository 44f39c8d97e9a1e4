//! Which pairs are looked at: blocking rules as joins, one after the other. Pairs stream by, block after block; they are never stored.
//!
//! No pair comes by twice: a pair belongs to the first rule that holds for it, and within that rule to the smallest key it shares. Whether
//! an earlier rule holds is read from the rows themselves, so nothing has to be remembered about pairs.

pub mod advise;
mod atoms;
pub mod complete;
mod cumulative;
mod join;
mod split;

use std::{
    collections::HashSet,
    hash::{BuildHasherDefault, Hasher},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    bound::Bound,
    comparison::{Side, mix},
    spec::{BlockingRule, LinkageSpec},
};
use atoms::Atom;
pub(crate) use atoms::Kept as KeptAtoms;
pub use cumulative::Cumulative;
use join::Keyed;
pub(crate) use join::{Joined, TASK_PAIRS, Task};
pub use split::LargeBlock;
pub(crate) use split::{Further, Splits, division, further, n_pairs};

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
    /// Groups skipped because they hold more pairs than the cap, and nothing divides them.
    pub skipped_blocks: u64,
    /// Pairs in the skipped groups.
    pub skipped_pairs: u64,
    /// Groups that hold more pairs than the cap and were divided by further keys; their parts are among the groups.
    #[serde(default)]
    pub split_blocks: u64,
    /// Pairs in the divided groups as they were.
    #[serde(default)]
    pub split_pairs: u64,
    /// The groups over the cap, largest first; of very many the largest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub large_blocks: Vec<LargeBlock>,
}

/// Groups over the cap that are reported one by one, per rule.
const MOST_REPORTED: usize = 20;

impl RuleCount {
    /// Of a rule that has reached nothing yet.
    pub(crate) const fn none(rule: String) -> Self {
        Self {
            rule,
            pairs: 0,
            blocks: 0,
            largest_block: 0,
            skipped_blocks: 0,
            skipped_pairs: 0,
            split_blocks: 0,
            split_pairs: 0,
            large_blocks: Vec::new(),
        }
    }

    /// Counts a group over the cap.
    pub(crate) fn add_large(&mut self, block: LargeBlock, n_parts: u64) {
        self.largest_block = self.largest_block.max(block.pairs);
        if block.split_by.is_empty() {
            self.skipped_blocks += 1;
            self.skipped_pairs += block.pairs;
        } else {
            self.split_blocks += 1;
            self.split_pairs += block.pairs;
            self.blocks += n_parts;
            self.pairs += block.kept_pairs;
        }
        let place = self
            .large_blocks
            .partition_point(|other| other.pairs >= block.pairs);
        if place < MOST_REPORTED {
            self.large_blocks.insert(place, block);
            self.large_blocks.truncate(MOST_REPORTED);
        }
    }
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

pub(crate) type KeySet = HashSet<u64, BuildHasherDefault<KeyHasher>>;

struct Rule {
    /// Places of its atoms; `None` when the rule can never hold.
    atoms: Option<Vec<usize>>,
    /// What it may ask for in blocks over the cap.
    further: Vec<Further>,
    /// Blocks over the cap, and the keys of their parts.
    splits: Splits,
    parts: KeySet,
    count: RuleCount,
}

/// Which atoms of a pair were looked at, and which agree.
#[derive(Clone, Copy, Default)]
struct Known {
    seen: u128,
    equal: u128,
}

/// All rules of a spec over two tables.
pub struct Candidates<'a> {
    bound: &'a Bound,
    atoms: Vec<Arc<Atom>>,
    rules: Vec<Rule>,
    spec: &'a LinkageSpec,
}

impl<'a> Candidates<'a> {
    /// Reads the keys; counts nothing yet. Blocks over the cap are left out: what is learned from the pairs of a rule must not depend on what
    /// else they agree on.
    pub(crate) fn open(bound: &'a Bound, spec: &'a LinkageSpec, rules: &[BlockingRule]) -> Self {
        Self::of(bound, spec, rules, false)
    }

    /// [`Self::open`] where blocks over the cap are divided.
    pub(crate) fn open_dividing(
        bound: &'a Bound,
        spec: &'a LinkageSpec,
        rules: &[BlockingRule],
    ) -> Self {
        Self::of(bound, spec, rules, true)
    }

    fn of(bound: &'a Bound, spec: &'a LinkageSpec, rules: &[BlockingRule], divides: bool) -> Self {
        let (atoms, places) = atoms::read(bound, spec, rules);
        let rules = rules.iter().zip(places).map(|(rule, atoms)| Rule {
            atoms,
            further: if divides {
                further(spec, rule)
            } else {
                Vec::new()
            },
            splits: Splits::default(),
            parts: KeySet::default(),
            count: RuleCount::none(rule.label()),
        });
        Self {
            bound,
            rules: rules.collect(),
            atoms,
            spec,
        }
    }

    /// Reads the keys and counts every rule; no pair is looked at.
    pub fn new(bound: &'a Bound, spec: &'a LinkageSpec, rules: &[BlockingRule]) -> Self {
        let mut all = Self::open_dividing(bound, spec, rules);
        for place in 0..all.rules.len() {
            all.join(place);
        }
        all
    }

    /// What each rule reaches.
    pub fn counts(&self) -> Vec<RuleCount> {
        self.rules.iter().map(|rule| rule.count.clone()).collect()
    }

    /// Number of rules.
    pub(crate) fn n_rules(&self) -> usize {
        self.rules.len()
    }

    /// Joins one rule. Earlier rules must have been joined before, or what they do with blocks over the cap is not known.
    pub(crate) fn join(&mut self, place: usize) -> Joined {
        let keyed = [Side::Left, Side::Right].map(|side| self.listed(place, side));
        let (bound, most) = (self.bound, self.spec.max_block_pairs);
        let rule = &mut self.rules[place];
        rule.splits.clear();
        rule.parts.clear();
        let mut count = RuleCount::none(rule.count.rule.clone());
        let mut large = Vec::new();
        let within = bound.is_within();
        let mut joined = Joined::of(keyed, within, most, &mut count, &mut large);
        for block in large {
            let rows = [block.rows[0].as_slice(), block.rows[1].as_slice()];
            let division = division(bound, &rule.further, (block.key, rows), most);
            let found = LargeBlock::new(self.spec, rows, block.pairs, division.as_ref());
            let (by, parts) =
                division.map_or_else(Default::default, |found| (found.by, found.parts));
            rule.splits.insert(block.key, by);
            count.add_large(found, parts.len() as u64);
            for (key, [lefts, rights]) in parts {
                rule.parts.insert(key);
                joined.push(key, lefts.into_iter(), rights.into_iter());
            }
        }
        rule.count = count;
        joined
    }

    fn listed(&self, place: usize, side: Side) -> Keyed {
        let Some(atoms) = &self.rules[place].atoms else {
            return Keyed::list(0, |_, _, _| ());
        };
        Keyed::list(self.bound.n_rows(side), |row, keys, next| {
            self.keys(atoms, side, row, keys, next);
        })
    }

    /// Keys of a row under a rule, sorted: the product of the keys of its atoms.
    fn keys(
        &self,
        atoms: &[usize],
        side: Side,
        row: usize,
        keys: &mut Vec<u64>,
        next: &mut Vec<u64>,
    ) {
        keys.clear();
        keys.push(17);
        for atom in atoms {
            let values = self.atoms[*atom].of(side, row);
            if let [one] = values {
                for key in keys.iter_mut() {
                    *key = mix(*key, u64::from(*one));
                }
                continue;
            }
            next.clear();
            next.extend(
                keys.iter()
                    .flat_map(|key| values.iter().map(|value| mix(*key, u64::from(*value)))),
            );
            std::mem::swap(keys, next);
        }
        if keys.len() > 1 {
            keys.sort_unstable();
            keys.dedup();
        }
    }

    /// The smallest key both rows have, those of parts in place of those of blocks over the cap.
    fn first_common(&self, place: usize, left: usize, right: usize) -> Option<u64> {
        let rule = &self.rules[place];
        let atoms = rule.atoms.as_ref()?;
        if rule.splits.is_empty() {
            return self.least_common(atoms, 17, left, right);
        }
        let (mut l, mut r, mut work) = (Vec::new(), Vec::new(), Vec::new());
        self.keys(atoms, Side::Left, left, &mut l, &mut work);
        self.keys(atoms, Side::Right, right, &mut r, &mut work);
        rule.splits.replace(self.bound, Side::Left, left, &mut l);
        rule.splits.replace(self.bound, Side::Right, right, &mut r);
        l.into_iter().find(|key| r.binary_search(key).is_ok())
    }

    /// The smallest key that both rows have from these atoms on, behind what was mixed before: of the values that both have.
    fn least_common(&self, atoms: &[usize], mixed: u64, left: usize, right: usize) -> Option<u64> {
        let Some((atom, others)) = atoms.split_first() else {
            return Some(mixed);
        };
        let atom = &self.atoms[*atom];
        let other = atom.of(Side::Right, right);
        let common = atom.of(Side::Left, left).iter();
        let common = common.filter(|value| other.contains(value));
        common
            .filter_map(|value| {
                self.least_common(others, mix(mixed, u64::from(*value)), left, right)
            })
            .min()
    }

    fn holds(&self, place: usize, left: usize, right: usize, known: &mut Known) -> bool {
        let rule = &self.rules[place];
        let Some(atoms) = &rule.atoms else {
            return false;
        };
        for atom in atoms {
            let bit = 1_u128.checked_shl(*atom as u32).unwrap_or(0);
            if known.seen & bit == 0 {
                known.seen |= bit;
                if self.atoms[*atom].n_common(left, right) == 0 {
                    known.equal &= !bit;
                    return false;
                }
                known.equal |= bit;
            } else if known.equal & bit == 0 {
                return false;
            }
        }
        rule.splits.is_empty() || self.first_common(place, left, right).is_some()
    }

    /// Whether a pair met in the block `key` of rule `place` belongs there: no earlier rule holds, and no smaller key is shared.
    #[inline]
    pub(crate) fn belongs(&self, place: usize, key: u64, left: usize, right: usize) -> bool {
        if !self.bound.is_pair(left, right) {
            return false;
        }
        let mut known = Known::default();
        if (0..place).any(|earlier| self.holds(earlier, left, right, &mut known)) {
            return false;
        }
        let atoms = self.rules[place].atoms.iter().flatten();
        let several = atoms
            .map(|atom| &self.atoms[*atom])
            .any(|atom| atom.has_many() && atom.n_common(left, right) > 1);
        let several = several || self.rules[place].parts.contains(&key);
        !several || self.first_common(place, left, right) == Some(key)
    }

    /// [`Self::belongs`] for every pair of some rows of a block, those of the first left row first; `out` is overwritten.
    pub(crate) fn belonging(
        &self,
        (place, key): (usize, u64),
        (lefts, rights): (&[u32], &[u32]),
        out: &mut Vec<bool>,
    ) {
        let n = lefts.len() * rights.len();
        out.clear();
        let pairs = || {
            let lefts = lefts.iter().map(|row| *row as usize);
            lefts.flat_map(|left| rights.iter().map(move |right| (left, *right as usize)))
        };
        let rules = &self.rules[..=place];
        let divides = rules.iter().any(|rule| !rule.splits.is_empty());
        if divides || self.bound.is_within() {
            out.extend(pairs().map(|(left, right)| self.belongs(place, key, left, right)));
            return;
        }
        out.resize(n, true);
        let mut held = Vec::new();
        for atoms in rules[..place].iter().filter_map(|rule| rule.atoms.as_ref()) {
            held.clear();
            held.resize(n, true);
            for atom in atoms {
                self.atoms[*atom].retain_common(lefts, rights, &mut held);
            }
            for (out, held) in out.iter_mut().zip(&held) {
                *out &= !held;
            }
        }
        let own = rules[place].atoms.iter().flatten();
        for atom in own.map(|atom| &self.atoms[*atom]) {
            atom.for_several_common(lefts, rights, |at, left, right| {
                out[at] = out[at] && self.first_common(place, left, right) == Some(key);
            });
        }
    }

    /// Reads what [`Self::belongs`] will ask of the rows of a block, without waiting for one after the other.
    pub(crate) fn touch(&self, place: usize, lefts: &[u32], rights: &[u32]) {
        let asked = self.rules[..=place]
            .iter()
            .flat_map(|rule| rule.atoms.iter().flatten());
        let mut seen = 0_u128;
        for atom in asked {
            let bit = 1_u128.checked_shl(*atom as u32).unwrap_or(0);
            if seen & bit == 0 {
                seen |= bit;
                let atom = &self.atoms[*atom];
                std::hint::black_box(
                    atom.touch(Side::Left, lefts) ^ atom.touch(Side::Right, rights),
                );
            }
        }
    }

    /// Place of the first rule that pairs the two rows.
    pub fn first_rule(&self, left: usize, right: usize) -> Option<usize> {
        let mut known = Known::default();
        (0..self.rules.len()).find(|place| self.holds(*place, left, right, &mut known))
    }

    /// Number of declared rules that hold for a pair and of which none is contained in another that holds: a rule that asks what another
    /// asks, and more, is no second look.
    pub(crate) fn n_independent(&self, left: usize, right: usize) -> usize {
        let mut known = Known::default();
        let holding: Vec<&[usize]> = (0..self.rules.len())
            .filter(|place| self.holds(*place, left, right, &mut known))
            .filter_map(|place| self.rules[place].atoms.as_deref())
            .collect();
        let same_part = |a: usize, b: usize| self.atoms[a].comparison == self.atoms[b].comparison;
        let contains =
            |a: &[usize], b: &[usize]| b.iter().all(|b| a.iter().any(|a| same_part(*a, *b)));
        let widest = holding.iter().enumerate().filter(|(i, rule)| {
            !holding.iter().enumerate().any(|(j, other)| {
                j != *i && contains(rule, other) && (!contains(other, rule) || j < *i)
            })
        });
        widest.count()
    }

    /// Visits every pair that some rule reaches, once, with the place of the first rule that does. On the calling thread.
    pub fn visit(&mut self, mut visit: impl FnMut(usize, usize, usize)) {
        for place in 0..self.rules.len() {
            let joined = self.join(place);
            for task in joined.tasks() {
                for (key, left, rights) in joined.rows_of(&task) {
                    for right in rights {
                        if self.belongs(place, key, left as usize, *right as usize) {
                            visit(place, left as usize, *right as usize);
                        }
                    }
                }
            }
        }
    }
}
