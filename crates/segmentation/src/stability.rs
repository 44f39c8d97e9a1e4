//! Would the same groups be found again?

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Mixed, PrototypesOptions, SegmentationError, adjusted_rand_index, k_prototypes};

/// How well groups are found again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stability {
    /// Per group, the mean overlap (Jaccard, in `[0, 1]`) with the group most like it in samples drawn from the same rows: from 0.75 on a
    /// group can be relied on, below 0.6 it is an accident of the sample.
    pub jaccard: Vec<f64>,
    /// Mean agreement (adjusted Rand index, at most 1) of two runs that start elsewhere.
    pub between_starts: f64,
    /// The least of these.
    pub between_starts_least: f64,
    /// Samples drawn.
    pub resamples: usize,
}

/// Draws samples and starts, and compares.
///
/// * `resamples` – 20 to 100   * `starts` – single starts compared pair by pair, at least 2
///
/// # Errors
/// As [`k_prototypes`]; fewer than one sample or two starts.
/// # Source
/// Hennig, Computational Statistics & Data Analysis 52(1), 2007, doi 10.1016/j.csda.2006.11.025.
pub fn prototypes_stability(
    data: &Mixed,
    options: &PrototypesOptions,
    resamples: usize,
    starts: usize,
) -> Result<Stability, SegmentationError> {
    if resamples < 1 || starts < 2 {
        return Err(SegmentationError::Library(
            "stability takes at least one sample and two starts".to_owned(),
        ));
    }
    let fitted = k_prototypes(data, options)?;
    let seed = |place: usize| {
        options
            .seed
            .wrapping_add((place as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    };
    let overlaps = (0..resamples)
        .into_par_iter()
        .map(|place| {
            let mut random = Xoshiro256PlusPlus::seed_from_u64(seed(place));
            let drawn: Vec<usize> = (0..data.rows())
                .map(|_| random.gen_range(0..data.rows()))
                .collect();
            let again = k_prototypes(
                &data.take(&drawn),
                &PrototypesOptions {
                    seed: seed(place),
                    starts: options.starts.min(3),
                    swaps: 0,
                    ..*options
                },
            )?;
            let mut rows: Vec<(usize, usize)> = drawn.into_iter().zip(again.labels).collect();
            rows.sort_unstable();
            rows.dedup();
            let (left, right): (Vec<usize>, Vec<usize>) = rows
                .into_iter()
                .map(|(row, label)| (fitted.labels[row], label))
                .unzip();
            Ok(jaccard(&left, &right, options.k))
        })
        .collect::<Result<Vec<Vec<f64>>, SegmentationError>>()?;
    let single = (0..starts)
        .into_par_iter()
        .map(|place| {
            let one = PrototypesOptions {
                seed: seed(resamples + place),
                starts: 1,
                swaps: 0,
                ..*options
            };
            Ok(k_prototypes(data, &one)?.labels)
        })
        .collect::<Result<Vec<Vec<usize>>, SegmentationError>>()?;
    let agreement: Vec<f64> = (0..starts)
        .flat_map(|a| (0..a).map(move |b| (a, b)))
        .map(|(a, b)| adjusted_rand_index(&single[a], &single[b]))
        .collect();
    Ok(Stability {
        jaccard: (0..options.k)
            .map(|g| overlaps.iter().map(|o| o[g]).sum::<f64>() / resamples as f64)
            .collect(),
        between_starts: agreement.iter().sum::<f64>() / agreement.len() as f64,
        between_starts_least: agreement.iter().copied().fold(f64::INFINITY, f64::min),
        resamples,
    })
}

/// Per group of `left`, its overlap with the group of `right` most like it: rows in both over rows in either.
///
/// * `left`, `right` – groups from 0 to `k` − 1, shape `(rows,)`
pub fn jaccard(left: &[usize], right: &[usize], k: usize) -> Vec<f64> {
    let mut both = vec![0_usize; k * k];
    let (mut of_left, mut of_right) = (vec![0_usize; k], vec![0_usize; k]);
    for (a, b) in left.iter().zip(right) {
        both[a * k + b] += 1;
        of_left[*a] += 1;
        of_right[*b] += 1;
    }
    (0..k)
        .map(|a| {
            (0..k)
                .map(|b| {
                    let shared = both[a * k + b];
                    let either = of_left[a] + of_right[b] - shared;
                    shared as f64 / either.max(1) as f64
                })
                .fold(0.0, f64::max)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::jaccard;

    #[test]
    fn overlap_is_rows_in_both_over_rows_in_either() {
        let ours = jaccard(&[0, 0, 0, 1, 1, 1], &[1, 1, 0, 0, 0, 0], 2);
        assert_eq!(ours, [2.0 / 3.0, 3.0 / 4.0]);
    }
}
