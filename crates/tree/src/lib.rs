#![doc = include_str!("../README.md")]

mod best;
mod coded;
mod column;
mod cut;
mod draws;
mod error;
mod grow;
mod honest;
mod prune;
mod rules;
mod settings;
mod tree;

pub use column::{Column, Value};
pub use error::TreeError;
pub use rules::{Condition, Rule, RuleList, RuleSettings};
pub use settings::{Direction, Measure, Pruning, Settings};
pub use tree::{Counted, Flag, Flagged, Node, Path, Split, Step, Test, Tree};
