//! Measures at a time, with spells that were lost from sight made good by weights.

#![expect(
    clippy::float_cmp,
    reason = "spells that end at the very same time are ties"
)]

use serde::Serialize;

use super::concordance::{Concordance, count_pairs};
use crate::{Spells, SurvivalError, risk::risk_table, spells::same_length};

/// Share of spells that would still be in sight, by time: Kaplan–Meier's curve of being lost. At one time events come before losses.
#[derive(Clone, Debug, PartialEq)]
pub struct Censoring {
    time: Vec<f64>,
    in_sight: Vec<f64>,
}

impl Censoring {
    /// Learns it from spells, mostly those that a model was trained on.
    pub fn of(spells: &Spells) -> Self {
        let mut in_sight = 1.0;
        let (mut time, mut shares) = (Vec::new(), Vec::new());
        for at in risk_table(spells) {
            let could_be_lost = at.n_risk - at.n_event;
            if at.n_censor > 0.0 {
                in_sight *= (could_be_lost - at.n_censor) / could_be_lost;
            }
            time.push(at.time);
            shares.push(in_sight);
        }
        Self {
            time,
            in_sight: shares,
        }
    }

    /// Share in sight just after `time`.
    pub fn at(&self, time: f64) -> f64 {
        let next = self.time.partition_point(|other| *other <= time);
        next.checked_sub(1).map_or(1.0, |last| self.in_sight[last])
    }

    /// Share in sight just before `time`.
    pub fn before(&self, time: f64) -> f64 {
        let next = self.time.partition_point(|other| *other < time);
        next.checked_sub(1).map_or(1.0, |last| self.in_sight[last])
    }

    fn weight(&self, time: f64, what: &'static str) -> Result<f64, SurvivalError> {
        let share = self.at(time);
        if share > 0.0 {
            Ok(1.0 / share)
        } else {
            Err(SurvivalError::BeyondFollowUp { what })
        }
    }
}

/// Uno's concordance: Harrell's, but the same whatever was lost from sight. Only events before `tau` count.
///
/// # Errors
/// Scores of another length; an event before `tau` at a time at which everybody is lost from sight.
///
/// # Source
/// Uno et al. 2011 (doi 10.1002/sim.4154). Compared with scikit-survival 0.28.0 (`concordance_index_ipcw`).
pub fn uno_concordance(
    censoring: &Censoring,
    spells: &Spells,
    score: &[f64],
    tau: f64,
) -> Result<f64, SurvivalError> {
    same_length("scores", spells.len(), score.len())?;
    let mut weights = vec![0.0; spells.len()];
    for i in (0..spells.len()).filter(|&i| spells.is_event(i) && spells.time[i] < tau) {
        let weight = censoring.weight(spells.time[i], "an event before tau")?;
        weights[i] = weight * weight;
    }
    let mut pairs = Concordance::EMPTY;
    count_pairs(&mut pairs, spells, score, &|i| weights[i]);
    let index = pairs.settle().index;
    if index.is_nan() {
        Err(SurvivalError::NoEvents {
            spells: spells.len(),
        })
    } else {
        Ok(index)
    }
}

/// Area under the curve of "ended by `t`" against "lasts longer", at several times.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DynamicAuc {
    /// The times.
    pub time: Vec<f64>,
    /// Per time, in `[0, 1]`.
    pub auc: Vec<f64>,
    /// Mean over the times, weighted by how many end in between.
    pub mean: f64,
}

/// Cumulative, dynamic area under the curve; `score` is one per spell, or one per spell and time (row by row).
///
/// # Errors
/// Scores of another length; times at which nobody has ended or nobody is left.
///
/// # Source
/// Uno et al. 2007; Hung & Chiang 2010; mean after Lambert & Chevret 2016. Compared with scikit-survival 0.28.0
/// (`cumulative_dynamic_auc`).
pub fn dynamic_auc(
    censoring: &Censoring,
    spells: &Spells,
    score: &[f64],
    times: &[f64],
) -> Result<DynamicAuc, SurvivalError> {
    let n = spells.len();
    if score.len() != n {
        same_length("scores", n * times.len(), score.len())?;
    }
    let mut auc = Vec::with_capacity(times.len());
    for (k, &t) in times.iter().enumerate() {
        let of = |i: usize| {
            if score.len() == n {
                score[i]
            } else {
                score[i * times.len() + k]
            }
        };
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_unstable_by(|&a, &b| of(b).total_cmp(&of(a)));
        let (mut cases, mut controls, mut area) = (0.0, 0.0, 0.0);
        let mut from = 0;
        while from < n {
            let equal = order[from..]
                .iter()
                .take_while(|&&i| of(i) == of(order[from]))
                .count();
            let (mut more_cases, mut more_controls) = (0.0, 0.0);
            for &i in &order[from..from + equal] {
                if spells.time[i] > t {
                    more_controls += 1.0;
                } else if spells.is_event(i) {
                    more_cases += censoring.weight(spells.time[i], "an event before the time")?;
                }
            }
            area += more_controls * (cases + more_cases / 2.0);
            cases += more_cases;
            controls += more_controls;
            from += equal;
        }
        if cases == 0.0 || controls == 0.0 {
            return Err(SurvivalError::BeyondFollowUp {
                what: "one of the times",
            });
        }
        auc.push(area / cases / controls);
    }
    let curve = crate::kaplan_meier(spells, 0.95);
    let (mut before, mut sum) = (1.0, 0.0);
    for (auc, &t) in auc.iter().zip(times) {
        let left = curve.survival_at(t);
        sum += auc * (before - left);
        before = left;
    }
    Ok(DynamicAuc {
        time: times.to_vec(),
        auc,
        mean: sum / (1.0 - before),
    })
}

/// Mean squared difference between the predicted chance of lasting beyond `time` and what came, in `[0, 1]`; `survival` is one
/// chance per spell.
///
/// # Errors
/// Chances of another length; a time at which everybody is lost from sight.
///
/// # Source
/// Graf et al. 1999. Compared with scikit-survival 0.28.0 (`brier_score`).
pub fn brier_score(
    censoring: &Censoring,
    spells: &Spells,
    survival: &[f64],
    time: f64,
) -> Result<f64, SurvivalError> {
    same_length("chances", spells.len(), survival.len())?;
    let mut sum = 0.0;
    for (i, chance) in survival.iter().enumerate() {
        if spells.time[i] > time {
            sum += (1.0 - chance).powi(2) * censoring.weight(time, "the time")?;
        } else if spells.is_event(i) {
            sum +=
                chance * chance * censoring.weight(spells.time[i], "an event before the time")?;
        }
    }
    Ok(sum / spells.len() as f64)
}

/// [`brier_score`] averaged over the stretch between the first and the last of `times`; `survival` has one row per spell and one
/// chance per time.
///
/// # Errors
/// As [`brier_score`], fewer than two times.
pub fn integrated_brier_score(
    censoring: &Censoring,
    spells: &Spells,
    survival: &[f64],
    times: &[f64],
) -> Result<f64, SurvivalError> {
    let (n, m) = (spells.len(), times.len());
    same_length("chances", n * m, survival.len())?;
    let (Some(first), Some(last)) = (times.first(), times.last()) else {
        return Err(SurvivalError::Setting {
            what: "times",
            demand: "at least two, rising",
        });
    };
    if m < 2 || first >= last {
        return Err(SurvivalError::Setting {
            what: "times",
            demand: "at least two, rising",
        });
    }
    let mut scores = Vec::with_capacity(m);
    for (k, &time) in times.iter().enumerate() {
        let chances: Vec<f64> = (0..n).map(|i| survival[i * m + k]).collect();
        scores.push(brier_score(censoring, spells, &chances, time)?);
    }
    let area: f64 = (1..m)
        .map(|k| (times[k] - times[k - 1]) * f64::midpoint(scores[k], scores[k - 1]))
        .sum();
    Ok(area / (last - first))
}
