//! Rows as a model is asked.

use helder_tree::{Column, Value};

/// The values of a row.
pub(crate) fn values(columns: &[Column], row: usize) -> Vec<Value<'_>> {
    columns
        .iter()
        .map(|column| match column {
            Column::Numeric { values, .. } => Value::Number(values[row]),
            Column::Category { codes, levels, .. } => {
                codes[row].map_or(Value::Missing, |code| Value::Level(&levels[code as usize]))
            }
        })
        .collect()
}
