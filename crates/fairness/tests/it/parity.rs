//! Group figures equal those of Fairlearn; intervals those of statsmodels.

use helder_evaluation::{Confusion, Proportion};
use helder_fairness::{
    GroupMetrics, Limits, Measure, bootstrap, by_group, disparity, intersect, overall,
};
use helder_glm::LogisticRegression;
use serde_json::Value;

use crate::support::{self, Data, digits, outcome, strings};

/// Name of each measure in the reference.
const KEYS: [(Measure, &str); 7] = [
    (Measure::SelectionRate, "selection_rate"),
    (Measure::TruePositiveRate, "tpr"),
    (Measure::FalsePositiveRate, "fpr"),
    (Measure::FalseNegativeRate, "fnr"),
    (Measure::TrueNegativeRate, "tnr"),
    (Measure::Precision, "ppv"),
    (Measure::Accuracy, "accuracy"),
];

/// Outcomes and probabilities of the test rows, from a model without the sensitive features.
fn scores(
    data: &Data,
    reference: &Value,
    sensitive: &[String],
) -> (Vec<bool>, Vec<f64>, Vec<usize>) {
    let (test, train) = data.split();
    let without = |key: &str| -> Vec<String> {
        strings(&reference[key])
            .into_iter()
            .filter(|name| !sensitive.contains(name))
            .collect()
    };
    let (numeric, categorical) = (without("numeric"), without("categorical"));
    let target = reference["target"].as_str().unwrap();
    let fit = LogisticRegression::new()
        .fit(
            &data.design(&numeric, &categorical, &train),
            &outcome(data, target, &train),
        )
        .unwrap();
    let p = fit
        .probabilities(&data.design(&numeric, &categorical, &test))
        .unwrap();
    (outcome(data, target, &test), p, test)
}

/// Keeps the fewest digits seen.
struct Fewest(f64);

impl Fewest {
    fn see(&mut self, ours: f64, theirs: &Value) {
        self.0 = self.0.min(digits(ours, theirs.as_f64().unwrap()));
    }
}

fn compare_groups(groups: &[GroupMetrics], expected: &Value, fewest: &mut Fewest) {
    for group in groups {
        let theirs = &expected["by_group"][&group.group];
        assert_eq!(theirs["count"].as_f64().unwrap() as usize, group.rows());
        for (measure, key) in KEYS {
            // Fairlearn writes 0 for a share of nothing.
            fewest.see(group.rate(measure).value.unwrap_or(0.0), &theirs[key]);
        }
    }
    for (measure, key) in KEYS {
        if groups
            .iter()
            .any(|group| group.rate(measure).value.is_none())
        {
            continue;
        }
        let found = disparity(groups, measure).unwrap();
        fewest.see(found.difference, &expected["difference"][key]);
        fewest.see(found.ratio.unwrap(), &expected["ratio"][key]);
    }
}

fn compare_intervals(groups: &[GroupMetrics], expected: &Value) -> f64 {
    let mut largest: f64 = 0.0;
    for group in groups {
        for (measure, key) in KEYS {
            let theirs = &expected["intervals_95"][&group.group][key];
            if theirs.is_null() {
                continue;
            }
            let rate = group.rate(measure);
            assert_eq!(theirs["x"].as_u64().unwrap() as usize, rate.count);
            assert_eq!(theirs["n"].as_u64().unwrap() as usize, rate.total);
            let exact = group.rate_with(measure, Limits::ClopperPearson).interval_95;
            if let (Some(ours), Some(limits)) = (exact, theirs["clopper_pearson"].as_array()) {
                largest = largest.max((ours.low - limits[0].as_f64().unwrap()).abs());
                largest = largest.max((ours.high - limits[1].as_f64().unwrap()).abs());
            }
            match (rate.interval_95, theirs["wilson"].as_array()) {
                (Some(ours), Some(limits)) => {
                    largest = largest.max((ours.low - limits[0].as_f64().unwrap()).abs());
                    largest = largest.max((ours.high - limits[1].as_f64().unwrap()).abs());
                }
                (ours, theirs) => assert!(ours.is_none() && theirs.is_none()),
            }
        }
    }
    largest
}

fn compare_scores(groups: &[GroupMetrics], expected: &Value, fewest: &mut Fewest) {
    for group in groups {
        let theirs = &expected["calibration_by_group"][&group.group];
        fewest.see(group.mean_score, &theirs["mean_score"]);
        fewest.see(group.brier, &theirs["brier"]);
        fewest.see(
            group.positives() as f64 / group.rows() as f64,
            &theirs["base_rate"],
        );
        if let Some(auc) = group.auc {
            fewest.see(auc, &theirs["auc"]);
        }
        if let (Some(line), Some(_)) =
            (group.calibration_line, theirs["calibration_slope"].as_f64())
        {
            fewest.see(line.slope, &theirs["calibration_slope"]);
            // An intercept near 0 has no leading digits of its own: compare on the scale of 1.
            let intercept = theirs["calibration_intercept"].as_f64().unwrap();
            fewest.0 = fewest.0.min(digits(1.0 + line.intercept, 1.0 + intercept));
        }
    }
}

fn compare_summary(groups: &[GroupMetrics], expected: &Value, fewest: &mut Fewest) {
    let of = |measure| disparity(groups, measure).unwrap();
    let (selection, tpr, fpr) = (
        of(Measure::SelectionRate),
        of(Measure::TruePositiveRate),
        of(Measure::FalsePositiveRate),
    );
    fewest.see(
        selection.difference,
        &expected["demographic_parity_difference"],
    );
    fewest.see(
        selection.ratio.unwrap(),
        &expected["demographic_parity_ratio"],
    );
    fewest.see(
        tpr.difference.max(fpr.difference),
        &expected["equalized_odds_difference"],
    );
    fewest.see(
        tpr.ratio.unwrap().min(fpr.ratio.unwrap()),
        &expected["equalized_odds_ratio"],
    );
    fewest.see(tpr.difference, &expected["equal_opportunity_difference"]);
}

fn assert_equal(name: &str, data: &Data, reference: &Value, fairness: &Value) {
    let sensitive: Vec<String> = fairness["groups"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    let (y, p, test) = scores(data, reference, &sensitive);
    let threshold = fairness["threshold"].as_f64().unwrap();
    let picked: Vec<bool> = p.iter().map(|p| *p >= threshold).collect();
    let values = |feature: &str| -> Vec<&str> {
        let all = data.text(feature);
        test.iter().map(|&row| all[row]).collect()
    };
    for feature in &sensitive {
        let expected = &fairness["groups"][feature];
        let groups = by_group(&y, &picked, &p, &values(feature)).unwrap();
        assert_eq!(
            groups.len(),
            expected["by_group"].as_object().unwrap().len()
        );
        let (mut rates, mut scored) = (Fewest(17.0), Fewest(17.0));
        compare_groups(&groups, expected, &mut rates);
        compare_summary(&groups, expected, &mut rates);
        compare_scores(&groups, expected, &mut scored);
        let total = overall(&y, &picked, &p).unwrap();
        for (measure, key) in KEYS {
            rates.see(
                total.rate(measure).value.unwrap(),
                &expected["overall"][key],
            );
        }
        let wilson = compare_intervals(&groups, expected);
        println!(
            "{name}, {feature}: rates {:.1}, scores {:.1} digits, Wilson and Clopper-Pearson within {wilson:e}",
            rates.0, scored.0
        );
        assert!(rates.0 >= 14.0 && scored.0 >= 8.0 && wilson < 1e-12);
    }
    if let Some((key, expected)) = fairness
        .as_object()
        .unwrap()
        .iter()
        .find(|(key, _)| key.starts_with("intersection_"))
    {
        let (first, second) = key
            .trim_start_matches("intersection_")
            .split_once("_x_")
            .unwrap();
        let groups =
            by_group(&y, &picked, &p, &intersect(&values(first), &values(second))).unwrap();
        let mut fewest = Fewest(17.0);
        compare_groups(&groups, expected, &mut fewest);
        println!("{name}, {key}: {:.1} digits", fewest.0);
        assert!(fewest.0 >= 14.0);
    }
}

#[test]
fn german_credit_equals_fairlearn() {
    let reference = support::reference("german_credit.json");
    assert_equal(
        "german credit",
        &support::german_credit(),
        &reference,
        &reference,
    );
}

#[test]
fn adult_equals_fairlearn() {
    let reference = support::reference("adult.json");
    assert_equal("adult", &support::adult(false), &reference, &reference);
}

#[test]
fn compas_equals_fairlearn() {
    let Some(data) = support::compas() else {
        return;
    };
    let folder = support::reference_data().unwrap().join("reference");
    let reference = support::json(folder.join("classification_compas.json"));
    assert_equal(
        "compas",
        &data,
        &reference,
        &support::json(folder.join("fairness_compas.json")),
    );
}

#[test]
fn the_published_compas_deciles_equal_fairlearn() {
    let Some(data) = support::compas() else {
        return;
    };
    let folder = support::reference_data().unwrap().join("reference");
    let reference = support::json(folder.join("fairness_compas_decile5.json"));
    let y: Vec<bool> = data
        .text("two_year_recid")
        .into_iter()
        .map(|text| text == "1")
        .collect();
    let deciles = data.numbers("decile_score");
    let picked: Vec<bool> = deciles.iter().map(|decile| *decile >= 5.0).collect();
    let p: Vec<f64> = deciles.iter().map(|decile| decile / 10.0).collect();
    for feature in ["race", "sex"] {
        let groups = by_group(&y, &picked, &p, &data.text(feature)).unwrap();
        let mut fewest = Fewest(17.0);
        compare_groups(&groups, &reference[feature], &mut fewest);
        let wilson = compare_intervals(&groups, &reference[feature]);
        println!(
            "compas deciles, {feature}: {:.1} digits, Wilson and Clopper-Pearson within {wilson:e}",
            fewest.0
        );
        assert!(fewest.0 >= 14.0 && wilson < 1e-12);
    }
}

#[test]
fn newcombe_s_intervals_equal_statsmodels_on_a_disclosed_audit() {
    let Some(folder) = support::reference_data() else {
        return;
    };
    let reference = support::json(folder.join("reference/fairness_slimme_check.json"));
    let rows = reference["rows"].as_array().unwrap();
    let counts = |pair: &Value, value: &Value| -> Option<Confusion> {
        let same = |key: &str, row: &Value| row[key] == pair[key];
        let row = rows.iter().find(|row| {
            same("dataset", row)
                && same("model", row)
                && same("feature", row)
                && row["value"] == *value
        })?;
        let cell = |key: &str| row[key].as_u64().map(|count| count as usize);
        Some(Confusion {
            true_positives: cell("TP")?,
            false_positives: cell("FP")?,
            true_negatives: cell("TN")?,
            false_negatives: cell("FN")?,
        })
    };
    let mut compared = 0;
    let mut largest: f64 = 0.0;
    for pair in reference["pairs"].as_array().unwrap() {
        let (Some(first), Some(second)) =
            (counts(pair, &pair["first"]), counts(pair, &pair["second"]))
        else {
            continue;
        };
        for (measure, key) in KEYS {
            let Some(limits) = pair
                .get(key)
                .and_then(|entry| entry.get("newcombe95"))
                .and_then(Value::as_array)
            else {
                continue;
            };
            let share: fn(Measure, Confusion) -> Proportion = |measure, counts| measure.of(counts);
            let ours = share(measure, first)
                .difference_interval(share(measure, second))
                .unwrap();
            largest = largest.max((ours.low - limits[0].as_f64().unwrap()).abs());
            largest = largest.max((ours.high - limits[1].as_f64().unwrap()).abs());
            compared += 1;
        }
    }
    println!("Newcombe: {compared} intervals within {largest:e}");
    assert!(compared > 0 && largest < 1e-12);
}

#[test]
fn resampled_counts_give_fairlearn_s_limits() {
    let Some(data) = support::compas() else {
        return;
    };
    let folder = support::reference_data().unwrap().join("reference");
    let reference = support::json(folder.join("fairness_compas_decile5.json"));
    let expected = &reference["bootstrap_race_aa_vs_caucasian"];
    let counts: Vec<Confusion> = ["African-American", "Caucasian"]
        .map(|race| {
            let rows: Vec<usize> = (0..data.rows.len())
                .filter(|&row| data.text("race")[row] == race)
                .collect();
            let (y, deciles) = (data.text("two_year_recid"), data.numbers("decile_score"));
            Confusion::of(
                rows.iter().map(|&row| y[row] == "1"),
                rows.iter().map(|&row| deciles[row] >= 5.0),
            )
        })
        .into();
    let replicates = expected["B"].as_u64().unwrap() as usize;
    let found = bootstrap(&counts, replicates, 1).unwrap();
    let mut largest = 0.0_f64;
    for (key, ours) in [
        ("dp", found.demographic_parity_difference),
        ("dpr", found.demographic_parity_ratio),
        ("eo", found.equalized_odds_difference),
        ("eopp", found.equal_opportunity_difference),
    ] {
        let ours = ours.unwrap();
        for (name, value) in [
            ("q025", ours.interval_95.low),
            ("q50", ours.median),
            ("q975", ours.interval_95.high),
        ] {
            largest = largest.max((value - expected[key][name].as_f64().unwrap()).abs());
        }
    }
    println!("bootstrap limits within {largest:.4} of Fairlearn's, both of {replicates} resamples");
    // A limit of 2,000 resamples has a standard error of about 0.001 here.
    assert!(largest < 0.006);
}

/// Every object of a document that holds counts with their limits.
fn limits<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(fields) if fields.contains_key("clopper_pearson") => found.push(value),
        Value::Object(fields) => fields.values().for_each(|value| limits(value, found)),
        Value::Array(values) => values.iter().for_each(|value| limits(value, found)),
        _ => {}
    }
}

#[test]
fn limits_from_counts_equal_statsmodels_in_every_reference() {
    let Some(folder) = support::reference_data() else {
        return;
    };
    let (mut compared, mut largest) = (0, 0.0_f64);
    for entry in std::fs::read_dir(folder.join("reference")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("fairness_") {
            continue;
        }
        let document = support::json(path);
        let mut found = Vec::new();
        limits(&document, &mut found);
        for entry in found {
            let count = |key: &str| entry[key].as_f64().map(|count| count as usize);
            let (Some(x), Some(n)) = (count("x"), count("n")) else {
                continue;
            };
            let share = Proportion::new(x, n);
            for (key, ours) in [
                ("wilson", share.wilson()),
                ("clopper_pearson", share.clopper_pearson(0.95)),
            ] {
                let (Some(ours), Some(theirs)) = (ours, entry[key].as_array()) else {
                    continue;
                };
                let (Some(low), Some(high)) = (theirs[0].as_f64(), theirs[1].as_f64()) else {
                    continue;
                };
                largest = largest
                    .max((ours.low - low).abs())
                    .max((ours.high - high).abs());
                compared += 1;
            }
        }
    }
    println!("Wilson and Clopper-Pearson: {compared} intervals within {largest:e}");
    assert!(compared > 300 && largest < 1e-12, "{compared} {largest:e}");
}
