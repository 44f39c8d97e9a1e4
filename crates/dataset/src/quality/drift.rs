//! Change of distributions against a former version.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{SMALLEST_CELL, profile::Shape};

/// Shares of a column in bins, kept so that the next version can be compared. Bins under ten records are joined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum DriftBins {
    /// Numbers or dates (as days or years): counts between ascending edges, one more than there are edges.
    Edges {
        /// Edges.
        edges: Vec<f64>,
        /// Counts per bin.
        counts: Vec<u64>,
        /// Records without a value.
        missing: u64,
    },
    /// Texts: counts per value, the rest together.
    Values {
        /// Values with at least ten records.
        values: Vec<String>,
        /// Their counts.
        counts: Vec<u64>,
        /// All other records with a value.
        other: u64,
        /// Records without a value.
        missing: u64,
    },
}

const BINS: usize = 10;

impl DriftBins {
    /// Bins of a column as it is now.
    pub(super) fn of(shape: &Shape, present: u64, missing: u64) -> Option<Self> {
        match shape {
            Shape::Numbers(sketch) if sketch.count() >= SMALLEST_CELL * BINS as u64 => {
                let mut edges: Vec<f64> = (1..BINS)
                    .map(|n| sketch.quantile(n as f64 / BINS as f64))
                    .collect();
                edges.dedup();
                let counts = counts_between(
                    &edges,
                    &sketch
                        .bins()
                        .iter()
                        .map(|bin| (bin.0, bin.2))
                        .collect::<Vec<_>>(),
                );
                Some(Self::Edges {
                    edges,
                    counts,
                    missing,
                })
            }
            Shape::Dates(months) if months.count >= SMALLEST_CELL * BINS as u64 => {
                let years: Vec<(f64, u64)> = months
                    .years()
                    .iter()
                    .map(|(year, count)| (f64::from(*year), *count))
                    .collect();
                let mut edges = Vec::new();
                let mut below = 0;
                for (year, count) in &years {
                    if below * BINS as u64 >= months.count * (edges.len() as u64 + 1) {
                        edges.push(*year);
                    }
                    below += count;
                }
                let counts = counts_between(&edges, &years);
                Some(Self::Edges {
                    edges,
                    counts,
                    missing,
                })
            }
            Shape::Texts(frequencies) => {
                let all = frequencies.all()?;
                let (values, counts): (Vec<_>, Vec<_>) = all
                    .into_iter()
                    .filter(|(_, count)| *count >= SMALLEST_CELL)
                    .unzip();
                let other = present.saturating_sub(counts.iter().sum::<u64>());
                Some(Self::Values {
                    values,
                    counts,
                    other,
                    missing,
                })
            }
            _ => None,
        }
    }

    /// Counts of a newer column in the bins of this former one.
    fn fill(&self, shape: &Shape, present: u64, missing: u64) -> Option<Vec<u64>> {
        let mut counts = match (self, shape) {
            (Self::Edges { edges, .. }, Shape::Numbers(sketch)) => counts_between(
                edges,
                &sketch
                    .bins()
                    .iter()
                    .map(|bin| (bin.0, bin.2))
                    .collect::<Vec<_>>(),
            ),
            (Self::Edges { edges, .. }, Shape::Dates(months)) => {
                let years: Vec<(f64, u64)> = months
                    .years()
                    .iter()
                    .map(|(year, count)| (f64::from(*year), *count))
                    .collect();
                counts_between(edges, &years)
            }
            (Self::Values { values, .. }, Shape::Texts(frequencies)) => {
                let all = frequencies.all().unwrap_or_default();
                let count_of = |value: &String| {
                    all.iter()
                        .find(|(found, _)| found == value)
                        .map_or(0, |(_, count)| *count)
                };
                let mut counts: Vec<u64> = values.iter().map(count_of).collect();
                counts.push(present.saturating_sub(counts.iter().sum()));
                counts
            }
            _ => return None,
        };
        counts.push(missing);
        Some(counts)
    }

    fn counts(&self) -> Vec<u64> {
        match self {
            Self::Edges {
                counts, missing, ..
            } => counts.iter().copied().chain([*missing]).collect(),
            Self::Values {
                counts,
                other,
                missing,
                ..
            } => counts.iter().copied().chain([*other, *missing]).collect(),
        }
    }

    /// Population stability index of a newer column against this one: Σ (q − p) ln(q / p), in `[0, ∞)`.
    ///
    /// Half a record is added to every bin so that empty bins do not make it infinite. Under 0.1 little changed, over 0.25 much.
    /// `None` when the kinds differ.
    /// # Source
    /// Siddiqi, Credit Risk Scorecards, 2006.
    pub(super) fn psi(&self, shape: &Shape, present: u64, missing: u64) -> Option<f64> {
        let (former, newer) = (self.counts(), self.fill(shape, present, missing)?);
        let shares = |counts: &[u64]| -> Vec<f64> {
            let total = counts.iter().sum::<u64>() as f64 + 0.5 * counts.len() as f64;
            counts
                .iter()
                .map(|count| (*count as f64 + 0.5) / total)
                .collect()
        };
        let pairs = shares(&former).into_iter().zip(shares(&newer));
        Some(pairs.map(|(p, q)| (q - p) * (q / p).ln()).sum())
    }
}

fn counts_between(edges: &[f64], values: &[(f64, u64)]) -> Vec<u64> {
    let mut counts = vec![0; edges.len() + 1];
    for (value, count) in values {
        counts[edges.partition_point(|edge| edge <= value)] += count;
    }
    counts
}
