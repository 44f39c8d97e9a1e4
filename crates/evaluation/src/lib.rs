#![doc = include_str!("../README.md")]

mod calibration;
mod capacity;
mod error;
mod proportion;
mod ranking;
mod report;
mod score;

pub use calibration::{Calibration, CalibrationBin, CalibrationLine, calibration};
pub use capacity::{Capacity, Confusion, at_capacity, at_threshold, top_k};
pub use error::EvaluationError;
pub use proportion::{Interval, Proportion, Z_95};
pub use ranking::{Auc, auc, average_precision};
pub use report::{Evaluation, evaluate};
pub use score::{brier, log_loss};
