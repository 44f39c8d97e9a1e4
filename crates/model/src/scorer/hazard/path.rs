//! The chances just after every time.

use super::{Cause, Client};

/// Times that are worked out side by side before they are added up.
const STRETCH: usize = 16;

/// The chances just after every time, each with a place for "before the first" in front.
pub(super) struct Path {
    pub(super) lasting: Vec<f64>,
    pub(super) ended: Vec<Vec<f64>>,
}

impl Path {
    /// Until just after the first `n` times.
    pub(super) fn new(causes: &[Cause], client: &Client, n: usize) -> Self {
        let mut hazard = vec![0.0; n];
        for (cause, ratio) in causes.iter().zip(&client.ratios) {
            for (sum, own) in hazard.iter_mut().zip(&cause.cumulative) {
                *sum += own * ratio;
            }
        }
        let mut lasting = Vec::with_capacity(n + 1);
        lasting.push(1.0);
        lasting.extend(hazard.iter().map(|hazard| (-hazard).exp()));
        let ended = if causes.len() == 1 {
            vec![lasting.iter().map(|lasting| 1.0 - lasting).collect()]
        } else {
            ends(causes, client, &lasting)
        };
        Self { lasting, ended }
    }
}

/// Who has ended by each cause: what is no longer left at a time is shared by how much the hazards rise there.
fn ends(causes: &[Cause], client: &Client, lasting: &[f64]) -> Vec<Vec<f64>> {
    let n = lasting.len() - 1;
    // Beside the largest, so that the shares of a step stay numbers.
    let scores = client.scores.iter().copied();
    let most = scores.clone().fold(f64::NEG_INFINITY, f64::max);
    let beside: Vec<f64> = scores.map(|score| (score - most).exp()).collect();
    let mut ended = vec![Vec::with_capacity(n + 1); causes.len()];
    for ended in &mut ended {
        ended.push(0.0);
    }
    let mut shares = vec![0.0; causes.len()];
    for first in (0..n).step_by(STRETCH) {
        let here = first..n.min(first + STRETCH);
        let mut all = [0.0; STRETCH];
        for (cause, beside) in causes.iter().zip(&beside) {
            for (all, rise) in all.iter_mut().zip(&cause.rises[here.clone()]) {
                *all += rise * beside;
            }
        }
        let (before, after) = (&lasting[here.clone()], &lasting[here.start + 1..]);
        let of_causes = causes.iter().zip(&beside).zip(&mut ended).zip(&mut shares);
        for (((cause, beside), ended), share) in of_causes {
            let mut parts = [0.0; STRETCH];
            let steps = cause.rises[here.clone()].iter().zip(&all);
            let left = before.iter().zip(after);
            for (part, ((rise, all), (before, after))) in parts.iter_mut().zip(steps.zip(left)) {
                let of_all = rise * beside / all;
                *part = if *all > 0.0 {
                    (before - after) * of_all
                } else {
                    0.0
                };
            }
            ended.extend(parts[..here.len()].iter().map(|part| {
                *share += part;
                *share
            }));
        }
    }
    ended
}
