//! Curves that promise not to betray any row: differentially private, with every answer about rows paid for.
//!
//! Rows are only ever looked at through sums over bins with Gaussian noise: one histogram of counts per column, one of the
//! outcome, and some of residuals, column by column and round by round. All else (bins, smoothing, the intercept) is made of
//! these answers and of what is public: limits of numbers, levels, settings. There are no pairs: they would have to be paid
//! for too.
//!
//! # Source
//! The idea of boosting curves on noisy histograms: Nori, Caruana, Bu, Shen and Kulkarni (2021), "Accuracy,
//! interpretability, and differential privacy via explainable boosting", arXiv:2106.09680. Here histograms are fine and
//! smoothed afterwards, when the noise is known, and the answers of all rounds count.

mod account;
mod grid;
mod noise;
mod rows;
mod smooth;

pub use account::{Loss, Promise};
pub use noise::Chance;

use crate::{Bins, Column, Direction, Ebm, EbmError, ShapeTerm, monotone};
use noise::Teller;
use rows::Binned;

/// Share of the squared loss that counts take; residuals have the others.
const COUNTS: f64 = 0.1;
/// Share of δ that finding levels takes, where they are not public.
const FINDING: f64 = 0.1;
/// Largest step of a curve in one round, log-odds.
const LEAP: f64 = 3.0;
/// Largest score of a bin.
const MOST: f64 = 6.0;
/// Share of the correction of the intercept that a visit makes.
const LEVEL: f64 = 0.3;
/// Bins, and noise of each in log-odds, by which it is judged whether rows are enough.
const JUDGED: [f64; 2] = [8.0, 0.5];

/// What is known of a number before any row is seen: from its definition, never from the rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Smaller values count as this one.
    pub minimum: f64,
    /// Larger values count as this one.
    pub maximum: f64,
    /// Whether values are whole numbers.
    pub is_whole: bool,
}

/// How to learn in private.
#[derive(Debug, Clone)]
pub struct PrivateSettings {
    /// What is promised.
    pub promise: Promise,
    /// Limits of every numeric column.
    pub limits: Vec<(String, Limits)>,
    /// Columns whose levels are public. Levels of others are kept when their noisy count shows that they are no single row's.
    pub public_levels: Vec<String>,
    /// Numeric columns whose curve must rise or fall throughout; this costs nothing.
    pub monotone: Vec<(String, Direction)>,
    /// Looks at the residuals of each column, 2 to 50. More find the curves of columns that hang together better, each with
    /// more noise; the answers of all count.
    pub rounds: usize,
    /// Whether to learn from too few rows too. The curves then say mostly noise.
    pub even_if_misleading: bool,
}

impl PrivateSettings {
    /// The usual settings.
    pub fn new(promise: Promise) -> Self {
        Self {
            promise,
            limits: Vec::new(),
            public_levels: Vec::new(),
            monotone: Vec::new(),
            rounds: 5,
            even_if_misleading: false,
        }
    }
}

/// A private model, and what it cost.
#[derive(Debug, Clone, PartialEq)]
pub struct PrivateFit {
    /// The model: curves only. Its counts are noisy; its standard errors hold the noise.
    pub model: Ebm,
    /// Answers that were given about the rows.
    pub answers: usize,
    /// What they lose together.
    pub loss: Loss,
    /// Number of rows as the answers tell it.
    pub rows: f64,
    /// Rows from which this promise leaves curves that mean something.
    pub needed_rows: f64,
}

/// A column under way.
struct Curve {
    binned: Binned,
    /// Noisy rows per bin, at least the noise.
    rows: Vec<f64>,
    /// Variance of the outcome per bin.
    spread: Vec<f64>,
    /// Mean of what the answers said the score should be, and the variance of the noise in it.
    said: Vec<f64>,
    noise: f64,
    /// Score and standard error per bin.
    scores: Vec<[f64; 2]>,
}

impl Ebm {
    /// Learns curves from which no row can be told, with Gaussian noise on every answer about rows.
    ///
    /// The promise is for the model. What else is published about the same rows (counts, evaluations) is not in it. The same
    /// rows give another model with every call, as `chance` differs: it has to be the random source of the operating system,
    /// and is kept nowhere.
    ///
    /// # Errors
    /// As [`Ebm::fit`]; when a number has no limits, there is no `chance`, or rows are too few for the promise
    /// ([`EbmError::TooFewForPrivacy`] says how many it takes).
    pub fn fit_private(
        columns: &[Column],
        outcome: &[bool],
        settings: &PrivateSettings,
        chance: &mut Chance<'_>,
    ) -> Result<PrivateFit, EbmError> {
        if !(2..=50).contains(&settings.rounds) {
            return Err(EbmError::Setting("rounds"));
        }
        crate::train::check_columns(columns, outcome.len())?;
        let directions = crate::train::directions(columns, &settings.monotone)?;
        let hidden = columns
            .iter()
            .filter(|column| rows::is_hidden(column, settings));
        let hidden = hidden.count() as f64;
        let Promise { epsilon, delta } = settings.promise;
        let finding = if hidden > 0.0 { delta * FINDING } else { 0.0 };
        let loss = Loss::of(Promise {
            epsilon,
            delta: delta - finding,
        })?;
        let columns_count = columns.len() as f64;
        // Each answer of a kind loses the same; squares add up to the squared loss.
        let counting = (columns_count / COUNTS).sqrt() / loss.0;
        let asking = columns_count * (settings.rounds + 1) as f64;
        let deviation = (asking / (1.0 - COUNTS)).sqrt() / loss.0;

        let mut teller = Teller::new(chance);
        let mut curves = columns
            .iter()
            .map(|column| {
                let binned =
                    rows::bin(column, settings, &mut teller, (counting, finding / hidden))?;
                Ok(Curve::new(binned, counting))
            })
            .collect::<Result<Vec<Curve>, EbmError>>()?;
        let all = curves
            .iter()
            .map(|curve| curve.binned.counts.iter().sum::<f64>());
        let n = (all.sum::<f64>() / columns_count).max(1.0);

        // Half of the sensitivity of a residual: an outcome lies half from the middle. So half of the noise loses as much.
        let first = deviation / 2.0;
        let mut outcomes = Vec::with_capacity(curves.len());
        for curve in &curves {
            let residuals = outcome.iter().map(|y| if *y { 0.5 } else { -0.5 });
            let sums = curve.binned.sums(residuals);
            outcomes.push(teller.sums(&sums, first, 0.5)?);
        }
        let shares = outcomes
            .iter()
            .map(|sums| sums.iter().sum::<f64>() / n + 0.5);
        let share =
            (shares.sum::<f64>() / columns_count).clamp(2.0 / (n + 4.0), 1.0 - 2.0 / (n + 4.0));
        let variance = share * (1.0 - share);
        let of_rounds = deviation / (0.75 * settings.rounds as f64).sqrt();
        let needed_rows = JUDGED[0] * of_rounds / (JUDGED[1] * variance);
        if n < needed_rows && !settings.even_if_misleading {
            return Err(EbmError::TooFewForPrivacy {
                found: n.round() as u64,
                needed: needed_rows.ceil() as u64,
            });
        }
        let mut intercept = (share / (1.0 - share)).ln();
        for (curve, sums) in curves.iter_mut().zip(&outcomes) {
            curve.look_first(sums, intercept, first, counting);
        }

        let mut scores = vec![intercept; outcome.len()];
        for round in 1..=settings.rounds {
            // Later answers, when the other curves are nearly right, weigh more.
            let weight = 2.0 / (round as f64 + 1.0);
            for (curve, direction) in curves.iter_mut().zip(&directions) {
                let residuals = scores
                    .iter()
                    .zip(outcome)
                    .map(|(score, y)| f64::from(u8::from(*y)) - 1.0 / (1.0 + (-score).exp()));
                let sums = curve.binned.sums(residuals);
                let sums = teller.sums(&sums, deviation, 1.0)?;
                let before: Vec<f64> = curve.scores.iter().map(|score| score[0]).collect();
                let shift = curve.learn(&sums, weight, deviation, *direction);
                intercept += shift;
                for (score, bin) in scores.iter_mut().zip(&curve.binned.of_rows) {
                    let bin = usize::from(*bin);
                    *score += shift + curve.scores[bin][0] - before[bin];
                }
            }
        }
        Ok(PrivateFit {
            model: model(columns, curves, intercept),
            answers: teller.losses.len(),
            loss: Loss::together(teller.losses),
            rows: n,
            needed_rows,
        })
    }
}

/// Curves as a model.
fn model(columns: &[Column], curves: Vec<Curve>, intercept: f64) -> Ebm {
    let mut inputs: Vec<(String, Bins)> = Vec::with_capacity(curves.len());
    let mut shapes = Vec::with_capacity(curves.len());
    for (input, (curve, column)) in curves.into_iter().zip(columns).enumerate() {
        shapes.push(ShapeTerm {
            input,
            scores: curve.scores.iter().map(|score| score[0]).collect(),
            standard_errors: curve.scores.iter().map(|score| score[1]).collect(),
            counts: curve.binned.counts.iter().map(|n| n.max(0.0)).collect(),
        });
        inputs.push((column.name().to_owned(), curve.binned.bins));
    }
    Ebm {
        inputs,
        intercept,
        shapes,
        pairs: Vec::new(),
        bags: None,
    }
}

impl Curve {
    /// * `counting` – deviation of the noise of the counts
    fn new(binned: Binned, counting: f64) -> Self {
        let rows: Vec<f64> = binned
            .counts
            .iter()
            .map(|n| n.max(counting).max(1.0))
            .collect();
        let bins = rows.len();
        Self {
            binned,
            rows,
            spread: vec![0.25; bins],
            said: vec![0.0; bins],
            noise: 0.0,
            scores: vec![[0.0; 2]; bins],
        }
    }

    /// The curve of this column alone, for how much the outcome varies in each bin.
    fn look_first(&mut self, sums: &[f64], intercept: f64, deviation: f64, counting: f64) {
        let mut alone = vec![0.0_f64; sums.len()];
        for _ in 0..8 {
            let seen: Vec<[f64; 2]> = sums
                .iter()
                .zip(&self.rows)
                .zip(&alone)
                .map(|((sum, rows), score)| {
                    let p = 1.0 / (1.0 + (-(intercept + score)).exp());
                    let v = (p * (1.0 - p)).max(1e-4);
                    let step = (sum + rows / 2.0 - rows * p) / (rows * v);
                    let noise = deviation.powi(2) + (counting * (0.5 - p)).powi(2) + rows * v;
                    [score + step.clamp(-LEAP, LEAP), noise / (rows * v).powi(2)]
                })
                .collect();
            for (score, [found, _]) in alone.iter_mut().zip(self.smooth(&seen)) {
                *score = found.clamp(-MOST, MOST);
            }
        }
        for (spread, score) in self.spread.iter_mut().zip(alone) {
            let p = 1.0 / (1.0 + (-(intercept + score)).exp());
            *spread = (p * (1.0 - p)).max(1e-4);
        }
    }

    /// Learns from an answer about residuals. Returns what the intercept should rise by.
    fn learn(
        &mut self,
        sums: &[f64],
        weight: f64,
        deviation: f64,
        direction: Option<Direction>,
    ) -> f64 {
        let curvature: Vec<f64> = self
            .rows
            .iter()
            .zip(&self.spread)
            .map(|(n, v)| n * v)
            .collect();
        let all: f64 = curvature.iter().sum();
        let shift = (sums.iter().sum::<f64>() / all).clamp(-LEAP, LEAP);
        self.noise = (1.0 - weight).powi(2) * self.noise + (weight * deviation).powi(2);
        let mut seen = Vec::with_capacity(sums.len());
        for (place, (sum, h)) in sums.iter().zip(&curvature).enumerate() {
            let step = (sum / h - shift).clamp(-LEAP, LEAP);
            let should = self.scores[place][0] + step;
            self.said[place] += weight * (should - self.said[place]);
            seen.push([self.said[place], (self.noise + h) / (h * h)]);
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
        let rows: f64 = self.binned.counts[..last].iter().map(|n| n.max(0.0)).sum();
        let mean = found[..last]
            .iter()
            .zip(&self.binned.counts)
            .map(|(score, n)| score[0] * n.max(0.0))
            .sum::<f64>()
            / rows.max(1.0);
        for (place, score) in found.iter_mut().enumerate() {
            score[0] = if self.binned.is_told[place] {
                (score[0] - mean).clamp(-MOST, MOST)
            } else {
                0.0
            };
        }
        self.scores = found;
        LEVEL * shift
    }

    /// Scores and standard errors per bin; what is not told has none.
    fn smooth(&self, seen: &[[f64; 2]]) -> Vec<[f64; 2]> {
        let mut found = vec![[0.0; 2]; seen.len()];
        let told = &self.binned.is_told;
        let last = seen.len() - 1;
        let together: Vec<usize> = if self.binned.bins.is_ordered() {
            (1..last).collect()
        } else {
            (0..last).filter(|place| told[*place]).collect()
        };
        let of_these: Vec<[f64; 2]> = together.iter().map(|place| seen[*place]).collect();
        let curve = smooth::smooth(&of_these, self.binned.bins.is_ordered());
        for (place, [score, variance]) in together.into_iter().zip(curve) {
            found[place] = [score, variance.max(0.0).sqrt()];
        }
        if self.binned.bins.is_ordered() && told[0] {
            // Missing stands alone, around the mean with a deviation of 1.
            let [score, variance] = seen[0];
            let share = 1.0 / (1.0 + variance);
            found[0] = [share * score, (share * variance).sqrt()];
        }
        found
    }
}
