//! Within one file pairs learn from their groups, in a state as in a run.
#![expect(clippy::unwrap_used, reason = "a test")]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use helder_record_linkage::{
    Column, RunResult, Table, dedupe,
    incremental::{Frozen, Source, State},
    run::Limits,
    waterfall,
};
use support::{febrl_spec, febrl4};

/// People of FEBRL4.
const PEOPLE: usize = 400;

/// Each person three times: as in either file, and a third record that takes every other field from the one and the other.
fn three_times() -> Table {
    let (left, right) = febrl4();
    let of: BTreeMap<u64, u32> = (0..)
        .zip(&right.truth)
        .map(|(row, who)| (*who, row))
        .collect();
    let names: Vec<String> = left.table.names().map(str::to_owned).collect();
    let mut table = Table::new(3 * PEOPLE);
    for (i, name) in names.iter().enumerate() {
        let text = |table: &Table, row: u32| {
            let column = table.column(name).unwrap();
            column.text(column.codes()[row as usize]).map(str::to_owned)
        };
        let mut texts = Vec::new();
        for person in 0..PEOPLE {
            let a = text(&left.table, person as u32);
            let b = text(&right.table, of[&left.truth[person]]);
            let c = if (i + person) % 2 == 0 {
                a.clone()
            } else {
                b.clone()
            };
            // Of every fifth person the first two records have nothing in common; only the third says that they are one.
            let apart = person % 5 == 0;
            let (a, b) = (
                a.filter(|_| !apart || i % 2 == 0),
                b.filter(|_| !apart || i % 2 == 1),
            );
            texts.extend([a, b, c]);
        }
        let column = Column::from_texts(texts.iter().map(Option::as_deref));
        table.insert(name, column).unwrap();
    }
    table
}

fn keys(table: &Table) -> Vec<String> {
    (0..table.n_rows()).map(|row| format!("{row:05}")).collect()
}

fn pairs(found: &RunResult) -> BTreeSet<(u32, u32)> {
    found
        .links
        .iter()
        .map(|link| (link.left, link.right))
        .collect()
}

#[test]
fn a_state_gives_the_links_of_a_run_and_its_bars_sum_to_the_weights() {
    let table = three_times();
    let spec = febrl_spec();
    let found = dedupe(&spec, &table, &()).unwrap();
    let model = found.run.model.clone().unwrap();
    let frozen = Arc::new(Frozen::within(&spec, &model, &table).unwrap());
    let source = Source::new(&keys(&table), &table).unwrap();
    let nobody = Source::new(&[], &Table::new(0)).unwrap();
    let state = State::from_scratch(
        Arc::clone(&frozen),
        source,
        nobody.clone(),
        Limits::default(),
        &(),
    )
    .unwrap();
    let told = state.result(&()).unwrap();
    let differ = pairs(&told)
        .symmetric_difference(&pairs(&found.run))
        .count();
    assert!(
        differ <= 2 && told.links.len() > 1_000,
        "{differ} of {}",
        told.links.len()
    );

    // Without the groups some of these links are missing.
    let alone: BTreeSet<(u32, u32)> = state.links().iter().map(|l| (l.left, l.right)).collect();
    assert!(pairs(&told).difference(&alone).count() > 0);
    let raised = told
        .scored
        .iter()
        .filter(|pair| pair.rival_bar > 0.0)
        .count();
    assert!(raised > 20, "{raised}");

    // Every bar, that of the group among them, is in the waterfall.
    let bound = frozen.bound(table.clone(), None);
    for pair in &told.scored {
        let rows = (pair.left as usize, pair.right as usize);
        let shown = waterfall(frozen.spec(), &bound, &model, rows, pair.rival_bar);
        assert_eq!(shown.match_weight.to_bits(), pair.match_weight.to_bits());
        let backwards: f64 = shown.bars.iter().rev().map(|bar| bar.weight).sum();
        assert_eq!(backwards.to_bits(), pair.match_weight.to_bits());
    }

    // A record of a group changes, another goes: as from scratch, with the groups' say.
    let mut rows: Vec<u32> = (0..table.n_rows() as u32).collect();
    rows.remove(3);
    rows.swap(10, 500);
    let mut names = keys(&table);
    names.remove(3);
    let next = Source::new(&names, &table.pick(&rows)).unwrap();
    let (updated, work) = state
        .update(next.clone(), nobody.clone(), Limits::default(), &())
        .unwrap();
    assert_eq!((work.removed, work.changed), (1, 2));
    let scratch = State::from_scratch(frozen, next, nobody, Limits::default(), &()).unwrap();
    let told = [updated, scratch].map(|state| state.result(&()).unwrap());
    assert_eq!(told[0].links, told[1].links);
    assert_eq!(told[0].scored, told[1].scored);
    assert_eq!(told[0].quality, told[1].quality);
}
