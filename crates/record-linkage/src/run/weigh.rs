//! Weighing all candidate pairs: rule after rule, block after block, comparison after comparison.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
};

use rayon::prelude::*;

use super::{Observer, RunError, limits::Budget, plan::Plan};
use crate::{
    blocking::{Candidates, Joined, Task},
    bound::Bound,
    comparison::{Outcome, Reach, Scratch},
    model::TrainedModel,
    score::{Evidence, KnownBars, Weights},
    spec::LinkageSpec,
};

/// Pairs below this many bits under even odds are no serious rivals and are not kept.
pub(crate) const KEEP_FROM: f64 = -8.0;
/// Pairs compared at a time, so that what they touch stays in the processor's memory.
const BATCH: usize = 1024;
/// Tasks of a rule from which the order of comparisons is planned, and pairs of each.
const SAMPLED_TASKS: usize = 64;
const SAMPLED_PAIRS: usize = 32;

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
    known: KnownBars,
    pairs: Vec<(u32, u32)>,
    evidence: Vec<Evidence>,
    outcomes: Vec<Outcome>,
    reaches: Vec<Reach>,
}

struct Weigher<'a> {
    bound: &'a Bound,
    model: &'a TrainedModel,
    weights: Weights,
    free: &'a Free<'a>,
}

/// Weighs every candidate pair of records that are still free, once; keeps those that may matter.
pub(super) fn weigh<'a>(
    spec: &LinkageSpec,
    bound: &'a Bound,
    model: &TrainedModel,
    (free, only): (&Free<'_>, Option<super::Part>),
    budget: &Budget,
    observer: &dyn Observer,
) -> Result<Weighed<'a>, RunError> {
    let weights = Weights::new(model, bound.n_records());
    let weigher = Weigher {
        bound,
        model,
        weights,
        free,
    };
    let rules = crate::blocking::complete::rules(bound, spec);
    let mut candidates = Candidates::open(bound, spec, &rules);
    if budget.counts_pairs() {
        (0..rules.len()).for_each(|place| drop(candidates.join(place)));
        budget.reached(candidates.counts().iter().map(|count| count.pairs).sum())?;
    }
    let n_kept = AtomicU64::new(0);
    let (mut kept, mut bins, mut new_pairs) = (Vec::new(), HashMap::new(), Vec::new());
    let (done, mut total) = (AtomicU64::new(0), 0);
    for place in 0..rules.len() {
        let mut joined = candidates.join(place);
        if let Some(part) = only {
            joined.retain(|key| key % part.of.max(1) == part.number);
        }
        total += joined.n_pairs();
        let tasks: Vec<Task> = joined.tasks();
        let plan = weigher.plan(&candidates, place, &joined, &tasks);
        let parts: Vec<Part> = tasks
            .into_par_iter()
            .map_init(Worker::new, |worker, task| {
                observer.checkpoint()?;
                let (out, n) = weigher.task(worker, &candidates, (place, &plan), &joined, &task);
                let before = done.fetch_add(n, Ordering::Relaxed);
                observer.rows(before + n, total);
                let n_out = out.kept.len() as u64;
                let so_far = n_kept.fetch_add(n_out, Ordering::Relaxed) + n_out;
                budget.kept(so_far, (before + n, total))?;
                Ok(out)
            })
            .collect::<Result<_, RunError>>()?;
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
            known: KnownBars::new(),
            pairs: Vec::with_capacity(BATCH),
            evidence: Vec::new(),
            outcomes: Vec::new(),
            reaches: Vec::new(),
        }
    }
}

impl Weigher<'_> {
    /// One task; also the pairs it looked at.
    fn task(
        &self,
        worker: &mut Worker,
        candidates: &Candidates,
        (place, plan): (usize, &Plan),
        joined: &Joined,
        task: &Task,
    ) -> (Part, u64) {
        let (mut out, mut n) = (Part::default(), 0);
        for (key, lefts, rights) in joined.blocks_of(task) {
            n += lefts.len() as u64 * rights.len() as u64;
            candidates.touch(place, lefts, rights);
            for left in lefts {
                if self.free.one_per_left && self.free.left[*left as usize] {
                    continue;
                }
                for right in rights {
                    if self.free.one_per_right && self.free.right[*right as usize] {
                        continue;
                    }
                    if candidates.belongs(place, key, *left as usize, *right as usize) {
                        worker.pairs.push((*left, *right));
                        if worker.pairs.len() == BATCH {
                            self.batch(worker, plan, &mut out);
                        }
                    }
                }
            }
        }
        self.batch(worker, plan, &mut out);
        (out, n)
    }

    /// In which order the pairs of a rule are best compared, from a few of them.
    fn plan(&self, candidates: &Candidates, place: usize, joined: &Joined, tasks: &[Task]) -> Plan {
        let mut pairs = Vec::new();
        for task in tasks
            .iter()
            .step_by(tasks.len().div_ceil(SAMPLED_TASKS).max(1))
        {
            let of_task = joined.rows_of(task).flat_map(|(key, left, rights)| {
                rights.iter().map(move |right| (key, left, *right))
            });
            let belonging = of_task
                .take(64 * SAMPLED_PAIRS)
                .filter(|(key, left, right)| {
                    candidates.belongs(place, *key, *left as usize, *right as usize)
                });
            let sampled = belonging.take(SAMPLED_PAIRS);
            pairs.extend(sampled.map(|(_, left, right)| (left, right)));
        }
        let least = KEEP_FROM - self.model.prior_weight;
        Plan::new(self.bound, &self.weights, &pairs, least)
    }

    /// Weighs the pairs at hand. After each comparison those go that nothing can lift any more; before a dear one, its bound is asked.
    fn batch(&self, worker: &mut Worker, plan: &Plan, out: &mut Part) {
        let Worker {
            scratch,
            known,
            pairs,
            evidence,
            outcomes,
            reaches,
        } = worker;
        let all = pairs.len() as u64;
        evidence.clear();
        evidence.resize(pairs.len(), Evidence::default());
        for step in &plan.steps {
            let least = KEEP_FROM - self.model.prior_weight - step.rest;
            if step.ask_first {
                self.bound.reach_of_many(step.k, pairs, reaches);
                retain(pairs, evidence, |i, evidence| {
                    evidence.matching + self.weights.most_at(step.k, reaches[i]) >= least
                });
            }
            self.bound.compare_many(step.k, pairs, scratch, outcomes);
            self.weights.add_known(step.k, outcomes, evidence, known);
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
        // Written in any case: which pairs stay is hard to foretell for a processor.
        let stays = keep(i, &evidence[i]);
        pairs[n] = pairs[i];
        evidence[n] = evidence[i];
        n += usize::from(stays);
    }
    pairs.truncate(n);
    evidence.truncate(n);
}
