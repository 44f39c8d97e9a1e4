//! A model as one `SELECT` that any analyst can read and any database can run.

mod tree;

use std::fmt::Write as _;

use helder_model::{Calibration, FARTHEST, Input, InputType, Link, Model, TreeFit};

use crate::{
    ExportError,
    sum::{Answered, Known, Lookup, Part, Sum},
};

/// Most parts: PostgreSQL takes 1,664 columns in a list, and every part takes two beside the columns that are read.
const MOST_PARTS: usize = 600;

/// Beyond this the exponential is no number of a database.
const FARTHEST_SCORE: &str = "700";

/// Whose SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// The statement of a tree or a rule list.
pub(crate) fn tree(model: &Model, fit: &TreeFit, dialect: Dialect) -> Result<String, ExportError> {
    tree::sql(&Sum::of_root(model, fit), fit, dialect)
}

/// The statement. It reads a table `subjects` with a column per input.
pub(crate) fn sql(sum: &Sum<'_>, dialect: Dialect) -> Result<String, ExportError> {
    sum.within(MOST_PARTS)?;
    let mut out = head(sum, dialect);
    out.push_str(&given_columns(sum, dialect));
    out.push_str("\n), helder_parts AS (\n  SELECT helder_given.*");
    for (place, part) in sum.parts.iter().enumerate() {
        let (first, second) = part.inputs();
        let also = second.map_or_else(String::new, |at| {
            format!(" x {}", comment(&sum.input(at).meaning.nl))
        });
        let title = comment(&sum.input(first).meaning.nl);
        let _ = write!(
            out,
            ",\n    -- {title}{also}\n    {} AS helder_part_{}",
            part_of(sum, part, dialect),
            place + 1
        );
    }
    out.push_str("\n  FROM helder_given\n), helder_sum AS (\n  SELECT helder_parts.*,\n    ");
    let _ = write!(out, "CAST({} AS DOUBLE PRECISION)", number(sum.base));
    for place in 1..=sum.parts.len() {
        let _ = write!(out, " + helder_part_{place}");
    }
    let summed = if sum.points.is_some() {
        "helder_points"
    } else {
        "helder_score"
    };
    let _ = write!(out, " AS {summed}\n  FROM helder_parts\n)");
    let mut last = "helder_sum";
    if let Some((intercept, per_point)) = sum.points {
        let _ = write!(
            out,
            ", helder_scored AS (\n  SELECT {last}.*,\n    {} + {} * helder_points AS helder_score\n  FROM {last}\n)",
            number(intercept),
            number(per_point)
        );
        last = "helder_scored";
    }
    let _ = writeln!(
        out,
        "\nSELECT {last}.*,\n  {} AS helder_{}\nFROM {last};",
        answer(sum),
        sum.answer_name()
    );
    Ok(out)
}

/// The values as the model takes them, each under a name of its own.
fn given_columns(sum: &Sum<'_>, dialect: Dialect) -> String {
    let mut out = "WITH helder_given AS (\n  SELECT subjects.*".to_owned();
    for (place, input) in sum.model.inputs.iter().enumerate() {
        let column = format!("subjects.{}", name(&input.name));
        let given = match (input.kind, dialect) {
            (InputType::Number | InputType::Integer, _) => {
                format!("CAST({column} AS DOUBLE PRECISION)")
            }
            (InputType::Boolean, _) => format!("CAST({column} AS INTEGER)"),
            (InputType::Category, Dialect::Sqlite) => format!("CAST({column} AS TEXT)"),
            (InputType::Category, Dialect::Postgres) => {
                format!("CAST({column} AS TEXT) COLLATE \"C\"")
            }
        };
        let _ = write!(out, ",\n    {given} AS helder_given_{}", place + 1);
    }
    out.push_str("\n  FROM subjects");
    out
}

fn head(sum: &Sum<'_>, dialect: Dialect) -> String {
    let model = sum.model;
    let (dialect, needs) = match dialect {
        Dialect::Sqlite => (
            "SQLite",
            " (EXP is one of its mathematical functions, SQLITE_ENABLE_MATH_FUNCTIONS)",
        ),
        Dialect::Postgres => ("PostgreSQL", ""),
    };
    let total = if sum.points.is_some() {
        ", helder_points (their total)"
    } else {
        ""
    };
    format!(
        "-- {}\n-- {}\n-- Model {} for {dialect}{needs}.\n\
         -- Reads a table or view subjects with a column per input; finite numbers, true and false (or 1 and 0), texts.\n\
         -- Adds helder_part_1 and on (what each part adds){total}, helder_score and helder_{}.\n\
         -- NULL there: the model gives no answer for such a row.\n",
        comment(&model.title.nl),
        comment(&model.output.meaning.nl),
        comment(&model.name),
        sum.answer_name(),
    )
}

fn part_of(sum: &Sum<'_>, part: &Part, dialect: Dialect) -> String {
    let case = match part {
        Part::Alone(lookup) => case(sum, lookup, dialect, &|value| number(*value)),
        Part::Table {
            first,
            second,
            cells,
        } => case(sum, first, dialect, &|row: &usize| {
            let cell = |column: &usize| {
                let of_row = cells.get(*row).map(Vec::as_slice).unwrap_or_default();
                number(of_row.get(*column).copied().unwrap_or(0.0))
            };
            case(sum, second, dialect, &cell)
        }),
        Part::Line {
            input,
            slope,
            centre,
            known,
            missing,
        } => {
            let given = given(*input);
            let known = if *known == 0.0 {
                String::new()
            } else {
                format!(" + {}", number(*known))
            };
            let line = format!(
                "{} * ({} - {}){known}",
                number(*slope),
                worked(sum.input(*input), &given, dialect),
                number(*centre),
            );
            let guards = guards(sum, *input, dialect);
            let missing = missing.map_or_else(null, number);
            format!("CASE{guards} WHEN {given} IS NULL THEN {missing} ELSE {line} END")
        }
    };
    format!("CAST({case} AS DOUBLE PRECISION)")
}

/// The number of an input as the model works with it, of one that is given.
fn worked(input: &Input, given: &str, dialect: Dialect) -> String {
    let within = |low: &str, high: &str| {
        format!(
            "(CASE WHEN {given} > {high} THEN {high} WHEN {given} < {low} THEN {low} ELSE {given} END)"
        )
    };
    let Some(how) = input.conversion() else {
        return within(&number(-FARTHEST), &number(FARTHEST));
    };
    let [low, high] = how.ends().map(|end| exact(end, dialect));
    let (scale, offset) = (exact(how.scale, dialect), exact(how.offset, dialect));
    let value = within(&low, &high);
    let product = match dialect {
        Dialect::Postgres => vanishing(how.scale),
        Dialect::Sqlite => None,
    };
    // PostgreSQL ends the query where a product is too small to be told from 0.
    match product.map(|most| exact(most, dialect)) {
        Some(most) => format!(
            "(CASE WHEN abs({value}) <= {most} THEN 0.0 ELSE {value} * {scale} END + {offset})"
        ),
        None => format!("({value} * {scale} + {offset})"),
    }
}

/// The largest number that times the scale is 0; none where only 0 is.
fn vanishing(scale: f64) -> Option<f64> {
    let gives_zero = |value: f64| value * scale == 0.0;
    let mut most = f64::from_bits(1) / scale.abs() / 2.0;
    while !gives_zero(most) {
        most = most.next_down();
    }
    while gives_zero(most.next_up()) {
        most = most.next_up();
    }
    (most > 0.0).then_some(most)
}

fn null() -> String {
    "NULL".to_owned()
}

fn case<T>(
    sum: &Sum<'_>,
    lookup: &Lookup<T>,
    dialect: Dialect,
    shown: &dyn Fn(&T) -> String,
) -> String {
    let given = given(lookup.input);
    let optional = |value: &Option<T>| value.as_ref().map_or_else(null, shown);
    let mut out = "CASE".to_owned();
    out.push_str(&guards(sum, lookup.input, dialect));
    let _ = write!(
        out,
        " WHEN {given} IS NULL THEN {}",
        optional(&lookup.missing)
    );
    match &lookup.known {
        Known::Steps(cuts, steps) => {
            for (cut, step) in cuts.iter().zip(steps) {
                let _ = write!(
                    out,
                    " WHEN {given} < {} THEN {}",
                    exact(*cut, dialect),
                    shown(step)
                );
            }
            let last = steps.last().map_or_else(null, shown);
            let _ = write!(out, " ELSE {last}");
        }
        Known::Boolean(no, yes) => {
            let _ = write!(
                out,
                " WHEN {given} = 0 THEN {} WHEN {given} = 1 THEN {}",
                shown(no),
                shown(yes)
            );
        }
        Known::Levels { levels, unknown } => {
            // A text without an end cannot be in a database.
            for (level, value) in levels.iter().filter(|(level, _)| !level.contains('\0')) {
                let collate = match dialect {
                    Dialect::Sqlite => " COLLATE BINARY",
                    Dialect::Postgres => "",
                };
                let _ = write!(
                    out,
                    " WHEN {given}{collate} = {} THEN {}",
                    text(level),
                    shown(value)
                );
            }
            let _ = write!(out, " ELSE {}", optional(unknown));
        }
    }
    out.push_str(" END");
    out
}

/// Values that the model refuses: no answer instead of one that is wrong.
fn guards(sum: &Sum<'_>, place: usize, dialect: Dialect) -> String {
    let input = sum.input(place);
    let given = given(place);
    let mut out = String::new();
    let is_number = matches!(input.kind, InputType::Number | InputType::Integer);
    if dialect == Dialect::Sqlite && is_number {
        // SQLite keeps texts in any column, and makes 0 of them where a number is wanted.
        let column = name(&input.name);
        let _ = write!(out, " WHEN typeof({column}) IN ('text', 'blob') THEN NULL");
    }
    if input.kind == InputType::Integer {
        let _ = write!(out, " WHEN {given} <> ROUND({given}) THEN NULL");
    }
    out
}

fn answer(sum: &Sum<'_>) -> String {
    let logistic = |score: &str| {
        let near = format!(
            "CASE WHEN {score} > {FARTHEST_SCORE} THEN {FARTHEST_SCORE} WHEN {score} < -{FARTHEST_SCORE} THEN -{FARTHEST_SCORE} ELSE {score} END"
        );
        format!(
            "CASE WHEN {score} >= 0 THEN 1 / (1 + EXP(-({near}))) ELSE EXP({near}) / (1 + EXP({near})) END"
        )
    };
    match sum.answer {
        Answered::Probability(Calibration::None) | Answered::Value(Link::Logit) => {
            logistic("helder_score")
        }
        Answered::Probability(Calibration::Logistic { intercept, slope }) => logistic(&format!(
            "({} + {} * helder_score)",
            number(intercept),
            number(slope)
        )),
        Answered::Value(Link::Log) => format!(
            "EXP(CASE WHEN helder_score > {FARTHEST_SCORE} THEN {FARTHEST_SCORE} WHEN helder_score < -{FARTHEST_SCORE} THEN -{FARTHEST_SCORE} ELSE helder_score END)"
        ),
        Answered::Value(Link::Identity | Link::None | Link::Cloglog) => "helder_score".to_owned(),
    }
}

fn given(place: usize) -> String {
    format!("helder_given_{}", place + 1)
}

/// An identifier.
fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text.
fn text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// One line without anything that could end the comment.
fn comment(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain
        .filter(|c| !matches!(c, '\u{2028}' | '\u{2029}'))
        .collect()
}

/// The shortest digits that read back to the same bits.
fn number(value: f64) -> String {
    // −0 and 0 add the same.
    let shown = format!("{:?}", value + 0.0);
    if value < 0.0 {
        format!("({shown})")
    } else {
        shown
    }
}

/// A number that a value is compared with: one that is read a bit off would put a value at the edge on the other side.
fn exact(value: f64, dialect: Dialect) -> String {
    let shown = number(value);
    if dialect == Dialect::Postgres {
        return format!("CAST({shown} AS DOUBLE PRECISION)");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::vanishing;

    #[test]
    fn a_product_vanishes_up_to_a_number_and_not_beyond() {
        for scale in [0.01, 0.5, 1.0 / 12.0, 1e-200, 0.999] {
            let most = vanishing(scale).unwrap_or(0.0);
            assert!(
                most * scale == 0.0 && most.next_up() * scale > 0.0,
                "{scale}"
            );
        }
        assert!(vanishing(1.0).is_none() && vanishing(12.0).is_none());
        assert!(vanishing(0.01) > Some(0.0));
    }
}
