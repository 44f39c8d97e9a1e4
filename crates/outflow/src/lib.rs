#![doc = include_str!("../README.md")]

#[cfg(test)]
mod against_r;
mod analysis;
mod check;
mod compare;
mod design;
mod error;
mod expected;
mod gaps;
mod groups;
mod hazards;
mod honest;
mod limits;
mod page;
mod prepare;
mod provisions;
mod quality;
mod records;
mod small;
mod spec;
mod stay;
mod table;
mod traits;

pub use analysis::{FORMAT, OutflowAnalysis, Step, analyse};
pub use compare::{CauseMethod, CauseTest, Comparison, LevelStay, Test};
pub use error::OutflowError;
pub use expected::expected;
pub use gaps::{ColumnGaps, GapConclusion, GapConclusions, GapReport, GapSign};
pub use groups::{ClientGroups, FoundGroups, GroupCard, GroupFigure};
pub use hazards::{Compared, HazardModel, HazardRatio, HazardResult, Period};
pub use honest::{Bin, Calibration, Honesty};
pub use page::page;
pub use provisions::{
    HorizonDifference, ProvisionEffect, ProvisionGroups, ProvisionLandmark, Ratio,
};
pub use quality::{ColumnQuality, Quality, Reason, SetApart};
pub use records::RecordCounts;
pub use spec::{
    CauseKind, Characteristic, CharacteristicKind, EndCause, Ends, OutflowSpec, Provision, TimeUnit,
};
pub use stay::{CauseShare, Limits, Point, Stay};
pub use table::{Column, Table, UnevenColumns};

/// Confidence of all intervals.
pub(crate) const CONFIDENCE: f64 = 0.95;
