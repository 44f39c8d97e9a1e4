//! What the model says about its own links, beside the truth.

mod support;

use std::collections::HashMap;

use helder_record_linkage::{
    Bound, Column, Table, dedupe,
    groups::Group,
    run,
    run::Step,
    spec::{Assignment, ColumnPair},
};
use support::{
    Labelled, dutch_spec, febrl_spec, febrl4, pairs, read_parquet, reference_data, score,
};

/// The file with its first `n` rows there a second time.
#[expect(clippy::unwrap_used, reason = "a test")]
fn with_doubles(file: &Labelled, n: usize) -> Labelled {
    let rows = || (0..file.table.n_rows()).chain(0..n);
    let mut table = Table::new(rows().count());
    for name in file.table.names() {
        let column = file.table.column(name).unwrap();
        let texts = rows().map(|row| column.text(column.codes()[row]));
        table.insert(name, Column::from_texts(texts)).unwrap();
    }
    Labelled {
        table,
        truth: rows().map(|row| file.truth[row]).collect(),
    }
}

#[test]
fn second_registrations_that_one_to_one_leaves_out_count_as_missed() {
    let (left, right) = febrl4();
    let right = with_doubles(&right, 250);
    let spec = febrl_spec();
    let result = run(&spec, &left.table, &right.table, &()).unwrap();
    let found = score(&left, &right, pairs(&result.links));
    let everybody = &result.quality.groups[0];
    assert!(found.recall < 0.96, "{found:?}");
    assert!(
        (everybody.recall - found.recall).abs() < 0.01,
        "{everybody:?} {found:?}"
    );
    assert!((everybody.precision - found.precision).abs() < 0.01);
}

#[test]
fn one_to_one_a_link_in_doubt_is_true_as_often_as_its_score_says() {
    let Some(folder) = reference_data().map(|folder| folder.join("linkage/nl100k_hoog")) else {
        return;
    };
    let read = |name: &str| read_parquet(&folder.join(name), "person_id", &[]);
    let (left, right) = (read("a.parquet"), read("b.parquet"));
    let mut spec = dutch_spec();
    (spec.assignment, spec.threshold) = (Assignment::OneToOne, 0.1);
    let result = run(&spec, &left.table, &right.table, &()).unwrap();
    assert!(result.model.unwrap().calibration.is_some());
    for (from, to) in [(0.1, 0.5), (0.5, 0.9), (0.9, 1.1)] {
        let links = result.links.iter();
        let links = links.filter(|link| (from..to).contains(&link.match_probability));
        let (mut n, mut said, mut right_ones) = (0.0, 0.0, 0.0);
        for link in links {
            let is_true = left.truth[link.left as usize] == right.truth[link.right as usize];
            n += 1.0;
            said += link.match_probability;
            right_ones += f64::from(u8::from(is_true));
        }
        // Without calibration 0.66 were said where 0.87 are true.
        let (said, truth) = (said / n, right_ones / n);
        assert!(
            n > 200.0 && (said - truth).abs() < 0.05,
            "{n} {said} {truth}"
        );
    }
}

#[test]
fn an_identifier_that_teaches_links_nothing_by_itself() {
    let (left, right) = febrl4();
    let mut spec = febrl_spec();
    let untaught = run(&spec, &left.table, &right.table, &()).unwrap();
    spec.teaching = vec![ColumnPair::same("soc_sec_id")];
    let taught = run(&spec, &left.table, &right.table, &()).unwrap();
    assert!(
        taught
            .links
            .iter()
            .all(|link| link.step == Step::Probabilistic)
    );
    let blocks = &taught.model.as_ref().unwrap().convergence.blocks;
    let known = blocks.last().unwrap();
    assert!(
        known.rule.contains("identifier") && known.pairs > 4_000,
        "{known:?}"
    );
    assert_ne!(
        taught.model.unwrap().comparisons,
        untaught.model.unwrap().comparisons
    );
    let [taught, untaught] =
        [&taught.links, &untaught.links].map(|links| score(&left, &right, pairs(links)).f1);
    assert!(taught >= untaught - 0.0005, "{taught} {untaught}");
}

#[test]
fn precision_and_recall_are_foretold_without_labels() {
    let (left, right) = febrl4();
    let spec = febrl_spec();
    let result = run(&spec, &left.table, &right.table, &()).unwrap();
    let found = score(&left, &right, pairs(&result.links));
    let quality = &result.quality;
    let foretold = quality
        .thresholds
        .iter()
        .find(|at| (at.threshold - spec.threshold).abs() < 1e-9)
        .unwrap();
    assert_eq!(foretold.links, result.links.len() as u64);
    assert!(quality.bands.iter().all(|band| band.true_share.is_none()));
    assert!((foretold.precision - found.precision).abs() < 0.01);
    assert!((foretold.recall - found.recall).abs() < 0.01);
    for pair in quality.thresholds.windows(2) {
        assert!(pair[0].precision <= pair[1].precision && pair[0].recall >= pair[1].recall);
    }
}

#[test]
fn links_are_counted_by_group_as_their_records_say() {
    let (left, right) = febrl4();
    let spec = febrl_spec();
    let result = run(&spec, &left.table, &right.table, &()).unwrap();
    let bound = Bound::new(&spec, &left.table, &right.table);
    for counted in &result.quality.groups {
        let links = pairs(&result.links)
            .filter(|(l, r)| {
                bound
                    .groups_of(*l as usize, *r as usize)
                    .contains(&counted.group)
            })
            .count();
        assert_eq!(counted.links, links as u64, "{:?}", counted.group);
        assert!(counted.recall <= 1.0 && counted.expected_pairs > 0.0);
    }
    let groups: Vec<Group> = result.quality.groups.iter().map(|g| g.group).collect();
    assert_eq!(groups[0], Group::All);
    assert!(groups.contains(&Group::Movers) && !groups.contains(&Group::MarriedWomen));
}

/// One file with 800 people of FEBRL4, one to nine rows each; of every eighth row only the given name and the suburb are known.
#[expect(clippy::unwrap_used, reason = "a test")]
fn with_bare_records() -> Labelled {
    let (a, b) = febrl4();
    let places: HashMap<u64, usize> = b.truth.iter().copied().zip(0..).collect();
    let rows: Vec<(usize, usize)> = (0..800)
        .flat_map(|person| (0..=person % 9).map(move |copy| (person, copy)))
        .collect();
    let mut table = Table::new(rows.len());
    for name in a.table.names() {
        let [first, second] = [&a, &b].map(|file| file.table.column(name).unwrap());
        let texts = rows.iter().map(|(person, copy)| {
            let bare = (person * 5 + copy * 3) % 8 == 0;
            if bare && !["given_name", "suburb"].contains(&name) {
                None
            } else if copy % 2 == 0 {
                first.text(first.codes()[*person])
            } else {
                second.text(second.codes()[places[&a.truth[*person]]])
            }
        });
        table.insert(name, Column::from_texts(texts)).unwrap();
    }
    let truth = rows.iter().map(|(person, _)| a.truth[*person]).collect();
    Labelled { table, truth }
}

#[test]
fn within_one_file_records_that_say_little_are_missed_as_often_as_foretold() {
    let file = with_bare_records();
    let found = dedupe(&febrl_spec(), &file.table, &()).unwrap();
    let quality = &found.run.quality;
    let is_true = |left: u32, right: u32| file.truth[left as usize] == file.truth[right as usize];
    let n = file.truth.len() as u32;
    let all = (0..n).flat_map(|left| (left + 1..n).map(move |right| (left, right)));
    let all = all.filter(|(left, right)| is_true(*left, *right)).count() as f64;
    let links = pairs(&found.run.links);
    let right = links.filter(|(left, right)| is_true(*left, *right)).count() as f64;
    let everybody = &quality.groups[0];
    assert!(right / all < 0.85, "{right} of {all}");
    // By the pairs that hang on one rule or two it would be 0.35.
    assert!(
        (everybody.recall - right / all).abs() < 0.05,
        "{everybody:?} {right} of {all}"
    );
    for band in quality.bands.iter().filter(|band| band.pairs > 0) {
        let [low, high] = band.true_share.unwrap();
        assert!(low <= band.mean && band.mean <= high, "{band:?}");
        let is_doubtful = band.to <= 0.9;
        assert_eq!(high - low > 0.3, is_doubtful, "{band:?}");
    }
    for group in &quality.groups {
        assert!(
            group.unreached_pairs <= quality.unreached_pairs + 1e-9,
            "{group:?}"
        );
    }
}
