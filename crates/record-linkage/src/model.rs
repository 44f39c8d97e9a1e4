//! The trained model: m, u and weights of every level, in a form that is stored and shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{bound::Bound, calibration::Calibration, em::Convergence, spec::Assignment};

/// Where a probability comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// Expectation–maximisation over the training rules.
    Em,
    /// Random pairs.
    RandomPairs,
    /// Counts of the values themselves.
    ValueCounts,
}

/// One level of a trained comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrainedLevel {
    /// What it means.
    pub label: String,
    /// The same in Dutch.
    pub label_nl: String,
    /// Probability of the level among true pairs.
    pub m_probability: f64,
    /// Probability among unrelated pairs.
    pub u_probability: f64,
    /// Where u comes from.
    pub u_source: Source,
    /// Probability among members of one household, when that class was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub household_probability: Option<f64>,
    /// log2(m / u).
    pub match_weight: f64,
    /// Share of records at which the frequency bar is zero; absent where the level has no such bar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typical_frequency: Option<f64>,
}

/// A trained comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrainedComparison {
    /// Name as in the spec.
    pub name: String,
    /// Where m comes from.
    pub m_source: Source,
    /// Whether members of a household agree on it by chance rather than by descent, as on given names: that a value is common then makes
    /// it no less likely that they share it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub household_by_chance: bool,
    /// Levels from best to worst, without the missing one: place 0 here is level 1.
    pub levels: Vec<TrainedLevel>,
}

/// Everything a score needs besides the two tables and the spec.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrainedModel {
    /// One per comparison of the spec, in its order.
    pub comparisons: Vec<TrainedComparison>,
    /// Expected number of true pairs among those left for comparison.
    pub expected_matches: f64,
    /// log2 of the odds that a random pair is a true pair.
    pub prior_weight: f64,
    /// log2 of the odds that a random pair is of one household, when that class was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub household_weight: Option<f64>,
    /// What brings scores in line with how near other people come, where each right record has one partner at most. In a linkage one to one
    /// that has it pairs compete as if left records could have several, and only the links are one to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// How EM ended.
    pub convergence: Convergence,
}

/// Rounds a weight to a multiple of 2⁻²⁰, so that sums of weights are exact in any order.
pub fn exact(weight: f64) -> f64 {
    const UNIT: f64 = 1_048_576.0;
    (weight.clamp(-1e6, 1e6) * UNIT).round() / UNIT
}

impl TrainedModel {
    /// The bar of the other records: what the competition took away, calibrated.
    pub(crate) fn rival_bar(&self, weight: f64, taken: f64) -> f64 {
        let calibration = self.calibration.as_ref();
        taken + calibration.map_or(0.0, |found| found.bar(weight + taken))
    }

    /// Prior of a further pair of a record of side `side` (0 left, 1 right), each of which is open for one: as [`Self::set_expected_matches`]
    /// has it where that side may have several partners.
    pub(crate) fn prior_of_further(&self, bound: &Bound, side: usize) -> f64 {
        let sizes = [bound.n_left() as f64, bound.n_right() as f64];
        let other = sizes[1 - side];
        let open = (other - self.expected_matches).max(LEAST_OPEN * other);
        let pairs = sizes[side] * open.max(1.0);
        exact((self.expected_matches / pairs).clamp(1e-15, 1.0).log2())
    }

    /// Sets the prior for `expected` true pairs; there are as many household members per true pair as before.
    ///
    /// Where a record has at most one partner, the odds are those of a pair of records that are both still without one: in a random
    /// matching of `n` expected pairs they are n / ((left − n)(right − n)), not n / (left · right). With files that overlap for nine
    /// tenths that makes a difference of a factor of a hundred. The odds of a household member stay those of any pair: who has a partner
    /// elsewhere is no less a relative.
    pub(crate) fn set_expected_matches(
        &mut self,
        expected: f64,
        bound: &Bound,
        assignment: Assignment,
    ) {
        let open = |n: usize| (n as f64 - expected).max(LEAST_OPEN * n as f64).max(1.0);
        let pairs = match assignment {
            Assignment::OneToOne => open(bound.n_left()) * open(bound.n_right()),
            Assignment::OneLeftPerRight => bound.n_left() as f64 * open(bound.n_right()),
            Assignment::All => bound.n_pairs(),
        };
        let prior = exact((expected / pairs.max(1.0)).clamp(1e-15, 1.0).log2());
        let ratio = (expected / self.expected_matches.max(1e-9)).log2();
        self.household_weight = self.household_weight.map(|weight| exact(weight + ratio));
        self.prior_weight = prior;
        self.expected_matches = expected;
    }
}

/// Share of the records that is taken to be without a partner at least, however many links there are.
const LEAST_OPEN: f64 = 0.05;
