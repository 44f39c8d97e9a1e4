//! Learning a list: the best rule among those left, again and again, and as many rules as rows left out can bear.

use std::collections::HashSet;

use helder_evaluation::Proportion;
use rayon::prelude::*;

use super::{
    Rule, RuleList, RuleSettings,
    condition::{Asked, Bits, asked},
};
use crate::{
    Column, Counted, TreeError,
    best::Count,
    clusters::{Clusters, Gain, count, probability},
    coded::{Coded, coded},
    honest::{enough, input, share_of},
};

/// What size counts for beside difference when rules compete: a rule scores its difference in share times its rows to this power. At 0.5
/// that is how sure the difference is; rows left out choose among these.
const EAGERNESS: [f64; 5] = [0.3, 0.5, 0.7, 0.85, 1.0];
/// Conditions that a second one is added to.
const BEAM: usize = 12;
/// What a second condition must score more, to be worth reading.
const WORTH: f64 = 1.05;

impl RuleList {
    /// Learns a list.
    ///
    /// As of a tree, half of the rows choose no rule and only estimate (`honest_share`), and their exact intervals hold. With
    /// `is_falling` each rule has at most the probability of the rule before it, on the estimating rows too: a rule that breaks it is
    /// given up, and those it held for go on to the next.
    ///
    /// # Errors
    /// As of a tree.
    ///
    /// # Source
    /// Rivest, Machine Learning 2, 1987 (decision lists); Wang and Rudin, AISTATS 2015 (falling rule lists), learned greedily here;
    /// honesty: Athey and Imbens, PNAS 113(27), 2016, doi:10.1073/pnas.1510489113.
    pub fn fit(
        columns: &[Column],
        outcome: &[bool],
        settings: &RuleSettings,
    ) -> Result<Self, TreeError> {
        Self::learn(columns, outcome, Clusters::NONE, settings)
    }

    /// Learns a list from rows of which several belong together, as [`Tree::fit_clustered`](crate::Tree::fit_clustered) does.
    ///
    /// * `clusters` – per row the number of its cluster
    ///
    /// # Errors
    /// As of a tree.
    pub fn fit_clustered(
        columns: &[Column],
        outcome: &[bool],
        clusters: &[u32],
        settings: &RuleSettings,
    ) -> Result<Self, TreeError> {
        let clusters = Clusters::new(clusters, outcome.len())?;
        Self::learn(columns, outcome, clusters, settings)
    }

    fn learn(
        columns: &[Column],
        outcome: &[bool],
        clusters: Clusters<'_>,
        settings: &RuleSettings,
    ) -> Result<Self, TreeError> {
        settings.check()?;
        let min_rows = settings.min_rule_rows;
        let coded = coded(columns, outcome, clusters, min_rows, &[])?;
        let halves = clusters.halves(outcome.len(), settings.honest_share, settings.seed);
        enough(clusters, &halves, min_rows, settings.honest_share)?;
        let (rows, kept) = halves;
        let ground = Ground {
            columns: &coded,
            outcome,
            clusters,
            settings,
        };
        let (n_rules, eagerness) = ground.chosen(&rows, &kept);
        let mut rules = ground.rules(&rows, &kept, eagerness);
        rules.truncate(n_rules);
        let counting = if kept.is_empty() { &rows } else { &kept };
        ground.list(rules, counting, !kept.is_empty())
    }
}

#[derive(Clone, Copy)]
struct Ground<'a> {
    columns: &'a [Coded],
    outcome: &'a [bool],
    clusters: Clusters<'a>,
    settings: &'a RuleSettings,
}

type Asking = Vec<Asked>;

/// A rule while rules compete: how well it does, how many it holds for, and what it asks.
struct Candidate {
    quality: f64,
    count: Count,
    asks: [usize; 2],
}

impl Ground<'_> {
    /// How many rules, and how eager, by the log loss on rows left out; the fewest rules of equals, and none unless they are
    /// better than none by one standard error.
    fn chosen(&self, rows: &[u32], kept: &[u32]) -> (usize, f64) {
        let folds = self.settings.folds;
        let fold_of = self.clusters.folds(rows, folds, self.settings.seed);
        let tasks: Vec<(usize, usize)> = (0..EAGERNESS.len())
            .flat_map(|eager| (0..folds).map(move |fold| (eager, fold)))
            .collect();
        let of_folds: Vec<Vec<Gain>> = tasks
            .into_par_iter()
            .map(|(eager, fold)| {
                let side = |is_out: bool| -> Vec<u32> {
                    let places = fold_of.iter().zip(rows);
                    let mine = places.filter(|(of, _)| (**of == fold) == is_out);
                    mine.map(|(_, row)| *row).collect()
                };
                let learned = side(false);
                let rules = self.rules(&learned, kept, EAGERNESS[eager]);
                self.gains(&rules, &learned, &side(true))
            })
            .collect();
        let mut best = (0.0, 0, EAGERNESS[0]);
        for n_rules in 1..=self.settings.max_rules {
            for (eager, of_folds) in of_folds.chunks(folds).enumerate() {
                let folds = of_folds.iter();
                let of_all = folds.fold(Gain::default(), |sum, fold| sum.plus(&fold[n_rules]));
                let (gain, error) = (of_all.mean(), of_all.standard_error());
                // Better than no rule by more than chance makes of it.
                if gain > best.0 * (1.0 + 1e-12) && gain > error {
                    best = (gain, n_rules, EAGERNESS[eager]);
                }
            }
        }
        (best.1, best.2)
    }

    /// What 0, 1, 2, … rules take off the log loss of rows left out.
    fn gains(&self, rules: &[Asking], rows: &[u32], out: &[u32]) -> Vec<Gain> {
        let shares = self.shares(rules, rows);
        let mut gains = vec![Gain::default(); self.settings.max_rules + 1];
        let mut sums = vec![0.0; gains.len()];
        let of = |row: &u32| self.clusters.of(*row);
        for cluster in self.clusters.together(out).chunk_by(|a, b| of(a) == of(b)) {
            sums.fill(0.0);
            for row in cluster {
                self.add_gains(&mut sums, rules, &shares, *row);
            }
            for (gain, sum) in gains.iter_mut().zip(&sums) {
                gain.add(*sum, cluster.len());
            }
        }
        gains
    }

    /// Adds what 0, 1, 2, … rules take off the log loss of a row.
    fn add_gains(&self, sums: &mut [f64], rules: &[Asking], shares: &[[f64; 2]], row: u32) {
        let event = f64::from(u8::from(self.outcome[row as usize]));
        let held = self.first(rules, row);
        let likelihood = |share: f64| event * share.ln() + (1.0 - event) * (1.0 - share).ln();
        for (n_rules, sum) in sums.iter_mut().enumerate() {
            // Rules that were not found change nothing.
            let n_rules = n_rules.min(rules.len());
            let share = if held < n_rules {
                shares[held][0]
            } else {
                shares[n_rules][1]
            };
            *sum += likelihood(share) - likelihood(shares[0][1]);
        }
    }

    /// Share of events where a rule is the first that holds, and among rows before it; the last has rows where none holds.
    fn shares(&self, rules: &[Asking], rows: &[u32]) -> Vec<[f64; 2]> {
        let counts = self.here(rules, rows);
        let counts = counts.iter().map(|rows| count(rows, self.outcome));
        let base = share_of(self.outcome);
        let share = |count: Proportion| probability(count, base);
        let mut left = Proportion::new(0, 0);
        let mut shares: Vec<[f64; 2]> = counts
            .rev()
            .map(|count| {
                left = Proportion::new(left.count + count.count, left.total + count.total);
                [share(count), share(left)]
            })
            .collect();
        shares.reverse();
        shares
    }

    /// Rows per first rule that holds; the last are those where none does.
    fn here(&self, rules: &[Asking], rows: &[u32]) -> Vec<Vec<u32>> {
        let mut here = vec![Vec::new(); rules.len() + 1];
        for row in rows {
            here[self.first(rules, *row)].push(*row);
        }
        here
    }

    /// Place of the first rule that holds, or after the last.
    fn first(&self, rules: &[Asking], row: u32) -> usize {
        let holds = |rule: &Asking| rule.iter().all(|asked| asked.holds(self.columns, row));
        rules.iter().position(holds).unwrap_or(rules.len())
    }

    /// Rules, the best first of what is left each time.
    fn rules(&self, rows: &[u32], kept: &[u32], eagerness: f64) -> Vec<Asking> {
        let all: Vec<u32> = rows.iter().chain(kept).copied().collect();
        let n = all.len();
        let choosing = [
            Bits::new(n, |at| at < rows.len()),
            Bits::new(n, |at| at < rows.len() && self.outcome[all[at] as usize]),
        ];
        let asked = asked(self.columns, self.outcome, rows);
        let holding: Vec<Bits> = asked
            .iter()
            .map(|asked| Bits::new(n, |at| asked.holds(self.columns, all[at])))
            .collect();
        let mut left = Bits::new(n, |_| true);
        let mut most = 1.0;
        let mut rules = Vec::new();
        while rules.len() < self.settings.max_rules {
            // One row of each cluster: a rule then holds for at least as many clusters as it counts.
            let mut seen = HashSet::new();
            let mut is_first = |at: usize| self.clusters.is_first(all[at], &mut seen);
            let estimating = Bits::new(n, |at| at >= rows.len() && left.has(at) && is_first(at));
            let masks = [&choosing[0], &choosing[1], &estimating];
            let search = Search {
                ground: self,
                masks,
                holding: &holding,
                left: &left,
                total: left.counts(&left, masks),
                most,
                min_kept: if kept.is_empty() {
                    0
                } else {
                    self.settings.min_rule_rows
                },
                eagerness,
            };
            let Some(found) = search.best() else { break };
            let [one, other] = found.asks;
            let holds = holding[one].and(&holding[other]);
            left = left.without(&holds);
            if self.settings.is_falling {
                most = found.count.share();
            }
            let mut rule = vec![asked[one].clone()];
            if other != one {
                rule.push(asked[other].clone());
            }
            rules.push(rule);
        }
        rules
    }

    /// The list, with what the rows that estimate say of each rule.
    fn list(
        &self,
        mut rules: Vec<Asking>,
        rows: &[u32],
        is_honest: bool,
    ) -> Result<RuleList, TreeError> {
        let base = share_of(self.outcome);
        let mut dropped = 0;
        let here = loop {
            let here = self.here(&rules, rows);
            let of = |at: usize| probability(count(&here[at], self.outcome), base);
            let rising = (0..rules.len()).find(|at| of(*at) < of(at + 1));
            match rising.filter(|_| self.settings.is_falling) {
                None => break here,
                // Of two rules the smaller goes; the last is no rule.
                Some(at) => {
                    let next_is_smaller =
                        at + 1 < rules.len() && here[at + 1].len() < here[at].len();
                    rules.remove(at + usize::from(next_is_smaller));
                    dropped += 1;
                }
            }
        };
        if rules.is_empty() {
            return Err(TreeError::NothingFound);
        }
        let confidence = is_honest.then_some(self.settings.confidence);
        let says = |rows: &[u32]| -> Counted {
            self.clusters.counted(rows, self.outcome, base, confidence)
        };
        let left = |from: usize| here[from..].concat();
        let rules = rules.iter().enumerate().map(|(at, rule)| Rule {
            conditions: rule
                .iter()
                .map(|asked| asked.condition(self.columns))
                .collect(),
            here: says(&here[at]),
            left: says(&left(at + 1)),
        });
        Ok(RuleList {
            rules: rules.collect(),
            inputs: self.columns.iter().map(input).collect(),
            everybody: says(&left(0)),
            base_share: base,
            dropped,
        })
    }
}

/// The search for one rule.
struct Search<'a> {
    ground: &'a Ground<'a>,
    masks: [&'a Bits; 3],
    holding: &'a [Bits],
    left: &'a Bits,
    total: Count,
    most: f64,
    min_kept: usize,
    eagerness: f64,
}

impl Search<'_> {
    fn best(&self) -> Option<Candidate> {
        let places = 0..self.holding.len();
        let alone: Vec<Bits> = places
            .clone()
            .into_par_iter()
            .map(|at| self.holding[at].and(self.left))
            .collect();
        let counts: Vec<Count> = alone
            .par_iter()
            .map(|bits| bits.counts(self.left, self.masks))
            .collect();
        let mut singles: Vec<Candidate> = places
            .clone()
            .filter_map(|at| self.candidate(counts[at], [at, at]))
            .collect();
        singles.sort_by(|a, b| b.quality.total_cmp(&a.quality).then(a.asks.cmp(&b.asks)));
        let mut best = None;
        if self.ground.settings.max_conditions == 2 {
            let beam: Vec<usize> = singles
                .iter()
                .take(BEAM)
                .map(|single| single.asks[0])
                .collect();
            let pairs: Vec<(usize, usize)> = beam
                .iter()
                .flat_map(|one| places.clone().map(move |other| (*one, other)))
                .collect();
            let found: Vec<Option<Candidate>> = pairs
                .into_par_iter()
                .map(|(one, other)| {
                    let count = alone[one].counts(&alone[other], self.masks);
                    self.candidate(count, [one, other])
                })
                .collect();
            let better = |best: Candidate, other: Candidate| {
                if other.quality > best.quality * (1.0 + 1e-12) {
                    other
                } else {
                    best
                }
            };
            best = found.into_iter().flatten().reduce(better);
        }
        let single = singles.into_iter().next();
        match (single, best) {
            (Some(single), Some(pair)) if pair.quality > single.quality * WORTH => Some(pair),
            (None, pair) => pair,
            (single, _) => single,
        }
    }

    /// A rule that may stand, with its quality.
    fn candidate(&self, count: Count, asks: [usize; 2]) -> Option<Candidate> {
        let settings = self.ground.settings;
        let rest = self.total.minus(count);
        let is_full =
            |side: Count| side.rows >= settings.min_rule_rows && side.kept >= self.min_kept;
        if !(is_full(count) && is_full(rest)) {
            return None;
        }
        let difference = count.share() - self.total.share();
        if settings.is_falling && count.share() > self.most {
            return None;
        }
        let difference = if settings.is_falling {
            difference
        } else {
            difference.abs()
        };
        let quality = difference * (count.rows as f64).powf(self.eagerness);
        (quality > 1e-12).then_some(Candidate {
            quality,
            count,
            asks,
        })
    }
}
