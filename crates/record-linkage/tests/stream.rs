//! Pairs that are handed over are those that are kept otherwise, in one order, within bounds.

mod support;

use helder_record_linkage::{
    Cancelled, Limits, LinkageSpec, RunError, TrainedModel,
    run::{Part, WeighedPair, stream, weigh_part},
};
use support::{febrl_spec, febrl4};

fn spec() -> LinkageSpec {
    let mut spec = febrl_spec();
    spec.random_pairs = 100_000;
    spec
}

#[expect(clippy::unwrap_used, reason = "a test")]
fn streamed(threads: usize, least: f64) -> (Vec<WeighedPair>, TrainedModel, u64) {
    let (left, right) = febrl4();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    pool.install(|| {
        let mut pairs = Vec::new();
        let take = |some: &[WeighedPair]| {
            pairs.extend_from_slice(some);
            Ok(())
        };
        let tables = (left.table, right.table);
        let found = stream(&spec(), tables, (least, Limits::default()), &(), take).unwrap();
        assert_eq!(found.pairs, pairs.len() as u64);
        let weighed: u64 = found.rules.iter().map(|rule| rule.new_pairs).sum();
        assert!(weighed > found.pairs);
        (pairs, found.model.unwrap(), found.pairs)
    })
}

#[test]
fn what_is_streamed_is_what_is_kept_on_any_number_of_threads() {
    let (one, model, n) = streamed(1, -8.0);
    let (four, ..) = streamed(4, -8.0);
    assert_eq!(one, four);
    let (left, right) = febrl4();
    let all = Part { number: 0, of: 1 };
    let kept = weigh_part(
        &spec(),
        (&left.table, &right.table),
        &model,
        all,
        Limits::default(),
        &(),
    )
    .unwrap();
    let mut sorted = one.clone();
    sorted.sort_by_key(|pair| (pair.left, pair.right));
    assert_eq!(sorted, kept);

    let (likely, _, n_likely) = streamed(2, 0.0);
    let above: Vec<WeighedPair> = one
        .into_iter()
        .filter(|pair| pair.match_weight >= 0.0)
        .collect();
    assert_eq!(likely, above);
    assert!(n_likely > 4_500 && n_likely < n);
}

#[test]
fn a_stream_stops_when_told_and_refuses_what_does_not_fit() {
    let tables = || {
        let (left, right) = febrl4();
        (left.table, right.table)
    };
    let mut told = 0;
    let stopped = stream(&spec(), tables(), (-8.0, Limits::default()), &(), |_| {
        told += 1;
        Err(Cancelled)
    });
    assert_eq!(stopped.unwrap_err(), RunError::Cancelled(Cancelled));
    assert_eq!(told, 1);
    let with = |memory_bytes| {
        let limits = Limits {
            memory_bytes,
            pairs: None,
        };
        stream(&spec(), tables(), (0.0, limits), &(), |_| Ok(()))
    };
    let Err(RunError::Memory { needed, .. }) = with(Some(1 << 20)) else {
        panic!("a megabyte is not enough")
    };
    assert!(with(Some(needed)).is_ok());
    assert!(with(Some(needed - 1)).is_err());
}
