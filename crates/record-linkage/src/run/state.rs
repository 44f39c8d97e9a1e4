//! Records still free, and the steps that link them.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::{
    Label, Link, Observer, RunError, RunResult, ScoredPair, Step, StepCount,
    hidden::hidden_pairs,
    limits::Budget,
    quality::judge,
    room::within_room,
    weigh::{Free, Pair, weigh},
};
use crate::{
    assign::{Competition, Components, Edge, choose_at, compete},
    bound::Bound,
    calibration::{self, Calibration},
    model::TrainedModel,
    score::{Evidence, Weights, probability},
    spec::{Assignment, ColumnPair, LinkageSpec},
    table::Table,
};

/// Least probability of a pair that is judged as a link would be.
pub(crate) const LEAST_LIKELY: f64 = 0.1;

/// Who is linked so far, and by which steps.
pub(crate) struct State {
    pub(crate) left_taken: Vec<bool>,
    pub(crate) right_taken: Vec<bool>,
    pub(crate) links: Vec<Link>,
    pub(crate) steps: Vec<StepCount>,
    pub(super) budget: Budget,
    /// Pairs that people decided about, one way or the other: nothing else links them.
    decided: HashSet<(u32, u32)>,
}

impl State {
    pub(crate) fn new(n_left: usize, n_right: usize) -> Self {
        Self {
            left_taken: vec![false; n_left],
            right_taken: vec![false; n_right],
            links: Vec::new(),
            steps: Vec::new(),
            budget: Budget::default(),
            decided: HashSet::new(),
        }
    }

    /// Links what people decided to be one person.
    pub(crate) fn link_reviewed(&mut self, labels: &[Label], assignment: Assignment) {
        let mut labels: Vec<Label> = labels
            .iter()
            .copied()
            .filter(|label| {
                (label.left as usize) < self.left_taken.len()
                    && (label.right as usize) < self.right_taken.len()
            })
            .collect();
        if labels.is_empty() {
            return;
        }
        labels.sort_unstable();
        labels.dedup_by_key(|label| (label.left, label.right));
        self.decided
            .extend(labels.iter().map(|label| (label.left, label.right)));
        for label in labels.iter().filter(|label| label.is_match) {
            let taken = match assignment {
                Assignment::OneToOne => {
                    self.left_taken[label.left as usize] || self.right_taken[label.right as usize]
                }
                Assignment::OneLeftPerRight => self.right_taken[label.right as usize],
                Assignment::All => false,
            };
            if !taken {
                // Where a record may have any number of partners, a decision about one leaves the others open.
                if assignment != Assignment::All {
                    self.left_taken[label.left as usize] = true;
                    self.right_taken[label.right as usize] = true;
                }
                self.links.push(Link {
                    left: label.left,
                    right: label.right,
                    match_weight: f64::INFINITY,
                    match_probability: 1.0,
                    step: Step::Reviewed,
                });
            }
        }
        let n_links = self.links.len() as u64;
        self.count(
            Step::Reviewed,
            "clerical review".to_owned(),
            labels.len() as u64,
            n_links,
        );
    }

    /// The same without what people decided, for the pairs that other steps left open.
    pub(super) fn before_review(&self) -> Self {
        let mut before = Self::new(self.left_taken.len(), self.right_taken.len());
        before.budget = self.budget;
        let others = self.links.iter();
        for link in others.filter(|link| link.step != Step::Reviewed) {
            before.left_taken[link.left as usize] = true;
            before.right_taken[link.right as usize] = true;
            before.links.push(*link);
        }
        before
    }

    /// The result with the links and steps so far.
    pub(super) fn into_result(mut self, result: RunResult) -> RunResult {
        self.links.sort_by_key(|link| (link.left, link.right));
        RunResult {
            links: self.links,
            steps: self.steps,
            ..result
        }
    }

    /// Of `n` records of a side, how many no link names.
    fn unlinked(&self, n: usize, of: impl Fn(&Link) -> u32) -> u64 {
        let mut linked = vec![false; n];
        for link in &self.links {
            linked[of(link) as usize] = true;
        }
        linked.iter().filter(|linked| !**linked).count() as u64
    }

    fn count(&mut self, step: Step, on: String, pairs: u64, links: u64) {
        let (left_unlinked, right_unlinked) = (
            self.unlinked(self.left_taken.len(), |link| link.left),
            self.unlinked(self.right_taken.len(), |link| link.right),
        );
        self.steps.push(StepCount {
            step,
            on,
            pairs,
            links,
            left_unlinked,
            right_unlinked,
        });
    }

    /// Links records with equal values. A value that the assignment cannot place (it occurs too often) links nothing.
    pub(crate) fn link_equal(
        &mut self,
        columns: &ColumnPair,
        left: &Table,
        right: &Table,
        assignment: Assignment,
    ) {
        let (Some(l), Some(r)) = (left.column(&columns.left), right.column(&columns.right)) else {
            return;
        };
        let mut rows: HashMap<&str, [Vec<u32>; 2]> = HashMap::new();
        for (side, (column, taken)) in [(l, &self.left_taken), (r, &self.right_taken)]
            .into_iter()
            .enumerate()
        {
            for (row, code) in column
                .codes()
                .iter()
                .enumerate()
                .filter(|(row, _)| !taken[*row])
            {
                if let Some(text) = column.text(*code) {
                    rows.entry(text).or_default()[side].push(row as u32);
                }
            }
        }
        let mut found: Vec<(u32, u32)> = Vec::new();
        let mut pairs = 0;
        for [lefts, rights] in rows.into_values() {
            pairs += lefts.len() as u64 * rights.len() as u64;
            let fits = match assignment {
                Assignment::OneToOne => lefts.len() == 1 && rights.len() == 1,
                Assignment::OneLeftPerRight => lefts.len() == 1,
                Assignment::All => true,
            };
            if fits {
                found.extend(
                    lefts
                        .iter()
                        .flat_map(|l| rights.iter().map(move |r| (*l, *r))),
                );
            }
        }
        found.retain(|pair| !self.decided.contains(pair));
        found.sort_unstable();
        for (left, right) in &found {
            self.left_taken[*left as usize] = true;
            self.right_taken[*right as usize] = true;
            self.links.push(Link {
                left: *left,
                right: *right,
                match_weight: f64::INFINITY,
                match_probability: 1.0,
                step: Step::Deterministic,
            });
        }
        self.count(
            Step::Deterministic,
            format!("{} = {}", columns.left, columns.right),
            pairs,
            found.len() as u64,
        );
    }

    pub(super) fn link_scored(
        &mut self,
        spec: &LinkageSpec,
        bound: &Bound,
        mut model: TrainedModel,
        result: &mut RunResult,
        observer: &dyn Observer,
    ) -> Result<(), RunError> {
        observer.stage("weighing pairs");
        let free = Free {
            left: &self.left_taken,
            right: &self.right_taken,
            one_per_left: spec.assignment == Assignment::OneToOne,
            one_per_right: spec.assignment != Assignment::All,
        };
        let (mut kept, weighed) =
            weigh(spec, bound, &model, (&free, None), &self.budget, observer)?;
        if !self.decided.is_empty() {
            kept.retain(|(left, right, _)| !self.decided.contains(&(*left, *right)));
        }
        observer.stage("choosing partners");
        let (edges, found) = self.compete(spec.assignment, bound, &kept, &mut model);
        let bars = edges.par_iter().zip(&found.rival_bars);
        let bars: Vec<f64> = bars
            .map(|(edge, taken)| model.rival_bar(edge.weight, *taken))
            .collect();
        let finals = edges.par_iter().zip(&bars);
        let finals: Vec<f64> = finals.map(|(edge, bar)| edge.weight + bar).collect();
        let thresholds = [spec.threshold, LEAST_LIKELY];
        let [chosen, likely] = choose_at(&edges, &finals, spec.assignment, thresholds);
        for edge in &chosen {
            let (edge, weight) = (&edges[*edge as usize], finals[*edge as usize]);
            self.left_taken[edge.left as usize] = true;
            self.right_taken[edge.right as usize] = true;
            self.links.push(Link {
                left: edge.left,
                right: edge.right,
                match_weight: weight,
                match_probability: probability(weight),
                step: Step::Probabilistic,
            });
        }
        let looked_at = weighed.new_pairs.iter().sum();
        self.count(
            Step::Probabilistic,
            "weighed comparisons".to_owned(),
            looked_at,
            chosen.len() as u64,
        );
        result.scored = edges
            .par_iter()
            .zip(&bars)
            .map(|(edge, bar)| ScoredPair {
                left: edge.left,
                right: edge.right,
                rival_bar: *bar,
                match_weight: edge.weight + bar,
            })
            .collect();
        let ranked = (edges.as_slice(), finals.as_slice());
        let hidden = hidden_pairs(bound, &model, spec.assignment, ranked);
        let judged = (edges.as_slice(), finals.as_slice(), hidden.as_slice());
        result.quality = judge(bound, &weighed.candidates, judged, (&likely, &chosen));
        within_room(&mut result.quality, &self.steps, spec.assignment);
        result.rules = weighed.rules();
        result.weight_bins = weighed.weight_bins();
        result.duplicate_share = found.duplicate_share;
        result.model = Some(model);
        Ok(())
    }

    /// Lets the pairs compete as `assignment` says, which sets the prior of the model, and calibrates what comes of it.
    ///
    /// Where left records have one partner too, a second registration of a person is wrong and right at once: there pairs compete as if left
    /// records could have several, so that a score is the chance that the pair is true, and only the choice among them is one to one. Without
    /// enough wrong links to calibrate by they compete one to one.
    fn compete(
        &self,
        assignment: Assignment,
        bound: &Bound,
        kept: &[Pair],
        model: &mut TrainedModel,
    ) -> (Vec<Edge>, Competition) {
        if assignment == Assignment::All {
            let (edges, found, _) = settled(assignment, bound, kept, model);
            return (edges, found);
        }
        let before = (assignment == Assignment::OneToOne).then(|| model.clone());
        let (edges, found, components) = settled(Assignment::OneLeftPerRight, bound, kept, model);
        model.calibration = self.calibration(kept, &edges, model, (&found.rival_bars, &components));
        match before {
            Some(before) if model.calibration.is_none() => {
                *model = before;
                let (edges, found, _) = settled(assignment, bound, kept, model);
                (edges, found)
            }
            _ => (edges, found),
        }
    }

    /// What the scores of these pairs are worth; `taken` is what the competition took away.
    fn calibration(
        &self,
        kept: &[Pair],
        edges: &[Edge],
        model: &TrainedModel,
        (taken, components): (&[f64], &Components),
    ) -> Option<Calibration> {
        let relatives = kept.par_iter().map(|(_, _, evidence)| {
            let household = model.household_weight;
            household.is_some_and(|weight| evidence.household + weight > 0.0)
        });
        calibration::learn(&calibration::Pairs {
            edges,
            taken,
            relatives: &relatives.collect::<Vec<bool>>(),
            components,
            n_right: self.right_taken.iter().filter(|taken| !**taken).count() as f64,
        })
    }
}

/// The pairs after a competition under `assignment`, with the prior of the model at what is expected of it.
fn settled(
    assignment: Assignment,
    bound: &Bound,
    kept: &[Pair],
    model: &mut TrainedModel,
) -> (Vec<Edge>, Competition, Components) {
    let weights = Weights::new(model, bound.n_records());
    let mut duplicates = match assignment {
        Assignment::OneToOne => [0.0, 0.0],
        Assignment::OneLeftPerRight => [0.05, 0.0],
        Assignment::All => [1.0, 1.0],
    };
    let base = |model: &TrainedModel, (left, right, evidence): &(u32, u32, Evidence)| Edge {
        left: *left,
        right: *right,
        weight: evidence.matching
            + model.prior_weight
            + weights.household_bar(*evidence, model.household_weight),
    };
    let mut edges: Vec<Edge> = kept.par_iter().map(|pair| base(model, pair)).collect();
    let pairs = kept.iter().map(|(left, right, _)| (*left, *right));
    let mut components = Components::new(pairs, bound.n_left(), bound.n_right());
    let mut found = compete(&edges, duplicates, &mut components);
    for _ in 0..25 {
        let before = model.expected_matches;
        model.set_expected_matches(found.expected_matches.max(1.0), bound, assignment);
        if assignment == Assignment::OneLeftPerRight {
            duplicates[0] = found.duplicate_share;
        }
        kept.par_iter()
            .map(|pair| base(model, pair))
            .collect_into_vec(&mut edges);
        found = compete(&edges, duplicates, &mut components);
        if (model.expected_matches - before).abs() <= 1e-4 * before {
            break;
        }
    }
    (edges, found, components)
}
