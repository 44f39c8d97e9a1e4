#![doc = include_str!("../README.md")]

mod aalen_johansen;
mod aft;
mod cox;
mod design;
mod episodes;
mod error;
mod exposure;
mod fine_gray;
mod gray;
mod kaplan_meier;
mod log_rank;
mod matrix;
mod measures;
mod normal;
mod person_period;
mod pspline;
mod recurrent;
mod risk;
mod spells;
mod spline;

pub use aalen_johansen::{AalenJohansen, Incidence, IncidencePoint, aalen_johansen};
pub use aft::{Aft, AftCoefficient, AftFit, Law};
pub use cox::{
    Baseline, Client, ClientPoint, Cox, CoxCoefficient, CoxFit, CoxNet, CoxPath, CoxPathPoint,
    CrossValidatedCoxPath, EffectPoint, PathBaseline, Penalties, PenaltyScore, ProportionalHazards,
    Residuals, SmoothCurve, SmoothFit, SmoothTerm, Smoothing, TestResult, TieMethod, TimeScale,
};
pub use design::Design;
pub use episodes::{
    Action, Clock, Episode, EpisodeRules, Episodes, Late, LogEntry, Record, WithoutReason,
};
pub use error::{SpellFault, SurvivalError};
pub use exposure::{Exposed, expose};
pub use fine_gray::{FineGrayCoefficient, FineGrayFit, fine_gray};
pub use gray::{Gray, gray_test};
pub use kaplan_meier::{
    CurvePoint, KaplanMeier, RestrictedMean, RestrictedMeanDifference, TimeEstimate, kaplan_meier,
};
pub use log_rank::{LogRank, LogRankGroup, LogRankWeight, log_rank, log_rank_trend};
pub use measures::{
    Censoring, Concordance, DynamicAuc, brier_score, concordance, dynamic_auc,
    integrated_brier_score, uno_concordance,
};
pub use person_period::{Intervals, PersonPeriods};
pub use pspline::PSpline;
pub use recurrent::{History, Recurrence, Recurrent};
pub use spells::{Cause, Spells};
pub use spline::RestrictedCubicSpline;
