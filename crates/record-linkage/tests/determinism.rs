//! The same input gives the same bits.

mod support;

use helder_record_linkage::{RunResult, run};
use support::{febrl_spec, febrl4};

#[expect(clippy::unwrap_used, reason = "a test")]
fn with_threads(n: usize) -> RunResult {
    let (left, right) = febrl4();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(n)
        .build()
        .unwrap();
    pool.install(|| run(&febrl_spec(), &left.table, &right.table, &()).unwrap())
}

#[test]
fn one_thread_and_four_give_the_same_bits() {
    let (one, four) = (with_threads(1), with_threads(4));
    assert_eq!(one.links, four.links);
    assert_eq!(one.scored, four.scored);
    assert_eq!(one.steps, four.steps);
    assert_eq!(one.rules, four.rules);
    assert_eq!(one.weight_bins, four.weight_bins);
    let json = |result: &RunResult| serde_json::to_string(&result.model).unwrap();
    assert_eq!(json(&one), json(&four));
    assert!(
        one.links
            .iter()
            .zip(&four.links)
            .all(|(a, b)| a.match_weight.to_bits() == b.match_weight.to_bits())
    );
}
