//! Blocks over the cap: divided by what else their records say, or refused, and reported one by one.

mod support;

use std::collections::HashSet;

use helder_record_linkage::{
    Bound, Column, LinkageSpec, Table,
    blocking::{Candidates, RuleCount},
    run,
    spec::{BlockingRule, KeyFunction as K},
};
use support::{dutch_spec, febrl_spec, febrl4};

const N: usize = 100_000;

/// A name of its own for every number.
fn word(i: usize) -> String {
    let letter = |place: u32| char::from(b'a' + (i / 26_usize.pow(place) % 26) as u8);
    (0..6).map(letter).collect()
}

/// People with one birth date; `with_names` says whether there is anything else to tell them apart.
#[expect(clippy::unwrap_used, reason = "a test")]
fn one_birth_date(turned: bool, with_names: bool) -> Table {
    let mut table = Table::new(N);
    let person = |row: usize| if turned { N - 1 - row } else { row };
    let mut add = |name: &str, of: &dyn Fn(usize) -> String| {
        let texts: Vec<String> = (0..N).map(|row| of(person(row))).collect();
        let column = Column::from_texts(texts.iter().map(|text| Some(text.as_str())));
        table.insert(name, column).unwrap();
    };
    add("geboortedatum", &|_| "19800101".to_owned());
    // Every tenth surname is spelled in another way in the other file.
    let spelled = |i: usize| {
        let name = word(i * 104_729 % 308_915_776);
        if turned && i.is_multiple_of(10) {
            format!("{}{}", &name[1..], &name[..1])
        } else {
            name
        }
    };
    if with_names {
        add("geslachtsnaam", &spelled);
        add("voornamen", &|i| word(i % 400));
        add("postcode", &|i| {
            format!("{} {}", 1000 + i % 9000, &word(i % 500)[..2].to_uppercase())
        });
        add("huisnummer", &|i| format!("{}", 1 + i % 97));
    } else {
        add("geslachtsnaam", &|_| "jansen".to_owned());
        add("voornamen", &|_| "jan".to_owned());
    }
    table
}

fn spec() -> LinkageSpec {
    let mut spec = dutch_spec();
    spec.random_pairs = 100_000;
    spec.pairs_per_record = 0.0;
    spec.blocking_rules = vec![BlockingRule::new(&[("geboortedatum", K::Whole)])];
    spec.training_rules = vec![
        BlockingRule::new(&[("adres", K::PlaceNumber)]),
        BlockingRule::new(&[("geslachtsnaam", K::AnyName), ("voornamen", K::First)]),
    ];
    spec
}

#[test]
fn a_hundred_thousand_equal_values_are_divided_and_keep_their_true_pairs() {
    let (left, right) = (one_birth_date(false, true), one_birth_date(true, true));
    let spec = spec();
    let found = run(&spec, &left, &right, &()).unwrap();
    let rule = &found.rules[0].count;
    assert_eq!(rule.largest_block, (N * N) as u64);
    assert_eq!((rule.split_blocks, rule.skipped_blocks), (1, 0));
    let block = &rule.large_blocks[0];
    assert_eq!(
        (block.left_records, block.right_records),
        (N as u64, N as u64)
    );
    assert_eq!(
        (block.pairs, rule.split_pairs),
        ((N * N) as u64, (N * N) as u64)
    );
    assert!(block.split_by.len() >= 2, "{:?}", block.split_by);
    assert!(block.kept_pairs <= spec.max_block_pairs);
    assert_eq!(rule.pairs, block.kept_pairs);
    assert!(found.rules[0].new_pairs <= block.kept_pairs);
    // No pair twice, and nearly every true pair is among them, also those whose surname is spelled in another way.
    let bound = Bound::new(&spec, &left, &right);
    let mut candidates = Candidates::new(&bound, &spec, &spec.blocking_rules);
    let mut seen = HashSet::new();
    candidates.visit(|_, l, r| assert!(seen.insert((l, r)), "{l} {r}"));
    assert_eq!(seen.len() as u64, found.rules[0].new_pairs);
    let reached = (0..N).filter(|row| seen.contains(&(*row, N - 1 - row)));
    assert_eq!(reached.count(), N);
    assert!((0..50).all(|row| candidates.first_rule(row, N - 1 - row) == Some(0)));
    let right_links = found
        .links
        .iter()
        .filter(|link| link.left + link.right == N as u32 - 1);
    let n = right_links.count();
    assert!(n > N * 99 / 100, "{n} of {}", found.links.len());
}

#[test]
fn a_hundred_thousand_equal_records_are_refused_and_reported() {
    let (left, right) = (one_birth_date(false, false), one_birth_date(true, false));
    let found = run(&spec(), &left, &right, &()).unwrap();
    let rule = &found.rules[0];
    assert_eq!((rule.count.skipped_blocks, rule.count.split_blocks), (1, 0));
    assert_eq!(rule.count.skipped_pairs, (N * N) as u64);
    let block = &rule.count.large_blocks[0];
    assert_eq!((block.split_by.len(), block.kept_pairs), (0, 0));
    assert_eq!(rule.new_pairs, 0);
}

fn counts_with(max_block_pairs: u64) -> (Vec<RuleCount>, HashSet<(usize, usize)>) {
    let (left, right) = febrl4();
    let mut spec = febrl_spec();
    spec.max_block_pairs = max_block_pairs;
    let bound = Bound::new(&spec, &left.table, &right.table);
    let mut candidates = Candidates::new(&bound, &spec, &spec.blocking_rules);
    let mut seen = Vec::new();
    candidates.visit(|rule, l, r| seen.push((l, r, rule)));
    let reached: HashSet<(usize, usize)> = seen.iter().map(|(l, r, _)| (*l, *r)).collect();
    assert_eq!(reached.len(), seen.len());
    for (l, r, rule) in &seen {
        assert_eq!(candidates.first_rule(*l, *r), Some(*rule));
    }
    for (l, r) in (0..400).flat_map(|l| (0..400).map(move |r| (l, r))) {
        let found = candidates.first_rule(l, r).is_some();
        assert_eq!(found, reached.contains(&(l, r)), "{l} {r}");
    }
    (candidates.counts(), reached)
}

#[test]
fn parts_hold_no_more_than_the_cap_and_no_pair_twice() {
    let (counts, seen) = counts_with(2);
    assert!(counts.iter().any(|count| count.skipped_blocks > 0));
    assert!(counts.iter().any(|count| count.split_blocks > 0));
    for count in &counts {
        assert!(count.pairs <= 2 * count.blocks, "{count:?}");
        let large = count.split_blocks + count.skipped_blocks;
        assert_eq!(count.large_blocks.len() as u64, large.min(20));
        assert!(count.large_blocks.is_sorted_by(|a, b| a.pairs >= b.pairs));
        assert!(count.large_blocks.iter().all(|block| block.kept_pairs <= 2));
    }
    let (whole, all) = counts_with(4_000_000);
    assert!(whole.iter().all(|count| count.large_blocks.is_empty()));
    assert!(seen.is_subset(&all) && seen.len() < all.len());
}
