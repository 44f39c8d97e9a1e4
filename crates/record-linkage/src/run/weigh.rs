//! Weighing all candidate pairs: rule after rule, block after block, comparison after comparison.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
};

use rayon::prelude::*;

use super::{
    Observer, RuleResult, RunError, WeightBin,
    limits::Budget,
    plan::Plan,
    sieve::{LEFTS, RIGHTS, Sieve},
};
use crate::{
    blocking::{Candidates, Joined, TASK_PAIRS, Task},
    bound::Bound,
    comparison::{Outcome, Reach, Scratch},
    model::TrainedModel,
    score::{Evidence, KnownBars, Weights},
    spec::LinkageSpec,
};

/// Pairs below this many bits under even odds are no serious rivals and are not kept.
pub(crate) const KEEP_FROM: f64 = -8.0;
/// The bin of all pairs below.
const LOWEST_BIN: i32 = KEEP_FROM as i32 - 1;
/// Tasks whose pairs are in memory before they are handed over; fixed, so that nothing depends on the number of threads.
const AT_A_TIME: usize = 128;
/// Most pairs that are in memory before they are handed over.
pub(super) const MOST_AT_ONCE: u64 = AT_A_TIME as u64 * TASK_PAIRS;
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

impl Free<'_> {
    /// The rows that may still get a partner; `rows` is overwritten.
    fn fill(&self, rows: &mut [Vec<u32>; 2], lefts: &[u32], rights: &[u32]) {
        rows.iter_mut().for_each(Vec::clear);
        let is_free = |taken: &[bool], only_one: bool, row: u32| !only_one || !taken[row as usize];
        let lefts = lefts.iter().copied();
        rows[0].extend(lefts.filter(|row| is_free(self.left, self.one_per_left, *row)));
        let rights = rights.iter().copied();
        rows[1].extend(rights.filter(|row| is_free(self.right, self.one_per_right, *row)));
    }
}

/// Every left row with every right row.
fn pairs_of<'a>(lefts: &'a [u32], rights: &'a [u32]) -> impl Iterator<Item = (u32, u32)> + 'a {
    lefts
        .iter()
        .flat_map(move |left| rights.iter().map(move |right| (*left, *right)))
}

/// A pair that may matter: left row, right row, what speaks for it.
pub(super) type Pair = (u32, u32, Evidence);

/// What came of it, besides the pairs.
pub(super) struct Weighed<'a> {
    /// Pairs per whole bit of weight.
    pub(super) bins: HashMap<i32, u64>,
    /// Pairs per rule that no earlier rule reached.
    pub(super) new_pairs: Vec<u64>,
    /// The rules, all joined.
    pub(super) candidates: Candidates<'a>,
}

impl Weighed<'_> {
    /// What each rule did.
    pub(super) fn rules(&self) -> Vec<RuleResult> {
        let counts = self.candidates.counts().into_iter();
        counts
            .zip(&self.new_pairs)
            .map(|(count, new_pairs)| RuleResult {
                count,
                new_pairs: *new_pairs,
            })
            .collect()
    }

    /// The histogram of weights.
    pub(super) fn weight_bins(&self) -> Vec<WeightBin> {
        let bins = self.bins.iter();
        let mut bins: Vec<WeightBin> = bins
            .map(|(weight, pairs)| WeightBin {
                weight: *weight,
                pairs: *pairs,
            })
            .collect();
        bins.sort_by_key(|bin| bin.weight);
        bins
    }
}

/// What one task found.
#[derive(Default)]
struct Part {
    kept: Vec<Pair>,
    bins: HashMap<i32, u64>,
}

/// A worker's buffers.
struct Worker {
    scratch: Scratch,
    known: KnownBars,
    pairs: Vec<(u32, u32)>,
    /// Rows of the blocks that the pairs are of, each once: what is read before it is compared.
    fresh: Vec<(u32, u32)>,
    evidence: Vec<Evidence>,
    outcomes: Vec<Outcome>,
    reaches: Vec<Reach>,
    /// Rows of a block that are still free, left and right.
    rows: [Vec<u32>; 2],
    /// Ceilings of the pairs of a tile, and whether they belong to the block.
    looked: (Vec<f32>, Vec<bool>),
}

struct Weigher<'a> {
    bound: &'a Bound,
    model: &'a TrainedModel,
    weights: Weights,
    free: &'a Free<'a>,
}

/// Weighs every candidate pair of records that are still free, once, and hands over those that may matter, in an order that does not depend
/// on the number of threads, with how many pairs are looked at of how many. No more of them are in memory than some tasks find.
pub(super) fn weigh_each<'a>(
    spec: &'a LinkageSpec,
    bound: &'a Bound,
    model: &TrainedModel,
    (free, only): (&Free<'_>, Option<super::Part>),
    budget: &Budget,
    observer: &dyn Observer,
    mut take: impl FnMut(Vec<Pair>, (u64, u64)) -> Result<(), RunError>,
) -> Result<Weighed<'a>, RunError> {
    let weights = Weights::new(model, bound.n_records());
    let weigher = Weigher {
        bound,
        model,
        weights,
        free,
    };
    let rules = crate::blocking::complete::rules(bound, spec);
    let mut candidates = Candidates::open_dividing(bound, spec, &rules);
    if budget.counts_pairs() {
        (0..rules.len()).for_each(|place| drop(candidates.join(place)));
        budget.reached(candidates.counts().iter().map(|count| count.pairs).sum())?;
    }
    let (mut bins, mut new_pairs) = (HashMap::new(), Vec::new());
    let (done, mut total) = (AtomicU64::new(0), 0);
    for place in 0..rules.len() {
        let mut joined = candidates.join(place);
        if let Some(part) = only {
            joined.retain(|key| key % part.of.max(1) == part.number);
        }
        total += joined.n_pairs();
        let tasks: Vec<Task> = joined.tasks();
        let plan = weigher.plan(&candidates, place, &joined, &tasks);
        new_pairs.push(0);
        for tasks in tasks.chunks(AT_A_TIME) {
            let parts: Vec<Part> = tasks
                .par_iter()
                .map_init(Worker::new, |worker, task| {
                    observer.checkpoint()?;
                    let (out, n) = weigher.task(worker, &candidates, (place, &plan), &joined, task);
                    let before = done.fetch_add(n, Ordering::Relaxed);
                    observer.rows(before + n, total);
                    Ok(out)
                })
                .collect::<Result<_, RunError>>()?;
            for part in parts {
                take(part.kept, (done.load(Ordering::Relaxed), total))?;
                for (bin, n) in part.bins {
                    *bins.entry(bin).or_insert(0) += n;
                    new_pairs[place] += n;
                }
            }
        }
    }
    Ok(Weighed {
        bins,
        new_pairs,
        candidates,
    })
}

/// [`weigh_each`], with all pairs that may matter in memory as far as the budget allows; sorted by left and right row.
pub(super) fn weigh<'a>(
    spec: &'a LinkageSpec,
    bound: &'a Bound,
    model: &TrainedModel,
    which: (&Free<'_>, Option<super::Part>),
    budget: &Budget,
    observer: &dyn Observer,
) -> Result<(Vec<Pair>, Weighed<'a>), RunError> {
    let mut kept: Vec<Pair> = Vec::new();
    let take = |found: Vec<Pair>, done| {
        kept.extend(found);
        budget.kept(kept.len() as u64, done)
    };
    let weighed = weigh_each(spec, bound, model, which, budget, observer, take)?;
    kept.par_sort_unstable_by_key(|(left, right, _)| (*left, *right));
    Ok((kept, weighed))
}

impl Worker {
    fn new() -> Self {
        Self {
            scratch: Scratch::new(),
            known: KnownBars::new(),
            pairs: Vec::with_capacity(BATCH),
            fresh: Vec::new(),
            evidence: Vec::new(),
            outcomes: Vec::new(),
            reaches: Vec::new(),
            rows: [Vec::new(), Vec::new()],
            looked: (Vec::new(), Vec::new()),
        }
    }
}

impl Worker {
    /// Notes the rows of a block.
    fn read_first(&mut self, lefts: &[u32], rights: &[u32]) {
        let (Some(last_left), Some(last_right)) = (lefts.last(), rights.last()) else {
            return;
        };
        let rows = (0..lefts.len().max(rights.len())).map(|i| {
            (
                *lefts.get(i).unwrap_or(last_left),
                *rights.get(i).unwrap_or(last_right),
            )
        });
        self.fresh.extend(rows);
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
            let mut rows = std::mem::take(&mut worker.rows);
            self.free.fill(&mut rows, lefts, rights);
            let [lefts, rights] = &rows;
            let of = (candidates, place, key);
            if Sieve::pays(lefts.len(), rights.len()) {
                for lefts in lefts.chunks(LEFTS) {
                    for rights in rights.chunks(RIGHTS) {
                        self.tile(worker, plan, of, (lefts, rights), &mut out);
                    }
                }
            } else {
                worker.read_first(lefts, rights);
                for (left, right) in pairs_of(lefts, rights) {
                    if candidates.belongs(place, key, left as usize, right as usize) {
                        worker.pairs.push((left, right));
                        if worker.pairs.len() == BATCH {
                            self.batch(worker, plan, &mut out);
                        }
                    }
                }
            }
            worker.rows = rows;
        }
        self.batch(worker, plan, &mut out);
        (out, n)
    }

    /// The pairs of some rows of a block: those that can matter are put with the pairs at hand.
    fn tile(
        &self,
        worker: &mut Worker,
        plan: &Plan,
        (candidates, place, key): (&Candidates, usize, u64),
        (lefts, rights): (&[u32], &[u32]),
        out: &mut Part,
    ) {
        let sieve = self.sieve();
        let (mut ceilings, mut belong) = std::mem::take(&mut worker.looked);
        sieve.look(lefts, rights, &mut ceilings);
        candidates.belonging((place, key), (lefts, rights), &mut belong);
        let mut without: u64 = belong.iter().map(|belongs| u64::from(*belongs)).sum();
        let looked = ceilings.iter().zip(&belong);
        for ((left, right), (ceiling, belongs)) in pairs_of(lefts, rights).zip(looked) {
            if !(sieve.passes(*ceiling) && *belongs) {
                continue;
            }
            without -= 1;
            worker.pairs.push((left, right));
            worker.fresh.push((left, right));
            if worker.pairs.len() == BATCH {
                self.batch(worker, plan, out);
            }
        }
        if without > 0 {
            *out.bins.entry(LOWEST_BIN).or_insert(0) += without;
        }
        worker.looked = (ceilings, belong);
    }

    fn sieve(&self) -> Sieve<'_> {
        Sieve::new(self.bound, &self.weights, self.model.prior_weight)
    }

    /// In which order the pairs of a rule are best compared, from a few of them.
    fn plan(&self, candidates: &Candidates, place: usize, joined: &Joined, tasks: &[Task]) -> Plan {
        let (sieve, mut pairs, mut ceilings) = (self.sieve(), Vec::new(), Vec::new());
        for task in tasks
            .iter()
            .step_by(tasks.len().div_ceil(SAMPLED_TASKS).max(1))
        {
            let of_task = joined.blocks_of(task).flat_map(|(key, lefts, rights)| {
                let sieved = Sieve::pays(lefts.len(), rights.len());
                pairs_of(lefts, rights).map(move |pair| (key, sieved, pair))
            });
            let weighed =
                of_task
                    .take(64 * SAMPLED_PAIRS)
                    .filter(|(key, sieved, (left, right))| {
                        candidates.belongs(place, *key, *left as usize, *right as usize) && {
                            if *sieved {
                                sieve.look(&[*left], &[*right], &mut ceilings);
                            }
                            !*sieved || sieve.passes(ceilings[0])
                        }
                    });
            pairs.extend(weighed.take(SAMPLED_PAIRS).map(|(_, _, pair)| pair));
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
            fresh,
            evidence,
            outcomes,
            reaches,
            ..
        } = worker;
        let all = pairs.len() as u64;
        evidence.clear();
        evidence.resize(pairs.len(), Evidence::default());
        for step in &plan.steps {
            let least = KEEP_FROM - self.model.prior_weight - step.rest;
            // A block has many more pairs than rows; what is left of its pairs may have fewer.
            let few = fresh.len() < pairs.len();
            self.bound.touch(step.k, if few { fresh } else { pairs });
            if step.ask_first {
                self.bound.reach_of_many(step.k, pairs, reaches);
                retain(pairs, evidence, |i, evidence| {
                    evidence.matching + self.weights.most_at(step.k, reaches[i]) >= least
                });
            }
            self.bound.compare_touched(step.k, pairs, scratch, outcomes);
            self.weights.add_known(step.k, outcomes, evidence, known);
            retain(pairs, evidence, |_, evidence| evidence.matching >= least);
        }
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
            *out.bins.entry(LOWEST_BIN).or_insert(0) += all - counted;
        }
        pairs.clear();
        fresh.clear();
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
