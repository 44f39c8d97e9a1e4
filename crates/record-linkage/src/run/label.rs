//! Decisions of people: they overrule the run, and the model learns from them.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use super::{Cancelled, Observer, ScoredPair};
use crate::{
    bound::{Bound, level_of},
    comparison::Scratch,
    model::{TrainedModel, exact},
    score::probability,
};

/// What people decided about a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// Row of the left table.
    pub left: u32,
    /// Row of the right table.
    pub right: u32,
    /// Whether the records are of one person.
    pub is_match: bool,
}

impl Label {
    /// Of two rows of one table, the first row first; `None` for a row and itself.
    pub(crate) fn in_order(self) -> Option<Self> {
        (self.left != self.right).then(|| Self {
            left: self.left.min(self.right),
            right: self.left.max(self.right),
            ..self
        })
    }
}

/// The model's own opinion of a pattern counts as so many labels of it.
const OPINION: f64 = 2.0;
/// Least m of a level.
const LEAST_M: f64 = 1e-6;

/// What is known of the pairs that share an agreement pattern.
#[derive(Clone, Copy, Default)]
struct Known {
    pairs: f64,
    expected: f64,
    labels: f64,
    matches: f64,
}

/// Corrects the m of a trained model by labels: one more M-step, in which the share of true pairs of a labelled pattern is not what the
/// model says of it, but that and the labels together.
///
/// With `n` labels in a pattern, `k` of them matches, and a mean posterior `q` over its pairs, the share is `(k + 2q) / (n + 2)`. A label
/// moves the model by as many pairs as share its pattern; patterns without labels, and labels that say what the model says, move nothing.
/// EM with labelled and unlabelled data together: Nigam and others, *Machine Learning* 39 (2000); for linkage: Larsen
/// and Rubin, *JASA* 96 (2001), who alternate review and EM in the same way.
pub(super) fn learn(
    model: &mut TrainedModel,
    bound: &Bound,
    scored: &[ScoredPair],
    labels: &[Label],
    observer: &dyn Observer,
) -> Result<(), Cancelled> {
    let patterns: Vec<u64> = scored
        .par_iter()
        .map_init(Scratch::new, |scratch, pair| {
            bound.pattern(pair.left as usize, pair.right as usize, scratch)
        })
        .collect();
    observer.checkpoint()?;
    let decided: HashMap<(u32, u32), bool> = labels
        .iter()
        .map(|label| ((label.left, label.right), label.is_match))
        .collect();
    let mut known: BTreeMap<u64, Known> = BTreeMap::new();
    let mut total = 0.0;
    for (pair, pattern) in scored.iter().zip(patterns) {
        let posterior = probability(pair.match_weight);
        total += posterior;
        let sums = known.entry(pattern).or_default();
        sums.pairs += 1.0;
        sums.expected += posterior;
        if let Some(is_match) = decided.get(&(pair.left, pair.right)) {
            sums.labels += 1.0;
            sums.matches += f64::from(u8::from(*is_match));
        }
    }
    known.retain(|_, sums| sums.labels > 0.0);
    for (k, comparison) in model.comparisons.iter_mut().enumerate() {
        let mut counts: Vec<f64> = comparison
            .levels
            .iter()
            .map(|level| level.m_probability * total)
            .collect();
        for (pattern, sums) in &known {
            let share =
                (sums.matches + OPINION * sums.expected / sums.pairs) / (sums.labels + OPINION);
            if let Some(count) = level_of(*pattern, k)
                .checked_sub(1)
                .and_then(|place| counts.get_mut(place))
            {
                *count += sums.pairs * share - sums.expected;
            }
        }
        let least = LEAST_M * total;
        let sum: f64 = counts.iter().map(|count| count.max(least)).sum();
        if sum <= 0.0 {
            continue;
        }
        for (level, count) in comparison.levels.iter_mut().zip(counts) {
            level.m_probability = count.max(least) / sum;
            level.match_weight = exact((level.m_probability / level.u_probability).log2());
        }
    }
    Ok(())
}
