//! How far apart the groups are.

use helder_evaluation::Interval;
use serde::{Deserialize, Serialize};

use crate::{GroupMetrics, Measure};

/// Distance of one measure between the group where it is highest and the group where it is lowest.
///
/// The largest of many distances is biased upwards: with small groups it looks worse than it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Disparity {
    /// What is compared.
    pub measure: Measure,
    /// Group with the highest value; the first in byte order among equals.
    pub highest: String,
    /// Group with the lowest value; the first in byte order among equals.
    pub lowest: String,
    /// Highest minus lowest, in `[0, 1]`.
    pub difference: f64,
    /// Newcombe interval at 95 % of the difference between these two groups.
    pub difference_interval_95: Option<Interval>,
    /// Lowest divided by highest, in `[0, 1]`; `None` when both are 0.
    pub ratio: Option<f64>,
}

/// Disparity of `measure` over the groups in which it exists; `None` when there are fewer than two.
pub fn disparity<'a>(
    groups: impl IntoIterator<Item = &'a GroupMetrics>,
    measure: Measure,
) -> Option<Disparity> {
    let shares: Vec<_> = groups
        .into_iter()
        .filter_map(|group| {
            let share = measure.of(group.counts);
            share.value().map(|value| (group, share, value))
        })
        .collect();
    if shares.len() < 2 {
        return None;
    }
    let mut high = shares.first()?;
    let mut low = high;
    for candidate in &shares[1..] {
        if candidate.2 > high.2 {
            high = candidate;
        }
        if candidate.2 < low.2 {
            low = candidate;
        }
    }
    Some(Disparity {
        measure,
        highest: high.0.group.clone(),
        lowest: low.0.group.clone(),
        difference: high.2 - low.2,
        difference_interval_95: high.1.difference_interval(low.1),
        ratio: (high.2 > 0.0).then(|| low.2 / high.2),
    })
}
