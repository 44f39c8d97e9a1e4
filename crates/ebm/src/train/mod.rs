//! Learning from rows.
//!
//! Bags are boosted apart, each by one thread and from draws of its own, so that the model is the same on any number of
//! threads.

mod block;
mod cross;
mod cut;
mod loss;
mod mains;
pub(crate) mod pairs;
mod random;
mod rows;

pub(crate) use cut::MOST_LEAVES;

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::{
    Column, Ebm, EbmError, Settings,
    bins::{Bins, Coarse},
    model,
};

/// Rows in bins.
pub(crate) struct Frame {
    /// Per column and row.
    pub(crate) bins: Vec<Vec<u8>>,
    /// Per column: bins, missing and unknown included.
    pub(crate) all_bins: Vec<usize>,
    pub(crate) is_ordered: Vec<bool>,
    pub(crate) outcome: Vec<f32>,
    pub(crate) weights: Vec<f32>,
    /// Curvature that as many rows as a leaf needs have at the mean.
    pub(crate) min_curvature: f64,
}

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
        settings.check()?;
        check(columns, outcome, weights)?;
        let bins: Vec<Bins> = columns
            .iter()
            .map(|column| Bins::of(column, settings.max_bins))
            .collect::<Result<_, _>>()?;
        let frame = frame(columns, &bins, outcome, weights, settings);
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
        let coarse: Vec<Coarse> = bins
            .iter()
            .zip(&counts)
            .map(|(bins, counts)| Coarse::new(bins, counts, settings.max_pair_bins))
            .collect();

        let mut bags: Vec<mains::Bag> = (0..settings.bags)
            .into_par_iter()
            .map(|bag| mains::boost(&frame, settings, bag))
            .collect();
        let most = settings.pairs.of(columns.len());
        let pairs = if most == 0 {
            Vec::new()
        } else {
            pairs::rank(&frame, &coarse, &mean_scores(&frame, &bags), most)
        };
        if !pairs.is_empty() {
            bags.par_iter_mut().enumerate().for_each(|(number, bag)| {
                pairs::boost(&frame, &coarse, &pairs, settings, number, bag);
            });
        }
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
        Ok(model::assemble(
            names.zip(bins).collect(),
            &counts,
            &coarse,
            &pairs,
            &pair_counts,
            learned.collect(),
        ))
    }
}

fn check(columns: &[Column], outcome: &[bool], weights: Option<&[f64]>) -> Result<(), EbmError> {
    if columns.is_empty() || outcome.len() < 2 {
        return Err(EbmError::Empty);
    }
    let mut names = BTreeSet::new();
    for column in columns {
        column.check(outcome.len())?;
        if !names.insert(column.name()) {
            return Err(EbmError::Twice(column.name().to_owned()));
        }
    }
    if let Some(weights) = weights {
        if weights.len() != outcome.len() {
            return Err(EbmError::Rows {
                column: "weight".to_owned(),
                found: weights.len(),
                expected: outcome.len(),
            });
        }
        let is_wrong = |weight: &f64| !(weight.is_finite() && *weight >= 0.0);
        if weights.iter().any(is_wrong) || weights.iter().all(|weight| *weight == 0.0) {
            return Err(EbmError::Weight);
        }
    }
    if outcome.iter().all(|y| *y == outcome[0]) {
        return Err(EbmError::OneClass);
    }
    Ok(())
}

fn frame(
    columns: &[Column],
    bins: &[Bins],
    outcome: &[bool],
    weights: Option<&[f64]>,
    settings: &Settings,
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
        is_ordered: bins.iter().map(Bins::is_ordered).collect(),
        outcome: outcome.iter().map(|y| f32::from(u8::from(*y))).collect(),
        weights,
        min_curvature: settings.min_leaf_rows as f64 * share * (1.0 - share),
    }
}

/// Score of each row under the mean of the bags.
fn mean_scores(frame: &Frame, bags: &[mains::Bag]) -> Vec<f32> {
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
