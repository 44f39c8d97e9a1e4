//! Blocking keys of single records, for whoever looks records up instead of joining files.

use rayon::prelude::*;

use crate::{
    bound::Bound,
    comparison::{Side, mix},
    spec::{BlockingRule, KeyFunction, LinkageSpec},
};

/// Rows per task while keys are listed.
const CHUNK_ROWS: usize = 8192;

/// A rule as places in a spec.
#[derive(Clone, Debug)]
pub(crate) struct RuleKeys {
    /// Comparison and what is asked of it; `None` when the rule names what the spec does not compare, and so never holds.
    parts: Option<Vec<(usize, KeyFunction)>>,
}

/// A worker's buffers.
#[derive(Default)]
pub(crate) struct KeyWork {
    values: Vec<u64>,
    next: Vec<u64>,
}

impl RuleKeys {
    pub(crate) fn new(spec: &LinkageSpec, rule: &BlockingRule) -> Self {
        let parts: Option<Vec<_>> = rule
            .keys
            .iter()
            .map(|key| Some((spec.position(&key.comparison)?, key.key)))
            .collect();
        Self {
            parts: parts.filter(|parts| !parts.is_empty()),
        }
    }

    /// Keys of a row, sorted, each once: the product of the keys of its parts. Two records share a key when the rule holds for them.
    pub(crate) fn of(
        &self,
        bound: &Bound,
        side: Side,
        row: usize,
        work: &mut KeyWork,
        keys: &mut Vec<u64>,
    ) {
        keys.clear();
        let Some(parts) = &self.parts else { return };
        keys.push(17);
        for (comparison, key) in parts {
            work.values.clear();
            bound.atom_keys(*comparison, side, row, *key, &mut work.values);
            work.next.clear();
            for known in keys.iter() {
                work.next
                    .extend(work.values.iter().map(|value| mix(*known, *value)));
            }
            std::mem::swap(keys, &mut work.next);
        }
        if keys.len() > 1 {
            keys.sort_unstable();
            keys.dedup();
        }
    }

    /// Keys of many rows with the row of each, sorted.
    pub(crate) fn listed(&self, bound: &Bound, side: Side) -> Vec<(u64, u32)> {
        let n = bound.n_rows(side);
        let chunks: Vec<Vec<(u64, u32)>> = (0..n.div_ceil(CHUNK_ROWS))
            .into_par_iter()
            .map_init(
                || (KeyWork::default(), Vec::new()),
                |(work, keys), chunk| {
                    let mut out = Vec::with_capacity(CHUNK_ROWS);
                    for row in chunk * CHUNK_ROWS..((chunk + 1) * CHUNK_ROWS).min(n) {
                        self.of(bound, side, row, work, keys);
                        out.extend(keys.iter().map(|key| (*key, row as u32)));
                    }
                    out
                },
            )
            .collect();
        let mut all = chunks.concat();
        all.par_sort_unstable();
        all
    }
}
