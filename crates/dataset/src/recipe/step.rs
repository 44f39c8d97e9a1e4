//! Steps at work on a batch of rows.

use std::sync::Arc;

use arrow::{
    array::{
        Array, ArrayRef, AsArray, BooleanArray, BooleanBuilder, Date32Builder, Float64Builder,
        Int64Builder, StringArray, StringBuilder,
    },
    compute,
    datatypes::{DataType, Date32Type, Float64Type, Int32Type, Int64Type},
};

use super::{Expression, LetterCase, Otherwise, expression::Value, plan::Part};
use crate::{
    error::{DatasetError, Result},
    value::date::{DateFormat, PartialDate},
};

/// Rows of a version in both parts together.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) rows: ArrayRef,
    pub(super) columns: Vec<(String, Part, ArrayRef)>,
}

impl Frame {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn column(&self, name: &str) -> Result<&ArrayRef> {
        let found = self.columns.iter().find(|(known, ..)| known == name);
        found
            .map(|(_, _, array)| array)
            .ok_or(DatasetError::Invariant("a planned column is there"))
    }

    fn texts(&self, name: &str) -> Result<&StringArray> {
        self.column(name)?
            .as_string_opt::<i32>()
            .ok_or(DatasetError::Invariant("a planned column is text"))
    }

    fn replace(&mut self, name: &str, array: &ArrayRef) {
        for column in self.columns.iter_mut().filter(|(known, ..)| known == name) {
            column.2 = Arc::clone(array);
        }
    }

    /// Changes texts one by one; gives the number that changed. Empty texts become missing.
    pub(super) fn map_texts(
        &mut self,
        name: &str,
        change: impl Fn(&str) -> Option<String>,
    ) -> Result<u64> {
        let mut touched = 0;
        let mut out = StringBuilder::new();
        for text in self.texts(name)? {
            let changed = text.and_then(|text| change(text).filter(|changed| !changed.is_empty()));
            touched += u64::from(changed.as_deref() != text);
            out.append_option(changed);
        }
        let array: ArrayRef = Arc::new(out.finish());
        self.replace(name, &array);
        Ok(touched)
    }

    /// Keeps the rows that `keep` marks.
    pub(super) fn filter(&mut self, keep: &BooleanArray) -> Result<()> {
        self.rows = compute::filter(&self.rows, keep)?;
        for (.., array) in &mut self.columns {
            *array = compute::filter(array, keep)?;
        }
        Ok(())
    }

    /// Splits a column in three that go to the identity part, and removes it.
    pub(super) fn split(
        &mut self,
        name: &str,
        into: [&str; 3],
        split: impl Fn(&str) -> (String, String, String),
    ) -> Result<u64> {
        let mut parts = [
            StringBuilder::new(),
            StringBuilder::new(),
            StringBuilder::new(),
        ];
        let mut touched = 0;
        for text in self.texts(name)? {
            let (a, b, c) = text.map(&split).unwrap_or_default();
            touched += u64::from(text.is_some());
            for (builder, part) in parts.iter_mut().zip([a, b, c]) {
                builder.append_option(Some(part).filter(|part| !part.is_empty()));
            }
        }
        self.columns.retain(|(known, ..)| known != name);
        for (name, mut builder) in into.into_iter().zip(parts) {
            self.columns
                .push((name.to_owned(), Part::Identity, Arc::new(builder.finish())));
        }
        Ok(touched)
    }

    /// Reads dates; gives (dates read, texts that are none).
    pub(super) fn parse_dates(&mut self, name: &str, formats: &[DateFormat]) -> Result<(u64, u64)> {
        let (mut read, mut unread) = (0, 0);
        let mut out = Date32Builder::new();
        for text in self.texts(name)? {
            let days = text.and_then(|text| {
                formats.iter().find_map(|format| {
                    format
                        .read(text.trim().as_bytes())
                        .and_then(PartialDate::days)
                })
            });
            read += u64::from(days.is_some());
            unread += u64::from(text.is_some() && days.is_none());
            out.append_option(days);
        }
        let array: ArrayRef = Arc::new(out.finish());
        self.replace(name, &array);
        Ok((read, unread))
    }

    /// Values of an expression, row by row.
    pub(super) fn values(&self, expression: &Expression) -> Result<Vec<Value>> {
        let names: Vec<&str> = expression.columns().into_iter().collect();
        let arrays = names
            .iter()
            .map(|name| self.column(name))
            .collect::<Result<Vec<_>>>()?;
        Ok((0..self.len())
            .map(|row| {
                expression.value(&|name| {
                    names
                        .iter()
                        .position(|known| *known == name)
                        .map_or(Value::Missing, |at| value_at(arrays[at], row))
                })
            })
            .collect())
    }

    /// Adds a column of values; gives how many are there. A value of another type becomes missing.
    pub(super) fn derive(&mut self, name: &str, kind: &DataType, values: Vec<Value>) -> u64 {
        let array: ArrayRef = match kind {
            DataType::Int64 => {
                let mut out = Int64Builder::new();
                for value in values {
                    out.append_option(match value {
                        Value::Number(number) if number.abs() < 9e15 => Some(number.round() as i64),
                        Value::Boolean(yes) => Some(i64::from(yes)),
                        _ => None,
                    });
                }
                Arc::new(out.finish())
            }
            DataType::Float64 => {
                let mut out = Float64Builder::new();
                for value in values {
                    out.append_option(if let Value::Number(number) = value {
                        Some(number)
                    } else {
                        None
                    });
                }
                Arc::new(out.finish())
            }
            DataType::Boolean => {
                let mut out = BooleanBuilder::new();
                for value in values {
                    out.append_option(if let Value::Boolean(yes) = value {
                        Some(yes)
                    } else {
                        None
                    });
                }
                Arc::new(out.finish())
            }
            DataType::Date32 => {
                let mut out = Date32Builder::new();
                for value in values {
                    out.append_option(if let Value::Date(days) = value {
                        Some(days)
                    } else {
                        None
                    });
                }
                Arc::new(out.finish())
            }
            _ => {
                let mut out = StringBuilder::new();
                for value in values {
                    out.append_option(match value {
                        Value::Text(text) => Some(text),
                        Value::Number(number) => Some(number.to_string()),
                        Value::Boolean(yes) => Some(yes.to_string()),
                        _ => None,
                    });
                }
                Arc::new(out.finish())
            }
        };
        let present = (array.len() - array.null_count()) as u64;
        self.columns.push((name.to_owned(), Part::Analysis, array));
        present
    }
}

fn value_at(array: &ArrayRef, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Missing;
    }
    match array.data_type() {
        DataType::Int64 => Value::Number(array.as_primitive::<Int64Type>().value(row) as f64),
        DataType::Int32 => Value::Number(f64::from(array.as_primitive::<Int32Type>().value(row))),
        DataType::Float64 => Value::Number(array.as_primitive::<Float64Type>().value(row)),
        DataType::Boolean => Value::Boolean(array.as_boolean().value(row)),
        DataType::Date32 => Value::Date(array.as_primitive::<Date32Type>().value(row)),
        DataType::Utf8 => Value::Text(array.as_string::<i32>().value(row).to_owned()),
        _ => Value::Missing,
    }
}

pub(super) fn in_case(text: &str, case: LetterCase) -> String {
    match case {
        LetterCase::Upper => text.to_uppercase(),
        LetterCase::Lower => text.to_lowercase(),
        LetterCase::Title => {
            let mut start = true;
            let mut out = String::with_capacity(text.len());
            for character in text.chars() {
                if start {
                    out.extend(character.to_uppercase());
                } else {
                    out.extend(character.to_lowercase());
                }
                start = matches!(character, ' ' | '-' | '\'');
            }
            out
        }
    }
}

pub(super) fn mapped(
    text: &str,
    codes: &std::collections::BTreeMap<String, String>,
    otherwise: Otherwise,
) -> Option<String> {
    match (codes.get(text), otherwise) {
        (Some(code), _) => Some(code.clone()),
        (None, Otherwise::Keep) => Some(text.to_owned()),
        (None, Otherwise::Missing) => None,
    }
}
