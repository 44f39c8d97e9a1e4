//! The report hides what is small and claims nothing it cannot know.

use helder_fairness::{Criterion, FairnessError, Settings, Verdict, fairness_report};

/// Rows per group: (name, rows, positives, picked positives, picked negatives).
fn rows(
    groups: &[(&str, usize, usize, usize, usize)],
) -> (Vec<bool>, Vec<bool>, Vec<f64>, Vec<String>) {
    let (mut y, mut picked, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for (name, total, positives, picked_positives, picked_negatives) in groups {
        for row in 0..*total {
            let positive = row < *positives;
            y.push(positive);
            picked.push(if positive {
                row < *picked_positives
            } else {
                row - positives < *picked_negatives
            });
            names.push((*name).to_owned());
        }
    }
    let p = picked
        .iter()
        .map(|picked| if *picked { 0.8 } else { 0.3 })
        .collect();
    (y, picked, p, names)
}

#[test]
fn a_small_group_shows_nothing_and_cannot_be_computed() {
    let (y, picked, p, groups) = rows(&[
        ("a", 500, 200, 100, 60),
        ("b", 400, 150, 75, 50),
        ("c", 7, 3, 1, 1),
    ]);
    let report = fairness_report("origin", &y, &picked, &p, &groups, Settings::default()).unwrap();
    let hidden: Vec<bool> = report.groups.iter().map(|group| group.suppressed).collect();
    assert_eq!(
        hidden,
        [false, true, true],
        "the total would give the small group away"
    );
    let small = &report.groups[2];
    assert!(small.rows.is_none() && small.selection_rate.is_none() && small.mean_score.is_none());
    assert_eq!(report.not_judged, ["b", "c"]);
    assert_eq!(
        report.verdict,
        Verdict::NotEnoughData,
        "one group is no comparison"
    );
}

#[test]
fn few_positives_hide_the_outcomes_of_the_group() {
    let (y, picked, p, groups) = rows(&[
        ("a", 900, 300, 150, 60),
        ("b", 800, 200, 100, 50),
        ("c", 100, 4, 2, 9),
    ]);
    let report = fairness_report("origin", &y, &picked, &p, &groups, Settings::default()).unwrap();
    let few = &report.groups[2];
    assert!(
        few.selection_rate.is_some() && few.true_positive_rate.is_none() && few.positives.is_none()
    );
    assert!(
        report.groups[1].outcomes_suppressed,
        "a second group hides the first"
    );
    assert!(report.groups[0].true_positive_rate.is_some());
}

#[test]
fn a_group_without_positives_does_not_count_as_the_worst() {
    let (y, picked, p, groups) = rows(&[
        ("a", 900, 300, 150, 60),
        ("b", 800, 200, 100, 50),
        ("c", 50, 0, 0, 5),
        ("d", 60, 0, 0, 5),
    ]);
    let report = fairness_report("origin", &y, &picked, &p, &groups, Settings::default()).unwrap();
    assert_eq!(report.not_judged, ["b", "c", "d"]);
    let tpr = report
        .criteria
        .iter()
        .find(|result| result.criterion == Criterion::EqualOpportunity)
        .unwrap();
    assert!(tpr.difference.is_none());
}

#[test]
fn a_large_difference_in_large_groups_is_outside() {
    let (y, picked, p, groups) = rows(&[("a", 2000, 800, 600, 300), ("b", 2000, 800, 200, 100)]);
    let report = fairness_report("origin", &y, &picked, &p, &groups, Settings::default()).unwrap();
    assert_eq!(report.verdict, Verdict::OutsideBound);
    assert!((report.criteria[1].difference.unwrap() - 0.5).abs() < 1e-12);
}

#[test]
fn equal_large_groups_are_within() {
    let (y, picked, p, groups) =
        rows(&[("a", 9000, 3000, 1500, 900), ("b", 9000, 3000, 1500, 900)]);
    let report = fairness_report("origin", &y, &picked, &p, &groups, Settings::default()).unwrap();
    assert_eq!(report.verdict, Verdict::WithinBound);
}

#[test]
fn equal_small_groups_are_unknown() {
    let (y, picked, p, groups) = rows(&[("a", 40, 20, 10, 5), ("b", 40, 20, 10, 5)]);
    let report = fairness_report("origin", &y, &picked, &p, &groups, Settings::default()).unwrap();
    assert_eq!(report.verdict, Verdict::NotEnoughData);
}

#[test]
fn wrong_input_is_refused() {
    let refuse = |settings| fairness_report("x", &[true], &[true], &[0.5], &["a"], settings);
    let small = Settings {
        smallest_group: 4,
        ..Settings::default()
    };
    let wide = Settings {
        largest_difference: f64::NAN,
        ..Settings::default()
    };
    assert!(matches!(refuse(small), Err(FairnessError::Setting { .. })));
    assert!(matches!(refuse(wide), Err(FairnessError::Setting { .. })));
    let lengths = fairness_report(
        "x",
        &[true],
        &[true],
        &[0.5],
        &["a", "b"],
        Settings::default(),
    );
    assert!(matches!(
        lengths,
        Err(FairnessError::LengthMismatch { what: "groups", .. })
    ));
    let none = fairness_report::<&str>("x", &[], &[], &[], &[], Settings::default());
    assert_eq!(none, Err(FairnessError::Empty));
}

#[test]
fn a_small_difference_that_is_a_large_ratio_is_told() {
    let (y, picked, p, groups) = rows(&[
        ("a", 42_000, 700, 60, 276),
        ("b", 20_000, 340, 60, 260),
        ("c", 40_000, 680, 60, 260),
    ]);
    let report = fairness_report("origin", &y, &picked, &p, &groups, Settings::default()).unwrap();
    let parity = &report.criteria[0];
    assert_eq!(parity.criterion, Criterion::DemographicParity);
    assert_eq!(
        parity.verdict,
        Verdict::WithinBound,
        "0.8 against 1.6 of a hundred"
    );
    assert_eq!(
        parity.ratio_verdict,
        Some(Verdict::OutsideBound),
        "twice as often"
    );
    let even = parity
        .comparisons
        .iter()
        .find(|pair| (pair.first.as_str(), pair.second.as_str()) == ("a", "c"))
        .unwrap();
    assert_eq!(
        even.ratio_verdict,
        Some(Verdict::WithinBound),
        "0.86 to 1.17"
    );
    let none = report.criteria.last().unwrap();
    assert_eq!(
        (none.criterion, none.ratio_verdict),
        (Criterion::Calibration, None)
    );
    let wrong = Settings {
        smallest_ratio: 1.0,
        ..Settings::default()
    };
    let refused = fairness_report("origin", &y, &picked, &p, &groups, wrong);
    assert!(matches!(refused, Err(FairnessError::Setting { .. })));
}
