//! Delimiter, quote and header line of delimited text.

use std::collections::{BTreeMap, BTreeSet};

use super::Evidence;
use crate::{
    contract::hints,
    value::{
        date::{DateFormat, KNOWN_FORMATS},
        number::Notation,
        trim,
    },
};

/// How a delimited file is divided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Sign between fields.
    pub delimiter: u8,
    /// Sign around fields.
    pub quote: Option<u8>,
    /// Whether the first line names the columns.
    pub header: bool,
    /// Lines end in CR alone, as on old Macintoshes.
    pub carriage_return_only: bool,
    /// Whether the first line could be split as a record, so that it is the first of a sample.
    pub(crate) first_line_is_record: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            delimiter: b',',
            quote: Some(b'"'),
            header: true,
            carriage_return_only: false,
            first_line_is_record: true,
        }
    }
}

const DELIMITERS: [u8; 4] = [b';', b',', b'\t', b'|'];
const LINES: usize = 1_000;

impl Dialect {
    /// Fields of the first line that is not blank.
    pub(crate) fn split_first_line(&self, text: &[u8]) -> Vec<String> {
        let first = lines(text, self.newline()).next().unwrap_or_default();
        split(first, self.delimiter, self.quote)
            .into_iter()
            .map(|field| String::from_utf8_lossy(trim(&field)).into_owned())
            .collect()
    }

    fn newline(&self) -> u8 {
        if self.carriage_return_only {
            b'\r'
        } else {
            b'\n'
        }
    }
}

/// Chooses delimiter and quote by how regular they make the lines.
pub(super) fn dialect(text: &[u8]) -> (Dialect, Vec<Evidence>) {
    let carriage_return_only =
        memchr::memchr(b'\n', text).is_none() && memchr::memchr(b'\r', text).is_some();
    let newline = if carriage_return_only { b'\r' } else { b'\n' };
    let looked_at: Vec<&[u8]> = lines(text, newline).take(LINES).collect();
    let quote = choose_quote(&looked_at);
    let mut best: Option<(u8, usize, usize, usize)> = None;
    for delimiter in DELIMITERS {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        for line in &looked_at {
            *counts
                .entry(split(line, delimiter, Some(quote)).len())
                .or_default() += 1;
        }
        let first = looked_at
            .first()
            .map_or(0, |line| split(line, delimiter, Some(quote)).len());
        let agreeing = counts.get(&first).copied().unwrap_or(0);
        let better =
            best.is_none_or(|(_, fields, agree, _)| score(first, agreeing) > score(fields, agree));
        if first > 1 && better {
            best = Some((delimiter, first, agreeing, looked_at.len()));
        }
    }
    let (delimiter, fields, agreeing, total) =
        best.unwrap_or((b',', 1, looked_at.len(), looked_at.len()));
    let remark = if fields == 1 {
        "no delimiter found: one column".to_owned()
    } else {
        format!("{fields} fields on line 1")
    };
    let name = |byte: u8| {
        if byte == b'\t' {
            "tab".to_owned()
        } else {
            char::from(byte).to_string()
        }
    };
    let quoted = looked_at
        .iter()
        .filter(|line| line.contains(&quote))
        .count();
    let evidence = vec![
        Evidence {
            subject: "delimiter".into(),
            choice: name(delimiter),
            sampled: total as u64,
            supporting: agreeing as u64,
            conflicting: (total - agreeing) as u64,
            remark,
        },
        Evidence {
            subject: "quote".into(),
            choice: name(quote),
            sampled: total as u64,
            supporting: quoted as u64,
            conflicting: 0,
            remark: if quoted == 0 {
                "no quotes seen; the usual sign is assumed".into()
            } else {
                String::new()
            },
        },
    ];
    let first_line_is_record = looked_at
        .first()
        .is_some_and(|line| quotes_balance(line, quote));
    (
        Dialect {
            delimiter,
            quote: Some(quote),
            header: true,
            carriage_return_only,
            first_line_is_record,
        },
        evidence,
    )
}

/// Regular lines count most; more fields break ties.
fn score(fields: usize, agreeing: usize) -> (usize, usize) {
    (if fields > 1 { agreeing } else { 0 }, fields)
}

fn lines(text: &[u8], newline: u8) -> impl Iterator<Item = &[u8]> {
    text.split(move |b| *b == newline)
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| !line.is_empty())
}

fn quotes_balance(line: &[u8], quote: u8) -> bool {
    memchr::memchr_iter(quote, line).count().is_multiple_of(2)
}

fn choose_quote(lines: &[&[u8]]) -> u8 {
    let around = |quote: u8| {
        let wraps = |line: &&&[u8]| {
            DELIMITERS.iter().any(|delimiter| {
                line.split(|b| b == delimiter).any(|field| {
                    field.len() > 1 && field[0] == quote && field[field.len() - 1] == quote
                })
            })
        };
        lines.iter().filter(wraps).count()
    };
    if around(b'\'') > around(b'"') {
        b'\''
    } else {
        b'"'
    }
}

/// Splits one line; a quote that is not closed runs to the end of the line.
fn split(line: &[u8], delimiter: u8, quote: Option<u8>) -> Vec<Vec<u8>> {
    let mut fields = Vec::new();
    let mut field = Vec::new();
    let mut inside = false;
    let mut at = 0;
    while at < line.len() {
        let byte = line[at];
        if inside {
            if Some(byte) == quote {
                if line.get(at + 1) == Some(&byte) {
                    field.push(byte);
                    at += 1;
                } else {
                    inside = false;
                }
            } else {
                field.push(byte);
            }
        } else if byte == delimiter {
            fields.push(std::mem::take(&mut field));
        } else if Some(byte) == quote && field.is_empty() {
            inside = true;
        } else {
            field.push(byte);
        }
        at += 1;
    }
    fields.push(field);
    fields
}

/// Names of the columns: the cells of the first line, or `column_1` and so on.
pub(super) fn names(first: &[String], header: bool) -> Vec<String> {
    let named = first.iter().enumerate();
    named
        .map(|(at, cell)| {
            if header && !cell.is_empty() {
                cell.clone()
            } else {
                format!("column_{}", at + 1)
            }
        })
        .collect()
}

/// Decides whether the first line names the columns.
///
/// A line with a BSN in it is never a header: headers are stored and shown, values are not.
pub(super) fn header(first: &[String], rows: &[Vec<String>], known: &[&str]) -> (bool, Evidence) {
    let evidence = |header: bool, supporting: usize, conflicting: usize, remark: &str| {
        let evidence = Evidence {
            subject: "header".into(),
            choice: if header { "first line" } else { "none" }.into(),
            sampled: first.len() as u64,
            supporting: supporting as u64,
            conflicting: conflicting as u64,
            remark: remark.into(),
        };
        (header, evidence)
    };
    let expected = known
        .iter()
        .filter(|name| first.iter().any(|cell| cell == *name))
        .count();
    if expected > 0 && expected * 2 >= known.len() {
        return evidence(
            true,
            expected,
            known.len() - expected,
            "has the headers that the contract names",
        );
    }
    if first
        .iter()
        .any(|cell| cell.len() == 9 && helder_types::Bsn::parse(cell.as_bytes()).is_ok())
    {
        return evidence(
            false,
            1,
            0,
            "the first line holds a number that passes the eleven-test",
        );
    }
    let distinct = first
        .iter()
        .filter(|cell| !cell.is_empty())
        .collect::<BTreeSet<_>>()
        .len();
    let hinted = first
        .iter()
        .filter(|cell| hints::meaning(cell).is_some())
        .count();
    let (mut typed_below, mut typed_first) = (0, 0);
    for (column, cell) in first.iter().enumerate() {
        let below: Vec<&str> = rows
            .iter()
            .skip(1)
            .take(200)
            .map(|row| row[column].as_str())
            .filter(|text| !text.is_empty())
            .collect();
        if below.is_empty()
            || below.iter().filter(|text| looks_typed(text)).count() * 10 < below.len() * 8
        {
            continue;
        }
        typed_below += 1;
        typed_first += usize::from(looks_typed(cell));
    }
    if typed_first > 0 && !is_run_of_years(first) && hinted == 0 {
        return evidence(
            false,
            typed_first,
            typed_below - typed_first,
            "the first line has values where headers would stand",
        );
    }
    if typed_below > typed_first {
        return evidence(
            true,
            typed_below - typed_first,
            typed_first,
            "words above columns of numbers or dates",
        );
    }
    if hinted > 0 {
        return evidence(true, hinted, 0, "known names of columns");
    }
    let good = distinct == first.len() && distinct > 0;
    evidence(
        good,
        distinct,
        first.len() - distinct,
        "only words: assumed because they are all different; check this",
    )
}

fn looks_typed(text: &str) -> bool {
    let bytes = trim(text.as_bytes());
    let dutch = Notation {
        decimal: b',',
        group: Some(b'.'),
    };
    Notation::default().number(bytes).is_some()
        || dutch.number(bytes).is_some()
        || KNOWN_FORMATS
            .iter()
            .filter_map(|format| DateFormat::parse(format))
            .any(|format| format.read(bytes).is_some())
}

/// Years in a row are usual headers of time series.
fn is_run_of_years(cells: &[String]) -> bool {
    let years: Vec<u16> = cells
        .iter()
        .filter_map(|cell| cell.parse().ok())
        .filter(|year| (1900..=2100).contains(year))
        .collect();
    years.len() > 1 && years.windows(2).all(|pair| pair[1] == pair[0] + 1)
}
