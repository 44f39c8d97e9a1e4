//! What a state says, in the words of a run.

use std::collections::HashMap;

use super::{Frozen, State};
use crate::{
    assign::{Edge, choose_at},
    blocking::Candidates,
    bound::Bound,
    run::{
        Cancelled, KEEP_FROM, LEAST_LIKELY, Link, Linked, Observer, RuleResult, RunResult, Step,
        StepCount, WeightBin, hidden_pairs, judge, speak_for_each_other, within_room,
    },
    table::Table,
};

/// Above so many pairs, what each rule adds is estimated from a part of the left rows.
const COUNTED_PAIRS: u64 = 5_000_000;

impl Frozen {
    /// Makes a table count in the population of the model: how common a value is no longer depends on the table.
    pub fn count_in(&self, table: &mut Table, is_left: bool) {
        table.set_population(self.populations[usize::from(!is_left)].clone());
    }

    /// Two tables, or one, under this model. Without `right` pairs are two different rows of the left one.
    pub fn bound(&self, mut left: Table, right: Option<Table>) -> Bound {
        let is_within = right.is_none();
        let mut right = right.unwrap_or_else(|| left.clone());
        self.count_in(&mut left, true);
        self.count_in(&mut right, false);
        let bound = Bound::new(&self.spec, &left, &right);
        if is_within {
            bound.made_within()
        } else {
            bound
        }
    }
}

impl State {
    /// The links with everything a run tells of them; rows are places in the order of the keys. The same for equal states, whatever came
    /// before them.
    ///
    /// Within one file, pairs have learned from their groups as those of [`crate::dedupe`] have; the state itself keeps them as they were
    /// before that, since an update starts from there. Above five million pairs, what each rule adds is estimated from a part of the rows.
    ///
    /// # Errors
    /// [`Cancelled`] when the observer stops it.
    pub fn result(&self, observer: &dyn Observer) -> Result<RunResult, Cancelled> {
        observer.stage("judging the pairs");
        let frozen = &self.frozen;
        let right = (!frozen.within).then(|| self.right.table.clone());
        let bound = frozen.bound(self.left.table.clone(), right);
        let spec = &frozen.spec;
        let edges: Vec<Edge> = self
            .pairs
            .iter()
            .map(|pair| Edge {
                left: pair.left,
                right: pair.right,
                weight: pair.match_weight - pair.rival_bar,
            })
            .collect();
        let finals: Vec<f64> = self.pairs.iter().map(|pair| pair.match_weight).collect();
        let thresholds = [spec.threshold, LEAST_LIKELY];
        let [chosen, likely] = choose_at(&edges, &finals, spec.assignment, thresholds);
        let mut candidates = Candidates::new(&bound, spec, &spec.blocking_rules);
        let weights = (edges.as_slice(), finals.as_slice());
        let hidden = hidden_pairs(&bound, &frozen.model, spec.assignment, weights);
        let weighed = (edges.as_slice(), finals.as_slice(), hidden.as_slice());
        let mut quality = judge(&bound, &candidates, weighed, (&likely, &chosen));
        observer.checkpoint()?;
        let added = candidates.cumulative(COUNTED_PAIRS, observer)?.new_pairs;
        let counts = self.rules.iter().cloned().zip(&added);
        let rules = counts.map(|(count, new_pairs)| RuleResult {
            count,
            new_pairs: *new_pairs,
        });
        let rules: Vec<RuleResult> = rules.collect();
        let n_pairs = added.iter().sum();
        let steps = self.steps(n_pairs);
        within_room(&mut quality, &steps, spec.assignment);
        let mut result = RunResult {
            links: self.links.clone(),
            scored: self.pairs.clone(),
            steps,
            rules,
            model: Some(frozen.model.clone()),
            weight_bins: bins(&edges, n_pairs),
            duplicate_share: frozen.duplicate_share,
            quality,
        };
        if frozen.within {
            speak_for_each_other(
                &bound,
                &frozen.model,
                (&self.clusters, &self.decided.apart()),
                spec.threshold,
                &mut result,
            );
        }
        Ok(result)
    }

    /// What each step did.
    fn steps(&self, n_pairs: u64) -> Vec<StepCount> {
        let frozen = &self.frozen;
        let others = self.right();
        let mut linked = Linked::new(self.left.keys.len(), others.keys.len());
        let labels: Vec<_> = self.labels().collect();
        linked.link_reviewed(&labels, frozen.spec.assignment);
        for pair in &frozen.spec.deterministic {
            let assignment = frozen.spec.assignment;
            linked.link_equal(pair, &self.left.table, &others.table, assignment);
        }
        let (mut left, mut right) = (linked.left_taken, linked.right_taken);
        let weighed = |link: &&Link| link.step == Step::Probabilistic;
        let mut n = 0;
        for link in self.links.iter().filter(weighed) {
            left[link.left as usize] = true;
            right[link.right as usize] = true;
            n += 1;
        }
        let free = |taken: &[bool]| taken.iter().filter(|taken| !**taken).count() as u64;
        let mut steps = linked.steps;
        steps.push(StepCount {
            step: Step::Probabilistic,
            on: "weighed comparisons".to_owned(),
            pairs: n_pairs,
            links: n,
            left_unlinked: free(&left),
            right_unlinked: free(&right),
        });
        steps
    }
}

/// Pairs per whole bit; those that came not near are in the lowest bin.
fn bins(edges: &[Edge], n_pairs: u64) -> Vec<WeightBin> {
    let mut bins: HashMap<i32, u64> = HashMap::new();
    for edge in edges {
        *bins.entry(edge.weight.floor() as i32).or_insert(0) += 1;
    }
    let far = n_pairs.saturating_sub(edges.len() as u64);
    if far > 0 {
        *bins.entry(KEEP_FROM as i32 - 1).or_insert(0) += far;
    }
    let bins = bins.into_iter();
    let mut bins: Vec<WeightBin> = bins
        .map(|(weight, pairs)| WeightBin { weight, pairs })
        .collect();
    bins.sort_by_key(|bin| bin.weight);
    bins
}
