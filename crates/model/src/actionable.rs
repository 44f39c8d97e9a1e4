//! What somebody can change of an input by what they do.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How somebody can change an input by what they do. Advice never goes beyond it, nor beyond what occurred in training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Actionable {
    /// Which way: `up` (for true or false: to true), `down` (to false), or `either`. Categories: `either`.
    pub direction: Direction,
    /// Numbers: never lower than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<f64>,
    /// Numbers: never higher than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<f64>,
    /// Numbers: never further than this from the present value, above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub largest_step: Option<f64>,
    /// Numbers: advice names multiples of this only, above 0. Absent: a power of ten of at most a thousandth of the range in training, and
    /// at least 1 for whole numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<f64>,
    /// Categories: the levels that somebody can change to, at least one. Empty for others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 10_000)]
    pub levels: Vec<String>,
    /// How hard a change is, above 0: of a number over its whole range in training, of others to another value. Absent: 1. The smallest
    /// change is the one with the least effort.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effort: Option<f64>,
}

/// Which way an input can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Up only.
    Up,
    /// Down only.
    Down,
    /// Both ways.
    Either,
}

impl Direction {
    /// Whether true or false may become `to`, the other of the two.
    pub(crate) const fn allows(self, to: bool) -> bool {
        match self {
            Self::Up => to,
            Self::Down => !to,
            Self::Either => true,
        }
    }
}
