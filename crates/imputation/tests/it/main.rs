//! Against R mice, against simulated truth, and hostile input.
#![expect(clippy::expect_used, reason = "a test that panics has failed")]

mod faults;
mod reference;
mod truth;

use helder_imputation::{Column, Table, Values};

/// A column of numbers.
fn number(name: &str, values: Vec<f64>) -> Column {
    Column {
        name: name.to_owned(),
        values: Values::Number(values),
    }
}

/// A column of levels; an empty text is missing.
fn category(name: &str, values: &[&str]) -> Column {
    let mut levels: Vec<String> = values
        .iter()
        .filter(|v| !v.is_empty())
        .map(|v| (*v).to_owned())
        .collect();
    levels.sort();
    levels.dedup();
    let codes = values
        .iter()
        .map(|v| levels.iter().position(|l| l == v).map(|p| p as u32))
        .collect();
    Column {
        name: name.to_owned(),
        values: Values::Category { levels, codes },
    }
}

fn table(columns: Vec<Column>) -> Table {
    Table::new(columns).expect("a table")
}
