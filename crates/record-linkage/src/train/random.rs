//! Chance agreement: what random pairs and value counts say.

use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use crate::{
    bound::Bound,
    comparison::{Scratch, mix},
    em::distribute,
    run::{Cancelled, Observer},
    spec::LinkageSpec,
};

/// Pairs per task; fixed, so that the result does not depend on the number of threads.
const CHUNK_PAIRS: u64 = 1 << 15;
/// Pairs compared on one thing before the next.
const BATCH: usize = 1 << 10;
/// Rows of a side drawn for a batch.
const DRAWN: usize = 1 << 8;

/// What random pairs show, per comparison and level.
pub(super) struct RandomPairs {
    pairs: u64,
    pub(super) counts: Vec<Vec<u64>>,
    pub(super) inverse_frequency: Vec<Vec<f64>>,
}

pub(super) fn random_pairs(
    bound: &Bound,
    spec: &LinkageSpec,
    observer: &dyn Observer,
) -> Result<RandomPairs, Cancelled> {
    let n_levels: Vec<usize> = (0..bound.comparisons.len())
        .map(|k| bound.levels(k).len())
        .collect();
    let empty = || RandomPairs {
        pairs: 0,
        counts: n_levels.iter().map(|n| vec![0; *n]).collect(),
        inverse_frequency: n_levels.iter().map(|n| vec![0.0; *n]).collect(),
    };
    let n_chunks = spec.random_pairs.div_ceil(CHUNK_PAIRS);
    let chunks: Vec<RandomPairs> = (0..n_chunks)
        .into_par_iter()
        .map_init(Scratch::new, |scratch, chunk| {
            observer.checkpoint()?;
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(mix(spec.seed, chunk));
            let mut found = Vec::new();
            let mut sums = empty();
            let mut pairs = Vec::with_capacity(BATCH);
            for _ in 0..CHUNK_PAIRS / BATCH as u64 {
                draw(bound, &mut rng, &mut pairs);
                for k in 0..bound.comparisons.len() {
                    bound.compare_many(k, &pairs, scratch, &mut found);
                    for outcome in &found {
                        sums.counts[k][usize::from(outcome.level)] += 1;
                        if outcome.frequency > 0.0 {
                            sums.inverse_frequency[k][usize::from(outcome.level)] +=
                                1.0 / outcome.frequency;
                        }
                    }
                }
            }
            sums.pairs = CHUNK_PAIRS;
            Ok(sums)
        })
        .collect::<Result<_, Cancelled>>()?;
    let mut sums = empty();
    for chunk in &chunks {
        sums.pairs += chunk.pairs;
        for (sums, counts) in sums.counts.iter_mut().zip(&chunk.counts) {
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum += count;
            }
        }
        for (sums, inverse) in sums
            .inverse_frequency
            .iter_mut()
            .zip(&chunk.inverse_frequency)
        {
            for (sum, inverse) in sums.iter_mut().zip(inverse) {
                *sum += inverse;
            }
        }
    }
    Ok(sums)
}

/// Draws rows of both sides and pairs each with several: reading a row costs more than comparing it, and pairs that share a row are still
/// all but independent.
fn draw(bound: &Bound, rng: &mut Xoshiro256PlusPlus, pairs: &mut Vec<(u32, u32)>) {
    let mut rows =
        |n: usize| -> [u32; DRAWN] { std::array::from_fn(|_| rng.gen_range(0..n) as u32) };
    let (lefts, rights) = (rows(bound.n_left()), rows(bound.n_right()));
    pairs.clear();
    for round in 0..BATCH / DRAWN {
        for (i, left) in lefts.iter().enumerate() {
            let right = rights[(i + round * 37) % DRAWN];
            if !bound.is_within() || *left != right {
                pairs.push((*left, right));
            }
        }
    }
}

/// u per comparison and level, true pairs taken out. Never zero.
pub(super) fn chance(
    bound: &Bound,
    random: &RandomPairs,
    m: &[Vec<f64>],
    match_share: f64,
) -> Vec<Vec<f64>> {
    random
        .counts
        .iter()
        .enumerate()
        .map(|(k, counts)| {
            let known: u64 = counts.iter().skip(1).sum();
            let total = known as f64 + 0.5 * (counts.len() - 1) as f64;
            let mut u: Vec<f64> = counts
                .iter()
                .map(|count| (*count as f64 + 0.5) / total)
                .collect();
            if let Some(collision) = bound.collision(k) {
                u[1] = collision;
            }
            // Under a further condition there are few pairs, and how many of them are true is not known.
            let conditions = bound.conditions(k);
            if let Some(m) = m.get(k) {
                for (level, (u, m)) in u.iter_mut().zip(m).enumerate().skip(1) {
                    if conditions
                        .get(level)
                        .is_none_or(|condition| *condition == 0)
                    {
                        *u = (*u - match_share * m).max(0.1 * *u);
                    }
                }
            }
            u[0] = 0.0;
            distribute(&mut u, bound.conditions(k));
            u
        })
        .collect()
}
