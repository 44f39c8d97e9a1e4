//! Learning from rows.
//!
//! Bags are boosted apart, each by one thread and from draws of its own, so that the model is the same on any number of
//! threads.

mod block;
mod check;
mod cross;
mod cut;
mod honest;
mod keep;
mod loss;
mod mains;
pub(crate) mod pairs;
mod random;
mod rows;
mod smooth;
mod sparse;
mod watch;

pub(crate) use check::{check_columns, directions};
pub(crate) use cut::MOST_LEAVES;
pub use keep::Keeper;
pub use mains::Course;
pub use watch::Progress;

use std::ops::Range;

use rayon::prelude::*;

use check::check;
use keep::Shelf;
use mains::Bag;
use pairs::Pair;
use random::Draws;
use watch::Watcher;

use crate::{
    Column, Direction, Ebm, EbmError, Fitted, Report, Settings, Stride,
    bins::{Bins, Coarse},
    model,
};

/// Information from which strides differ too little to be tried.
const MUCH: f64 = 4_000.0;
/// Bags that try strides and pairs, at least.
const TRIALS: usize = 6;

/// Rows that the mean cell of a pair's table has at least, unless that left fewer bins than the next.
const ROWS_OF_A_CELL: f64 = 25.0;
const LEAST_PAIR_BINS: usize = 4;
/// Rows in a quadrant of a pair's step, by their curvature.
const MIN_CROSS_ROWS: f64 = 60.0;

/// Rows in bins.
pub(crate) struct Frame {
    /// Per column and row.
    pub(crate) bins: Vec<Vec<u8>>,
    /// Per column: bins, missing and unknown included.
    pub(crate) all_bins: Vec<usize>,
    pub(crate) is_ordered: Vec<bool>,
    pub(crate) directions: Vec<Option<Direction>>,
    pub(crate) outcome: Vec<f32>,
    pub(crate) weights: Vec<f32>,
    /// Curvature of all rows at the mean: rows times the variance of the outcome.
    pub(crate) information: f64,
    /// Curvature that as many rows as a leaf needs have at the mean.
    pub(crate) min_curvature: f64,
}

/// Who is told how learning goes and may end it by saying no, and who keeps what bags learned.
pub type Attended<'a> = (
    &'a (dyn Fn(Progress) -> bool + Sync),
    Option<&'a dyn Keeper>,
);

/// Is shown what was learned: rows, bags and pairs.
type Look<'a> = dyn FnMut(&Frame, &[Bag], &[Pair]) + 'a;

/// Learned values of one bag.
pub(crate) struct Learned {
    pub(crate) intercept: f64,
    pub(crate) shapes: Vec<Vec<f64>>,
    pub(crate) pairs: Vec<Vec<f64>>,
}

impl Ebm {
    /// Learns the log-odds of an outcome.
    ///
    /// * `outcome` – per row whether it happened
    /// * `weights` – per row, finite and not negative; without them every row weighs 1
    ///
    /// # Errors
    /// When columns, outcome and weights do not fit each other, nothing can be learned from them, or a setting is out of range.
    pub fn fit(
        columns: &[Column],
        outcome: &[bool],
        weights: Option<&[f64]>,
        settings: &Settings,
    ) -> Result<Self, EbmError> {
        let fitted = Self::fit_watched(columns, outcome, weights, settings, &|_| true)?;
        Ok(fitted.model)
    }

    /// [`Ebm::fit`] with news while it learns and a report of how it went. Learning ends when `goes_on` says no.
    ///
    /// # Errors
    /// As [`Ebm::fit`], and when it was ended.
    pub fn fit_watched(
        columns: &[Column],
        outcome: &[bool],
        weights: Option<&[f64]>,
        settings: &Settings,
        goes_on: &(dyn Fn(Progress) -> bool + Sync),
    ) -> Result<Fitted, EbmError> {
        Self::fit_kept(columns, outcome, weights, settings, (goes_on, None))
    }

    /// [`Ebm::fit_watched`] that goes on from the bags that a former, interrupted fit of the same has finished. The result is the same to
    /// the last bit.
    ///
    /// * `attended` – with the keeper of finished bags
    ///
    /// # Errors
    /// As [`Ebm::fit_watched`].
    pub fn fit_kept(
        columns: &[Column],
        outcome: &[bool],
        weights: Option<&[f64]>,
        settings: &Settings,
        attended: Attended<'_>,
    ) -> Result<Fitted, EbmError> {
        settings.check()?;
        check(columns, outcome, weights)?;
        if !settings.may_leave_out(columns.len()) {
            return Self::learn(
                columns,
                outcome,
                weights,
                settings,
                attended,
                &mut |_, _, _| (),
            );
        }
        let all = Settings {
            max_terms: None,
            ..settings.clone()
        };
        let mut kept = Vec::new();
        Self::learn(
            columns,
            outcome,
            weights,
            &all,
            attended,
            &mut |frame, bags, pairs| {
                kept = sparse::kept(frame, bags, pairs, settings);
            },
        )?;
        let mut left_out = Vec::new();
        let mut stay = Vec::new();
        for (place, column) in columns.iter().enumerate() {
            if kept.contains(&place) {
                stay.push(column.clone());
            } else {
                left_out.push(column.name().to_owned());
            }
        }
        let mut settings = settings.clone();
        settings
            .monotone
            .retain(|(name, _)| !left_out.contains(name));
        settings.bins.retain(|(name, _)| !left_out.contains(name));
        let mut fitted = Self::learn(
            &stay,
            outcome,
            weights,
            &settings,
            attended,
            &mut |_, _, _| (),
        )?;
        fitted.report.left_out = left_out;
        Ok(fitted)
    }

    /// Learns from all columns.
    ///
    /// * `look` – is shown what was learned
    fn learn(
        columns: &[Column],
        outcome: &[bool],
        weights: Option<&[f64]>,
        settings: &Settings,
        (goes_on, keeper): Attended<'_>,
        look: &mut Look<'_>,
    ) -> Result<Fitted, EbmError> {
        let directions = directions(columns, &settings.monotone)?;
        let bins: Vec<Bins> = columns
            .iter()
            .map(|column| Bins::given_or_of(column, settings))
            .collect::<Result<_, _>>()?;
        let frame = frame(columns, &bins, directions, outcome, weights);
        let counts: Vec<Vec<f64>> = frame
            .bins
            .iter()
            .zip(&frame.all_bins)
            .map(|(column, all)| {
                let mut counts = vec![0.0; *all];
                for bin in column {
                    counts[*bin as usize] += 1.0;
                }
                counts
            })
            .collect();
        let fit = (outcome.len() as f64 / ROWS_OF_A_CELL).sqrt() as usize;
        let pair_bins = settings.max_pair_bins.min(fit.max(LEAST_PAIR_BINS));
        let coarse: Vec<Coarse> = bins
            .iter()
            .zip(&counts)
            .map(|(bins, counts)| Coarse::new(bins, counts, pair_bins))
            .collect();

        let mut watch = Watcher {
            goes_on,
            is_pairs: false,
            shelf: keeper.map(|keeper| Shelf::new(keeper, &frame, settings)),
        };
        let (strides, mut bags) = mains(&frame, settings, &watch)?;
        let width = smooth::smooth(&frame, &mut bags, settings.smoothing);
        watch.is_pairs = true;
        let stride = strides.first().copied().unwrap_or(Stride::CALM);
        let pairs = together(&frame, &coarse, (settings, stride), &mut bags, &watch)?;
        look(&frame, &bags, &pairs);
        let mut report = Report::new(
            strides,
            &bins,
            &counts,
            bags.iter().map(Bag::course).collect(),
        );
        report.smoothing = width;
        let learned = bags.into_iter().map(|bag| {
            let wide = |tables: Vec<Vec<f32>>| -> Vec<Vec<f64>> {
                let values = |table: Vec<f32>| table.into_iter().map(f64::from).collect();
                tables.into_iter().map(values).collect()
            };
            Learned {
                intercept: bag.intercept,
                shapes: wide(bag.shapes),
                pairs: wide(bag.pairs),
            }
        });
        let names = columns.iter().map(|column| column.name().to_owned());
        let pair_counts: Vec<Vec<f64>> = pairs
            .iter()
            .map(|pair| pair.counts(&frame, &coarse))
            .collect();
        let mut model = model::assemble(
            names.zip(bins).collect(),
            &counts,
            &coarse,
            &pairs,
            &pair_counts,
            learned.collect(),
            1.0 - settings.validation_share,
        );
        level(&mut model, &frame);
        Ok(Fitted { model, report })
    }
}

/// Learns pairs on top of the curves of bags, and multiplies both with what rows that had no part in them say of them.
fn together(
    frame: &Frame,
    coarse: &[Coarse],
    how: (&Settings, Stride),
    bags: &mut [Bag],
    watch: &Watcher<'_>,
) -> Result<Vec<Pair>, EbmError> {
    let rows = frame.outcome.len();
    let most = how.0.most_pairs(frame.bins.len());
    let is_much = frame.information >= MUCH;
    let (mut pairs, said) = if most == 0 {
        (Vec::new(), Vec::new())
    } else if is_much {
        let scores = mean_scores(frame, bags);
        let all: Vec<u32> = (0..rows as u32).collect();
        let mut draws = Draws::new(how.0.seed, 0, 3);
        let ranked = pairs::rank(frame, coarse, (&all, &scores), most, &mut draws);
        let pairs: Vec<Pair> = ranked.into_iter().map(|(_, pair)| pair).collect();
        (pairs, Vec::new())
    } else {
        // Rare outcomes say as little as few rows do.
        let few = &bags[..trials((4.0 * frame.information) as usize, bags.len())];
        pairs::choose(frame, coarse, how, few, watch)?
    };
    let mut factors = honest::factors(frame, bags, &said);
    if !is_much && factors.pairs == 0.0 {
        pairs.clear();
        factors = honest::factors(frame, bags, &[]);
    }
    if !pairs.is_empty() {
        let said = bags
            .par_iter_mut()
            .enumerate()
            .map(|(number, bag)| {
                let who = (number, &*bag);
                let learned = keep::tables("pairs", frame, coarse, &pairs, how, who, watch)?;
                (bag.pairs, bag.pair_losses) = (learned.tables, learned.losses);
                Ok(learned.said)
            })
            .collect::<Result<Vec<Vec<f32>>, EbmError>>()?;
        if is_much {
            factors = honest::factors(frame, bags, &said);
        }
    }
    for bag in bags {
        let shapes = bag.shapes.iter_mut().flatten();
        shapes.for_each(|value| *value *= factors.shapes as f32);
        let pairs = bag.pairs.iter_mut().flatten();
        pairs.for_each(|value| *value *= factors.pairs as f32);
    }
    Ok(pairs)
}

/// Bags that try strides and pairs: more where rows are few and a bag says little.
fn trials(rows: usize, bags: usize) -> usize {
    (40_000 / rows.max(1))
        .clamp(TRIALS, (bags / 2).max(TRIALS))
        .min(bags)
}

/// Moves the intercept so that the mean probability of the training rows is the share of the outcome.
fn level(model: &mut Ebm, frame: &Frame) {
    let mut bins = vec![0; frame.bins.len()];
    let scores: Vec<f64> = (0..frame.outcome.len())
        .map(|row| {
            for (bin, column) in bins.iter_mut().zip(&frame.bins) {
                *bin = column[row];
            }
            model.score(&bins)
        })
        .collect();
    let mut shift = 0.0;
    for _ in 0..20 {
        let (mut g, mut h) = (0.0, 0.0);
        for ((score, y), weight) in scores.iter().zip(&frame.outcome).zip(&frame.weights) {
            let p = loss::logistic(score + shift);
            g += f64::from(*weight) * (f64::from(*y) - p);
            h += f64::from(*weight) * p * (1.0 - p);
        }
        if h < 1e-9 {
            return;
        }
        let step = (g / h).clamp(-1.0, 1.0);
        shift += step;
        if step.abs() < 1e-12 {
            break;
        }
    }
    model.intercept += shift;
}

/// Bags of shape functions, and the strides they were learned with, the best first.
fn mains(
    frame: &Frame,
    settings: &Settings,
    watch: &Watcher<'_>,
) -> Result<(Vec<Stride>, Vec<Bag>), EbmError> {
    let all = settings.bags(frame.outcome.len());
    let learn = |stride: Stride, bags: Range<usize>| -> Result<Vec<Bag>, EbmError> {
        bags.into_par_iter()
            .map(|bag| keep::curves(frame, settings, stride, bag, watch))
            .collect()
    };
    let fixed = if frame.information >= MUCH {
        Some(Stride::QUICK)
    } else {
        None
    };
    if let Some(stride) = settings.stride.or(fixed) {
        return Ok((vec![stride], learn(stride, 0..all)?));
    }
    let trials = trials(frame.outcome.len(), all);
    let tried = [Stride::CALM, Stride::SHARP, Stride::EVEN, Stride::BOLD]
        .into_par_iter()
        .map(|stride| Ok((stride, learn(stride, 0..trials)?)))
        .collect::<Result<Vec<(Stride, Vec<Bag>)>, EbmError>>()?;
    let mut strides = Vec::new();
    let mut mixed: Vec<Vec<Bag>> = (0..all).map(|_| Vec::new()).collect();
    for (stride, bags) in among_the_best(tried) {
        let more = learn(stride, trials..all)?;
        strides.push(stride);
        for (of_bag, bag) in mixed.iter_mut().zip(bags.into_iter().chain(more)) {
            of_bag.push(bag);
        }
    }
    Ok((strides, mixed.into_iter().filter_map(Bag::mean).collect()))
}

/// The strides with the lowest loss on the rows kept apart, or so near to it that bags do not tell which is better. Their mean
/// is steadier than the winner of a draw.
fn among_the_best(mut tried: Vec<(Stride, Vec<Bag>)>) -> Vec<(Stride, Vec<Bag>)> {
    // All strides have the same rows kept apart in the same bags, so their losses compare.
    let losses = |bags: &[Bag]| bags.iter().map(Bag::best).collect::<Vec<f64>>();
    let sum = |bags: &[Bag]| losses(bags).iter().sum::<f64>();
    tried.sort_by(|(_, a), (_, b)| sum(a).total_cmp(&sum(b)));
    let best = tried
        .first()
        .map(|(_, bags)| losses(bags))
        .unwrap_or_default();
    tried.retain(|(_, bags)| !is_behind(&losses(bags), &best));
    tried
}

/// Whether losses of bags lie above the best ones by more than their standard error.
fn is_behind(losses: &[f64], best: &[f64]) -> bool {
    let behind: Vec<f64> = losses.iter().zip(best).map(|(a, b)| a - b).collect();
    let n = behind.len() as f64;
    let mean = behind.iter().sum::<f64>() / n;
    let squares = behind.iter().map(|loss| (loss - mean).powi(2)).sum::<f64>();
    mean > (squares / (n - 1.0).max(1.0) / n).sqrt()
}

fn frame(
    columns: &[Column],
    bins: &[Bins],
    directions: Vec<Option<Direction>>,
    outcome: &[bool],
    weights: Option<&[f64]>,
) -> Frame {
    let weights: Vec<f32> = match weights {
        Some(weights) => {
            // Steps do not depend on the unit of weights; a mean of 1 keeps single precision good.
            let mean = weights.iter().sum::<f64>() / weights.len() as f64;
            weights
                .iter()
                .map(|weight| (weight / mean) as f32)
                .collect()
        }
        None => vec![1.0; outcome.len()],
    };
    let share = outcome.iter().filter(|y| **y).count() as f64 / outcome.len() as f64;
    Frame {
        bins: bins
            .par_iter()
            .zip(columns)
            .map(|(bins, column)| bins.column(column))
            .collect(),
        all_bins: bins.iter().map(Bins::all).collect(),
        directions,
        information: outcome.len() as f64 * share * (1.0 - share),
        is_ordered: bins.iter().map(Bins::is_ordered).collect(),
        outcome: outcome.iter().map(|y| f32::from(u8::from(*y))).collect(),
        weights,
        min_curvature: MIN_CROSS_ROWS * share * (1.0 - share),
    }
}

/// Score of each row under the mean of the bags.
fn mean_scores(frame: &Frame, bags: &[Bag]) -> Vec<f32> {
    let share = 1.0 / bags.len() as f32;
    let intercept: f32 = bags.iter().map(|bag| bag.intercept as f32 * share).sum();
    let mut scores = vec![intercept; frame.outcome.len()];
    for (column, bins) in frame.bins.iter().enumerate() {
        let mut mean = vec![0.0_f32; frame.all_bins[column]];
        for bag in bags {
            for (mean, value) in mean.iter_mut().zip(&bag.shapes[column]) {
                *mean += value * share;
            }
        }
        for (score, bin) in scores.iter_mut().zip(bins) {
            *score += mean[*bin as usize];
        }
    }
    scores
}
