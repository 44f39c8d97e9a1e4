//! How good the data is: counted while the records stream by, reported without any value of an identifying column.

mod assess;
mod attention;
mod distribution;
mod drift;
mod profile;
mod report;
mod sketch;

use helder_types::SemanticType;

pub use assess::report;
pub(crate) use attention::Attention;
pub use distribution::{Bin, Distribution, Quantile, TopValue};
pub use drift::DriftBins;
pub(crate) use profile::Profile;
pub use report::{AttentionItem, ColumnQuality, Drift, Outliers, QualityReport, RuleCount};

use crate::rule::Rule;

/// Counts of one field over all records.
#[derive(Clone, Debug)]
pub(crate) struct FieldCounts {
    /// Records without a value.
    pub(crate) missing: u64,
    /// Records whose value breaks a rule.
    pub(crate) invalid: u64,
    /// Invalid values that became missing, so that the record stayed.
    pub(crate) set_missing: u64,
    /// Broken rules.
    pub(crate) broken: Vec<u64>,
}

impl Default for FieldCounts {
    fn default() -> Self {
        Self {
            missing: 0,
            invalid: 0,
            set_missing: 0,
            broken: vec![0; Rule::ALL.len()],
        }
    }
}

/// What was counted over a whole file; [`report`] makes a report of it.
#[derive(Debug)]
pub struct Profiles {
    pub(crate) names: Vec<String>,
    pub(crate) counts: Vec<FieldCounts>,
    pub(crate) columns: Vec<Profile>,
    pub(crate) record_faults: Vec<u64>,
    pub(crate) attention: Attention,
    pub(crate) rows_in: u64,
    pub(crate) rows_accepted: u64,
}

impl Profiles {
    /// Values set to missing because they were invalid, over all fields.
    pub fn values_set_missing(&self) -> u64 {
        self.counts.iter().map(|counts| counts.set_missing).sum()
    }
}

/// Whether values of a column may be shown at all, in groups of at least [`SMALLEST_CELL`].
pub(crate) fn may_show(meaning: Option<SemanticType>) -> bool {
    !meaning.is_some_and(SemanticType::identifies_directly)
}

/// Counts below this are not shown.
pub const SMALLEST_CELL: u64 = 10;
