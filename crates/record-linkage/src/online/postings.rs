//! Per blocking rule: which records have a key, in about seven bytes a record.

use crate::{bound::Bound, comparison::Side, keys::RuleKeys};

/// Records per bucket, about.
const PER_BUCKET: usize = 4;

/// Records by key. The first bits of a key choose a bucket, the next 16 are kept as a tag; the rest is forgotten, so that once in 65,536 a
/// record is named that has another key. Whoever asks checks what is left in the end.
pub(super) struct Postings {
    /// How many bits choose the bucket, at least 1.
    bits: u32,
    /// Where each bucket begins, and the end.
    starts: Vec<u32>,
    /// By bucket, tag and row.
    tags: Vec<u16>,
    rows: Vec<u32>,
}

impl Postings {
    /// Of the left side.
    pub(super) fn new(bound: &Bound, rule: &RuleKeys) -> Self {
        let listed = rule.listed(bound, Side::Left);
        let bits = (listed.len() / PER_BUCKET).max(2).ilog2();
        let mut starts = vec![0; (1 << bits) + 1];
        for (key, _) in &listed {
            starts[(key >> (64 - bits)) as usize + 1] += 1;
        }
        for bucket in 1..starts.len() {
            starts[bucket] += starts[bucket - 1];
        }
        Self {
            bits,
            starts,
            tags: listed.iter().map(|(key, _)| tag(*key, bits)).collect(),
            rows: listed.iter().map(|(_, row)| *row).collect(),
        }
    }

    /// Records with a key.
    pub(super) fn of(&self, key: u64) -> &[u32] {
        let bucket = (key >> (64 - self.bits)) as usize;
        let [start, end] = [self.starts[bucket], self.starts[bucket + 1]].map(|at| at as usize);
        let (tags, tag) = (&self.tags[start..end], tag(key, self.bits));
        let from = tags.partition_point(|other| *other < tag);
        let to = tags.partition_point(|other| *other <= tag);
        &self.rows[start + from..start + to]
    }

    /// Bytes in memory.
    pub(super) fn n_bytes(&self) -> usize {
        4 * (self.starts.capacity() + self.rows.capacity()) + 2 * self.tags.capacity()
    }
}

const fn tag(key: u64, bits: u32) -> u16 {
    ((key << bits) >> 48) as u16
}
