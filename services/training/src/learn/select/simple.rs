//! What anybody could do without a model.

use std::collections::BTreeMap;

use helder_selection::Fold;

use crate::learn::{
    LearnError,
    prepare::MISSING,
    table::{Column, Table},
};

/// Values of a rule at most.
const MOST_VALUES: usize = 50;
/// Rows that a value is thought to have had before any were seen, with the share of all: no value gives certainty.
const PRIOR_ROWS: f64 = 2.0;

/// Everybody the share of the outcome among the rows to learn from.
pub(super) fn base_rate(outcome: &[bool], fold: &Fold) -> Vec<f64> {
    vec![share(outcome, &fold.train); fold.test.len()]
}

pub(super) fn share(outcome: &[bool], rows: &[usize]) -> f64 {
    let yes = rows.iter().filter(|row| outcome[**row]).count();
    yes as f64 / rows.len().max(1) as f64
}

/// The share of the outcome by the value of one column.
pub(super) struct SimpleRule {
    values: Vec<String>,
}

impl SimpleRule {
    /// # Errors
    /// [`LearnError::Invalid`] for a column of dates, of numbers with decimals, or of many values.
    pub(super) fn new(table: &Table, name: &str) -> Result<Self, LearnError> {
        let column = table.column(name)?;
        let texts = column
            .texts()
            .filter(|_| !matches!(column, Column::Date(_)));
        let values: Option<Vec<String>> = texts.map(|texts| {
            let known = texts.into_iter();
            known
                .map(|value| value.unwrap_or_else(|| MISSING.to_owned()))
                .collect()
        });
        let distinct = |values: &Vec<String>| {
            let distinct: std::collections::BTreeSet<&String> = values.iter().collect();
            distinct.len()
        };
        match values.filter(|values| distinct(values) <= MOST_VALUES) {
            Some(values) => Ok(Self { values }),
            None => Err(LearnError::fault(
                "/simpleRule",
                "no-rule",
                "a rule is a column of text, yes or no, or whole numbers with at most 50 values",
            )),
        }
    }

    pub(super) fn probabilities(&self, outcome: &[bool], fold: &Fold) -> Vec<f64> {
        let names = |row: &usize| self.values[*row].as_str();
        let shares = shares(outcome, &fold.train, names);
        let base = share(outcome, &fold.train);
        let rows = fold.test.iter();
        rows.map(|row| shares.get(names(row)).copied().unwrap_or(base))
            .collect()
    }
}

/// Share of the outcome by value, drawn towards the share of all.
pub(super) fn shares<'a>(
    outcome: &[bool],
    rows: &[usize],
    value: impl Fn(&usize) -> &'a str,
) -> BTreeMap<&'a str, f64> {
    let base = share(outcome, rows);
    let mut counts: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for row in rows {
        let count = counts.entry(value(row)).or_default();
        count.0 += f64::from(u8::from(outcome[*row]));
        count.1 += 1.0;
    }
    let drawn = |(yes, all): (f64, f64)| (yes + PRIOR_ROWS * base) / (all + PRIOR_ROWS);
    counts
        .into_iter()
        .map(|(value, count)| (value, drawn(count)))
        .collect()
}
