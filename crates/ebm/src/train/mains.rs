//! Boosting one bag's shape functions.

use serde::{Deserialize, Serialize};

use super::watch::{Traveller, Watcher};
use super::{
    Frame,
    block::{BINS, Block, WIDTH, blocks},
    cut::{Rule, column_steps},
    honest::Halves,
    random::Draws,
    rows::Rows,
};
use crate::{EbmError, Settings, settings::Stride};

/// Gain of the log loss that counts as one.
const NOTABLE: f64 = 1e-6;

/// What a bag has learned.
pub(super) struct Bag {
    /// Rows it learned from, and those that told it when to stop.
    pub(super) rows: [Vec<u32>; 2],
    /// Scores of the latter under the shape functions, as [`Halves`] tells them.
    pub(super) apart: Vec<f32>,
    pub(super) intercept: f64,
    /// Per column and bin.
    pub(super) shapes: Vec<Vec<f32>>,
    /// Per pair and cell, once pairs were learned.
    pub(super) pairs: Vec<Vec<f32>>,
    /// Log loss of the rows that told it when to stop, per round, of the shape functions.
    pub(super) losses: Vec<f64>,
    /// The same while pairs were learned.
    pub(super) pair_losses: Vec<f64>,
}

/// The loss of a bag on rows it did not learn from, round by round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// While the shape functions were learned.
    pub shapes: Vec<f64>,
    /// While the pairs were learned.
    pub pairs: Vec<f64>,
}

impl Bag {
    pub(super) fn course(&self) -> Course {
        Course {
            shapes: self.losses.clone(),
            pairs: self.pair_losses.clone(),
        }
    }

    /// The mean of models learned from the same rows. The course is that of the first. `None` of none.
    pub(super) fn mean(bags: Vec<Self>) -> Option<Self> {
        let share = 1.0 / bags.len() as f32;
        let mut bags = bags.into_iter();
        let mut mean = bags.next()?;
        let values = |bag: &mut Self| bag.values().for_each(|value| *value *= share);
        values(&mut mean);
        for mut bag in bags {
            values(&mut bag);
            for (sum, add) in mean.values().zip(bag.values()) {
                *sum += *add;
            }
        }
        Some(mean)
    }

    /// Everything that is a sum of steps.
    fn values(&mut self) -> impl Iterator<Item = &mut f32> {
        self.shapes.iter_mut().flatten().chain(&mut self.apart)
    }

    /// Scores of rows under the shape functions.
    pub(super) fn scores(&self, frame: &Frame, rows: &[u32]) -> Vec<f32> {
        let mut scores = vec![self.intercept as f32; rows.len()];
        for (bins, shape) in frame.bins.iter().zip(&self.shapes) {
            for (score, row) in scores.iter_mut().zip(rows) {
                *score += shape[bins[*row as usize] as usize];
            }
        }
        scores
    }

    /// The lowest loss that the shape functions came to.
    pub(super) fn best(&self) -> f64 {
        self.losses.iter().copied().fold(f64::INFINITY, f64::min)
    }
}

/// Stops when rows kept apart gain nothing for a while.
pub(super) struct Patience {
    best: f64,
    since: usize,
    limit: usize,
}

impl Patience {
    pub(super) fn new(patience: usize, loss: f64) -> Self {
        Self {
            best: loss,
            since: 0,
            limit: patience,
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
        self.since >= self.limit
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

/// What a bag begins with.
pub(super) struct Drawn {
    /// Draws after those of the rows.
    draws: Draws,
    /// Rows to learn from, and those that tell when to stop.
    pub(super) rows: [Vec<u32>; 2],
    /// Log-odds of the former.
    pub(super) intercept: f64,
}

/// Draws the rows of a bag.
pub(super) fn drawn(frame: &Frame, settings: &Settings, bag: usize) -> Drawn {
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
    Drawn {
        draws,
        rows,
        intercept,
    }
}

/// Boosts one bag.
///
/// # Errors
/// When the watcher wants it to end.
pub(super) fn boost(
    frame: &Frame,
    settings: &Settings,
    stride: Stride,
    bag: usize,
    watch: &Watcher<'_>,
) -> Result<Bag, EbmError> {
    let Drawn {
        mut draws,
        rows,
        intercept,
    } = drawn(frame, settings, bag);
    let pick = |rows: &[u32]| Rows::pick(&frame.outcome, &frame.weights, rows, intercept as f32);
    let (mut learn, mut apart) = (pick(&rows[0]), pick(&rows[1]));
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
    let mut sums = vec![[[0.0; 2]; BINS]; WIDTH];
    let mut steps = vec![[0.0; BINS]; WIDTH];
    let mut order = Vec::with_capacity(BINS);
    let mut patience = Patience::new(settings.patience, apart.log_loss());
    let mut greed = Greed::new(settings.greed);
    let mut halves = Halves::new(&apart);
    let mut losses = Vec::new();
    let who = Traveller::new(frame, settings, stride, bag);
    for round in 0..settings.max_rounds {
        let is_smoothing = round < stride.smoothing_rounds;
        for (learning, watching) in learning.iter().zip(&watching) {
            learn.slopes(&mut slopes);
            learning.sums(&slopes, &mut sums);
            for place in 0..learning.width {
                let column = learning.first + place;
                let all = frame.all_bins[column];
                let steps = &mut steps[place][..all];
                let mut rule = Rule {
                    leaves: stride.max_leaves,
                    min_leaf_rows: settings.min_leaf_rows as f64,
                    min_gain: stride.min_gain,
                    direction: frame.directions[column],
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
                    stride.learning_rate as f32
                } else {
                    0.0
                };
                for (value, step) in shapes[column].iter_mut().zip(steps) {
                    *step *= rate;
                    *value += *step;
                }
            }
            learning.add(&steps, &mut learn.scores);
            watching.add(&steps, &mut apart.scores);
        }
        greed.end_round();
        let (of_halves, loss) = apart.losses();
        halves.see(of_halves, &apart.scores);
        losses.push(loss);
        watch.round(who, round, loss, || learn.log_loss())?;
        if patience.is_best(loss) {
            kept.clone_from(&shapes);
        } else if patience.is_over() {
            break;
        }
    }
    Ok(Bag {
        rows,
        apart: halves.scores(),
        intercept,
        shapes: kept,
        pairs: Vec::new(),
        losses,
        pair_losses: Vec::new(),
    })
}
