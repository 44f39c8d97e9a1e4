//! Deterministic steps, blocking and the observer.

mod support;

use std::{
    collections::HashSet,
    sync::atomic::{AtomicUsize, Ordering},
};

use helder_record_linkage::{
    Bound, Cancelled, Column, LinkageSpec, Observer, Table,
    blocking::{Candidates, complete},
    run,
    run::Step,
    spec::{Assignment, ColumnPair},
};
use support::{dutch_spec, febrl_spec, febrl4};

#[expect(clippy::unwrap_used, reason = "a test")]
fn table(column: &str, values: &[Option<&str>]) -> Table {
    let mut table = Table::new(values.len());
    table
        .insert(column, Column::from_texts(values.iter().copied()))
        .unwrap();
    table
}

fn on_pseudonym(assignment: Assignment) -> LinkageSpec {
    let mut spec = LinkageSpec::new(Vec::new(), Vec::new());
    spec.deterministic.push(ColumnPair::new("p", "q"));
    spec.assignment = assignment;
    spec
}

#[test]
fn equal_pseudonyms_link_and_ambiguous_ones_do_not() {
    let left = table("p", &[Some("x"), Some("y"), Some("y"), None, Some("z")]);
    let right = table("q", &[Some("z"), Some("y"), None, Some("x"), Some("z")]);
    let linked = |assignment| {
        let result = run(&on_pseudonym(assignment), &left, &right, &()).unwrap();
        assert!(
            result
                .links
                .iter()
                .all(|link| link.step == Step::Deterministic && link.match_probability >= 1.0)
        );
        result
            .links
            .iter()
            .map(|link| (link.left, link.right))
            .collect::<Vec<_>>()
    };
    assert_eq!(linked(Assignment::OneToOne), [(0, 3)]);
    assert_eq!(
        linked(Assignment::OneLeftPerRight),
        [(0, 3), (4, 0), (4, 4)]
    );
    assert_eq!(
        linked(Assignment::All),
        [(0, 3), (1, 1), (2, 1), (4, 0), (4, 4)]
    );
}

#[test]
fn every_candidate_is_visited_once_and_found_by_its_first_rule() {
    let (left, right) = febrl4();
    let spec = febrl_spec();
    let bound = Bound::new(&spec, &left.table, &right.table);
    let mut candidates = Candidates::new(&bound, &spec, &spec.blocking_rules);
    let mut seen = Vec::new();
    candidates.visit(|rule, left, right| seen.push((left, right, rule)));
    for (left, right, rule) in &seen {
        assert_eq!(candidates.first_rule(*left, *right), Some(*rule));
    }
    let visits = seen.len();
    seen.sort_unstable();
    seen.dedup_by_key(|(left, right, _)| (*left, *right));
    assert_eq!(visits, seen.len());
    let reached: HashSet<_> = seen.iter().map(|(l, r, _)| (*l, *r)).collect();
    for left in 0..200 {
        for right in 0..bound.n_right() {
            let found = candidates.first_rule(left, right).is_some();
            assert_eq!(found, reached.contains(&(left, right)));
        }
    }
}

#[test]
fn rules_are_added_as_far_as_the_data_can_afford_them() {
    let (left, right) = febrl4();
    let mut spec = febrl_spec();
    let bound = Bound::new(&spec, &left.table, &right.table);
    let rules = complete::rules(&bound, &spec);
    let declared = spec.blocking_rules.len();
    assert!(rules.len() > declared && rules[..declared] == spec.blocking_rules);
    let counts = Candidates::new(&bound, &spec, &rules).counts();
    let added: u64 = counts[declared..].iter().map(|count| count.pairs).sum();
    assert!(added > 100_000 && added < 2_200_000, "{added}");
    spec.pairs_per_record = 0.0;
    assert_eq!(complete::rules(&bound, &spec), spec.blocking_rules);
}

#[test]
fn empty_tables_and_tables_without_the_columns_give_no_links() {
    let spec = dutch_spec();
    assert!(
        run(&spec, &Table::new(0), &Table::new(3), &())
            .unwrap()
            .links
            .is_empty()
    );
    assert!(
        run(&spec, &Table::new(5), &Table::new(3), &())
            .unwrap()
            .links
            .is_empty()
    );
}

struct StopsAfter(AtomicUsize);

impl Observer for StopsAfter {
    fn checkpoint(&self) -> Result<(), Cancelled> {
        if self.0.fetch_add(1, Ordering::Relaxed) > 3 {
            Err(Cancelled)
        } else {
            Ok(())
        }
    }
}

#[test]
fn the_observer_can_stop_a_run() {
    let (left, right) = febrl4();
    let stopped = run(
        &febrl_spec(),
        &left.table,
        &right.table,
        &StopsAfter(AtomicUsize::new(0)),
    );
    assert!(matches!(stopped, Err(Cancelled)));
}
