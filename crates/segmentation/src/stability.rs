//! Would the same groups be found again?

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    Matrix, Mixed, Mixture, MixtureOptions, Prototypes, PrototypesOptions, SegmentationError,
    adjusted_rand_index, gaussian_mixture, k_prototypes,
};

/// Overlap below which a group is an accident of the sample (Hennig 2007, doi 10.1016/j.csda.2006.11.025).
pub(crate) const ACCIDENT: f64 = 0.6;
/// Overlap from which a group can be relied on (ibid.).
const RELIABLE: f64 = 0.75;
/// Starts of a fit on a sample.
const STARTS_AGAIN: usize = 3;
/// Growth of the log-likelihood of a row at which a mixture of a sample is good enough to compare.
const TOLERANCE_AGAIN: f64 = 1e-4;

/// How far a group can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Firmness {
    /// The same people would be together in another sample.
    Reliable,
    /// There probably is such a group, but who belongs to it is not certain.
    Doubtful,
    /// An accident of the sample.
    Accident,
}

impl Firmness {
    /// By its overlap with the group most like it in other samples (Jaccard, in `[0, 1]`).
    pub fn of(overlap: f64) -> Self {
        match overlap {
            reliable if reliable >= RELIABLE => Self::Reliable,
            doubtful if doubtful >= ACCIDENT => Self::Doubtful,
            _ => Self::Accident,
        }
    }

    /// What a reader must know, in Dutch and English; `None` of a group that can be relied on.
    pub const fn warning(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Reliable => None,
            Self::Doubtful => Some((
                "Er is waarschijnlijk zo'n groep, maar wie er precies bij hoort, is niet zeker.",
                "There probably is such a group, but who exactly belongs to it is not certain.",
            )),
            Self::Accident => Some((
                "Deze groep is niet stabiel: met andere cliënten was zij er misschien niet geweest. Trek er geen conclusies uit.",
                "This group is not stable: with other clients it might not have been there. Draw no conclusions from it.",
            )),
        }
    }
}

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
    /// Per row, what samples say that did not hold it; shape `(rows,)`.
    #[serde(skip)]
    pub left_out: Vec<LeftOut>,
}

/// A row as somebody new, in the samples it was not in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Samples without this row.
    pub samples: u32,
    /// Those whose groups put it in the group that it has now. Groups of a sample go by the name of the group they share most rows with,
    /// each name once.
    pub same: u32,
}

/// [`Prototypes::stability`] of the best fit with these options.
///
/// # Errors
/// As [`k_prototypes`]; fewer than one sample or two starts.
pub fn prototypes_stability(
    data: &Mixed,
    options: &PrototypesOptions,
    resamples: usize,
    starts: usize,
) -> Result<Stability, SegmentationError> {
    k_prototypes(data, options)?.stability(data, options, resamples, starts)
}

impl Prototypes {
    /// Draws samples and starts, and compares with this fit of the same data and options.
    ///
    /// * `resamples` – 20 to 100   * `starts` – single starts compared pair by pair, at least 2
    ///
    /// # Errors
    /// As [`k_prototypes`]; fewer than one sample or two starts.
    /// # Source
    /// Hennig, Computational Statistics & Data Analysis 52(1), 2007, doi 10.1016/j.csda.2006.11.025.
    pub fn stability(
        &self,
        data: &Mixed,
        options: &PrototypesOptions,
        resamples: usize,
        starts: usize,
    ) -> Result<Stability, SegmentationError> {
        let groups = |fitted: &Self| -> Vec<usize> {
            fitted.assign(data).into_iter().map(|(g, _)| g).collect()
        };
        let found = Found {
            labels: &self.labels,
            assigned: groups(self),
            k: self.means.len(),
            seed: options.seed,
        };
        let again = |drawn: &[usize], seed: u64| {
            let options = PrototypesOptions {
                seed,
                starts: options.starts.min(STARTS_AGAIN),
                swaps: 0,
                ..*options
            };
            let again = k_prototypes(&data.take(drawn), &options)?;
            let all = groups(&again);
            Ok((again.labels, all))
        };
        let single = |seed: u64| {
            let options = PrototypesOptions {
                seed,
                starts: 1,
                swaps: 0,
                ..*options
            };
            Ok(k_prototypes(data, &options)?.labels)
        };
        compare(&found, resamples, starts, &again, &single)
    }
}

impl Mixture {
    /// Draws samples and starts, and compares with this fit of the same data and options, by the most probable group of each row.
    ///
    /// * `resamples` – 20 to 100   * `starts` – single starts compared pair by pair, at least 2
    ///
    /// # Errors
    /// As [`gaussian_mixture`]; fewer than one sample or two starts.
    /// # Source
    /// As [`Prototypes::stability`].
    pub fn stability(
        &self,
        data: &Matrix,
        options: &MixtureOptions,
        resamples: usize,
        starts: usize,
    ) -> Result<Stability, SegmentationError> {
        let labels = self.labels(data)?;
        let found = Found {
            labels: &labels,
            assigned: labels.clone(),
            k: self.weights.len(),
            seed: options.start.seed,
        };
        let with = |seed: u64, starts: usize| {
            let mut options = options.clone();
            options.start.seed = seed;
            options.start.starts = options.start.starts.min(starts);
            options.tolerance = options.tolerance.max(TOLERANCE_AGAIN);
            options
        };
        let again = |drawn: &[usize], seed: u64| {
            let again = gaussian_mixture(&data.take(drawn), &with(seed, STARTS_AGAIN))?;
            let all = again.labels(data)?;
            Ok((drawn.iter().map(|row| all[*row]).collect(), all))
        };
        let single = |seed: u64| gaussian_mixture(data, &with(seed, 1))?.labels(data);
        compare(&found, resamples, starts, &again, &single)
    }
}

/// What is compared with.
struct Found<'a> {
    labels: &'a [usize],
    /// Group of each row as somebody new would get it.
    assigned: Vec<usize>,
    k: usize,
    seed: u64,
}

/// Groups of a sample: of the rows drawn, in their order, and of all rows.
type Again = Result<(Vec<usize>, Vec<usize>), SegmentationError>;

fn compare(
    found: &Found<'_>,
    resamples: usize,
    starts: usize,
    again: &(dyn Fn(&[usize], u64) -> Again + Sync),
    single: &(dyn Fn(u64) -> Result<Vec<usize>, SegmentationError> + Sync),
) -> Result<Stability, SegmentationError> {
    if resamples < 1 || starts < 2 {
        return Err(SegmentationError::Library(
            "stability takes at least one sample and two starts".to_owned(),
        ));
    }
    let n = found.labels.len();
    let seed = |place: usize| {
        let step = (place as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        found.seed.wrapping_add(step)
    };
    let samples = (0..resamples)
        .into_par_iter()
        .map(|place| {
            let mut random = Xoshiro256PlusPlus::seed_from_u64(seed(place));
            let drawn: Vec<usize> = (0..n).map(|_| random.gen_range(0..n)).collect();
            let (labels, all) = again(&drawn, seed(place))?;
            let mut rows: Vec<(usize, usize)> = drawn.into_iter().zip(labels).collect();
            rows.sort_unstable();
            rows.dedup();
            let overlaps = overlaps(
                rows.iter().map(|(row, label)| (found.labels[*row], *label)),
                found.k,
            );
            let name = names(&overlaps);
            let mut is_same: Vec<Option<bool>> = (0..n)
                .map(|row| Some(name[all[row]] == found.assigned[row]))
                .collect();
            for (row, _) in rows {
                is_same[row] = None;
            }
            Ok((largest(&overlaps), is_same))
        })
        .collect::<Result<Vec<_>, SegmentationError>>()?;
    let single = (0..starts)
        .into_par_iter()
        .map(|place| single(seed(resamples + place)))
        .collect::<Result<Vec<Vec<usize>>, SegmentationError>>()?;
    let agreement: Vec<f64> = (0..starts)
        .flat_map(|a| (0..a).map(move |b| (a, b)))
        .map(|(a, b)| adjusted_rand_index(&single[a], &single[b]))
        .collect();
    let mut left_out = vec![LeftOut::default(); n];
    for (_, is_same) in &samples {
        for (row, is_same) in left_out.iter_mut().zip(is_same) {
            row.samples += u32::from(is_same.is_some());
            row.same += u32::from(*is_same == Some(true));
        }
    }
    Ok(Stability {
        jaccard: (0..found.k)
            .map(|g| samples.iter().map(|(o, _)| o[g]).sum::<f64>() / resamples as f64)
            .collect(),
        between_starts: agreement.iter().sum::<f64>() / agreement.len() as f64,
        between_starts_least: agreement.iter().copied().fold(f64::INFINITY, f64::min),
        resamples,
        left_out,
    })
}

/// Rows in both over rows in either, for each pair of groups: shape `(k, k)`, row-major.
fn overlaps(rows: impl Iterator<Item = (usize, usize)>, k: usize) -> Vec<f64> {
    let mut both = vec![0_usize; k * k];
    let (mut of_left, mut of_right) = (vec![0_usize; k], vec![0_usize; k]);
    for (a, b) in rows {
        both[a * k + b] += 1;
        of_left[a] += 1;
        of_right[b] += 1;
    }
    (0..k * k)
        .map(|place| {
            let either = of_left[place / k] + of_right[place % k] - both[place];
            both[place] as f64 / either.max(1) as f64
        })
        .collect()
}

fn largest(overlaps: &[f64]) -> Vec<f64> {
    let k = overlaps.len().isqrt();
    overlaps
        .chunks_exact(k.max(1))
        .map(|of_group| of_group.iter().copied().fold(0.0, f64::max))
        .collect()
}

/// For each group on the right the one on the left that goes by its name: the largest overlaps first, each name once.
fn names(overlaps: &[f64]) -> Vec<usize> {
    let k = overlaps.len().isqrt();
    let mut order: Vec<usize> = (0..overlaps.len()).collect();
    order.sort_by(|a, b| overlaps[*b].total_cmp(&overlaps[*a]).then(a.cmp(b)));
    let (mut name, mut is_taken) = (vec![None; k], vec![false; k]);
    for place in order {
        let (left, right) = (place / k, place % k);
        if name[right].is_none() && !is_taken[left] {
            name[right] = Some(left);
            is_taken[left] = true;
        }
    }
    name.into_iter().flatten().collect()
}

/// Per group of `left`, its overlap with the group of `right` most like it: rows in both over rows in either.
///
/// * `left`, `right` – groups from 0 to `k` − 1, shape `(rows,)`
pub fn jaccard(left: &[usize], right: &[usize], k: usize) -> Vec<f64> {
    largest(&overlaps(
        left.iter().copied().zip(right.iter().copied()),
        k,
    ))
}

#[cfg(test)]
mod tests {
    use super::{jaccard, names};

    #[test]
    fn overlap_is_rows_in_both_over_rows_in_either() {
        let ours = jaccard(&[0, 0, 0, 1, 1, 1], &[1, 1, 0, 0, 0, 0], 2);
        assert_eq!(ours, [2.0 / 3.0, 3.0 / 4.0]);
    }

    #[test]
    fn names_go_by_the_largest_overlap_and_each_once() {
        // Both groups on the right overlap most with the first; the one that overlaps more is it.
        assert_eq!(names(&[0.6, 0.5, 0.1, 0.2]), [0, 1]);
        assert_eq!(names(&[0.1, 0.9, 0.8, 0.2]), [1, 0]);
    }
}
