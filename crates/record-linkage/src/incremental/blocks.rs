//! Pairs that have to be weighed again, block by block, and blocks that are divided or skipped from now on.

use rayon::prelude::*;

use crate::{
    blocking::{Further, LargeBlock, RuleCount, Splits, division, further},
    bound::Bound,
    comparison::{Scratch, Side},
    incremental::Frozen,
    keys::RuleKeys,
    run::{Budget, KEEP_FROM, Observer, RunError},
    score::{Evidence, Weights},
    spec::Assignment,
};

/// Pairs held before they are weighed; fixed, so that nothing depends on the number of threads.
const PAIRS_AT_A_TIME: usize = 1 << 20;
/// Pairs compared at a time by one thread.
const BATCH: usize = 2048;

/// What is known of the rows of one side before the blocks are read. Rows from `n` on are former ones.
pub(super) struct Rows {
    /// Rows of the new version.
    pub(super) n: usize,
    /// Whether the old version had the row too; true for all former rows.
    pub(super) was: Vec<bool>,
    /// Whether pairs of the row have to be weighed again.
    pub(super) again: Vec<bool>,
    /// Whether a deterministic link leaves no room for another.
    pub(super) taken: Vec<bool>,
}

/// What the blocks gave.
pub(super) struct Found {
    /// Pairs weighed again that may matter, sorted, each once: rows and weight before rivals.
    pub(super) pairs: Vec<(u32, u32, f64)>,
    /// Left rows with a block that is skipped, or divided in another way, and was not.
    pub(super) closed: Vec<bool>,
    pub(super) rules: Vec<RuleCount>,
    /// Per rule, its keys and those of them whose blocks are divided or skipped.
    pub(super) splits: Vec<(RuleKeys, Splits)>,
    pub(super) weighed: u64,
}

/// Weighs pairs as they come, many at a time.
pub(super) struct Weigher<'a> {
    frozen: &'a Frozen,
    bound: &'a Bound,
    observer: &'a dyn Observer,
    budget: Budget,
    weights: Weights,
    /// Comparisons in the order they are done, each with the most that those after it can add.
    order: Vec<(usize, f64)>,
    waiting: Vec<(u32, u32)>,
    pairs: Vec<(u32, u32, f64)>,
    weighed: u64,
}

impl<'a> Weigher<'a> {
    pub(super) fn new(
        frozen: &'a Frozen,
        bound: &'a Bound,
        budget: Budget,
        observer: &'a dyn Observer,
    ) -> Self {
        let weights = Weights::new(&frozen.model, bound.n_records());
        let order = bound.by_cost();
        let later = |i: usize| order[i + 1..].iter().map(|k| weights.most(*k)).sum();
        let order = (0..order.len()).map(|i| (order[i], later(i))).collect();
        Self {
            frozen,
            bound,
            observer,
            budget,
            weights,
            order,
            waiting: Vec::new(),
            pairs: Vec::new(),
            weighed: 0,
        }
    }

    pub(super) fn push(&mut self, pair: (u32, u32)) -> Result<(), RunError> {
        self.waiting.push(pair);
        if self.waiting.len() == PAIRS_AT_A_TIME {
            self.weigh()?;
        }
        Ok(())
    }

    /// The pairs so far that may matter, each once: rows and weight before rivals; sorted.
    pub(super) fn finish(mut self) -> Result<Vec<(u32, u32, f64)>, RunError> {
        self.weigh()?;
        self.pairs
            .par_sort_unstable_by_key(|(left, right, _)| (*left, *right));
        self.pairs.dedup_by_key(|(left, right, _)| (*left, *right));
        Ok(self.pairs)
    }

    fn weigh(&mut self) -> Result<(), RunError> {
        self.observer.checkpoint()?;
        let waiting = std::mem::take(&mut self.waiting);
        let parts: Vec<Vec<(u32, u32, f64)>> = waiting
            .par_chunks(BATCH)
            .map_init(Scratch::new, |scratch, batch| self.batch(batch, scratch))
            .collect();
        self.pairs.extend(parts.into_iter().flatten());
        self.weighed += waiting.len() as u64;
        self.budget.kept(self.pairs.len() as u64, (1, 1))?;
        self.observer.rows(self.weighed, self.weighed);
        Ok(())
    }

    fn batch(&self, batch: &[(u32, u32)], scratch: &mut Scratch) -> Vec<(u32, u32, f64)> {
        let mut pairs = batch.to_vec();
        let mut evidence = vec![Evidence::default(); pairs.len()];
        let mut outcomes = Vec::new();
        let model = &self.frozen.model;
        for (k, rest) in &self.order {
            let least = KEEP_FROM - model.prior_weight - rest;
            self.bound.compare_many(*k, &pairs, scratch, &mut outcomes);
            self.weights.add(*k, &outcomes, &mut evidence);
            let mut kept = 0;
            for i in 0..pairs.len() {
                if evidence[i].matching >= least {
                    (pairs[kept], evidence[kept]) = (pairs[i], evidence[i]);
                    kept += 1;
                }
            }
            pairs.truncate(kept);
            evidence.truncate(kept);
        }
        let weighed = pairs.into_iter().zip(evidence);
        let weighed = weighed.map(|((left, right), evidence)| {
            let household = self.weights.household_bar(evidence, model.household_weight);
            (
                left,
                right,
                evidence.matching + model.prior_weight + household,
            )
        });
        weighed
            .filter(|(.., weight)| *weight >= KEEP_FROM)
            .collect()
    }
}

/// The blocks of one rule, of both versions.
struct Blocks<'a> {
    frozen: &'a Frozen,
    sides: [&'a Rows; 2],
    bound: &'a Bound,
    further: Vec<Further>,
    count: RuleCount,
    splits: Splits,
}

impl Blocks<'_> {
    fn n_pairs(&self, left: usize, right: usize) -> u64 {
        if self.frozen.within {
            left as u64 * (left as u64).saturating_sub(1) / 2
        } else {
            left as u64 * right as u64
        }
    }

    /// One block: what the rule reaches now, and the pairs to weigh again.
    fn read(
        &mut self,
        key: u64,
        rows: [&[(u64, u32)]; 2],
        closed: &mut [bool],
        weigher: &mut Weigher<'_>,
    ) -> Result<(), RunError> {
        let sides = self.sides;
        let now = [0, 1].map(|side| -> Vec<u32> {
            let new = rows[side].iter().map(|(_, row)| *row);
            new.filter(|row| (*row as usize) < sides[side].n).collect()
        });
        if now.iter().any(Vec::is_empty) {
            return Ok(());
        }
        let was = [0, 1].map(|side| -> Vec<u32> {
            let old = rows[side].iter().map(|(_, row)| *row);
            old.filter(|row| sides[side].was[*row as usize]).collect()
        });
        let most = self.frozen.spec.max_block_pairs;
        let pairs = self.n_pairs(now[0].len(), now[1].len());
        let was_large = self.n_pairs(was[0].len(), was[1].len()) > most;
        if pairs <= most {
            self.count.largest_block = self.count.largest_block.max(pairs);
            self.count.blocks += 1;
            self.count.pairs += pairs;
            return self.push([&now[0], &now[1]], was_large, weigher);
        }
        let divided = |rows: &[Vec<u32>; 2]| {
            let rows = [rows[0].as_slice(), rows[1].as_slice()];
            division(self.bound, &self.further, (key, rows), most)
        };
        let found = divided(&now);
        let rows = [now[0].as_slice(), now[1].as_slice()];
        let block = LargeBlock::new(&self.frozen.spec, rows, pairs, found.as_ref());
        let (by, parts) = found.map_or_else(Default::default, |found| (found.by, found.parts));
        let as_before = was_large && divided(&was).map_or_else(Vec::new, |was| was.by) == by;
        if !as_before {
            now[0].iter().for_each(|row| closed[*row as usize] = true);
        }
        self.splits.insert(key, by);
        self.count.add_large(block, parts.len() as u64);
        for (_, part) in parts {
            // In a block that was no larger than the cap all pairs were looked at.
            self.push([&part[0], &part[1]], was_large && !as_before, weigher)?;
        }
        Ok(())
    }

    /// The pairs of these rows that have to be weighed again.
    fn push(
        &self,
        [lefts, all_rights]: [&[u32]; 2],
        all: bool,
        weigher: &mut Weigher<'_>,
    ) -> Result<(), RunError> {
        let again = |side: usize, row: u32| all || self.sides[side].again[row as usize];
        let rights: Vec<u32> = all_rights
            .iter()
            .copied()
            .filter(|row| again(1, *row))
            .collect();
        for left in lefts {
            let rights = if again(0, *left) { all_rights } else { &rights };
            for right in rights {
                if self.may_link(*left, *right) {
                    weigher.push((*left, *right))?;
                }
            }
        }
        Ok(())
    }

    fn may_link(&self, left: u32, right: u32) -> bool {
        let assignment = self.frozen.spec.assignment;
        let left_full = assignment == Assignment::OneToOne && self.sides[0].taken[left as usize];
        let right_full = assignment != Assignment::All && self.sides[1].taken[right as usize];
        !left_full && !right_full && (!self.frozen.within || left < right)
    }
}

/// The rows of the first key in a list.
fn first(list: &[(u64, u32)]) -> &[(u64, u32)] {
    list.chunk_by(|a, b| a.0 == b.0).next().unwrap_or_default()
}

/// Reads all blocks of both versions and weighs the pairs that need it.
pub(super) fn weigh_again(
    frozen: &Frozen,
    bound: &Bound,
    sides: [&Rows; 2],
    budget: Budget,
    observer: &dyn Observer,
) -> Result<Found, RunError> {
    let mut weigher = Weigher::new(frozen, bound, budget, observer);
    let mut closed = vec![false; sides[0].n];
    let (mut rules, mut splits) = (Vec::new(), Vec::new());
    for rule in &frozen.spec.blocking_rules {
        let keys = RuleKeys::new(&frozen.spec, rule);
        let lists = [Side::Left, Side::Right].map(|side| keys.listed(bound, side));
        let mut blocks = Blocks {
            frozen,
            sides,
            bound,
            further: further(&frozen.spec, rule),
            count: RuleCount::none(rule.label()),
            splits: Splits::default(),
        };
        let (mut l, mut r) = (lists[0].as_slice(), lists[1].as_slice());
        while let (Some((a, _)), Some((b, _))) = (l.first(), r.first()) {
            let (in_l, in_r) = (first(l), first(r));
            let order = a.cmp(b);
            if order.is_eq() {
                blocks.read(*a, [in_l, in_r], &mut closed, &mut weigher)?;
            }
            if order.is_le() {
                l = &l[in_l.len()..];
            }
            if order.is_ge() {
                r = &r[in_r.len()..];
            }
        }
        weigher.weigh()?;
        rules.push(blocks.count);
        splits.push((keys, blocks.splits));
    }
    let weighed = weigher.weighed;
    Ok(Found {
        pairs: weigher.finish()?,
        closed,
        rules,
        splits,
        weighed,
    })
}
