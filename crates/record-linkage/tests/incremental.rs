//! Linking what changed gives what linking everything gives; numbers of persons change only where their records do.
#![expect(clippy::unwrap_used, reason = "a test")]

mod support;
#[path = "support/versions.rs"]
mod versions;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use helder_record_linkage::{
    ColumnBuilder, Table, dedupe,
    incremental::{
        FileError, Frozen, Source, State,
        entities::{Entities, Event, EventKind},
    },
    run,
    run::{Limits, RunError},
    spec::Assignment,
};
use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use support::{febrl_spec, febrl4};
use versions::{Records, change, names, numbers_last, people, records, same, source, spec};

fn walk(frozen: &Arc<Frozen>, mut sides: [Records; 2], names: &[String], seed: u64) -> Vec<Event> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut gone = [Records::new(), Records::new()];
    let first_sides = sides.clone();
    let read = |sides: &[Records; 2]| (source(&sides[0], names), source(&sides[1], names));
    let (left, right) = read(&sides);
    let mut state =
        State::from_scratch(Arc::clone(frozen), left, right, Limits::default(), &()).unwrap();
    let (mut ids, first) = Entities::first(&state);
    assert!(first.iter().all(|event| event.kind == EventKind::Created));
    let mut all = Vec::new();
    let mut again = 0;
    for _ in 0..6 {
        for ((side, gone), first) in sides.iter_mut().zip(&mut gone).zip(&first_sides) {
            change(&mut rng, side, gone, first);
        }
        let (left, right) = read(&sides);
        let (updated, work) = state
            .update(left.clone(), right.clone(), Limits::default(), &())
            .unwrap();
        let scratch =
            State::from_scratch(Arc::clone(frozen), left, right, Limits::default(), &()).unwrap();
        same(&updated, &scratch);
        assert!(work.settled_again < work.pairs);
        again += work.settled_again;
        let (next, events) = ids.update(&state, &updated);
        let mut file = Vec::new();
        updated.write(&next, &mut file).unwrap();
        let (updated, read) = State::read(&file).unwrap();
        assert_eq!(read, next);
        same(&updated, &scratch);
        numbers_last(&people(&state, &ids), &people(&updated, &next), &events);
        (state, ids) = (updated, next);
        all.extend(events);
    }
    assert!(again > 0);
    all
}

fn two_files(assignment: Assignment, most_pairs: u64, seed: u64) -> Vec<Event> {
    let (left, right) = febrl4();
    let names = names(&left.table);
    let sides = [
        records(&left.table, &left.truth, &left.truth, &names, "a"),
        records(&right.table, &right.truth, &left.truth, &names, "b"),
    ];
    let spec = spec(assignment, most_pairs);
    let tables = [&sides[0], &sides[1]].map(|side| source(side, &names).table().clone());
    let found = run(&spec, &tables[0], &tables[1], &()).unwrap();
    let model = found.model.unwrap();
    let share = found.duplicate_share;
    let frozen = Frozen::new(&spec, &model, share, &tables[0], &tables[1]).unwrap();
    walk(&Arc::new(frozen), sides, &names, seed)
}

#[test]
fn one_to_one_links_follow_every_change() {
    let events = two_files(Assignment::OneToOne, 4_000_000, 1);
    for kind in [EventKind::Merged, EventKind::Split] {
        assert!(events.iter().any(|event| event.kind == kind), "{kind:?}");
    }
    let merged = events.iter().find(|event| event.kind == EventKind::Merged);
    assert!(!merged.unwrap().links.is_empty());
}

#[test]
fn blocks_that_open_and_close_and_second_registrations_follow_too() {
    // So few pairs a block that a handful of rows opens or closes some.
    two_files(Assignment::OneLeftPerRight, 400, 2);
    two_files(Assignment::All, 150, 3);
}

#[test]
fn groups_within_one_file_follow_every_change() {
    let (left, right) = febrl4();
    let names = names(&left.table);
    let mut one = records(&left.table, &left.truth, &left.truth, &names, "a");
    one.extend(records(
        &right.table,
        &right.truth,
        &left.truth,
        &names,
        "b",
    ));
    let spec = spec(Assignment::All, 4_000);
    let table = source(&one, &names).table().clone();
    let found = dedupe(&spec, &table, &()).unwrap();
    let frozen = Frozen::within(&spec, &found.run.model.unwrap(), &table).unwrap();
    let events = walk(&Arc::new(frozen), [one, Records::new()], &names, 4);
    assert!(events.iter().any(|event| event.kind == EventKind::Split));
}

#[test]
fn the_first_state_holds_the_pairs_of_the_run() {
    let (left, right) = febrl4();
    let spec = febrl_spec();
    let found = run(&spec, &left.table, &right.table, &()).unwrap();
    let model = found.model.as_ref().unwrap();
    let frozen = Frozen::new(
        &spec,
        model,
        found.duplicate_share,
        &left.table,
        &right.table,
    );
    // Keys in the order of the rows, so that rows are the same.
    let keys = |table: &Table| -> Vec<String> {
        let rows = 0..table.n_rows();
        rows.map(|row| format!("{row:06}")).collect()
    };
    let source = |table: &Table| Source::new(&keys(table), table).unwrap();
    let state = State::from_scratch(
        Arc::new(frozen.unwrap()),
        source(&left.table),
        source(&right.table),
        Limits::default(),
        &(),
    )
    .unwrap();
    let weights: BTreeMap<(u32, u32), f64> = state
        .scored()
        .iter()
        .map(|pair| ((pair.left, pair.right), pair.match_weight - pair.rival_bar))
        .collect();
    for pair in &found.scored {
        let weight = pair.match_weight - pair.rival_bar;
        if weight >= -8.0 {
            let here = weights.get(&(pair.left, pair.right)).copied();
            assert_eq!(here.map(f64::to_bits), Some(weight.to_bits()));
        }
    }
    let pairs = |links: &[helder_record_linkage::Link]| -> BTreeSet<(u32, u32)> {
        links.iter().map(|link| (link.left, link.right)).collect()
    };
    // The run lets its competition settle several times while it finds its prior; few links hang on that.
    let differ = pairs(state.links())
        .symmetric_difference(&pairs(&found.links))
        .count();
    assert!(differ <= 2, "{differ}");
    assert!(state.links().len() > 4900);
}

#[test]
fn an_update_that_does_not_fit_is_refused_with_what_it_needs() {
    let (left, right) = febrl4();
    let spec = febrl_spec();
    let model = run(&spec, &left.table, &right.table, &()).unwrap().model;
    let frozen = Frozen::new(&spec, &model.unwrap(), 0.0, &left.table, &right.table);
    let source = |table: &Table| {
        let keys: Vec<String> = (0..table.n_rows()).map(|row| format!("{row:06}")).collect();
        Source::new(&keys, table).unwrap()
    };
    let (l, r) = (source(&left.table), source(&right.table));
    let before = State::empty(Arc::new(frozen.unwrap()));
    let linked = |bytes: u64| {
        let limits = Limits {
            memory_bytes: Some(bytes),
            pairs: None,
        };
        before.update(l.clone(), r.clone(), limits, &())
    };
    let Err(RunError::Memory { needed, .. }) = linked(1 << 20) else {
        panic!("a mebibyte cannot be enough");
    };
    assert!(needed > left.table.bytes() + right.table.bytes());
    let plenty = linked(10 * needed).unwrap().0;
    let free = State::from_scratch(
        Arc::new(before.frozen().clone()),
        l.clone(),
        r.clone(),
        Limits::default(),
        &(),
    );
    same(&plenty, &free.unwrap());
    // Room for the records, and for too few of their pairs.
    let Err(RunError::Memory { stage, .. }) = linked(needed) else {
        panic!("pairs need room too");
    };
    assert_eq!(stage, "weighing pairs");
}

/// Two small linked sources with numbers, as a file.
fn small_file() -> Vec<u8> {
    let (left, right) = febrl4();
    let few: Vec<u32> = (0..60).collect();
    let (spec, names) = (spec(Assignment::OneToOne, 1_000), names(&left.table));
    let side = |side: &support::Labelled, prefix| {
        let all = records(&side.table, &side.truth, &left.truth, &names, prefix);
        source(&all.into_iter().take(60).collect(), &names)
    };
    let sides = [side(&left, "a"), side(&right, "b")];
    let tables = [left.table.pick(&few), right.table.pick(&few)];
    let model = run(&spec, &left.table, &right.table, &())
        .unwrap()
        .model
        .unwrap();
    let frozen = Frozen::new(&spec, &model, 0.0, &tables[0], &tables[1]).unwrap();
    let [l, r] = sides;
    let state = State::from_scratch(Arc::new(frozen), l, r, Limits::default(), &()).unwrap();
    let mut file = Vec::new();
    state.write(&Entities::first(&state).0, &mut file).unwrap();
    file
}

#[test]
fn a_damaged_file_is_an_error_and_nothing_else() {
    let file = small_file();
    let (state, ids) = State::read(&file).unwrap();
    let mut again = Vec::new();
    state.write(&ids, &mut again).unwrap();
    assert!(again == file, "what was read is written to the same bytes");
    for end in (0..file.len()).step_by(97).chain([file.len() - 1]) {
        assert!(State::read(&file[..end]).is_err(), "cut at {end}");
    }
    let mut longer = file.clone();
    longer.push(0);
    assert_eq!(
        State::read(&longer).unwrap_err(),
        FileError::Damaged("after the end")
    );
    let mut other = file.clone();
    other[8] = 3;
    assert_eq!(State::read(&other).unwrap_err(), FileError::Version(3));
    // Before people could decide there was no such section: its head of 20 bytes and a count of none.
    let mut former = file[..file.len() - 28].to_vec();
    former[8] = 1;
    let (read, same_ids) = State::read(&former).unwrap();
    assert_eq!((read.links(), &same_ids), (state.links(), &ids));
    assert_eq!(read.labels().count(), 0);
    for place in (0..file.len()).step_by(41) {
        let mut wrong = file.clone();
        wrong[place] ^= 1 << (place % 8);
        assert!(State::read(&wrong).is_err(), "byte {place}");
    }
}

#[test]
fn a_file_with_right_sums_and_wrong_content_is_an_error_too() {
    let file = small_file();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
    // Sections begin after 12 bytes; each has 20 bytes before its content.
    let mut sections = Vec::new();
    let mut at = 12;
    while at < file.len() {
        let n = u64::from_le_bytes(file[at + 4..at + 12].try_into().unwrap()) as usize;
        sections.push((at, at + 20, at + 20 + n));
        at += 20 + n;
    }
    let mut refused = 0;
    for _ in 0..600 {
        let mut wrong = file.clone();
        let (head, start, end) = sections[rng.gen_range(0..sections.len())];
        if start == end {
            continue;
        }
        for _ in 0..rng.gen_range(1..4) {
            wrong[rng.gen_range(start..end)] = rng.gen_range(0..=255);
        }
        let sum = wrong[start..end]
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
                (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
            });
        wrong[head + 12..head + 20].copy_from_slice(&sum.to_le_bytes());
        // Either it is refused, or it is a state that can be gone on with.
        match State::read(&wrong) {
            Err(_) => refused += 1,
            Ok((state, ids)) => {
                let (left, right) = (state.left().clone(), state.right().clone());
                let (next, _) = state.update(left, right, Limits::default(), &()).unwrap();
                ids.update(&state, &next);
            }
        }
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn records_must_be_told_apart() {
    let mut names = ColumnBuilder::default();
    names.push(Some("x"));
    names.push(Some("y"));
    let mut table = Table::new(2);
    table.insert("name", names.finish()).unwrap();
    let keys = |texts: &[&str]| -> Vec<String> { texts.iter().map(|t| (*t).to_owned()).collect() };
    assert!(Source::new(&keys(&["a", "a"]), &table).is_err());
    assert!(Source::new(&keys(&["a"]), &table).is_err());
    let sorted = Source::new(&keys(&["b", "a"]), &table).unwrap();
    assert_eq!(sorted.keys(), ["a", "b"]);
    let column = sorted.table().column("name").unwrap();
    assert_eq!(column.text(column.codes()[0]), Some("y"));
}
