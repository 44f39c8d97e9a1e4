#![doc = include_str!("../README.md")]

mod areas;
mod calibration;
mod capacity;
mod ceiling;
mod clustered;
mod conformal;
mod decision;
mod drift;
mod error;
mod estimates;
mod feature;
mod gaps;
mod leakage;
mod learning;
mod limits;
mod linked;
mod proportion;
mod ranking;
mod recalibrate;
mod report;
mod score;
mod special;
mod stability;

pub use areas::{Area, Areas, areas};
pub use calibration::{Calibration, CalibrationBin, CalibrationLine, calibration};
pub use capacity::{Capacity, Confusion, at_capacity, at_threshold, top_k};
pub use ceiling::{Ceiling, ceiling, expected_auc};
pub use clustered::ClusteredShare;
pub use conformal::{
    Conformal, ConformalLimit, Coverage, Covered, PredictionSet, interval_half_width,
};
pub use decision::{DecisionPoint, decision_curve};
pub use drift::{Drift, drift};
pub use error::EvaluationError;
pub use estimates::{EstimateBin, Estimates, Outcome, evaluate_estimates};
pub use feature::{Feature, level_scores, level_scores_of};
pub use gaps::{COMPLETE, FeatureGaps, Gaps, INCOMPLETE, gaps};
pub use leakage::{FeatureCheck, Suspicion, dates_in_the_future, leakage};
pub use learning::{LearningCurve, LearningPoint, learning_sizes};
pub use limits::RatioInterval;
pub use linked::{LinkInfluence, LinkQuality, link_influence};
pub use proportion::{Interval, Proportion, Z_95};
pub use ranking::{Auc, auc, average_precision, average_precision_interval};
pub use recalibrate::{Recalibration, RecalibrationKind};
pub use report::{Evaluation, evaluate};
pub use score::{brier, log_loss};
pub use special::{chi_square_tail, two_sided_p, z_two_sided};
pub use stability::{Heterogeneity, Part, Stability, stability};
