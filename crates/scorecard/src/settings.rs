//! What may be chosen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ScorecardError;

/// How the share of events may go from one bin of numbers to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Trend {
    /// Never down.
    Ascending,
    /// Never up.
    Descending,
    /// Never down or never up, whichever says more.
    #[default]
    Monotone,
    /// Any way.
    Free,
}

/// How columns are cut into bins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BinSettings {
    /// Most bins of a column, without that of missing values. 1–32.
    pub max_bins: usize,
    /// Least share of the rows with a value in a bin. In [0, 0.5].
    pub min_share: f64,
    /// Least number of events, and of other outcomes, in a bin. At least 1.
    pub min_of_each: u64,
    /// Places where a column of numbers may be cut are at most so many, at quantiles. 1–256.
    pub candidates: usize,
    /// How the share of events may go; of numbers only.
    pub trend: Trend,
}

impl Default for BinSettings {
    fn default() -> Self {
        Self {
            max_bins: 6,
            min_share: 0.05,
            min_of_each: 10,
            candidates: 50,
            trend: Trend::Monotone,
        }
    }
}

impl BinSettings {
    pub(crate) fn check(&self) -> Result<(), ScorecardError> {
        let fault = |setting, demand| Err(ScorecardError::Setting { setting, demand });
        if !(1..=32).contains(&self.max_bins) {
            return fault("maxBins", "1 to 32");
        }
        if !(0.0..=0.5).contains(&self.min_share) {
            return fault("minShare", "from 0 to 0.5");
        }
        if self.min_of_each == 0 {
            return fault("minOfEach", "at least 1");
        }
        if !(1..=256).contains(&self.candidates) {
            return fault("candidates", "1 to 256");
        }
        Ok(())
    }
}

/// How a card is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CardSettings {
    /// Bins of each column.
    pub bins: BinSettings,
    /// Points of the bin that weighs most; all points are whole numbers from 0 to this. 1–1000.
    pub most_points: u32,
    /// Columns with less information value than this are left out.
    pub min_information_value: f64,
    /// Columns of numbers whose share of events may go another way than `bins` says.
    pub trends: BTreeMap<String, Trend>,
}

impl Default for CardSettings {
    fn default() -> Self {
        Self {
            // Finer than a single column is cut: what few rows tell well is worth a line on the card. Beside cards of optbinning with its own
            // settings, on five tasks: `tests/it/tasks.rs`.
            bins: BinSettings {
                max_bins: 8,
                min_share: 0.02,
                candidates: 100,
                ..BinSettings::default()
            },
            most_points: 20,
            min_information_value: 0.02,
            trends: BTreeMap::new(),
        }
    }
}

impl CardSettings {
    /// Settings of the bins of a column.
    pub(crate) fn bins_of(&self, column: &str) -> BinSettings {
        BinSettings {
            trend: self.trends.get(column).copied().unwrap_or(self.bins.trend),
            ..self.bins.clone()
        }
    }

    pub(crate) fn check(&self) -> Result<(), ScorecardError> {
        self.bins.check()?;
        let fault = |setting, demand| Err(ScorecardError::Setting { setting, demand });
        if !(1..=1000).contains(&self.most_points) {
            return fault("mostPoints", "1 to 1000");
        }
        if !(self.min_information_value >= 0.0 && self.min_information_value.is_finite()) {
            return fault("minInformationValue", "0 or more");
        }
        Ok(())
    }
}
