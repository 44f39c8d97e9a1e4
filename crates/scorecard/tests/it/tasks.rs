//! Cards of the reference tasks beside those of optbinning 1.0.0, on the rows kept apart.

use std::{collections::BTreeMap, path::Path};

use helder_scorecard::{CardSettings, Column, Scorecard, Value, fit};
use serde_json::Value as Json;

enum Values {
    Numbers(Vec<Option<f64>>),
    Levels(Vec<Option<String>>),
}

struct Task {
    columns: Vec<(String, Values)>,
    outcome: Vec<bool>,
    is_test: Vec<bool>,
}

fn read(folder: &Path, task: &str, reference: &Json) -> Task {
    let (file, target, positive) = match task {
        "compas" => ("compas_two_years.csv", "two_year_recid", "1"),
        "adult" => ("adult.csv", "income", ">50K"),
        "german_credit" => ("german_credit.csv", "bad", "1"),
        "ui_benefits" => ("ui_benefits.csv", "ui", "yes"),
        _ => ("synth_dev_homeless.csv", "homeless_12m", "1"),
    };
    let mut reader = csv::Reader::from_path(folder.join(file)).unwrap();
    let header = reader.headers().unwrap().clone();
    let rows: Vec<BTreeMap<String, String>> = reader
        .records()
        .map(|row| {
            let row = row.unwrap();
            let named = header.iter().zip(row.iter());
            named.map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
        })
        .collect();
    let is_kept = |row: &&BTreeMap<String, String>| {
        task != "compas" || {
            let days: f64 = row["days_b_screening_arrest"].parse().unwrap_or(f64::NAN);
            days.abs() <= 30.0 && row["is_recid"] != "-1" && row["c_charge_degree"] != "O"
        }
    };
    let kept: Vec<(usize, &BTreeMap<String, String>)> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| is_kept(row))
        .collect();
    let names = |kind: &str| -> Vec<String> {
        let list = reference[kind].as_array().unwrap();
        list.iter()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect()
    };
    let mut columns = Vec::new();
    for name in names("numeric") {
        let values = kept.iter().map(|(_, row)| row[&name].parse().ok());
        columns.push((name.clone(), Values::Numbers(values.collect())));
    }
    for name in names("categorical") {
        // As in the reference: ten rows, all of one outcome.
        let level =
            |text: &String| Some(text.clone()).filter(|t| !t.is_empty() && t != "Never-worked");
        let values = kept.iter().map(|(_, row)| level(&row[&name]));
        columns.push((name.clone(), Values::Levels(values.collect())));
    }
    Task {
        columns,
        outcome: kept
            .iter()
            .map(|(_, row)| row[target] == positive)
            .collect(),
        is_test: kept.iter().map(|(place, _)| place % 5 == 0).collect(),
    }
}

fn auc(scores: &[f64], outcome: &[bool]) -> f64 {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*a].total_cmp(&scores[*b]));
    let (mut ranks, mut place) = (0.0, 0);
    while place < order.len() {
        let mut end = place;
        while end < order.len() && scores[order[end]] <= scores[order[place]] {
            end += 1;
        }
        let rank = (place + 1 + end) as f64 / 2.0;
        ranks += order[place..end]
            .iter()
            .filter(|row| outcome[**row])
            .count() as f64
            * rank;
        place = end;
    }
    let positives = outcome.iter().filter(|y| **y).count() as f64;
    (ranks - positives * (positives + 1.0) / 2.0) / (positives * (outcome.len() as f64 - positives))
}

/// AUC and log loss on the test rows: of the points, and of the weights before rounding.
fn judged(task: &Task, card: &Scorecard) -> [[f64; 2]; 2] {
    let rows: Vec<usize> = (0..task.outcome.len())
        .filter(|row| task.is_test[*row])
        .collect();
    let outcome: Vec<bool> = rows.iter().map(|row| task.outcome[*row]).collect();
    let odds = rows.iter().map(|row| {
        let (mut total, mut unrounded) = (0, card.unrounded_intercept);
        for input in &card.inputs {
            let (_, values) = task
                .columns
                .iter()
                .find(|(name, _)| *name == input.name)
                .unwrap();
            let value = match values {
                Values::Numbers(values) => Value::Number(values[*row]),
                Values::Levels(values) => Value::Level(values[*row].as_deref()),
            };
            total += input.points_of(value);
            unrounded += input.coefficient * input.bins.weight_of_evidence(value);
        }
        [card.probability(total), 1.0 / (1.0 + (-unrounded).exp())]
    });
    let odds: Vec<[f64; 2]> = odds.collect();
    [0, 1].map(|which| {
        let p: Vec<f64> = odds.iter().map(|both| both[which]).collect();
        let loss = p
            .iter()
            .zip(&outcome)
            .map(|(p, y)| if *y { -p.ln() } else { -(-p).ln_1p() });
        [auc(&p, &outcome), loss.sum::<f64>() / p.len() as f64]
    })
}

#[test]
fn cards_are_as_good_as_those_of_optbinning() {
    let Some(folder) = std::env::var_os("HELDER_REFERENCE_DATA") else {
        println!("NOT RUN: HELDER_REFERENCE_DATA names no folder");
        return;
    };
    let folder = Path::new(&folder).join("ml");
    let (mut differences, mut losses) = (Vec::new(), Vec::new());
    for task in [
        "compas",
        "adult",
        "german_credit",
        "ui_benefits",
        "synth_dev_homeless",
    ] {
        let reference = folder.join(format!("reference/classification_{task}.json"));
        let reference: Json = serde_json::from_slice(&std::fs::read(reference).unwrap()).unwrap();
        let read = read(&folder, task, &reference);
        let train: Vec<usize> = (0..read.outcome.len())
            .filter(|row| !read.is_test[*row])
            .collect();
        let outcome: Vec<bool> = train.iter().map(|row| read.outcome[*row]).collect();
        let learned: Vec<(&str, Values)> = read
            .columns
            .iter()
            .map(|(name, values)| {
                let values = match values {
                    Values::Numbers(values) => {
                        Values::Numbers(train.iter().map(|row| values[*row]).collect())
                    }
                    Values::Levels(values) => {
                        Values::Levels(train.iter().map(|row| values[*row].clone()).collect())
                    }
                };
                (name.as_str(), values)
            })
            .collect();
        let texts: Vec<Vec<Option<&str>>> = learned
            .iter()
            .map(|(_, values)| match values {
                Values::Levels(values) => values.iter().map(|value| value.as_deref()).collect(),
                Values::Numbers(_) => Vec::new(),
            })
            .collect();
        let columns: Vec<(&str, Column<'_>)> = learned
            .iter()
            .zip(&texts)
            .map(|((name, values), texts)| match values {
                Values::Numbers(values) => (*name, Column::Numbers(values)),
                Values::Levels(_) => (*name, Column::Levels(texts)),
            })
            .collect();
        let card = fit(&columns, &outcome, &CardSettings::default()).unwrap();
        let [[points, loss], [unrounded, loss_unrounded]] = judged(&read, &card);
        let peer = &reference["scorecard_optbinning"]["test"];
        let (peer_auc, peer_loss) = (
            peer["auc"].as_f64().unwrap(),
            peer["log_loss"].as_f64().unwrap(),
        );
        println!(
            "{task}: AUC {points:.4} (unrounded {unrounded:.4}, optbinning {peer_auc:.4}), log loss {loss:.4} ({loss_unrounded:.4}, {peer_loss:.4}), {} inputs",
            card.inputs.len()
        );
        differences.push(points - peer_auc);
        losses.push(loss / peer_loss - 1.0);
    }
    let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
    println!(
        "mean: AUC {:+.4}, log loss {:+.2} %",
        mean(&differences),
        100.0 * mean(&losses)
    );
    // Nothing is drawn by chance: what holds once holds always.
    assert!(mean(&differences) >= 0.0 && mean(&losses) <= 0.0);
    assert!(differences.iter().all(|difference| *difference > -0.01));
}
