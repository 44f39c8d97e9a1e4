//! The bins of a column: where a shape function has its steps.

use serde::{Deserialize, Serialize};

use crate::{Column, EbmError, Settings};

/// Most bins of values: a bin is kept in one byte, beside missing and unknown.
pub(crate) const MOST: usize = 254;

/// Place of a value among the bins of its column: 0 is missing, 1 to n are values, n + 1 is a level that training did not see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bin(pub u8);

/// The bins of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bins {
    /// Ascending cuts: a value lies in the bin after as many cuts as it reaches.
    Numeric {
        /// The cuts.
        cuts: Vec<f64>,
    },
    /// A bin per level.
    Category {
        /// The levels.
        levels: Vec<String>,
    },
}

impl Bins {
    /// The bins of a column: a number's hold equally many rows as far as equal values allow, a category has one per level.
    ///
    /// * `most` – bins of a number, 2 to 254
    /// * `least_rows` – of a bin of a number, unless all rows are fewer
    ///
    /// # Errors
    /// More than 254 levels.
    pub fn of(column: &Column, most: usize, least_rows: usize) -> Result<Self, EbmError> {
        match column {
            Column::Numeric { values, .. } => Ok(Self::Numeric {
                cuts: quantile_cuts(values, most, least_rows),
            }),
            Column::Category { name, levels, .. } if levels.len() > MOST => Err(EbmError::Levels {
                column: name.clone(),
                found: levels.len(),
                limit: MOST,
            }),
            Column::Category { levels, .. } => Ok(Self::Category {
                levels: levels.clone(),
            }),
        }
    }

    /// Bins of values, without missing and unknown.
    pub fn len(&self) -> usize {
        match self {
            Self::Numeric { cuts } => cuts.len() + 1,
            Self::Category { levels } => levels.len(),
        }
    }

    /// Whether there is no bin of values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether they can be learned with: finite cuts that rise, no more than a byte tells apart.
    pub(crate) fn fit(&self) -> bool {
        let rise = match self {
            Self::Numeric { cuts } => {
                cuts.iter().all(|cut| cut.is_finite()) && cuts.is_sorted_by(|a, b| a < b)
            }
            Self::Category { .. } => true,
        };
        rise && self.len() <= MOST
    }

    /// Whether the values of a column have their place in these bins.
    fn are_of(&self, column: &Column) -> bool {
        match (self, column) {
            (Self::Numeric { .. }, Column::Numeric { .. }) => true,
            (Self::Category { levels }, Column::Category { levels: known, .. }) => levels == known,
            _ => false,
        }
    }

    /// Those given for a column, or made from it.
    pub(crate) fn given_or_of(column: &Column, settings: &Settings) -> Result<Self, EbmError> {
        match settings.bins.iter().find(|(name, _)| name == column.name()) {
            Some((_, bins)) if bins.are_of(column) => Ok(bins.clone()),
            Some(_) => Err(EbmError::Setting("bins")),
            None => Self::of(column, settings.max_bins, settings.min_bin_rows),
        }
    }

    /// All bins: missing, values, unknown.
    pub(crate) fn all(&self) -> usize {
        self.len() + 2
    }

    pub(crate) fn is_ordered(&self) -> bool {
        matches!(self, Self::Numeric { .. })
    }

    /// The bin of a number; `NaN` is missing.
    pub(crate) fn of_number(cuts: &[f64], value: f64) -> Bin {
        if value.is_nan() {
            return Bin(0);
        }
        Bin(1 + cuts.partition_point(|cut| *cut <= value) as u8)
    }

    pub(crate) fn column(&self, column: &Column) -> Vec<u8> {
        match (self, column) {
            (Self::Numeric { cuts }, Column::Numeric { values, .. }) => values
                .iter()
                .map(|value| Self::of_number(cuts, *value).0)
                .collect(),
            (Self::Category { .. }, Column::Category { codes, .. }) => codes
                .iter()
                .map(|code| code.map_or(0, |code| code as u8 + 1))
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// Cuts between distinct values, so that bins hold equally many rows as far as equal values allow.
///
/// * `least_rows` – of each bin, unless all rows are fewer
fn quantile_cuts(values: &[f64], most: usize, least_rows: usize) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|x| !x.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut runs: Vec<(f64, usize)> = Vec::new();
    for value in sorted.iter().map(|x| x + 0.0) {
        match runs.last_mut() {
            Some((last, rows)) if last.total_cmp(&value).is_eq() => *rows += 1,
            _ => runs.push((value, 1)),
        }
    }
    let mut cuts = Vec::new();
    let mut left = sorted.len();
    let mut in_bin = 0;
    for place in 0..runs.len().saturating_sub(1) {
        let rows = runs[place].1;
        in_bin += rows;
        let bins_left = most - cuts.len();
        if bins_left <= 1 {
            break;
        }
        // What is left is shared anew by the bins that are left: long runs of one value take no bin from the others.
        let wanted = left as f64 / bins_left as f64;
        let next = runs[place + 1].1 as f64;
        let is_full = runs.len() <= most || in_bin as f64 + next / 2.0 >= wanted;
        if is_full && in_bin >= least_rows && left - in_bin >= least_rows {
            cuts.extend(between(runs[place].0, runs[place + 1].0));
            left -= in_bin;
            in_bin = 0;
        }
    }
    cuts
}

/// A finite number that both sides agree on: not more than `high`, more than `low`. Halves are summed, so that the sum is finite.
fn between(low: f64, high: f64) -> Option<f64> {
    let middle = low / 2.0 + high / 2.0;
    let cut = if middle.is_finite() && middle > low && middle <= high {
        middle
    } else if high.is_finite() {
        high
    } else if low.is_finite() {
        low.next_up()
    } else {
        0.0
    };
    // Between the largest number and infinity there is nothing: they share a bin.
    cut.is_finite().then_some(cut)
}

/// Neighbouring bins put together for one side of a pair.
#[derive(Debug, Clone)]
pub(crate) struct Coarse {
    /// For each bin of the column its coarse bin.
    pub(crate) of: Vec<u8>,
    /// Coarse bins, missing and unknown too.
    pub(crate) all: usize,
}

impl Coarse {
    /// * `counts` – rows per bin
    pub(crate) fn new(bins: &Bins, counts: &[f64], most: usize) -> Self {
        let n = bins.len();
        let mut of = vec![0_u8; bins.all()];
        let total: f64 = counts[1..=n].iter().sum();
        let mut current = 1_u8;
        let mut seen = 0.0;
        let mut order: Vec<usize> = (1..=n).collect();
        if !bins.is_ordered() && n > most {
            // Frequent levels keep a bin of their own, rare ones share the last.
            order.sort_by(|a, b| counts[*b].total_cmp(&counts[*a]).then(a.cmp(b)));
        }
        for (place, bin) in order.iter().enumerate() {
            of[*bin] = current;
            seen += counts[*bin];
            let is_last = place + 1 == n;
            let is_full = if n <= most || !bins.is_ordered() {
                (current as usize) < most
            } else {
                seen >= total * f64::from(current) / most as f64
            };
            if is_full && !is_last {
                current += 1;
            }
        }
        of[n + 1] = current + 1;
        Self {
            of,
            all: current as usize + 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_have_a_bin_each_and_missing_is_apart() {
        let cuts = quantile_cuts(&[3.0, 1.0, f64::NAN, 2.0, 2.0, -0.0, 0.0], 254, 1);
        assert_eq!(cuts, [0.5, 1.5, 2.5]);
        let bins = [f64::NAN, -5.0, 0.5, 1.4, 2.0, 9.0].map(|x| Bins::of_number(&cuts, x).0);
        assert_eq!(bins, [0, 1, 2, 2, 3, 4]);
    }

    #[test]
    fn many_values_share_bins_of_equal_size() {
        let values: Vec<f64> = (0..10_000).map(f64::from).collect();
        let cuts = quantile_cuts(&values, 100, 1);
        assert_eq!(cuts.len(), 99);
        let mut counts = vec![0; 101];
        for value in &values {
            counts[Bins::of_number(&cuts, *value).0 as usize] += 1;
        }
        assert!(
            counts[1..].iter().all(|rows| (95..=105).contains(rows)),
            "{counts:?}"
        );
    }

    #[test]
    fn bins_with_few_rows_are_not_made() {
        let values: Vec<f64> = (0..95).map(f64::from).collect();
        let cuts = quantile_cuts(&values, 254, 10);
        let mut counts = vec![0; cuts.len() + 2];
        for value in &values {
            counts[Bins::of_number(&cuts, *value).0 as usize] += 1;
        }
        assert!(cuts.len() >= 7, "{cuts:?}");
        assert!(counts[1..].iter().all(|rows| *rows >= 10), "{counts:?}");
        assert!(quantile_cuts(&values[..15], 254, 10).is_empty());
    }

    #[test]
    fn infinite_and_huge_values_have_bins() {
        let values = [f64::NEG_INFINITY, -1e300, 1e300, f64::INFINITY];
        let cuts = quantile_cuts(&values, 254, 1);
        assert_eq!(values.map(|x| Bins::of_number(&cuts, x).0), [1, 2, 3, 4]);
        assert!(cuts.iter().all(|cut| cut.is_finite()), "{cuts:?}");
        let ends = quantile_cuts(&[f64::NEG_INFINITY, f64::INFINITY, f64::INFINITY], 254, 1);
        assert_eq!(ends, [0.0]);
        assert!(quantile_cuts(&[f64::MAX, f64::INFINITY], 254, 1).is_empty());
        assert!(quantile_cuts(&[f64::NAN; 3], 254, 1).is_empty());
    }
}
