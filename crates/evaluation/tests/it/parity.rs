//! The measures equal those of scikit-learn and statsmodels on the test rows of an unpenalised logistic regression.

use helder_evaluation::{Evaluation, evaluate};
use helder_glm::LogisticRegression;
use serde_json::Value;

use crate::support::{self, Data, digits, fewest_digits, floats, outcome, strings};

fn probabilities(data: &Data, reference: &Value) -> (Vec<bool>, Vec<f64>) {
    let (test, train) = data.split();
    let (numeric, categorical) = (
        strings(&reference["numeric"]),
        strings(&reference["categorical"]),
    );
    let target = reference["target"].as_str().unwrap();
    let fit = LogisticRegression::new()
        .fit(
            &data.design(&numeric, &categorical, &train),
            &outcome(data, target, &train),
        )
        .unwrap();
    let design = data.design(&numeric, &categorical, &test);
    (
        outcome(data, target, &test),
        fit.probabilities(&design).unwrap(),
    )
}

fn assert_equal(name: &str, data: &Data, reference: &Value, expected: &Value, first: &Value) {
    let (y, p) = probabilities(data, reference);
    let capacities: Vec<usize> = expected["precision_at"]
        .as_object()
        .unwrap()
        .keys()
        .map(|k| k.parse().unwrap())
        .collect();
    let found: Evaluation = evaluate(&y, &p, &capacities).unwrap();
    assert_eq!(found.rows as u64, expected["n"].as_u64().unwrap());
    assert_eq!(
        found.positives as u64,
        expected["positives"].as_u64().unwrap()
    );

    let line = found.calibration.line.unwrap();
    let one = |key: &str, value: f64| digits(value, expected[key].as_f64().unwrap());
    let mut measured = vec![
        (
            "first probabilities",
            fewest_digits(p[..10].iter().copied(), &floats(first)),
        ),
        ("AUC", one("auc", found.auc.value)),
        (
            "average precision",
            one("average_precision", found.average_precision),
        ),
        ("Brier", one("brier", found.brier)),
        ("log loss", one("log_loss", found.log_loss)),
        (
            "calibration error",
            one(
                "ece_10_equal_width",
                found.calibration.expected_calibration_error,
            ),
        ),
        (
            "calibration intercept",
            one("calibration_intercept", line.intercept),
        ),
        ("calibration slope", one("calibration_slope", line.slope)),
    ];
    for capacity in &found.capacities {
        let k = capacity.k.to_string();
        measured.push((
            "precision at k",
            digits(
                capacity.precision,
                expected["precision_at"][&k].as_f64().unwrap(),
            ),
        ));
        measured.push((
            "recall at k",
            digits(
                capacity.recall.unwrap(),
                expected["recall_at"][&k].as_f64().unwrap(),
            ),
        ));
    }
    for (what, found) in &measured {
        println!("{name}: {what}: {found:.1} digits");
    }
    println!("{name}: AUC {:?}", found.auc);
    for (what, found) in measured {
        assert!(found >= 10.0, "{name}: {what}: {found} digits");
    }
}

fn assert_file(name: &str, data: &Data, file: &str) {
    let reference = support::reference(file);
    assert_equal(
        name,
        data,
        &reference,
        &reference["test"],
        &reference["first_10_test_probabilities"],
    );
}

#[test]
fn german_credit_equals_the_peers() {
    assert_file(
        "german credit",
        &support::german_credit(),
        "german_credit.json",
    );
}

#[test]
fn adult_equals_the_peers() {
    assert_file("adult", &support::adult(false), "adult.json");
}

#[test]
fn compas_equals_the_peers() {
    let Some(data) = support::compas() else {
        return;
    };
    let folder = support::reference_data().unwrap();
    let reference = support::json(folder.join("reference/classification_compas.json"));
    let expected = &reference["logistic_unregularised_train"];
    assert_equal(
        "compas",
        &data,
        &reference,
        &expected["test"],
        &expected["first_10_test_probabilities"],
    );
}
