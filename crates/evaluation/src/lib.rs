#![doc = include_str!("../README.md")]

mod calibration;
mod capacity;
mod drift;
mod error;
mod limits;
mod proportion;
mod ranking;
mod report;
mod score;
mod special;

pub use calibration::{Calibration, CalibrationBin, CalibrationLine, calibration};
pub use capacity::{Capacity, Confusion, at_capacity, at_threshold, top_k};
pub use drift::{Drift, drift};
pub use error::EvaluationError;
pub use limits::RatioInterval;
pub use proportion::{Interval, Proportion, Z_95};
pub use ranking::{Auc, auc, average_precision};
pub use report::{Evaluation, evaluate};
pub use score::{brier, log_loss};
pub use special::{chi_square_tail, two_sided_p, z_two_sided};
