//! Control samples: limits of statsmodels, and missed cases that are held by their intervals.

use helder_evaluation::Interval;
use helder_fairness::{Finding, Listed, control_by_group, control_sample};
use serde_json::Value;

use crate::support::{digits, floats};

fn listed(is_picked: bool, is_sampled: bool, finding: Option<Finding>) -> Listed {
    Listed {
        is_picked,
        is_sampled,
        finding,
    }
}

/// A list of so many, the first of each kind with the outcome.
fn list(picked: [usize; 2], rest: [usize; 2]) -> Vec<Listed> {
    let of = |is_picked: bool, [total, found]: [usize; 2]| {
        (0..total).map(move |row| {
            let finding = if row < found {
                Finding::Found
            } else {
                Finding::NotFound
            };
            listed(is_picked, !is_picked, Some(finding))
        })
    };
    of(true, picked).chain(of(false, rest)).collect()
}

fn assert_equal(interval: Interval, expected: &Value, what: &str) {
    let expected = floats(expected);
    for (ours, theirs) in [(interval.low, expected[0]), (interval.high, expected[1])] {
        assert!(
            (ours - theirs).abs() < 1e-14 || digits(ours, theirs) > 9.0,
            "{what}: {ours} {theirs}"
        );
    }
}

#[test]
fn shares_difference_ratio_and_missed_cases_are_those_of_statsmodels() {
    let text = include_str!("../reference/control.json");
    let reference: Value = serde_json::from_str(text).unwrap();
    let cases = reference["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 4);
    for case in cases {
        let numbers: Vec<usize> = floats(&case["case"]).iter().map(|n| *n as usize).collect();
        let [scored, picked, found, rest, missed] = numbers[..] else {
            panic!("five numbers")
        };
        let told = control_sample(scored, &list([picked, found], [rest, missed]));
        assert_equal(
            told.picked.share().wilson().unwrap(),
            &case["picked"],
            "picked",
        );
        assert_equal(told.rest.share().wilson().unwrap(), &case["rest"], "rest");
        assert_equal(
            told.difference.unwrap().interval,
            &case["difference"],
            "difference",
        );
        let (value, limits) = told.ratio.unwrap();
        if missed > 0 {
            let high = limits.high.unwrap();
            let expected = floats(&case["ratio"]);
            // statsmodels looks for the root to fewer digits.
            assert!(digits(limits.low, expected[0]) > 5.0 && digits(high, expected[1]) > 5.0);
            assert!(value.unwrap() > limits.low && value.unwrap() < high);
        } else {
            assert!(value.is_none() && limits.high.is_none() && limits.low > 1.0);
        }
        let estimate = told.missed.unwrap();
        assert_eq!(estimate.rows, scored - picked);
        assert_equal(estimate.cases.interval, &case["cases"], "cases");
        assert_equal(estimate.share.unwrap().interval, &case["share"], "share");
    }
}

/// A generator that is the same everywhere.
struct Turns(u64);

impl Turns {
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Shares of simulated files whose missed cases lie within the interval: all cases looked up, and with one in five undetermined.
#[test]
fn the_share_that_was_missed_lies_within_its_interval() {
    for (undetermined, base) in [(0.0, 0.06), (0.2, 0.06), (0.0, 0.2)] {
        let (mut held, runs) = (0, 2_000);
        for seed in 0..runs {
            let mut turns = Turns(seed);
            // Everybody, in the order of a score that tells something.
            let is_case: Vec<bool> = (0..4_000)
                .map(|place| {
                    let chance = if place < 200 { base * 6.0_f64 } else { base };
                    turns.share() < chance.min(0.9)
                })
                .collect();
            let picked = 200;
            let mut rows = Vec::new();
            let mut keyed: Vec<(f64, usize)> = (0..is_case.len())
                .map(|place| (turns.share(), place))
                .collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            let sample: std::collections::BTreeSet<usize> =
                keyed[..250].iter().map(|(_, place)| *place).collect();
            for (place, is_case) in is_case.iter().enumerate() {
                let (is_picked, is_sampled) = (place < picked, sample.contains(&place));
                if is_picked || is_sampled {
                    let finding = match (turns.share() < undetermined, is_case) {
                        (true, _) => Finding::Undetermined,
                        (_, true) => Finding::Found,
                        (_, false) => Finding::NotFound,
                    };
                    rows.push(listed(is_picked, is_sampled, Some(finding)));
                }
            }
            let outside = is_case[picked..].iter().filter(|case| **case).count() as f64;
            let all = is_case.iter().filter(|case| **case).count() as f64;
            let interval = control_sample(is_case.len(), &rows)
                .missed
                .unwrap()
                .share
                .unwrap()
                .interval;
            held += u32::from((interval.low..=interval.high).contains(&(outside / all)));
        }
        let share = f64::from(held) / runs as f64;
        println!("undetermined {undetermined}, base {base}: {share}");
        assert!((0.935..=0.985).contains(&share), "{share}");
    }
}

#[test]
fn what_was_not_written_down_or_could_not_be_told_is_counted_apart() {
    let mut rows = list([20, 10], [20, 2]);
    rows.push(listed(true, true, None));
    rows.push(listed(false, true, Some(Finding::Undetermined)));
    let told = control_sample(1_000, &rows);
    assert_eq!(
        (
            told.picked.listed,
            told.picked.missing(),
            told.picked.undetermined
        ),
        (21, 1, 0)
    );
    assert_eq!(
        (
            told.rest.listed,
            told.rest.missing(),
            told.rest.undetermined
        ),
        (21, 0, 1)
    );
    assert_eq!((told.sampled.listed, told.sampled.found), (22, 2));
    // Ten of twenty is taken for all 21 who were picked; 979 others, of whom one in ten.
    let missed = told.missed.unwrap();
    assert!((missed.cases.value - 97.9).abs() < 1e-9);
    let share = missed.share.unwrap();
    assert!((share.value - 97.9 / (97.9 + 10.5)).abs() < 1e-12);
    assert!(share.interval.low < share.value && share.value < share.interval.high);
}

#[test]
fn whatever_is_on_the_list_every_figure_is_a_number_or_absent() {
    for picked in [[0, 0], [1, 0], [1, 1], [30, 0], [30, 30]] {
        for rest in [[0, 0], [1, 0], [1, 1], [30, 0], [30, 30]] {
            for more in [0, 500] {
                let scored = picked[0] + rest[0] + more;
                let mut rows = list(picked, rest);
                for unknown in [false, true] {
                    if unknown {
                        rows.push(listed(true, false, None));
                    }
                    let told = control_sample(scored + usize::from(unknown), &rows);
                    let estimates = [told.difference, told.missed.map(|missed| missed.cases)];
                    let share = told.missed.and_then(|missed| missed.share);
                    for estimate in estimates.into_iter().flatten().chain(share) {
                        let Interval { low, high } = estimate.interval;
                        assert!(low.is_finite() && high.is_finite() && estimate.value.is_finite());
                        assert!(
                            low <= estimate.value + 1e-9 && estimate.value <= high + 1e-9,
                            "{picked:?} {rest:?} {more} {estimate:?}"
                        );
                    }
                    if let Some(share) = share {
                        assert!(0.0 <= share.interval.low && share.interval.high <= 1.0);
                    }
                }
            }
        }
    }
}

/// So many of a group, with so many found, in the order picked and rest.
fn of_group(group: usize, picked: [usize; 2], rest: [usize; 2]) -> Vec<(usize, Listed)> {
    list(picked, rest)
        .into_iter()
        .map(|row| (group, row))
        .collect()
}

#[test]
fn groups_that_differ_are_told_from_groups_of_which_too_little_is_known() {
    let scored = [("a".to_owned(), 3_000), ("b".to_owned(), 2_000)];
    let mut rows = of_group(0, [200, 150], [150, 3]);
    rows.extend(of_group(1, [200, 80], [90, 4]));
    let told = control_by_group("origin", &scored, &rows, 10);
    let [a, b] = &told.groups[..] else {
        panic!("two groups")
    };
    let (of_a, of_b) = (a.picked_contrast.unwrap(), b.picked_contrast.unwrap());
    assert!(of_a.differs && of_b.differs);
    assert!((of_a.difference.value - 0.35).abs() < 1e-12);
    assert!((of_a.difference.value + of_b.difference.value).abs() < 1e-12);
    // Two of a hundred and four of ninety: nothing can be said, and this is what could have been.
    let rest = a.rest_contrast.unwrap();
    assert!(!rest.differs && (0.03..0.15).contains(&rest.detectable.unwrap()));
    assert_eq!(a.missed.unwrap().rows, 2_800);
    assert!((a.missed.unwrap().cases.value - 2_800.0 * 3.0 / 150.0).abs() < 1e-9);
}

#[test]
fn small_groups_show_nothing_and_take_the_next_with_them() {
    let scored = [("a", 3_000), ("b", 2_000), ("c", 400), ("d", 4)];
    let scored = scored.map(|(name, rows)| (name.to_owned(), rows));
    let mut rows = of_group(0, [100, 50], [90, 3]);
    rows.extend(of_group(1, [60, 30], [70, 4]));
    rows.extend(of_group(2, [40, 20], [9, 1]));
    rows.extend(of_group(3, [2, 1], [1, 0]));
    let told = control_by_group("origin", &scored, &rows, 10);
    let shown: Vec<(bool, bool, bool)> = told
        .groups
        .iter()
        .map(|group| {
            (
                group.scored.is_some(),
                group.picked.is_some(),
                group.rest.is_some(),
            )
        })
        .collect();
    // Four rows hide, and four hundred with them, or a total would give the four away. Of the rest nine and one hide together.
    assert_eq!(
        shown,
        [
            (true, true, true),
            (true, true, true),
            (false, false, false),
            (false, false, false)
        ]
    );
    // Without the smallest: nine told apart hide, and seventy with them.
    let three: Vec<_> = rows.into_iter().filter(|(group, _)| *group < 3).collect();
    let told = control_by_group("origin", &scored[..3], &three, 10);
    let rest: Vec<bool> = told
        .groups
        .iter()
        .map(|group| group.rest.is_some())
        .collect();
    assert_eq!(rest, [true, false, false]);
    assert!(told.groups[2].picked.is_some() && told.groups[2].missed.is_none());
    assert!(
        told.groups[0].rest_contrast.is_none(),
        "nobody is left to stand beside"
    );
}
