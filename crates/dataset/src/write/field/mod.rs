//! One field of the contract, compiled: from the bytes of a column to the columns that are stored.

mod checks;
mod reading;
mod sink;
mod values;

use arrow::datatypes::DataType;
use helder_types::SemanticType;

pub use values::bsn;

use self::{
    checks::Checks,
    reading::{Reading, has_few_values},
    sink::Sink,
    values::{birth_date, plain_text, postcode},
};
use super::Pseudonymise;
use crate::{
    column::{Column, Texts, Values},
    contract::{Contract, Field, OnInvalid},
    detect::Detected,
    quality::FieldCounts,
    read::RowBlock,
    rule::Rule,
    value::{
        append, code,
        date::{DateFormat, PartialDate},
        number::Notation,
    },
};

/// A broken rule: position in the block and rule.
pub(super) type RowFault = (usize, Rule);
/// A field ready to run.
pub(super) struct CompiledField {
    /// Column of the file, if it is there.
    pub(super) column: Option<usize>,
    reading: Reading,
    checks: Checks,
    missing_values: Vec<Vec<u8>>,
    empty_is_missing: bool,
    to_missing: bool,
    /// The field as text or number under its own name, or the pseudonym.
    pub(super) main: Column,
    /// Year of birth or numeric postcode, for analysis.
    pub(super) extra: Option<Column>,
    /// Whether `main` goes to the analysis part, the identity part.
    pub(super) in_analysis: bool,
    pub(super) in_identity: bool,
}

impl CompiledField {
    pub(super) fn new(
        contract: &Contract,
        field: &Field,
        header: &[String],
        detected: &Detected,
        today: i32,
    ) -> Self {
        let column = header.iter().position(|name| name == field.header());
        let found = column.and_then(|_| {
            detected
                .columns
                .iter()
                .find(|found| found.name == field.header())
        });
        let sign = |own: Option<char>, seen: Option<char>| own.or(seen).map(|sign| sign as u8);
        let notation = Notation {
            decimal: sign(field.decimal_char, found.and_then(|found| found.decimal))
                .unwrap_or(b'.'),
            group: sign(field.group_char, found.and_then(|found| found.thousands)),
        };
        let format = field
            .format
            .clone()
            .or_else(|| found.and_then(|found| found.date_format.clone()));
        let format = format
            .as_deref()
            .and_then(DateFormat::parse)
            .or_else(|| DateFormat::parse("default"));
        let reading = Reading::of(field, notation, format, today);
        let kind = match reading {
            Reading::Cents(_) | Reading::Integer(_) => DataType::Int64,
            Reading::Number(_) => DataType::Float64,
            Reading::Boolean => DataType::Boolean,
            Reading::Date(_) => DataType::Date32,
            _ => DataType::Utf8,
        };
        let name = &field.name;
        let (main, extra) = match field.semantic_type {
            Some(SemanticType::Bsn) => (format!("{name}_pseudonym"), None),
            Some(SemanticType::Geboortedatum) => (
                name.clone(),
                Some((format!("{name}_year"), DataType::Int32)),
            ),
            Some(SemanticType::Postcode) => {
                (name.clone(), Some((format!("{name}_pc4"), DataType::Utf8)))
            }
            _ => (name.clone(), None),
        };
        let is_bsn = field.semantic_type == Some(SemanticType::Bsn);
        let identifies = field.identifies_directly();
        let missing = field
            .missing_values
            .as_ref()
            .unwrap_or(&contract.missing_values);
        Self {
            column,
            reading,
            checks: Checks::of(contract, field),
            missing_values: missing
                .iter()
                .filter(|value| !value.is_empty())
                .map(|value| value.clone().into_bytes())
                .collect(),
            empty_is_missing: missing.iter().any(String::is_empty),
            to_missing: field.on_invalid == OnInvalid::Missing,
            main: Column {
                few_values: has_few_values(field),
                ..Column::new(main, &kind)
            },
            extra: extra.map(|(name, kind)| Column::new(name, &kind)),
            in_analysis: is_bsn || !identifies,
            in_identity: identifies
                || field.semantic_type == Some(SemanticType::Geslacht) && contract.has_identity(),
        }
    }

    /// Reads the column of a block, appending one value per record, also for records that will be squeezed out.
    pub(super) fn run(
        &mut self,
        block: &RowBlock,
        counts: &mut FieldCounts,
        faults: &mut Vec<RowFault>,
        pseudonymise: &dyn Pseudonymise,
    ) {
        let Some(column) = self.column else {
            counts.missing += block.len() as u64;
            self.append_missing(block.len());
            return;
        };
        let checks = &self.checks;
        let mut sink = Sink {
            missing_values: &self.missing_values,
            empty_is_missing: self.empty_is_missing,
            to_missing: self.to_missing,
            required: checks.required,
            valid: &mut self.main.valid,
            counts,
            faults,
        };
        let extra = self.extra.as_mut();
        match (&mut self.main.values, self.reading) {
            (Values::Int64(out), Reading::Integer(notation)) => {
                sink.each(block, column, out, |value| {
                    let read = notation.integer(value).ok_or(Rule::Integer)?;
                    checks.listed(value)?;
                    checks.number(read as f64).map(|()| read)
                });
            }
            (Values::Int64(out), Reading::Cents(notation)) => {
                sink.each(block, column, out, |value| {
                    let read = notation.cents(value).ok_or(Rule::Bedrag)?;
                    checks.number(read as f64 / 100.0).map(|()| read)
                });
            }
            (Values::Float64(out), Reading::Number(notation)) => {
                sink.each(block, column, out, |value| {
                    let read = notation.number(value).ok_or(Rule::Number)?;
                    checks.listed(value)?;
                    checks.number(read).map(|()| read)
                });
            }
            (Values::Boolean(out), Reading::Boolean) => {
                sink.each(block, column, out, code::boolean);
            }
            (Values::Date32(out), Reading::Date(format)) => {
                sink.each(block, column, out, |value| {
                    let read = format
                        .read(value)
                        .and_then(PartialDate::days)
                        .ok_or(Rule::Date)?;
                    checks.number(f64::from(read)).map(|()| read)
                });
            }
            (Values::Text(texts), reading) => {
                run_text(
                    reading,
                    texts,
                    extra,
                    &mut sink,
                    (block, column),
                    checks,
                    pseudonymise,
                );
            }
            // A reading and its column are made together in `new`.
            _ => {}
        }
    }

    fn append_missing(&mut self, rows: usize) {
        for column in std::iter::once(&mut self.main).chain(&mut self.extra) {
            let len = column.len() + rows;
            column.valid.resize(len, false);
            match &mut column.values {
                Values::Int64(values) => values.resize(len, 0),
                Values::Int32(values) | Values::Date32(values) => values.resize(len, 0),
                Values::Float64(values) => values.resize(len, 0.0),
                Values::Boolean(values) => values.resize(len, false),
                Values::Text(texts) => {
                    let end = texts.bytes.len() as i32;
                    texts.offsets.resize(len + 1, end);
                }
            }
        }
    }

    /// Columns stored for this field.
    pub(super) fn columns_mut(&mut self) -> impl Iterator<Item = &mut Column> {
        std::iter::once(&mut self.main).chain(&mut self.extra)
    }
}

/// Reads a column that is stored as text, with what analysis gets of it.
fn run_text(
    reading: Reading,
    texts: &mut Texts,
    extra: Option<&mut Column>,
    sink: &mut Sink<'_>,
    (block, column): (&RowBlock, usize),
    checks: &Checks,
    pseudonymise: &dyn Pseudonymise,
) {
    let bytes = &mut texts.bytes;
    let offsets = &mut texts.offsets;
    match (reading, extra) {
        (Reading::Geboortedatum { format, latest }, Some(year)) => {
            let Values::Int32(years) = &mut year.values else {
                return;
            };
            let first = offsets.len();
            sink.each_text(block, column, bytes, offsets, |value, out| {
                let date = birth_date(value, format, latest)?;
                if checks.is_bounded() {
                    checks.number(date.days().map_or(f64::NAN, f64::from))?;
                }
                date.write(out);
                Ok(())
            });
            for at in first..offsets.len() {
                let digits = &bytes[offsets[at - 1] as usize..offsets[at] as usize];
                let known = digits
                    .iter()
                    .take(4)
                    .fold(0, |year, b| year * 10 + i32::from(b - b'0'));
                years.push(known);
                year.valid.push(known > 0);
            }
        }
        (reading, Some(pc4)) => {
            let Values::Text(pc4_texts) = &mut pc4.values else {
                return;
            };
            let first = offsets.len();
            sink.each_text(block, column, bytes, offsets, |value, out| {
                postcode(reading, value, out, checks)
            });
            for at in first..offsets.len() {
                let whole = &bytes[offsets[at - 1] as usize..offsets[at] as usize];
                let dutch =
                    whole.get(..4).is_some_and(code::is_pc4) && matches!(whole.len(), 4 | 6);
                if dutch {
                    append(&mut pc4_texts.bytes, &whole[..4]);
                }
                pc4_texts.close();
                pc4.valid.push(dutch);
            }
        }
        (Reading::Bsn, None) => sink.each_text(block, column, bytes, offsets, |value, out| {
            out.extend_from_slice(&pseudonymise.pseudonym(bsn(value)?));
            Ok(())
        }),
        (reading, None) => {
            sink.each_text(block, column, bytes, offsets, |value, out| {
                plain_text(reading, value, out, checks)
            });
        }
    }
}
