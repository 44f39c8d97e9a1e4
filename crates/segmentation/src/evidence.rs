//! Are there groups at all, or one population that any algorithm can cut in pieces?

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use crate::{Matrix, Mixture, MixtureOptions, SegmentationError, lloyd};

/// Rows looked at; more are drawn from.
const MOST_ROWS: usize = 1_000;
/// Made populations without groups, of each sort.
const POPULATIONS: usize = 59;
const STARTS: usize = 4;
/// Growth of the log-likelihood of a row at which a mixture is near enough its end to be compared.
const LIKELY_ENOUGH: f64 = 1e-4;
const LIKELY_ROUNDS: usize = 200;

/// What speaks for groups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Per sort of population without groups, the probability of gains at least as large as found; the smallest possible is 1/60.
    pub p_values: Vec<(Homogeneous, f64)>,
    /// The largest of them: groups are worth talking of when it is small.
    pub p_value: f64,
    /// The number of groups at which the gain stands out most.
    pub stands_out_at: usize,
}

/// A population without groups, with what it shares with the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Homogeneous {
    /// Means and covariances; normal.
    Normal,
    /// Means and covariances; flat with edges.
    Uniform,
    /// The values of every column as they are, and the correlations of their ranks (normal copula).
    SameValues,
}

/// Compares how much k groups explain with how much they explain in populations without groups.
///
/// Correlated or skewed columns, and edges, give k-means much to explain though there are no groups: a silhouette or a stable answer does
/// not tell. Here groups must explain more than in every one of three populations without groups that share the data's correlations. The
/// gain is the largest over `ks` of the logarithm of inertia below its mean in such populations, in their standard deviations.
///
/// # Errors
/// No k, or one outside 2 to the number of rows; columns that do not vary.
///
/// # Source
/// After the gap statistic (Tibshirani, Walther & Hastie 2001, doi 10.1111/1467-9868.00293) and Liu et al. 2008 (doi
/// 10.1198/016214508000000454).
pub fn evidence(data: &Matrix, ks: &[usize], seed: u64) -> Result<Evidence, SegmentationError> {
    compared(data, ks, seed, &|part, seed| {
        Ok(log_inertias(part, ks, seed))
    })
}

/// The same question for normal groups: is a row more likely under a mixture of k than under one normal group, by more than in populations
/// without groups?
///
/// # Errors
/// As [`evidence`](crate::evidence()); [`SegmentationError::Library`] where a covariance cannot be inverted.
///
/// # Source
/// The likelihood ratio against made populations, after `McLachlan` 1987 (doi 10.2307/2347790).
pub fn mixture_evidence(data: &Matrix, k: usize, seed: u64) -> Result<Evidence, SegmentationError> {
    compared(data, &[k], seed, &|part, seed| {
        Ok(vec![lost_without(part, k, seed)?])
    })
}

/// What the groups of a population leave unexplained, per k.
type Unexplained<'a> = &'a (dyn Fn(&Matrix, u64) -> Result<Vec<f64>, SegmentationError> + Sync);

fn compared(
    data: &Matrix,
    ks: &[usize],
    seed: u64,
    unexplained: Unexplained<'_>,
) -> Result<Evidence, SegmentationError> {
    if ks.is_empty()
        || ks
            .iter()
            .any(|k| *k < 2 || *k >= data.rows().min(MOST_ROWS))
    {
        return Err(SegmentationError::GroupCount {
            at_most: data.rows().min(MOST_ROWS) - 1,
        });
    }
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let part = if data.rows() > MOST_ROWS {
        data.take(&rand::seq::index::sample(&mut random, data.rows(), MOST_ROWS).into_vec())
    } else {
        data.clone()
    };
    let (part, _) = part.standardise()?;
    let found = unexplained(&part, seed)?;
    let mut evidence = Evidence {
        p_values: Vec::new(),
        p_value: 0.0,
        stands_out_at: ks[0],
    };
    for sort in [
        Homogeneous::Normal,
        Homogeneous::Uniform,
        Homogeneous::SameValues,
    ] {
        let maker = Maker::new(&part, sort);
        let seeds: Vec<u64> = (0..POPULATIONS)
            .map(|_| random.gen_range(0..u64::MAX))
            .collect();
        let made: Vec<Vec<f64>> = seeds
            .into_par_iter()
            .map(|seed| unexplained(&maker.population(seed), seed))
            .collect::<Result<_, _>>()?;
        let (p_value, place) = compare(&found, &made);
        if p_value >= evidence.p_value {
            evidence.p_value = p_value;
            evidence.stands_out_at = ks[place];
        }
        evidence.p_values.push((sort, p_value));
    }
    Ok(evidence)
}

/// Probability of a gain at least as large, and the place of the k at which it is largest.
pub(crate) fn compare(found: &[f64], made: &[Vec<f64>]) -> (f64, usize) {
    let moments: Vec<(f64, f64)> = (0..found.len())
        .map(|k| {
            let mean = made.iter().map(|made| made[k]).sum::<f64>() / made.len() as f64;
            let variance = made
                .iter()
                .map(|made| (made[k] - mean).powi(2))
                .sum::<f64>()
                / made.len() as f64;
            (mean, variance.sqrt().max(1e-12))
        })
        .collect();
    let gain = |values: &[f64]| {
        let gains = values
            .iter()
            .zip(&moments)
            .map(|(value, (mean, spread))| (mean - value) / spread);
        gains
            .enumerate()
            .fold((0, f64::NEG_INFINITY), |best, (k, gain)| {
                if gain > best.1 { (k, gain) } else { best }
            })
    };
    let (place, own) = gain(found);
    let as_large = made.iter().filter(|made| gain(made).1 >= own).count();
    ((1 + as_large) as f64 / (1 + made.len()) as f64, place)
}

/// Logarithm of the least inertia found, per k.
fn log_inertias(data: &Matrix, ks: &[usize], seed: u64) -> Vec<f64> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed ^ 0x6e75_6c6c);
    let mut least = |k: usize| {
        let tries = (0..STARTS).map(|_| lloyd::settle(data, spread_out(data, k, &mut random)).2);
        tries.fold(f64::INFINITY, f64::min)
    };
    ks.iter()
        .map(|&k| least(k).max(f64::MIN_POSITIVE).ln())
        .collect()
}

/// Mean log-likelihood of a row under one normal group, less that under the likeliest mixture found.
fn lost_without(data: &Matrix, k: usize, seed: u64) -> Result<f64, SegmentationError> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed ^ 0x6e75_6c6c);
    let options = MixtureOptions {
        tolerance: LIKELY_ENOUGH,
        rounds: LIKELY_ROUNDS,
        ..MixtureOptions::default()
    };
    let one = Mixture::from_means(data, vec![vec![0.0; data.columns()]], &options)?;
    let mut most = f64::NEG_INFINITY;
    for _ in 0..STARTS {
        let means = lloyd::settle(data, spread_out(data, k, &mut random)).0;
        let mixture = Mixture::from_means(data, means, &options)?;
        most = most.max(mixture.log_likelihood_per_row);
    }
    Ok(one.log_likelihood_per_row - most)
}

/// k-means++ (Arthur & Vassilvitskii 2007).
fn spread_out(data: &Matrix, k: usize, random: &mut Xoshiro256PlusPlus) -> Vec<Vec<f64>> {
    let mut centres = vec![data.row(random.gen_range(0..data.rows())).to_vec()];
    let mut nearest = vec![f64::INFINITY; data.rows()];
    while centres.len() < k {
        let last = &centres[centres.len() - 1];
        for (row, nearest) in data.each_row().zip(&mut nearest) {
            *nearest = nearest.min(lloyd::squared_distance(row, last));
        }
        let mut left = random.gen_range(0.0..1.0) * nearest.iter().sum::<f64>();
        let drawn = nearest.iter().position(|distance| {
            left -= distance;
            left < 0.0
        });
        centres.push(data.row(drawn.unwrap_or(0)).to_vec());
    }
    centres
}

/// Makes populations of one sort.
struct Maker {
    sort: Homogeneous,
    rows: usize,
    columns: usize,
    /// Lower factor of the correlations, row by row.
    factor: Vec<Vec<f64>>,
    /// Values of every column in order.
    sorted: Vec<Vec<f64>>,
}

impl Maker {
    /// `data` is standardised.
    fn new(data: &Matrix, sort: Homogeneous) -> Self {
        let (rows, columns) = (data.rows(), data.columns());
        let column = |c: usize| data.each_row().map(|row| row[c]).collect::<Vec<f64>>();
        let sorted: Vec<Vec<f64>> = (0..columns)
            .map(|c| {
                let mut values = column(c);
                values.sort_by(f64::total_cmp);
                values
            })
            .collect();
        let scores: Vec<Vec<f64>> = match sort {
            Homogeneous::SameValues => (0..columns)
                .map(|c| normal_scores(&column(c), &sorted[c]))
                .collect(),
            Homogeneous::Normal | Homogeneous::Uniform => (0..columns).map(column).collect(),
        };
        Self {
            sort,
            rows,
            columns,
            factor: factor(&correlations(&scores)),
            sorted,
        }
    }

    fn population(&self, seed: u64) -> Matrix {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let normal = Normal::standard();
        let mut draw = || match self.sort {
            // As wide as a standard normal.
            Homogeneous::Uniform => random.gen_range(-0.5..0.5) * 12.0_f64.sqrt(),
            _ => normal.inverse_cdf(random.gen_range(1e-12..1.0)),
        };
        let mut values = Vec::with_capacity(self.rows * self.columns);
        for _ in 0..self.rows {
            let own: Vec<f64> = (0..self.columns).map(|_| draw()).collect();
            values.extend(
                self.factor
                    .iter()
                    .map(|row| row.iter().zip(&own).map(|(f, x)| f * x).sum::<f64>()),
            );
        }
        if self.sort == Homogeneous::SameValues {
            for c in 0..self.columns {
                let mut order: Vec<usize> = (0..self.rows).collect();
                order.sort_by(|&a, &b| {
                    values[a * self.columns + c].total_cmp(&values[b * self.columns + c])
                });
                for (rank, row) in order.into_iter().enumerate() {
                    values[row * self.columns + c] = self.sorted[c][rank];
                }
            }
        }
        Matrix::of_finite(values, self.columns)
    }
}

/// Quantiles of the standard normal at the mean ranks.
fn normal_scores(values: &[f64], sorted: &[f64]) -> Vec<f64> {
    let normal = Normal::standard();
    let n = values.len() as f64;
    let score = |value: &f64| {
        let below = sorted.partition_point(|other| other < value) as f64;
        let upto = sorted.partition_point(|other| other <= value) as f64;
        normal.inverse_cdf(f64::midpoint(below, upto) / n)
    };
    values.iter().map(score).collect()
}

/// Correlations of columns.
fn correlations(columns: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let n = columns.first().map_or(1, Vec::len) as f64;
    let centred = |values: &Vec<f64>| -> Vec<f64> {
        let mean = values.iter().sum::<f64>() / n;
        let spread = (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
        values.iter().map(|x| (x - mean) / spread).collect()
    };
    let z: Vec<Vec<f64>> = columns.iter().map(centred).collect();
    let of = |i: usize, j: usize| z[i].iter().zip(&z[j]).map(|(a, b)| a * b).sum::<f64>() / n;
    (0..z.len())
        .map(|i| (0..z.len()).map(|j| of(i, j)).collect())
        .collect()
}

/// Lower factor of a matrix of correlations; a column that follows from others gets no part of its own.
pub(crate) fn factor(correlations: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let p = correlations.len();
    let mut lower = vec![vec![0.0; p]; p];
    for i in 0..p {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            let rest: f64 = correlations[i][j] - known;
            lower[i][j] = if i == j {
                rest.max(0.0).sqrt()
            } else if lower[j][j] > 1e-9 {
                rest / lower[j][j]
            } else {
                0.0
            };
        }
    }
    lower
}
