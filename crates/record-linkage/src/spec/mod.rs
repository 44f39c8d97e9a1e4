//! What to link on, as data: comparisons, blocking rules, training rules, assignment.

mod comparison;
pub(crate) mod level;
mod rule;
pub mod suggest;
mod validate;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use comparison::{ColumnPair, ComparisonSpec};
pub use level::{LevelSpec, LevelTest};
pub use rule::{BlockingKey, BlockingRule, KeyFunction};

/// The most comparisons a spec may hold; a pair's agreement pattern is one 64-bit number of 4 bits per comparison.
pub const MAX_COMPARISONS: usize = 14;
/// The most levels a comparison may have, besides "missing" and "different".
pub const MAX_LEVELS: usize = 13;

/// How many partners a record may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Assignment {
    /// Each left and each right record has at most one partner. For two files without duplicates.
    #[default]
    OneToOne,
    /// Each right record has at most one left partner; a left record may have several. For a register on the left and a file that may
    /// hold a person twice on the right.
    OneLeftPerRight,
    /// Every pair above the threshold.
    All,
}

/// A linkage specification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LinkageSpec {
    /// Pairs of pseudonym columns; equal values are a link by themselves, before anything is compared.
    #[serde(default)]
    pub deterministic: Vec<ColumnPair>,
    /// Pairs of identifier columns (BSN or pseudonym) that only teach: pairs of records that alone have an equal value show what records of
    /// one person look like. They link nothing and are not compared. For a purpose that allows it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teaching: Vec<ColumnPair>,
    /// What is compared, at most 14.
    pub comparisons: Vec<ComparisonSpec>,
    /// Which pairs are looked at: those for which at least one rule holds.
    pub blocking_rules: Vec<BlockingRule>,
    /// Which pairs teach the model; each rule leaves its own comparisons out. Empty = the blocking rules.
    #[serde(default)]
    pub training_rules: Vec<BlockingRule>,
    /// How many partners a record may have.
    #[serde(default)]
    pub assignment: Assignment,
    /// Least match probability of a link, in (0, 1).
    #[serde(default = "defaults::threshold")]
    pub threshold: f64,
    /// Whether relatives at one address are a class of their own. Has effect only with an address comparison.
    #[serde(default = "defaults::household")]
    pub household: bool,
    /// Random pairs from which u is measured.
    #[serde(default = "defaults::random_pairs")]
    pub random_pairs: u64,
    /// Seed of the random pairs.
    #[serde(default = "defaults::seed")]
    pub seed: u64,
    /// A block with more pairs than this is divided by further keys into parts of no more pairs together, or skipped where nothing divides it;
    /// it is reported in any case.
    #[serde(default = "defaults::max_block_pairs")]
    pub max_block_pairs: u64,
    /// Candidate pairs per record up to which rules are added to the declared ones, see [`crate::blocking::complete`]; 0 adds none.
    #[serde(default = "defaults::pairs_per_record")]
    #[schema(minimum = 0.0, maximum = 10000.0)]
    pub pairs_per_record: f64,
    /// Most pairs per training rule; more are thinned evenly.
    #[serde(default = "defaults::max_training_pairs")]
    pub max_training_pairs: u64,
    /// Most EM iterations.
    #[serde(default = "defaults::max_iterations")]
    pub max_iterations: u32,
}

impl LinkageSpec {
    /// A spec with the default settings.
    pub fn new(comparisons: Vec<ComparisonSpec>, blocking_rules: Vec<BlockingRule>) -> Self {
        Self {
            deterministic: Vec::new(),
            teaching: Vec::new(),
            comparisons,
            blocking_rules,
            training_rules: Vec::new(),
            assignment: Assignment::default(),
            threshold: defaults::threshold(),
            household: defaults::household(),
            random_pairs: defaults::random_pairs(),
            seed: defaults::seed(),
            max_block_pairs: defaults::max_block_pairs(),
            pairs_per_record: defaults::pairs_per_record(),
            max_training_pairs: defaults::max_training_pairs(),
            max_iterations: defaults::max_iterations(),
        }
    }

    /// The rules that teach the model.
    pub fn effective_training_rules(&self) -> &[BlockingRule] {
        if self.training_rules.is_empty() {
            &self.blocking_rules
        } else {
            &self.training_rules
        }
    }

    /// Position of a comparison by name.
    pub fn position(&self, comparison: &str) -> Option<usize> {
        self.comparisons.iter().position(|c| c.name() == comparison)
    }
}

/// Default settings, each in one place.
mod defaults {
    pub(super) const fn threshold() -> f64 {
        0.5
    }
    pub(super) const fn household() -> bool {
        true
    }
    pub(super) const fn random_pairs() -> u64 {
        2_000_000
    }
    pub(super) const fn seed() -> u64 {
        20_240_501
    }
    pub(super) const fn max_block_pairs() -> u64 {
        4_000_000
    }
    pub(super) const fn pairs_per_record() -> f64 {
        30.0
    }
    pub(super) const fn max_training_pairs() -> u64 {
        2_000_000
    }
    pub(super) const fn max_iterations() -> u32 {
        500
    }
}
