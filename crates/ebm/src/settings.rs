//! How to learn.

use serde::{Deserialize, Serialize};

use crate::{Bins, Direction, EbmError, train::MOST_LEAVES};

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

/// How bold a step is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stride {
    /// Share of a Newton step that is taken, above 0 and at most 1.
    pub learning_rate: f64,
    /// Leaves of a step in one column, 2 to 8.
    pub max_leaves: usize,
    /// What a cut after the first of a step must lower twice the loss by.
    pub min_gain: f64,
    /// First rounds, whose cuts are drawn, so that a curve starts smooth.
    pub smoothing_rounds: usize,
}

impl Stride {
    /// For curves that are smooth, or little that can be known.
    pub const CALM: Self = Self {
        learning_rate: 0.02,
        max_leaves: 2,
        min_gain: 1.0,
        smoothing_rounds: 100,
    };
    /// As calm, and soon after the true cuts: for curves with a few sharp steps.
    pub const SHARP: Self = Self {
        smoothing_rounds: 15,
        ..Self::CALM
    };
    /// Between calm and bold.
    pub const EVEN: Self = Self {
        learning_rate: 0.05,
        max_leaves: 3,
        min_gain: 1.0,
        smoothing_rounds: 40,
    };
    /// For curves with many steps, as of incomes with peaks at round amounts.
    pub const BOLD: Self = Self {
        learning_rate: 0.05,
        max_leaves: 8,
        min_gain: 1.0,
        smoothing_rounds: 40,
    };
    /// As bold and in half the time: with so many rows that they differ little.
    pub const QUICK: Self = Self {
        learning_rate: 0.1,
        smoothing_rounds: 20,
        ..Self::BOLD
    };

    fn fault(self) -> Option<&'static str> {
        let is_rate = self.learning_rate > 0.0 && self.learning_rate <= 1.0;
        if !is_rate {
            Some("learning_rate")
        } else if !(2..=MOST_LEAVES).contains(&self.max_leaves) {
            Some("max_leaves")
        } else if self.min_gain.is_nan() || self.min_gain < 0.0 {
            Some("min_gain")
        } else {
            None
        }
    }
}

/// Whether curves are smoothed once a bag has learned them, by a penalty on second differences between neighbouring bins.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Smoothing {
    /// As boosting left them.
    #[default]
    Off,
    /// As wide as rows kept apart allow: the widest of 1, 2, 4 … 32 bins that is no more than a standard error behind the best.
    Chosen,
    /// Steps narrower than about so many bins are taken away: a penalty of its fourth power times the mean bin. Above 0, at most 254.
    Width(f64),
}

/// Settings of training. The defaults serve tables of municipal size.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Bins of a numeric column besides the one of missing values, 2 to 254.
    pub max_bins: usize,
    /// The same for one side of a pair, 2 to 64.
    pub max_pair_bins: usize,
    /// Rows of a bin of a number, at least 1: ends of a bin with few rows would point at somebody.
    pub min_bin_rows: usize,
    /// Models that are averaged, each on rows of its own; at least 1. Without it 14, and up to 50 where rows are few.
    pub bags: Option<usize>,
    /// Share of the rows that tells a bag when to stop, above 0 and below 1.
    pub validation_share: f64,
    /// How bold steps are. Without it the rows that tell a bag when to stop choose among [`Stride::CALM`],
    /// [`Stride::SHARP`], [`Stride::EVEN`] and [`Stride::BOLD`]; with very many rows it is [`Stride::QUICK`].
    pub stride: Option<Stride>,
    /// A step is taken when it gains at least this share of the best step of the round before, 0 to 1; 0 takes all.
    pub greed: f64,
    /// Rounds at most; each looks at every column once.
    pub max_rounds: usize,
    /// Rounds without gain on the validation rows after which a bag stops.
    pub patience: usize,
    /// Rows on each side of a cut, at least 1.
    pub min_leaf_rows: usize,
    /// Pairs of columns. A pair has to say more than it would by chance, so there may be fewer.
    pub pairs: Pairs,
    /// Numeric columns whose curve must rise or fall throughout. They take part in no pair, so that it holds for the whole score.
    pub monotone: Vec<(String, Direction)>,
    /// Columns whose bins are given instead of made from the rows: where several rows are of one person, `min_bin_rows` would count rows.
    pub bins: Vec<(String, Bins)>,
    /// Whether curves of numbers are smoothed.
    pub smoothing: Smoothing,
    /// Whether columns are left out whose curve gains nothing (no more than twice its standard error) on rows that had no part in
    /// learning it, and that are in no chosen pair. What stays is learned anew. At least one stays.
    pub sparse: bool,
    /// Terms at most, at least 1: the columns that gain most, and what is left is for pairs.
    pub max_terms: Option<usize>,
    /// Where draws start.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_bins: 254,
            min_bin_rows: 1,
            max_pair_bins: 32,
            bags: None,
            validation_share: 0.15,
            stride: None,
            greed: 0.5,
            max_rounds: 5_000,
            patience: 50,
            min_leaf_rows: 4,
            pairs: Pairs::TimesColumns(3),
            monotone: Vec::new(),
            bins: Vec::new(),
            smoothing: Smoothing::Off,
            sparse: false,
            max_terms: None,
            seed: 42,
        }
    }
}

/// Bags there are at least, and at most, unless a number is asked.
const BAGS: [usize; 2] = [14, 50];
/// Rows that all bags together learn from where rows are few: more bags make their mean steadier.
const ROWS_OF_BAGS: usize = 100_000;

impl Settings {
    /// Whether some of so many columns may be left out.
    pub(crate) fn may_leave_out(&self, columns: usize) -> bool {
        self.sparse || self.max_terms.is_some_and(|most| most < columns)
    }

    /// Pairs at most, with so many columns.
    pub(crate) fn most_pairs(&self, columns: usize) -> usize {
        let room = self
            .max_terms
            .map_or(usize::MAX, |most| most.saturating_sub(columns));
        self.pairs.of(columns).min(room)
    }

    /// Bags for so many rows.
    pub(crate) fn bags(&self, rows: usize) -> usize {
        let usual = (ROWS_OF_BAGS / rows.max(1)).clamp(BAGS[0], BAGS[1]);
        self.bags.unwrap_or(usual)
    }

    pub(crate) fn check(&self) -> Result<(), EbmError> {
        let faults = [
            ("max_bins", !(2..=254).contains(&self.max_bins)),
            ("min_bin_rows", self.min_bin_rows == 0),
            ("max_pair_bins", !(2..=64).contains(&self.max_pair_bins)),
            ("bags", self.bags.is_some_and(|n| !(1..=1_000).contains(&n))),
            (
                "validation_share",
                !(self.validation_share > 0.0 && self.validation_share < 1.0),
            ),
            ("greed", !(0.0..=1.0).contains(&self.greed)),
            ("max_rounds", self.max_rounds == 0),
            ("patience", self.patience == 0),
            ("min_leaf_rows", self.min_leaf_rows == 0),
            ("bins", !self.bins.iter().all(|(_, bins)| bins.fit())),
            (
                "smoothing",
                matches!(self.smoothing, Smoothing::Width(width) if !(width > 0.0 && width <= 254.0)),
            ),
            ("max_terms", self.max_terms == Some(0)),
        ];
        match faults.iter().find(|(_, is_wrong)| *is_wrong) {
            Some((name, _)) => Err(EbmError::Setting(name)),
            None => match self.stride.and_then(Stride::fault) {
                Some(name) => Err(EbmError::Setting(name)),
                None => Ok(()),
            },
        }
    }
}
