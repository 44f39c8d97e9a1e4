//! Who would be picked under another rule, and what that costs.

use std::collections::BTreeMap;

use helder_evaluation::{Confusion, Interval, Z_95};
use serde::{Deserialize, Serialize};

use crate::{
    FairnessError, GroupMetrics, Measure, Rate,
    group::check,
    report::{Settings, Visible},
};

/// Groups that are too small to have a threshold of their own are picked together under this name.
pub const POOLED: &str = "(small groups)";
/// Points of the curve over one threshold.
const POINTS: usize = 40;

/// A rule for picking k rows by probability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Policy {
    /// The k highest probabilities, whoever they are.
    OneThreshold,
    /// The same share of each group.
    EqualSelection,
    /// The same share of the positives of each group.
    EqualOpportunity,
    /// The same share of the negatives of each group.
    EqualFalseAlarms,
}

impl Policy {
    /// All rules.
    pub const ALL: [Self; 4] = [
        Self::OneThreshold,
        Self::EqualSelection,
        Self::EqualOpportunity,
        Self::EqualFalseAlarms,
    ];
}

/// One rule on these rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyOutcome {
    /// The rule. Those that look at groups need a legal basis of their own.
    pub policy: Policy,
    /// Rows picked: the capacity.
    pub picked: usize,
    /// Positives among them.
    pub true_positives: usize,
    /// Negatives among them.
    pub false_positives: usize,
    /// Positives fewer than under one threshold; below 0 when there are more.
    pub true_positives_lost: i64,
    /// 95 % interval of that, from the rows that changed places.
    pub true_positives_lost_interval_95: Interval,
    /// Negatives more than under one threshold.
    pub extra_false_positives: i64,
    /// Rows picked here and not under one threshold.
    pub replaced: usize,
    /// Largest difference in selection rate between the groups shown.
    pub selection_difference: Option<f64>,
    /// Largest difference in true positive rate between the groups shown.
    pub true_positive_difference: Option<f64>,
    /// Largest difference in false positive rate between the groups shown.
    pub false_positive_difference: Option<f64>,
    /// The groups shown.
    pub groups: Vec<PolicyGroup>,
}

/// One group under one rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyGroup {
    /// Value of the sensitive feature, or [`POOLED`].
    pub group: String,
    /// Lowest probability picked; `None` when nobody is.
    pub threshold: Option<f64>,
    /// Share picked.
    pub selection_rate: Rate,
    /// Share picked of the positives.
    pub true_positive_rate: Rate,
    /// Share picked of the negatives.
    pub false_positive_rate: Rate,
}

/// One threshold for all, at one number of rows picked.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ThresholdPoint {
    /// Rows picked.
    pub picked: usize,
    /// Lowest probability picked.
    pub threshold: f64,
    /// Positives among them.
    pub true_positives: usize,
    /// Share of positives among the picked.
    pub precision: f64,
    /// Share of the positives that was picked; `None` without positives.
    pub recall: Option<f64>,
    /// Largest difference in selection rate between the groups shown.
    pub selection_difference: Option<f64>,
    /// Largest difference in true positive rate between the groups shown.
    pub true_positive_difference: Option<f64>,
    /// Largest difference in false positive rate between the groups shown.
    pub false_positive_difference: Option<f64>,
}

/// All rules, and one threshold at every height.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exploration {
    /// Rows that can be picked.
    pub capacity: usize,
    /// The rules; the first is one threshold for all. Thresholds are set on the rows they are judged on: a best case.
    pub policies: Vec<PolicyOutcome>,
    /// One threshold for all, from few to all rows picked.
    pub curve: Vec<ThresholdPoint>,
}

/// Rows of one group from the highest probability down; equal ones in row order.
struct Ranked {
    name: String,
    rows: Vec<usize>,
    is_shown: bool,
}

/// Explores rules for picking `capacity` rows. Deterministic: no rule draws lots, so that each row has a reason.
///
/// * `y` – outcomes, shape `(n,)`   * `probabilities` – shape `(n,)`, in `[0, 1]`   * `groups` – shape `(n,)`
///
/// # Errors
/// [`FairnessError`] when lengths differ, nothing is given, a value is no probability, the capacity is 0, or a setting is out
/// of range.
/// # Source
/// Hardt, Price & Srebro, `NeurIPS` 2016, without their randomisation, which nobody could explain to a citizen.
pub fn explore<S: AsRef<str>>(
    y: &[bool],
    probabilities: &[f64],
    groups: &[S],
    capacity: usize,
    settings: Settings,
) -> Result<Exploration, FairnessError> {
    settings.check()?;
    if capacity == 0 {
        return Err(FairnessError::Setting {
            setting: "the capacity",
            demand: "at least 1",
        });
    }
    // Nobody is picked here: only sizes matter for who is shown.
    let nobody = vec![false; y.len()];
    check(y, &nobody, probabilities, groups.len())?;
    let all = crate::by_group(y, &nobody, probabilities, groups)?;
    let capacity = capacity.min(y.len());
    let ranked = rank(&all, probabilities, groups, settings.smallest_group);
    let first = picks(Policy::OneThreshold, &ranked, y, probabilities, capacity);
    let policies = Policy::ALL
        .into_iter()
        .map(|policy| {
            let picked = picks(policy, &ranked, y, probabilities, capacity);
            outcome(policy, &ranked, y, probabilities, &picked, &first)
        })
        .collect();
    Ok(Exploration {
        capacity,
        policies,
        curve: curve(&ranked, y, probabilities, settings.smallest_group),
    })
}

fn rank<S: AsRef<str>>(
    all: &[GroupMetrics],
    p: &[f64],
    groups: &[S],
    smallest: usize,
) -> Vec<Ranked> {
    let visible = Visible::of(all, smallest);
    let shown: Vec<&str> = all
        .iter()
        .zip(&visible.outcomes)
        .filter(|(_, shown)| **shown)
        .map(|(group, _)| group.group.as_str())
        .collect();
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (row, group) in groups.iter().enumerate() {
        let name = Some(group.as_ref()).filter(|name| shown.contains(name));
        members.entry(name.unwrap_or(POOLED)).or_default().push(row);
    }
    members
        .into_iter()
        .map(|(name, mut rows)| {
            rows.sort_by(|&a, &b| p[b].total_cmp(&p[a]).then(a.cmp(&b)));
            Ranked {
                name: name.to_owned(),
                rows,
                is_shown: name != POOLED,
            }
        })
        .collect()
}

/// Who is picked, shape `(n,)`.
fn picks(policy: Policy, ranked: &[Ranked], y: &[bool], p: &[f64], k: usize) -> Vec<bool> {
    let n = y.len();
    let first: Vec<usize> = match policy {
        Policy::OneThreshold => vec![0; ranked.len()],
        Policy::EqualSelection => {
            let sizes: Vec<usize> = ranked.iter().map(|group| group.rows.len()).collect();
            apportion(&sizes, k, n)
        }
        Policy::EqualOpportunity => equal_shares(ranked, k, |row| y[row]),
        Policy::EqualFalseAlarms => equal_shares(ranked, k, |row| !y[row]),
    };
    let mut picked = vec![false; n];
    for (group, take) in ranked.iter().zip(&first) {
        for &row in &group.rows[..*take] {
            picked[row] = true;
        }
    }
    // Places that the rule leaves over go to the highest probabilities, so that all rules help equally many.
    let mut left: Vec<usize> = (0..n).filter(|&row| !picked[row]).collect();
    left.sort_by(|&a, &b| p[b].total_cmp(&p[a]).then(a.cmp(&b)));
    let over = k.saturating_sub(first.iter().sum());
    for row in left.into_iter().take(over) {
        picked[row] = true;
    }
    picked
}

/// Whole places in proportion to the sizes, remainders to the largest fractions.
fn apportion(sizes: &[usize], k: usize, n: usize) -> Vec<usize> {
    let exact = |size: usize| (size as u128 * k as u128, n.max(1) as u128);
    let mut places: Vec<usize> = sizes
        .iter()
        .map(|&size| {
            let (product, n) = exact(size);
            (product / n) as usize
        })
        .collect();
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|&at| {
        let (product, n) = exact(sizes[at]);
        (std::cmp::Reverse(product % n), at)
    });
    let over = k.saturating_sub(places.iter().sum());
    for at in order.into_iter().take(over) {
        places[at] += usize::from(places[at] < sizes[at]);
    }
    places
}

/// Rows to take per group so that each reaches the same share of its rows of interest, the largest share that fits in `k`.
fn equal_shares(ranked: &[Ranked], k: usize, interest: impl Fn(usize) -> bool) -> Vec<usize> {
    // For each group: after how many rows the next row of interest has been taken.
    let reached: Vec<Vec<usize>> = ranked
        .iter()
        .map(|group| {
            let marks = group.rows.iter().enumerate();
            marks
                .filter(|(_, row)| interest(**row))
                .map(|(place, _)| place + 1)
                .collect()
        })
        .collect();
    let take = |share: f64| -> Vec<usize> {
        reached
            .iter()
            .map(|marks| {
                let wanted = (share * marks.len() as f64 - 1e-9).ceil().max(0.0) as usize;
                wanted
                    .checked_sub(1)
                    .map_or(0, |at| marks[at.min(marks.len() - 1)])
            })
            .collect()
    };
    let mut shares: Vec<f64> = reached
        .iter()
        .flat_map(|marks| (1..=marks.len()).map(move |count| count as f64 / marks.len() as f64))
        .collect();
    shares.sort_by(f64::total_cmp);
    shares.dedup();
    let fits = shares.partition_point(|share| take(*share).iter().sum::<usize>() <= k);
    fits.checked_sub(1)
        .map_or_else(|| vec![0; ranked.len()], |at| take(shares[at]))
}

fn outcome(
    policy: Policy,
    ranked: &[Ranked],
    y: &[bool],
    p: &[f64],
    picked: &[bool],
    first: &[bool],
) -> PolicyOutcome {
    let of = |picked: &[bool]| Confusion::of(y.iter().copied(), picked.iter().copied());
    let (now, before) = (of(picked), of(first));
    let changed = |positive: bool, gained: bool| {
        (0..y.len())
            .filter(|&row| y[row] == positive && picked[row] == gained && first[row] != gained)
            .count()
    };
    let (gained, lost) = (changed(true, true), changed(true, false));
    let net = lost as f64 - gained as f64;
    let moved = (gained + lost) as f64;
    let half = Z_95 * (moved - net * net / y.len() as f64).max(0.0).sqrt();
    let groups: Vec<(bool, PolicyGroup, Confusion)> = ranked
        .iter()
        .map(|group| {
            let counts = Confusion::of(
                group.rows.iter().map(|&row| y[row]),
                group.rows.iter().map(|&row| picked[row]),
            );
            let threshold = group
                .rows
                .iter()
                .filter(|&&row| picked[row])
                .map(|&row| p[row])
                .reduce(f64::min);
            let rate = |measure: Measure| measure.of(counts).into();
            let shown = PolicyGroup {
                group: group.name.clone(),
                threshold,
                selection_rate: rate(Measure::SelectionRate),
                true_positive_rate: rate(Measure::TruePositiveRate),
                false_positive_rate: rate(Measure::FalsePositiveRate),
            };
            (group.is_shown, shown, counts)
        })
        .collect();
    let counts: Vec<Confusion> = groups
        .iter()
        .filter(|(is_shown, ..)| *is_shown)
        .map(|(.., counts)| *counts)
        .collect();
    PolicyOutcome {
        policy,
        picked: now.true_positives + now.false_positives,
        true_positives: now.true_positives,
        false_positives: now.false_positives,
        true_positives_lost: before.true_positives as i64 - now.true_positives as i64,
        true_positives_lost_interval_95: Interval {
            low: net - half,
            high: net + half,
        },
        extra_false_positives: now.false_positives as i64 - before.false_positives as i64,
        replaced: gained + changed(false, true),
        selection_difference: width(&counts, Measure::SelectionRate),
        true_positive_difference: width(&counts, Measure::TruePositiveRate),
        false_positive_difference: width(&counts, Measure::FalsePositiveRate),
        groups: groups
            .into_iter()
            .filter(|(is_shown, ..)| *is_shown)
            .map(|(_, group, _)| group)
            .collect(),
    }
}

fn width(counts: &[Confusion], measure: Measure) -> Option<f64> {
    let shares: Vec<f64> = counts
        .iter()
        .filter_map(|counts| measure.of(*counts).value())
        .collect();
    let low = shares.iter().copied().reduce(f64::min)?;
    let high = shares.iter().copied().reduce(f64::max)?;
    (shares.len() > 1).then_some(high - low)
}

/// One pass from the highest probability down, noting the counts at forty places.
fn curve(ranked: &[Ranked], y: &[bool], p: &[f64], smallest: usize) -> Vec<ThresholdPoint> {
    let n = y.len();
    let mut order: Vec<(usize, usize)> = ranked
        .iter()
        .enumerate()
        .flat_map(|(place, group)| group.rows.iter().map(move |&row| (row, place)))
        .collect();
    order.sort_by(|a, b| p[b.0].total_cmp(&p[a.0]).then(a.0.cmp(&b.0)));
    let mut counts: Vec<Confusion> = ranked
        .iter()
        .map(|group| {
            let positives = group.rows.iter().filter(|&&row| y[row]).count();
            Confusion {
                false_negatives: positives,
                true_negatives: group.rows.len() - positives,
                ..Confusion::default()
            }
        })
        .collect();
    let positives = y.iter().filter(|positive| **positive).count();
    let mut stops: Vec<usize> = (1..=POINTS)
        .map(|point| (n * point).div_ceil(POINTS))
        .filter(|stop| *stop >= smallest.min(n))
        .collect();
    stops.dedup();
    let mut stops = stops.into_iter().peekable();
    let (mut points, mut found) = (Vec::new(), 0);
    for (place, &(row, group)) in order.iter().enumerate() {
        let counts_here = &mut counts[group];
        if y[row] {
            counts_here.true_positives += 1;
            counts_here.false_negatives -= 1;
            found += 1;
        } else {
            counts_here.false_positives += 1;
            counts_here.true_negatives -= 1;
        }
        let picked = place + 1;
        if stops.next_if_eq(&picked).is_none() {
            continue;
        }
        let shown: Vec<Confusion> = ranked
            .iter()
            .zip(&counts)
            .filter(|(group, _)| group.is_shown)
            .map(|(_, counts)| *counts)
            .collect();
        points.push(ThresholdPoint {
            picked,
            threshold: p[row],
            true_positives: found,
            precision: found as f64 / picked as f64,
            recall: (positives > 0).then(|| found as f64 / positives as f64),
            selection_difference: width(&shown, Measure::SelectionRate),
            true_positive_difference: width(&shown, Measure::TruePositiveRate),
            false_positive_difference: width(&shown, Measure::FalsePositiveRate),
        });
    }
    points
}
