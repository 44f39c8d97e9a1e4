//! What EM must do on any data: never lower what it maximises, and find the parameters that made the data to within sampling error.

use std::collections::BTreeMap;

use helder_record_linkage::em::{EmInput, Trained, TrainingBlock, train};
use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Levels per comparison; the last comparison has two conditions (as sex beside given names): levels 1 and 2 under one, 3 and 4 under the
/// other.
const M: [&[f64]; 5] = [
    &[0.88, 0.08, 0.04],
    &[0.75, 0.15, 0.10],
    &[0.93, 0.05, 0.02],
    &[0.70, 0.20, 0.10],
    &[0.97, 0.03, 0.90, 0.10],
];
/// Among members of one household: the surname (second) and the address (fourth) agree, the rest hardly.
const HOUSEHOLD: [&[f64]; 5] = [
    &[0.03, 0.07, 0.90],
    &[0.80, 0.12, 0.08],
    &[0.01, 0.04, 0.95],
    &[0.85, 0.10, 0.05],
    &[0.50, 0.50, 0.80, 0.20],
];
const U: [&[f64]; 5] = [
    &[0.01, 0.04, 0.95],
    &[0.03, 0.07, 0.90],
    &[0.002, 0.018, 0.98],
    &[0.02, 0.08, 0.90],
    &[0.50, 0.50, 0.95, 0.05],
];
const CONDITIONS: [u8; 5] = [0, 0, 0, 1, 1];
/// Share of the pairs that are under the first condition of the last comparison, by class: true pairs, household, others.
const FIRST_CONDITION: [f64; 3] = [0.5; 3];
/// Weight of the starting distributions, in pairs, as `em` says: of m, and of the household.
const PRIOR_PAIRS: [f64; 2] = [1.0, 20.0];

fn tables(of: &[&[f64]; 5]) -> Vec<Vec<f64>> {
    of.iter().map(|levels| [&[0.0], *levels].concat()).collect()
}

fn draw(rng: &mut Xoshiro256PlusPlus, levels: &[f64]) -> usize {
    let mut rest: f64 = rng.r#gen();
    for (level, p) in levels.iter().enumerate() {
        rest -= p;
        if rest < 0.0 {
            return level;
        }
    }
    levels.len() - 1
}

/// Pairs with these class shares; one level in twenty is missing.
fn block(
    rng: &mut Xoshiro256PlusPlus,
    n: usize,
    shares: [f64; 3],
    touched: usize,
) -> TrainingBlock {
    let mut counts = BTreeMap::new();
    for _ in 0..n {
        let class = draw(rng, &shares);
        let of = [&M, &HOUSEHOLD, &U][class];
        let mut pattern = 0_u64;
        for (k, levels) in of.iter().enumerate() {
            let level = if k < 4 {
                1 + draw(rng, levels)
            } else if rng.gen_bool(FIRST_CONDITION[class]) {
                1 + draw(rng, &levels[..2])
            } else {
                3 + draw(rng, &levels[2..])
            };
            if !rng.gen_bool(0.05) {
                pattern |= (level as u64) << (4 * k);
            }
        }
        *counts.entry(pattern).or_insert(0_u64) += 1;
    }
    TrainingBlock {
        rule: format!("block {touched}"),
        touched: (0..5).map(|k| k == touched).collect(),
        patterns: counts.into_iter().collect(),
        start: [0.3, if shares[1] > 0.0 { 0.2 } else { 0.0 }, 0.5],
    }
}

fn blocks(seed: u64, n: usize, with_household: bool) -> Vec<TrainingBlock> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let household = |share: f64| if with_household { share } else { 0.0 };
    let shares = |m: f64, h: f64| [m, household(h), 1.0 - m - household(h)];
    [(0.30, 0.10, 0), (0.15, 0.25, 3), (0.20, 0.20, 2)]
        .into_iter()
        .map(|(m, h, touched)| block(&mut rng, n, shares(m, h), touched))
        .collect()
}

fn input(with_household: bool, max_iterations: u32) -> EmInput {
    let start = [0.7, 0.2, 0.1];
    let m: Vec<Vec<f64>> = (0..5)
        .map(|k| {
            if k < 4 {
                std::iter::once(0.0).chain(start).collect()
            } else {
                vec![0.0, 0.8, 0.2, 0.8, 0.2]
            }
        })
        .collect();
    // Begun beside the truth, so that it has to be found.
    let household = tables(&HOUSEHOLD).into_iter().map(|levels| {
        let n = levels.iter().filter(|p| **p > 0.0).count() as f64;
        let sum = if n > 3.0 { 2.0 } else { 1.0 };
        let moved = |p: f64| {
            if p > 0.0 {
                0.8 * p + 0.2 * sum / n
            } else {
                0.0
            }
        };
        levels.into_iter().map(moved).collect()
    });
    EmInput {
        u: tables(&U),
        m,
        household: with_household.then(|| household.collect()),
        shared: vec![false; 5],
        follows: vec![false; 5],
        household_caps: vec![None; 5],
        conditions: vec![vec![], vec![], vec![], vec![], CONDITIONS.to_vec()],
        match_caps: vec![None; 5],
        max_iterations,
    }
}

fn level_of(pattern: u64, k: usize) -> usize {
    (pattern >> (4 * k) & 15) as usize
}

/// Shares of the three classes in a block.
fn shares(found: &Trained, block: usize) -> [f64; 3] {
    let block = &found.convergence.blocks[block];
    [block.matches, block.household, block.unrelated]
}

/// Likelihood of a pattern in each class, times the share of the class.
fn parts(
    found: &Trained,
    u: &[Vec<f64>],
    block: &TrainingBlock,
    at: usize,
    pattern: u64,
) -> [f64; 3] {
    let mut parts = shares(found, at);
    let household = found.household.as_ref().unwrap_or(&found.m);
    for k in (0..5).filter(|k| !block.touched[*k]) {
        let level = level_of(pattern, k);
        if level > 0 {
            parts[0] *= found.m[k][level];
            parts[1] *= household[k][level];
            parts[2] *= u[k][level];
        }
    }
    parts
}

/// What EM maximises, worked out without its help: log-likelihood and logarithm of the priors.
fn objective(input: &EmInput, blocks: &[TrainingBlock], found: &Trained) -> f64 {
    let mut sum = 0.0;
    for (at, block) in blocks.iter().enumerate() {
        for (pattern, n) in &block.patterns {
            let likelihood: f64 = parts(found, &input.u, block, at, *pattern).iter().sum();
            sum += *n as f64 * likelihood.ln();
        }
    }
    let mut prior = |levels: &[Vec<f64>], start: &[Vec<f64>], pairs: f64| {
        for (p, start) in levels.iter().flatten().zip(start.iter().flatten()) {
            if *start > 0.0 {
                sum += pairs * start * p.ln();
            }
        }
    };
    prior(&found.m, &input.m, PRIOR_PAIRS[0]);
    if let (Some(household), Some(start)) = (&found.household, &input.household) {
        prior(household, start, PRIOR_PAIRS[1]);
    }
    sum
}

#[test]
fn em_never_lowers_what_it_maximises_in_two_classes_and_in_three() {
    for with_household in [false, true] {
        for seed in 1..=12 {
            let blocks = blocks(seed, 4_000, with_household);
            let mut before = f64::NEG_INFINITY;
            let (mut steps, mut rise) = (0, 0.0);
            for iterations in 1..=60 {
                let input = input(with_household, iterations);
                let found = train(&input, &blocks);
                let now = objective(&input, &blocks, &found);
                // Rounding in a sum of some thousand terms; nothing else is let pass.
                assert!(
                    now >= before - 1e-9 * now.abs(),
                    "seed {seed}, household {with_household}, iteration {iterations}: {before} {now}"
                );
                if now > before {
                    rise += if before.is_finite() {
                        now - before
                    } else {
                        0.0
                    };
                    steps += 1;
                }
                before = now;
            }
            assert!(steps >= 5 && rise > 10.0, "{steps} {rise}");
        }
    }
}

/// A number that EM is free to choose: of which class, comparison and level.
#[derive(Clone, Copy)]
enum Free {
    Level {
        class: usize,
        k: usize,
        level: usize,
    },
    Share {
        block: usize,
        class: usize,
    },
}

/// The last level under the condition of another one, whose probability is what the others leave.
fn last(k: usize, level: usize) -> usize {
    match (k, level) {
        (4, 1 | 2) => 2,
        (4, _) => 4,
        _ => 3,
    }
}

fn free(with_household: bool, blocks: &[TrainingBlock]) -> Vec<Free> {
    let mut out = Vec::new();
    for class in 0..if with_household { 2 } else { 1 } {
        for k in 0..5 {
            let levels = 1..=if k == 4 { 4 } else { 3 };
            let levels = levels.filter(|level| *level != last(k, *level));
            out.extend(levels.map(|level| Free::Level { class, k, level }));
        }
        out.extend((0..blocks.len()).map(|block| Free::Share { block, class }));
    }
    out
}

/// Standard errors of what EM found, from the empirical Fisher information: the sum over all pairs of the outer products of the scores
/// of the observed patterns (`McLachlan` and Krishnan, *The EM Algorithm and Extensions*, 4.3). What is not known of the classes is in it.
fn standard_errors(
    input: &EmInput,
    blocks: &[TrainingBlock],
    found: &Trained,
    free: &[Free],
) -> Vec<f64> {
    let n = free.len();
    let mut information = vec![vec![0.0; n]; n];
    let household = found.household.as_ref().unwrap_or(&found.m);
    for (at, block) in blocks.iter().enumerate() {
        let of_class = shares(found, at);
        for (pattern, count) in &block.patterns {
            let parts = parts(found, &input.u, block, at, *pattern);
            let all: f64 = parts.iter().sum();
            let score: Vec<f64> = free
                .iter()
                .map(|free| match *free {
                    Free::Share { block, class } if block == at => {
                        parts[class] / of_class[class] / all - parts[2] / of_class[2] / all
                    }
                    Free::Share { .. } => 0.0,
                    Free::Level { k, .. } if block.touched[k] => 0.0,
                    Free::Level { class, k, level } => {
                        let table = if class == 0 { &found.m } else { household };
                        let posterior = parts[class] / all;
                        match level_of(*pattern, k) {
                            seen if seen == level => posterior / table[k][level],
                            seen if seen > 0 && seen == last(k, level) => {
                                -posterior / table[k][seen]
                            }
                            _ => 0.0,
                        }
                    }
                })
                .collect();
            for i in 0..n {
                for j in 0..n {
                    information[i][j] += *count as f64 * score[i] * score[j];
                }
            }
        }
    }
    inverse(information)
        .iter()
        .enumerate()
        .map(|(i, row)| row[i].sqrt())
        .collect()
}

/// Gauss–Jordan with the largest pivot.
fn inverse(mut a: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let n = a.len();
    for (i, row) in a.iter_mut().enumerate() {
        row.extend((0..n).map(|j| f64::from(u8::from(i == j))));
    }
    for column in 0..n {
        let largest = |x: &usize, y: &usize| a[*x][column].abs().total_cmp(&a[*y][column].abs());
        let pivot = (column..n).max_by(largest).unwrap_or(column);
        a.swap(column, pivot);
        let head = a[column][column];
        assert!(head.abs() > 1e-9, "a parameter that nothing depends on");
        a[column].iter_mut().for_each(|x| *x /= head);
        let pivot = a[column].clone();
        for (row, values) in a.iter_mut().enumerate() {
            if row != column {
                let factor = values[column];
                values
                    .iter_mut()
                    .zip(&pivot)
                    .for_each(|(x, p)| *x -= factor * p);
            }
        }
    }
    a.into_iter().map(|row| row[n..].to_vec()).collect()
}

/// The number that made the data.
fn truth(free: Free, with_household: bool) -> f64 {
    match free {
        Free::Level { class, k, level } => [&M, &HOUSEHOLD][class][k][level - 1],
        Free::Share { block, class } => {
            let shares = [(0.30, 0.10), (0.15, 0.25), (0.20, 0.20)][block];
            if class == 0 {
                shares.0
            } else if with_household {
                shares.1
            } else {
                0.0
            }
        }
    }
}

/// Over several seeds, errors in standard errors are as large as they should be: none beyond 4.5, their mean square near 1.
#[test]
fn parameters_that_made_the_data_are_found_to_within_their_standard_error() {
    for with_household in [false, true] {
        let (mut squares, mut n, mut worst) = (0.0, 0.0, 0.0_f64);
        for seed in 11..17 {
            let blocks = blocks(seed, 60_000, with_household);
            let input = input(with_household, 2_000);
            let found = train(&input, &blocks);
            assert!(found.convergence.converged);
            let free = free(with_household, &blocks);
            let errors = standard_errors(&input, &blocks, &found, &free);
            let household = found.household.as_ref();
            for (free, error) in free.into_iter().zip(errors) {
                let estimate = match free {
                    Free::Level { class: 0, k, level } => found.m[k][level],
                    Free::Level { k, level, .. } => household.map_or(0.0, |h| h[k][level]),
                    Free::Share { block, class } => shares(&found, block)[class],
                };
                assert!(error.is_finite() && error < 0.05, "{error}");
                let z = (estimate - truth(free, with_household)) / error;
                squares += z * z;
                worst = worst.max(z.abs());
                n += 1.0;
            }
        }
        let mean = squares / n;
        println!(
            "household {with_household}: {n} numbers, mean z² {mean:.2}, worst |z| {worst:.1}"
        );
        assert!(worst < 4.5, "household {with_household}: {worst}");
        assert!(
            (0.6..1.6).contains(&mean),
            "household {with_household}: {mean}"
        );
    }
}
