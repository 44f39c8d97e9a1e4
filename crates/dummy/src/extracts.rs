//! The files a municipality would hand over, with the unusable rows that always slip in.

use std::{fs, io, path::Path};

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};
use serde::Serialize;

use crate::{
    GenerateError,
    dice::Dice,
    shapes::{Extract, SHAPES, Shape},
    sheet::Sheet,
};

/// Share of rows that nobody can use.
const UNUSABLE: f64 = 0.001_5;

/// Name of the one file that is a workbook.
pub const ARREARS_FILE: &str = "huurachterstanden.xlsx";
const ARREARS_COLUMNS: [&str; 13] = [
    "huurder_nr",
    "voorletters",
    "voorvoegsel",
    "achternaam",
    "geboortedatum",
    "postcode",
    "huisnummer",
    "toevoeging",
    "maanden_achterstand",
    "bedrag",
    "peildatum",
    "ontruimingsvonnis",
    "bekend_sinds",
];

/// A row that ingest must refuse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Defect {
    /// File name.
    pub file: String,
    /// Ordinal of the record, from 1.
    pub row: u64,
    /// Column header.
    pub column: String,
    /// `eleven-test` or `impossible-date`.
    pub rule: String,
}

/// Files with their numbers of records, in the order of writing, and the rows nobody can use.
pub(crate) type Finished = (Vec<(String, u64)>, Vec<Defect>);

/// A cell of the workbook.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    /// Text.
    Text(String),
    /// A number.
    Number(f64),
    /// A real Excel date, as (year, month, day).
    Date((i32, i32, i32)),
    /// Nothing.
    Empty,
}

/// All extracts, open for writing.
pub(crate) struct Extracts {
    sheets: Vec<(Sheet, Dice)>,
    arrears: Vec<Vec<Cell>>,
    defects: Vec<Defect>,
}

impl Extracts {
    /// Creates the files in `folder`.
    ///
    /// # Errors
    /// When a file cannot be made.
    pub(crate) fn create(folder: &Path, seed: u64) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let sheets = SHAPES
            .iter()
            .map(|shape| {
                let path = folder.join(shape.file);
                let sheet = Sheet::create(&path, shape.encoding, shape.delimiter, shape.columns)?;
                Ok((sheet, Dice::new(seed, &format!("bad {}", shape.file))))
            })
            .collect::<io::Result<_>>()?;
        Ok(Self {
            sheets,
            arrears: Vec::new(),
            defects: Vec::new(),
        })
    }

    /// Extracts without files, to put in the place of finished ones.
    pub(crate) const fn closed() -> Self {
        Self {
            sheets: Vec::new(),
            arrears: Vec::new(),
            defects: Vec::new(),
        }
    }

    /// Writes a row, now and then one nobody can use. Returns its ordinal, from 1.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn row(&mut self, extract: Extract, mut fields: Vec<String>) -> io::Result<u64> {
        let place = extract as usize;
        let shape = &SHAPES[place];
        let (sheet, dice) = &mut self.sheets[place];
        let spoiled = dice
            .chance(UNUSABLE)
            .then(|| spoil(dice, shape, &mut fields));
        let row = sheet.row(&fields)?;
        if let Some((column, rule)) = spoiled {
            self.defects.push(Defect {
                file: shape.file.to_owned(),
                row,
                column: shape.columns[column].to_owned(),
                rule: rule.to_owned(),
            });
        }
        Ok(row)
    }

    /// Records written to an extract so far.
    pub(crate) fn rows(&self, extract: Extract) -> u64 {
        self.sheets[extract as usize].0.rows()
    }

    /// Adds a row to the workbook of arrears. Returns its ordinal, from 1.
    pub(crate) fn arrears(&mut self, cells: Vec<Cell>) -> u64 {
        self.arrears.push(cells);
        self.arrears.len() as u64
    }

    /// Completes the files: (file, records) in the order of writing, and the rows nobody can use.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(crate) fn finish(self, folder: &Path) -> Result<Finished, GenerateError> {
        let mut files = Vec::new();
        for (shape, (sheet, _)) in SHAPES.iter().zip(self.sheets) {
            debug_assert!(SHAPES[shape.extract as usize].file == shape.file);
            files.push((shape.file.to_owned(), sheet.finish()?));
        }
        write_workbook(&folder.join(ARREARS_FILE), &self.arrears)
            .map_err(|e| GenerateError::Workbook(e.to_string()))?;
        files.push((ARREARS_FILE.to_owned(), self.arrears.len() as u64));
        Ok((files, self.defects))
    }
}

/// Makes a row unusable; returns the column and the rule it breaks.
fn spoil(dice: &mut Dice, shape: &Shape, fields: &mut [String]) -> (usize, &'static str) {
    let (bsn, date) = shape.fragile;
    match bsn {
        Some(column) if dice.chance(0.5) => {
            // Another last digit never passes the eleven-test: its weight is −1 and 10 < 11.
            let last = fields[column]
                .pop()
                .and_then(|c| c.to_digit(10))
                .unwrap_or(0);
            fields[column].push_str(&((last + 1 + dice.below(9) as u32) % 10).to_string());
            (column, "eleven-test")
        }
        _ => {
            let year = fields[date].get(6..10).unwrap_or("2020").to_owned();
            let head = dice.pick(&["31-02-", "32-01-", "15-13-", "31-11-"]);
            fields[date] = format!("{head}{year}");
            (date, "impossible-date")
        }
    }
}

fn write_workbook(path: &Path, rows: &[Vec<Cell>]) -> Result<(), XlsxError> {
    let mut book = Workbook::new();
    // A fixed creation date: the same seed gives the same bytes.
    book.set_properties(
        &DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2026, 1, 1)?),
    );
    let date = rust_xlsxwriter::Format::new().set_num_format("dd-mm-yyyy");
    let sheet = book.add_worksheet().set_name("Achterstanden")?;
    for (column, header) in ARREARS_COLUMNS.iter().enumerate() {
        sheet.write_string(0, column as u16, *header)?;
    }
    for (index, cells) in rows.iter().enumerate() {
        let row = index as u32 + 1;
        for (column, cell) in cells.iter().enumerate() {
            let column = column as u16;
            match cell {
                Cell::Text(text) => sheet.write_string(row, column, text)?,
                Cell::Number(number) => sheet.write_number(row, column, *number)?,
                Cell::Date((year, month, day)) => {
                    let value = ExcelDateTime::from_ymd(*year as u16, *month as u8, *day as u8)?;
                    sheet.write_datetime_with_format(row, column, &value, &date)?
                }
                Cell::Empty => continue,
            };
        }
    }
    book.save(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_stand_in_the_order_of_their_names() {
        for (place, shape) in SHAPES.iter().enumerate() {
            assert_eq!(shape.extract as usize, place, "{}", shape.file);
            assert!(shape.fragile.1 < shape.columns.len());
        }
    }
}
