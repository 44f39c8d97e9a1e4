//! Are there groups among rows with numbers and categories, or one population that any algorithm can cut in pieces?

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, Normal};

use crate::{
    Evidence, Homogeneous, Mixed, PrototypesOptions, SegmentationError,
    evidence::{compare, factor},
    k_prototypes,
    mixed::UNKNOWN,
};

/// Rows looked at; more are drawn from.
const MOST_ROWS: usize = 600;
/// Made populations without groups.
const POPULATIONS: usize = 59;
const STARTS: usize = 2;
/// Draws with which a correlation of normals is matched to that of the values they become.
const DRAWS: usize = 2_000;
const HALVINGS: usize = 12;

/// Compares how much k groups explain with how much they explain in populations without groups.
///
/// A population without groups has the very values of every column and about the correlations of the data, from one normal cloud cut at
/// thresholds: categories too, their codes in the order of their mean along the first principal direction of the others. Correlations of
/// the cloud are matched so that those of the values come out as found. Gaps are filled with the mean, and are a code of their own among
/// categories. The gain is as in [`evidence`](crate::evidence()), with the cost of k-prototypes; the number of groups told is the first after
/// which one more explains no more than it does without groups.
///
/// # Errors
/// No k, or one outside 2 to the number of rows looked at.
///
/// # Source
/// As [`evidence`](crate::evidence()); latent correlations by moments after Emrich & Piedmonte 1991 (doi 10.1080/00031305.1991.10475828).
pub fn mixed_evidence(
    data: &Mixed,
    ks: &[usize],
    seed: u64,
) -> Result<Evidence, SegmentationError> {
    let at_most = data.rows().min(MOST_ROWS).saturating_sub(1);
    if ks.is_empty() || ks.iter().any(|k| *k < 2 || *k > at_most) {
        return Err(SegmentationError::GroupCount { at_most });
    }
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed ^ 0x6d69_7865);
    let part = if data.rows() > MOST_ROWS {
        data.take(&rand::seq::index::sample(&mut random, data.rows(), MOST_ROWS).into_vec())
    } else {
        data.clone()
    };
    let maker = Maker::new(&part, &mut random);
    let found = log_costs(&maker.filled, ks, seed)?;
    let seeds: Vec<u64> = (0..POPULATIONS)
        .map(|_| random.gen_range(0..u64::MAX))
        .collect();
    let made = seeds
        .into_par_iter()
        .map(|seed| log_costs(&maker.population(seed), ks, seed))
        .collect::<Result<Vec<_>, _>>()?;
    let (p_value, _) = compare(&found, &made);
    Ok(Evidence {
        p_values: vec![(Homogeneous::SameValues, p_value)],
        p_value,
        stands_out_at: ks[enough(&found, &made)],
    })
}

/// The place of the first k after which one more group explains no more than it does without groups (Tibshirani, Walther & Hastie 2001).
fn enough(found: &[f64], made: &[Vec<f64>]) -> usize {
    let n = made.len() as f64;
    let gap = |k: usize| {
        let mean = made.iter().map(|made| made[k]).sum::<f64>() / n;
        let variance = made
            .iter()
            .map(|made| (made[k] - mean).powi(2))
            .sum::<f64>()
            / n;
        (mean - found[k], (variance * (1.0 + 1.0 / n)).sqrt())
    };
    let last = found.len() - 1;
    (0..last)
        .find(|&k| {
            let (next, error) = gap(k + 1);
            gap(k).0 >= next - error
        })
        .unwrap_or(last)
}

/// Logarithm of the least cost found, per k.
fn log_costs(data: &Mixed, ks: &[usize], seed: u64) -> Result<Vec<f64>, SegmentationError> {
    let least = |&k: &usize| {
        let options = PrototypesOptions {
            k,
            starts: STARTS,
            swaps: 0,
            seed,
            ..PrototypesOptions::default()
        };
        Ok(k_prototypes(data, &options)?
            .cost
            .max(f64::MIN_POSITIVE)
            .ln())
    };
    ks.iter().map(least).collect()
}

/// Makes populations without groups.
struct Maker {
    /// The rows themselves, gaps filled.
    filled: Mixed,
    /// Per column the values in order: numbers, then codes in the order of their scores.
    sorted: Vec<Vec<f64>>,
    /// Lower factor of the correlations of the normal cloud.
    factor: Vec<Vec<f64>>,
}

impl Maker {
    fn new(part: &Mixed, random: &mut Xoshiro256PlusPlus) -> Self {
        let rows = part.rows();
        let numbers: Vec<Vec<f64>> = (0..part.n_numbers())
            .map(|c| {
                filled(
                    &(0..rows)
                        .map(|row| part.numbers(row)[c])
                        .collect::<Vec<_>>(),
                )
            })
            .collect();
        // A gap is a code of its own.
        let code = |c: usize, row: usize| match part.categories(row)[c] {
            UNKNOWN => part.levels()[c],
            code => usize::from(code),
        };
        let codes: Vec<Vec<usize>> = (0..part.levels().len())
            .map(|c| (0..rows).map(|row| code(c, row)).collect())
            .collect();
        let scores = scores(&numbers, &codes);
        let columns: Vec<Vec<f64>> = numbers
            .iter()
            .cloned()
            .chain(
                codes
                    .iter()
                    .zip(&scores)
                    .map(|(codes, scores)| codes.iter().map(|code| scores[*code]).collect()),
            )
            .collect();
        let mut sorted: Vec<Vec<f64>> = columns.clone();
        for (c, values) in sorted.iter_mut().enumerate() {
            match c.checked_sub(numbers.len()) {
                None => values.sort_by(f64::total_cmp),
                Some(category) => {
                    let mut order = codes[category].clone();
                    let score = |code: &usize| scores[category][*code];
                    order.sort_by(|a, b| score(a).total_cmp(&score(b)).then(a.cmp(b)));
                    *values = order.into_iter().map(|code| code as f64).collect();
                }
            }
        }
        let correlations = latent(&columns, random);
        Self {
            filled: part.with(&numbers, &codes),
            sorted,
            factor: factor(&correlations),
        }
    }

    fn population(&self, seed: u64) -> Mixed {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let normal = Normal::standard();
        let rows = self.filled.rows();
        let columns = self.sorted.len();
        let mut cloud = vec![vec![0.0; rows]; columns];
        for row in 0..rows {
            let own: Vec<f64> = (0..columns)
                .map(|_| normal.inverse_cdf(random.gen_range(1e-12..1.0)))
                .collect();
            for (column, weights) in cloud.iter_mut().zip(&self.factor) {
                column[row] = weights.iter().zip(&own).map(|(w, x)| w * x).sum();
            }
        }
        let values = cloud.iter().zip(&self.sorted).map(|(column, sorted)| {
            let mut order: Vec<usize> = (0..rows).collect();
            order.sort_by(|&a, &b| column[a].total_cmp(&column[b]));
            let mut values = vec![0.0; rows];
            for (rank, row) in order.into_iter().enumerate() {
                values[row] = sorted[rank];
            }
            values
        });
        let mut values: Vec<Vec<f64>> = values.collect();
        let codes = values.split_off(self.filled.n_numbers());
        let codes: Vec<Vec<usize>> = codes
            .into_iter()
            .map(|values| values.into_iter().map(|code| code as usize).collect())
            .collect();
        self.filled.with(&values, &codes)
    }
}

/// Missing numbers take the mean of the others.
fn filled(values: &[f64]) -> Vec<f64> {
    let known = || values.iter().filter(|value| !value.is_nan());
    let mean = known().sum::<f64>() / known().count().max(1) as f64;
    values
        .iter()
        .map(|value| if value.is_nan() { mean } else { *value })
        .collect()
}

fn standardised(values: &[f64]) -> Vec<f64> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let spread = (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
    values
        .iter()
        .map(|x| {
            if spread > 1e-12 {
                (x - mean) / spread
            } else {
                0.0
            }
        })
        .collect()
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / a.len() as f64
}

/// A number per code: the mean of its rows along the first principal direction of all columns, found in turns.
fn scores(numbers: &[Vec<f64>], codes: &[Vec<usize>]) -> Vec<Vec<f64>> {
    const TURNS: usize = 10;
    let levels = |codes: &Vec<usize>| codes.iter().max().map_or(0, |most| most + 1);
    // Codes of the same frequency start apart, or two codes would never tell each other from the rest.
    let mut scores: Vec<Vec<f64>> = codes
        .iter()
        .map(|codes| (0..levels(codes)).map(|code| code as f64).collect())
        .collect();
    let mut direction: Vec<f64> = Vec::new();
    for _ in 0..TURNS {
        let categories = codes.iter().zip(&scores).map(|(codes, scores)| {
            standardised(&codes.iter().map(|code| scores[*code]).collect::<Vec<_>>())
        });
        let columns: Vec<Vec<f64>> = numbers
            .iter()
            .map(|values| standardised(values))
            .chain(categories)
            .collect();
        let rows = columns.first().map_or(0, Vec::len);
        let mut weights = vec![1.0; columns.len()];
        for _ in 0..TURNS {
            direction = (0..rows)
                .map(|row| columns.iter().zip(&weights).map(|(c, w)| w * c[row]).sum())
                .collect();
            weights = columns
                .iter()
                .map(|column| correlation(column, &direction))
                .collect();
            let length = weights.iter().map(|w| w * w).sum::<f64>().sqrt().max(1e-12);
            for weight in &mut weights {
                *weight /= length;
            }
        }
        for (codes, scores) in codes.iter().zip(&mut scores).filter(|(_, s)| s.len() > 2) {
            let mut sums = vec![(0.0, 0.0); scores.len()];
            for (code, along) in codes.iter().zip(&direction) {
                sums[*code].0 += along;
                sums[*code].1 += 1.0;
            }
            *scores = sums
                .into_iter()
                .map(|(sum, n): (f64, f64)| sum / n.max(1.0))
                .collect();
        }
    }
    scores
}

/// Correlations of normals that become those of the columns once the normals are cut into the columns' values.
fn latent(columns: &[Vec<f64>], random: &mut Xoshiro256PlusPlus) -> Vec<Vec<f64>> {
    let normal = Normal::standard();
    let z: Vec<Vec<f64>> = columns.iter().map(|values| standardised(values)).collect();
    let sorted: Vec<Vec<f64>> = z
        .iter()
        .map(|values| {
            let mut values = values.clone();
            values.sort_by(f64::total_cmp);
            values
        })
        .collect();
    let draws: Vec<(f64, f64)> = (0..DRAWS)
        .map(|_| {
            let mut one = || normal.inverse_cdf(random.gen_range(1e-12..1.0));
            (one(), one())
        })
        .collect();
    let value = |c: usize, x: f64| {
        let place = (normal.cdf(x) * sorted[c].len() as f64) as usize;
        sorted[c][place.min(sorted[c].len() - 1)]
    };
    let first: Vec<Vec<f64>> = (0..z.len())
        .into_par_iter()
        .map(|c| standardised(&draws.iter().map(|(x, _)| value(c, *x)).collect::<Vec<_>>()))
        .collect();
    let pairs: Vec<(usize, usize)> = (0..z.len())
        .flat_map(|i| (0..i).map(move |j| (i, j)))
        .collect();
    let found: Vec<f64> = pairs
        .par_iter()
        .map(|&(i, j)| {
            let wanted = correlation(&z[i], &z[j]);
            let (mut low, mut high) = (-0.999, 0.999);
            for _ in 0..HALVINGS {
                let middle = f64::midpoint(low, high);
                let other = f64::sqrt(1.0 - middle * middle);
                let second = draws.iter().map(|(x, y)| value(j, middle * x + other * y));
                let comes = correlation(&first[i], &standardised(&second.collect::<Vec<_>>()));
                if comes < wanted {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            f64::midpoint(low, high)
        })
        .collect();
    let mut correlations = vec![vec![0.0; z.len()]; z.len()];
    for (row, correlations) in correlations.iter_mut().enumerate() {
        correlations[row] = 1.0;
    }
    for ((i, j), r) in pairs.into_iter().zip(found) {
        correlations[i][j] = r;
        correlations[j][i] = r;
    }
    correlations
}
