//! Beside scikit-learn's histogram boosting, on the split of the reference files: test rows are every fifth.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{env, fs, path::Path};

use helder_evaluation::{auc, log_loss};
use helder_yardstick::{YardstickError, probabilities};
use serde_json::Value as Json;

struct Task {
    columns: Vec<Vec<f64>>,
    outcome: Vec<bool>,
    train: Vec<usize>,
    stop: Vec<usize>,
    test: Vec<usize>,
}

fn read(folder: &Path, task: &str, reference: &Json) -> Task {
    let (file, target, positive) = match task {
        "compas" => ("compas_two_years.csv", "two_year_recid", "1"),
        "german_credit" => ("german_credit.csv", "bad", "1"),
        "ui_benefits" => ("ui_benefits.csv", "ui", "yes"),
        _ => ("synth_dev_homeless.csv", "homeless_12m", "1"),
    };
    let mut reader = csv::Reader::from_path(folder.join(file)).unwrap();
    let header = reader.headers().unwrap().clone();
    let place = |name: &str| header.iter().position(|known| known == name).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let is_kept = |row: &csv::StringRecord| {
        task != "compas" || {
            let days: f64 = row[place("days_b_screening_arrest")]
                .parse()
                .unwrap_or(f64::NAN);
            days.abs() <= 30.0 && &row[place("is_recid")] != "-1"
        }
    };
    let kept: Vec<(usize, csv::StringRecord)> = rows
        .into_iter()
        .enumerate()
        .filter(|(_, row)| is_kept(row))
        .collect();
    let outcome: Vec<bool> = kept
        .iter()
        .map(|(_, row)| &row[place(target)] == positive)
        .collect();
    let part = |wanted: fn(usize) -> bool| -> Vec<usize> {
        (0..kept.len())
            .filter(|row| wanted(kept[*row].0 % 5))
            .collect()
    };
    // The same for all: the first remainder tests, the second stops.
    let (test, stop, train) = (part(|r| r == 0), part(|r| r == 1), part(|r| r > 1));
    let names = |kind: &str| -> Vec<String> {
        let list = reference[kind].as_array().unwrap();
        list.iter()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect()
    };
    let mut columns: Vec<Vec<f64>> = names("numeric")
        .iter()
        .map(|name| {
            let at = place(name);
            kept.iter()
                .map(|(_, row)| row[at].parse().unwrap_or(f64::NAN))
                .collect()
        })
        .collect();
    for name in names("categorical") {
        let at = place(&name);
        let share = |level: &str| {
            let of_level = train.iter().filter(|row| &kept[**row].1[at] == level);
            let (mut yes, mut all) = (0.0, 0.0);
            for row in of_level {
                yes += f64::from(u8::from(outcome[*row]));
                all += 1.0;
            }
            (yes + 0.2) / (all + 1.0)
        };
        let mut shares = std::collections::BTreeMap::new();
        for (_, row) in &kept {
            shares
                .entry(row[at].to_owned())
                .or_insert_with_key(|level| share(level));
        }
        columns.push(kept.iter().map(|(_, row)| shares[&row[at]]).collect());
    }
    Task {
        columns,
        outcome,
        train,
        stop,
        test,
    }
}

#[test]
fn as_good_a_black_box_as_the_usual_one() {
    let Some(folder) = env::var_os("HELDER_REFERENCE_DATA") else {
        println!("NOT RUN: HELDER_REFERENCE_DATA does not name the folder of the reference data");
        return;
    };
    let folder = Path::new(&folder).join("ml");
    for task in [
        "german_credit",
        "ui_benefits",
        "compas",
        "synth_dev_homeless",
    ] {
        let text = fs::read_to_string(folder.join(format!("reference/classification_{task}.json")));
        let reference: Json = serde_json::from_str(&text.unwrap()).unwrap();
        let Task {
            columns,
            outcome,
            train,
            stop,
            test,
        } = read(&folder, task, &reference);
        let p = probabilities(&columns, &outcome, &train, &stop, &test, 1).unwrap();
        let y: Vec<bool> = test.iter().map(|row| outcome[*row]).collect();
        let their = |name: &str| {
            let of = |way: &str| reference[way]["test"][name].as_f64().unwrap();
            ["default", "tuned"].map(|way| of(&format!("hist_gradient_boosting_{way}")))
        };
        let (found, loss) = (auc(&y, &p).unwrap().value, log_loss(&y, &p).unwrap());
        let ([default, tuned], [their_loss, _]) = (their("auc"), their("log_loss"));
        println!(
            "{task:20} AUC {found:.4} (default {default:.4}, tuned {tuned:.4})  log loss {loss:.5} ({their_loss:.5})"
        );
        assert!(found >= default - 0.005, "{task}");
        assert!(loss <= their_loss * 1.01, "{task}");
    }
}

fn made(n: usize) -> Task {
    let dice = |i: usize, of: usize| (i * 7_919 + i / 3 * 104_729 + 13) % 1_009 * of / 1_009;
    let first: Vec<f64> = (0..n)
        .map(|i| {
            if i % 11 == 0 {
                f64::NAN
            } else {
                dice(i, 100) as f64
            }
        })
        .collect();
    let second: Vec<f64> = (0..n).map(|i| dice(i * 31 + 5, 100) as f64).collect();
    let outcome = (0..n)
        .map(|i| dice(i * 17 + 3, 100) < if first[i] > 50.0 { 70 } else { 15 })
        .collect();
    let part = |r: usize| (0..n).filter(|row| row % 3 == r).collect();
    Task {
        columns: vec![first, second],
        outcome,
        train: part(0),
        stop: part(1),
        test: part(2),
    }
}

#[test]
fn the_same_probabilities_on_any_number_of_threads() {
    let Task {
        columns,
        outcome,
        train,
        stop,
        test: asked,
    } = made(3_000);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| probabilities(&columns, &outcome, &train, &stop, &asked, 3).unwrap())
    };
    let one = on(1);
    assert_eq!(one, on(4));
    let y: Vec<bool> = asked.iter().map(|row| outcome[*row]).collect();
    assert!(auc(&y, &one).unwrap().value > 0.7);
}

#[test]
fn what_does_not_fit_is_refused() {
    let Task {
        mut columns,
        outcome,
        train,
        stop,
        test: asked,
    } = made(300);
    let ask = |columns: &[Vec<f64>], outcome: &[bool], train: &[usize]| {
        probabilities(columns, outcome, train, &stop, &asked, 3)
    };
    assert!(matches!(
        ask(&[], &outcome, &train),
        Err(YardstickError::Empty)
    ));
    assert!(matches!(
        ask(&columns, &outcome, &[]),
        Err(YardstickError::Empty)
    ));
    assert!(matches!(
        ask(&columns, &[true; 300], &train),
        Err(YardstickError::OneClass)
    ));
    assert!(matches!(
        ask(&columns, &outcome, &[300]),
        Err(YardstickError::Rows)
    ));
    columns[1][4] = f64::INFINITY;
    assert!(matches!(
        ask(&columns, &outcome, &train),
        Err(YardstickError::Infinite)
    ));
    columns[1] = vec![f64::NAN; 300];
    let all_missing = ask(&columns, &outcome, &train).unwrap();
    assert!(all_missing.iter().all(|p| (0.0..=1.0).contains(p)));
    columns[1] = vec![7.0; 300];
    let constant = ask(&columns, &outcome, &train).unwrap();
    assert!(constant.iter().all(|p| p.is_finite()));
}
