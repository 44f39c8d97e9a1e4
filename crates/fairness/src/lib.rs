#![doc = include_str!("../README.md")]

mod disparity;
mod error;
mod group;
mod report;
mod suppression;
mod verdict;

pub use disparity::{Disparity, disparity};
pub use error::FairnessError;
pub use group::{GroupMetrics, Measure, Rate, by_group, intersect, overall};
pub use report::{FairnessReport, PublishedGroup, Settings, fairness_report};
pub use suppression::hidden;
pub use verdict::{Criterion, CriterionResult, Verdict};

/// Group of rows whose sensitive feature is empty.
pub const MISSING: &str = "(missing)";
