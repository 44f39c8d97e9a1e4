#![doc = include_str!("../README.md")]

mod best;
mod clusters;
mod coded;
mod cut;
mod draws;
mod error;
mod grow;
mod honest;
mod prune;
mod rules;
mod settings;
mod tree;

pub use error::TreeError;
pub use helder_types::column::{Column, ColumnFault, Direction, Value};
pub use rules::{Condition, Rule, RuleList, RuleSettings};
pub use settings::{Measure, Pruning, Settings};
pub use tree::{Counted, Flag, Flagged, Node, Path, Split, Step, Test, Tree};
