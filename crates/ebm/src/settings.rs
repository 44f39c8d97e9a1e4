//! How to learn.

use crate::{EbmError, train::MOST_LEAVES};

/// How many pairs of columns get a term of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pairs {
    /// So many times the number of columns, at most all pairs.
    TimesColumns(usize),
    /// So many, at most all pairs.
    AtMost(usize),
}

impl Pairs {
    pub(crate) fn of(self, columns: usize) -> usize {
        let all = columns * columns.saturating_sub(1) / 2;
        match self {
            Self::TimesColumns(times) => (times * columns).min(all),
            Self::AtMost(most) => most.min(all),
        }
    }
}

/// Settings of training. The defaults serve tables of municipal size.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Bins of a numeric column besides the one of missing values, 2 to 254.
    pub max_bins: usize,
    /// The same for one side of a pair, 2 to 64.
    pub max_pair_bins: usize,
    /// Models that are averaged, each on rows of its own; at least 1.
    pub bags: usize,
    /// Share of the rows that tells a bag when to stop, above 0 and below 1.
    pub validation_share: f64,
    /// Share of a Newton step that is taken, above 0 and at most 1.
    pub learning_rate: f64,
    /// Leaves of a step in one column, 2 to 8.
    pub max_leaves: usize,
    /// What a cut after the first of a step must lower twice the loss by. Under noise the best cut among a hundred lowers it by
    /// about 10: small tables get two leaves, large ones more.
    pub min_gain: f64,
    /// A step is taken when it gains at least this share of the best step of the round before, 0 to 1; 0 takes all.
    pub greed: f64,
    /// Rounds at most; each looks at every column once.
    pub max_rounds: usize,
    /// First rounds, whose cuts are drawn, so that a curve starts smooth.
    pub smoothing_rounds: usize,
    /// Rounds without gain on the validation rows after which a bag stops.
    pub patience: usize,
    /// Rows on each side of a cut, at least 1.
    pub min_leaf_rows: usize,
    /// Pairs of columns.
    pub pairs: Pairs,
    /// Where draws start.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_bins: 254,
            max_pair_bins: 32,
            bags: 14,
            validation_share: 0.15,
            learning_rate: 0.02,
            max_leaves: 8,
            min_gain: 10.0,
            greed: 0.5,
            max_rounds: 5_000,
            smoothing_rounds: 100,
            patience: 50,
            min_leaf_rows: 4,
            pairs: Pairs::TimesColumns(3),
            seed: 42,
        }
    }
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), EbmError> {
        let faults = [
            ("max_bins", !(2..=254).contains(&self.max_bins)),
            ("max_pair_bins", !(2..=64).contains(&self.max_pair_bins)),
            ("bags", !(1..=1_000).contains(&self.bags)),
            (
                "validation_share",
                !(self.validation_share > 0.0 && self.validation_share < 1.0),
            ),
            (
                "learning_rate",
                !(self.learning_rate > 0.0 && self.learning_rate <= 1.0),
            ),
            ("max_leaves", !(2..=MOST_LEAVES).contains(&self.max_leaves)),
            ("greed", !(0.0..=1.0).contains(&self.greed)),
            ("max_rounds", self.max_rounds == 0),
            ("patience", self.patience == 0),
            ("min_leaf_rows", self.min_leaf_rows == 0),
        ];
        match faults.iter().find(|(_, is_wrong)| *is_wrong) {
            Some((name, _)) => Err(EbmError::Setting(name)),
            None => Ok(()),
        }
    }
}
