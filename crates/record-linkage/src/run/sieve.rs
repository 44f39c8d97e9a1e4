//! Which pairs of a block are worth comparing: a look at all of them together, see [`Bound::ceilings`].

use super::weigh::KEEP_FROM;
use crate::{bound::Bound, score::Weights};

/// Rows of a side that are looked at together.
pub(super) const LEFTS: usize = 64;
pub(super) const RIGHTS: usize = 128;
/// Pairs per row from which on a look at the rows pays.
const PAIRS_PER_ROW: usize = 3;
/// More than what adding single-precision numbers can lose.
const ROUNDING: f64 = 0.01;

/// What the pairs of a tile have at most.
pub(super) struct Sieve<'a> {
    bound: &'a Bound,
    weights: &'a Weights,
    least: f32,
}

impl<'a> Sieve<'a> {
    pub(super) fn new(bound: &'a Bound, weights: &'a Weights, prior_weight: f64) -> Self {
        Self {
            bound,
            weights,
            least: (KEEP_FROM - prior_weight - ROUNDING) as f32,
        }
    }

    /// Whether so many rows have enough pairs.
    pub(super) const fn pays(n_left: usize, n_right: usize) -> bool {
        n_left * n_right > PAIRS_PER_ROW * (n_left + n_right)
    }

    /// The most that each pair of these rows can weigh; `ceilings` is overwritten.
    pub(super) fn look(&self, lefts: &[u32], rights: &[u32], ceilings: &mut Vec<f32>) {
        self.bound.ceilings(self.weights, (lefts, rights), ceilings);
    }

    /// Whether a pair under this ceiling can matter.
    #[inline]
    pub(super) fn passes(&self, ceiling: f32) -> bool {
        ceiling >= self.least
    }
}
