//! Spreadsheets (.xlsx): the first sheet with data, its first row as headers.
//!
//! The shared strings of a workbook are held in memory; that is why size and true expansion are limited.

use std::io::{Cursor, Read, Seek, SeekFrom};
use std::sync::mpsc;

use calamine::{DataRef, Reader, Xlsx};

use super::{Broken, RecordSource, RowBlock, RowMeta, Span};
use crate::{
    detect::Sample,
    error::{DatasetError, Result},
    limits::Limits,
    rule::Rule,
};

const BLOCK_ROWS: usize = 1_024;

/// A row of cells as texts, with its number in the sheet.
type SheetRow = (i64, Vec<(usize, String)>);

/// Reads one sheet.
#[derive(Debug)]
pub struct XlsxSource {
    header: Vec<String>,
    sheet: String,
    rows: mpsc::Receiver<Result<Option<SheetRow>>>,
    ordinal: i64,
    read: u64,
    ended: bool,
}

fn damaged() -> DatasetError {
    DatasetError::refused(
        "/file",
        "damaged",
        "the spreadsheet is damaged or protected",
    )
}

/// Measures what all parts of a ZIP archive truly inflate to, whatever they declare.
fn check_expansion(bytes: &[u8], limits: &Limits) -> Result<()> {
    let at_end = bytes.len().saturating_sub(66_000);
    let end = memchr::memmem::rfind(&bytes[at_end..], b"PK\x05\x06")
        .map(|at| at + at_end)
        .ok_or_else(damaged)?;
    let number = |at: usize, length: usize| -> Option<u64> {
        let field = bytes.get(at..at + length)?;
        Some(
            field
                .iter()
                .rev()
                .fold(0, |value, byte| value << 8 | u64::from(*byte)),
        )
    };
    let entries = number(end + 10, 2).ok_or_else(damaged)?;
    let mut at = number(end + 16, 4).ok_or_else(damaged)? as usize;
    let mut expanded = 0_u64;
    for _ in 0..entries {
        if bytes.get(at..at + 4) != Some(b"PK\x01\x02".as_slice()) {
            return Err(damaged());
        }
        let field = |offset: usize, length: usize| number(at + offset, length).ok_or_else(damaged);
        let (method, packed, local) = (
            field(10, 2)?,
            field(20, 4)? as usize,
            field(42, 4)? as usize,
        );
        let data = local
            + 30
            + number(local + 26, 2).ok_or_else(damaged)? as usize
            + number(local + 28, 2).ok_or_else(damaged)? as usize;
        let content = bytes
            .get(data..data.saturating_add(packed))
            .ok_or_else(damaged)?;
        let room = limits.xlsx_expanded_bytes.saturating_sub(expanded);
        expanded += match method {
            0 => packed as u64,
            8 => std::io::copy(
                &mut flate2::read::DeflateDecoder::new(content).take(room + 1),
                &mut std::io::sink(),
            )
            .map_err(|_| damaged())?,
            _ => return Err(damaged()),
        };
        if expanded > limits.xlsx_expanded_bytes {
            return Err(DatasetError::TooLarge {
                what: "expanded bytes of a spreadsheet",
                limit: limits.xlsx_expanded_bytes,
            });
        }
        at += 46 + field(28, 2)? as usize + field(30, 2)? as usize + field(32, 2)? as usize;
    }
    Ok(())
}

impl XlsxSource {
    /// Opens a workbook. It is read whole into memory, within the limits.
    ///
    /// # Errors
    /// Damaged or protected files, no sheet with data, too many columns, size limits.
    pub fn open(mut reader: impl Read + Seek, limits: &Limits) -> Result<Self> {
        let size = reader.seek(SeekFrom::End(0))?;
        if size > limits.xlsx_bytes {
            return Err(DatasetError::TooLarge {
                what: "bytes of a spreadsheet",
                limit: limits.xlsx_bytes,
            });
        }
        reader.seek(SeekFrom::Start(0))?;
        let mut bytes = Vec::with_capacity(size as usize);
        reader.read_to_end(&mut bytes)?;
        check_expansion(&bytes, limits)?;
        let (sender, rows) = mpsc::sync_channel(BLOCK_ROWS);
        let (sheet_sender, sheet) = mpsc::sync_channel(1);
        // The parser of the library borrows from the workbook; a thread of its own keeps both together.
        std::thread::Builder::new()
            .name("xlsx".into())
            .spawn(move || {
                // An end is said, so that a thread that dies is not taken for one.
                let _ = sender.send(read_sheet(bytes, &sheet_sender, &sender).map(|()| None));
            })?;
        let sheet = sheet.recv().unwrap_or_default();
        let first = rows.recv().map_err(|_| damaged())??;
        let (_, cells) =
            first.ok_or_else(|| DatasetError::refused("/file", "empty", "no sheet holds data"))?;
        let width = cells
            .iter()
            .map(|(column, _)| column + 1)
            .max()
            .unwrap_or(0);
        if width > limits.columns {
            let detail = format!(
                "the sheet has {width} columns; {} are allowed",
                limits.columns
            );
            return Err(DatasetError::refused("/line/1", "too-many-columns", detail));
        }
        let mut header: Vec<String> = (1..=width).map(|at| format!("column_{at}")).collect();
        for (column, text) in cells {
            let text = text.trim().to_owned();
            if text.len() == 9 && helder_types::Bsn::parse(text.as_bytes()).is_ok() {
                let detail = "the first row must hold headers; it holds a number that passes the eleven-test";
                return Err(DatasetError::refused("/line/1", "header", detail));
            }
            header[column] = text;
        }
        Ok(Self {
            header,
            sheet,
            rows,
            ordinal: 0,
            read: 0,
            ended: false,
        })
    }

    /// Name of the sheet that is read.
    pub fn sheet(&self) -> &str {
        &self.sheet
    }
}

fn read_sheet(
    bytes: Vec<u8>,
    sheet: &mpsc::SyncSender<String>,
    rows: &mpsc::SyncSender<Result<Option<SheetRow>>>,
) -> Result<()> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    for name in workbook.sheet_names() {
        let mut cells = workbook
            .worksheet_cells_reader(&name)
            .map_err(|_| damaged())?;
        let mut current: Option<SheetRow> = None;
        let mut found = false;
        while let Some(cell) = cells.next_cell().map_err(|_| damaged())? {
            let (row, column) = cell.get_position();
            let Some(text) = text_of(cell.get_value()) else {
                continue;
            };
            if !found {
                found = true;
                let _ = sheet.send(name.clone());
            }
            let line = i64::from(row) + 1;
            match &mut current {
                Some((number, cells)) if *number == line => cells.push((column as usize, text)),
                _ => {
                    if let Some(done) = current.replace((line, vec![(column as usize, text)]))
                        && rows.send(Ok(Some(done))).is_err()
                    {
                        return Ok(());
                    }
                }
            }
        }
        if let Some(done) = current {
            let _ = rows.send(Ok(Some(done)));
        }
        if found {
            return Ok(());
        }
    }
    Ok(())
}

/// A cell as text: dates as ISO 8601, whole numbers without decimals; `None` when empty.
fn text_of(value: &DataRef<'_>) -> Option<String> {
    match value {
        DataRef::Empty => None,
        DataRef::Int(number) => Some(number.to_string()),
        DataRef::Float(number) => Some(number.to_string()),
        DataRef::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        DataRef::SharedString(text) => Some((*text).to_owned()).filter(|text| !text.is_empty()),
        DataRef::Bool(yes) => Some(yes.to_string()),
        DataRef::DateTime(moment) => {
            let days = moment.as_f64();
            if !(61.0..2_958_466.0).contains(&days) {
                return Some(days.to_string());
            }
            let (year, month, day) =
                crate::value::date::civil_from_days(days.floor() as i32 - 25_569);
            let seconds = (days.fract() * 86_400.0).round() as u32;
            Some(if seconds == 0 {
                format!("{year:04}-{month:02}-{day:02}")
            } else {
                format!(
                    "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}",
                    seconds / 3_600,
                    seconds / 60 % 60,
                    seconds % 60
                )
            })
        }
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Some(text.clone()),
        DataRef::Error(error) => Some(error.to_string()),
    }
}

impl RecordSource for XlsxSource {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn bytes_read(&self) -> u64 {
        self.read
    }

    fn fill(&mut self, block: &mut RowBlock) -> Result<bool> {
        let width = self.header.len();
        block.reset(width);
        let mut fields: Vec<&[u8]> = Vec::new();
        while block.rows.len() + block.broken.len() < BLOCK_ROWS {
            if self.ended {
                return Ok(!(block.rows.is_empty() && block.broken.is_empty()));
            }
            let Some((line, cells)) = self.rows.recv().map_err(|_| damaged())?? else {
                self.ended = true;
                continue;
            };
            self.ordinal += 1;
            self.read += cells.iter().map(|(_, text)| text.len() as u64).sum::<u64>();
            let meta = RowMeta {
                ordinal: self.ordinal,
                line,
                raw: Span::default(),
            };
            if cells.iter().any(|(column, _)| *column >= width) {
                block.broken.push(Broken {
                    meta,
                    rule: Rule::FieldCount,
                });
                continue;
            }
            fields.clear();
            fields.resize(width, b"");
            for (column, text) in &cells {
                fields[*column] = text.as_bytes();
            }
            block.push_record(meta, fields.iter().copied());
            fields = Vec::new();
        }
        Ok(true)
    }
}

/// The first records of a workbook, and the name of the sheet.
///
/// # Errors
/// As [`XlsxSource::open`].
pub fn sample(reader: impl Read + Seek, limits: &Limits) -> Result<(Sample, String)> {
    let mut source = XlsxSource::open(reader, limits)?;
    let sample = super::sample_records(&mut source, limits)?;
    Ok((sample, source.sheet))
}
