#![doc = include_str!("../README.md")]

mod bootstrap;
mod comparison;
mod disclosed;
mod disparity;
mod error;
mod group;
mod power;
mod random;
mod report;
mod suppression;
mod verdict;

pub use bootstrap::{Bootstrap, Spread, bootstrap};
pub use comparison::{CalibrationGap, Compared, Comparison, CountedGroup, compare};
pub use disclosed::{DisclosedGroup, DisclosedResult, WithheldPair, judge_disclosed};
pub use disparity::{Disparity, disparity};
pub use error::FairnessError;
pub use group::{Gap, GroupMetrics, Limits, Measure, Rate, by_group, intersect, overall};
pub use power::{POWER, smallest_detectable_difference};
pub use report::{FairnessReport, PublishedGroup, Settings, fairness_report};
pub use suppression::hidden;
pub use verdict::{Criterion, CriterionResult, Verdict, judge};

/// Group of rows whose sensitive feature is empty.
pub const MISSING: &str = "(missing)";
