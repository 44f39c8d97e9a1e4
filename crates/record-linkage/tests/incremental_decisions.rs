//! Decisions of people in a series: linking what changed gives what linking everything gives under the same decisions, and all of them hold.
#![expect(clippy::unwrap_used, reason = "a test")]

mod support;
#[path = "support/versions.rs"]
mod versions;

use std::{collections::BTreeMap, sync::Arc};

use helder_record_linkage::{
    Label, dedupe,
    incremental::{
        Frozen, State,
        entities::{ChangeReason, Entities, Event, EventKind},
    },
    run,
    run::{Limits, Step},
    spec::Assignment,
};
use rand::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use support::febrl4;
use versions::{Records, change, names, numbers_last, people, records, same, source, spec};

/// By the keys of the records, so that they outlast a version.
type Decisions = BTreeMap<(String, String), bool>;

/// People decide about some pairs that came near, some links and some pairs of anybody; they change their mind, or find that they cannot tell.
fn decide(rng: &mut Xoshiro256PlusPlus, state: &State, made: &mut Decisions) {
    made.retain(|_, _| !rng.gen_bool(0.1));
    for is_match in made.values_mut().filter(|_| rng.gen_bool(0.1)) {
        *is_match = !*is_match;
    }
    let (left, right) = (state.left().keys(), state.right().keys());
    let mut add = |l: u32, r: u32, is_match: bool| {
        let keys = (left[l as usize].clone(), right[r as usize].clone());
        let turned = (keys.1.clone(), keys.0.clone());
        let within = state.frozen().is_within();
        if !(within && (keys.0 == keys.1 || made.contains_key(&turned))) {
            made.insert(keys, is_match);
        }
    };
    for pair in state.scored() {
        if rng.gen_bool(0.03) {
            add(pair.left, pair.right, rng.gen_bool(0.5));
        }
    }
    for link in state.links() {
        if rng.gen_bool(0.03) {
            add(link.left, link.right, rng.gen_bool(0.3));
        }
    }
    for _ in 0..6 {
        let (l, r) = (rng.gen_range(0..left.len()), rng.gen_range(0..right.len()));
        add(l as u32, r as u32, rng.gen_bool(0.7));
    }
}

/// The decisions whose records are there, by place.
fn labels(made: &Decisions, left: &[String], right: &[String]) -> Vec<Label> {
    let place = |keys: &[String], key: &String| keys.binary_search(key).ok();
    made.iter()
        .filter_map(|((l, r), is_match)| {
            Some(Label {
                left: place(left, l)? as u32,
                right: place(right, r)? as u32,
                is_match: *is_match,
            })
        })
        .collect()
}

/// Of decisions that cannot all hold (a is b, b is c, a is not c) a match yields; which, is for groups to say. Here none contradict.
fn without_contradictions(labels: &mut Vec<Label>) {
    let matches = labels.iter().filter(|label| label.is_match);
    let matched: Vec<u32> = matches
        .flat_map(|label| [label.left, label.right])
        .collect();
    let times = |row: u32| matched.iter().filter(|other| **other == row).count();
    labels.retain(|label| {
        let most = usize::from(label.is_match);
        times(label.left) <= most && times(label.right) <= most
    });
}

/// What people decided holds, as far as the assignment lets it.
fn holds(state: &State, labels: &[Label], assignment: Assignment) {
    let told = state.result(&()).unwrap();
    let within = state.frozen().is_within();
    let mut kept = 0;
    for label in labels {
        let (l, r) = (label.left.min(label.right), label.left.max(label.right));
        let pair = if within {
            (l, r)
        } else {
            (label.left, label.right)
        };
        let links = told.links.iter();
        let of_pair: Vec<Step> = links
            .filter(|link| (link.left, link.right) == pair)
            .map(|link| link.step)
            .collect();
        if label.is_match {
            kept += usize::from(of_pair == [Step::Reviewed]);
            assert!(assignment != Assignment::All || of_pair == [Step::Reviewed]);
        } else {
            assert_eq!(of_pair, [], "{label:?}");
            if within {
                let groups = &state.clusters().cluster_of;
                assert_ne!(
                    groups[pair.0 as usize], groups[pair.1 as usize],
                    "{label:?}"
                );
            }
        }
    }
    let matches = labels.iter().filter(|label| label.is_match).count();
    assert!(2 * kept >= matches, "{kept} of {matches}");
}

fn walk(frozen: &Arc<Frozen>, mut sides: [Records; 2], names: &[String], seed: u64) -> Vec<Event> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut gone = [Records::new(), Records::new()];
    let first_sides = sides.clone();
    let assignment = frozen.spec().assignment;
    let (mut made, mut all) = (Decisions::new(), Vec::new());
    let nothing = || State::empty(Arc::clone(frozen));
    let mut state = nothing();
    let mut ids = None;
    for round in 0..7 {
        // Now and then only decisions change.
        if round > 0 && round != 4 {
            for ((side, gone), first) in sides.iter_mut().zip(&mut gone).zip(&first_sides) {
                change(&mut rng, side, gone, first);
            }
        }
        if round > 0 {
            decide(&mut rng, &state, &mut made);
        }
        // In the end nobody has decided anything.
        if round == 6 {
            made.clear();
        }
        let read = || (source(&sides[0], names), source(&sides[1], names));
        let (left, right) = read();
        let others = if frozen.is_within() { &left } else { &right };
        let mut labels = labels(&made, left.keys(), others.keys());
        if assignment == Assignment::All && frozen.is_within() {
            without_contradictions(&mut labels);
        }
        let limits = Limits::default();
        let (updated, work) = state
            .update_labelled((left, right), &labels, limits, &())
            .unwrap();
        let (scratch, _) = nothing()
            .update_labelled(read(), &labels, limits, &())
            .unwrap();
        same(&updated, &scratch);
        holds(&updated, &labels, assignment);
        assert!(round == 0 || work.settled_again < work.pairs);
        let (next, events) = match &ids {
            None => Entities::first(&updated),
            Some(known) => Entities::update(known, &state, &updated),
        };
        let mut file = Vec::new();
        updated.write(&next, &mut file).unwrap();
        let (updated, read) = State::read(&file).unwrap();
        assert_eq!(read, next);
        same(&updated, &scratch);
        if let Some(known) = &ids {
            numbers_last(&people(&state, known), &people(&updated, &next), &events);
            all.extend(events);
        }
        (state, ids) = (updated, Some(next));
    }
    all
}

fn told_why(events: &[Event]) {
    for kind in [EventKind::Merged, EventKind::Split] {
        let of_kind = events.iter().filter(|event| event.kind == kind);
        let reviewed = |event: &Event| event.reasons.contains(&ChangeReason::Reviewed);
        assert!(of_kind.into_iter().any(reviewed), "{kind:?}");
    }
}

fn two_files(assignment: Assignment, most_pairs: u64, seed: u64) {
    let (left, right) = febrl4();
    let names = names(&left.table);
    let sides = [
        records(&left.table, &left.truth, &left.truth, &names, "a"),
        records(&right.table, &right.truth, &left.truth, &names, "b"),
    ];
    let spec = spec(assignment, most_pairs);
    let tables = [&sides[0], &sides[1]].map(|side| source(side, &names).table().clone());
    let found = run(&spec, &tables[0], &tables[1], &()).unwrap();
    let (model, share) = (found.model.unwrap(), found.duplicate_share);
    let frozen = Frozen::new(&spec, &model, share, &tables[0], &tables[1]).unwrap();
    told_why(&walk(&Arc::new(frozen), sides, &names, seed));
}

#[test]
fn a_series_one_to_one_obeys_decisions() {
    two_files(Assignment::OneToOne, 4_000_000, 11);
}

#[test]
fn a_series_with_second_registrations_obeys_decisions() {
    two_files(Assignment::OneLeftPerRight, 400, 12);
    two_files(Assignment::All, 4_000_000, 13);
}

#[test]
fn groups_of_a_series_within_one_file_obey_decisions() {
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
    told_why(&walk(&Arc::new(frozen), [one, Records::new()], &names, 14));
}
