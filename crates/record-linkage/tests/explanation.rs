//! The waterfall of a pair is the score of the pair.

mod support;

use std::{collections::HashMap, sync::LazyLock};

use helder_record_linkage::{Bound, LinkageSpec, RunResult, run, waterfall, waterfall::BarKind};
use proptest::prelude::*;
use support::{Labelled, febrl_spec, febrl4};

struct Finished {
    left: Labelled,
    spec: LinkageSpec,
    bound: Bound,
    result: RunResult,
}

static RUN: LazyLock<Finished> = LazyLock::new(|| {
    let (left, right) = febrl4();
    let spec = febrl_spec();
    #[expect(clippy::unwrap_used, reason = "a test")]
    let result = run(&spec, &left.table, &right.table, &()).unwrap();
    let bound = Bound::new(&spec, &left.table, &right.table);
    Finished {
        left,
        spec,
        bound,
        result,
    }
});

#[test]
fn the_bars_of_every_link_sum_to_its_weight_to_the_last_bit() {
    let run = &*RUN;
    let model = run.result.model.as_ref().unwrap();
    let rivals: HashMap<_, _> = run
        .result
        .scored
        .iter()
        .map(|pair| ((pair.left, pair.right), pair.rival_bar))
        .collect();
    for link in &run.result.links {
        let pair = (link.left as usize, link.right as usize);
        let shown = waterfall(
            &run.spec,
            &run.bound,
            model,
            pair,
            rivals[&(link.left, link.right)],
        );
        assert_eq!(shown.match_weight.to_bits(), link.match_weight.to_bits());
        assert_eq!(
            shown.match_probability.to_bits(),
            link.match_probability.to_bits()
        );
    }
}

#[test]
fn a_waterfall_shows_levels_and_probabilities_but_no_value() {
    let run = &*RUN;
    let link = run.result.links[0];
    let shown = waterfall(
        &run.spec,
        &run.bound,
        run.result.model.as_ref().unwrap(),
        (link.left as usize, link.right as usize),
        0.0,
    );
    let text = serde_json::to_string(&shown).unwrap();
    for name in ["given_name", "surname", "address_1"] {
        let column = run.left.table.column(name).unwrap();
        if let Some(value) = column.text(column.codes()[link.left as usize]) {
            assert!(!text.contains(&format!("\"{value}\"")), "{name}");
        }
    }
    assert!(
        shown
            .bars
            .iter()
            .filter(|bar| bar.kind == BarKind::Comparison)
            .count()
            == run.spec.comparisons.len()
    );
}

proptest! {
    #[test]
    fn bars_sum_exactly_in_any_order_for_any_pair(left in 0..5000_usize, right in 0..5000_usize, rival in -40.0..0.0_f64) {
        let run = &*RUN;
        let rival = (rival * 1024.0).round() / 1024.0;
        let shown = waterfall(&run.spec, &run.bound, run.result.model.as_ref().unwrap(), (left, right), rival);
        let backwards: f64 = shown.bars.iter().rev().map(|bar| bar.weight).sum();
        prop_assert_eq!(backwards.to_bits(), shown.match_weight.to_bits());
    }
}
