//! Do groups end equally fast? The log-rank test and its family.

use serde::Serialize;

use crate::{
    Spells, SurvivalError,
    matrix::Symmetric,
    normal::chi_squared_p,
    risk::{by_label, place_of, risk_table},
    spells::same_length,
};

/// Which events weigh most.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum LogRankWeight {
    /// All alike: best against hazards in a fixed proportion.
    LogRank,
    /// The share still there to the power `rho` (Fleming & Harrington): early events weigh more; 1 is the test of Peto & Peto.
    FlemingHarrington {
        /// The power, at least 0.
        rho: f64,
    },
}

/// Result of a comparison of groups.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogRank {
    /// The groups, in order of their label.
    pub groups: Vec<LogRankGroup>,
    /// The statistic.
    pub chi_squared: f64,
    /// Groups with somebody at risk at an event, less one; 1 for a trend.
    pub degrees_of_freedom: usize,
    /// Probability of a statistic at least as large when the groups do not differ.
    pub p_value: f64,
}

/// One group of the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LogRankGroup {
    /// Its label.
    pub label: u32,
    /// Weight of its spells.
    pub n: f64,
    /// Weighted events.
    pub observed: f64,
    /// Weighted events if the groups did not differ.
    pub expected: f64,
}

/// Compares groups, within strata when given; see [`LogRankWeight`]. Delayed entry is taken into account.
///
/// # Errors
/// Labels of another length, no events, fewer than two groups at risk at an event.
///
/// # Source
/// Mantel 1966; Peto & Peto 1972 (doi 10.2307/2344317); Harrington & Fleming 1982 (doi 10.1093/biomet/69.3.553).
/// Compared with R 4.2.2, survival 3.5-3 (`survdiff`).
pub fn log_rank(
    spells: &Spells,
    group: &[u32],
    strata: Option<&[u32]>,
    weight: LogRankWeight,
) -> Result<LogRank, SurvivalError> {
    let sums = Sums::of(spells, group, strata, weight)?;
    let at_risk: Vec<usize> = (0..sums.groups.len())
        .filter(|&g| sums.groups[g].expected > 0.0)
        .collect();
    if at_risk.len() < 2 {
        return Err(SurvivalError::TooFewGroups {
            found: at_risk.len(),
        });
    }
    let kept = &at_risk[1..];
    let difference: Vec<f64> = kept
        .iter()
        .map(|&g| sums.groups[g].observed - sums.groups[g].expected)
        .collect();
    let statistic = sums.variance.part(kept).quadratic(&difference);
    let degrees_of_freedom = kept.len();
    Ok(LogRank {
        groups: sums.groups,
        chi_squared: statistic,
        degrees_of_freedom,
        p_value: chi_squared_p(statistic, degrees_of_freedom),
    })
}

/// Tests whether ends come faster the higher a group's score: `scores` in order of the labels.
///
/// # Errors
/// As [`log_rank`], and scores of another length than the groups.
///
/// # Source
/// Tarone 1975 (doi 10.1093/biomet/62.3.679).
pub fn log_rank_trend(
    spells: &Spells,
    group: &[u32],
    scores: &[f64],
    strata: Option<&[u32]>,
    weight: LogRankWeight,
) -> Result<LogRank, SurvivalError> {
    let sums = Sums::of(spells, group, strata, weight)?;
    same_length("scores", sums.groups.len(), scores.len())?;
    let pairs = sums.groups.iter().zip(scores);
    let difference: f64 = pairs
        .map(|(group, score)| score * (group.observed - group.expected))
        .sum();
    let variance = sums.variance.form(scores);
    if variance <= 0.0 {
        return Err(SurvivalError::TooFewGroups { found: 1 });
    }
    let statistic = difference * difference / variance;
    Ok(LogRank {
        groups: sums.groups,
        chi_squared: statistic,
        degrees_of_freedom: 1,
        p_value: chi_squared_p(statistic, 1),
    })
}

/// Sums over the strata.
struct Sums {
    groups: Vec<LogRankGroup>,
    variance: Symmetric,
}

impl Sums {
    fn of(
        spells: &Spells,
        group: &[u32],
        strata: Option<&[u32]>,
        weight: LogRankWeight,
    ) -> Result<Self, SurvivalError> {
        same_length("groups", spells.len(), group.len())?;
        let LogRankWeight::FlemingHarrington { rho } = weight else {
            return Self::with_power(spells, group, strata, 0.0);
        };
        if !rho.is_finite() || rho < 0.0 {
            return Err(SurvivalError::Setting {
                what: "rho",
                demand: "a number of at least 0",
            });
        }
        Self::with_power(spells, group, strata, rho)
    }

    fn with_power(
        spells: &Spells,
        group: &[u32],
        strata: Option<&[u32]>,
        rho: f64,
    ) -> Result<Self, SurvivalError> {
        let everybody = vec![0; spells.len()];
        let strata = strata.unwrap_or(&everybody);
        same_length("strata", spells.len(), strata.len())?;
        let members = by_label(group);
        let mut sums = Self {
            groups: members
                .iter()
                .map(|(label, places)| LogRankGroup {
                    label: *label,
                    n: places.iter().map(|&i| spells.weight_of(i)).sum(),
                    observed: 0.0,
                    expected: 0.0,
                })
                .collect(),
            variance: Symmetric::zeros(members.len()),
        };
        if spells.n_events() == 0 {
            return Err(SurvivalError::NoEvents {
                spells: spells.len(),
            });
        }
        for (_, places) in by_label(strata) {
            let labels: Vec<u32> = places.iter().map(|&i| group[i]).collect();
            sums.add_stratum(&spells.at(&places), &labels, rho);
        }
        Ok(sums)
    }

    fn add_stratum(&mut self, spells: &Spells, group: &[u32], rho: f64) {
        let table = risk_table(spells);
        let per_group: Vec<_> = self
            .groups
            .iter()
            .map(|of| {
                let places: Vec<usize> =
                    (0..group.len()).filter(|&i| group[i] == of.label).collect();
                risk_by(&spells.at(&places), &table)
            })
            .collect();
        let mut before = 1.0_f64;
        for (t, at) in table.iter().enumerate().filter(|(_, at)| at.n_event > 0.0) {
            let weight = before.powf(rho);
            let (n, d) = (at.n_risk, at.n_event);
            let spread = if n > 1.0 {
                weight * weight * d * (n - d) / (n - 1.0)
            } else {
                0.0
            };
            let share = |g: usize| per_group[g][t].0 / n;
            for (g, own) in per_group.iter().enumerate() {
                self.groups[g].observed += weight * own[t].1;
                self.groups[g].expected += weight * d * share(g);
                for h in 0..=g {
                    let own = if g == h { share(g) } else { 0.0 };
                    self.variance
                        .add(g, h, spread * (own - share(g) * share(h)));
                }
            }
            before *= (n - d) / n;
        }
    }
}

/// At risk and ending among these spells, at the times of another table.
pub(crate) fn risk_by(spells: &Spells, times: &[crate::risk::At]) -> Vec<(f64, f64)> {
    let mut counts = vec![(0.0, 0.0); times.len()];
    if spells.is_empty() {
        return counts;
    }
    let mut ends = vec![0.0; times.len()];
    let mut starts = vec![0.0; times.len() + 1];
    for i in 0..spells.len() {
        let place = place_of(times, spells.time[i]);
        ends[place] += spells.weight_of(i);
        if spells.is_event(i) {
            counts[place].1 += spells.weight_of(i);
        }
        let entry = spells
            .entry
            .as_ref()
            .map_or(0, |entry| times.partition_point(|at| at.time <= entry[i]));
        starts[entry] += spells.weight_of(i);
    }
    let mut at_risk = 0.0;
    for (t, count) in counts.iter_mut().enumerate() {
        at_risk += starts[t];
        count.0 = at_risk;
        at_risk -= ends[t];
    }
    counts
}
