#![doc = include_str!("../README.md")]

mod bootstrap;
mod comparison;
mod control;
mod disclosed;
mod disparity;
mod error;
mod explore;
mod group;
mod label;
mod path;
mod power;
mod proxy;
mod random;
mod report;
mod suppression;
mod verdict;

pub use bootstrap::{Bootstrap, Spread, bootstrap};
pub use comparison::{CalibrationGap, Compared, Comparison, CountedGroup, Share, compare};
pub use control::{
    ControlFeature, ControlGroup, ControlSample, Estimate, Finding, GroupContrast, Listed, Looked,
    Missed, control_by_group, control_sample,
};
pub use disclosed::{DisclosedGroup, DisclosedResult, WithheldPair, judge_disclosed};
pub use disparity::{Disparity, disparity};
pub use error::FairnessError;
pub use explore::{
    Exploration, POOLED, Policy, PolicyGroup, PolicyOutcome, ThresholdPoint, explore,
};
pub use group::{Gap, GroupMetrics, Limits, Measure, Rate, by_group, intersect, overall};
pub use helder_evaluation::Feature;
pub use label::{
    AuditedGroup, Corrected, CorrectedRate, LOWEST_REGISTERED, LabelAudit, LabelSensitivity,
    TippingPoint, corrected, label_audit, label_sensitivity,
};
pub use path::{
    BoxedScore, CausalGraph, GraphError, PathPart, PathReport, Route, RouteShare, boxed_parts,
    path_reports,
};
pub use power::{POWER, smallest_detectable_difference};
pub use proxy::{
    Proxy, ProxyAuc, StandardisedDifference, proxies, standardised_difference, whole_set,
};
pub use report::{FairnessReport, PublishedGroup, Settings, fairness_report};
pub use suppression::hidden;
pub use verdict::{Criterion, CriterionResult, Verdict, judge};

/// Group of rows whose sensitive feature is empty.
pub const MISSING: &str = "(missing)";
