//! Which pairs of columns say more together than apart, and their terms.

use rayon::prelude::*;

use super::{
    Frame,
    cross::Corner,
    loss::slopes,
    mains::{Bag, Greed, Patience},
    random::Draws,
    rows::Rows,
};
use crate::{Settings, bins::Coarse};

/// Pairs whose cells of a row lie in one word.
const WIDTH: usize = 4;

/// Two columns and the cells of their table, missing and unknown included.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) columns: [usize; 2],
    /// Cells per row of the table: bins of the second column.
    pub(crate) across: usize,
    pub(crate) cells: usize,
}

impl Pair {
    fn new(columns: [usize; 2], coarse: &[Coarse]) -> Self {
        let across = coarse[columns[1]].all;
        Self {
            columns,
            across,
            cells: coarse[columns[0]].all * across,
        }
    }

    fn cell(&self, frame: &Frame, coarse: &[Coarse], row: usize) -> usize {
        let [first, second] = self
            .columns
            .map(|column| coarse[column].of[frame.bins[column][row] as usize] as usize);
        first * self.across + second
    }

    /// Rows per cell.
    pub(crate) fn counts(&self, frame: &Frame, coarse: &[Coarse]) -> Vec<f64> {
        let mut counts = vec![0.0; self.cells];
        for row in 0..frame.outcome.len() {
            counts[self.cell(frame, coarse, row)] += 1.0;
        }
        counts
    }
}

/// The pairs that gain most on what the shape functions leave, best first.
///
/// # Source
/// Lou, Caruana, Gehrke and Hooker (2013), "Accurate intelligible models with pairwise interactions" (FAST),
/// doi:10.1145/2487575.2487579. Cuts are free on both sides of the first, as in a tree.
pub(crate) fn rank(frame: &Frame, coarse: &[Coarse], scores: &[f32], most: usize) -> Vec<Pair> {
    let columns = frame.bins.len();
    let mut of_rows = vec![[0.0; 2]; scores.len()];
    slopes(scores, &frame.outcome, &frame.weights, &mut of_rows);
    let all: Vec<[usize; 2]> = (0..columns)
        .flat_map(|first| (first + 1..columns).map(move |second| [first, second]))
        .collect();
    let min_curvature = frame.min_curvature;
    let mut gains: Vec<(f64, Pair)> = all
        .into_par_iter()
        .map(|columns| {
            let pair = Pair::new(columns, coarse);
            let mut sums = vec![[0.0; 2]; pair.cells];
            for (row, [g, h]) in of_rows.iter().enumerate() {
                let cell = &mut sums[pair.cell(frame, coarse, row)];
                *cell = [cell[0] + f64::from(*g), cell[1] + f64::from(*h)];
            }
            let mut corner = Corner::default();
            corner.sum(&sums, pair.across);
            let gain = corner.best(min_curvature).map_or(0.0, |(_, gain)| gain);
            (gain, pair)
        })
        .collect();
    gains.retain(|(gain, _)| *gain > 0.0);
    // Equal gains keep the order of the columns.
    gains.sort_by(|a, b| b.0.total_cmp(&a.0));
    gains.truncate(most);
    gains.into_iter().map(|(_, pair)| pair).collect()
}

/// Up to [`WIDTH`] pairs, a word per row.
struct Group {
    words: Vec<[u16; WIDTH]>,
}

impl Group {
    fn new(frame: &Frame, coarse: &[Coarse], pairs: &[Pair], rows: &[u32]) -> Self {
        let words = rows.iter().map(|row| {
            let mut word = [0; WIDTH];
            for (place, pair) in pairs.iter().enumerate() {
                word[place] = pair.cell(frame, coarse, *row as usize) as u16;
            }
            word
        });
        Self {
            words: words.collect(),
        }
    }

    fn add(&self, steps: &[Vec<f32>], scores: &mut [f32]) {
        for (word, score) in self.words.iter().zip(scores) {
            let of_row = word.iter().zip(steps);
            *score += of_row
                .map(|(cell, steps)| steps[*cell as usize])
                .sum::<f32>();
        }
    }
}

/// Boosts the terms of pairs on top of a bag's shape functions, which stay as they are.
pub(super) fn boost(
    frame: &Frame,
    coarse: &[Coarse],
    pairs: &[Pair],
    settings: &Settings,
    number: usize,
    bag: &mut Bag,
) {
    let mut draws = Draws::new(settings.seed, number, 2);
    let pick = |rows: &[u32]| {
        let mut picked = Rows::pick(&frame.outcome, &frame.weights, rows, bag.intercept as f32);
        for (bins, shape) in frame.bins.iter().zip(&bag.shapes) {
            for (score, row) in picked.scores.iter_mut().zip(rows) {
                *score += shape[bins[*row as usize] as usize];
            }
        }
        picked
    };
    let (mut learn, mut watch) = (pick(&bag.rows[0]), pick(&bag.rows[1]));
    let layout = |rows: &[u32]| -> Vec<Group> {
        pairs
            .chunks(WIDTH)
            .map(|pairs| Group::new(frame, coarse, pairs, rows))
            .collect()
    };
    let (learning, watching) = (layout(&bag.rows[0]), layout(&bag.rows[1]));
    let mut tables: Vec<Vec<f32>> = pairs.iter().map(|pair| vec![0.0; pair.cells]).collect();
    let mut kept = tables.clone();
    let mut slopes = vec![[0.0; 2]; learn.scores.len()];
    let mut corner = Corner::default();
    let most = pairs.iter().map(|pair| pair.cells).max().unwrap_or(0);
    let mut sums = vec![vec![[0.0; 2]; most]; WIDTH];
    let mut steps = vec![vec![0.0; most]; WIDTH];
    let mut patience = Patience::new(settings.patience, watch.log_loss());
    let mut greed = Greed::new(settings.greed);
    for round in 0..settings.max_rounds {
        for (group, members) in pairs.chunks(WIDTH).enumerate() {
            learn.slopes(&mut slopes);
            for sums in &mut sums {
                sums.fill([0.0; 2]);
            }
            for (word, [g, h]) in learning[group].words.iter().zip(&slopes) {
                let (g, h) = (f64::from(*g), f64::from(*h));
                for (cell, sums) in word.iter().zip(&mut sums).take(members.len()) {
                    let cell = &mut sums[*cell as usize];
                    *cell = [cell[0] + g, cell[1] + h];
                }
            }
            for (place, pair) in members.iter().enumerate() {
                let steps = &mut steps[place][..pair.cells];
                steps.fill(0.0);
                corner.sum(&sums[place][..pair.cells], pair.across);
                let cross = if round < settings.smoothing_rounds {
                    corner.drawn(&mut draws)
                } else {
                    let best = corner.best(frame.min_curvature);
                    best.and_then(|(cross, lowers)| greed.takes(lowers).then_some(cross))
                };
                let Some(cross) = cross else { continue };
                corner.steps(cross, frame.min_curvature, steps);
                let table = &mut tables[group * WIDTH + place];
                for (value, step) in table.iter_mut().zip(steps) {
                    *step *= settings.learning_rate as f32;
                    *value += *step;
                }
            }
            for unused in &mut steps[members.len()..] {
                unused.fill(0.0);
            }
            learning[group].add(&steps, &mut learn.scores);
            watching[group].add(&steps, &mut watch.scores);
        }
        greed.end_round();
        if patience.is_best(watch.log_loss()) {
            kept.clone_from(&tables);
        } else if patience.is_over() {
            break;
        }
    }
    bag.pairs = kept;
}
