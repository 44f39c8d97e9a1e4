//! How the values of a column are distributed, with small groups hidden.

use helder_types::SemanticType;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    SMALLEST_CELL, may_show,
    profile::{Profile, Shape},
};

/// Distribution of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Distribution {
    /// Numbers; amounts of money in cents.
    Numbers {
        /// Mean; absent when there are under ten values.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        mean: Option<f64>,
        /// Quantiles with at least ten values on either side, to 1.6 %.
        quantiles: Vec<Quantile>,
        /// Histogram.
        bins: Vec<Bin>,
    },
    /// Dates, per year.
    Years {
        /// Histogram; `low` is the year.
        bins: Vec<Bin>,
    },
    /// Texts.
    Values {
        /// Values with at least ten records, most frequent first, twenty at most.
        top: Vec<TopValue>,
        /// Records with other values.
        other: u64,
        /// Whether there are too many different values to list.
        many: bool,
    },
}

/// A quantile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Quantile {
    /// Share of values below, 0 to 1.
    pub p: f64,
    /// The value.
    pub value: f64,
}

/// One bin of a histogram.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Bin {
    /// Lower edge.
    pub low: f64,
    /// Upper edge, not included.
    pub high: f64,
    /// Values in it; absent when under ten.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub count: Option<u64>,
}

/// A frequent value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TopValue {
    /// The value.
    pub value: String,
    /// Records that have it.
    pub count: u64,
}
impl Distribution {
    /// The distribution of a column; `None` where it identifies.
    pub(super) fn of(profile: &Profile, meaning: Option<SemanticType>) -> Option<Self> {
        match &profile.shape {
            Shape::Hidden => None,
            Shape::Numbers(sketch) => {
                let count = sketch.count();
                let enough = |p: &f64| {
                    (p * count as f64) >= SMALLEST_CELL as f64
                        && ((1.0 - p) * count as f64) >= SMALLEST_CELL as f64
                };
                let quantiles = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]
                    .into_iter()
                    .filter(enough);
                let quantiles: Vec<_> = quantiles
                    .map(|p| Quantile {
                        p,
                        value: sketch.quantile(p),
                    })
                    .collect();
                let bins = number_bins(&sketch.bins(), &quantiles);
                Some(Self::Numbers {
                    mean: (count >= SMALLEST_CELL).then(|| sketch.mean()),
                    quantiles,
                    bins,
                })
            }
            Shape::Dates(months) => {
                let years = months.years();
                let bins = years.iter().map(|(year, count)| Bin {
                    low: f64::from(*year),
                    high: f64::from(*year + 1),
                    count: (*count >= SMALLEST_CELL).then_some(*count),
                });
                Some(Self::Years {
                    bins: suppress_second(
                        bins.collect(),
                        &years.iter().map(|y| y.1).collect::<Vec<_>>(),
                    ),
                })
            }
            Shape::Texts(frequencies) => {
                let all = frequencies.all();
                let shown = all
                    .as_ref()
                    .filter(|_| may_show(meaning) || meaning == Some(SemanticType::Postcode));
                let Some(all) = shown else {
                    return Some(Self::Values {
                        top: Vec::new(),
                        other: profile.present,
                        many: true,
                    });
                };
                let showable = |value: &str| !holds_bsn(value);
                let mut top: Vec<TopValue> = all
                    .iter()
                    .filter(|(value, count)| *count >= SMALLEST_CELL && showable(value))
                    .take(20)
                    .map(|(value, count)| TopValue {
                        value: value.clone(),
                        count: *count,
                    })
                    .collect();
                let mut other = profile.present - top.iter().map(|value| value.count).sum::<u64>();
                // A small remainder would give the hidden values away: hide the least frequent shown one with it.
                while other > 0 && other < SMALLEST_CELL && !top.is_empty() {
                    other += top.pop().map_or(0, |value| value.count);
                }
                Some(Self::Values {
                    top,
                    other,
                    many: false,
                })
            }
        }
    }
}

/// Twenty equal bins between the outer quantiles, and one open bin at either end.
fn number_bins(values: &[(f64, f64, u64)], quantiles: &[Quantile]) -> Vec<Bin> {
    let (Some(first), Some(last)) = (quantiles.first(), quantiles.last()) else {
        return Vec::new();
    };
    let width = (last.value - first.value) / 20.0;
    if width <= 0.0 {
        return Vec::new();
    }
    let mut counts = [0_u64; 20];
    for (low, high, count) in values {
        let middle = f64::midpoint(*low, *high);
        if middle >= first.value && middle < last.value {
            counts[(((middle - first.value) / width) as usize).min(19)] += count;
        }
    }
    let bins = counts.iter().enumerate().map(|(at, count)| Bin {
        low: first.value + width * at as f64,
        high: first.value + width * (at + 1) as f64,
        count: (*count == 0 || *count >= SMALLEST_CELL).then_some(*count),
    });
    suppress_second(bins.collect(), &counts)
}

/// One hidden bin alone could be computed from the total: hides the smallest other one too.
fn suppress_second(mut bins: Vec<Bin>, counts: &[u64]) -> Vec<Bin> {
    let hidden = bins.iter().filter(|bin| bin.count.is_none()).count();
    if hidden == 1 {
        let smallest = (0..bins.len())
            .filter(|at| bins[*at].count.is_some_and(|count| count > 0))
            .min_by_key(|at| counts[*at]);
        if let Some(at) = smallest {
            bins[at].count = None;
        }
    }
    bins
}

/// Whether a text holds a number that passes the eleven-test.
fn holds_bsn(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit())
        .any(|digits| digits.len() >= 8 && helder_types::Bsn::parse(digits.as_bytes()).is_ok())
}
