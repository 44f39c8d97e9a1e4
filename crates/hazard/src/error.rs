//! Why there is no model.

use helder_ebm::EbmError;
use helder_glm::GlmError;
use helder_survival::SurvivalError;

/// A fault of the spells, the columns or the settings. Names columns and counts rows; never repeats a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HazardError {
    /// The spells, their columns or the intervals.
    #[error(transparent)]
    Spells(#[from] SurvivalError),
    /// The regression of one cause.
    #[error("no regression of cause {cause}")]
    Glm {
        /// The cause.
        cause: u32,
        /// Why not.
        #[source]
        source: GlmError,
    },
    /// The curves of one cause.
    #[error("no curves of cause {cause}")]
    Ebm {
        /// The cause.
        cause: u32,
        /// Why not.
        #[source]
        source: EbmError,
    },
    /// A cause by which nothing ends within the intervals.
    #[error(
        "nothing ends by cause {0} within the intervals: merge it with another cause, or take longer intervals"
    )]
    NoEvents(u32),
    /// Columns of another length than the spells.
    #[error("columns with another number of values than the {expected} spells: {}", names.join(", "))]
    Lengths {
        /// Their names.
        names: Vec<String>,
        /// Spells.
        expected: usize,
    },
    /// Somebody described by another number of values than there are columns.
    #[error("{found} values where the model has {expected} columns")]
    Values {
        /// Values given.
        found: usize,
        /// Columns of the model.
        expected: usize,
    },
    /// A confidence outside `(0, 1)`.
    #[error("confidence must be above 0 and below 1")]
    Confidence,
}
