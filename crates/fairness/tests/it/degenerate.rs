//! Whatever the input, an answer is whole: no panic, and no figure that is not a number.

use helder_evaluation::{Confusion, Feature, Proportion};
use helder_fairness::{
    CountedGroup, Criterion, DisclosedGroup, FairnessReport, Limits, Settings, bootstrap, by_group,
    explore, fairness_report, intersect, judge_disclosed, label_audit, label_sensitivity, proxies,
    smallest_detectable_difference, standardised_difference, whole_set,
};
use serde::{Serialize, de::DeserializeOwned};

/// JSON has no NaN: it becomes null, and a figure that must be there cannot be read back.
fn is_whole<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    let back: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(&back, value);
}

/// Numbers in turn, the same in every run.
struct Turns(u64);

impl Turns {
    fn next(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n
    }
}

const PROBABILITIES: [f64; 8] = [0.0, 1.0, 0.5, 0.5, 1e-300, 1.0 - f64::EPSILON, 0.3, 0.9];
const NUMBERS: [Option<f64>; 8] = [
    None,
    Some(f64::NAN),
    Some(f64::INFINITY),
    Some(f64::NEG_INFINITY),
    Some(1e300),
    Some(-0.0),
    Some(0.0),
    Some(7.0),
];
const NAMES: [&str; 5] = ["", "a", "a|b", "b", "(missing)"];

#[test]
fn reports_on_any_rows_are_whole() {
    let mut turns = Turns(1);
    for round in 0..400 {
        let n = 1 + turns.next(if round % 4 == 0 { 300 } else { 25 });
        let kinds = 1 + turns.next(NAMES.len());
        let y: Vec<bool> = (0..n)
            .map(|_| turns.next(if round % 3 == 0 { 1 } else { 3 }) == 0)
            .collect();
        let picked: Vec<bool> = (0..n).map(|_| turns.next(2 + round % 2) == 0).collect();
        let p: Vec<f64> = (0..n).map(|_| PROBABILITIES[turns.next(8)]).collect();
        let groups: Vec<&str> = (0..n).map(|_| NAMES[turns.next(kinds)]).collect();
        let others: Vec<&str> = (0..n).map(|_| NAMES[turns.next(2)]).collect();
        let settings = Settings {
            smallest_group: 5,
            replicates: 100,
            limits: if round % 2 == 0 {
                Limits::Wilson
            } else {
                Limits::ClopperPearson
            },
            ..Settings::default()
        };
        let report = fairness_report("x", &y, &picked, &p, &groups, settings).unwrap();
        is_whole::<FairnessReport>(&report);
        is_whole(
            &fairness_report("x", &y, &picked, &p, &intersect(&groups, &others), settings).unwrap(),
        );
        is_whole(&explore(&y, &p, &groups, 1 + turns.next(40), settings).unwrap());
        let metrics = by_group(&y, &picked, &p, &groups).unwrap();
        let sides: Vec<CountedGroup<'_>> = metrics.iter().map(CountedGroup::from).collect();
        is_whole(&label_sensitivity(&sides, 0.1));
        let numbers: Vec<Option<f64>> = (0..n).map(|_| NUMBERS[turns.next(8)]).collect();
        let levels: Vec<Option<String>> = (0..n)
            .map(|_| Some(NAMES[turns.next(5)].to_owned()).filter(|name| name != "b"))
            .collect();
        let features = [
            ("numbers".to_owned(), Feature::Numbers(&numbers)),
            ("levels".to_owned(), Feature::Levels(&levels)),
        ];
        is_whole(&proxies(&features, &groups, 0.65, 5, 1).unwrap());
        let member: Vec<bool> = groups.iter().map(|g| *g == "a").collect();
        if let Ok(found) = whole_set("a", &member, &p, 0.65) {
            is_whole(&found);
        }
        let strata: Vec<usize> = (0..n).map(|_| turns.next(3)).collect();
        if let Some(found) = standardised_difference(&numbers, &member, &strata) {
            is_whole(&found);
        }
    }
}

#[test]
fn judgements_on_any_counts_are_whole() {
    let mut turns = Turns(2);
    let sizes = [0, 0, 1, 2, 9, 10, 1_000, 10_000_000];
    for _ in 0..400 {
        let mut count = || sizes[turns.next(8)];
        let counts: Vec<Confusion> = (0..3)
            .map(|_| Confusion {
                true_positives: count(),
                false_positives: count(),
                true_negatives: count(),
                false_negatives: count(),
            })
            .collect();
        is_whole(&bootstrap(&counts, 100, 1).unwrap());
        let disclosed: Vec<DisclosedGroup> = counts
            .iter()
            .enumerate()
            .map(|(at, counts)| DisclosedGroup::zeros_withheld(at.to_string(), *counts))
            .collect();
        for criterion in Criterion::ALL {
            is_whole(&judge_disclosed(&disclosed, criterion, 0.1, 9));
        }
        let shares: Vec<(String, Proportion)> = counts
            .iter()
            .enumerate()
            .map(|(at, c)| {
                let total = c.true_positives + c.false_negatives;
                (at.to_string(), Proportion::new(c.true_positives, total))
            })
            .collect();
        if let Ok(audit) = label_audit(&shares, 0.1, 1) {
            is_whole(&audit);
        }
        let [a, b] = [0, 1].map(|at: usize| shares[at].1);
        for confidence in [0.5, 0.95, 0.999_999] {
            if let Some(found) = smallest_detectable_difference(a, b, confidence) {
                assert!((0.0..=1.0).contains(&found), "{a:?} {b:?} {found}");
            }
        }
    }
}
