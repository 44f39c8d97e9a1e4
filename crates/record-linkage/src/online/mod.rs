//! One new record against many: an index of a table under a trained model, and its best candidates with their waterfalls.
//!
//! The index is the table as the engine binds it, with the rows of each blocking key. A record is bound to it by the same code as a whole
//! file and compared by the same code, so a pair weighs what it weighs in the run the model comes from, to the last bit. How common values
//! are is taken from the files of that run and does not move with what is asked.
//!
//! A key that many records share (an address of a shelter, 1 January) would make one question expensive. Lists are looked through from the
//! shortest on while the limit allows; what was left out is said in the answer.

mod postings;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    assign::{Components, Edge, compete},
    blocking::complete,
    bound::Bound,
    comparison::{Outcome, Scratch, Side},
    keys::{KeyWork, RuleKeys},
    model::TrainedModel,
    run::KEEP_FROM,
    score::{Evidence, Weights, probability},
    spec::{Assignment, BlockingRule, LinkageSpec},
    table::Table,
    waterfall::{Waterfall, explain},
};
use postings::Postings;

/// What a question may cost, and how much it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Records compared at most.
    pub compared: usize,
    /// Candidates answered at most, the best.
    pub candidates: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            compared: 1000,
            candidates: 10,
        }
    }
}

/// A record that may be the same person.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Row of the indexed table.
    pub row: u32,
    /// What the other candidates take away, never above zero. Links that other records may have are not looked at.
    pub rival_bar: f64,
    /// log2 odds of being one person, rivals included.
    pub match_weight: f64,
    /// The same as probability.
    pub match_probability: f64,
    /// Why.
    pub waterfall: Waterfall,
}

/// Records that share a key with the new one and were not compared, because the key is too common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotCompared {
    /// The blocking rule.
    pub rule: String,
    /// Records with the key. Some of them may have been compared by another rule.
    pub records: u64,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The best candidates, best first.
    pub candidates: Vec<Candidate>,
    /// Candidates of any rank.
    pub n_candidates: u64,
    /// Records compared.
    pub compared: u64,
    /// Keys too common to look at.
    pub not_compared: Vec<NotCompared>,
}

/// A table under a trained model, ready to be asked.
pub struct Index {
    spec: LinkageSpec,
    model: TrainedModel,
    bound: Bound,
    weights: Weights,
    /// Comparisons in the order they are done, each with the most that those after it can add.
    order: Vec<(usize, f64)>,
    rules: Vec<(BlockingRule, RuleKeys, Postings)>,
    scratch: Scratch,
    work: Work,
}

/// Buffers of a question.
#[derive(Default)]
struct Work {
    keys: KeyWork,
    of_rule: Vec<u64>,
    of_row: Vec<u64>,
    rows: Vec<u32>,
    pairs: Vec<(u32, u32)>,
    evidence: Vec<Evidence>,
    outcomes: Vec<Outcome>,
}

impl Index {
    /// Indexes the left table of a run. `right` is the run's right table: it is counted with the left one for how common values are, and
    /// not kept.
    pub fn new(spec: &LinkageSpec, model: &TrainedModel, left: &Table, right: &Table) -> Self {
        let bound = Bound::new(spec, left, right);
        let rules = complete::rules(&bound, spec);
        Self::of(spec, model, bound, rules)
    }

    fn of(
        spec: &LinkageSpec,
        model: &TrainedModel,
        mut bound: Bound,
        rules: Vec<BlockingRule>,
    ) -> Self {
        let weights = Weights::new(model, bound.n_records());
        let order = bound.by_cost();
        let later = |i: usize| {
            order[i + 1..]
                .iter()
                .map(|later| weights.most(*later))
                .sum()
        };
        let order = order
            .iter()
            .enumerate()
            .map(|(i, k)| (*k, later(i)))
            .collect();
        let rules = rules
            .into_iter()
            .map(|rule| {
                let keys = RuleKeys::new(spec, &rule);
                let postings = Postings::new(&bound, &keys);
                (rule, keys, postings)
            })
            .collect();
        bound.open_for_passing();
        Self {
            spec: spec.clone(),
            model: model.clone(),
            bound,
            weights,
            order,
            rules,
            scratch: Scratch::new(),
            work: Work::default(),
        }
    }

    /// Records in the index.
    pub const fn n_rows(&self) -> usize {
        self.bound.n_left()
    }

    /// Bytes of the rows by key, per record; the compared values come on top.
    pub fn posting_bytes_per_record(&self) -> f64 {
        let bytes: usize = self.rules.iter().map(|(.., rows)| rows.n_bytes()).sum();
        bytes as f64 / self.n_rows().max(1) as f64
    }

    /// The best candidates for a record: row 0 of a table with the columns of the spec's right side.
    pub fn find(&mut self, record: &Table, limits: Limits) -> Answer {
        let mut answer = Answer::default();
        if record.n_rows() == 0 {
            return answer;
        }
        self.bound
            .replace_right(&self.spec, record, &mut self.scratch);
        self.collect(limits, &mut answer);
        answer.compared = self.work.rows.len() as u64;
        self.weigh();
        let weights: Vec<f64> = self
            .work
            .evidence
            .iter()
            .map(|evidence| {
                let household = self.model.household_weight;
                evidence.matching
                    + self.model.prior_weight
                    + self.weights.household_bar(*evidence, household)
            })
            .collect();
        let mut edges = Vec::new();
        let mut rows = Vec::new();
        let pairs = std::mem::take(&mut self.work.pairs);
        for ((row, _), weight) in pairs.iter().zip(weights) {
            if weight >= KEEP_FROM && self.first_rule(*row).is_some() {
                edges.push(Edge {
                    left: rows.len() as u32,
                    right: 0,
                    weight,
                });
                rows.push(*row);
            }
        }
        self.work.pairs = pairs;
        let duplicates = match self.spec.assignment {
            Assignment::OneToOne | Assignment::OneLeftPerRight => [0.0, 0.0],
            Assignment::All => [1.0, 1.0],
        };
        let places = edges.iter().map(|edge| (edge.left, edge.right));
        let mut components = Components::new(places, edges.len(), 1);
        let bars = compete(&edges, duplicates, &mut components).rival_bars;
        let mut found: Vec<(f64, f64, u32)> = edges
            .iter()
            .zip(bars)
            .zip(rows)
            .map(|((edge, taken), row)| {
                let bar = self.model.rival_bar(edge.weight, taken);
                (edge.weight + bar, bar, row)
            })
            .collect();
        answer.n_candidates = found.len() as u64;
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.2.cmp(&b.2)));
        found.truncate(limits.candidates);
        for (match_weight, rival_bar, row) in found {
            answer.candidates.push(Candidate {
                row,
                rival_bar,
                match_weight,
                match_probability: probability(match_weight),
                waterfall: self.explain(row, rival_bar),
            });
        }
        answer
    }

    /// Records that share a key with the new one, ascending, into `work.rows`.
    fn collect(&mut self, limits: Limits, answer: &mut Answer) {
        let work = &mut self.work;
        let mut lists: Vec<(usize, &[u32])> = Vec::new();
        for (place, (_, keys, postings)) in self.rules.iter().enumerate() {
            keys.of(
                &self.bound,
                Side::Right,
                0,
                &mut work.keys,
                &mut work.of_rule,
            );
            let found = work.of_rule.iter().map(|key| (place, postings.of(*key)));
            lists.extend(found.filter(|(_, rows)| !rows.is_empty()));
        }
        lists.sort_by_key(|(place, rows)| (rows.len(), *place));
        work.rows.clear();
        for (place, rows) in lists {
            // Rules overlap: what was known before does not count twice, as soon as that matters.
            if work.rows.len() + rows.len() > limits.compared {
                work.rows.sort_unstable();
                work.rows.dedup();
            }
            if work.rows.len() + rows.len() <= limits.compared {
                work.rows.extend(rows);
            } else {
                answer.not_compared.push(NotCompared {
                    rule: self.rules[place].0.label(),
                    records: rows.len() as u64,
                });
            }
        }
        work.rows.sort_unstable();
        work.rows.dedup();
    }

    /// Compares `work.rows` with the new record; pairs that nothing can lift any more go.
    fn weigh(&mut self) {
        let Work {
            rows,
            pairs,
            evidence,
            outcomes,
            ..
        } = &mut self.work;
        pairs.clear();
        pairs.extend(rows.iter().map(|row| (*row, 0)));
        evidence.clear();
        evidence.resize(pairs.len(), Evidence::default());
        for (k, rest) in &self.order {
            let least = KEEP_FROM - self.model.prior_weight - rest;
            self.bound
                .compare_many(*k, pairs, &mut self.scratch, outcomes);
            self.weights.add(*k, outcomes, evidence);
            let mut kept = 0;
            for i in 0..pairs.len() {
                if evidence[i].matching >= least {
                    pairs[kept] = pairs[i];
                    evidence[kept] = evidence[i];
                    kept += 1;
                }
            }
            pairs.truncate(kept);
            evidence.truncate(kept);
        }
    }

    fn explain(&mut self, row: u32, rival_bar: f64) -> Waterfall {
        self.bound
            .compare(row as usize, 0, &mut self.scratch, &mut self.work.outcomes);
        let mut shown = explain(
            &self.spec,
            &self.model,
            &self.weights,
            &self.work.outcomes,
            rival_bar,
        );
        shown.found_by = self
            .first_rule(row)
            .map(|place| self.rules[place].0.label());
        shown
    }

    /// Place of the first rule that holds for a record and the new one.
    fn first_rule(&mut self, row: u32) -> Option<usize> {
        let (bound, work) = (&self.bound, &mut self.work);
        self.rules.iter().position(|(_, rule, _)| {
            rule.of(bound, Side::Right, 0, &mut work.keys, &mut work.of_rule);
            let (place, keys) = (row as usize, &mut work.of_row);
            rule.of(bound, Side::Left, place, &mut work.keys, keys);
            let mut common = keys.iter();
            common.any(|key| work.of_rule.binary_search(key).is_ok())
        })
    }
}
