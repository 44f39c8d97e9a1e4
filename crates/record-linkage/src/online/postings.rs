//! Per blocking rule: which records have a key.

use crate::{bound::Bound, comparison::Side, keys::RuleKeys};

/// Records by key: those of `keys[i]` lie before `ends[i]`, in ascending order.
pub(super) struct Postings {
    keys: Vec<u64>,
    ends: Vec<u32>,
    rows: Vec<u32>,
}

impl Postings {
    /// Of the left side.
    pub(super) fn new(bound: &Bound, rule: &RuleKeys) -> Self {
        let listed = rule.listed(bound, Side::Left);
        let n = listed.chunk_by(|a, b| a.0 == b.0).count();
        let mut all = Self {
            keys: Vec::with_capacity(n),
            ends: Vec::with_capacity(n),
            rows: Vec::with_capacity(listed.len()),
        };
        for (key, row) in listed {
            if all.keys.last() != Some(&key) {
                all.keys.push(key);
                all.ends.push(all.rows.len() as u32);
            }
            all.rows.push(row);
            if let Some(end) = all.ends.last_mut() {
                *end += 1;
            }
        }
        all
    }

    /// Records with a key, ascending.
    pub(super) fn of(&self, key: u64) -> &[u32] {
        let Ok(place) = self.keys.binary_search(&key) else {
            return &[];
        };
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.rows[start as usize..self.ends[place] as usize]
    }

    /// Bytes in memory.
    pub(super) fn n_bytes(&self) -> usize {
        8 * self.keys.capacity() + 4 * (self.ends.capacity() + self.rows.capacity())
    }
}
