//! Pairs with a tag in common: a sorted merge of the tags of both sides.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::{LinkError, LinkOptions};
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

/// Bytes of a tag with its row and slot.
const PER_TAG: u64 = size_of::<Tagged>() as u64;
/// Bytes of a pair from here to the choice of links: itself, its pattern, its weights, and its place among its rivals.
const PER_PAIR: u64 = 136;

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
///
/// # Errors
/// [`LinkError::Memory`].
pub(super) fn find(
    left: &Encoding,
    right: &Encoding,
    options: LinkOptions,
) -> Result<Found, LinkError> {
    let slots = &left.header().slots;
    let without_pairs = left.bytes()
        + right.bytes()
        + (left.n_rows() + right.n_rows()) as u64 * slots.len() as u64 * PER_TAG;
    fits(without_pairs, options.memory_bytes)?;
    let (lefts, rights) = (sorted(left), sorted(right));
    let most_pairs = options.most_pairs_per_tag;
    let (mut n_pairs, mut skipped_pairs) = (0, 0);
    for (group, others) in common(&lefts, &rights) {
        let n = group.len() as u64 * others.len() as u64;
        *if n > most_pairs {
            &mut skipped_pairs
        } else {
            &mut n_pairs
        } += n;
    }
    fits(without_pairs + n_pairs * PER_PAIR, options.memory_bytes)?;
    let mut pairs = Vec::with_capacity(n_pairs as usize);
    for (group, others) in common(&lefts, &rights) {
        if group.len() as u64 * others.len() as u64 > most_pairs {
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
    Ok(Found {
        pairs,
        per_rule: per_rule
            .into_iter()
            .map(|(slot, n)| (slots[usize::from(slot)].rule, n))
            .collect(),
        skipped_pairs,
    })
}

/// Records of both sides with a tag in common, tag by tag.
fn common<'a>(
    lefts: &'a [Tagged],
    rights: &'a [Tagged],
) -> impl Iterator<Item = (&'a [Tagged], &'a [Tagged])> {
    let mut rest = rights;
    lefts.chunk_by(|a, b| a.0 == b.0).map(move |group| {
        let tag = group[0].0;
        rest = &rest[rest.partition_point(|other| other.0 < tag)..];
        let n_others = rest.iter().take_while(|other| other.0 == tag).count();
        (group, &rest[..n_others])
    })
}

fn fits(needed: u64, allowed: Option<u64>) -> Result<(), LinkError> {
    match allowed {
        Some(allowed) if needed > allowed => Err(LinkError::Memory { needed, allowed }),
        _ => Ok(()),
    }
}
