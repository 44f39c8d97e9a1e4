//! One record against many weighs what it weighs in the run.
#![expect(clippy::unwrap_used, reason = "a test")]

mod support;

use std::collections::HashMap;

use helder_record_linkage::{
    RunResult, Table,
    online::{Index, Limits},
    run,
};
use support::{febrl_spec, febrl4};

const ALL: Limits = Limits {
    compared: 10_000,
    candidates: 10_000,
};

fn indexed() -> (Index, RunResult, Table) {
    let (left, right) = febrl4();
    let spec = febrl_spec();
    let found = run(&spec, &left.table, &right.table, &()).unwrap();
    let model = found.model.as_ref().unwrap();
    let index = Index::new(&spec, model, &left.table, &right.table);
    (index, found, right.table)
}

#[test]
fn a_record_weighs_what_it_weighs_in_the_run() {
    let (mut index, found, right) = indexed();
    let mut of_right: HashMap<u32, Vec<(u32, f64)>> = HashMap::new();
    for pair in &found.scored {
        let before_rivals = pair.match_weight - pair.rival_bar;
        let all = of_right.entry(pair.right).or_default();
        all.push((pair.left, before_rivals));
    }
    let mut compared = 0;
    for row in (0..right.n_rows() as u32).step_by(5) {
        let answer = index.find(&right.pick(&[row]), ALL);
        assert!(answer.not_compared.is_empty());
        for candidate in &answer.candidates {
            let sum: f64 = candidate.waterfall.bars.iter().map(|bar| bar.weight).sum();
            assert_eq!(sum.to_bits(), candidate.match_weight.to_bits());
            assert!(candidate.waterfall.found_by.is_some());
        }
        let here: HashMap<u32, f64> = answer
            .candidates
            .iter()
            .map(|candidate| (candidate.row, candidate.match_weight - candidate.rival_bar))
            .collect();
        for (left, weight) in of_right.remove(&row).unwrap_or_default() {
            // The run keeps a little more or less at its floor: it put pairs aside before it had settled its prior.
            if weight >= -8.0 {
                compared += 1;
                let online = here.get(&left).copied();
                assert_eq!(
                    online.map(f64::to_bits),
                    Some(weight.to_bits()),
                    "{row} {left}"
                );
            }
        }
    }
    assert!(compared > 900, "{compared}");
}

#[test]
fn an_unknown_word_leaves_no_trace_and_an_empty_record_finds_nobody() {
    let (mut index, _, right) = indexed();
    let known = right.pick(&[7]);
    let before = index.find(&known, ALL);
    assert!(!before.candidates.is_empty());
    let mut strange = Table::new(1);
    for name in known.names() {
        let text = format!("xq{name}zzyx");
        let column = helder_record_linkage::Column::from_texts([Some(text.as_str())]);
        strange.insert(name, column).unwrap();
    }
    assert_eq!(index.find(&strange, ALL).candidates, []);
    assert_eq!(index.find(&Table::new(1), ALL).compared, 0);
    assert_eq!(index.find(&Table::new(0), ALL).compared, 0);
    assert_eq!(index.find(&known, ALL), before);
}

#[test]
fn keys_that_are_too_common_are_reported_and_the_limit_holds() {
    let (mut index, _, right) = indexed();
    let limits = Limits {
        compared: 20,
        candidates: 3,
    };
    let mut left_out = 0;
    for row in 0..200 {
        let record = right.pick(&[row]);
        let (few, all) = (index.find(&record, limits), index.find(&record, ALL));
        assert!(few.compared <= 20 && few.candidates.len() <= 3);
        let reported: u64 = few.not_compared.iter().map(|list| list.records).sum();
        assert!(few.compared + reported >= all.compared, "{row}");
        left_out += few.not_compared.len();
    }
    assert!(left_out > 0);
}
