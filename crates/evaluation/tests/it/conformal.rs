//! Recalibration and prediction sets against the reference, and the coverage they promise on rows nobody learned from.

use std::fs::File;

use helder_evaluation::{
    Conformal, Coverage, Recalibration, RecalibrationKind, at_capacity, auc, average_precision,
    brier, calibration, ceiling, log_loss,
};
use helder_glm::LogisticRegression;
use serde_json::Value;

use crate::support::{self, Data, digits, outcome, strings};

const NONE: [&str; 0] = [];

/// Any file of the reference folder, numbers with gaps filled as the reference does: median of the train rows and a column that
/// says so.
fn filled(file: &str, reference: &Value) -> Option<(Data, Vec<String>)> {
    let mut csv =
        csv::Reader::from_reader(File::open(support::reference_data()?.join(file)).unwrap());
    let mut header: Vec<String> = csv.headers().unwrap().iter().map(str::to_owned).collect();
    let mut rows: Vec<Vec<String>> = csv
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect();
    let mut numeric = strings(&reference["numeric"]);
    for name in numeric.clone() {
        let at = header.iter().position(|h| *h == name).unwrap();
        let mut known: Vec<f64> = rows
            .iter()
            .enumerate()
            .filter(|(row, _)| row % 5 != 0)
            .filter_map(|(_, row)| row[at].parse().ok())
            .collect();
        known.sort_by(f64::total_cmp);
        let middle = f64::midpoint(known[(known.len() - 1) / 2], known[known.len() / 2]);
        if rows.iter().all(|row| !row[at].is_empty()) {
            continue;
        }
        header.push(format!("{name}__missing"));
        numeric.push(format!("{name}__missing"));
        for row in &mut rows {
            let gap = row[at].is_empty();
            if gap {
                row[at] = middle.to_string();
            }
            row.push(if gap { "1" } else { "0" }.to_owned());
        }
    }
    let row_index = (0..rows.len()).collect();
    let data = Data {
        header,
        rows,
        row_index,
    };
    Some((data, numeric))
}

/// Outcomes and probabilities of the rows with one of these remainders by five, from a model of rows 2, 3 and 4.
struct Parts {
    calibration: (Vec<bool>, Vec<f64>),
    test: (Vec<bool>, Vec<f64>),
}

fn parts(data: &Data, numeric: &[String], reference: &Value) -> Parts {
    let categorical = strings(&reference["categorical"]);
    let target = reference["target"].as_str().unwrap();
    let target = target.split(" (").next().unwrap();
    let of = |remainders: &[usize]| -> Vec<usize> {
        (0..data.rows.len())
            .filter(|&row| remainders.contains(&(data.row_index[row] % 5)))
            .collect()
    };
    let train = of(&[2, 3, 4]);
    let fit = LogisticRegression::new()
        .fit(
            &data.design(numeric, &categorical, &train),
            &outcome(data, target, &train),
        )
        .unwrap();
    let scored = |rows: Vec<usize>| {
        let p = fit
            .probabilities(&data.design(numeric, &categorical, &rows))
            .unwrap();
        (outcome(data, target, &rows), p)
    };
    Parts {
        calibration: scored(of(&[1])),
        test: scored(of(&[0])),
    }
}

fn assert_equal(name: &str, parts: &Parts, expected: &Value) {
    let (cal_y, cal_p) = &parts.calibration;
    let (y, p) = &parts.test;
    let platt = Recalibration::fit(RecalibrationKind::Platt, cal_y, cal_p).unwrap();
    let Recalibration::Platt { intercept, slope } = platt else {
        panic!("another kind")
    };
    let theirs = &expected["platt_intercept_slope"];
    let mut fewest = digits(intercept, theirs[0].as_f64().unwrap())
        .min(digits(slope, theirs[1].as_f64().unwrap()));
    println!("{name}: Platt {fewest:.1} digits");
    let isotonic = Recalibration::fit(RecalibrationKind::Isotonic, cal_y, cal_p).unwrap();
    let said: Vec<f64> = p.iter().map(|p| isotonic.apply(*p)).collect();
    let theirs = &expected["isotonic_test"];
    // Isotonic says 0 and 1; the reference kept those 1e-15 off before taking logarithms.
    let kept_off: Vec<f64> = said.iter().map(|p| p.clamp(1e-15, 1.0 - 1e-15)).collect();
    let line = calibration(y, &said).unwrap();
    for (key, ours) in [
        ("auc", auc(y, &said).unwrap().value),
        ("average_precision", average_precision(y, &said).unwrap()),
        ("brier", brier(y, &said).unwrap()),
        ("log_loss", log_loss(y, &kept_off).unwrap()),
        ("ece_10_equal_width", line.expected_calibration_error),
    ] {
        let agreed = digits(ours, theirs[key].as_f64().unwrap());
        println!("{name}: isotonic {key} {agreed:.1} digits");
        fewest = fewest.min(agreed);
    }
    let marginal = |alpha| Conformal::fit(Coverage::Marginal, cal_y, cal_p, &NONE, alpha).unwrap();
    for (alpha, theirs) in expected["split_conformal_lac"]["by_alpha"]
        .as_object()
        .unwrap()
    {
        let sets = marginal(alpha.parse().unwrap());
        let limit = sets.limits[0].limit.unwrap();
        fewest = fewest.min(digits(limit, theirs["q"].as_f64().unwrap()));
        let covered = sets.covered(y, p, &NONE).unwrap();
        let share = |class: Option<bool>| {
            let found = covered.iter().find(|c| c.class == class).unwrap();
            (found.held.value().unwrap(), found.mean_size.unwrap())
        };
        let (all, size) = share(None);
        assert!(
            (all - theirs["coverage"].as_f64().unwrap()).abs() < 1e-12,
            "{name} {alpha}"
        );
        assert!((size - theirs["mean_set_size"].as_f64().unwrap()).abs() < 1e-12);
        for (class, at) in [(false, 0), (true, 1)] {
            let theirs = theirs["coverage_by_class"][at].as_f64().unwrap();
            assert!(
                (share(Some(class)).0 - theirs).abs() < 1e-12,
                "{name} {alpha} {class}"
            );
        }
    }
    println!("{name}: {fewest:.1} digits at least");
    assert!(fewest >= 10.0, "{name}: {fewest}");
}

/// Two halves of the rows, shuffled by the round.
fn halves(rows: usize, round: usize) -> (Vec<usize>, Vec<usize>) {
    let mut order: Vec<usize> = (0..rows).collect();
    order.sort_by_key(|row| {
        ((row + 1 + round * 1_000_003) as u64)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(29)
            .wrapping_mul(0xbf58_476d_1ce4_e5b9)
    });
    let second = order.split_off(rows / 2);
    (order, second)
}

/// Coverage per class over many ways to part the rows that taught the model nothing.
fn coverage_per_class(parts: &Parts, alpha: f64) -> [f64; 2] {
    let y: Vec<bool> = [parts.calibration.0.clone(), parts.test.0.clone()].concat();
    let p: Vec<f64> = [parts.calibration.1.clone(), parts.test.1.clone()].concat();
    let (mut held, mut total) = ([0; 2], [0; 2]);
    for round in 0..20_usize {
        let (learn, judge) = halves(y.len(), round);
        let pick = |rows: &[usize]| -> (Vec<bool>, Vec<f64>) {
            rows.iter().map(|&row| (y[row], p[row])).unzip()
        };
        let (learn, judge) = (pick(&learn), pick(&judge));
        let sets = Conformal::fit(Coverage::PerClass, &learn.0, &learn.1, &NONE, alpha).unwrap();
        for covered in sets.covered(&judge.0, &judge.1, &NONE).unwrap() {
            if let Some(class) = covered.class {
                held[usize::from(class)] += covered.held.count;
                total[usize::from(class)] += covered.held.total;
            }
        }
    }
    [0, 1].map(|class| f64::from(held[class] as u32) / f64::from(total[class] as u32))
}

fn assert_covered(name: &str, parts: &Parts) {
    for alpha in [0.05, 0.1, 0.2] {
        let found = coverage_per_class(parts, alpha);
        println!(
            "{name}: promised {:.2}, negatives {:.4}, positives {:.4}",
            1.0 - alpha,
            found[0],
            found[1]
        );
        for share in found {
            assert!(
                (share - (1.0 - alpha)).abs() < 0.02,
                "{name} {alpha} {found:?}"
            );
        }
    }
}

#[test]
fn compas_recalibrates_and_covers_as_the_reference_and_as_promised() {
    let Some(data) = support::compas() else {
        return;
    };
    let folder = support::reference_data().unwrap();
    let reference = support::json(folder.join("reference/classification_compas.json"));
    let numeric = strings(&reference["numeric"]);
    let parts = parts(&data, &numeric, &reference);
    assert_equal("compas", &parts, &reference["calibration_and_conformal"]);
    assert_covered("compas", &parts);
}

#[test]
fn each_class_of_each_group_is_covered_as_promised() {
    let Some(data) = support::compas() else {
        return;
    };
    let folder = support::reference_data().unwrap();
    let reference = support::json(folder.join("reference/classification_compas.json"));
    let parts = parts(&data, &strings(&reference["numeric"]), &reference);
    let sexes = data.text("sex");
    let of = |remainder: usize| -> Vec<&str> {
        (0..data.rows.len())
            .filter(|&row| data.row_index[row] % 5 == remainder)
            .map(|row| sexes[row])
            .collect()
    };
    let groups = [of(1), of(0)].concat();
    let y = [parts.calibration.0.clone(), parts.test.0.clone()].concat();
    let p = [parts.calibration.1.clone(), parts.test.1.clone()].concat();
    let mut counts: std::collections::BTreeMap<(String, bool), [usize; 2]> =
        std::collections::BTreeMap::new();
    for round in 0..40 {
        let (learn, judge) = halves(y.len(), round);
        let pick = |rows: &[usize]| -> (Vec<bool>, Vec<f64>, Vec<&str>) {
            (
                rows.iter().map(|&row| y[row]).collect(),
                rows.iter().map(|&row| p[row]).collect(),
                rows.iter().map(|&row| groups[row]).collect(),
            )
        };
        let (learn, judge) = (pick(&learn), pick(&judge));
        let sets = Conformal::fit(
            Coverage::PerClassAndGroup,
            &learn.0,
            &learn.1,
            &learn.2,
            0.1,
        );
        let covered = sets.unwrap().covered(&judge.0, &judge.1, &judge.2).unwrap();
        for found in covered {
            if let (Some(group), Some(class)) = (found.group, found.class) {
                let count = counts.entry((group, class)).or_default();
                count[0] += found.held.count;
                count[1] += found.held.total;
            }
        }
    }
    assert_eq!(counts.len(), 4);
    for (key, [held, total]) in counts {
        let share = held as f64 / total as f64;
        println!("{key:?}: promised 0.90, covered {share:.4}");
        assert!((share - 0.9).abs() < 0.02, "{key:?} {share}");
    }
}

#[test]
fn take_up_and_a_rare_outcome_too_and_marginal_sets_miss_every_positive() {
    let Some(folder) = support::reference_data() else {
        return;
    };
    for (file, name) in [
        ("ui_benefits.csv", "ui_benefits"),
        ("synth_dev_homeless.csv", "synth_dev_homeless"),
    ] {
        let reference = support::json(folder.join(format!("reference/classification_{name}.json")));
        let (data, numeric) = filled(file, &reference).unwrap();
        let parts = parts(&data, &numeric, &reference);
        assert_equal(name, &parts, &reference["calibration_and_conformal"]);
        assert_covered(name, &parts);
        if name == "synth_dev_homeless" {
            let (y, p) = &parts.calibration;
            let marginal = Conformal::fit(Coverage::Marginal, y, p, &NONE, 0.05).unwrap();
            let covered = marginal
                .covered(&parts.test.0, &parts.test.1, &NONE)
                .unwrap();
            let positives = covered.iter().find(|c| c.class == Some(true)).unwrap();
            assert_eq!(positives.held.count, 0);
        }
    }
}

#[test]
fn the_ceiling_of_the_synthetic_set_is_that_of_its_truth() {
    let Some(folder) = support::reference_data() else {
        return;
    };
    let reference = support::json(folder.join("reference/classification_synth_dev_homeless.json"));
    let (data, numeric) = filled("synth_dev_homeless.csv", &reference).unwrap();
    let parts = parts(&data, &numeric, &reference);
    let mut truth = csv::Reader::from_path(folder.join("synth_dev_homeless_truth.csv")).unwrap();
    let truth: Vec<f64> = truth
        .records()
        .map(|row| row.unwrap()[1].parse().unwrap())
        .collect();
    let test: Vec<f64> = truth.iter().copied().step_by(5).collect();
    let (y, p) = &parts.test;
    let found = ceiling(y, &test, p).unwrap();
    let theirs = &reference["bayes_test"];
    for (key, ours) in [
        ("auc", found.auc),
        ("average_precision", found.average_precision),
        ("brier", found.brier),
        ("log_loss", found.log_loss),
    ] {
        assert!(digits(ours, theirs[key].as_f64().unwrap()) > 10.0, "{key}");
    }
    println!("ceiling {found:?}");
    assert!((found.auc_expected - 0.7991).abs() < 0.02 && found.gap > 0.0 && found.gap < 0.06);
    for (k, theirs) in theirs["precision_at"].as_object().unwrap() {
        let ours = at_capacity(y, &test, k.parse().unwrap()).unwrap();
        assert!(
            (ours.precision - theirs.as_f64().unwrap()).abs() < 0.021,
            "{k}"
        );
    }
}
