//! Measures of chances by cause, with spells lost from sight made good by weights.

use helder_evaluation::{Interval, Z_95};
use helder_survival::{Censoring, Spells, concordance};
use serde::Serialize;

/// Most parts that a jackknife leaves out one by one.
const PARTS: usize = 50;

/// A share of pairs in the right order, with its interval at 95 %.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct Ordered {
    pub index: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_95: Option<Interval>,
}

/// Harrell's concordance of the ends by one cause (others count as last seen), with an interval from leaving out one part of the rows
/// after the other; `None` where no pair can be compared.
///
/// # Source
/// Harrell et al. 1982; delete-a-group jackknife: Kott 2001 (Journal of Official Statistics 17), on the scale of log odds.
pub(super) fn ordered(spells: &Spells, score: &[f64]) -> Option<Ordered> {
    let index = concordance(spells, score).index;
    if !index.is_finite() {
        return None;
    }
    Some(Ordered {
        index,
        interval_95: jackknife(spells, score, index),
    })
}

fn jackknife(spells: &Spells, score: &[f64], index: f64) -> Option<Interval> {
    let log_odds = |share: f64| (share / (1.0 - share)).ln();
    let parts = PARTS.min(spells.len());
    let without = |part: usize| {
        let kept: Vec<usize> = (0..spells.len())
            .filter(|row| row % parts != part)
            .collect();
        let score: Vec<f64> = kept.iter().map(|&row| score[row]).collect();
        log_odds(concordance(&spells.at(&kept), &score).index)
    };
    let found: Vec<f64> = (0..parts).map(without).collect();
    let middle = log_odds(index);
    if parts < 2 || !middle.is_finite() || found.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let squares: f64 = found.iter().map(|value| (value - middle).powi(2)).sum();
    let error = (squares * (parts - 1) as f64 / parts as f64).sqrt();
    let share = |log_odds: f64| 1.0 / (1.0 + (-log_odds).exp());
    Some(Interval {
        low: share(middle - Z_95 * error),
        high: share(middle + Z_95 * error),
    })
}

/// Mean squared difference between the chance of an end by `cause` until `time` and what came, in `[0, 1]`: 1 for whoever ended by it until
/// then, 0 for whoever did not, also because another cause came first. With one cause it is the Brier score of
/// [`helder_survival::brier_score`]. `None` where nobody is followed that long.
///
/// # Source
/// Graf et al. 1999; with competing causes Gerds & Schumacher 2006 (doi 10.1002/bimj.200610301), Schoop et al. 2011.
pub(super) fn brier(
    censoring: &Censoring,
    spells: &Spells,
    chances: &[f64],
    (cause, time): (u32, f64),
) -> Option<f64> {
    let weight = |time: f64| {
        Some(censoring.at(time))
            .filter(|share| *share > 0.0)
            .map(|share| 1.0 / share)
    };
    let mut sum = 0.0;
    for ((end, found), chance) in spells.times().iter().zip(spells.causes()).zip(chances) {
        if *end > time {
            sum += chance * chance * weight(time)?;
        } else if *found > 0 {
            let came = f64::from(u8::from(*found == cause));
            sum += (came - chance).powi(2) * weight(*end)?;
        }
    }
    Some(sum / spells.len() as f64)
}

/// Area under `values` between the first and the last of `times`, per time.
pub(super) fn mean_over(times: &[f64], values: &[f64]) -> Option<f64> {
    let (first, last) = (times.first()?, times.last()?);
    let steps = times.windows(2).zip(values.windows(2));
    let area: f64 = steps
        .map(|(t, v)| (t[1] - t[0]) * f64::midpoint(v[0], v[1]))
        .sum();
    (last > first).then(|| area / (last - first))
}

#[cfg(test)]
mod tests {
    use helder_survival::{brier_score, integrated_brier_score};

    use super::*;

    fn made() -> (Spells, Vec<f64>) {
        let time: Vec<f64> = (0..400_u32)
            .map(|row| f64::from((row * 131) % 397) + 1.0)
            .collect();
        let ended: Vec<bool> = (0..400).map(|row| row % 3 != 0).collect();
        let score = (0..400_u32)
            .map(|row| f64::from((row * 29) % 101) / 101.0)
            .collect();
        (Spells::new(&time, &ended).unwrap(), score)
    }

    #[test]
    fn with_one_cause_these_are_the_brier_scores_of_the_survival_crate() {
        let (spells, chances) = made();
        let censoring = Censoring::of(&spells);
        let lasting: Vec<f64> = chances.iter().map(|chance| 1.0 - chance).collect();
        let times = [50.0, 120.0, 200.0];
        let ours = times.map(|time| brier(&censoring, &spells, &chances, (1, time)).unwrap());
        for (time, ours) in times.iter().zip(ours) {
            let theirs = brier_score(&censoring, &spells, &lasting, *time).unwrap();
            assert!((ours - theirs).abs() < 1e-14);
        }
        let repeated: Vec<f64> = lasting.iter().flat_map(|chance| [*chance; 3]).collect();
        let theirs = integrated_brier_score(&censoring, &spells, &repeated, &times).unwrap();
        assert!((mean_over(&times, &ours).unwrap() - theirs).abs() < 1e-14);
    }

    #[test]
    fn an_end_by_another_cause_is_no_end_by_this_one() {
        let spells = Spells::competing(&[1.0, 2.0, 3.0, 9.0], &[1, 2, 1, 0]).unwrap();
        let censoring = Censoring::of(&spells);
        let sure = brier(&censoring, &spells, &[1.0, 0.0, 1.0, 0.0], (1, 5.0)).unwrap();
        let wrong = brier(&censoring, &spells, &[1.0, 1.0, 1.0, 0.0], (1, 5.0)).unwrap();
        assert!(sure.abs() < 1e-15 && (wrong - 0.25).abs() < 1e-15);
    }

    #[test]
    fn an_order_without_meaning_has_a_half_in_its_interval() {
        let (spells, score) = made();
        let found = ordered(&spells, &score).unwrap();
        let interval = found.interval_95.unwrap();
        assert!(interval.low < found.index && found.index < interval.high);
        assert!(interval.low < 0.5 && interval.high > 0.5 && interval.high - interval.low < 0.15);
        let none = Spells::new(&[1.0], &[true]).unwrap();
        assert!(ordered(&none, &[0.0]).is_none());
    }
}
