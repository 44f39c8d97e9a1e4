//! Why there is no report.

use helder_effect::EffectError;
use helder_segmentation::SegmentationError;
use helder_survival::SurvivalError;
use helder_types::Fault;

/// No report was made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OutflowError {
    /// All faults of the spec, by itself or against the frame. They name columns and count rows; they never repeat a value.
    #[error("the spec does not fit: {}", .0.iter().map(|f| format!("{}: {}", f.pointer, f.detail)).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<Fault>),
    /// The caller asked to stop.
    #[error("stopped")]
    Stopped,
    /// A column that was checked is not there.
    #[error("a column that was checked is not there")]
    Column,
    /// An estimate that checked spells do not allow.
    #[error("the spells allow no estimate")]
    Survival(#[from] SurvivalError),
    /// An effect that checked spells do not allow to look for.
    #[error("the spells allow no look at provisions")]
    Effect(#[from] EffectError),
    /// Groups that checked characteristics do not allow.
    #[error("the characteristics allow no groups")]
    Segmentation(#[from] SegmentationError),
}
