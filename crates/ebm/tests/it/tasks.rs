//! The reference tasks: their columns, their outcome and which rows are for testing. Compiled into the tests of both crates that learn from
//! such columns.

use std::{collections::BTreeMap, path::Path};

use serde_json::Value as Json;

use crate::Column;

pub(crate) struct Task {
    pub(crate) columns: Vec<Column>,
    pub(crate) outcome: Vec<bool>,
    pub(crate) is_test: Vec<bool>,
}

pub(crate) fn read(folder: &Path, task: &str, reference: &Json) -> Task {
    let named = |key: &str| reference[key].as_str();
    let (file, target, positive) = match task {
        _ if let (Some(file), Some(target), Some(positive)) =
            (named("file"), named("target"), named("positive")) =>
        {
            (file, target, positive)
        }
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
    let mut rows = rows;
    for row in &mut rows {
        // As in the reference: ten rows, all of one outcome.
        if row
            .get("workclass")
            .is_some_and(|level| level == "Never-worked")
        {
            row.insert("workclass".to_owned(), String::new());
        }
    }
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

pub(crate) fn part(column: &Column, rows: &[usize]) -> Column {
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

pub(crate) fn auc(scores: &[f64], outcome: &[bool]) -> f64 {
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
