//! The numbers of the model on a sheet of their own, and the formulas that read them.

use helder_model::{Calibration, FARTHEST, InputType};

use super::{
    NUMBERS,
    book::{Sheet, letters},
};
use crate::sum::{Answered, Known, Lookup, Part, Sum};

/// Row of the number for a missing value, from 0; those of the first step, or of all other levels; and where the rest begins.
const MISSING: u32 = 1;
const FIRST: u32 = 2;
const REST: u32 = 3;

/// A name of a cell, rows and columns from 0.
pub(super) fn address(row: u32, column: usize) -> String {
    format!("${}{}", letters(column), row + 1)
}

/// A cell of the sheet with the numbers; stays where it is when a formula is copied.
fn number(row: u32, column: usize) -> String {
    format!("{NUMBERS}!${}${}", letters(column), row + 1)
}

fn range(from: u32, to: u32, column: usize) -> String {
    let last = number(to, column);
    let last = last.split_once('!').map_or("", |(_, cell)| cell);
    format!("{}:{last}", number(from, column))
}

/// Where the numbers of a part stand.
struct Block {
    /// First column.
    column: usize,
}

/// All blocks.
pub(super) struct Blocks<'a> {
    sum: &'a Sum<'a>,
    blocks: Vec<Block>,
}

/// Columns of the block in front: names and numbers of the model as a whole.
const HEAD: usize = 2;

/// What the parts are added to.
pub(super) fn base() -> String {
    number(1, 1)
}

/// The score of a total of points.
pub(super) fn scored(total: &str) -> String {
    format!("{}+{}*{total}", number(2, 1), number(3, 1))
}

/// The score after calibration.
pub(super) fn calibrated(score: &str) -> String {
    format!("{}+{}*{score}", number(4, 1), number(5, 1))
}

impl<'a> Blocks<'a> {
    pub(super) fn new(sum: &'a Sum<'a>) -> Self {
        let mut column = HEAD + 1;
        let blocks = sum.parts.iter().map(|part| {
            let block = Block { column };
            // A column stays free between blocks.
            column += 1 + match part {
                Part::Alone(_) | Part::Line { .. } => 2,
                Part::Table { cells, .. } => 4 + cells.first().map_or(0, Vec::len),
            };
            block
        });
        Self {
            blocks: blocks.collect(),
            sum,
        }
    }

    /// What a part adds, for the subject of a row.
    pub(super) fn formula(&self, place: usize, part: &Part, row: u32) -> String {
        let column = self.blocks[place].column;
        match part {
            Part::Alone(lookup) => self.looked_up(lookup, row, column),
            Part::Line { input, missing, .. } => {
                let cell = address(row, *input);
                let missing = or_none(missing.is_some(), number(MISSING, column + 1));
                let is_number = self.is_number(*input, &cell);
                let at = |place: u32| number(FIRST + place, column + 1);
                let [slope, centre, known] = [0, 1, 2].map(at);
                let worked = self
                    .converted(place, *input, &cell)
                    .unwrap_or_else(|| format!("MAX(-{FARTHEST:E},MIN({FARTHEST:E},{cell}))"));
                format!(
                    "IF({cell}=\"\",{missing},IF({is_number},{slope}*({worked}-{centre})+{known},NA()))"
                )
            }
            Part::Table {
                first,
                second,
                cells,
            } => {
                let down = self.looked_up(first, row, column);
                let across = self.looked_up(second, row, column + 2);
                let last = cells.first().map_or(1, Vec::len) - 1;
                let to = number(cells.len() as u32, column + 4 + last);
                let to = to.split_once('!').map_or("", |(_, cell)| cell);
                format!("INDEX({}:{to},{down},{across})", number(1, column + 4))
            }
        }
    }

    /// The formula that looks a value up in its block.
    fn looked_up<T>(&self, lookup: &Lookup<T>, row: u32, column: usize) -> String {
        let cell = address(row, lookup.input);
        let value = |row: u32| number(row, column + 1);
        let missing = or_none(lookup.missing.is_some(), value(MISSING));
        let is_number = self.is_number(lookup.input, &cell);
        let known = match &lookup.known {
            Known::Steps(cuts, _) if cuts.is_empty() => {
                format!("IF({is_number},{},NA())", value(FIRST))
            }
            Known::Steps(cuts, _) => {
                let last = REST + cuts.len() as u32 - 1;
                format!(
                    "IF({is_number},IF({cell}<{},{},INDEX({},MATCH({cell},{},1))),NA())",
                    number(REST, column),
                    value(FIRST),
                    range(REST, last, column + 1),
                    range(REST, last, column),
                )
            }
            Known::Boolean(..) => format!(
                "IF(OR({cell}=TRUE,{cell}=1),{},IF(OR({cell}=FALSE,{cell}=0),{},NA()))",
                value(REST),
                value(FIRST)
            ),
            Known::Levels { levels, unknown } if levels.is_empty() => {
                or_none(unknown.is_some(), value(FIRST))
            }
            Known::Levels { levels, unknown } => {
                // Finding by MATCH would take capitals and small letters for the same, and * for anything.
                let last = REST + levels.len() as u32 - 1;
                let (names, values) = (range(REST, last, column), range(REST, last, column + 1));
                let other = or_none(unknown.is_some(), value(FIRST));
                format!(
                    "IF(SUMPRODUCT(--EXACT({cell},{names}))=0,{other},SUMPRODUCT(EXACT({cell},{names})*{values}))"
                )
            }
        };
        format!("IF({cell}=\"\",{missing},{known})")
    }

    /// The number in a cell as the model works with it, of a part that is a line; `None` where that is the number itself.
    pub(super) fn converted(&self, place: usize, input: usize, cell: &str) -> Option<String> {
        self.sum.input(input).conversion()?;
        let column = self.blocks[place].column + 1;
        let at = |more: u32| number(FIRST + more, column);
        let [lowest, highest, scale, offset] = [3, 4, 5, 6].map(at);
        Some(format!(
            "(MAX({lowest},MIN({highest},{cell}))*{scale}+{offset})"
        ))
    }

    /// What stands in for a missing value of a part that is a line.
    pub(super) fn missing(&self, place: usize) -> String {
        let is_there = matches!(
            self.sum.parts[place],
            Part::Line {
                missing: Some(_),
                ..
            }
        );
        or_none(is_there, number(MISSING, self.blocks[place].column + 1))
    }

    /// Whether a cell holds what the input takes.
    pub(super) fn is_number(&self, input: usize, cell: &str) -> String {
        if self.sum.input(input).kind == InputType::Integer {
            format!("IF(ISNUMBER({cell}),{cell}=ROUND({cell},0),FALSE)")
        } else {
            format!("ISNUMBER({cell})")
        }
    }

    /// The sheet with the numbers.
    pub(super) fn sheet(&self) -> Sheet {
        let mut sheet = Sheet::new(NUMBERS, 1);
        let mut head = vec![("begin", self.sum.base)];
        let (intercept, per_point) = self.sum.points.unwrap_or((0.0, 0.0));
        head.extend([
            ("score bij 0 punten", intercept),
            ("score per punt", per_point),
        ]);
        if let Answered::Probability(Calibration::Logistic { intercept, slope }) = self.sum.answer {
            head.extend([("ijking: begin", intercept), ("ijking: per score", slope)]);
        }
        sheet.text(0, 0, "model");
        for (row, (name, value)) in (1..).zip(head) {
            sheet.text(row, 0, name);
            sheet.number(row, 1, value);
        }
        for (block, part) in self.blocks.iter().zip(&self.sum.parts) {
            let column = block.column;
            let title = |at: usize| self.sum.input(at).name.as_str();
            match part {
                Part::Alone(lookup) => {
                    sheet.text(0, column, title(lookup.input));
                    write(&mut sheet, lookup, column, |value| *value);
                }
                Part::Line {
                    input,
                    slope,
                    centre,
                    known,
                    missing,
                } => {
                    sheet.text(0, column, title(*input));
                    let rows = [
                        (MISSING, "niet bekend", *missing),
                        (FIRST, "per eenheid", Some(*slope)),
                        (FIRST + 1, "gemiddelde", Some(*centre)),
                        (FIRST + 2, "bekend", Some(*known)),
                    ];
                    let conversion = self.sum.input(*input).conversion();
                    let converted = conversion.into_iter().flat_map(|how| {
                        let [lowest, highest] = how.ends();
                        [
                            (FIRST + 3, "omrekenen: niet onder", Some(lowest)),
                            (FIRST + 4, "omrekenen: niet boven", Some(highest)),
                            (FIRST + 5, "omrekenen: keer", Some(how.scale)),
                            (FIRST + 6, "omrekenen: plus", Some(how.offset)),
                        ]
                    });
                    for (row, name, value) in rows.into_iter().chain(converted) {
                        if let Some(value) = value {
                            sheet.text(row, column, name);
                            sheet.number(row, column + 1, value);
                        }
                    }
                }
                Part::Table {
                    first,
                    second,
                    cells,
                } => {
                    for (side, at) in [(first, column), (second, column + 2)] {
                        sheet.text(0, at, title(side.input));
                        write(&mut sheet, side, at, |step| (*step + 1) as f64);
                    }
                    for (row, values) in (1..).zip(cells) {
                        for (at, value) in values.iter().enumerate() {
                            sheet.number(row, column + 4 + at, *value);
                        }
                    }
                }
            }
        }
        sheet
    }
}

fn or_none(is_there: bool, cell: String) -> String {
    if is_there { cell } else { "NA()".to_owned() }
}

fn write<T>(sheet: &mut Sheet, lookup: &Lookup<T>, column: usize, shown: impl Fn(&T) -> f64) {
    let (name, value) = (column, column + 1);
    if let Some(missing) = &lookup.missing {
        sheet.text(MISSING, name, "niet bekend");
        sheet.number(MISSING, value, shown(missing));
    }
    match &lookup.known {
        Known::Steps(cuts, steps) => {
            sheet.text(FIRST, name, "daaronder");
            for (row, step) in (FIRST..).zip(steps) {
                sheet.number(row, value, shown(step));
            }
            for (row, cut) in (REST..).zip(cuts) {
                sheet.number(row, name, *cut);
            }
        }
        Known::Boolean(no, yes) => {
            for (row, title, of) in [(FIRST, "nee", no), (REST, "ja", yes)] {
                sheet.text(row, name, title);
                sheet.number(row, value, shown(of));
            }
        }
        Known::Levels { levels, unknown } => {
            if let Some(unknown) = unknown {
                sheet.text(FIRST, name, "elke andere");
                sheet.number(FIRST, value, shown(unknown));
            }
            for (row, (level, of)) in (REST..).zip(levels) {
                sheet.text(row, name, level);
                sheet.number(row, value, shown(of));
            }
        }
    }
}
