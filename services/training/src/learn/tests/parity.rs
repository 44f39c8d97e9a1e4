//! From a frame on disk to the documents: the figures of the reference tools.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::frame::{Csv, learned, parse, plan, repository};

fn reference(krate: &str, name: &str) -> Value {
    let path = repository()
        .join("crates")
        .join(krate)
        .join("tests/reference")
        .join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn strings(value: &Value) -> Vec<String> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap().to_owned())
        .collect()
}

fn digits(ours: &Value, theirs: &Value) -> f64 {
    let (ours, theirs) = (ours.as_f64().unwrap(), theirs.as_f64().unwrap());
    if ours.to_bits() == theirs.to_bits() {
        17.0
    } else {
        -((ours - theirs).abs() / theirs.abs()).log10()
    }
}

/// Learns as the reference did; `without` are sensitive columns kept out.
fn run(
    csv: &Csv,
    reference: &Value,
    without: &[String],
    capacity: Option<u32>,
) -> (Value, Value, Value) {
    let numeric = strings(&reference["numeric"]);
    let categorical: Vec<String> = strings(&reference["categorical"])
        .into_iter()
        .filter(|name| !without.contains(name))
        .collect();
    let features: Vec<&str> = numeric
        .iter()
        .chain(&categorical)
        .map(String::as_str)
        .collect();
    let mut plan = plan(&features);
    plan["sensitiveFeatures"] = json!(without);
    plan["capacity"] = json!(capacity);
    let texts: BTreeSet<String> = categorical.iter().chain(without).cloned().collect();
    let frame = csv.frame(&numeric, &texts, reference["target"].as_str().unwrap());
    let learned = learned(frame, &plan).unwrap();
    (
        parse(&learned.model),
        parse(&learned.evaluation),
        parse(&learned.fairness),
    )
}

fn assert_fit(name: &str, csv: &Csv, file: &str) {
    let (fit, metrics) = (reference("glm", file), reference("evaluation", file));
    let (_, evaluation, _) = run(csv, &fit, &[], Some(100));
    let expected = &fit["logistic_unregularised_train"];
    let found = evaluation["fit"]["coefficients"].as_array().unwrap();
    assert_eq!(
        found
            .iter()
            .map(|c| c["name"].as_str().unwrap())
            .collect::<Vec<_>>(),
        strings(&expected["names"])
    );
    let mut fewest: f64 = 17.0;
    for (place, coefficient) in found.iter().enumerate() {
        for (ours, theirs) in [
            ("estimate", "coef"),
            ("standardError", "se"),
            ("robustStandardError", "se_robust_hc0"),
        ] {
            fewest = fewest.min(digits(&coefficient[ours], &expected[theirs][place]));
        }
    }
    let predictions = &evaluation["predictions"];
    for (ours, theirs) in [
        (&predictions["auc"]["value"], "auc"),
        (&predictions["averagePrecision"], "average_precision"),
        (&predictions["brier"], "brier"),
        (&predictions["logLoss"], "log_loss"),
        (
            &predictions["calibration"]["expectedCalibrationError"],
            "ece_10_equal_width",
        ),
        (
            &predictions["calibration"]["line"]["slope"],
            "calibration_slope",
        ),
    ] {
        fewest = fewest.min(digits(ours, &metrics["test"][theirs]));
    }
    fewest = fewest.min(digits(
        &predictions["capacities"][0]["precision"],
        &metrics["test"]["precision_at"]["100"],
    ));
    println!("{name}: {fewest:.1} digits from frame to evaluation.json");
    assert!(fewest >= 8.0, "{fewest}");
}

fn assert_fairness(name: &str, csv: &Csv, file: &str) {
    let expected = reference("fairness", file);
    let sensitive: Vec<String> = expected["groups"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    let (_, _, fairness) = run(csv, &expected, &sensitive, None);
    let mut shown = 0;
    for report in fairness["sensitiveFeatures"].as_array().unwrap() {
        let theirs = &expected["groups"][report["sensitiveFeature"].as_str().unwrap()];
        for group in report["groups"].as_array().unwrap() {
            let theirs_of = &theirs["by_group"][group["group"].as_str().unwrap()];
            for (ours, key) in [
                ("selectionRate", "selection_rate"),
                ("truePositiveRate", "tpr"),
                ("falsePositiveRate", "fpr"),
            ] {
                if let Some(rate) = group[ours].as_object() {
                    assert!(
                        digits(&rate["value"], &theirs_of[key]) > 15.0,
                        "{name}, {key}"
                    );
                    shown += 1;
                }
            }
        }
    }
    println!("{name}: {shown} rates from frame to fairness.json equal Fairlearn's");
    assert!(shown > 2);
}

#[test]
fn german_credit_comes_out_as_in_the_reference() {
    let csv = Csv::read("tests/data/german_credit/german_credit.csv");
    assert_fit("german credit", &csv, "german_credit.json");
    assert_fairness("german credit", &csv, "german_credit.json");
}

#[test]
fn adult_comes_out_as_in_the_reference() {
    let csv = Csv::read("tests/data/adult/adult.csv.gz");
    assert_fit("adult", &csv, "adult.json");
    assert_fairness("adult", &csv, "adult.json");
}
