//! Several k side by side, and whether any is worth having.

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use crate::{
    KMeans, KMeansOptions, Matrix, SegmentationError, adjusted_rand_index, fit, silhouette,
};

/// Resamples that judge stability.
const RESAMPLES: usize = 10;
/// Rows on which the silhouette is computed; it costs the square of them.
const SILHOUETTE_ROWS: usize = 5_000;
/// Silhouette below which groups run into each other.
const SEPARATED: f64 = 0.15;
/// Agreement between resamples below which groups are an accident of the sample.
const STABLE: f64 = 0.6;

/// One k.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Number of groups.
    pub k: usize,
    /// Sum of squared distances.
    pub inertia: f64,
    /// Mean silhouette, in `[-1, 1]`; on a seeded sample when there are more than 5,000 rows.
    pub silhouette: f64,
    /// Mean adjusted Rand index between the fit and fits on bootstrap resamples, at most 1.
    pub stability: f64,
    /// Rows of the smallest group.
    pub smallest: usize,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// All k tried, in order.
    pub candidates: Vec<Candidate>,
    /// The fit with the best silhouette among the stable and separated ones; none when no k deserves it.
    pub chosen: Option<KMeans>,
}

/// Tries every k in `ks`; a group under `smallest_allowed` rows disqualifies its k.
///
/// # Errors
/// [`SegmentationError`] of the first k that cannot be fitted.
/// # Source
/// Stability by resampling: Hennig, Comput. Stat. Data Anal. 52, 2007, <https://doi.org/10.1016/j.csda.2006.11.025>.
pub fn choose(
    data: &Matrix,
    ks: &[usize],
    options: &KMeansOptions,
    smallest_allowed: usize,
) -> Result<Choice, SegmentationError> {
    let mut candidates = Vec::new();
    let mut best: Option<(f64, KMeans)> = None;
    for &k in ks {
        let options = KMeansOptions {
            k,
            ..options.clone()
        };
        let fitted = fit(data, &options)?;
        let candidate = judge(data, &fitted, &options)?;
        let worthy = candidate.silhouette >= SEPARATED
            && candidate.stability >= STABLE
            && candidate.smallest >= smallest_allowed;
        if worthy
            && best
                .as_ref()
                .is_none_or(|(silhouette, _)| candidate.silhouette > *silhouette)
        {
            best = Some((candidate.silhouette, fitted));
        }
        candidates.push(candidate);
    }
    Ok(Choice {
        candidates,
        chosen: best.map(|(_, fitted)| fitted),
    })
}

fn judge(
    data: &Matrix,
    fitted: &KMeans,
    options: &KMeansOptions,
) -> Result<Candidate, SegmentationError> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(options.seed ^ 0x5eed);
    let mut agreement = 0.0;
    for _ in 0..RESAMPLES {
        let drawn: Vec<usize> = (0..data.rows())
            .map(|_| random.gen_range(0..data.rows()))
            .collect();
        let again = fit(
            &data.take(&drawn),
            &KMeansOptions {
                starts: options.starts.min(5),
                ..options.clone()
            },
        )?;
        let labels: Vec<usize> = data.each_row().map(|row| again.assign(row)).collect();
        agreement += adjusted_rand_index(&fitted.labels, &labels);
    }
    let shown: Vec<usize> = if data.rows() <= SILHOUETTE_ROWS {
        (0..data.rows()).collect()
    } else {
        rand::seq::index::sample(&mut random, data.rows(), SILHOUETTE_ROWS).into_vec()
    };
    let labels: Vec<usize> = shown.iter().map(|index| fitted.labels[*index]).collect();
    Ok(Candidate {
        k: options.k,
        inertia: fitted.inertia,
        silhouette: silhouette(&data.take(&shown), &labels, options.k),
        stability: agreement / RESAMPLES as f64,
        smallest: fitted.sizes.iter().copied().min().unwrap_or(0),
    })
}
