//! How well the features tell to which group somebody belongs, also when the group itself is no feature.

use std::collections::{BTreeMap, BTreeSet};

use helder_evaluation::{Feature, Interval, Z_95, auc, level_scores};
use serde::{Deserialize, Serialize};

use crate::{FairnessError, Verdict, random::Random};

/// Groups that a feature is tried on: the largest.
const MOST_GROUPS: usize = 8;
/// Most cells of a table whose interval is resampled.
const MOST_CELLS: usize = 2_000;

/// How well one feature, or all together, tell one group from all others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProxyAuc {
    /// The group that is told apart best.
    pub group: String,
    /// Chance that somebody of the group scores above somebody else; 0.5 is chance, 1 gives the group away.
    pub auc: f64,
    /// Its interval at 95 % (`DeLong`).
    pub interval_95: Option<Interval>,
    /// Against the limit: *outside* gives the group away, *within* does not.
    pub verdict: Verdict,
}

/// One feature as a proxy of the group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proxy {
    /// Name of the feature.
    pub feature: String,
    /// The group it tells apart best; `None` when no group is large enough.
    pub best: Option<ProxyAuc>,
    /// Strength of the relation with all groups, in `[0, 1]`, corrected for chance; `None` with one level or one group.
    pub cramers_v: Option<f64>,
    /// Percentile interval at 95 % of that from 200 resamples; `None` for very large tables.
    pub cramers_v_interval_95: Option<Interval>,
}

/// Audits each feature: does it tell the groups of a sensitive feature apart?
///
/// Each level of a feature (numbers in tenths) is scored by the share of the group among the other four fifths of the rows;
/// what the score is worth is measured on the rows it has not seen. The eight largest
/// groups of at least `smallest` rows are looked for.
///
/// # Errors
/// [`FairnessError`] when lengths differ, nothing is given, or the limit is not between 0.5 and 1.
/// # Source
/// Cramér's V corrected for chance: Bergsma, Journal of the Korean Statistical Society 42(3), 2013,
/// 10.1016/j.jkss.2012.10.002.
pub fn proxies<S: AsRef<str>>(
    features: &[(String, Feature<'_>)],
    groups: &[S],
    limit: f64,
    smallest: usize,
    seed: u64,
) -> Result<Vec<Proxy>, FairnessError> {
    check_limit(limit)?;
    if groups.is_empty() {
        return Err(FairnessError::Empty);
    }
    if let Some((_, feature)) = features.iter().find(|(_, f)| f.n_rows() != groups.len()) {
        return Err(FairnessError::LengthMismatch {
            what: "the values of a feature",
            expected: groups.len(),
            found: feature.n_rows(),
        });
    }
    let names = large(groups, smallest);
    Ok(features
        .iter()
        .map(|(name, feature)| {
            let levels = feature.levels();
            let best = names
                .iter()
                .filter_map(|group| {
                    let member: Vec<bool> = groups.iter().map(|g| g.as_ref() == *group).collect();
                    told(group, &member, &level_scores(&levels, &member), limit)
                })
                .max_by(|a, b| a.auc.total_cmp(&b.auc));
            let (cramers_v, cramers_v_interval_95) = relation(&levels, groups, seed);
            Proxy {
                feature: name.clone(),
                best,
                cramers_v,
                cramers_v_interval_95,
            }
        })
        .collect())
}

/// How well `scores` of a model that was taught to recognise `group` do so, on rows it has not seen.
///
/// # Errors
/// [`FairnessError`] when lengths differ, a score is no probability, everybody or nobody is a member, or the limit is not
/// between 0.5 and 1.
pub fn whole_set(
    group: &str,
    member: &[bool],
    scores: &[f64],
    limit: f64,
) -> Result<ProxyAuc, FairnessError> {
    check_limit(limit)?;
    auc(member, scores)?;
    told(group, member, scores, limit).ok_or(FairnessError::Empty)
}

fn check_limit(limit: f64) -> Result<(), FairnessError> {
    if limit > 0.5 && limit < 1.0 {
        Ok(())
    } else {
        Err(FairnessError::Setting {
            setting: "the limit of a proxy",
            demand: "between 0.5 and 1",
        })
    }
}

fn told(group: &str, member: &[bool], scores: &[f64], limit: f64) -> Option<ProxyAuc> {
    let found = auc(member, scores).ok()?;
    let verdict = match found.interval_95 {
        Some(limits) if limits.low > limit => Verdict::OutsideBound,
        Some(limits) if limits.high <= limit => Verdict::WithinBound,
        // A perfect ranking has no interval, and needs none to give the group away.
        None if found.value >= 1.0 => Verdict::OutsideBound,
        _ => Verdict::NotEnoughData,
    };
    Some(ProxyAuc {
        group: group.to_owned(),
        auc: found.value,
        interval_95: found.interval_95,
        verdict,
    })
}

/// The largest groups of at least `smallest` rows that are not everybody.
fn large<S: AsRef<str>>(groups: &[S], smallest: usize) -> Vec<&str> {
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for group in groups {
        *sizes.entry(group.as_ref()).or_default() += 1;
    }
    let mut large: Vec<(&str, usize)> = sizes
        .into_iter()
        .filter(|(_, size)| *size >= smallest && groups.len() - size >= smallest)
        .collect();
    large.sort_by_key(|(name, size)| (std::cmp::Reverse(*size), *name));
    large.truncate(MOST_GROUPS);
    large.into_iter().map(|(name, _)| name).collect()
}

fn relation<S: AsRef<str>>(
    levels: &[usize],
    groups: &[S],
    seed: u64,
) -> (Option<f64>, Option<Interval>) {
    let names: BTreeMap<&str, usize> = groups
        .iter()
        .map(AsRef::as_ref)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .enumerate()
        .map(|(at, name)| (name, at))
        .collect();
    let width = levels.iter().copied().max().unwrap_or(0) + 1;
    let mut table = vec![0_usize; width * names.len()];
    for (level, group) in levels.iter().zip(groups) {
        let column = names.get(group.as_ref()).copied().unwrap_or(0);
        table[level * names.len() + column] += 1;
    }
    let columns = names.len();
    let found = cramers_v(&table, columns);
    if found.is_none() || table.len() > MOST_CELLS {
        return (found, None);
    }
    let mut random = Random::new(seed);
    let mut drawn = vec![0; table.len()];
    let mut values: Vec<f64> = (0..200)
        .filter_map(|_| {
            crate::bootstrap::multinomial(&mut random, &table, levels.len(), &mut drawn);
            cramers_v(&drawn, columns)
        })
        .collect();
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values.get((share * (values.len() as f64 - 1.0)).round() as usize);
    let limits = at(0.025).zip(at(0.975)).map(|(low, high)| Interval {
        low: *low,
        high: *high,
    });
    (found, limits)
}

/// Corrected for chance: 0 is expected where there is no relation, and never below 0.
fn cramers_v(table: &[usize], columns: usize) -> Option<f64> {
    let rows: Vec<f64> = table
        .chunks_exact(columns)
        .map(|row| row.iter().sum::<usize>() as f64)
        .collect();
    let sums: Vec<f64> = (0..columns)
        .map(|column| table.iter().skip(column).step_by(columns).sum::<usize>() as f64)
        .collect();
    let n: f64 = rows.iter().sum();
    let used = |sums: &[f64]| sums.iter().filter(|sum| **sum > 0.0).count() as f64;
    let (r, k) = (used(&rows), used(&sums));
    if n < 2.0 || r < 2.0 || k < 2.0 {
        return None;
    }
    let mut chi = 0.0;
    for (cells, row) in table.chunks_exact(columns).zip(&rows) {
        for (cell, column) in cells.iter().zip(&sums) {
            let expected = row * column / n;
            if expected > 0.0 {
                chi += (*cell as f64 - expected).powi(2) / expected;
            }
        }
    }
    let phi = (chi / n - (r - 1.0) * (k - 1.0) / (n - 1.0)).max(0.0);
    let shrunk = |count: f64| count - (count - 1.0).powi(2) / (n - 1.0);
    let room = (shrunk(r) - 1.0).min(shrunk(k) - 1.0);
    (room > 0.0).then(|| (phi / room).sqrt().min(1.0))
}

/// How much higher a number is in one group than in the others.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StandardisedDifference {
    /// Mean of the group minus mean of the others, in standard deviations within groups and strata.
    pub value: f64,
    /// Wald interval at 95 %.
    pub interval_95: Interval,
    /// Rows with a value, in strata where both sides occur.
    pub rows: usize,
}

/// Difference of `values` between members and others among people of equal `strata`, in standard deviations.
///
/// Strata make people comparable, for instance tenths of a known risk: a caseworker's score may rightly be higher where the
/// risk is. Rows without a value are left out. `None` with fewer than two rows on a side or no spread.
///
/// # Source
/// Hedges & Olkin, *Statistical Methods for Meta-Analysis*, 1985, §5, with strata by inverse variance.
pub fn standardised_difference(
    values: &[Option<f64>],
    member: &[bool],
    strata: &[usize],
) -> Option<StandardisedDifference> {
    let mut cells: BTreeMap<usize, [Vec<f64>; 2]> = BTreeMap::new();
    for ((value, member), stratum) in values.iter().zip(member).zip(strata) {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            cells.entry(*stratum).or_default()[usize::from(*member)].push(value);
        }
    }
    cells.retain(|_, sides| sides.iter().all(|side| !side.is_empty()));
    let mean = |side: &[f64]| side.iter().sum::<f64>() / side.len() as f64;
    let (mut squares, mut freedom, mut rows) = (0.0, 0_usize, 0);
    for side in cells.values().flatten() {
        let middle = mean(side);
        squares += side
            .iter()
            .map(|value| (value - middle).powi(2))
            .sum::<f64>();
        freedom += side.len() - 1;
        rows += side.len();
    }
    let spread = (squares / freedom.max(1) as f64).sqrt();
    if freedom < 2 || spread.is_nan() || spread <= 0.0 || !spread.is_finite() {
        return None;
    }
    let (mut sum, mut weights) = (0.0, 0.0);
    for [others, members] in cells.values() {
        let (n, m) = (members.len() as f64, others.len() as f64);
        let weight = n * m / (n + m);
        sum += weight * (mean(members) - mean(others));
        weights += weight;
    }
    let value = sum / weights / spread;
    let error = (1.0 / weights + value * value / (2.0 * freedom as f64)).sqrt();
    // Numbers so large that their squares are none have no interval, hence no answer.
    (value.is_finite() && error.is_finite()).then_some(StandardisedDifference {
        value,
        interval_95: Interval {
            low: value - Z_95 * error,
            high: value + Z_95 * error,
        },
        rows,
    })
}
