//! Pairs with a tag in common: a sorted merge of the tags of both sides.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::{
    file::Encoding,
    rules::{Rule, Slot},
};

/// A pair and the first slots in which it has a tag in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    pub(super) left: u32,
    pub(super) right: u32,
    pub(super) left_slot: u8,
    pub(super) right_slot: u8,
    pub(super) by_bsn: bool,
    /// Which rules found the pair, by the place of their first slot.
    pub(super) rules: u32,
}

/// All pairs, sorted.
pub(super) struct Found {
    pub(super) pairs: Vec<Candidate>,
    pub(super) per_rule: Vec<(Rule, u64)>,
    pub(super) skipped_pairs: u64,
}

/// Place of the first slot with the same rule.
pub(super) fn first_of(slots: &[Slot], slot: u8) -> u8 {
    let rule = slots[usize::from(slot)].rule;
    slots
        .iter()
        .position(|other| other.rule == rule)
        .map_or(slot, |place| place as u8)
}

type Tagged = (u64, u32, u8);

fn sorted(encoding: &Encoding) -> Vec<Tagged> {
    let n_slots = encoding.header().slots.len();
    let mut tags: Vec<Tagged> = (0..encoding.n_rows())
        .into_par_iter()
        .flat_map_iter(|row| {
            (0..n_slots).map(move |slot| (encoding.tag(row, slot), row as u32, slot as u8))
        })
        .collect();
    tags.par_sort_unstable();
    tags
}

/// Every pair with a common tag, once.
pub(super) fn find(left: &Encoding, right: &Encoding, most_pairs: u64) -> Found {
    let slots = &left.header().slots;
    let (lefts, rights) = (sorted(left), sorted(right));
    let mut skipped_pairs = 0;
    let mut pairs = Vec::new();
    let mut rest: &[Tagged] = &rights;
    for group in lefts.chunk_by(|a, b| a.0 == b.0) {
        let tag = group[0].0;
        rest = &rest[rest.partition_point(|other| other.0 < tag).min(rest.len())..];
        let others = &rest[..rest.iter().take_while(|other| other.0 == tag).count()];
        let n_pairs = group.len() as u64 * others.len() as u64;
        if n_pairs > most_pairs {
            skipped_pairs += n_pairs;
            continue;
        }
        for (_, left, left_slot) in group {
            for (_, right, right_slot) in others {
                let first = first_of(slots, *left_slot);
                pairs.push(Candidate {
                    left: *left,
                    right: *right,
                    left_slot: *left_slot,
                    right_slot: *right_slot,
                    by_bsn: slots[usize::from(*left_slot)].rule == Rule::Bsn,
                    rules: 1 << first,
                });
            }
        }
    }
    pairs.par_sort_unstable();
    pairs.dedup_by(|later, kept| {
        let same = (later.left, later.right) == (kept.left, kept.right);
        if same {
            kept.rules |= later.rules;
            kept.by_bsn |= later.by_bsn;
        }
        same
    });
    let mut per_rule = BTreeMap::new();
    for pair in &pairs {
        for slot in 0..slots.len() as u8 {
            if pair.rules >> slot & 1 == 1 {
                *per_rule.entry(slot).or_insert(0) += 1;
            }
        }
    }
    Found {
        pairs,
        per_rule: per_rule
            .into_iter()
            .map(|(slot, n)| (slots[usize::from(slot)].rule, n))
            .collect(),
        skipped_pairs,
    }
}
