//! What a file is: format, encoding, dialect, header, notation of numbers and dates. Every choice comes with evidence.

mod columns;
mod dialect;
mod encoding;

use std::{collections::BTreeMap, io::Cursor};

use helder_types::{Bsn, Fault};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use columns::{ColumnDetected, columns};
pub use dialect::Dialect;
pub use encoding::{Encoding, EncodingScan};

use crate::{
    error::{DatasetError, Result},
    limits::Limits,
    read::{RecordSource, RowBlock, csv::CsvSource, decode::Utf8Reader},
};

/// Kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Delimited text.
    Csv,
    /// One JSON object per line.
    Jsonl,
    /// Office Open XML spreadsheet.
    Xlsx,
    /// Apache Parquet.
    Parquet,
}

/// How well a choice is supported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// What was chosen: `encoding`, `delimiter`, `header`, `decimal:income` …
    pub subject: String,
    /// The choice.
    pub choice: String,
    /// How many bytes, lines or values were looked at.
    pub sampled: u64,
    /// How many of them support the choice.
    pub supporting: u64,
    /// How many speak against it.
    pub conflicting: u64,
    /// What a person should know.
    pub remark: String,
}

/// What was found in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Detected {
    /// Kind of file.
    pub format: Format,
    /// Encoding of text files.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub encoding: Option<Encoding>,
    /// Whether a byte order mark was found.
    pub byte_order_mark: bool,
    /// Sign between fields.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub delimiter: Option<char>,
    /// Sign around fields.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub quote: Option<char>,
    /// Whether the first line names the columns.
    pub header: bool,
    /// Decimal sign in most columns with decimals.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub decimal: Option<char>,
    /// Sign between thousands, where seen.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub thousands: Option<char>,
    /// Date format per column that holds dates.
    pub date_formats: BTreeMap<String, String>,
    /// The columns, in file order.
    pub columns: Vec<ColumnDetected>,
    /// Name of the sheet that was read, for spreadsheets.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sheet: Option<String>,
    /// Support for every choice.
    pub evidence: Vec<Evidence>,
}

/// The first records of a file, as text.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// Headers.
    pub header: Vec<String>,
    /// Records; all have as many fields as there are headers.
    pub rows: Vec<Vec<String>>,
}

/// Recognises a kind of file by its first bytes.
///
/// # Errors
/// Refusals for files that are something else: old spreadsheets, archives, PDF, pickled objects, undeclared gzip.
pub fn sniff(start: &[u8]) -> Result<Format> {
    let refuse = |what: &str| Err(DatasetError::refused("/file", "format", what));
    match start {
        [b'P', b'A', b'R', b'1', ..] => Ok(Format::Parquet),
        [b'P', b'K', 3, 4, ..] => Ok(Format::Xlsx),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => {
            refuse("this is an old or protected spreadsheet (.xls); save it as .xlsx or .csv")
        }
        [0x1f, 0x8b, ..] => refuse("this is gzip; send it with Content-Encoding: gzip"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => refuse("this is zstd; send it with Content-Encoding: zstd"),
        [b'%', b'P', b'D', b'F', ..] => refuse("this is a PDF; export the table as .csv or .xlsx"),
        [0x80, 2..=5, ..] => {
            refuse("this is a pickled object; export the table as .csv or .parquet")
        }
        [b'7', b'z', 0xbc, ..] | [b'R', b'a', b'r', b'!', ..] => {
            refuse("this is an archive; send the file that is in it")
        }
        _ => {
            let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
            let first = text
                .split(|b| *b == b'\n')
                .find(|line| !crate::value::trim(line).is_empty())
                .unwrap_or_default();
            let object = crate::value::trim(first).first() == Some(&b'{')
                && serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(first)
                    .is_ok();
            Ok(if object { Format::Jsonl } else { Format::Csv })
        }
    }
}

/// What was found in a delimited text file, with what a reader of it needs.
#[derive(Clone, Debug)]
pub struct CsvDetection {
    /// For people and for the record.
    pub detected: Detected,
    /// For the reader.
    pub dialect: Dialect,
    /// First records.
    pub sample: Sample,
}

/// Looks at the start of a delimited text file.
///
/// `start` holds the first bytes as stored; `scan` what was seen of the whole file. `known_headers` are headers that a
/// contract expects: finding them settles that the file has a header line.
///
/// # Errors
/// A file without content, with NUL bytes, or with more columns than allowed.
pub fn csv(
    start: &[u8],
    scan: &EncodingScan,
    known_headers: &[&str],
    limits: &Limits,
) -> Result<CsvDetection> {
    let (encoding, byte_order_mark, encoding_evidence) = scan.decide()?;
    let mut text = Vec::new();
    std::io::Read::read_to_end(
        &mut Utf8Reader::new(Cursor::new(start), encoding),
        &mut text,
    )?;
    if crate::value::trim(&text).is_empty() {
        return Err(DatasetError::refused("/file", "empty", "the file is empty"));
    }
    let (mut dialect, dialect_evidence) = dialect::dialect(&text);
    let first = dialect.split_first_line(&text);
    if first.len() > limits.columns {
        let detail = format!(
            "the file has {} columns on line 1; {} are allowed",
            first.len(),
            limits.columns
        );
        return Err(DatasetError::refused("/line/1", "too-many-columns", detail));
    }
    let sample = sample_of(&text, &dialect, first.len(), limits)?;
    let (header, header_evidence) = dialect::header(&first, &sample, known_headers);
    dialect.header = header;
    let mut sample = Sample {
        header: dialect::names(&first, header),
        rows: sample,
    };
    if header && !sample.rows.is_empty() && dialect.first_line_is_record {
        sample.rows.remove(0);
    }
    check_header(&sample.header)?;
    let (columns, mut evidence) = columns(&sample, dialect.delimiter == b';');
    evidence.splice(
        0..0,
        [encoding_evidence]
            .into_iter()
            .chain(dialect_evidence)
            .chain([header_evidence]),
    );
    let detected = Detected {
        format: Format::Csv,
        encoding: Some(encoding),
        byte_order_mark,
        delimiter: Some(char::from(dialect.delimiter)),
        quote: dialect.quote.map(char::from),
        header,
        ..assemble(Format::Csv, columns, evidence)
    };
    Ok(CsvDetection {
        detected,
        dialect,
        sample,
    })
}

/// What was found in a file whose format says by itself where its fields are.
pub fn typed(format: Format, sample: &Sample, sheet: Option<String>) -> Detected {
    let (columns, evidence) = columns(sample, false);
    Detected {
        sheet,
        ..assemble(format, columns, evidence)
    }
}

fn assemble(format: Format, columns: Vec<ColumnDetected>, evidence: Vec<Evidence>) -> Detected {
    let decimals = |sign: char| {
        columns
            .iter()
            .filter(|column| column.decimal == Some(sign))
            .count()
    };
    let decimal = match (decimals(','), decimals('.')) {
        (0, 0) => None,
        (commas, points) => Some(if commas >= points { ',' } else { '.' }),
    };
    let thousands = columns.iter().find_map(|column| column.thousands);
    let date_formats = columns
        .iter()
        .filter_map(|column| Some((column.name.clone(), column.date_format.clone()?)))
        .collect();
    Detected {
        format,
        encoding: None,
        byte_order_mark: false,
        delimiter: None,
        quote: None,
        header: true,
        decimal,
        thousands,
        date_formats,
        columns,
        sheet: None,
        evidence,
    }
}

/// Refuses a header with [`header_faults`].
pub(crate) fn check_header(header: &[String]) -> Result<()> {
    let faults = header_faults(header);
    if faults.is_empty() {
        Ok(())
    } else {
        Err(DatasetError::Refused(faults))
    }
}

/// Faults for headers that occur twice, and for those in which a BSN stands: names of columns are kept and shown.
pub(crate) fn header_faults(header: &[String]) -> Vec<Fault> {
    let mut seen = std::collections::BTreeSet::new();
    let mut faults = Vec::new();
    for (at, name) in header.iter().enumerate() {
        let mut fault = |code, detail| {
            faults.push(Fault::new(format!("/columns/{}", at + 1), code, detail));
        };
        if !seen.insert(name.as_str()) {
            fault("duplicate-header", "two columns have the same header");
        }
        if Bsn::stands_in(name) {
            fault(
                "looks-like-bsn",
                "the header holds what looks like a BSN; is the first line a record?",
            );
        }
    }
    faults
}

fn sample_of(
    text: &[u8],
    dialect: &Dialect,
    columns: usize,
    limits: &Limits,
) -> Result<Vec<Vec<String>>> {
    let whole_lines = memchr::memrchr(b'\n', text).filter(|_| text.len() >= limits.sample_bytes);
    let text = whole_lines.map_or(text, |at| &text[..=at]);
    let header = vec![String::new(); columns];
    let plain = Dialect {
        header: false,
        ..dialect.clone()
    };
    let mut source = CsvSource::new(Cursor::new(text), header, &plain, false, limits.clone());
    let mut block = RowBlock::default();
    let mut rows = Vec::new();
    while source.fill(&mut block)? && rows.len() <= limits.sample_rows {
        for row in 0..block.len().min(limits.sample_rows + 1 - rows.len()) {
            rows.push(
                (0..columns)
                    .map(|column| String::from_utf8_lossy(block.field(row, column)).into_owned())
                    .collect(),
            );
        }
    }
    Ok(rows)
}
