//! Expectation–maximisation over counts of agreement patterns.
//!
//! Each training block is a set of pairs chosen by a rule; the comparisons the rule touches are left out there, so that what was
//! selected on teaches nothing. All blocks share m (and the household distribution); each has class shares of its own. u stays fixed.
//! The work per iteration is the number of distinct patterns, whatever the number of pairs.

mod expect;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::bound::Pattern;
use expect::{Flat, Tables, expect};

/// Pairs that one rule selected, as counts.
#[derive(Clone, Debug)]
pub struct TrainingBlock {
    /// The rule.
    pub rule: String,
    /// Per comparison, whether the rule selects on it.
    pub touched: Vec<bool>,
    /// Distinct patterns with the number of pairs, sorted by pattern.
    pub patterns: Vec<(Pattern, u64)>,
    /// Starting shares of true pairs, household pairs and unrelated pairs.
    pub start: [f64; 3],
}

/// What EM starts from and keeps fixed. Per comparison, per level; level 0 (missing) is ignored everywhere.
#[derive(Clone, Debug)]
pub struct EmInput {
    /// Probabilities among random pairs, fixed.
    pub u: Vec<Vec<f64>>,
    /// Starting m.
    pub m: Vec<Vec<f64>>,
    /// Starting distribution among members of one household, when that class is used.
    pub household: Option<Vec<Vec<f64>>>,
    /// Per comparison, whether household members share it with the person (the address): m and household are then one distribution.
    pub shared: Vec<bool>,
    /// Per comparison, whether it only follows: it is counted, but does not decide the class of a pair. For the sex beside given names, which
    /// all but settle it in every class.
    pub follows: Vec<bool>,
    /// Per comparison, the most household members who may agree by name or birth date, and on how many of the first levels that is counted.
    pub household_caps: Vec<Option<(usize, f64)>>,
    /// Per comparison, from which level on true pairs are rare, and how rare at most. Else a class of true pairs "with another birth date"
    /// takes over relatives of one name.
    pub match_caps: Vec<Option<(usize, f64)>>,
    /// Per comparison, under which condition each level can be reached; levels of one condition are a distribution. Empty = one condition.
    pub conditions: Vec<Vec<u8>>,
    /// Iteration limit.
    pub max_iterations: u32,
}

/// Class shares EM found in one block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlockShares {
    /// The rule.
    pub rule: String,
    /// Pairs used.
    pub pairs: u64,
    /// Share of true pairs.
    pub matches: f64,
    /// Share of household members.
    pub household: f64,
    /// Share of unrelated pairs.
    pub unrelated: f64,
}

/// How EM ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Convergence {
    /// Iterations done.
    pub iterations: u32,
    /// Whether no probability moved by more than 1e-6 in the last one.
    pub converged: bool,
    /// Largest move of a probability, per iteration.
    pub largest_change: Vec<f64>,
    /// Log-likelihood at the end, natural logarithm.
    pub log_likelihood: f64,
    /// Class shares per block.
    pub blocks: Vec<BlockShares>,
}

/// What EM found.
#[derive(Clone, Debug)]
pub struct Trained {
    /// m per comparison and level.
    pub m: Vec<Vec<f64>>,
    /// Household distribution per comparison and level.
    pub household: Option<Vec<Vec<f64>>>,
    /// The way there.
    pub convergence: Convergence,
}

const TOLERANCE: f64 = 1e-6;
/// A household class with fewer expected pairs than this is dropped: there is nothing to learn it from.
const LEAST_HOUSEHOLD_PAIRS: f64 = 5.0;
/// Weight of the starting distribution against the data, in pairs.
const PRIOR_PAIRS: [f64; 2] = [1.0, 20.0];

/// Everything EM moves.
#[derive(Clone)]
struct State {
    m: Vec<Vec<f64>>,
    household: Option<Vec<Vec<f64>>>,
    shares: Vec<[f64; 3]>,
}

/// Runs EM until nothing moves by more than 1e-6 or the limit is reached.
///
/// Where household members with another surname look like unrelated people at the address, the likelihood is a ridge along which EM creeps
/// by the same small share each time. After every two steps the way ahead is therefore extrapolated (SQUAREM), and the point reached is
/// kept only when it is at least as likely.
///
/// # Source
/// Winkler, *Using the EM algorithm for weight computation in the Fellegi–Sunter model of record linkage*, 1988; pattern counts as in
/// Enamorado, Fifield & Imai, *APSR* 113(2), 2019; extrapolation: Varadhan & Roland, *Scandinavian Journal of Statistics* 35, 2008.
pub fn train(input: &EmInput, blocks: &[TrainingBlock]) -> Trained {
    let flat: Vec<Flat> = blocks.iter().map(Flat::new).collect();
    let with_household = input.household.is_some();
    let mut state = State {
        m: input.m.clone(),
        household: input.household.clone(),
        shares: blocks
            .iter()
            .map(|block| normalised(block.start, with_household))
            .collect(),
    };
    let mut largest_change = Vec::new();
    let mut log_likelihood = 0.0;
    let mut converged = false;
    // The last points reached by plain steps, with how likely the middle one is.
    let mut way: Vec<State> = Vec::new();
    while !converged && largest_change.len() < input.max_iterations as usize {
        let step = step(input, &flat, &state);
        log_likelihood = step.log_likelihood;
        let change = state.moved_to(&step.next);
        largest_change.push(change);
        converged = change < TOLERANCE;
        way.push(std::mem::replace(&mut state, step.next));
        if let [first, second] = &way[..]
            && !converged
            && largest_change.len() < input.max_iterations as usize
        {
            let leap = extrapolated(input, first, second, &state);
            if let Some(leap) = leap {
                let tried = self::step(input, &flat, &leap);
                largest_change.push(leap.moved_to(&tried.next));
                // `step.objective` is that of `second`: EM never falls below it, and neither may the leap.
                if tried.objective >= step.objective {
                    log_likelihood = tried.log_likelihood;
                    state = tried.next;
                }
            }
            way.clear();
        }
    }
    let found = blocks
        .iter()
        .zip(&state.shares)
        .map(|(block, [matches, household, unrelated])| BlockShares {
            rule: block.rule.clone(),
            pairs: block.patterns.iter().map(|(_, n)| n).sum(),
            matches: *matches,
            household: *household,
            unrelated: *unrelated,
        });
    let convergence = Convergence {
        iterations: largest_change.len() as u32,
        converged,
        largest_change,
        log_likelihood,
        blocks: found.collect(),
    };
    Trained {
        m: state.m,
        household: state.household,
        convergence,
    }
}

/// One step, and how likely the point was that it started from: with the starting distributions as prior (what EM raises) and without.
struct Step {
    next: State,
    objective: f64,
    log_likelihood: f64,
}

fn step(input: &EmInput, flat: &[Flat], state: &State) -> Step {
    let mut next = state.clone();
    let mut counts = [zeros(&input.m), zeros(&input.m)];
    let tables = Tables::new(&state.m, state.household.as_deref(), input);
    let mut log_likelihood = 0.0;
    for (block, share) in flat.iter().zip(&mut next.shares) {
        log_likelihood += expect(block, share, &tables, &mut counts);
    }
    let mut objective = log_likelihood + log_prior(&state.m, &input.m, PRIOR_PAIRS[0]);
    if let (Some(household), Some(start)) = (&state.household, &input.household) {
        objective += log_prior(household, start, PRIOR_PAIRS[1]);
    }
    let household_pairs = counts[1].iter().map(|levels| levels.iter().sum());
    if next.household.is_some() && household_pairs.fold(0.0, f64::max) < LEAST_HOUSEHOLD_PAIRS {
        next.household = None;
        for share in &mut next.shares {
            *share = normalised(*share, false);
        }
    }
    if next.household.is_some() {
        share_counts(&mut counts, &input.shared);
    }
    let prior = (input.m.as_slice(), PRIOR_PAIRS[0]);
    maximise(&mut next.m, &counts[0], prior, &input.conditions);
    if let (Some(household), Some(start)) = (&mut next.household, &input.household) {
        let prior = (start.as_slice(), PRIOR_PAIRS[1]);
        maximise(household, &counts[1], prior, &input.conditions);
    }
    next.hold(input);
    Step {
        next,
        objective,
        log_likelihood,
    }
}

impl State {
    /// What is known of households beforehand.
    fn hold(&mut self, input: &EmInput) {
        let of = |k: usize| input.conditions.get(k).map_or(&[][..], Vec::as_slice);
        for (k, (levels, cap)) in self.m.iter_mut().zip(&input.match_caps).enumerate() {
            if let Some((from, most)) = cap {
                hold_down(levels, *from..16, *most, of(k));
            }
        }
        let Some(household) = &mut self.household else {
            return;
        };
        for (k, (levels, cap)) in household.iter_mut().zip(&input.household_caps).enumerate() {
            if let Some((n_levels, most)) = cap {
                hold_down(levels, 1..n_levels + 1, *most, of(k));
            }
        }
        for (k, shared) in input.shared.iter().enumerate() {
            if *shared {
                household[k].clone_from(&self.m[k]);
            }
        }
    }

    /// Largest move of a probability.
    fn moved_to(&self, after: &Self) -> f64 {
        let change = moved(&self.m, &after.m);
        match (&self.household, &after.household) {
            (Some(a), Some(b)) => change.max(moved(a, b)),
            _ => change,
        }
    }

    fn numbers(&self) -> impl Iterator<Item = f64> {
        let levels = self
            .m
            .iter()
            .chain(self.household.iter().flatten())
            .flatten();
        levels.chain(self.shares.iter().flatten()).copied()
    }

    fn numbers_mut(&mut self) -> impl Iterator<Item = &mut f64> {
        let levels = self
            .m
            .iter_mut()
            .chain(self.household.iter_mut().flatten())
            .flatten();
        levels.chain(self.shares.iter_mut().flatten())
    }
}

/// The point to which three successive ones lead, if there is one.
fn extrapolated(input: &EmInput, first: &State, second: &State, third: &State) -> Option<State> {
    if first.household.is_some() != third.household.is_some() {
        return None;
    }
    let steps = first.numbers().zip(second.numbers()).zip(third.numbers());
    let (r, v) = steps.fold((0.0, 0.0), |(r, v), ((a, b), c)| {
        (
            r + (b - a) * (b - a),
            v + (c - 2.0 * b + a) * (c - 2.0 * b + a),
        )
    });
    let length = (r / v).sqrt();
    if !length.is_finite() || length <= 1.0 {
        return None;
    }
    let mut out = third.clone();
    let from = first.numbers().zip(second.numbers());
    for (out, (a, b)) in out.numbers_mut().zip(from) {
        let c = *out;
        let ahead = a + 2.0 * length * (b - a) + length * length * (c - 2.0 * b + a);
        // No probability falls below a hundredth of what it was: it could never come back from zero.
        *out = ahead.max(0.01 * c).min(1.0);
    }
    for tables in std::iter::once(&mut out.m).chain(&mut out.household) {
        for (k, levels) in tables.iter_mut().enumerate() {
            distribute(levels, input.conditions.get(k).map_or(&[], Vec::as_slice));
        }
    }
    let with_household = out.household.is_some();
    for share in &mut out.shares {
        *share = normalised(*share, with_household);
    }
    out.hold(input);
    Some(out)
}

/// Logarithm of the prior that [`maximise`] puts on some distributions.
fn log_prior(levels: &[Vec<f64>], start: &[Vec<f64>], pairs: f64) -> f64 {
    let terms = levels
        .iter()
        .zip(start)
        .flat_map(|(levels, start)| levels.iter().zip(start).skip(1));
    terms
        .filter(|(_, start)| **start > 0.0)
        .map(|(p, start)| pairs * start * p.max(1e-300).ln())
        .sum()
}

fn share_counts(counts: &mut [Vec<Vec<f64>>; 2], shared: &[bool]) {
    let [m, household] = counts;
    for (k, shared) in shared.iter().enumerate() {
        if *shared {
            for (a, b) in m[k].iter_mut().zip(&household[k]) {
                *a += b;
            }
        }
    }
}

fn maximise(
    target: &mut [Vec<f64>],
    counts: &[Vec<f64>],
    (start, prior): (&[Vec<f64>], f64),
    conditions: &[Vec<u8>],
) {
    let tables = target.iter_mut().zip(counts).zip(start);
    for (k, ((target, counts), start)) in tables.enumerate() {
        for ((probability, count), start) in target.iter_mut().zip(counts).zip(start).skip(1) {
            *probability = count + prior * start;
        }
        distribute(target, conditions.get(k).map_or(&[], Vec::as_slice));
    }
}

/// Makes the levels of each condition a distribution; level 0 stays out.
pub(crate) fn distribute(levels: &mut [f64], conditions: &[u8]) {
    let condition = |level: usize| conditions.get(level).copied().unwrap_or(0);
    let mut sums = [0.0; 16];
    for (level, p) in levels.iter().enumerate().skip(1) {
        sums[usize::from(condition(level) & 15)] += p;
    }
    for (level, p) in levels.iter_mut().enumerate().skip(1) {
        *p /= sums[usize::from(condition(level) & 15)].max(1e-300);
    }
}

/// Largest move of a probability.
fn moved(before: &[Vec<f64>], after: &[Vec<f64>]) -> f64 {
    before
        .iter()
        .flatten()
        .zip(after.iter().flatten())
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max)
}

/// Scales some levels down to `most` in sum, and the others up, under every condition.
fn hold_down(levels: &mut [f64], some: std::ops::Range<usize>, most: f64, conditions: &[u8]) {
    let condition = |level: usize| usize::from(conditions.get(level).copied().unwrap_or(0) & 15);
    let (mut sums, mut rests) = ([0.0; 16], [0.0; 16]);
    for (level, p) in levels.iter().enumerate().skip(1) {
        let of = if some.contains(&level) {
            &mut sums
        } else {
            &mut rests
        };
        of[condition(level)] += p;
    }
    for (level, p) in levels.iter_mut().enumerate().skip(1) {
        let (sum, rest) = (sums[condition(level)], rests[condition(level)]);
        if sum > most && rest > 0.0 {
            *p *= if some.contains(&level) {
                most / sum
            } else {
                (1.0 - most) / rest
            };
        }
    }
}

fn normalised([m, household, u]: [f64; 3], with_household: bool) -> [f64; 3] {
    let household = if with_household { household } else { 0.0 };
    let sum = m + household + u;
    [m / sum, household / sum, u / sum]
}

fn zeros(like: &[Vec<f64>]) -> Vec<Vec<f64>> {
    like.iter().map(|levels| vec![0.0; levels.len()]).collect()
}
