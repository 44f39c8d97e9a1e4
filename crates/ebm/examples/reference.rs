//! Learns the reference tasks and prints the figures beside interpret's.
//!
//! `cargo run --release -p helder-ebm --example reference -- FOLDER [TASK…]`, where FOLDER holds the data sets and `reference/`.

use std::{collections::BTreeMap, env, fs, path::Path, time::Instant};

use helder_ebm::{Column, Ebm, Pairs, Settings, Value};
use serde_json::Value as Json;

struct Task {
    columns: Vec<Column>,
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
            header
                .iter()
                .map(str::to_owned)
                .zip(row.iter().map(str::to_owned))
                .collect()
        })
        .collect();
    let is_kept = |row: &BTreeMap<String, String>| {
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
        let values = kept
            .iter()
            .map(|(_, row)| row[&name].parse().unwrap_or(f64::NAN))
            .collect();
        columns.push(Column::Numeric { name, values });
    }
    for name in names("categorical") {
        let mut levels: Vec<String> = kept.iter().map(|(_, row)| row[&name].clone()).collect();
        levels.sort();
        levels.dedup();
        levels.retain(|level| !level.is_empty());
        let code = |level: &String| levels.binary_search(level).ok().map(|place| place as u32);
        let codes = kept.iter().map(|(_, row)| code(&row[&name])).collect();
        columns.push(Column::Category {
            name,
            codes,
            levels,
        });
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

fn part(column: &Column, rows: &[usize]) -> Column {
    match column {
        Column::Numeric { name, values } => Column::Numeric {
            name: name.clone(),
            values: rows.iter().map(|row| values[*row]).collect(),
        },
        Column::Category {
            name,
            codes,
            levels,
        } => Column::Category {
            name: name.clone(),
            codes: rows.iter().map(|row| codes[*row]).collect(),
            levels: levels.clone(),
        },
    }
}

fn auc(scores: &[f64], outcome: &[bool]) -> f64 {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*a].total_cmp(&scores[*b]));
    let (mut ranks, mut place) = (0.0, 0);
    while place < order.len() {
        let mut end = place;
        while end < order.len() && scores[order[end]] == scores[order[place]] {
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

fn main() {
    let mut args = env::args().skip(1);
    let folder = args.next().expect("the folder of the data sets");
    let folder = Path::new(&folder);
    let mut tasks: Vec<String> = args.collect();
    if tasks.is_empty() {
        tasks = [
            "german_credit",
            "ui_benefits",
            "compas",
            "synth_dev_homeless",
            "adult",
        ]
        .map(str::to_owned)
        .to_vec();
    }
    for task in tasks {
        let text = fs::read_to_string(folder.join(format!("reference/classification_{task}.json")))
            .unwrap();
        let reference: Json = serde_json::from_str(&text).unwrap();
        let data = read(folder, &task, &reference);
        let rows = |test: bool| -> Vec<usize> {
            (0..data.outcome.len())
                .filter(|row| data.is_test[*row] == test)
                .collect()
        };
        let (train, test) = (rows(false), rows(true));
        let columns: Vec<Column> = data
            .columns
            .iter()
            .map(|column| part(column, &train))
            .collect();
        let outcome: Vec<bool> = train.iter().map(|row| data.outcome[*row]).collect();
        let number = |name: &str| {
            env::var(name)
                .ok()
                .and_then(|text| text.parse::<f64>().ok())
        };
        let mut settings = Settings::default();
        if let Some(rate) = number("RATE") {
            settings.learning_rate = rate;
        }
        if let Some(rounds) = number("SMOOTH") {
            settings.smoothing_rounds = rounds as usize;
        }
        if let Some(gain) = number("GAIN") {
            settings.min_gain = gain;
        }
        if let Some(greed) = number("GREED") {
            settings.greed = greed;
        }
        if let Some(leaves) = number("LEAVES") {
            settings.max_leaves = leaves as usize;
        }
        if let Some(rounds) = number("PATIENCE") {
            settings.patience = rounds as usize;
        }
        if let Some(bins) = number("BINS") {
            settings.max_bins = bins as usize;
        }
        if let Some(rows) = number("LEAF") {
            settings.min_leaf_rows = rows as usize;
        }
        if let Some(bags) = number("BAGS") {
            settings.bags = bags as usize;
        }
        if let Some(seed) = number("SEED") {
            settings.seed = seed as u64;
        }
        for (kind, pairs) in [("main", Pairs::AtMost(0)), ("default", settings.pairs)] {
            let settings = Settings {
                pairs,
                ..settings.clone()
            };
            let start = Instant::now();
            let model = Ebm::fit(&columns, &outcome, None, &settings).unwrap();
            let seconds = start.elapsed().as_secs_f64();
            let scores: Vec<f64> = test
                .iter()
                .map(|row| {
                    let values: Vec<Value<'_>> = data
                        .columns
                        .iter()
                        .map(|column| match column {
                            Column::Numeric { values, .. } => Value::Number(values[*row]),
                            Column::Category { codes, levels, .. } => codes[*row]
                                .map_or(Value::Missing, |code| {
                                    Value::Level(&levels[code as usize])
                                }),
                        })
                        .collect();
                    model.score(&model.bins(&values).unwrap().0)
                })
                .collect();
            let truth: Vec<bool> = test.iter().map(|row| data.outcome[*row]).collect();
            let loss = scores
                .iter()
                .zip(&truth)
                .map(|(s, y)| {
                    if *y {
                        (-s).exp().ln_1p()
                    } else {
                        s.exp().ln_1p()
                    }
                })
                .sum::<f64>()
                / truth.len() as f64;
            let theirs = if kind == "main" {
                &reference["ebm"]["main_effects"]["test"]
            } else {
                &reference["ebm"]["default"]["test"]
            };
            println!(
                "{task:20} {kind:8} auc {:.4} ({:.4}) loss {loss:.5} ({:.5}) {seconds:.2} s wall, {} pairs",
                auc(&scores, &truth),
                theirs["auc"].as_f64().unwrap_or(f64::NAN),
                theirs["log_loss"].as_f64().unwrap_or(f64::NAN),
                model.pairs.len()
            );
        }
    }
}
