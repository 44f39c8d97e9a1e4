//! The file format: the least of XLSX (ECMA-376) that Excel and `LibreOffice` open.
//!
//! A formula has no stored result, so whoever opens the book computes it.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{Cursor, Write as _},
};

use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use crate::ExportError;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";

/// What stands in a cell.
pub(super) enum Cell {
    Text(String),
    Number(f64),
    Boolean(bool),
    /// Without `=`, with English names of functions.
    Formula(String),
}

/// A sheet; cells by row and column from 0.
pub(super) struct Sheet {
    name: &'static str,
    /// Rows that stay when the others are moved.
    frozen: u32,
    cells: BTreeMap<(u32, usize), Cell>,
}

impl Sheet {
    pub(super) const fn new(name: &'static str, frozen: u32) -> Self {
        Self {
            name,
            frozen,
            cells: BTreeMap::new(),
        }
    }

    pub(super) fn put(&mut self, row: u32, column: usize, cell: Cell) {
        self.cells.insert((row, column), cell);
    }

    pub(super) fn text(&mut self, row: u32, column: usize, text: impl Into<String>) {
        self.put(row, column, Cell::Text(text.into()));
    }

    pub(super) fn number(&mut self, row: u32, column: usize, number: f64) {
        self.put(row, column, Cell::Number(number));
    }

    fn xml(&self) -> String {
        let mut out = format!(
            "{HEAD}<worksheet xmlns=\"{MAIN}\"><sheetViews><sheetView workbookViewId=\"0\">"
        );
        if self.frozen > 0 {
            let first = self.frozen + 1;
            let _ = write!(
                out,
                "<pane ySplit=\"{}\" topLeftCell=\"A{first}\" activePane=\"bottomLeft\" state=\"frozen\"/>",
                self.frozen
            );
        }
        out.push_str("</sheetView></sheetViews><sheetData>");
        let mut open = None;
        for ((row, column), cell) in &self.cells {
            if open != Some(*row) {
                if open.is_some() {
                    out.push_str("</row>");
                }
                let _ = write!(out, "<row r=\"{}\">", row + 1);
                open = Some(*row);
            }
            let _ = write!(out, "<c r=\"{}{}\"", letters(*column), row + 1);
            let _ = match cell {
                Cell::Text(text) => write!(
                    out,
                    " t=\"inlineStr\"><is><t xml:space=\"preserve\">{}</t></is></c>",
                    escaped(text)
                ),
                // −0 and 0 are the same number there.
                Cell::Number(number) => write!(out, "><v>{:?}</v></c>", number + 0.0),
                Cell::Boolean(boolean) => write!(out, " t=\"b\"><v>{}</v></c>", u8::from(*boolean)),
                Cell::Formula(formula) => write!(out, "><f>{}</f></c>", escaped(formula)),
            };
        }
        if open.is_some() {
            out.push_str("</row>");
        }
        out.push_str("</sheetData></worksheet>");
        out
    }
}

/// The name of a column, from 0.
pub(super) fn letters(column: usize) -> String {
    let mut letters = Vec::new();
    let mut left = column + 1;
    while left > 0 {
        letters.push((b'A' + ((left - 1) % 26) as u8) as char);
        left = (left - 1) / 26;
    }
    letters.into_iter().rev().collect()
}

/// For the content of an element; what XML cannot hold becomes a space.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\u{fffe}' | '\u{ffff}' => out.push(' '),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// The bytes of a book. They hold no clock: equal sheets give equal bytes.
pub(super) fn bytes(sheets: &[Sheet]) -> Result<Vec<u8>, ExportError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    let mut types = format!(
        "{HEAD}<Types xmlns=\"{PACKAGE}/content-types\">\
         <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
         <Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/>"
    );
    let mut book = format!(
        "{HEAD}<workbook xmlns=\"{MAIN}\" xmlns:r=\"{RELATIONS}\"><bookViews><workbookView/></bookViews><sheets>"
    );
    let mut parts = format!("{HEAD}<Relationships xmlns=\"{PACKAGE}/relationships\">");
    for (sheet, at) in sheets.iter().zip(1..) {
        let _ = write!(
            types,
            "<Override PartName=\"/xl/worksheets/sheet{at}.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/>"
        );
        let name = sheet.name;
        let _ = write!(
            book,
            "<sheet name=\"{name}\" sheetId=\"{at}\" r:id=\"rId{at}\"/>"
        );
        let _ = write!(
            parts,
            "<Relationship Id=\"rId{at}\" Type=\"{RELATIONS}/worksheet\" Target=\"worksheets/sheet{at}.xml\"/>"
        );
    }
    types.push_str("</Types>");
    book.push_str("</sheets><calcPr fullCalcOnLoad=\"1\"/></workbook>");
    parts.push_str("</Relationships>");
    let root = format!(
        "{HEAD}<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" Type=\"{RELATIONS}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
    );
    let files = [
        ("[Content_Types].xml".to_owned(), types),
        ("_rels/.rels".to_owned(), root),
        ("xl/workbook.xml".to_owned(), book),
        ("xl/_rels/workbook.xml.rels".to_owned(), parts),
    ];
    let sheets = sheets
        .iter()
        .zip(1..)
        .map(|(sheet, at)| (format!("xl/worksheets/sheet{at}.xml"), sheet.xml()));
    for (name, text) in files.into_iter().chain(sheets) {
        zip.start_file(name, options)?;
        zip.write_all(text.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}
