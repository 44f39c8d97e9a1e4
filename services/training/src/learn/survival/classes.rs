//! What came of training rows alike: by score, in classes large enough to be about nobody.

use helder_model::{RiskClass, RiskCurve, hazard::SMALLEST_CLASS};
use helder_survival::{Spells, aalen_johansen};

use crate::learn::plan::SMALLEST_GROUP;

/// Most classes.
const MOST: usize = 5;
const CONFIDENCE: f64 = 0.95;

/// Classes by `scores`, as even as equal scores allow; none where there are too few rows for one.
pub(super) fn classes(spells: &Spells, scores: &[f64], n_causes: usize) -> Vec<RiskClass> {
    let smallest = SMALLEST_CLASS as usize;
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*a].total_cmp(&scores[*b]));
    let wanted = (order.len() / smallest).min(MOST);
    let (mut classes, mut from) = (Vec::new(), 0);
    for class in 1..=wanted {
        let bound = (class < wanted).then(|| scores[order[class * order.len() / wanted]]);
        let to = bound.map_or(order.len(), |bound| {
            order.partition_point(|&row| scores[row] < bound)
        });
        // A class that equal scores leave too small joins the next, and the last the one before.
        let is_too_small = to - from < smallest || (bound.is_some() && order.len() - to < smallest);
        if is_too_small {
            continue;
        }
        classes.push((bound, order[from..to].to_vec()));
        from = to;
    }
    classes
        .into_iter()
        .map(|(below, mut places)| {
            places.sort_unstable();
            RiskClass {
                below,
                rows: places.len() as u64,
                ended: curves(&spells.at(&places), n_causes),
            }
        })
        .collect()
}

fn curves(spells: &Spells, n_causes: usize) -> Vec<RiskCurve> {
    let shares = aalen_johansen(spells, CONFIDENCE);
    (1..=n_causes)
        .map(|cause| {
            let mut ends: Vec<f64> = spells
                .times()
                .iter()
                .zip(spells.causes())
                .filter(|(_, found)| **found == cause as u32)
                .map(|(time, _)| *time)
                .collect();
            ends.sort_unstable_by(f64::total_cmp);
            let (mut curve, mut told) = (RiskCurve::default(), 0);
            for point in &shares.points {
                let ended = ends.partition_point(|end| *end <= point.time);
                if ended < told + SMALLEST_GROUP || point.n_risk < SMALLEST_GROUP as f64 {
                    continue;
                }
                told = ended;
                let Some(found) = point.causes.get(cause - 1) else {
                    continue;
                };
                let share = found.share.clamp(0.0, 1.0);
                curve.time.push(point.time);
                curve.share.push(share);
                curve.lower.push(found.lower.unwrap_or(share).min(share));
                curve.upper.push(found.upper.unwrap_or(share).max(share));
            }
            curve
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spells(n: usize) -> (Spells, Vec<f64>) {
        let time: Vec<f64> = (0..n).map(|row| ((row * 37) % 211) as f64 + 1.0).collect();
        let cause: Vec<u32> = (0..n).map(|row| (row % 3) as u32).collect();
        let scores = (0..n).map(|row| ((row * 13) % 17) as f64).collect();
        (Spells::competing(&time, &cause).unwrap(), scores)
    }

    #[test]
    fn classes_are_even_hold_fifty_and_together_everybody() {
        for n in [0, 49, 50, 99, 120, 1_000] {
            if n == 0 {
                continue;
            }
            let (spells, scores) = spells(n);
            let found = classes(&spells, &scores, 2);
            assert_eq!(found.is_empty(), n < 50);
            let rows: u64 = found.iter().map(|class| class.rows).sum();
            assert!(found.is_empty() || rows == n as u64, "{n}: {rows}");
            assert!(found.iter().all(|class| class.rows >= SMALLEST_CLASS));
            assert!(found.last().is_none_or(|last| last.below.is_none()));
        }
    }

    #[test]
    fn every_point_stands_for_ten_more_ends_and_ten_are_left() {
        let (spells, scores) = spells(1_000);
        let whole = classes(&spells, &vec![0.0; 1_000], 2);
        assert_eq!(whole.len(), 1);
        let shares = aalen_johansen(&spells, CONFIDENCE);
        for (cause, curve) in whole[0].ended.iter().enumerate() {
            assert!(curve.time.len() > 10 && curve.time.len() <= 33);
            for (time, share) in curve.time.iter().zip(&curve.share) {
                let at = shares.at(*time).unwrap();
                assert_eq!(at.causes[cause].share.to_bits(), share.to_bits());
                assert!(at.n_risk >= 10.0);
            }
        }
        assert_eq!(classes(&spells, &scores, 2).len(), 5);
    }
}
