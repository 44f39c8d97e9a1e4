//! Shares of rows in households, beside R's survey (`tests/reference/clustered.R`).

use helder_evaluation::{ClusteredShare, Interval, Proportion};
use serde_json::Value;

use crate::support::{digits, floats};

fn cases() -> Vec<Value> {
    let text = include_str!("../reference/clustered.json");
    let reference: Value = serde_json::from_str(text).unwrap();
    reference["cases"].as_array().unwrap().clone()
}

fn share(case: &Value) -> ClusteredShare {
    let (counts, totals) = (floats(&case["counts"]), floats(&case["totals"]));
    let clusters = counts.into_iter().zip(totals);
    ClusteredShare::new(
        clusters.map(|(count, total)| Proportion::new(count as usize, total as usize)),
    )
}

#[test]
fn variance_and_limits_are_those_of_the_survey_package() {
    let cases = cases();
    assert_eq!(cases.len(), 6);
    for case in &cases {
        let share = share(case);
        let variance = share.variance().unwrap();
        assert!(digits(variance, case["variance"].as_f64().unwrap()) > 12.0);
        for (confidence, key) in [(0.95, "limits95"), (0.8, "limits80")] {
            let Interval { low, high } = share.korn_graubard(confidence).unwrap();
            let expected = floats(&case[key]);
            assert!(digits(low, expected[0]) > 9.0, "{low} {expected:?}");
            assert!(digits(high, expected[1]) > 9.0, "{high} {expected:?}");
        }
    }
}

#[test]
fn clusters_of_one_row_are_as_wide_as_strangers() {
    let rows = |n: usize| (0..n).map(|row| Proportion::new(usize::from(row % 5 == 0), 1));
    let share = ClusteredShare::new(rows(100));
    // n ÷ (n − 1) is all that the variance of a sample adds.
    assert!((share.effective_rows().unwrap() - 99.0).abs() < 1e-9);
    let exact = share.rows.clopper_pearson(0.95).unwrap();
    let limits = share.korn_graubard(0.95).unwrap();
    assert!((limits.low - exact.low).abs() < 1e-3 && (limits.high - exact.high).abs() < 1e-3);
    assert!(limits.low <= exact.low && exact.high <= limits.high);
}

#[test]
fn rows_that_differ_more_than_strangers_do_never_count_for_more_than_there_are() {
    // One of two in every household.
    let share = ClusteredShare::new((0..50).map(|_| Proportion::new(1, 2)));
    assert!(share.variance().unwrap() < 1e-12);
    assert!((share.effective_rows().unwrap() - 100.0).abs() < 1e-9);
    assert_eq!(share.korn_graubard(0.95), share.rows.clopper_pearson(0.95));
}

#[test]
fn where_nobody_has_the_outcome_a_household_counts_as_one() {
    let share = ClusteredShare::new((0..10).map(|_| Proportion::new(0, 4)));
    assert!((share.effective_rows().unwrap() - 10.0).abs() < 1e-9);
    let limits = share.korn_graubard(0.95).unwrap();
    let of_ten = Proportion::new(0, 10).clopper_pearson(0.95).unwrap();
    assert!(limits.low <= 0.0 && limits.high > of_ten.high && limits.high < 0.5);
    let all = ClusteredShare::new((0..10).map(|_| Proportion::new(4, 4)));
    let mirrored = all.korn_graubard(0.95).unwrap();
    assert!(mirrored.high >= 1.0 && (mirrored.low - (1.0 - limits.high)).abs() < 1e-12);
}

#[test]
fn one_cluster_or_none_tells_no_interval() {
    for share in [
        ClusteredShare::default(),
        ClusteredShare::new([Proportion::new(3, 9), Proportion::new(0, 0)]),
    ] {
        assert!(share.korn_graubard(0.95).is_none() && share.variance().is_none());
        assert!(share.effective_rows().is_none());
    }
    let two = ClusteredShare::new([Proportion::new(1, 2), Proportion::new(0, 3)]);
    let limits = two.korn_graubard(0.95).unwrap();
    assert!(0.0 <= limits.low && limits.low < 0.2 && 0.2 < limits.high && limits.high <= 1.0);
    for wrong in [0.0, 1.0, f64::NAN] {
        assert!(two.korn_graubard(wrong).is_none());
    }
}
