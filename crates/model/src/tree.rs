//! Decision trees and rule lists: questions one after the other, each with two ways on.

use serde::Serialize;

mod leaves;

pub use leaves::{Asked, TreeLeaf};

/// A tree of questions. A rule list is a tree whose every question ends at once for those to whom the rule applies.
///
/// What an input contributes is the sum of what its answers change in the score, from the root to the leaf.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TreeFit {
    /// The root first; a node stands before those below it.
    pub nodes: Vec<TreeNode>,
}

/// A place in a tree.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TreeNode {
    /// Log odds of the people who come here.
    pub score: f64,
    /// Training rows that came here and chose no question: they only estimate.
    pub rows: u64,
    /// Lower end of the exact 95 % interval of the probability here (Clopper and Pearson).
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// What is asked here; a leaf asks nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<TreeSplit>,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TreeSplit {
    /// Name of the input.
    pub input: String,
    /// Who goes the first way.
    #[serde(flatten)]
    pub test: TreeTest,
    /// Which way a value goes that is missing and counts by itself.
    pub missing: Way,
    /// Place of the node of the first way.
    pub first: u64,
    /// Place of the node of the second way.
    pub second: u64,
}

/// Who goes the first way.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum TreeTest {
    /// Numbers and booleans up to and with this.
    AtMost(f64),
    /// Numbers and booleans above this.
    Above(f64),
    /// These categories.
    OneOf(Vec<String>),
    /// Values that are known, or for `false` those that are not.
    Known(bool),
}

/// One of two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// That of the test.
    First,
    /// The other.
    Second,
}
