//! One field of the contract, compiled: from the bytes of a column to the columns that are stored.

use helder_types::{Bsn, SemanticType};

use super::Pseudonymise;
use crate::{
    column::{Column, Values},
    contract::{Bound, Contract, Field, FieldType, OnInvalid},
    detect::Detected,
    quality::FieldCounts,
    read::RowBlock,
    rule::Rule,
    value::{
        code,
        date::{DateFormat, PartialDate, days_from_civil},
        number::Notation,
        text, trim,
    },
};
use arrow::datatypes::DataType;

/// A broken rule: position in the block and rule.
pub(super) type RowFault = (usize, Rule);

/// How values are read.
#[derive(Clone, Copy, Debug)]
enum Reading {
    Bsn,
    Postcode,
    Pc4,
    ForeignPostcode,
    Huisnummer,
    Name,
    Geslacht,
    Phone,
    Email,
    Region {
        prefix: [u8; 2],
        tail: usize,
        rule: Rule,
    },
    Geboortedatum {
        format: DateFormat,
        latest: i32,
    },
    Cents(Notation),
    Text,
    Integer(Notation),
    Number(Notation),
    Boolean,
    Date(DateFormat),
}

/// Rules that come after reading.
#[derive(Debug, Default)]
struct Checks {
    required: bool,
    low: Option<f64>,
    high: Option<f64>,
    allowed: Option<Vec<Vec<u8>>>,
    pattern: Option<regex::bytes::Regex>,
    max_length: Option<usize>,
}

impl Checks {
    #[inline]
    fn number(&self, value: f64) -> Result<(), Rule> {
        if self.low.is_some_and(|low| value < low) {
            return Err(Rule::Minimum);
        }
        if self.high.is_some_and(|high| value > high) {
            return Err(Rule::Maximum);
        }
        Ok(())
    }

    #[inline]
    fn listed(&self, raw: &[u8]) -> Result<(), Rule> {
        match &self.allowed {
            Some(allowed) if !allowed.iter().any(|value| value == raw) => Err(Rule::Enum),
            _ => Ok(()),
        }
    }

    #[inline]
    fn written(&self, written: &[u8]) -> Result<(), Rule> {
        if let Some(most) = self.max_length
            && written.len() > most
            && String::from_utf8_lossy(written).chars().count() > most
        {
            return Err(Rule::MaxLength);
        }
        match &self.pattern {
            Some(pattern) if !pattern.is_match(written) => Err(Rule::Pattern),
            _ => Ok(()),
        }
    }
}

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
        let reading = reading(field, notation, format, today);
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
            checks: checks(contract, field),
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
            extra: extra.map(|(name, kind)| Column {
                few_values: kind == DataType::Utf8,
                ..Column::new(name, &kind)
            }),
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
                })
            }
            (Values::Int64(out), Reading::Cents(notation)) => {
                sink.each(block, column, out, |value| {
                    let read = notation.cents(value).ok_or(Rule::Bedrag)?;
                    checks.number(read as f64 / 100.0).map(|()| read)
                })
            }
            (Values::Float64(out), Reading::Number(notation)) => {
                sink.each(block, column, out, |value| {
                    let read = notation.number(value).ok_or(Rule::Number)?;
                    checks.listed(value)?;
                    checks.number(read).map(|()| read)
                })
            }
            (Values::Boolean(out), Reading::Boolean) => {
                sink.each(block, column, out, code::boolean)
            }
            (Values::Date32(out), Reading::Date(format)) => {
                sink.each(block, column, out, |value| {
                    let read = format
                        .read(value)
                        .and_then(PartialDate::days)
                        .ok_or(Rule::Date)?;
                    checks.number(f64::from(read)).map(|()| read)
                })
            }
            (Values::Text(texts), reading) => {
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
                            checks.number(date.days().map_or(f64::NAN, f64::from))?;
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
                            let dutch = whole.get(..4).is_some_and(code::is_pc4)
                                && matches!(whole.len(), 4 | 6);
                            if dutch {
                                pc4_texts.bytes.extend_from_slice(&whole[..4]);
                            }
                            pc4_texts.close();
                            pc4.valid.push(dutch);
                        }
                    }
                    (Reading::Bsn, None) => {
                        sink.each_text(block, column, bytes, offsets, |value, out| {
                            out.extend_from_slice(&pseudonymise.pseudonym(bsn(value)?));
                            Ok(())
                        })
                    }
                    (reading, None) => {
                        sink.each_text(block, column, bytes, offsets, |value, out| {
                            plain_text(reading, value, out, checks)
                        });
                    }
                }
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

/// What happens to values that are missing or invalid: the same for every type.
struct Sink<'a> {
    missing_values: &'a [Vec<u8>],
    empty_is_missing: bool,
    to_missing: bool,
    required: bool,
    valid: &'a mut Vec<bool>,
    counts: &'a mut FieldCounts,
    faults: &'a mut Vec<RowFault>,
}

impl Sink<'_> {
    #[inline]
    fn is_missing(&self, value: &[u8]) -> bool {
        if value.is_empty() {
            self.empty_is_missing
        } else {
            self.missing_values.iter().any(|missing| missing == value)
        }
    }

    #[inline]
    fn missing(&mut self, row: usize) {
        self.counts.missing += 1;
        self.valid.push(false);
        if self.required {
            self.fault(row, Rule::Required);
        }
    }

    #[cold]
    fn fault(&mut self, row: usize, rule: Rule) {
        self.counts.broken[rule as usize] += 1;
        self.faults.push((row, rule));
    }

    #[cold]
    fn invalid(&mut self, row: usize, rule: Rule) {
        self.counts.invalid += 1;
        self.valid.push(false);
        if self.to_missing {
            self.counts.set_missing += 1;
            self.counts.broken[rule as usize] += 1;
        } else {
            self.fault(row, rule);
        }
    }

    fn each<T: Default>(
        &mut self,
        block: &RowBlock,
        column: usize,
        out: &mut Vec<T>,
        read: impl Fn(&[u8]) -> Result<T, Rule>,
    ) {
        for (row, raw) in block.column(column).enumerate() {
            let value = trim(raw);
            if self.is_missing(value) {
                self.missing(row);
                out.push(T::default());
                continue;
            }
            match read(value) {
                Ok(read) => {
                    self.valid.push(true);
                    out.push(read);
                }
                Err(rule) => {
                    self.invalid(row, rule);
                    out.push(T::default());
                }
            }
        }
    }

    fn each_text(
        &mut self,
        block: &RowBlock,
        column: usize,
        bytes: &mut Vec<u8>,
        offsets: &mut Vec<i32>,
        mut write: impl FnMut(&[u8], &mut Vec<u8>) -> Result<(), Rule>,
    ) {
        for (row, raw) in block.column(column).enumerate() {
            let value = trim(raw);
            if self.is_missing(value) {
                self.missing(row);
            } else {
                let start = bytes.len();
                match write(value, bytes) {
                    Ok(()) => self.valid.push(true),
                    Err(rule) => {
                        bytes.truncate(start);
                        self.invalid(row, rule);
                    }
                }
            }
            offsets.push(bytes.len() as i32);
        }
    }
}

/// Whether a dictionary pays for the texts of a field.
fn has_few_values(field: &Field) -> bool {
    field.constraints.allowed.is_some()
        || matches!(
            field.semantic_type,
            Some(
                SemanticType::Code
                    | SemanticType::Geslacht
                    | SemanticType::Gemeentecode
                    | SemanticType::Wijkcode
                    | SemanticType::Buurtcode
                    | SemanticType::Huisnummer
                    | SemanticType::Voorvoegsel
            )
        )
}

fn reading(field: &Field, notation: Notation, format: Option<DateFormat>, today: i32) -> Reading {
    let dated = |make: fn(DateFormat) -> Reading| format.map_or(Reading::Text, make);
    match field.semantic_type {
        Some(meaning) => match meaning {
            SemanticType::Bsn => Reading::Bsn,
            SemanticType::Postcode => match field.format.as_deref() {
                Some("pc4") => Reading::Pc4,
                Some("foreign") => Reading::ForeignPostcode,
                _ => Reading::Postcode,
            },
            SemanticType::Huisnummer => Reading::Huisnummer,
            SemanticType::Geboortedatum => match format {
                Some(format) => Reading::Geboortedatum {
                    format,
                    latest: today,
                },
                None => Reading::Text,
            },
            SemanticType::Voornamen
            | SemanticType::Geslachtsnaam
            | SemanticType::Voorvoegsel
            | SemanticType::GeslachtsnaamPartner
            | SemanticType::VoorvoegselPartner => Reading::Name,
            SemanticType::Geslacht => Reading::Geslacht,
            SemanticType::Telefoonnummer => Reading::Phone,
            SemanticType::Email => Reading::Email,
            SemanticType::Gemeentecode => Reading::Region {
                prefix: *b"GM",
                tail: 0,
                rule: Rule::Gemeentecode,
            },
            SemanticType::Wijkcode => Reading::Region {
                prefix: *b"WK",
                tail: 2,
                rule: Rule::Wijkcode,
            },
            SemanticType::Buurtcode => Reading::Region {
                prefix: *b"BU",
                tail: 4,
                rule: Rule::Buurtcode,
            },
            SemanticType::Bedrag => Reading::Cents(notation),
            SemanticType::Straatnaam
            | SemanticType::Woonplaats
            | SemanticType::Huisnummertoevoeging
            | SemanticType::Persoonsnummer
            | SemanticType::Code => Reading::Text,
        },
        None => match field.kind {
            FieldType::String => Reading::Text,
            FieldType::Integer => Reading::Integer(notation),
            FieldType::Number => Reading::Number(notation),
            FieldType::Boolean => Reading::Boolean,
            FieldType::Date => dated(Reading::Date),
        },
    }
}

fn checks(contract: &Contract, field: &Field) -> Checks {
    let bound = |bound: &Option<Bound>| match bound {
        Some(Bound::Number(value)) => Some(*value),
        Some(Bound::Date(text)) => crate::value::date::iso_days(text).map(f64::from),
        None => None,
    };
    let constraints = &field.constraints;
    Checks {
        required: constraints.required || contract.primary_key.contains(&field.name),
        low: bound(&constraints.minimum),
        high: bound(&constraints.maximum),
        allowed: constraints.allowed.as_ref().map(|list| {
            list.iter()
                .map(|value| value.clone().into_bytes())
                .collect()
        }),
        pattern: constraints
            .pattern
            .as_deref()
            .and_then(crate::contract::compile_pattern),
        max_length: constraints.max_length.map(|most| most as usize),
    }
}

/// Reads a BSN; blanks and full stops between its digits are ignored.
///
/// # Errors
/// [`Rule::Bsn`].
pub fn bsn(value: &[u8]) -> Result<Bsn, Rule> {
    if let Ok(bsn) = Bsn::parse(value) {
        return Ok(bsn);
    }
    let value = value.strip_suffix(b".0").unwrap_or(value);
    let mut digits = [0_u8; 9];
    let mut count = 0;
    for &byte in value {
        if matches!(byte, b' ' | b'.') {
            continue;
        }
        *digits.get_mut(count).ok_or(Rule::Bsn)? = byte;
        count += 1;
    }
    Bsn::parse(&digits[..count]).map_err(|_| Rule::Bsn)
}

fn birth_date(value: &[u8], format: DateFormat, latest: i32) -> Result<PartialDate, Rule> {
    let date = format.read(value).ok_or(Rule::Date)?;
    let unknown_year = date.year == 0;
    let first_day = days_from_civil(
        i32::from(date.year),
        u32::from(date.month.max(1)),
        u32::from(date.day.max(1)),
    );
    if unknown_year || date.year >= 1850 && first_day <= latest {
        Ok(date)
    } else {
        Err(Rule::Geboortedatum)
    }
}

fn postcode(
    reading: Reading,
    value: &[u8],
    out: &mut Vec<u8>,
    checks: &Checks,
) -> Result<(), Rule> {
    let start = out.len();
    match reading {
        Reading::Pc4 if code::is_pc4(value) => out.extend_from_slice(value),
        Reading::Pc4 => return Err(Rule::Postcode),
        Reading::ForeignPostcode => code::foreign_postcode(value, out)?,
        _ => code::postcode(value, out)?,
    }
    checks.listed(value)?;
    checks.written(&out[start..])
}

fn plain_text(
    reading: Reading,
    value: &[u8],
    out: &mut Vec<u8>,
    checks: &Checks,
) -> Result<(), Rule> {
    let start = out.len();
    match reading {
        Reading::Huisnummer => code::huisnummer(value, out)?,
        Reading::Name => text::name(value, out)?,
        Reading::Geslacht => out.push(code::geslacht(value)?),
        Reading::Phone => code::phone(value, out)?,
        Reading::Email => code::email(value, out)?,
        Reading::Region { prefix, tail, rule } => code::region(value, &prefix, tail, rule, out)?,
        _ => text::clean(value, out)?,
    }
    checks.listed(value)?;
    checks.written(&out[start..])
}
