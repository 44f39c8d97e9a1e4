//! A workbook that computes: a row per subject, a column per part, all numbers in a table beside it.
//!
//! Formulas hold no numbers of the model: spreadsheets read fifteen digits in a formula, and all of them in a cell.

mod blocks;
mod book;
mod tree;

use blocks::{Blocks, address};
use book::{Cell, Sheet};
use helder_model::{Calibration, Link, Model};
pub(crate) use tree::of_tree;

use crate::{
    ExportError,
    sum::{Answered, Sum},
};

/// Most parts: columns of a sheet are 16,384, and a table may take some for each part.
const MOST_PARTS: usize = 600;
/// Rows with formulas where none are given.
const EMPTY_ROWS: u32 = 200;
/// First row of subjects, from 0.
const FIRST: u32 = 2;
/// Where subjects are filled in.
const SUBJECTS: &str = "Invullen";
/// Where the numbers of the model stand.
pub(super) const NUMBERS: &str = "Getallen";

/// A value that is filled in.
#[derive(Clone, Debug, PartialEq)]
pub enum Filled {
    /// Nothing: missing.
    Missing,
    /// A number.
    Number(f64),
    /// True or false.
    Boolean(bool),
    /// A level.
    Text(String),
}

/// The workbook; `rows` hold a value per input, and stand where subjects are filled in.
pub(crate) fn workbook(sum: &Sum<'_>, rows: &[Vec<Filled>]) -> Result<Vec<u8>, ExportError> {
    sum.within(MOST_PARTS)?;
    let blocks = Blocks::new(sum);
    let sheets = [
        subjects(sum, &blocks, rows),
        blocks.sheet(),
        explained(sum, None),
    ];
    book::bytes(&sheets)
}

fn subjects(sum: &Sum<'_>, blocks: &Blocks<'_>, rows: &[Vec<Filled>]) -> Sheet {
    let mut sheet = head(sum.model);
    let inputs = sum.model.inputs.len();
    let adds = if sum.points.is_some() {
        "punten"
    } else {
        "telt"
    };
    for (place, part) in sum.parts.iter().enumerate() {
        let (first, second) = part.inputs();
        let name = |at: usize| sum.input(at).name.as_str();
        let also = second.map_or_else(String::new, |at| format!(" × {}", name(at)));
        let column = inputs + place;
        let title = format!("{adds}: {}{also}", name(first));
        sheet.text(0, column, title);
    }
    let parts = (inputs, inputs + sum.parts.len() - 1);
    let mut results = Vec::new();
    let added = |row: u32| {
        let (from, to) = (address(row, parts.0), address(row, parts.1));
        format!("{}+SUM({from}:{to})", blocks::base())
    };
    let next = parts.1 + 1;
    if sum.points.is_some() {
        results.push(("totaal punten", Column::Added));
        results.push(("score", Column::Scored(next)));
        results.push((sum.answer_name(), Column::Answer(next + 1)));
    } else {
        results.push(("score", Column::Added));
        results.push((sum.answer_name(), Column::Answer(next)));
    }
    for (place, (title, _)) in results.iter().enumerate() {
        let title = match *title {
            "probability" => "kans",
            "value" => "waarde",
            other => other,
        };
        sheet.text(0, next + place, title);
    }
    for row in filled_in(&mut sheet, rows) {
        for (place, part) in sum.parts.iter().enumerate() {
            let formula = blocks.formula(place, part, row);
            sheet.put(row, inputs + place, Cell::Formula(formula));
        }
        for (place, (_, result)) in results.iter().enumerate() {
            let formula = match result {
                Column::Added => added(row),
                Column::Scored(total) => blocks::scored(&address(row, *total)),
                Column::Answer(score) => answer(sum, &address(row, *score)),
            };
            let formula = where_filled(row, inputs, &formula);
            sheet.put(row, next + place, Cell::Formula(formula));
        }
    }
    sheet
}

/// The sheet where subjects are filled in: a column per input.
fn head(model: &Model) -> Sheet {
    let mut sheet = Sheet::new(SUBJECTS, FIRST);
    for (column, input) in model.inputs.iter().enumerate() {
        let unit = input.unit.as_ref().map(|unit| format!(" ({unit})"));
        let meaning = format!("{}{}", input.meaning.nl, unit.unwrap_or_default());
        sheet.text(0, column, &input.name);
        sheet.text(1, column, meaning);
    }
    sheet
}

/// Writes the values that are given; the rows of the sheet that get formulas: those, or room for some.
fn filled_in(sheet: &mut Sheet, rows: &[Vec<Filled>]) -> std::ops::Range<u32> {
    for (row, values) in (FIRST..).zip(rows) {
        for (column, value) in values.iter().enumerate() {
            fill(sheet, row, column, value);
        }
    }
    let count = if rows.is_empty() {
        EMPTY_ROWS
    } else {
        rows.len() as u32
    };
    FIRST..FIRST + count
}

/// Nothing where nobody is filled in.
fn where_filled(row: u32, inputs: usize, formula: &str) -> String {
    let (from, to) = (address(row, 0), address(row, inputs - 1));
    format!("IF(COUNTA({from}:{to})=0,\"\",{formula})")
}

/// A column behind the parts; with the column that it is computed from.
enum Column {
    Added,
    Scored(usize),
    Answer(usize),
}

fn fill(sheet: &mut Sheet, row: u32, column: usize, value: &Filled) {
    match value {
        Filled::Missing => {}
        Filled::Number(number) => sheet.number(row, column, *number),
        Filled::Boolean(boolean) => sheet.put(row, column, Cell::Boolean(*boolean)),
        Filled::Text(text) => sheet.text(row, column, text),
    }
}

fn answer(sum: &Sum<'_>, score: &str) -> String {
    // Beyond this the exponential is no number of a spreadsheet.
    let near = |score: &str| format!("MAX(-700,MIN(700,{score}))");
    let logistic = |score: &str| {
        let near = near(score);
        format!("IF({score}>=0,1/(1+EXP(-{near})),EXP({near})/(1+EXP({near})))")
    };
    match sum.answer {
        Answered::Probability(Calibration::None) | Answered::Value(Link::Logit) => logistic(score),
        Answered::Probability(Calibration::Logistic { .. }) => {
            logistic(&format!("({})", blocks::calibrated(score)))
        }
        Answered::Value(Link::Log) => format!("EXP({})", near(score)),
        Answered::Value(Link::Identity | Link::None | Link::Cloglog) => score.to_owned(),
    }
}

fn explained(sum: &Sum<'_>, more: Option<String>) -> Sheet {
    let mut sheet = Sheet::new("Uitleg", 0);
    let model = sum.model;
    let lines = [
        model.title.nl.clone(),
        model.output.meaning.nl.clone(),
        format!("Model {}. Dit is een advies van een rekenmodel, geen besluit. Een mens beslist.", model.name),
        format!("Vul op het blad {SUBJECTS} per persoon een rij in. Wat niet bekend is, laat u leeg."),
        "Ja en nee zijn WAAR en ONWAAR, of 1 en 0. Staat er #N/B, dan geeft het model zonder die waarde geen antwoord.".to_owned(),
        format!("De getallen van het model staan op het blad {NUMBERS}. Een rij erbij: kopieer de formules van de rij erboven."),
        "Een spreadsheet vergelijkt getallen op vijftien cijfers: wie nog dichter bij een grens ligt, telt mee met de stap vanaf die grens.".to_owned(),
        "Vul hier geen gegevens van personen in als dit bestand daarna wordt gedeeld.".to_owned(),
    ];
    for (row, line) in lines.into_iter().chain(more).enumerate() {
        sheet.text(row as u32, 0, line);
    }
    sheet
}
