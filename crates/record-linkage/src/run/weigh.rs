//! Weighing all candidate pairs: rule after rule, block after block, comparison after comparison.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
};

use rayon::prelude::*;

use super::{Cancelled, Observer};
use crate::{
    blocking::{Candidates, Joined, Task},
    bound::Bound,
    comparison::{Outcome, Scratch},
    model::TrainedModel,
    score::{Evidence, Weights},
    spec::LinkageSpec,
};

/// Pairs below this many bits under even odds are no serious rivals and are not kept.
pub(crate) const KEEP_FROM: f64 = -8.0;
/// Pairs compared at a time, so that what they touch stays in the processor's memory.
const BATCH: usize = 2048;

/// Which records may still get a partner.
pub(super) struct Free<'a> {
    pub(super) left: &'a [bool],
    pub(super) right: &'a [bool],
    pub(super) one_per_left: bool,
    pub(super) one_per_right: bool,
}

/// What came of it.
pub(super) struct Weighed<'a> {
    /// Pairs that may matter, sorted by left and right row.
    pub(super) kept: Vec<(u32, u32, Evidence)>,
    /// Pairs per whole bit of weight.
    pub(super) bins: HashMap<i32, u64>,
    /// Pairs per rule that no earlier rule reached.
    pub(super) new_pairs: Vec<u64>,
    /// The rules, all joined.
    pub(super) candidates: Candidates<'a>,
}

/// What one task found.
#[derive(Default)]
struct Part {
    kept: Vec<(u32, u32, Evidence)>,
    bins: HashMap<i32, u64>,
}

/// A worker's buffers.
struct Worker {
    scratch: Scratch,
    pairs: Vec<(u32, u32)>,
    evidence: Vec<Evidence>,
    outcomes: Vec<Outcome>,
    at_best: Vec<Option<Outcome>>,
}

struct Weigher<'a> {
    bound: &'a Bound,
    model: &'a TrainedModel,
    weights: Weights,
    /// Comparisons in the order they are done, each with the most that those after it can add.
    order: Vec<(usize, f64)>,
    free: &'a Free<'a>,
}

/// Weighs every candidate pair of records that are still free, once; keeps those that may matter.
pub(super) fn weigh<'a>(
    spec: &LinkageSpec,
    bound: &'a Bound,
    model: &TrainedModel,
    free: &Free<'_>,
    observer: &dyn Observer,
) -> Result<Weighed<'a>, Cancelled> {
    let weights = Weights::new(model, bound.n_records());
    let order = bound.by_cost();
    let order = order
        .iter()
        .enumerate()
        .map(|(i, k)| {
            (
                *k,
                order[i + 1..]
                    .iter()
                    .map(|later| weights.most(*later))
                    .sum(),
            )
        })
        .collect();
    let weigher = Weigher {
        bound,
        model,
        weights,
        order,
        free,
    };
    let rules = crate::blocking::complete::rules(bound, spec);
    let mut candidates = Candidates::open(bound, spec, &rules);
    let (mut kept, mut bins, mut new_pairs) = (Vec::new(), HashMap::new(), Vec::new());
    let (done, mut total) = (AtomicU64::new(0), 0);
    for place in 0..rules.len() {
        let joined = candidates.join(place);
        total += joined.n_pairs();
        let tasks: Vec<Task> = joined.tasks();
        let parts: Vec<Part> = tasks
            .into_par_iter()
            .map_init(Worker::new, |worker, task| {
                observer.checkpoint()?;
                let (out, n) = weigher.task(worker, &candidates, place, &joined, &task);
                let before = done.fetch_add(n, Ordering::Relaxed);
                observer.rows(before + n, total);
                Ok(out)
            })
            .collect::<Result<_, Cancelled>>()?;
        new_pairs.push(0);
        for part in parts {
            kept.extend(part.kept);
            for (bin, n) in part.bins {
                *bins.entry(bin).or_insert(0) += n;
                new_pairs[place] += n;
            }
        }
    }
    kept.par_sort_unstable_by_key(|(left, right, _): &(u32, u32, Evidence)| (*left, *right));
    Ok(Weighed {
        kept,
        bins,
        new_pairs,
        candidates,
    })
}

impl Worker {
    fn new() -> Self {
        Self {
            scratch: Scratch::new(),
            pairs: Vec::with_capacity(BATCH),
            evidence: Vec::new(),
            outcomes: Vec::new(),
            at_best: Vec::new(),
        }
    }
}

impl Weigher<'_> {
    /// One task; also the pairs it looked at.
    fn task(
        &self,
        worker: &mut Worker,
        candidates: &Candidates,
        place: usize,
        joined: &Joined,
        task: &Task,
    ) -> (Part, u64) {
        let (mut out, mut n) = (Part::default(), 0);
        for (key, left, rights) in joined.rows_of(task) {
            n += rights.len() as u64;
            if self.free.one_per_left && self.free.left[left as usize] {
                continue;
            }
            for right in rights {
                if self.free.one_per_right && self.free.right[*right as usize] {
                    continue;
                }
                if candidates.belongs(place, key, left as usize, *right as usize) {
                    worker.pairs.push((left, *right));
                    if worker.pairs.len() == BATCH {
                        self.batch(worker, &mut out);
                    }
                }
            }
        }
        self.batch(worker, &mut out);
        (out, n)
    }

    /// Weighs the pairs at hand. After each comparison those go that nothing can lift any more.
    fn batch(&self, worker: &mut Worker, out: &mut Part) {
        let Worker {
            scratch,
            pairs,
            evidence,
            outcomes,
            at_best,
        } = worker;
        let all = pairs.len() as u64;
        evidence.clear();
        evidence.resize(pairs.len(), Evidence::default());
        for (place, (k, rest)) in self.order.iter().enumerate() {
            let least = KEEP_FROM - self.model.prior_weight - rest;
            // Before the last comparison, the dearest, what it can add at best is asked first.
            if place > 0 && place + 1 == self.order.len() {
                self.bound.at_best(*k, pairs, at_best);
                let most = |i: usize| {
                    at_best[i].map_or(f64::INFINITY, |best| self.weights.most_at(*k, best))
                };
                retain(pairs, evidence, |i, evidence| {
                    evidence.matching + most(i) >= least
                });
            }
            self.bound.compare_many(*k, pairs, scratch, outcomes);
            self.weights.add(*k, outcomes, evidence);
            retain(pairs, evidence, |_, evidence| evidence.matching >= least);
        }
        let low = KEEP_FROM as i32 - 1;
        let mut counted = 0;
        for ((left, right), evidence) in pairs.iter().zip(evidence.iter()) {
            let weight = evidence.matching
                + self.model.prior_weight
                + self
                    .weights
                    .household_bar(*evidence, self.model.household_weight);
            if weight >= KEEP_FROM {
                *out.bins.entry(weight.floor() as i32).or_insert(0) += 1;
                counted += 1;
                out.kept.push((*left, *right, *evidence));
            }
        }
        if all > counted {
            *out.bins.entry(low).or_insert(0) += all - counted;
        }
        pairs.clear();
    }
}

/// Keeps the pairs for which `keep` holds; `i` is a pair's place before.
fn retain(
    pairs: &mut Vec<(u32, u32)>,
    evidence: &mut Vec<Evidence>,
    keep: impl Fn(usize, &Evidence) -> bool,
) {
    let mut n = 0;
    for i in 0..pairs.len() {
        if keep(i, &evidence[i]) {
            pairs[n] = pairs[i];
            evidence[n] = evidence[i];
            n += 1;
        }
    }
    pairs.truncate(n);
    evidence.truncate(n);
}
