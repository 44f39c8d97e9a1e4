//! Folds keep what belongs together and share nothing.

use std::collections::BTreeSet;

use helder_selection::{Fold, FoldError, Rule, nested_folds};

fn is_parted(fold: &Fold) -> bool {
    let train: BTreeSet<_> = fold.train.iter().collect();
    fold.test.iter().all(|row| !train.contains(row)) && !fold.test.is_empty()
}

#[test]
fn a_person_is_never_on_both_sides() {
    let n = 900;
    let people: Vec<String> = (0..n).map(|row| format!("p{}", row * 7 % 211)).collect();
    let outcome: Vec<bool> = (0..n).map(|row| row % 13 == 0).collect();
    let rows: Vec<usize> = (0..n).filter(|row| row % 10 != 3).collect();
    let folds = nested_folds(&rows, &outcome, Rule::Groups(&people), (5, 3), 1).unwrap();
    let mut judged: Vec<usize> = folds.iter().flat_map(|f| f.outer.test.clone()).collect();
    judged.sort_unstable();
    assert_eq!(judged, rows);
    for nested in &folds {
        let of = |rows: &[usize]| -> BTreeSet<&String> {
            rows.iter().map(|row| &people[*row]).collect()
        };
        let all = nested.inner.iter().chain([&nested.outer]);
        for fold in all {
            assert!(is_parted(fold));
            assert!(of(&fold.train).is_disjoint(&of(&fold.test)));
        }
        // Inner folds know nothing of the rows that judge.
        let judging: BTreeSet<_> = nested.outer.test.iter().collect();
        for fold in &nested.inner {
            let seen = fold.train.iter().chain(&fold.test);
            assert!(seen.into_iter().all(|row| !judging.contains(row)));
        }
        let positives = nested
            .outer
            .test
            .iter()
            .filter(|row| outcome[**row])
            .count();
        assert!((9..=17).contains(&positives), "{positives} of about 12");
    }
}

#[test]
fn one_large_group_stands_alone() {
    let household: Vec<String> = (0..100)
        .map(|row| {
            if row < 60 {
                "a".to_owned()
            } else {
                format!("b{row}")
            }
        })
        .collect();
    let outcome: Vec<bool> = (0..100).map(|row| row % 2 == 0).collect();
    let rows: Vec<usize> = (0..100).collect();
    let folds = nested_folds(&rows, &outcome, Rule::Groups(&household), (3, 2), 1).unwrap();
    let sizes: Vec<usize> = folds.iter().map(|fold| fold.outer.test.len()).collect();
    assert_eq!(sizes, [60, 20, 20]);
}

#[test]
fn later_days_judge_earlier_ones() {
    let days: Vec<i32> = (0..600).map(|row| row / 100 * 30).collect();
    let outcome: Vec<bool> = (0..600).map(|row| row % 4 == 0).collect();
    let rows: Vec<usize> = (0..600).collect();
    let folds = nested_folds(&rows, &outcome, Rule::Time(&days), (5, 3), 1).unwrap();
    assert_eq!(folds.len(), 5);
    for nested in &folds {
        let last = nested.outer.train.iter().map(|row| days[*row]).max();
        let first = nested.outer.test.iter().map(|row| days[*row]).min();
        assert!(last < first);
        assert_eq!(nested.outer.test.len(), 100);
        assert!(nested.inner.iter().all(is_parted));
    }
    // One day to learn from: its rows are dealt.
    assert_eq!(folds[0].inner.len(), 3);
    // Two dates allow one fold; that is too few to compare, and for the caller to say.
    let two: Vec<i32> = (0..600).map(|row| row / 300).collect();
    assert_eq!(
        nested_folds(&rows, &outcome, Rule::Time(&two), (5, 3), 1)
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        nested_folds(&rows, &outcome, Rule::Time(&[3; 600]), (5, 3), 1),
        Err(FoldError::TooFew)
    );
}

#[test]
fn a_fold_without_a_positive_is_told() {
    let outcome: Vec<bool> = (0..100).map(|row| row < 3).collect();
    let rows: Vec<usize> = (0..100).collect();
    let too_many = nested_folds(&rows, &outcome, Rule::Rows, (5, 3), 1);
    assert_eq!(too_many, Err(FoldError::OneClass));
    let few = nested_folds(&rows[..3], &outcome, Rule::Rows, (5, 3), 1);
    assert_eq!(few, Err(FoldError::TooFew));
}

#[test]
fn another_seed_is_another_draw() {
    let outcome: Vec<bool> = (0..400).map(|row| row % 3 == 0).collect();
    let rows: Vec<usize> = (0..400).collect();
    let drawn = |seed| nested_folds(&rows, &outcome, Rule::Rows, (4, 2), seed).unwrap();
    assert_eq!(drawn(1), drawn(1));
    assert_ne!(drawn(1), drawn(2));
}
