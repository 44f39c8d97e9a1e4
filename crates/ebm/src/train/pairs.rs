//! Which pairs of columns say more together than apart, and their terms.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::watch::{Traveller, Watcher};
use super::{
    Frame,
    cross::Corner,
    honest::Halves,
    keep,
    loss::{Slope, slopes},
    mains::{Bag, Greed, Patience},
    random::Draws,
    rows::Rows,
};
use crate::{EbmError, Settings, bins::Coarse, settings::Stride};

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

/// Below so many rows the stop that rows apart chose flatters what pairs say of these rows; above, a stop chosen by half of them
/// is worse than the model's. By random splits of the training rows of ten sets.
const FEW: usize = 4_000;

/// Sets of outcomes drawn from the shape functions alone, to know what a pair gains by chance.
const DRAWN: u64 = 4;

/// Share of what the best of all pairs gains by chance that a pair has to gain. At 1 a table without pairs gets none in half of
/// all cases, and weak pairs are missed; what a needless pair would cost is held down by the worth that rows kept apart give it.
const BAR: f64 = 0.5;

/// The pairs that gain most on what the shape functions leave, best first. A pair stays when it gains more than [`BAR`] of what
/// the best of all pairs does by chance, on outcomes that were drawn from the shape functions and so hold no pair at all.
///
/// # Source
/// Lou, Caruana, Gehrke and Hooker (2013), "Accurate intelligible models with pairwise interactions" (FAST),
/// doi:10.1145/2487575.2487579. Cuts are free on both sides of the first, as in a tree; what a pair gains by chance, which is
/// more for a larger table, is taken off.
///
/// * `rows`, `scores` – the rows to look at, and their scores under the shape functions
pub(super) fn rank(
    frame: &Frame,
    coarse: &[Coarse],
    (rows, scores): (&[u32], &[f32]),
    most: usize,
    draws: &mut Draws,
) -> Vec<(f64, Pair)> {
    let of_rows = |all: &[f32]| -> Vec<f32> { rows.iter().map(|row| all[*row as usize]).collect() };
    let weights = of_rows(&frame.weights);
    let of_outcome = |outcome: &[f32]| {
        let mut of_rows = vec![[0.0; 2]; scores.len()];
        slopes(scores, outcome, &weights, &mut of_rows);
        of_rows
    };
    let real = of_outcome(&of_rows(&frame.outcome));
    let by_chance: Vec<Vec<Slope>> = (0..DRAWN)
        .map(|_| {
            let draw = |score: &f32| {
                let p = 1.0 / (1.0 + (-f64::from(*score)).exp());
                f32::from(u8::from(draws.share() < p))
            };
            of_outcome(&scores.iter().map(draw).collect::<Vec<f32>>())
        })
        .collect();
    let free: Vec<usize> = (0..frame.bins.len())
        .filter(|column| frame.directions[*column].is_none())
        .collect();
    let all: Vec<[usize; 2]> = free
        .iter()
        .enumerate()
        .flat_map(|(place, first)| free[place + 1..].iter().map(|second| [*first, *second]))
        .collect();
    let gains: Vec<(f64, Vec<f64>, Pair)> = all
        .into_par_iter()
        .map(|columns| {
            let pair = Pair::new(columns, coarse);
            let cells: Vec<u16> = rows
                .iter()
                .map(|row| pair.cell(frame, coarse, *row as usize) as u16)
                .collect();
            let mut corner = Corner::default();
            let mut gain = |of_rows: &[Slope]| {
                let mut sums = vec![[0.0; 2]; pair.cells];
                for (cell, [g, h]) in cells.iter().zip(of_rows) {
                    let cell = &mut sums[*cell as usize];
                    *cell = [cell[0] + f64::from(*g), cell[1] + f64::from(*h)];
                }
                corner.sum(&sums, pair.across);
                corner
                    .best(frame.min_curvature)
                    .map_or(0.0, |(_, gain)| gain)
            };
            let chance: Vec<f64> = by_chance.iter().map(|of_rows| gain(of_rows)).collect();
            let usual = chance.iter().sum::<f64>() / chance.len() as f64;
            let beyond = chance.iter().map(|gain| gain - usual).collect();
            (gain(&real) - usual, beyond, pair)
        })
        .collect();
    let bar = (0..DRAWN as usize)
        .map(|draw| {
            gains
                .iter()
                .map(|(_, beyond, _)| beyond[draw])
                .fold(0.0, f64::max)
        })
        .sum::<f64>()
        / DRAWN as f64
        * BAR;
    let mut gains: Vec<(f64, Pair)> = gains
        .into_iter()
        .filter(|(gain, ..)| *gain > bar)
        .map(|(gain, _, pair)| (gain, pair))
        .collect();
    // Equal gains keep the order of the columns.
    gains.sort_by(|a, b| b.0.total_cmp(&a.0));
    gains.truncate(most);
    gains
}

/// Ranked pairs of a bag, and what they add to each of the rows it keeps apart.
type Tried = (Vec<(f64, Pair)>, Vec<f32>);

/// Pairs that help on rows they were not chosen by.
///
/// Each of a few bags ranks pairs on its own rows and learns them. A pair stays when half of the bags chose it.
///
/// Also returns what the pairs of each bag add to the rows it keeps apart, which had no part in choosing them.
///
/// # Source
/// The vote: Meinshausen and Bühlmann (2010), "Stability selection", doi:10.1111/j.1467-9868.2010.00740.x.
///
/// # Errors
/// When the watcher wants it to end.
pub(super) fn choose(
    frame: &Frame,
    coarse: &[Coarse],
    (settings, stride): (&Settings, Stride),
    bags: &[Bag],
    watch: &Watcher<'_>,
) -> Result<(Vec<Pair>, Vec<Vec<f32>>), EbmError> {
    let most = settings.most_pairs(frame.bins.len());
    let tried = bags
        .par_iter()
        .enumerate()
        .map(|(number, bag)| {
            let mut draws = Draws::new(settings.seed, number, 3);
            let scores = bag.scores(frame, &bag.rows[0]);
            let ranked = rank(frame, coarse, (&bag.rows[0], &scores), most, &mut draws);
            let pairs: Vec<Pair> = ranked.iter().map(|(_, pair)| pair.clone()).collect();
            let how = (settings, stride);
            let who = (number, bag);
            let learned = keep::tables("trial", frame, coarse, &pairs, how, who, watch)?;
            Ok((ranked, learned.said))
        })
        .collect::<Result<Vec<Tried>, EbmError>>()?;
    let (tried, said): (Vec<_>, Vec<_>) = tried.into_iter().unzip();
    let mut votes: BTreeMap<[usize; 2], (usize, f64, Pair)> = BTreeMap::new();
    for (gain, pair) in tried.into_iter().flatten() {
        let vote = votes.entry(pair.columns).or_insert((0, 0.0, pair));
        vote.0 += 1;
        vote.1 += gain;
    }
    let mut kept: Vec<(usize, f64, Pair)> = votes.into_values().collect();
    kept.retain(|(votes, ..)| votes * 2 >= bags.len());
    kept.sort_by(|a, b| b.1.total_cmp(&a.1));
    kept.truncate(most);
    Ok((kept.into_iter().map(|(_, _, pair)| pair).collect(), said))
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

/// What a bag learned of pairs.
pub(super) struct LearnedPairs {
    /// Per pair and cell.
    pub(super) tables: Vec<Vec<f32>>,
    /// Log loss of the rows kept apart, per round.
    pub(super) losses: Vec<f64>,
    /// What the pairs add to the rows kept apart, as [`Halves`] tells it where rows are few.
    pub(super) said: Vec<f32>,
}

/// Boosts the terms of pairs on top of a bag's shape functions, which stay as they are.
pub(super) fn boost(
    frame: &Frame,
    coarse: &[Coarse],
    pairs: &[Pair],
    (settings, stride): (&Settings, Stride),
    number: usize,
    bag: &Bag,
    watch: &Watcher<'_>,
) -> Result<LearnedPairs, EbmError> {
    let mut draws = Draws::new(settings.seed, number, 2);
    let pick = |rows: &[u32]| {
        let mut picked = Rows::pick(&frame.outcome, &frame.weights, rows, 0.0);
        picked.scores = bag.scores(frame, rows);
        picked
    };
    let (mut learn, mut apart) = (pick(&bag.rows[0]), pick(&bag.rows[1]));
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
    let mut patience = Patience::new(settings.patience, apart.log_loss());
    let mut greed = Greed::new(settings.greed);
    let before = apart.scores.clone();
    let mut halves = Halves::new(&apart);
    let mut stopped = before.clone();
    let mut losses = Vec::new();
    let who = Traveller::new(frame, settings, stride, number);
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
                let cross = if round < stride.smoothing_rounds {
                    corner.drawn(&mut draws)
                } else {
                    let best = corner.best(frame.min_curvature);
                    best.and_then(|(cross, lowers)| greed.takes(lowers).then_some(cross))
                };
                let Some(cross) = cross else { continue };
                corner.steps(cross, frame.min_curvature, steps);
                let table = &mut tables[group * WIDTH + place];
                for (value, step) in table.iter_mut().zip(steps) {
                    *step *= stride.learning_rate as f32;
                    *value += *step;
                }
            }
            for unused in &mut steps[members.len()..] {
                unused.fill(0.0);
            }
            learning[group].add(&steps, &mut learn.scores);
            watching[group].add(&steps, &mut apart.scores);
        }
        greed.end_round();
        let (of_halves, loss) = apart.losses();
        halves.see(of_halves, &apart.scores);
        losses.push(loss);
        watch.round(who, round, loss, || learn.log_loss())?;
        if patience.is_best(loss) {
            kept.clone_from(&tables);
            stopped.clone_from(&apart.scores);
        } else if patience.is_over() {
            break;
        }
    }
    let after = if frame.outcome.len() < FEW {
        halves.scores()
    } else {
        stopped
    };
    let said = after.into_iter().zip(before);
    let said = said.map(|(after, before)| after - before);
    Ok(LearnedPairs {
        tables: kept,
        losses,
        said: said.collect(),
    })
}
