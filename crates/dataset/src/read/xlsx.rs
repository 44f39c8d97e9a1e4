//! Spreadsheets (.xlsx): the first sheet with data, its first row as headers.
//!
//! The shared strings of a workbook are held in memory; that is why size and true expansion are limited.

mod archive;

use std::{
    io::{Cursor, Read, Seek, SeekFrom},
    sync::mpsc,
};

use calamine::{DataRef, Reader, Xlsx};

use self::archive::damaged;
use super::{Broken, RecordSource, RowBlock, RowMeta, Span};
use crate::{
    detect::Sample,
    error::{DatasetError, Result},
    limits::Limits,
    rule::Rule,
};

const BLOCK_ROWS: usize = 1_024;
/// Bytes of text after which a block is full.
const BLOCK_BYTES: usize = 1 << 20;
/// Rows between the parser's thread and the reader; each has at most as many bytes as a record may have.
const ROWS_UNDER_WAY: usize = 32;

/// A row of cells as texts.
#[derive(Debug, Default)]
struct SheetRow {
    /// Its number in the sheet, from 1.
    number: i64,
    /// Column and text, in the order of the file; empty when the row has a fault.
    cells: Vec<(usize, String)>,
    bytes: usize,
    fault: Option<Rule>,
}

impl SheetRow {
    /// Adds a cell, unless the row would grow beyond the limits: one shared text can be named by every cell.
    fn add(&mut self, column: usize, text: String, limits: &Limits) {
        if self.fault.is_some() {
            return;
        }
        self.bytes += text.len();
        if self.cells.len() > limits.columns {
            self.fault = Some(Rule::FieldCount);
        } else if self.bytes > limits.record_bytes {
            self.fault = Some(Rule::RecordLength);
        } else {
            self.cells.push((column, text));
            return;
        }
        self.cells = Vec::new();
    }
}

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
        archive::check(&bytes, limits)?;
        let (sender, rows) = mpsc::sync_channel(ROWS_UNDER_WAY);
        let (sheet_sender, sheet) = mpsc::sync_channel(1);
        // The parser of the library borrows from the workbook; a thread of its own keeps both together.
        std::thread::Builder::new().name("xlsx".into()).spawn({
            let limits = limits.clone();
            move || {
                // An end is said, so that a thread that dies is not taken for one.
                let _ =
                    sender.send(read_sheet(bytes, &limits, &sheet_sender, &sender).map(|()| None));
            }
        })?;
        let sheet = sheet.recv().unwrap_or_default();
        let first = rows.recv().map_err(|_| damaged())??;
        let first =
            first.ok_or_else(|| DatasetError::refused("/file", "empty", "no sheet holds data"))?;
        if first.fault == Some(Rule::RecordLength) {
            let detail = "the first row must hold headers; it is longer than a record may be";
            return Err(DatasetError::refused("/line/1", "header", detail));
        }
        if first.fault.is_some() {
            let detail = format!("the sheet has more than {} columns", limits.columns);
            return Err(DatasetError::refused("/line/1", "too-many-columns", detail));
        }
        let cells = first.cells;
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
    limits: &Limits,
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
            let number = i64::from(row) + 1;
            if current.as_ref().is_none_or(|row| row.number != number) {
                let next = SheetRow {
                    number,
                    ..SheetRow::default()
                };
                if let Some(done) = current.replace(next)
                    && rows.send(Ok(Some(done))).is_err()
                {
                    return Ok(());
                }
            }
            if let Some(row) = &mut current {
                row.add(column as usize, text, limits);
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
        while block.rows.len() + block.broken.len() < BLOCK_ROWS && block.bytes.len() < BLOCK_BYTES
        {
            if self.ended {
                return Ok(!(block.rows.is_empty() && block.broken.is_empty()));
            }
            let Some(row) = self.rows.recv().map_err(|_| damaged())?? else {
                self.ended = true;
                continue;
            };
            self.ordinal += 1;
            self.read += row.bytes as u64;
            let meta = RowMeta {
                ordinal: self.ordinal,
                line: row.number,
                raw: Span::default(),
            };
            let too_wide = row.cells.iter().any(|(column, _)| *column >= width);
            if let Some(rule) = row.fault.or(too_wide.then_some(Rule::FieldCount)) {
                block.broken.push(Broken { meta, rule });
                continue;
            }
            fields.clear();
            fields.resize(width, b"");
            for (column, text) in &row.cells {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_names_one_long_text_often_is_not_held() {
        let limits = Limits {
            record_bytes: 1_000,
            columns: 5,
            ..Limits::default()
        };
        let row_of = |cells: usize, length: usize| {
            let mut row = SheetRow::default();
            (0..cells).for_each(|column| row.add(column, "x".repeat(length), &limits));
            row
        };
        assert_eq!(row_of(5, 200).fault, None);
        assert_eq!(row_of(5, 201).fault, Some(Rule::RecordLength));
        assert_eq!(row_of(7, 1).fault, Some(Rule::FieldCount));
        assert!(row_of(1_000_000, 1).cells.capacity() == 0);
    }
}
