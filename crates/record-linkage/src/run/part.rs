//! One part of the candidate pairs, for several processes that share the work: every pair lies in one block, and the key of the block says
//! whose it is. All parts together hold exactly the pairs that one process finds, to the last bit.

use super::{
    Observer, RunError,
    limits::{Budget, Limits},
    weigh::{Free, Pair, weigh},
};
use crate::{bound::Bound, model::TrainedModel, score::Weights, spec::LinkageSpec, table::Table};

/// A pair that may matter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeighedPair {
    /// Row of the left table.
    pub left: u32,
    /// Row of the right table.
    pub right: u32,
    /// log2 odds before its rivals are heard.
    pub match_weight: f64,
}

/// Which part of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// From 0.
    pub number: u64,
    /// At least 1.
    pub of: u64,
}

impl Weights {
    /// A pair with all its bars before rivals.
    pub(super) fn weighed(
        &self,
        model: &TrainedModel,
        (left, right, evidence): &Pair,
    ) -> WeighedPair {
        WeighedPair {
            left: *left,
            right: *right,
            match_weight: evidence.matching
                + model.prior_weight
                + self.household_bar(*evidence, model.household_weight),
        }
    }
}

/// Weighs the pairs of one part with a trained model; sorted by left and right row. Every process must be given the same spec, tables and
/// model.
///
/// # Errors
/// [`RunError`] when the observer stops it, or it would go beyond `limits`.
pub fn weigh_part(
    spec: &LinkageSpec,
    (left, right): (&Table, &Table),
    model: &TrainedModel,
    part: Part,
    limits: Limits,
    observer: &dyn Observer,
) -> Result<Vec<WeighedPair>, RunError> {
    let budget = Budget::new(limits, spec, left, right)?;
    let bound = Bound::new(spec, left, right);
    let free = Free {
        left: &[],
        right: &[],
        one_per_left: false,
        one_per_right: false,
    };
    let (kept, _) = weigh(spec, &bound, model, (&free, Some(part)), &budget, observer)?;
    let weights = Weights::new(model, bound.n_records());
    let pairs = kept.iter().map(|pair| weights.weighed(model, pair));
    Ok(pairs.collect())
}
