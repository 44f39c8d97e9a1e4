//! Gaussian mixtures: groups that run into each other, with a probability of each for every row.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{KMeansOptions, Matrix, SegmentationError, fit};

/// Rows per piece of a sum: pieces are added in their order, so that threads do not show.
const PIECE: usize = 1_024;

/// How to search.
#[derive(Clone, Debug)]
pub struct MixtureOptions {
    /// Where the groups start: the best of several k-means.
    pub start: KMeansOptions,
    /// Added to every variance (the columns' own unit), ≥ 0: keeps a group from shrinking onto a point.
    pub ridge: f64,
    /// Stops when the mean log-likelihood of a row grows by less.
    pub tolerance: f64,
    /// Rounds at most.
    pub rounds: usize,
}

impl Default for MixtureOptions {
    fn default() -> Self {
        Self {
            start: KMeansOptions::default(),
            ridge: 1e-6,
            tolerance: 1e-6,
            rounds: 1_000,
        }
    }
}

/// A fitted mixture. Component 0 has the largest weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mixture {
    /// Shares, summing to 1, shape `(k,)`.
    pub weights: Vec<f64>,
    /// Means, shape `(k, columns)`, in the unit of the matrix.
    pub means: Vec<Vec<f64>>,
    /// Covariances, row-major, shape `(k, columns²)`.
    pub covariances: Vec<Vec<f64>>,
    /// Mean natural log-likelihood of a row.
    pub log_likelihood_per_row: f64,
    /// Bayesian information criterion; the smallest of several k describes best without too many numbers.
    pub bic: f64,
    /// Akaike's criterion.
    pub aic: f64,
    /// Rounds done.
    pub rounds: usize,
    /// Whether it stopped by itself.
    pub converged: bool,
}

/// Sums over rows, by component.
#[derive(Clone)]
struct Sums {
    weight: Vec<f64>,
    first: Vec<f64>,
}

/// Densities of the components, ready to use.
struct Densities {
    columns: usize,
    /// `L⁻¹` of the Cholesky factor of each covariance, lower, row-major.
    whiteners: Vec<Vec<f64>>,
    /// Logarithm of weight and of what does not depend on the row.
    constants: Vec<f64>,
    means: Vec<Vec<f64>>,
}

/// Fits a mixture of normal distributions with covariances of their own.
///
/// Same data and options give the same result on any number of threads.
///
/// # Errors
/// As [`fit`]; [`SegmentationError::Library`] where a covariance cannot be inverted (columns that follow from others, and no ridge).
/// # Source
/// Dempster, Laird & Rubin, JRSS B 39(1), 1977. Compared with scikit-learn 1.9.1 (`GaussianMixture`, full) in `tests/mixture.rs`.
pub fn gaussian_mixture(
    data: &Matrix,
    options: &MixtureOptions,
) -> Result<Mixture, SegmentationError> {
    let start = fit(data, &options.start)?;
    Mixture::from_means(data, start.centres, options)
}

impl Mixture {
    /// Starts from stated means, equal shares and covariances of 1 without correlation.
    ///
    /// # Errors
    /// [`SegmentationError::Library`] where a covariance cannot be inverted; [`SegmentationError::GroupCount`] without means, or with more
    /// than there are rows.
    pub fn from_means(
        data: &Matrix,
        means: Vec<Vec<f64>>,
        options: &MixtureOptions,
    ) -> Result<Self, SegmentationError> {
        let (k, p) = (means.len(), data.columns());
        if k == 0 || k > data.rows() || means.iter().any(|mean| mean.len() != p) {
            return Err(SegmentationError::GroupCount {
                at_most: data.rows(),
            });
        }
        let mut unit = vec![0.0; p * p];
        (0..p).for_each(|j| unit[j * p + j] = 1.0);
        let mut now = Self {
            weights: vec![1.0 / k as f64; k],
            means,
            covariances: vec![unit; k],
            log_likelihood_per_row: f64::NEG_INFINITY,
            bic: f64::NAN,
            aic: f64::NAN,
            rounds: 0,
            converged: false,
        };
        let mut before = f64::NEG_INFINITY;
        while now.rounds < options.rounds.max(1) && !now.converged {
            let shares = now.shares(data)?;
            let log_likelihood = now.maximise(data, &shares, options.ridge);
            now.rounds += 1;
            now.converged = (log_likelihood - before).abs() < options.tolerance;
            before = log_likelihood;
        }
        let densities = now.densities()?;
        let n = data.rows() as f64;
        now.log_likelihood_per_row = in_pieces(data, |rows, sum: &mut f64| {
            let mut logs = vec![0.0; k];
            for row in rows {
                *sum += densities.log_sum(row, &mut logs);
            }
        })
        .into_iter()
        .sum::<f64>()
            / n;
        let numbers = (k - 1 + k * p + k * p * (p + 1) / 2) as f64;
        now.bic = -2.0 * n * now.log_likelihood_per_row + numbers * n.ln();
        now.aic = -2.0 * n * now.log_likelihood_per_row + 2.0 * numbers;
        now.by_weight();
        Ok(now)
    }

    /// Probability of each component for a row, shape `(k,)`, summing to 1.
    ///
    /// # Errors
    /// [`SegmentationError::Shape`] for a row of another width; [`SegmentationError::Library`] for covariances that cannot be inverted.
    pub fn probabilities(&self, row: &[f64]) -> Result<Vec<f64>, SegmentationError> {
        let densities = self.densities()?;
        if row.len() != densities.columns {
            return Err(SegmentationError::Shape {
                values: row.len(),
                rows: 1,
                columns: densities.columns,
            });
        }
        let mut logs = vec![0.0; self.weights.len()];
        let all = densities.log_sum(row, &mut logs);
        Ok(logs.iter().map(|log| (log - all).exp()).collect())
    }

    /// The most probable component of every row, shape `(rows,)`.
    ///
    /// # Errors
    /// [`SegmentationError::Library`] for covariances that cannot be inverted.
    pub fn labels(&self, data: &Matrix) -> Result<Vec<usize>, SegmentationError> {
        let k = self.weights.len();
        let shares = self.shares(data)?.0;
        let most = |of: &[f64]| (0..k).fold(0, |best, g| if of[g] > of[best] { g } else { best });
        Ok(shares.chunks_exact(k).map(most).collect())
    }

    /// Variance of every column that the columns before it leave, shape `(k, columns)`.
    pub(crate) fn own_variances(&self) -> Result<Vec<Vec<f64>>, SegmentationError> {
        let densities = self.densities()?;
        let p = densities.columns;
        let of_group = |whitener: &Vec<f64>| {
            let diagonal = (0..p).map(|j| whitener[j * p + j]);
            diagonal.map(|x| 1.0 / (x * x)).collect()
        };
        Ok(densities.whiteners.iter().map(of_group).collect())
    }

    fn densities(&self) -> Result<Densities, SegmentationError> {
        let p = self.means[0].len();
        let mut out = Densities {
            columns: p,
            whiteners: Vec::new(),
            constants: Vec::new(),
            means: self.means.clone(),
        };
        for (weight, covariance) in self.weights.iter().zip(&self.covariances) {
            let (whitener, log_determinant) = whitener(covariance, p).ok_or_else(|| {
                SegmentationError::Library(
                    "a group lies in fewer directions than there are columns: leave columns out that follow from others".to_owned(),
                )
            })?;
            let fixed = p as f64 * std::f64::consts::TAU.ln();
            out.constants
                .push(weight.ln() - 0.5 * (fixed + log_determinant));
            out.whiteners.push(whitener);
        }
        Ok(out)
    }

    /// Probability of every component per row, shape `(rows, k)`, and the mean log-likelihood.
    fn shares(&self, data: &Matrix) -> Result<(Vec<f64>, f64), SegmentationError> {
        let k = self.weights.len();
        let densities = self.densities()?;
        let parts = in_pieces(data, |rows, (shares, sum): &mut (Vec<f64>, f64)| {
            let mut logs = vec![0.0; k];
            for row in rows {
                let all = densities.log_sum(row, &mut logs);
                *sum += all;
                shares.extend(logs.iter().map(|log| (log - all).exp()));
            }
        });
        let sum: f64 = parts.iter().map(|(_, sum)| sum).sum();
        let shares = parts.into_iter().flat_map(|(shares, _)| shares).collect();
        Ok((shares, sum / data.rows() as f64))
    }

    /// Shares, means and covariances that fit the probabilities best; gives the log-likelihood before.
    fn maximise(&mut self, data: &Matrix, shares: &(Vec<f64>, f64), ridge: f64) -> f64 {
        let (k, p) = (self.weights.len(), data.columns());
        let place = |piece: usize, row: usize| (piece * PIECE + row) * k;
        let firsts = by_piece(data, |piece, rows| {
            let mut sums = Sums {
                weight: vec![0.0; k],
                first: vec![0.0; k * p],
            };
            for (at, row) in rows.enumerate() {
                for (g, share) in shares.0[place(piece, at)..][..k].iter().enumerate() {
                    sums.weight[g] += share;
                    for (sum, value) in sums.first[g * p..][..p].iter_mut().zip(row) {
                        *sum += share * value;
                    }
                }
            }
            sums
        });
        let mut weight = vec![10.0 * f64::EPSILON; k];
        let mut first = vec![0.0; k * p];
        for sums in &firsts {
            weight
                .iter_mut()
                .zip(&sums.weight)
                .for_each(|(a, b)| *a += b);
            first.iter_mut().zip(&sums.first).for_each(|(a, b)| *a += b);
        }
        let means: Vec<Vec<f64>> = (0..k)
            .map(|g| {
                first[g * p..][..p]
                    .iter()
                    .map(|sum| sum / weight[g])
                    .collect()
            })
            .collect();
        let seconds = by_piece(data, |piece, rows| {
            let mut sums = vec![0.0; k * p * p];
            let mut away = vec![0.0; p];
            for (at, row) in rows.enumerate() {
                for (g, share) in shares.0[place(piece, at)..][..k].iter().enumerate() {
                    for ((away, value), mean) in away.iter_mut().zip(row).zip(&means[g]) {
                        *away = value - mean;
                    }
                    let second = &mut sums[g * p * p..][..p * p];
                    for i in 0..p {
                        let scaled = share * away[i];
                        for (sum, other) in second[i * p..=i * p + i].iter_mut().zip(&away) {
                            *sum += scaled * other;
                        }
                    }
                }
            }
            sums
        });
        let mut second = vec![0.0; k * p * p];
        for sums in &seconds {
            second.iter_mut().zip(sums).for_each(|(a, b)| *a += b);
        }
        for g in 0..k {
            let covariance = &mut self.covariances[g];
            for i in 0..p {
                for j in 0..=i {
                    let value = second[g * p * p + i * p + j] / weight[g];
                    covariance[i * p + j] = value + if i == j { ridge } else { 0.0 };
                    covariance[j * p + i] = covariance[i * p + j];
                }
            }
        }
        let all: f64 = weight.iter().sum();
        self.weights = weight.iter().map(|weight| weight / all).collect();
        self.means = means;
        shares.1
    }

    /// Numbers components by their share, then by mean, so that equal fits read equally.
    fn by_weight(&mut self) {
        let mut order: Vec<usize> = (0..self.weights.len()).collect();
        order.sort_by(|a, b| {
            let means = self.means[*a].iter().zip(&self.means[*b]);
            self.weights[*b].total_cmp(&self.weights[*a]).then_with(|| {
                means
                    .map(|(x, y)| x.total_cmp(y))
                    .fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
            })
        });
        self.weights = order.iter().map(|g| self.weights[*g]).collect();
        self.means = order.iter().map(|g| self.means[*g].clone()).collect();
        self.covariances = order.iter().map(|g| self.covariances[*g].clone()).collect();
    }
}

impl Densities {
    /// Log of weighted density per component into `logs`; gives the log of their sum.
    fn log_sum(&self, row: &[f64], logs: &mut [f64]) -> f64 {
        let p = self.columns;
        for (g, log) in logs.iter_mut().enumerate() {
            let (whitener, mean) = (&self.whiteners[g], &self.means[g]);
            let mut squared = 0.0;
            for i in 0..p {
                let dot: f64 = (0..=i)
                    .map(|j| whitener[i * p + j] * (row[j] - mean[j]))
                    .sum();
                squared += dot * dot;
            }
            *log = self.constants[g] - 0.5 * squared;
        }
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        most + logs.iter().map(|log| (log - most).exp()).sum::<f64>().ln()
    }
}

/// Every piece of rows with its number.
fn by_piece<'a, T: Send>(
    data: &'a Matrix,
    each: impl Fn(usize, std::slice::ChunksExact<'a, f64>) -> T + Sync,
) -> Vec<T> {
    let p = data.columns();
    data.values()
        .par_chunks(PIECE * p)
        .enumerate()
        .map(|(piece, values)| each(piece, values.chunks_exact(p)))
        .collect()
}

fn in_pieces<'a, T: Default + Send>(
    data: &'a Matrix,
    each: impl Fn(std::slice::ChunksExact<'a, f64>, &mut T) + Sync,
) -> Vec<T> {
    by_piece(data, |_, rows| {
        let mut sums = T::default();
        each(rows, &mut sums);
        sums
    })
}

/// Inverse of the Cholesky factor and the log determinant of a covariance.
fn whitener(covariance: &[f64], p: usize) -> Option<(Vec<f64>, f64)> {
    let mut lower = vec![0.0; p * p];
    for i in 0..p {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| lower[i * p + k] * lower[j * p + k]).sum();
            let rest = covariance[i * p + j] - dot;
            if i == j {
                if rest.is_nan() || rest <= 1e-14 * covariance[i * p + i] {
                    return None;
                }
                lower[i * p + i] = rest.sqrt();
            } else {
                lower[i * p + j] = rest / lower[j * p + j];
            }
        }
    }
    let mut inverse = vec![0.0; p * p];
    for i in 0..p {
        inverse[i * p + i] = 1.0 / lower[i * p + i];
        for j in 0..i {
            let dot: f64 = (j..i).map(|k| lower[i * p + k] * inverse[k * p + j]).sum();
            inverse[i * p + j] = -dot / lower[i * p + i];
        }
    }
    let log_determinant = (0..p).map(|i| 2.0 * lower[i * p + i].ln()).sum();
    Some((inverse, log_determinant))
}
