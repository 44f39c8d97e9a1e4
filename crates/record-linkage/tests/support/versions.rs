//! Versions of two files that change from one to the next, and what two states have in common that found the same.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "shared by tests; each uses a part"
)]

use std::collections::{BTreeMap, BTreeSet};

use helder_record_linkage::{
    Column, LinkageSpec, Table,
    incremental::{
        Source, State,
        entities::{Entities, Event, EventKind},
    },
    spec::{Assignment, ColumnPair},
};
use rand::Rng as _;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::support::febrl_spec;

pub(crate) const ROWS: usize = 700;

pub(crate) type Records = BTreeMap<String, Vec<Option<String>>>;

/// Rows with keys that do not follow their order, and a column `pseudonym` that a fifth of the people have on both sides.
pub(crate) fn records(
    table: &Table,
    truth: &[u64],
    of: &[u64],
    names: &[String],
    prefix: &str,
) -> Records {
    let people: BTreeSet<u64> = of[..ROWS].iter().copied().collect();
    let text = |name: &str, row: u32| {
        let column = table.column(name)?;
        column.text(column.codes()[row as usize]).map(str::to_owned)
    };
    let row = |row: u32| {
        let person = truth[row as usize];
        let mut fields: Vec<Option<String>> = names.iter().map(|name| text(name, row)).collect();
        fields.push(person.is_multiple_of(5).then(|| format!("p{person}")));
        (format!("{prefix}{:05}", row * 7919 % 10_007), fields)
    };
    let rows = 0..table.n_rows() as u32;
    rows.filter(|row| people.contains(&truth[*row as usize]))
        .map(row)
        .collect()
}

pub(crate) fn source(records: &Records, names: &[String]) -> Source {
    let mut table = Table::new(records.len());
    for (i, name) in names
        .iter()
        .map(String::as_str)
        .chain(["pseudonym"])
        .enumerate()
    {
        let texts = records.values().map(|fields| fields[i].as_deref());
        table.insert(name, Column::from_texts(texts)).unwrap();
    }
    let keys: Vec<String> = records.keys().cloned().collect();
    Source::new(&keys, &table).unwrap()
}

/// Takes some rows away, brings some back, changes some, and lets some say again what they said at first.
pub(crate) fn change(
    rng: &mut Xoshiro256PlusPlus,
    now: &mut Records,
    gone: &mut Records,
    first: &Records,
) {
    let keys: Vec<String> = now.keys().cloned().collect();
    if keys.is_empty() {
        return;
    }
    for (key, fields) in &mut *now {
        if fields != &first[key] && rng.gen_bool(0.3) {
            fields.clone_from(&first[key]);
        }
    }
    for _ in 0..rng.gen_range(0..12) {
        let key = &keys[rng.gen_range(0..keys.len())];
        if let Some(fields) = now.remove(key) {
            gone.insert(key.clone(), fields);
        }
    }
    let away: Vec<String> = gone.keys().cloned().collect();
    for key in away {
        if rng.gen_bool(0.2) {
            let fields = gone.remove(&key).unwrap();
            now.insert(key, fields);
        }
    }
    for _ in 0..rng.gen_range(0..40) {
        let (a, b) = (rng.gen_range(0..keys.len()), rng.gen_range(0..keys.len()));
        let other = now.get(&keys[b]).cloned();
        if let (Some(fields), Some(other)) = (now.get_mut(&keys[a]), other) {
            let field = rng.gen_range(0..fields.len());
            fields[field].clone_from(&other[field]);
        }
    }
}

pub(crate) fn same(updated: &State, scratch: &State) {
    let links = |state: &State| -> Vec<(u32, u32, u64)> {
        let links = state.links().iter();
        links
            .map(|l| (l.left, l.right, l.match_weight.to_bits()))
            .collect()
    };
    let pairs = |state: &State| -> Vec<(u32, u32, u64, u64)> {
        let pairs = state.scored().iter();
        pairs
            .map(|p| {
                (
                    p.left,
                    p.right,
                    p.rival_bar.to_bits(),
                    p.match_weight.to_bits(),
                )
            })
            .collect()
    };
    assert_eq!(pairs(updated), pairs(scratch));
    assert_eq!(links(updated), links(scratch));
    assert_eq!(updated.clusters(), scratch.clusters());
    assert_eq!(updated.rules(), scratch.rules());
    assert!(updated.labels().eq(scratch.labels()));
    let told = [updated, scratch].map(|state| state.result(&()).unwrap());
    assert_eq!(told[0].links, told[1].links);
    assert_eq!(told[0].scored, told[1].scored);
    assert_eq!(told[0].quality, told[1].quality);
    assert_eq!(told[0].steps, told[1].steps);
    assert_eq!(told[0].weight_bins, told[1].weight_bins);
}

/// Records per number, by key.
pub(crate) fn people(state: &State, ids: &Entities) -> BTreeMap<u64, BTreeSet<String>> {
    let mut people: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    for (row, key) in state.left().keys().iter().enumerate() {
        let id = ids.of_left(row).unwrap();
        people.entry(id).or_default().insert(format!("l{key}"));
    }
    if !state.frozen().is_within() {
        for (row, key) in state.right().keys().iter().enumerate() {
            let id = ids.of_right(row).unwrap();
            people.entry(id).or_default().insert(format!("r{key}"));
        }
    }
    people
}

/// Numbers change only where records do, and the history tells all of it.
pub(crate) fn numbers_last(
    before: &BTreeMap<u64, BTreeSet<String>>,
    after: &BTreeMap<u64, BTreeSet<String>>,
    events: &[Event],
) {
    let by_records: BTreeMap<&BTreeSet<String>, u64> =
        after.iter().map(|(id, records)| (records, *id)).collect();
    for (id, records) in before {
        if let Some(now) = by_records.get(records) {
            assert_eq!(now, id, "the records are the same, so is the number");
        }
    }
    let told: BTreeSet<u64> = events
        .iter()
        .flat_map(|e| e.from.iter().chain(&e.into))
        .copied()
        .collect();
    for id in before.keys().chain(after.keys()) {
        if before.contains_key(id) != after.contains_key(id) {
            assert!(told.contains(id), "{id} came or went without a word");
        }
    }
    for event in events {
        assert!(!event.reasons.is_empty());
        for id in &event.into {
            assert!(after.contains_key(id));
        }
        for id in &event.from {
            assert!(before.contains_key(id));
        }
        match event.kind {
            EventKind::Created => assert!(!before.contains_key(&event.into[0])),
            EventKind::Ended => assert!(!after.contains_key(&event.from[0])),
            EventKind::Merged => {
                let into = &after[&event.into[0]];
                assert!(event.from.len() > 1 || event.from != event.into);
                for id in &event.from {
                    assert!(before[id].intersection(into).next().is_some());
                }
            }
            EventKind::Split => {
                assert!(event.into.len() > 1);
                let from = &before[&event.from[0]];
                for id in &event.into {
                    assert!(after[id].intersection(from).next().is_some());
                }
            }
        }
    }
}

pub(crate) fn spec(assignment: Assignment, most_pairs: u64) -> LinkageSpec {
    let mut spec = febrl_spec();
    spec.assignment = assignment;
    spec.max_block_pairs = most_pairs;
    spec.random_pairs = 200_000;
    spec.deterministic = vec![ColumnPair::same("pseudonym")];
    spec
}

pub(crate) fn names(table: &Table) -> Vec<String> {
    table.names().map(str::to_owned).collect()
}
