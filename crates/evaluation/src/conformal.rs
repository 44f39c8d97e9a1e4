//! Sets of outcomes that hold the truth as often as they say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{EvaluationError, Interval, Proportion, error::check};

/// Among whom coverage is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Coverage {
    /// Over all rows together. With a rare outcome this may cover none of the positives: see [`Coverage::PerClass`].
    Marginal,
    /// For the positives and for the negatives.
    PerClass,
    /// For the positives and the negatives of each group.
    PerClassAndGroup,
}

/// Which outcomes are possible for one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PredictionSet {
    /// It may not happen.
    pub negative: bool,
    /// It may happen.
    pub positive: bool,
}

impl PredictionSet {
    /// Whether it holds this outcome.
    pub const fn holds(self, positive: bool) -> bool {
        if positive {
            self.positive
        } else {
            self.negative
        }
    }
}

/// Limits of one group of rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConformalLimit {
    /// Group, where coverage is per group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Outcome, where coverage is per class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<bool>,
    /// Rows it was learned from.
    pub rows: usize,
    /// An outcome is possible when one minus its probability is at most this; `None`: too few rows, so always possible.
    pub limit: Option<f64>,
}

/// Limits learned on rows of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Conformal {
    /// Among whom coverage is promised.
    pub coverage: Coverage,
    /// Share of rows whose set may miss the truth.
    pub alpha: f64,
    /// The limits.
    pub limits: Vec<ConformalLimit>,
}

/// Share of rows whose set holds the truth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Covered {
    /// Group; absent over all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Outcome; absent over both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<bool>,
    /// Held, of all.
    pub held: Proportion,
    /// Wilson interval at 95 %.
    pub interval_95: Option<Interval>,
    /// Mean number of outcomes in the sets, 0 to 2: nearer 1 says more.
    pub mean_size: Option<f64>,
}

type Key = (Option<String>, Option<bool>);

impl Conformal {
    /// Learns limits from rows that taught the model nothing. `groups` is read for [`Coverage::PerClassAndGroup`] only.
    ///
    /// * `y`, `probabilities`, `groups` – shape `(n,)`   * `alpha` – in `(0, 1)`
    ///
    /// # Errors
    /// [`EvaluationError`] when lengths differ, nothing is given, a value is no probability, or `alpha` is out of range.
    /// # Source
    /// Split conformal: Lei et al., JASA 113(523), 2018, 10.1080/01621459.2017.1307116; per class and group (Mondrian): Vovk,
    /// Gammerman & Shafer, *Algorithmic Learning in a Random World*, 2005, §4.5. The score one minus the probability of
    /// the outcome: Sadinle, Lei & Wasserman, JASA 114(525), 2019.
    pub fn fit<S: AsRef<str>>(
        coverage: Coverage,
        y: &[bool],
        probabilities: &[f64],
        groups: &[S],
        alpha: f64,
    ) -> Result<Self, EvaluationError> {
        check(y, probabilities)?;
        check_groups(coverage, y.len(), groups.len())?;
        if !(alpha > 0.0 && alpha < 1.0) {
            return Err(EvaluationError::Setting {
                setting: "the share of sets that may miss",
                demand: "between 0 and 1",
            });
        }
        let mut scores: BTreeMap<Key, Vec<f64>> = BTreeMap::new();
        for (row, (positive, p)) in y.iter().zip(probabilities).enumerate() {
            let score = if *positive { 1.0 - p } else { *p };
            let group = groups.get(row).map(AsRef::as_ref);
            scores
                .entry(key(coverage, group, *positive))
                .or_default()
                .push(score);
        }
        let limits = scores
            .into_iter()
            .map(|((group, class), mut scores)| {
                let n = scores.len();
                // The small number undoes rounding where (n + 1)(1 − α) is whole.
                let rank = ((n + 1) as f64 * (1.0 - alpha) - 1e-9).ceil() as usize;
                scores.sort_by(f64::total_cmp);
                ConformalLimit {
                    group,
                    class,
                    rows: n,
                    limit: rank.checked_sub(1).and_then(|at| scores.get(at)).copied(),
                }
            })
            .collect();
        Ok(Self {
            coverage,
            alpha,
            limits,
        })
    }

    /// Possible outcomes of one row. A group or class never seen gives both.
    pub fn set(&self, probability: f64, group: Option<&str>) -> PredictionSet {
        let is_possible = |positive: bool| {
            let (group, class) = key(self.coverage, group, positive);
            let limit = self
                .limits
                .iter()
                .find(|limit| limit.group == group && limit.class == class)
                .and_then(|limit| limit.limit);
            let score = if positive {
                1.0 - probability
            } else {
                probability
            };
            limit.is_none_or(|limit| score <= limit)
        };
        PredictionSet {
            negative: is_possible(false),
            positive: is_possible(true),
        }
    }

    /// Coverage on other rows: over all, per class, and per group and class where `groups` are given.
    ///
    /// # Errors
    /// [`EvaluationError`] when lengths differ, nothing is given, or a value is no probability.
    pub fn covered<S: AsRef<str>>(
        &self,
        y: &[bool],
        probabilities: &[f64],
        groups: &[S],
    ) -> Result<Vec<Covered>, EvaluationError> {
        check(y, probabilities)?;
        check_groups(self.coverage, y.len(), groups.len())?;
        let mut counts: BTreeMap<Key, [usize; 3]> = BTreeMap::new();
        for (row, (positive, p)) in y.iter().zip(probabilities).enumerate() {
            let group = groups.get(row).map(AsRef::as_ref);
            let set = self.set(*p, group);
            let mut keys = vec![(None, None), (None, Some(*positive))];
            keys.extend(group.map(|group| (Some(group.to_owned()), Some(*positive))));
            for key in keys {
                let count = counts.entry(key).or_default();
                count[0] += usize::from(set.holds(*positive));
                count[1] += 1;
                count[2] += usize::from(set.negative) + usize::from(set.positive);
            }
        }
        Ok(counts
            .into_iter()
            .map(|((group, class), [held, total, size])| {
                let held = Proportion::new(held, total);
                Covered {
                    group,
                    class,
                    held,
                    interval_95: held.wilson(),
                    mean_size: (total > 0).then(|| size as f64 / total as f64),
                }
            })
            .collect())
    }
}

fn key(coverage: Coverage, group: Option<&str>, positive: bool) -> Key {
    match coverage {
        Coverage::Marginal => (None, None),
        Coverage::PerClass => (None, Some(positive)),
        Coverage::PerClassAndGroup => (group.map(str::to_owned), Some(positive)),
    }
}

fn check_groups(coverage: Coverage, rows: usize, groups: usize) -> Result<(), EvaluationError> {
    let is_right = groups == rows || (groups == 0 && coverage != Coverage::PerClassAndGroup);
    if is_right {
        Ok(())
    } else {
        Err(EvaluationError::LengthMismatch {
            outcomes: rows,
            scores: groups,
        })
    }
}

/// Half the width of an interval around a predicted number that holds the truth in `1 − alpha` of new rows, from the distances
/// between prediction and truth on rows that taught the model nothing; `None` with too few of them, `alpha` out of range, or
/// a distance that is no number.
///
/// # Source
/// Lei et al., 2018 (as [`Conformal`]).
pub fn interval_half_width(distances: &[f64], alpha: f64) -> Option<f64> {
    if !(alpha > 0.0 && alpha < 1.0) || distances.iter().any(|d| !d.is_finite()) {
        return None;
    }
    let mut sizes: Vec<f64> = distances.iter().map(|d| d.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let rank = ((sizes.len() + 1) as f64 * (1.0 - alpha) - 1e-9).ceil() as usize;
    rank.checked_sub(1).and_then(|at| sizes.get(at)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: [&str; 0] = [];

    #[test]
    fn too_few_rows_exclude_nothing() {
        let found =
            Conformal::fit(Coverage::PerClass, &[true, false], &[0.9, 0.1], &NONE, 0.1).unwrap();
        assert!(found.limits.iter().all(|limit| limit.limit.is_none()));
        let both = PredictionSet {
            negative: true,
            positive: true,
        };
        assert_eq!(found.set(0.01, None), both);
        let one = Conformal::fit(Coverage::PerClass, &[false; 40], &[0.1; 40], &NONE, 0.1).unwrap();
        assert!(
            one.set(0.9, None).positive,
            "a class never seen is possible"
        );
        assert!(!one.set(0.9, None).negative);
    }

    #[test]
    fn groups_have_limits_of_their_own() {
        let y: Vec<bool> = (0..400).map(|row| row % 4 == 0).collect();
        let groups: Vec<&str> = (0..400)
            .map(|row| if row < 200 { "a" } else { "b" })
            .collect();
        let p: Vec<f64> = (0..400_u32)
            .map(|row| if row < 200 { 0.2 } else { 0.6 } + f64::from(row % 100) / 1000.0)
            .collect();
        let found = Conformal::fit(Coverage::PerClassAndGroup, &y, &p, &groups, 0.1).unwrap();
        assert_eq!(found.limits.len(), 4);
        let set = |group| found.set(0.55, Some(group));
        assert!(!set("a").negative && set("b").negative);
        assert!(
            found.set(0.55, Some("c")).negative,
            "an unknown group excludes nothing"
        );
        let covered = found.covered(&y, &p, &groups).unwrap();
        assert!(covered.iter().all(|c| c.held.value().unwrap() >= 0.9));
        assert!(Conformal::fit(Coverage::PerClassAndGroup, &y, &p, &NONE, 0.1).is_err());
        assert!(Conformal::fit(Coverage::Marginal, &y, &p, &NONE, 1.0).is_err());
    }

    #[test]
    fn an_interval_holds_the_share_it_promises() {
        let distances: Vec<f64> = (1..=99_i32)
            .map(|d| f64::from(if d % 2 == 0 { d } else { -d }))
            .collect();
        let half = interval_half_width(&distances, 0.1).unwrap();
        assert!((half - 90.0).abs() < 1e-12);
        assert!(interval_half_width(&distances[..5], 0.1).is_none());
        assert!(interval_half_width(&[f64::NAN; 50], 0.1).is_none());
    }
}
