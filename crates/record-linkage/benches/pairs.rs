//! Pairs per second: comparing and weighing candidates, and a whole run.

#[path = "../tests/support/mod.rs"]
mod support;

use divan::{Bencher, counter::ItemsCount};
use helder_record_linkage::{Bound, blocking::Candidates, comparison::Scratch, run};
use support::{febrl_spec, febrl4};

fn main() {
    divan::main();
}

/// Agreement patterns of all candidate pairs of FEBRL4, one thread.
#[divan::bench]
fn patterns_of_candidate_pairs(bencher: Bencher) {
    let (left, right) = febrl4();
    let spec = febrl_spec();
    let bound = Bound::new(&spec, &left.table, &right.table);
    let mut candidates = Candidates::new(&bound, &spec, &spec.blocking_rules);
    let mut pairs = Vec::new();
    candidates.visit(|_, left, right| pairs.push((left, right)));
    let mut scratch = Scratch::new();
    bencher
        .counter(ItemsCount::new(pairs.len()))
        .bench_local(|| {
            pairs.iter().fold(0_u64, |sum, (l, r)| {
                sum ^ bound.pattern(*l, *r, &mut scratch)
            })
        });
}

/// Agreement patterns of random pairs, one thread.
#[divan::bench]
fn patterns_of_random_pairs(bencher: Bencher) {
    let (left, right) = febrl4();
    let spec = febrl_spec();
    let bound = Bound::new(&spec, &left.table, &right.table);
    let mut scratch = Scratch::new();
    let n = bound.n_right();
    bencher
        .counter(ItemsCount::new(100_000_usize))
        .bench_local(|| {
            (0..100_000_usize).fold(0_u64, |sum, i| {
                sum ^ bound.pattern((i * 7919) % n, (i * 104_729) % n, &mut scratch)
            })
        });
}

/// Everything: read, train, block, weigh, choose.
#[divan::bench(sample_count = 5)]
fn whole_run_on_febrl4(bencher: Bencher) {
    let (left, right) = febrl4();
    let spec = febrl_spec();
    bencher.bench_local(|| run(&spec, &left.table, &right.table, &()));
}
