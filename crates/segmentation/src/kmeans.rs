//! k-means for one k.

use linfa::{DatasetBase, traits::Fit};
use linfa_clustering::{KMeans as LinfaKMeans, KMeansInit};
use linfa_nn::distance::L2Dist;
use ndarray::{Array2, ArrayView2};
use rand::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use crate::{Matrix, SegmentationError, lloyd};

/// How to search.
#[derive(Clone, Debug)]
pub struct KMeansOptions {
    /// Number of groups, ≥ 2.
    pub k: usize,
    /// Starts by k-means++; the best result is kept.
    pub starts: usize,
    /// Seed of the starts.
    pub seed: u64,
    /// Rounds per start within linfa.
    pub rounds: u64,
}

impl Default for KMeansOptions {
    fn default() -> Self {
        Self {
            k: 3,
            starts: 20,
            seed: 0,
            rounds: 300,
        }
    }
}

/// Fitted groups. Group 0 is the largest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KMeans {
    /// Centres, shape `(k, columns)`, in the unit of the matrix.
    pub centres: Vec<Vec<f64>>,
    /// Group per row, shape `(rows,)`.
    pub labels: Vec<usize>,
    /// Rows per group, shape `(k,)`.
    pub sizes: Vec<usize>,
    /// Sum of squared distances to the nearest centre, ≥ 0.
    pub inertia: f64,
}

impl KMeans {
    /// Group of a row by its nearest centre.
    pub fn assign(&self, row: &[f64]) -> usize {
        let mut best = (0, f64::INFINITY);
        for (group, centre) in self.centres.iter().enumerate() {
            let distance = lloyd::squared_distance(row, centre);
            if distance < best.1 {
                best = (group, distance);
            }
        }
        best.0
    }

    /// Exact Lloyd steps from stated centres until no row changes group.
    pub fn from_centres(data: &Matrix, centres: Vec<Vec<f64>>) -> Self {
        let (centres, labels, inertia, _) = lloyd::settle(data, centres);
        Self::numbered(&centres, &labels, inertia)
    }

    /// Numbers groups by size, then by centre, so that equal fits read equally.
    fn numbered(centres: &[Vec<f64>], labels: &[usize], inertia: f64) -> Self {
        let mut sizes = vec![0; centres.len()];
        for label in labels {
            sizes[*label] += 1;
        }
        let mut order: Vec<usize> = (0..centres.len()).collect();
        order.sort_by(|a, b| {
            let by_centre = centres[*a]
                .iter()
                .zip(&centres[*b])
                .map(|(x, y)| x.total_cmp(y));
            sizes[*b]
                .cmp(&sizes[*a])
                .then_with(|| by_centre.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then))
        });
        let mut number = vec![0; order.len()];
        for (new, old) in order.iter().enumerate() {
            number[*old] = new;
        }
        Self {
            labels: labels.iter().map(|label| number[*label]).collect(),
            sizes: order.iter().map(|old| sizes[*old]).collect(),
            centres: order.iter().map(|old| centres[*old].clone()).collect(),
            inertia,
        }
    }
}

/// Fits k-means: `starts` runs by linfa, each brought to its exact least-squares fixed point, the best one kept.
///
/// Same data, options and seed give the same result on any number of threads.
///
/// # Errors
/// [`SegmentationError::GroupCount`] when there are fewer distinct rows than groups; [`SegmentationError::Library`].
/// # Source
/// Lloyd, IEEE Trans. Inf. Theory 28(2), 1982, <https://doi.org/10.1109/TIT.1982.1056489>; starts: Arthur & Vassilvitskii,
/// SODA 2007. Compared with scikit-learn 1.9.1 in `tests/parity.rs`.
pub fn fit(data: &Matrix, options: &KMeansOptions) -> Result<KMeans, SegmentationError> {
    let distinct = distinct_rows(data, options.k);
    if options.k < 2 || distinct < options.k {
        return Err(SegmentationError::GroupCount { at_most: distinct });
    }
    let records = ArrayView2::from_shape((data.rows(), data.columns()), data.values())
        .map_err(|error| SegmentationError::Library(error.to_string()))?;
    let dataset = DatasetBase::from(records);
    let mut seeds = Xoshiro256PlusPlus::seed_from_u64(options.seed);
    let mut best: Option<KMeans> = None;
    for _ in 0..options.starts.max(1) {
        let random = Xoshiro256PlusPlus::seed_from_u64(seeds.next_u64());
        let fitted = LinfaKMeans::params_with(options.k, random, L2Dist)
            .n_runs(1)
            .max_n_iterations(options.rounds)
            .tolerance(1e-4)
            .init_method(KMeansInit::KMeansPlusPlus)
            .fit(&dataset);
        // Not converged within the rounds is no loss: the exact steps go on from any centre.
        let Ok(fitted) = fitted else { continue };
        let candidate = KMeans::from_centres(data, rows_of(fitted.centroids()));
        if candidate.sizes.contains(&0) {
            continue;
        }
        if best
            .as_ref()
            .is_none_or(|best| candidate.inertia < best.inertia)
        {
            best = Some(candidate);
        }
    }
    best.ok_or_else(|| {
        SegmentationError::Library("no start gave groups that all hold rows".to_owned())
    })
}

fn rows_of(centres: &Array2<f64>) -> Vec<Vec<f64>> {
    centres.rows().into_iter().map(|row| row.to_vec()).collect()
}

/// Number of distinct rows, counted up to `enough`.
fn distinct_rows(data: &Matrix, enough: usize) -> usize {
    let mut seen = std::collections::BTreeSet::new();
    for row in data.each_row() {
        // Adding zero turns -0.0 into 0.0, which is the same point.
        seen.insert(
            row.iter()
                .map(|value| (value + 0.0).to_bits())
                .collect::<Vec<_>>(),
        );
        if seen.len() >= enough {
            break;
        }
    }
    seen.len()
}
