//! Boosting one bag's shape functions.

use super::{
    Frame,
    block::{BINS, Block, WIDTH, blocks},
    cut::{Rule, column_steps},
    random::Draws,
    rows::Rows,
};
use crate::Settings;

/// Gain of the log loss that counts as one.
const NOTABLE: f64 = 1e-6;

/// What a bag has learned.
pub(super) struct Bag {
    /// Rows it learned from, and those that told it when to stop.
    pub(super) rows: [Vec<u32>; 2],
    pub(super) intercept: f64,
    /// Per column and bin.
    pub(super) shapes: Vec<Vec<f32>>,
    /// Per pair and cell, once pairs were learned.
    pub(super) pairs: Vec<Vec<f32>>,
}

/// Stops when rows kept apart gain nothing for a while.
pub(super) struct Patience {
    best: f64,
    since: usize,
    patience: usize,
}

impl Patience {
    pub(super) fn new(patience: usize, loss: f64) -> Self {
        Self {
            best: loss,
            since: 0,
            patience,
        }
    }

    /// Whether this is the best round so far.
    pub(super) fn is_best(&mut self, loss: f64) -> bool {
        // Rows kept apart of one kind, or none at all, say nothing: the last round is as good as any.
        if loss < self.best - NOTABLE || loss.is_nan() {
            self.best = loss;
            self.since = 0;
            return true;
        }
        self.since += 1;
        false
    }

    pub(super) fn is_over(&self) -> bool {
        self.since >= self.patience
    }
}

/// Takes the steps that gain most: a round serves those near the best of the round before. Columns without a signal would
/// otherwise learn noise in every round.
pub(super) struct Greed {
    share: f64,
    former: f64,
    most: f64,
}

impl Greed {
    /// * `share` – of the best step's gain that a step must reach; 0 takes all
    pub(super) fn new(share: f64) -> Self {
        Self {
            share,
            former: 0.0,
            most: 0.0,
        }
    }

    /// Whether a step that lowers the loss so much is taken.
    pub(super) fn takes(&mut self, lowers: f64) -> bool {
        self.most = self.most.max(lowers);
        lowers >= self.share * self.former
    }

    pub(super) fn end_round(&mut self) {
        self.former = std::mem::take(&mut self.most);
    }
}

/// Boosts one bag.
pub(super) fn boost(frame: &Frame, settings: &Settings, bag: usize) -> Bag {
    let mut draws = Draws::new(settings.seed, bag, 1);
    let rows = super::rows::sample(&frame.outcome, settings.validation_share, &mut draws);
    let weight = |wanted: bool| -> f64 {
        let picked = rows[0].iter().map(|row| *row as usize);
        picked
            .filter(|row| (frame.outcome[*row] > 0.5) == wanted)
            .map(|row| f64::from(frame.weights[row]))
            .sum()
    };
    let intercept = (weight(true).max(1e-9) / weight(false).max(1e-9)).ln();
    let pick = |rows: &[u32]| Rows::pick(&frame.outcome, &frame.weights, rows, intercept as f32);
    let (mut learn, mut watch) = (pick(&rows[0]), pick(&rows[1]));
    let layout = |rows: &[u32]| -> Vec<Block> {
        let columns = frame.bins.len();
        blocks(columns)
            .map(|block| Block::new(&frame.bins, block, rows))
            .collect()
    };
    let (learning, watching) = (layout(&rows[0]), layout(&rows[1]));
    let counts: Vec<Vec<f64>> = frame
        .bins
        .iter()
        .zip(&frame.all_bins)
        .map(|(bins, all)| {
            let mut counts = vec![0.0; *all];
            for row in &rows[0] {
                counts[bins[*row as usize] as usize] += 1.0;
            }
            counts
        })
        .collect();

    let mut shapes: Vec<Vec<f32>> = frame.all_bins.iter().map(|all| vec![0.0; *all]).collect();
    let mut kept = shapes.clone();
    let mut slopes = vec![[0.0; 2]; learn.scores.len()];
    let mut sums = Box::new([[[0.0; 2]; BINS]; WIDTH]);
    let mut steps = Box::new([[0.0; BINS]; WIDTH]);
    let mut order = Vec::with_capacity(BINS);
    let mut patience = Patience::new(settings.patience, watch.log_loss());
    let mut greed = Greed::new(settings.greed);
    for round in 0..settings.max_rounds {
        let is_smoothing = round < settings.smoothing_rounds;
        for (learning, watching) in learning.iter().zip(&watching) {
            learn.slopes(&mut slopes);
            learning.sums(&slopes, &mut sums);
            for place in 0..learning.width {
                let column = learning.first + place;
                let all = frame.all_bins[column];
                let steps = &mut steps[place][..all];
                let mut rule = Rule {
                    leaves: settings.max_leaves,
                    min_leaf_rows: settings.min_leaf_rows as f64,
                    min_gain: settings.min_gain,
                    draws: is_smoothing.then_some(&mut draws),
                };
                let lowers = column_steps(
                    &sums[place][..all],
                    &counts[column],
                    frame.is_ordered[column],
                    &mut rule,
                    &mut order,
                    steps,
                );
                let rate = if is_smoothing || greed.takes(lowers) {
                    settings.learning_rate as f32
                } else {
                    0.0
                };
                for (value, step) in shapes[column].iter_mut().zip(steps) {
                    *step *= rate;
                    *value += *step;
                }
            }
            learning.add(&steps, &mut learn.scores);
            watching.add(&steps, &mut watch.scores);
        }
        greed.end_round();
        if patience.is_best(watch.log_loss()) {
            kept.clone_from(&shapes);
        } else if patience.is_over() {
            break;
        }
    }
    Bag {
        rows,
        intercept,
        shapes: kept,
        pairs: Vec::new(),
    }
}
