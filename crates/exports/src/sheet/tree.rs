//! A tree or a rule list that computes: per subject the values that are asked about, the node after every question, and what the
//! answers add at the end.
//!
//! Every question has the same formula, which looks up in a table of nodes what is asked and where its answers lead.

use helder_model::{InputType, MissingRule, Model, TreeFit, TreeSplit, TreeTest, Way};

use super::{
    Filled, MOST_PARTS, answer,
    blocks::{self, Blocks, address},
    book::{self, Cell, Sheet, letters},
    explained, filled_in, head, where_filled,
};
use crate::{ExportError, sum::Sum};

/// Where the questions stand.
const QUESTIONS: &str = "Vragen";
/// Columns of that sheet.
const NODE: usize = 0;
const NAME: usize = 1;
const INPUT: usize = 2;
const KIND: usize = 3;
const CUT: usize = 4;
const LEVELS: usize = 5;
const MISSING: usize = 6;
const FIRST_WAY: usize = 7;
const SECOND_WAY: usize = 8;
const ADDS: usize = 9;
/// What is asked.
const AT_MOST: f64 = 1.0;
const ABOVE: f64 = 2.0;
const ONE_OF: f64 = 3.0;
const KNOWN: f64 = 4.0;

/// The workbook; `rows` hold a value per input, and stand where subjects are filled in.
pub(crate) fn of_tree(
    model: &Model,
    fit: &TreeFit,
    rows: &[Vec<Filled>],
) -> Result<Vec<u8>, ExportError> {
    let depth = depth(fit);
    let found = model.inputs.len() + depth;
    if found > MOST_PARTS {
        return Err(ExportError::TooManyParts {
            found,
            most: MOST_PARTS,
        });
    }
    let sum = Sum::of_reading(model, fit);
    let blocks = Blocks::new(&sum);
    let more = format!(
        "De vragen staan op het blad {QUESTIONS}, met de rij waar elk antwoord naartoe leidt. Op een rij zonder vraag staat wat de antwoorden optellen."
    );
    let sheets = [
        subjects(&sum, &blocks, (fit, depth), rows),
        questions(model, fit)?,
        blocks.sheet(),
        explained(&sum, Some(more)),
    ];
    book::bytes(&sheets)
}

/// Most questions on a way.
fn depth(fit: &TreeFit) -> usize {
    let mut depths = vec![0; fit.nodes.len()];
    for (place, node) in fit.nodes.iter().enumerate() {
        for next in node
            .split
            .iter()
            .flat_map(|split| [split.first, split.second])
        {
            if let Some(depth) = depths.get(place).copied()
                && let Some(below) = depths.get_mut(next as usize)
            {
                *below = depth + 1;
            }
        }
    }
    depths.into_iter().max().unwrap_or(0)
}

fn subjects(
    sum: &Sum<'_>,
    blocks: &Blocks<'_>,
    (fit, depth): (&TreeFit, usize),
    rows: &[Vec<Filled>],
) -> Sheet {
    let inputs = sum.model.inputs.len();
    let mut sheet = head(sum.model);
    let (reads, steps) = (inputs, 2 * inputs);
    let (parts, results) = (steps + depth, steps + depth + inputs);
    for (place, input) in sum.model.inputs.iter().enumerate() {
        sheet.text(0, reads + place, format!("gelezen: {}", input.name));
        sheet.text(0, parts + place, format!("telt: {}", input.name));
    }
    for step in 0..depth {
        sheet.text(0, steps + step, format!("na vraag {}", step + 1));
    }
    sheet.text(0, results, "score");
    sheet.text(0, results + 1, "kans");
    let last = fit.nodes.len() + 1;
    let column = |of: usize| format!("{QUESTIONS}!${0}$2:${0}${last}", letters(of));
    for row in filled_in(&mut sheet, rows) {
        for (place, part) in sum.parts.iter().enumerate() {
            let read = read(sum, blocks, place, blocks.formula(place, part, row), row);
            sheet.put(row, reads + place, Cell::Formula(read));
        }
        let known = format!("{}:{}", address(row, reads), address(row, steps - 1));
        let mut at = "1".to_owned();
        for step in steps..parts {
            let of = |what: usize| format!("INDEX({},{at})", column(what));
            let value = format!("INDEX({known},{})", of(INPUT));
            let first = format!(
                "IF({kind}={KNOWN},({value}<>\"\")=({cut}=1),IF({value}=\"\",{missing}=1,IF({kind}={ONE_OF},MID({levels},{value},1)=\"1\",IF({kind}={AT_MOST},{value}<={cut},{value}>{cut}))))",
                kind = of(KIND),
                cut = of(CUT),
                levels = of(LEVELS),
                missing = of(MISSING),
            );
            let formula = format!(
                "IF({}=0,{at},IF({first},{},{}))",
                of(INPUT),
                of(FIRST_WAY),
                of(SECOND_WAY)
            );
            sheet.put(row, step, Cell::Formula(formula));
            at = address(row, step);
        }
        for place in 0..inputs {
            let formula = format!("INDEX({},{at})", column(ADDS + place));
            sheet.put(row, parts + place, Cell::Formula(formula));
        }
        // A value that the model refuses has no answer, whether it is asked for on the way or not.
        let score = format!(
            "IF(SUMPRODUCT(--ISERROR({known}))>0,NA(),{}+SUM({}:{}))",
            blocks::base(),
            address(row, parts),
            address(row, results - 1)
        );
        let score_cell = address(row, results);
        for (place, formula) in [score, answer(sum, &score_cell)].into_iter().enumerate() {
            let formula = where_filled(row, inputs, &formula);
            sheet.put(row, results + place, Cell::Formula(formula));
        }
    }
    sheet
}

/// The value that is asked about: for a category its place among the levels; empty where it is missing and counts by itself.
fn read(sum: &Sum<'_>, blocks: &Blocks<'_>, place: usize, looked_up: String, row: u32) -> String {
    let (input, cell) = (sum.input(place), address(row, place));
    let known = match input.kind {
        InputType::Number | InputType::Integer => {
            let is_number = blocks.is_number(place, &cell);
            let missing = blocks.missing(place);
            let worked = blocks.converted(place, place, &cell);
            let worked = worked.unwrap_or_else(|| cell.clone());
            format!("IF({cell}=\"\",{missing},IF({is_number},{worked},NA()))")
        }
        InputType::Boolean | InputType::Category => looked_up,
    };
    if input.missing == MissingRule::OwnEffect {
        format!("IF({cell}=\"\",\"\",{known})")
    } else {
        known
    }
}

fn questions(model: &Model, fit: &TreeFit) -> Result<Sheet, ExportError> {
    let mut sheet = Sheet::new(QUESTIONS, 1);
    let titles = [
        (NODE, "rij"),
        (NAME, "vraag over"),
        (INPUT, "nummer van het gegeven"),
        (KIND, "soort: 1 hoogstens, 2 meer dan, 3 een van, 4 bekend"),
        (CUT, "grens"),
        (LEVELS, "categorieën: 1 doet mee"),
        (MISSING, "niet bekend: 1 is ja"),
        (FIRST_WAY, "ja: naar rij"),
        (SECOND_WAY, "nee: naar rij"),
    ];
    for (column, title) in titles {
        sheet.text(0, column, title);
    }
    for (place, input) in model.inputs.iter().enumerate() {
        sheet.text(0, ADDS + place, format!("telt: {}", input.name));
    }
    for (place, node) in fit.nodes.iter().enumerate() {
        let row = place as u32 + 1;
        sheet.number(row, NODE, f64::from(row));
        match &node.split {
            Some(split) => question(&mut sheet, model, split, row)?,
            None => sheet.number(row, INPUT, 0.0),
        }
    }
    for leaf in fit.leaves(&model.inputs) {
        let row = leaf.node as u32 + 1;
        for place in 0..model.inputs.len() {
            sheet.number(row, ADDS + place, 0.0);
        }
        for ((place, _), adds) in leaf.asked.iter().zip(&leaf.adds) {
            sheet.number(row, ADDS + place, *adds);
        }
    }
    Ok(sheet)
}

fn question(
    sheet: &mut Sheet,
    model: &Model,
    split: &TreeSplit,
    row: u32,
) -> Result<(), ExportError> {
    let mut inputs = model.inputs.iter();
    let place = inputs.position(|input| input.name == split.input);
    let place =
        place.ok_or_else(|| ExportError::Incoherent(format!("no input {}", split.input)))?;
    sheet.text(row, NAME, &split.input);
    sheet.number(row, INPUT, (place + 1) as f64);
    let (kind, cut) = match &split.test {
        TreeTest::AtMost(cut) => (AT_MOST, *cut),
        TreeTest::Above(cut) => (ABOVE, *cut),
        TreeTest::OneOf(levels) => {
            let categories = model.inputs[place].categories.iter();
            let taking = categories.map(|category| levels.contains(&category.level));
            let mask: String = taking.map(|one| if one { '1' } else { '0' }).collect();
            sheet.text(row, LEVELS, mask);
            (ONE_OF, 0.0)
        }
        TreeTest::Known(known) => (KNOWN, f64::from(u8::from(*known))),
    };
    sheet.number(row, KIND, kind);
    sheet.number(row, CUT, cut);
    // A category that is none of its levels is not one of those that are asked for.
    let is_missing_first = split.missing == Way::First && kind < ONE_OF;
    sheet.number(row, MISSING, f64::from(u8::from(is_missing_first)));
    sheet.number(row, FIRST_WAY, (split.first + 1) as f64);
    sheet.number(row, SECOND_WAY, (split.second + 1) as f64);
    Ok(())
}
