//! The expectation step: class of every pattern, over flat tables, in fixed pieces.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::{EmInput, TrainingBlock, normalised};
use crate::bound::{Pattern, level_of};

/// Patterns of a block with what the rule selects on left out, as places in a flat table of probabilities.
pub(super) struct Flat {
    /// Per pattern, one place `16 k + level` per comparison.
    places: Vec<u8>,
    counts: Vec<f64>,
    n_comparisons: usize,
}

/// Patterns per task; fixed, so that sums do not depend on the number of threads.
const CHUNK: usize = 2048;

impl Flat {
    pub(super) fn new(block: &TrainingBlock) -> Self {
        let mut merged: BTreeMap<Pattern, u64> = BTreeMap::new();
        let kept = block
            .touched
            .iter()
            .enumerate()
            .filter(|(_, touched)| !**touched)
            .fold(0_u64, |mask, (k, _)| mask | (15 << (4 * k)));
        for (pattern, n) in &block.patterns {
            *merged.entry(pattern & kept).or_insert(0) += n;
        }
        let n_comparisons = block.touched.len();
        let places = merged
            .keys()
            .flat_map(|pattern| (0..n_comparisons).map(|k| (16 * k + level_of(*pattern, k)) as u8))
            .collect();
        Self {
            places,
            counts: merged.values().map(|n| *n as f64).collect(),
            n_comparisons,
        }
    }
}

/// Probabilities of the three classes as flat tables; 1 where a level says nothing.
pub(super) struct Tables {
    classes: [Vec<f64>; 3],
    with_household: bool,
}

impl Tables {
    pub(super) fn new(m: &[Vec<f64>], household: Option<&[Vec<f64>]>, input: &EmInput) -> Self {
        let flat = |levels: &[Vec<f64>]| {
            let mut table = vec![1.0; 16 * levels.len()];
            for (k, levels) in levels
                .iter()
                .enumerate()
                .filter(|(k, _)| !input.follows[*k])
            {
                table[16 * k + 1..16 * k + levels.len()].copy_from_slice(&levels[1..]);
            }
            table
        };
        Self {
            classes: [flat(m), flat(household.unwrap_or(m)), flat(&input.u)],
            with_household: household.is_some(),
        }
    }
}

/// Expected class totals, level counts of the first two classes, and log-likelihood of some patterns.
struct Expected {
    totals: [f64; 3],
    levels: [Vec<f64>; 2],
    log_likelihood: f64,
}

impl Expected {
    fn none(n_comparisons: usize) -> Self {
        let levels = vec![0.0; 16 * n_comparisons];
        Self {
            totals: [0.0; 3],
            levels: [levels.clone(), levels],
            log_likelihood: 0.0,
        }
    }

    fn add(&mut self, other: &Self) {
        self.log_likelihood += other.log_likelihood;
        for (sum, part) in self.totals.iter_mut().zip(other.totals) {
            *sum += part;
        }
        for (sums, parts) in self.levels.iter_mut().zip(&other.levels) {
            for (sum, part) in sums.iter_mut().zip(parts) {
                *sum += part;
            }
        }
    }
}

/// Expected class of every pattern; adds expected level counts and renews the block's shares. Returns the log-likelihood.
pub(super) fn expect(
    block: &Flat,
    share: &mut [f64; 3],
    tables: &Tables,
    counts: &mut [Vec<Vec<f64>>; 2],
) -> f64 {
    let width = block.n_comparisons;
    let chunks: Vec<Expected> = block
        .places
        .par_chunks(CHUNK * width)
        .zip(block.counts.par_chunks(CHUNK))
        .map(|(places, counts)| {
            expect_chunk(
                places.chunks_exact(width).zip(counts),
                *share,
                tables,
                width,
            )
        })
        .collect();
    let mut sum = Expected::none(width);
    for chunk in &chunks {
        sum.add(chunk);
    }
    for (class, counts) in counts.iter_mut().enumerate() {
        for (k, levels) in counts.iter_mut().enumerate() {
            for (level, count) in levels.iter_mut().enumerate().skip(1) {
                *count += sum.levels[class][16 * k + level];
            }
        }
    }
    let total: f64 = sum.totals.iter().sum();
    if total > 0.0 {
        *share = normalised(
            sum.totals.map(|part| (part / total).max(1e-12)),
            tables.with_household,
        );
    }
    sum.log_likelihood
}

fn expect_chunk<'a>(
    patterns: impl Iterator<Item = (&'a [u8], &'a f64)>,
    share: [f64; 3],
    tables: &Tables,
    width: usize,
) -> Expected {
    let mut out = Expected::none(width);
    let [m, household, u] = &tables.classes;
    for (places, n) in patterns {
        let mut likelihood = share;
        for place in places {
            let place = usize::from(*place);
            likelihood[0] *= m[place];
            likelihood[1] *= household[place];
            likelihood[2] *= u[place];
        }
        let sum: f64 = likelihood.iter().sum();
        if sum <= 0.0 {
            continue;
        }
        out.log_likelihood += n * sum.ln();
        let expected = likelihood.map(|part| n * part / sum);
        for (total, part) in out.totals.iter_mut().zip(expected) {
            *total += part;
        }
        for place in places {
            out.levels[0][usize::from(*place)] += expected[0];
            out.levels[1][usize::from(*place)] += expected[1];
        }
    }
    out
}
