//! k-prototypes: groups of rows with numbers and categories.

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    SegmentationError,
    groups::Groups,
    mixed::{Mixed, differs},
};

const MOST_ROUNDS: usize = 200;
/// Swaps tried from the same place.
const TRIES: usize = 4;

/// How to search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PrototypesOptions {
    /// Number of groups, at least 2.
    pub k: usize,
    /// What one category that differs weighs, beside one squared standard deviation of a number; above 0.
    pub gamma: f64,
    /// Starts; the best result is kept.
    pub starts: usize,
    /// How often one prototype of the best result is put elsewhere, to see whether that ends lower.
    pub swaps: usize,
    /// Seed of the starts.
    pub seed: u64,
}

impl Default for PrototypesOptions {
    fn default() -> Self {
        Self {
            k: 3,
            gamma: 0.5,
            starts: 10,
            swaps: 20,
            seed: 0,
        }
    }
}

/// Fitted groups. Group 0 is the largest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prototypes {
    /// Per group the mean z-scores of its known numbers, shape `(k, numbers)`.
    pub means: Vec<Vec<f64>>,
    /// Per group the most frequent code of each category, the lowest of equals, shape `(k, categories)`.
    pub modes: Vec<Vec<u16>>,
    /// Group per row.
    pub labels: Vec<usize>,
    /// Rows per group.
    pub sizes: Vec<usize>,
    /// Squared distances of known numbers to the means, plus `gamma` per category that differs from the mode.
    pub cost: f64,
    /// Weight of a category.
    pub gamma: f64,
}

/// Groups rows so that the cost is small: whole rounds from spread-out starts, then single rows that are better off elsewhere with the means
/// that would follow. The same on any number of threads.
///
/// # Errors
/// Fewer than two groups, or as many as rows; a weight or a number of starts that is not above 0.
///
/// # Source
/// Huang 1998 (doi 10.1023/A:1009769707641); missing numbers as in Chi, Chi & Baraniuk 2016 (doi 10.1080/00031305.2015.1086685); single
/// moves after Hartigan & Wong 1979 (doi 10.2307/2346830). Compared with kmodes 0.12.2.
pub fn k_prototypes(
    data: &Mixed,
    options: &PrototypesOptions,
) -> Result<Prototypes, SegmentationError> {
    if options.k < 2 || options.k >= data.rows() {
        return Err(SegmentationError::GroupCount {
            at_most: data.rows().saturating_sub(1),
        });
    }
    if !(options.gamma > 0.0 && options.gamma.is_finite()) || options.starts == 0 {
        return Err(SegmentationError::Setting(
            "gamma and starts must be above 0",
        ));
    }
    let tried: Vec<Groups<'_>> = (0..options.starts)
        .into_par_iter()
        .map(|start| search(data, options, start as u64))
        .collect();
    // The first of equally good ones, whatever thread came first.
    let best = tried.into_iter().reduce(|best, other| {
        if other.cost() < best.cost() {
            other
        } else {
            best
        }
    });
    let Some(best) = best else {
        return Err(SegmentationError::Setting("starts must be above 0"));
    };
    Ok(describe(data, &swap(data, options, best), options.gamma))
}

/// Puts one prototype on a row drawn at random and searches on; what ends lower is kept (Fränti 2018, doi 10.1186/s40537-018-0122-y).
fn swap<'a>(data: &'a Mixed, options: &PrototypesOptions, best: Groups<'a>) -> Groups<'a> {
    let mut best = best;
    let mut random = Xoshiro256PlusPlus::seed_from_u64(options.seed ^ 0x5a_4b);
    // As many tries at once as will always be made, so that threads change nothing.
    for _ in 0..options.swaps.div_ceil(TRIES) {
        let draws: Vec<(usize, usize)> = (0..TRIES)
            .map(|_| {
                (
                    random.gen_range(0..options.k),
                    random.gen_range(0..data.rows()),
                )
            })
            .collect();
        let tried: Vec<Groups<'_>> = draws
            .into_par_iter()
            .map(|(group, row)| {
                let mut groups = best.with_prototype(group, row);
                settle(&mut groups);
                groups
            })
            .collect();
        best = tried.into_iter().fold(best, |best, other| {
            if other.cost() < best.cost() {
                other
            } else {
                best
            }
        });
    }
    best
}

fn search<'a>(data: &'a Mixed, options: &PrototypesOptions, start: u64) -> Groups<'a> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(
        options.seed.wrapping_mul(0x9e37_79b9).wrapping_add(start),
    );
    let mut groups =
        Groups::from_rows(data, options.gamma, &spread_out(data, options, &mut random));
    settle(&mut groups);
    groups
}

/// Whole rounds, then single rows, until nothing moves.
fn settle(groups: &mut Groups<'_>) {
    for _ in 0..MOST_ROUNDS {
        if !groups.round() {
            break;
        }
    }
    for _ in 0..MOST_ROUNDS {
        if !groups.move_rows() {
            break;
        }
    }
}

/// Rows far from each other, by chance in proportion to the distance to the nearest one so far (Arthur & Vassilvitskii 2007).
fn spread_out(
    data: &Mixed,
    options: &PrototypesOptions,
    random: &mut Xoshiro256PlusPlus,
) -> Vec<usize> {
    let mut chosen = vec![random.gen_range(0..data.rows())];
    let mut nearest = vec![f64::INFINITY; data.rows()];
    while chosen.len() < options.k {
        let last = chosen[chosen.len() - 1];
        for (row, nearest) in nearest.iter_mut().enumerate() {
            *nearest = nearest.min(between(data, row, last, options.gamma));
        }
        let mut left = random.gen_range(0.0..1.0) * nearest.iter().sum::<f64>();
        let drawn = nearest.iter().position(|distance| {
            left -= distance;
            left < 0.0
        });
        // All rows equal those chosen: any other will do.
        let next = drawn.or_else(|| (0..data.rows()).find(|row| !chosen.contains(row)));
        chosen.push(next.unwrap_or(0));
    }
    chosen
}

/// Cost of one row beside another as the whole of a group.
fn between(data: &Mixed, a: usize, b: usize, gamma: f64) -> f64 {
    let numbers = data
        .numbers(a)
        .iter()
        .zip(data.numbers(b))
        .map(|(a, b)| (a - b) * (a - b))
        .filter(|d| !d.is_nan());
    let differ = data
        .categories(a)
        .iter()
        .zip(data.categories(b))
        .filter(|(a, b)| differs(**a, **b))
        .count();
    numbers.sum::<f64>() + gamma * differ as f64
}

/// Numbers groups by size, then by means, so that equal fits read equally.
fn describe(data: &Mixed, groups: &Groups<'_>, gamma: f64) -> Prototypes {
    let (means, modes, sizes) = (groups.means(), groups.modes(), groups.sizes());
    let mut order: Vec<usize> = (0..means.len()).collect();
    let by_means = |a: usize, b: usize| {
        let pairs = means[a].iter().zip(&means[b]).map(|(x, y)| x.total_cmp(y));
        pairs.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    };
    order.sort_by(|&a, &b| {
        sizes[b]
            .cmp(&sizes[a])
            .then(by_means(a, b))
            .then(modes[a].cmp(&modes[b]))
    });
    let mut number = vec![0; order.len()];
    for (new, &old) in order.iter().enumerate() {
        number[old] = new;
    }
    debug_assert_eq!(groups.labels().len(), data.rows());
    Prototypes {
        labels: groups.labels().iter().map(|&old| number[old]).collect(),
        sizes: order.iter().map(|&old| sizes[old]).collect(),
        means: order.iter().map(|&old| means[old].clone()).collect(),
        modes: order.iter().map(|&old| modes[old].clone()).collect(),
        cost: groups.cost(),
        gamma,
    }
}

impl Prototypes {
    /// Group of each row of other data on the same scales and codes, and how much nearer it lies than the second: 0 for a tie, 1 for a row
    /// that equals its prototype.
    pub fn assign(&self, data: &Mixed) -> Vec<(usize, f64)> {
        let distance = |row: usize, group: usize| {
            let numbers = data
                .numbers(row)
                .iter()
                .zip(&self.means[group])
                .map(|(x, mean)| (x - mean) * (x - mean));
            let differ = data
                .categories(row)
                .iter()
                .zip(&self.modes[group])
                .filter(|(a, b)| differs(**a, **b))
                .count();
            numbers.filter(|d| !d.is_nan()).sum::<f64>() + self.gamma * differ as f64
        };
        let of_row = |row: usize| {
            let mut best = (0, f64::INFINITY, f64::INFINITY);
            for group in 0..self.means.len() {
                let d = distance(row, group);
                if d < best.1 {
                    best = (group, d, best.1);
                } else if d < best.2 {
                    best.2 = d;
                }
            }
            let certainty = if best.2 > 0.0 {
                1.0 - best.1 / best.2
            } else {
                0.0
            };
            (best.0, certainty)
        };
        (0..data.rows()).map(of_row).collect()
    }
}
