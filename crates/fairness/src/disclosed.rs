//! Judging counts that somebody else published, in which small cells were withheld.

use helder_evaluation::{Confusion, Interval, Proportion};
use serde::{Deserialize, Serialize};

use crate::{
    Compared, Comparison, CountedGroup, Criterion, Measure, Verdict, compare,
    comparison::FOUR_FIFTHS,
};

/// Four counts of one group; `None` is a cell that was withheld because it is small.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DisclosedGroup {
    /// Value of the sensitive feature.
    pub group: String,
    /// Picked and positive.
    pub true_positives: Option<usize>,
    /// Picked and negative.
    pub false_positives: Option<usize>,
    /// Passed over and negative.
    pub true_negatives: Option<usize>,
    /// Passed over and positive.
    pub false_negatives: Option<usize>,
}

/// One criterion on disclosed counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DisclosedResult {
    /// The demand.
    pub criterion: Criterion,
    /// What the counts allow to say. Groups with a withheld cell are never *within*, whatever hides behind it.
    pub verdict: Verdict,
    /// Pairs of groups with all counts known, furthest apart first.
    pub comparisons: Vec<Comparison>,
    /// Pairs in which a count was withheld: the widest the 95 % interval of the difference can be.
    pub withheld: Vec<WithheldPair>,
}

/// A pair in which counts are missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WithheldPair {
    /// The share compared.
    pub measure: Measure,
    /// A group.
    pub first: String,
    /// Another group.
    pub second: String,
    /// From the lowest lower to the highest upper limit of `first − second` over all counts that may hide; `None` when a
    /// group may be of nothing.
    pub widest_interval_95: Option<Interval>,
}

impl DisclosedGroup {
    /// Counts from a table that prints 0 where it withholds: a 0 then says nothing.
    pub fn zeros_withheld(group: impl Into<String>, counts: Confusion) -> Self {
        let known = |count: usize| Some(count).filter(|count| *count > 0);
        Self {
            group: group.into(),
            true_positives: known(counts.true_positives),
            false_positives: known(counts.false_positives),
            true_negatives: known(counts.true_negatives),
            false_negatives: known(counts.false_negatives),
        }
    }

    /// The counts, when none was withheld.
    pub fn counts(&self) -> Option<Confusion> {
        Some(Confusion {
            true_positives: self.true_positives?,
            false_positives: self.false_positives?,
            true_negatives: self.true_negatives?,
            false_negatives: self.false_negatives?,
        })
    }

    /// The smallest and the largest value of every cell: all combinations.
    fn corners(&self, largest: usize) -> Vec<Confusion> {
        let ends = |count: Option<usize>| count.map_or([0, largest], |count| [count; 2]);
        let mut corners = Vec::new();
        for true_positives in ends(self.true_positives) {
            for false_positives in ends(self.false_positives) {
                for true_negatives in ends(self.true_negatives) {
                    for false_negatives in ends(self.false_negatives) {
                        corners.push(Confusion {
                            true_positives,
                            false_positives,
                            true_negatives,
                            false_negatives,
                        });
                    }
                }
            }
        }
        corners
    }
}

/// Judges disclosed counts by the shares of `criterion`. A withheld cell may hold 0 to `largest_withheld`.
///
/// Calibration cannot be judged from counts: it gives [`Verdict::NotEnoughData`].
pub fn judge_disclosed(
    groups: &[DisclosedGroup],
    criterion: Criterion,
    bound: f64,
    largest_withheld: usize,
) -> DisclosedResult {
    let known: Vec<(&str, Confusion)> = groups
        .iter()
        .filter_map(|group| Some((group.group.as_str(), group.counts()?)))
        .collect();
    let sides: Vec<CountedGroup<'_>> = known
        .iter()
        .map(|(group, counts)| CountedGroup::new(group, *counts))
        .collect();
    let measures: Vec<Compared> = criterion
        .measures()
        .iter()
        .copied()
        .map(Compared::Rate)
        .collect();
    let comparisons = compare(&sides, &measures, bound, FOUR_FIFTHS);
    let mut withheld = Vec::new();
    for measure in criterion.measures() {
        for (place, first) in groups.iter().enumerate() {
            for second in &groups[place + 1..] {
                if first.counts().is_none() || second.counts().is_none() {
                    withheld.push(WithheldPair {
                        measure: *measure,
                        first: first.group.clone(),
                        second: second.group.clone(),
                        widest_interval_95: widest(first, second, *measure, largest_withheld),
                    });
                }
            }
        }
    }
    let worst = comparisons.iter().map(|pair| pair.verdict).max();
    let unknown = withheld.iter().map(|pair| match pair.widest_interval_95 {
        Some(limits) if limits.low > bound || limits.high < -bound => Verdict::OutsideBound,
        _ => Verdict::NotEnoughData,
    });
    DisclosedResult {
        criterion,
        verdict: worst
            .into_iter()
            .chain(unknown)
            .max()
            .unwrap_or(Verdict::NotEnoughData),
        comparisons,
        withheld,
    }
}

fn widest(
    first: &DisclosedGroup,
    second: &DisclosedGroup,
    measure: Measure,
    largest: usize,
) -> Option<Interval> {
    let shares = |group: &DisclosedGroup| -> Vec<Proportion> {
        group
            .corners(largest)
            .into_iter()
            .map(|counts| measure.of(counts))
            .collect()
    };
    let seconds = shares(second);
    let mut hull: Option<Interval> = None;
    for a in shares(first) {
        for b in &seconds {
            let limits = a.difference_interval(*b)?;
            hull = Some(hull.map_or(limits, |hull| Interval {
                low: hull.low.min(limits.low),
                high: hull.high.max(limits.high),
            }));
        }
    }
    hull
}
