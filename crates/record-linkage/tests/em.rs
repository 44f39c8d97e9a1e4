//! EM finds the parameters that made the data.

use std::collections::BTreeMap;

use helder_record_linkage::em::{EmInput, TrainingBlock, train};
use rand::{Rng, SeedableRng, rngs::StdRng};

const M: [[f64; 4]; 4] = [
    [0.0, 0.90, 0.06, 0.04],
    [0.0, 0.75, 0.15, 0.10],
    [0.0, 0.95, 0.03, 0.02],
    [0.0, 0.60, 0.30, 0.10],
];
const U: [[f64; 4]; 4] = [
    [0.0, 0.01, 0.04, 0.95],
    [0.0, 0.05, 0.10, 0.85],
    [0.0, 0.002, 0.008, 0.99],
    [0.0, 0.10, 0.20, 0.70],
];

fn draw(rng: &mut StdRng, distribution: &[f64; 4]) -> u64 {
    let mut rest: f64 = rng.r#gen();
    for (level, probability) in distribution.iter().enumerate().skip(1) {
        rest -= probability;
        if rest < 0.0 {
            return level as u64;
        }
    }
    3
}

fn tables(of: &[[f64; 4]; 4]) -> Vec<Vec<f64>> {
    of.iter().map(|levels| levels.to_vec()).collect()
}

/// Pairs of which `share` are true; one level in twenty is missing.
fn block(seed: u64, n: usize, share: f64, touched: Vec<bool>) -> TrainingBlock {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut counts = BTreeMap::new();
    for _ in 0..n {
        let of = if rng.gen_bool(share) { &M } else { &U };
        let pattern = of.iter().enumerate().fold(0_u64, |pattern, (k, levels)| {
            let level = draw(&mut rng, levels);
            let level = if rng.gen_bool(0.05) { 0 } else { level };
            pattern | level << (4 * k)
        });
        *counts.entry(pattern).or_insert(0_u64) += 1;
    }
    TrainingBlock {
        rule: format!("block {seed}"),
        touched,
        patterns: counts.into_iter().collect(),
        start: [0.2, 0.0, 0.8],
    }
}

#[test]
fn em_recovers_chosen_m_and_shares_from_simulated_patterns() {
    let blocks = [
        block(1, 200_000, 0.30, vec![false; 4]),
        block(2, 200_000, 0.05, vec![true, false, false, false]),
        block(3, 100_000, 0.60, vec![false, false, true, false]),
    ];
    let start = vec![vec![0.0, 0.8, 0.1, 0.1]; 4];
    let input = EmInput {
        u: tables(&U),
        m: start,
        household: None,
        shared: vec![false; 4],
        follows: vec![false; 4],
        household_caps: vec![None; 4],
        conditions: Vec::new(),
        match_caps: Vec::new(),
        max_iterations: 500,
    };
    let trained = train(&input, &blocks);
    assert!(trained.convergence.converged);
    for (found, chosen) in trained.m.iter().zip(&M) {
        for (found, chosen) in found.iter().zip(chosen).skip(1) {
            assert!((found - chosen).abs() < 0.005, "{found} {chosen}");
        }
    }
    for (block, chosen) in trained.convergence.blocks.iter().zip([0.30, 0.05, 0.60]) {
        assert!((block.matches - chosen).abs() < 0.005, "{block:?}");
    }
}

#[test]
fn a_level_nobody_reaches_keeps_a_probability_above_zero() {
    let input = EmInput {
        u: tables(&U),
        m: vec![vec![0.0, 0.8, 0.1, 0.1]; 4],
        household: None,
        shared: vec![false; 4],
        follows: vec![false; 4],
        household_caps: vec![None; 4],
        conditions: Vec::new(),
        match_caps: Vec::new(),
        max_iterations: 50,
    };
    let only_best = TrainingBlock {
        rule: "b".into(),
        touched: vec![false; 4],
        patterns: vec![(0x1111, 1000)],
        start: [0.5, 0.0, 0.5],
    };
    let trained = train(&input, &[only_best]);
    assert!(
        trained
            .m
            .iter()
            .all(|levels| levels[1..].iter().all(|p| *p > 0.0))
    );
}

#[test]
fn em_never_lowers_the_likelihood_and_extrapolation_only_saves_steps() {
    let blocks = [
        block(4, 50_000, 0.10, vec![false, true, false, false]),
        block(5, 50_000, 0.02, vec![false, false, true, false]),
    ];
    let after = |max_iterations| {
        let input = EmInput {
            u: tables(&U),
            m: vec![vec![0.0, 0.5, 0.3, 0.2]; 4],
            household: None,
            shared: vec![false; 4],
            follows: vec![false; 4],
            household_caps: vec![None; 4],
            conditions: Vec::new(),
            match_caps: Vec::new(),
            max_iterations,
        };
        train(&input, &blocks).convergence
    };
    let mut before = f64::NEG_INFINITY;
    for iterations in 1..60 {
        let found = after(iterations);
        // The prior of one pair may cost a little likelihood; nothing else may.
        assert!(found.log_likelihood >= before - 0.01, "{iterations}");
        before = found.log_likelihood;
    }
    let end = after(500);
    assert!(end.converged && end.log_likelihood >= before - 0.01);
}
