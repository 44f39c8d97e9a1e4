//! Curves that promise not to betray any row: differentially private, with every answer about rows paid for.
//!
//! Rows are only ever looked at through sums over bins with Gaussian noise: the number of rows and of outcomes, then per
//! column the rows of a fine grid, and the rows and outcomes of the bins made of it, and per round the probabilities that the
//! curves so far give to the rows of each bin. Outcomes minus probabilities is what a curve learns from, so outcomes are paid
//! for once and not in every round, and a sum of probabilities costs little where they are all small. All else (bins,
//! smoothing, the intercept) is made of these answers and of what is public: limits of numbers, levels, settings. There are
//! no pairs: they would have to be paid for too.
//!
//! How noisy an answer is may depend on answers before it: the squared losses still add up to the promise.
//!
//! # Source
//! The idea of boosting curves on noisy histograms: Nori, Caruana, Bu, Shen and Kulkarni (2021), "Accuracy,
//! interpretability, and differential privacy via explainable boosting", arXiv:2106.09680. Here histograms are smoothed when
//! the noise is known, and the answers of all rounds count. Adaptive noise: Smith and Thakurta (2022), "Fully adaptive
//! composition for Gaussian differential privacy", arXiv:2210.17520.

mod account;
mod budget;
mod curve;
mod grid;
mod noise;
mod rows;
mod smooth;

pub use account::{Loss, Promise};
pub use noise::Chance;

use crate::{Bins, Column, Direction, Ebm, EbmError, ShapeTerm};
use budget::{Budget, Window};
use curve::Curve;
use noise::Teller;

/// Share of δ that finding levels takes, where they are not public.
const FINDING: f64 = 0.1;
/// Times that columns tell each other how rough curves are before the first round.
const POOLINGS: usize = 3;

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
    /// Looks at the probabilities in the bins of each column, 2 to 50. More find the curves of columns that hang together
    /// better, each with more noise; the answers of all count.
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
            rounds: 3,
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
        let mut teller = Teller::new(chance);

        // The whole first: by how rare the outcome is, the rest of the loss is shared out.
        let noise = budget::whole(loss);
        let n = teller.sum(outcome.iter().map(|_| 1.0), noise.rows, 1.0)?;
        let n = n.max(1.0);
        let from_middle = || outcome.iter().map(|y| if *y { 0.5 } else { -0.5 });
        let least = 2.0 / (n + 4.0);
        let share = teller.sum(from_middle(), noise.outcomes, 0.5)? / n + 0.5;
        let share = share.clamp(least, 1.0 - least);
        let variance = share * (1.0 - share);
        let budget = Budget::of(loss, columns.len(), settings.rounds, share);
        let needed_rows = budget.needed_rows(variance);
        if n < needed_rows && !settings.even_if_misleading {
            return Err(EbmError::TooFewForPrivacy {
                found: n.round() as u64,
                needed: needed_rows.ceil() as u64,
            });
        }

        let noise = rows::Noise {
            cell: budget.cell,
            finding: finding / hidden,
            most_bins: budget.bins(n * variance),
        };
        let mut curves = Vec::with_capacity(columns.len());
        for column in columns {
            let binned = rows::bin(column, settings, &mut teller, &noise)?;
            let binned = binned.count_again(&mut teller, budget.count)?;
            let sums = binned.sums(from_middle(), 0.5);
            let outcomes = teller.sums(&sums, budget.outcomes, 0.5)?;
            curves.push(Curve::new(binned, outcomes, &budget));
        }
        let mut intercept = (share / (1.0 - share)).ln();
        for _ in 0..POOLINGS {
            for curve in &mut curves {
                curve.look_first(intercept);
            }
            pool(&mut curves);
        }
        let mut scores = vec![intercept; outcome.len()];
        for curve in &curves {
            for (score, bin) in scores.iter_mut().zip(&curve.binned.of_rows) {
                *score += curve.scores[usize::from(*bin)][0];
            }
        }
        for round in 1..=settings.rounds {
            // Later answers, when the other curves are nearly right, weigh more.
            let weight = 2.0 / (round as f64 + 1.0);
            for (curve, direction) in curves.iter_mut().zip(&directions) {
                let Window { centre, half } = budget.window;
                let expected = scores
                    .iter()
                    .map(|score| 1.0 / (1.0 + (-score).exp()) - centre);
                let sums = curve.binned.sums(expected, half);
                let expected = teller.sums(&sums, budget.expected, half)?;
                let before: Vec<f64> = curve.scores.iter().map(|score| score[0]).collect();
                let shift = curve.learn(&expected, weight, &budget, *direction);
                intercept += shift;
                for (score, bin) in scores.iter_mut().zip(&curve.binned.of_rows) {
                    let bin = usize::from(*bin);
                    *score += shift + curve.scores[bin][0] - before[bin];
                }
            }
            pool(&mut curves);
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

/// Columns tell each other how rough curves are: with few rows each alone can hardly tell. Looks at no row.
fn pool(curves: &mut [Curve]) {
    for is_ordered in [true, false] {
        let is_one = |curve: &&Curve| curve.binned.bins.is_ordered() == is_ordered;
        let prior = smooth::prior(curves.iter().filter(is_one).map(|curve| &curve.found));
        for curve in curves.iter_mut().filter(|curve| is_one(&&**curve)) {
            curve.prior = prior;
        }
    }
}
