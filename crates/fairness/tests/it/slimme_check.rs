//! The counts that Amsterdam disclosed of its Slimme Check: what this crate would have said, and when.

use helder_evaluation::{Confusion, Proportion, drift};
use helder_fairness::{Criterion, DisclosedGroup, DisclosedResult, Verdict, judge_disclosed};

use crate::support;

/// Smallest count the city published; below it stands 0.
const SMALLEST: usize = 10;

struct Disclosed(Vec<csv::StringRecord>);

impl Disclosed {
    fn read() -> Option<Self> {
        let path = support::reference_data()?.join("slimme_check_confusion.csv");
        let mut reader = csv::Reader::from_path(path).unwrap();
        Some(Self(reader.records().map(Result::unwrap).collect()))
    }

    fn counts(&self, dataset: &str, model: &str, feature: &str, value: &str) -> Confusion {
        let cell = |metric: &str| -> usize {
            let key = [dataset, model, feature, value, metric];
            self.0
                .iter()
                .find(|row| {
                    key.iter()
                        .enumerate()
                        .all(|(place, key)| row[place] == **key)
                })
                .unwrap()[5]
                .parse()
                .unwrap()
        };
        Confusion {
            true_positives: cell("TP"),
            false_positives: cell("FP"),
            true_negatives: cell("TN"),
            false_negatives: cell("FN"),
        }
    }

    fn judged(
        &self,
        dataset: &str,
        model: &str,
        feature: &str,
        values: [&str; 2],
    ) -> DisclosedResult {
        let groups = values.map(|value| {
            DisclosedGroup::zeros_withheld(value, self.counts(dataset, model, feature, value))
        });
        judge_disclosed(&groups, Criterion::EqualizedOdds, 0.1, SMALLEST - 1)
    }

    fn of_all(&self, dataset: &str, model: &str) -> Confusion {
        let (men, women) = (
            self.counts(dataset, model, "geslacht", "M"),
            self.counts(dataset, model, "geslacht", "V"),
        );
        Confusion {
            true_positives: men.true_positives + women.true_positives,
            false_positives: men.false_positives + women.false_positives,
            true_negatives: men.true_negatives + women.true_negatives,
            false_negatives: men.false_negatives + women.false_negatives,
        }
    }

    fn pre_pilot(&self) -> &str {
        self.0
            .iter()
            .map(|row| &row[0])
            .find(|name| name.to_lowercase().contains("pre"))
            .unwrap()
    }
}

fn false_positives(found: &DisclosedResult) -> (f64, [f64; 2]) {
    let pair = found
        .comparisons
        .iter()
        .find(|pair| {
            pair.measure
                == helder_fairness::Compared::Rate(helder_fairness::Measure::FalsePositiveRate)
        })
        .unwrap();
    (
        pair.difference,
        [pair.interval_95.low, pair.interval_95.high],
    )
}

fn near(found: (f64, [f64; 2]), difference: f64, limits: [f64; 2]) {
    assert!((found.0 - difference).abs() < 6e-4, "{found:?}");
    assert!((found.1[0] - limits[0]).abs() < 6e-4 && (found.1[1] - limits[1]).abs() < 6e-4);
}

#[test]
fn before_reweighing_it_is_outside_and_after_it_nobody_can_know() {
    let Some(disclosed) = Disclosed::read() else {
        return;
    };
    let pre = disclosed.pre_pilot();
    let origin = disclosed.judged(pre, "BR", "IsWesters", ["0", "1"]);
    near(false_positives(&origin), 0.239, [0.134, 0.342]);
    assert_eq!(origin.verdict, Verdict::OutsideBound);
    let nationality = disclosed.judged(pre, "BR", "IsNederlands", ["0", "1"]);
    near(false_positives(&nationality), 0.180, [0.090, 0.271]);
    assert!(
        nationality
            .comparisons
            .iter()
            .any(|pair| pair.p_value_holm < 0.001),
        "the difference is proven, though not that it is above 0.1"
    );
    assert_ne!(nationality.verdict, Verdict::WithinBound);
    for (feature, difference, limits) in [
        ("IsWesters", -0.032, [-0.108, 0.064]),
        ("IsNederlands", -0.006, [-0.078, 0.077]),
    ] {
        let after = disclosed.judged(pre, "AR", feature, ["0", "1"]);
        near(false_positives(&after), difference, limits);
        assert_ne!(after.verdict, Verdict::WithinBound, "{feature}");
    }
}

#[test]
fn the_pilot_was_too_small_to_call_it_free_of_bias() {
    let Some(disclosed) = Disclosed::read() else {
        return;
    };
    let sex = disclosed.judged("Pilot", "AR", "geslacht", ["V", "M"]);
    near(false_positives(&sex), 0.069, [-0.080, 0.216]);
    assert_eq!(sex.verdict, Verdict::NotEnoughData);
    let detectable = sex
        .comparisons
        .iter()
        .filter_map(|pair| pair.smallest_detectable_difference)
        .fold(0.0, f64::max);
    println!("the pilot could have shown a difference of {detectable:.3} between women and men");
    assert!(detectable > 0.2, "{detectable}");
}

#[test]
fn withheld_cells_are_unknown_and_not_nothing() {
    let Some(disclosed) = Disclosed::read() else {
        return;
    };
    let origin = disclosed.judged("Pilot", "AR", "IsWesters", ["0", "1"]);
    assert_eq!(origin.verdict, Verdict::NotEnoughData);
    assert!(origin.comparisons.is_empty() && origin.withheld.len() == 2);
    let age = disclosed.judged("Pilot", "AR", "Leeftijd<30", ["1", "0"]);
    let pair = &age.withheld[1];
    let limits = pair.widest_interval_95.unwrap();
    assert_eq!(age.verdict, Verdict::NotEnoughData);
    // Of the young, 17 of 17 to 26 negatives were picked.
    assert!(limits.low < 0.1 && limits.high > 0.25, "{limits:?}");
}

#[test]
fn the_pilot_s_shift_of_selection_and_precision_sets_off_the_alarm() {
    let Some(disclosed) = Disclosed::read() else {
        return;
    };
    let (before, after) = (
        disclosed.of_all(disclosed.pre_pilot(), "AR"),
        disclosed.of_all("Pilot", "AR"),
    );
    let selected = |counts: Confusion| helder_fairness::Measure::SelectionRate.of(counts);
    let share = |share: Proportion| share.value().unwrap();
    assert!((share(selected(before)) - 0.31).abs() < 0.006);
    assert!((share(selected(after)) - 0.68).abs() < 0.006);
    let selection = drift(selected(before), selected(after), 0.05).unwrap();
    assert!(selection.alarm, "{selection:?}");
    let precision = drift(before.precision(), after.precision(), 0.05).unwrap();
    println!(
        "log evidence: selection {:.1}, precision {:.1}, needed {:.1}",
        selection.log_evidence, precision.log_evidence, selection.log_evidence_needed
    );
    assert!(precision.alarm, "{precision:?}");
    // It would have gone off long before the pilot was over.
    let early = Proportion::new(30, 44);
    assert!(drift(selected(before), early, 0.05).unwrap().alarm);
}
