#![doc = include_str!("../README.md")]

mod budget;
mod compare;
mod estimate;
mod figures;
mod folds;
mod nested;
mod propose;

pub use budget::{Budget, Limit};
pub use compare::{Compared, compare, test_ratio};
pub use estimate::Estimate;
pub use figures::FoldFigures;
pub use folds::{Fold, FoldError, NestedFold, Rule, folds, nested_folds};
pub use nested::{
    Answer, Contender, Failure, Learner, Onlooker, Reading, State, Trial, Tried, run,
};
pub use propose::{Proposal, Reason, ReasonCode, propose};

/// Part of a contender in the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// May be proposed.
    Candidate,
    /// Everybody gets the share of the outcome among the rows learned from.
    BaseRate,
    /// The simplest rule that somebody could think of.
    SimpleRule,
    /// How well a black box would do; never proposed.
    Ceiling,
}
