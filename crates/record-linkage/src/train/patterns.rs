//! Agreement patterns of the pairs that a training rule selects, as counts.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use crate::{
    blocking::Candidates,
    bound::{Bound, Pattern},
    comparison::{Outcome, Scratch, mix},
    distinct::FastHash,
    run::{Cancelled, Observer},
    spec::LinkageSpec,
};

/// Pairs compared on one thing before the next.
const BATCH: usize = 1 << 10;

type Counts = HashMap<Pattern, u64, FastHash>;

/// A worker's buffers.
struct Worker {
    scratch: Scratch,
    pairs: Vec<(u32, u32)>,
    found: Vec<Outcome>,
    patterns: Vec<Pattern>,
}

impl Worker {
    fn new() -> Self {
        Self {
            scratch: Scratch::new(),
            pairs: Vec::with_capacity(BATCH),
            found: Vec::new(),
            patterns: Vec::new(),
        }
    }

    fn count(&mut self, bound: &Bound, counts: &mut Counts) {
        bound.patterns(
            &self.pairs,
            &mut self.scratch,
            &mut self.found,
            &mut self.patterns,
        );
        for pattern in &self.patterns {
            *counts.entry(*pattern).or_insert(0) += 1;
        }
        self.pairs.clear();
    }
}

/// Pattern counts of the pairs a training rule selects, thinned evenly over the left rows when there are too many.
pub(super) fn block_patterns(
    bound: &Bound,
    spec: &LinkageSpec,
    rule: &crate::spec::BlockingRule,
    observer: &dyn Observer,
) -> Result<Vec<(Pattern, u64)>, Cancelled> {
    let mut candidates = Candidates::open(bound, spec, std::slice::from_ref(rule));
    let joined = candidates.join(0);
    let reached: u64 = candidates.counts().iter().map(|count| count.pairs).sum();
    let stride = reached.div_ceil(spec.max_training_pairs).max(1);
    let counts = joined
        .tasks()
        .into_par_iter()
        .map_init(Worker::new, |worker, task| {
            observer.checkpoint()?;
            let mut counts = Counts::default();
            for (key, left, rights) in joined.rows_of(&task) {
                if mix(spec.seed, u64::from(left)).is_multiple_of(stride) {
                    for right in rights {
                        if candidates.belongs(0, key, left as usize, *right as usize) {
                            worker.pairs.push((left, *right));
                            if worker.pairs.len() == BATCH {
                                worker.count(bound, &mut counts);
                            }
                        }
                    }
                }
            }
            worker.count(bound, &mut counts);
            Ok(counts)
        })
        .try_reduce(Counts::default, |a, b| {
            let (mut large, small) = if a.len() >= b.len() { (a, b) } else { (b, a) };
            for (pattern, n) in small {
                *large.entry(pattern).or_insert(0) += n;
            }
            Ok(large)
        })?;
    let sorted: BTreeMap<_, _> = counts.into_iter().collect();
    Ok(sorted.into_iter().collect())
}
