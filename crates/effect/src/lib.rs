#![doc = include_str!("../README.md")]

mod analysis;
mod balance;
mod conclusion;
mod doubly_robust;
mod duration;
mod error;
mod estimate;
mod groups;
mod hazards;
mod immortal;
mod landmark;
mod matrix;
mod multiplicity;
mod normal;
mod power;
mod prepared;
mod regression;
mod sensitivity;
mod start;
mod study;
mod text;
mod time_dependent;
mod weighted;

pub use analysis::{Counts, Effect, analyse};
pub use balance::{Balance, ColumnBalance};
pub use conclusion::{Code, Conclusion, Statement, Verdict};
pub use doubly_robust::Differences;
pub use duration::ByDuration;
pub use error::{EffectError, StudyFault};
pub use estimate::{Difference, HazardRatio, Reason, Shown};
pub use groups::{GroupEffect, GroupRatio, GroupedEffect, Interaction};
pub use immortal::{Plan, Refusal, RefusalReason, check_plan};
pub use landmark::{AtHorizon, Landmark, Landmarks};
pub use multiplicity::adjusted_p_values;
pub use power::{Power, events_needed, smallest_detectable_hazard_ratio};
pub use sensitivity::{
    Bound, Sensitivity, StrongestColumn, bounding_factor, e_value, risk_ratio_of,
};
pub use study::{Column, Grouping, Missing, Multiplicity, Settings, Study};
pub use text::Text;
pub use time_dependent::TimeDependent;
pub use weighted::{Weighted, Weights};
