//! Steps made ready to run, and those that work on the values of a frame alone.

use arrow::{
    datatypes::DataType,
    util::display::{ArrayFormatter, FormatOptions},
};

use crate::{
    error::{DatasetError, Result},
    limits::Limits,
    recipe::{
        Expression, Recipe, Step, address, name,
        plan::{ADDRESS_PARTS, NAME_PARTS, arrow_type},
        step::{Frame, in_case, mapped},
    },
    value::date::DateFormat,
    write::KeySet,
};

/// A step with its parsed parts.
pub(super) enum Ready<'a> {
    Plain(&'a Step),
    Dates(&'a str, Vec<DateFormat>),
    Derive(&'a str, DataType, Expression),
    Filter(&'a str, Expression),
    Deduplicate(&'a [String], KeySet),
}

pub(super) fn ready<'a>(recipe: &'a Recipe, limits: &Limits) -> Result<Vec<Ready<'a>>> {
    let expression = |text: &str| {
        Expression::parse(text)
            .map_err(|_| DatasetError::Invariant("a planned expression can be read"))
    };
    recipe
        .steps
        .iter()
        .map(|step| {
            Ok(match step {
                Step::ParseDates { column, formats } => Ready::Dates(
                    column,
                    formats
                        .iter()
                        .filter_map(|format| DateFormat::parse(format))
                        .collect(),
                ),
                Step::Derive {
                    name,
                    kind,
                    expression: text,
                } => Ready::Derive(name, arrow_type(*kind), expression(text)?),
                Step::Filter { keep, reason } => Ready::Filter(reason, expression(keep)?),
                Step::Deduplicate { keys } => {
                    Ready::Deduplicate(keys, KeySet::new(limits.key_memory_bytes))
                }
                other => Ready::Plain(other),
            })
        })
        .collect()
}

/// Rows touched in any column count once per column; steps name few columns, so this is what a person wants to know.
pub(super) fn plain(step: &Step, frame: &mut Frame) -> Result<u64> {
    let over = |frame: &mut Frame, columns: &[String], change: &dyn Fn(&str) -> Option<String>| {
        columns
            .iter()
            .try_fold(0, |sum, column| Ok(sum + frame.map_texts(column, change)?))
    };
    match step {
        Step::Trim { columns } => over(frame, columns, &|text| {
            Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
        }),
        Step::UnifyCase { columns, to } => over(frame, columns, &|text| Some(in_case(text, *to))),
        Step::FoldDiacritics { columns } => {
            over(frame, columns, &|text| Some(deunicode::deunicode(text)))
        }
        Step::MapCodes {
            column,
            codes,
            otherwise,
        } => frame.map_texts(column, |text| mapped(text, codes, *otherwise)),
        Step::SplitNames { column } => {
            frame.split(column, NAME_PARTS.map(|part| part.0), name::split)
        }
        Step::NormaliseAddresses { column } => {
            frame.split(column, ADDRESS_PARTS.map(|part| part.0), address::split)
        }
        _ => Err(DatasetError::Invariant("steps with parts are made ready")),
    }
}

pub(super) fn first_of_each(
    frame: &Frame,
    keys: &[String],
    seen: &mut KeySet,
) -> Result<Vec<bool>> {
    let options = FormatOptions::new().with_null("\u{0}");
    let arrays = keys
        .iter()
        .map(|key| frame.column(key))
        .collect::<Result<Vec<_>>>()?;
    let columns = arrays
        .iter()
        .map(|array| ArrayFormatter::try_new(array.as_ref(), &options));
    let columns = columns.collect::<std::result::Result<Vec<_>, _>>()?;
    let mut text = String::new();
    (0..frame.len())
        .map(|row| {
            let mut fingerprint = 0;
            for column in &columns {
                text.clear();
                std::fmt::Write::write_fmt(&mut text, format_args!("{}", column.value(row)))
                    .map_err(std::io::Error::other)?;
                fingerprint =
                    crate::hash::join(fingerprint, crate::hash::of_bytes(text.as_bytes()));
            }
            seen.insert(fingerprint)
        })
        .collect()
}
