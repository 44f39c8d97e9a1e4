//! The curve of one column, learned from noisy sums over its bins.

use super::{budget::Budget, rows::Binned, smooth};
use crate::{Direction, monotone};

/// Largest step of a curve in one round, log-odds.
const LEAP: f64 = 3.0;
/// Largest score of a bin.
const MOST: f64 = 6.0;
/// Share of the correction of the intercept that a visit makes.
const LEVEL: f64 = 0.3;
/// Share of the curve of a column alone that it starts with: columns that hang together say part of it twice.
const START: f64 = 0.3;
/// Steps after which the curve of a column alone stands still.
const STEPS: usize = 8;

/// A column under way.
pub(super) struct Curve {
    pub(super) binned: Binned,
    /// Score and standard error per bin.
    pub(super) scores: Vec<[f64; 2]>,
    /// How rough it may be, and how rough its answers say it is.
    pub(super) prior: smooth::Weights,
    pub(super) found: smooth::Weights,
    /// Rows per bin, at least the noise.
    rows: Vec<f64>,
    /// Sum of the outcomes from the middle per bin, with noise.
    outcomes: Vec<f64>,
    /// Variance per bin of the noise that all rounds have in common: of outcomes, and of rows times how far they count.
    common: Vec<f64>,
    /// Variance of the outcome per bin.
    spread: Vec<f64>,
    /// Mean of what the answers said the score should be, and the variance of the noise in it that rounds do not share.
    said: Vec<f64>,
    noise: f64,
}

impl Curve {
    /// * `outcomes` – noisy sums of outcomes from the middle
    pub(super) fn new(binned: Binned, outcomes: Vec<f64>, budget: &Budget) -> Self {
        let bins = outcomes.len();
        let away = budget.window.away();
        let least = |(n, noise): (&f64, &f64)| n.max(noise.sqrt()).max(1.0);
        let common = |noise: &f64| budget.outcomes.powi(2) + away * away * noise;
        Self {
            rows: binned.counts.iter().zip(&binned.noise).map(least).collect(),
            common: binned.noise.iter().map(common).collect(),
            binned,
            outcomes,
            scores: vec![[0.0; 2]; bins],
            prior: smooth::EVEN,
            found: smooth::EVEN,
            spread: vec![0.25; bins],
            said: vec![0.0; bins],
            noise: 0.0,
        }
    }

    /// The curve of this column alone: a start, and how much the outcome varies in each bin. Looks at no row.
    pub(super) fn look_first(&mut self, intercept: f64) {
        let bins = self.rows.len();
        let mut alone = vec![0.0_f64; bins];
        for _ in 0..STEPS {
            let mut seen = Vec::with_capacity(bins);
            for (place, score) in alone.iter().enumerate() {
                let rows = self.rows[place];
                let p = 1.0 / (1.0 + (-(intercept + score)).exp());
                let h = rows * varies(intercept + score);
                let step = (self.outcomes[place] + rows * (0.5 - p)) / h;
                let noise = self.common[place] + self.binned.noise[place] * (0.5 - p).powi(2);
                seen.push([score + step.clamp(-LEAP, LEAP), (noise + h) / (h * h)]);
            }
            for (score, [found, _]) in alone.iter_mut().zip(self.smooth(&seen)) {
                *score = found.clamp(-MOST, MOST);
            }
        }
        let told = self.binned.is_told.iter();
        self.scores = alone
            .iter()
            .zip(told)
            .map(|(score, is_told)| [if *is_told { START * score } else { 0.0 }, 0.0])
            .collect();
        self.spread = alone
            .iter()
            .map(|score| varies(intercept + score))
            .collect();
    }

    /// Learns from an answer about probabilities. Returns what the intercept should rise by.
    ///
    /// * `expected` – noisy sums of probabilities in the window
    /// * `weight` – of this answer beside the ones before
    pub(super) fn learn(
        &mut self,
        expected: &[f64],
        weight: f64,
        budget: &Budget,
        direction: Option<Direction>,
    ) -> f64 {
        let away = budget.window.away();
        let counts = &self.binned.counts;
        let sums: Vec<f64> = self
            .outcomes
            .iter()
            .zip(expected)
            .zip(counts)
            .map(|((outcomes, expected), rows)| outcomes - expected + away * rows)
            .collect();
        let curvature: Vec<f64> = self
            .rows
            .iter()
            .zip(&self.spread)
            .map(|(n, v)| n * v)
            .collect();
        let all: f64 = curvature.iter().sum();
        let shift = (sums.iter().sum::<f64>() / all).clamp(-LEAP, LEAP);
        self.noise = (1.0 - weight).powi(2) * self.noise + (weight * budget.expected).powi(2);
        let mut seen = Vec::with_capacity(sums.len());
        for (place, (sum, h)) in sums.iter().zip(&curvature).enumerate() {
            let step = (sum / h - shift).clamp(-LEAP, LEAP);
            let should = self.scores[place][0] + step;
            self.said[place] += weight * (should - self.said[place]);
            let noise = self.common[place] + self.noise + h;
            seen.push([self.said[place], noise / (h * h)]);
        }
        let mut found = self.smooth(&seen);
        let last = found.len() - 1;
        if let Some(direction) = direction {
            let mut values: Vec<f64> = found[1..last].iter().map(|score| score[0]).collect();
            monotone::towards(direction, &mut values, &self.rows[1..last]);
            for (score, value) in found[1..last].iter_mut().zip(values) {
                score[0] = value;
            }
        }
        let counts = &self.binned.counts[..last];
        let rows: f64 = counts.iter().map(|n| n.max(0.0)).sum();
        let weighted = found.iter().zip(counts).map(|(s, n)| s[0] * n.max(0.0));
        let mean = weighted.sum::<f64>() / rows.max(1.0);
        for (score, is_told) in found.iter_mut().zip(&self.binned.is_told) {
            score[0] = if *is_told {
                (score[0] - mean).clamp(-MOST, MOST)
            } else {
                0.0
            };
        }
        self.scores = found;
        LEVEL * shift
    }

    /// Scores and standard errors per bin; what is not told has none.
    fn smooth(&mut self, seen: &[[f64; 2]]) -> Vec<[f64; 2]> {
        let mut scores = vec![[0.0; 2]; seen.len()];
        let told = &self.binned.is_told;
        let last = seen.len() - 1;
        let is_ordered = self.binned.bins.is_ordered();
        let together: Vec<usize> = if is_ordered {
            (1..last).collect()
        } else {
            (0..last).filter(|place| told[*place]).collect()
        };
        let of_these: Vec<[f64; 2]> = together.iter().map(|place| seen[*place]).collect();
        let (curve, found) = smooth::smooth(&of_these, is_ordered, &self.prior);
        self.found = found;
        for (place, [score, variance]) in together.into_iter().zip(curve) {
            scores[place] = [score, variance.max(0.0).sqrt()];
        }
        if is_ordered && told[0] {
            // Missing stands alone, around the mean with a deviation of 1.
            let [score, variance] = seen[0];
            let share = 1.0 / (1.0 + variance);
            scores[0] = [share * score, (share * variance).sqrt()];
        }
        scores
    }
}

/// The variance of an outcome with this score.
fn varies(score: f64) -> f64 {
    let p = 1.0 / (1.0 + (-score).exp());
    (p * (1.0 - p)).max(1e-4)
}
