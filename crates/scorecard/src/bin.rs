//! Bins with their weight of evidence.

use serde::Serialize;

use crate::Value;

/// Rows that are treated alike.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bin {
    /// Rows.
    pub rows: u64,
    /// Rows with the outcome.
    pub events: u64,
    /// Weight of evidence: ln of the share of all events over the share of all others. Above 0 the outcome is more likely here than
    /// overall. Credit scoring often turns the sign round.
    ///
    /// Source: I. J. Good, *Probability and the Weighing of Evidence* (1950).
    pub weight_of_evidence: f64,
    /// What the bin adds to the information value.
    pub information_value: f64,
}

impl Bin {
    /// Of counts, beside the counts of the whole column.
    ///
    /// Where there are no events or no others (only outside the chosen bins: missing values), half a row of each is added: Haldane,
    /// *Annals of Human Genetics* 20 (1956).
    pub(crate) fn new(rows: u64, events: u64, (all, all_events): (u64, u64)) -> Self {
        let others = rows - events;
        let add = if rows > 0 && (events == 0 || others == 0) {
            0.5
        } else {
            0.0
        };
        let event_share = (events as f64 + add) / all_events as f64;
        let other_share = (others as f64 + add) / (all - all_events) as f64;
        let weight = if rows == 0 {
            0.0
        } else {
            (event_share / other_share).ln()
        };
        Self {
            rows,
            events,
            weight_of_evidence: weight,
            information_value: (event_share - other_share) * weight,
        }
    }
}

/// Levels of one bin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// The levels, sorted.
    pub levels: Vec<String>,
    /// Whether levels that are too rare to stand by themselves are here, and with them all that were never seen.
    pub takes_others: bool,
}

/// How a column is cut.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum Bins {
    /// Numbers.
    Numbers {
        /// Ascending; bin `i` holds values from edge `i − 1` (included) to edge `i` (not included).
        edges: Vec<f64>,
        /// One more than edges.
        bins: Vec<Bin>,
        /// Missing values, where there were any.
        missing: Option<Bin>,
    },
    /// Levels.
    Levels {
        /// Ascending by the share of events.
        groups: Vec<Group>,
        /// One per group.
        bins: Vec<Bin>,
        /// Missing values, where there were any.
        missing: Option<Bin>,
    },
}

impl Bins {
    /// The bins, without that of missing values.
    pub fn bins(&self) -> &[Bin] {
        match self {
            Self::Numbers { bins, .. } | Self::Levels { bins, .. } => bins,
        }
    }

    /// The bin of missing values.
    pub const fn missing(&self) -> Option<&Bin> {
        match self {
            Self::Numbers { missing, .. } | Self::Levels { missing, .. } => missing.as_ref(),
        }
    }

    /// Without a bin of missing values that holds fewer events, or fewer others, than a bin must: its weight would be mostly chance.
    pub(crate) fn without_thin_missing(mut self, least_of_each: u64) -> Self {
        let (Self::Numbers { missing, .. } | Self::Levels { missing, .. }) = &mut self;
        *missing = missing.filter(|bin| bin.events.min(bin.rows - bin.events) >= least_of_each);
        self
    }

    /// How well the column tells the outcomes apart: the sum over the bins, that of missing values included. Below 0.02 hardly, above 0.3
    /// well; far above it the column may know the outcome.
    pub fn information_value(&self) -> f64 {
        let all = self.bins().iter().chain(self.missing());
        all.map(|bin| bin.information_value).sum()
    }

    /// Place of the bin of a value among [`Self::bins`], with the bin of missing values behind the last. `None` for a level that was never
    /// seen where no bin takes others, for a missing value where none was seen, and for a value of another type.
    pub fn place(&self, value: Value<'_>) -> Option<usize> {
        match (self, value) {
            (Self::Numbers { edges, .. }, Value::Number(Some(number))) if !number.is_nan() => {
                Some(edges.partition_point(|edge| *edge <= number))
            }
            (Self::Levels { groups, .. }, Value::Level(Some(level))) => {
                let known = groups.iter().position(|group| {
                    let levels = &group.levels;
                    levels
                        .binary_search_by(|known| known.as_str().cmp(level))
                        .is_ok()
                });
                known.or_else(|| groups.iter().position(|group| group.takes_others))
            }
            (Self::Numbers { bins, missing, .. }, Value::Number(_))
            | (Self::Levels { bins, missing, .. }, Value::Level(None)) => {
                missing.is_some().then_some(bins.len())
            }
            _ => None,
        }
    }

    /// Weight of evidence of a value; 0 where nothing is known of it.
    pub fn weight_of_evidence(&self, value: Value<'_>) -> f64 {
        let bin = self.place(value).and_then(|place| {
            let bins = self.bins();
            bins.get(place).or(self.missing())
        });
        bin.map_or(0.0, |bin| bin.weight_of_evidence)
    }
}
