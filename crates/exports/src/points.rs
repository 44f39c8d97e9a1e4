//! Everything that is added, one row each.

mod tree;

pub(crate) use tree::table as leaves;

use csv::{QuoteStyle, Writer, WriterBuilder};
use helder_model::{Calibration, Link};

use crate::{
    ExportError,
    sum::{Answered, Known, Lookup, Part, Sum},
};

const HEADER: [&str; 14] = [
    "part",
    "input",
    "is",
    "from",
    "below",
    "level",
    "second_input",
    "second_is",
    "second_from",
    "second_below",
    "second_level",
    "per_unit",
    "centre",
    "adds",
];

/// What a value must be: `is`, `from`, `below`, `level`.
#[derive(Clone, Default)]
struct Condition {
    is: &'static str,
    from: Option<f64>,
    below: Option<f64>,
    level: String,
}

/// The table as CSV.
pub(crate) fn table(sum: &Sum<'_>) -> Result<Vec<u8>, ExportError> {
    let mut out = Table(
        WriterBuilder::new()
            .quote_style(QuoteStyle::Necessary)
            .from_writer(Vec::new()),
    );
    out.0.write_record(HEADER)?;
    out.fixed("start", "", None, sum.base)?;
    for (place, part) in sum.parts.iter().enumerate() {
        let place = place + 1;
        match part {
            Part::Alone(lookup) => {
                let name = &sum.input(lookup.input).name;
                for (condition, adds) in conditions(lookup) {
                    out.row(place, (name, &condition), None, [None, None], adds)?;
                }
            }
            Part::Line {
                input,
                slope,
                centre,
                known,
                missing,
            } => {
                let name = &sum.input(*input).name;
                if let Some(how) = sum.input(*input).conversion() {
                    let converted = Condition {
                        is: "converted",
                        from: how.lowest,
                        below: how.highest,
                        ..Condition::default()
                    };
                    let line = [Some(how.scale), None];
                    out.row(place, (name, &converted), None, line, how.offset)?;
                }
                let number = Condition {
                    is: "number",
                    ..Condition::default()
                };
                let line = [Some(*slope), Some(*centre)];
                out.row(place, (name, &number), None, line, *known)?;
                if let Some(missing) = missing {
                    let gap = Condition {
                        is: "missing",
                        ..Condition::default()
                    };
                    out.row(place, (name, &gap), None, [None, None], *missing)?;
                }
            }
            Part::Table {
                first,
                second,
                cells,
            } => {
                let names = [first, second].map(|side| &sum.input(side.input).name);
                for (down, row) in conditions(first) {
                    for (across, column) in conditions(second) {
                        let adds = cells.get(row).and_then(|row| row.get(column));
                        let other = Some((names[1].as_str(), &across));
                        let adds = adds.copied().unwrap_or(0.0);
                        out.row(place, (names[0], &down), other, [None, None], adds)?;
                    }
                }
            }
        }
    }
    if let Some((intercept, per_point)) = sum.points {
        out.fixed("points to score", "", Some(per_point), intercept)?;
    }
    if let Answered::Probability(Calibration::Logistic { intercept, slope }) = sum.answer {
        out.fixed("calibration", "", Some(slope), intercept)?;
    }
    let link = match sum.answer {
        Answered::Probability(_) | Answered::Value(Link::Logit) => "logistic",
        Answered::Value(Link::Log) => "exponential",
        Answered::Value(Link::Identity | Link::None | Link::Cloglog) => "score",
    };
    out.fixed("answer", link, None, 0.0)?;
    out.0
        .into_inner()
        .map_err(|error| ExportError::Incoherent(error.to_string()))
}

struct Table(Writer<Vec<u8>>);

impl Table {
    /// A row that is of no input.
    fn fixed(
        &mut self,
        is: &'static str,
        level: &str,
        per_unit: Option<f64>,
        adds: f64,
    ) -> Result<(), ExportError> {
        let condition = Condition {
            is,
            level: level.to_owned(),
            ..Condition::default()
        };
        self.row(0, ("", &condition), None, [per_unit, None], adds)
    }

    fn row(
        &mut self,
        part: usize,
        (input, condition): (&str, &Condition),
        second: Option<(&str, &Condition)>,
        [per_unit, centre]: [Option<f64>; 2],
        adds: f64,
    ) -> Result<(), ExportError> {
        let none = Condition::default();
        let (second_input, second) = second.unwrap_or(("", &none));
        let mut fields = vec![part.to_string()];
        for (input, condition) in [(input, condition), (second_input, second)] {
            fields.extend([
                safe(input),
                condition.is.to_owned(),
                shown(condition.from),
                shown(condition.below),
                safe(&condition.level),
            ]);
        }
        fields.extend([shown(per_unit), shown(centre), shown(Some(adds))]);
        self.0.write_record(fields)?;
        Ok(())
    }
}

/// Every value an input may have, with what it says.
fn conditions<T: Copy>(lookup: &Lookup<T>) -> Vec<(Condition, T)> {
    let simple = |is| Condition {
        is,
        ..Condition::default()
    };
    let mut all = Vec::new();
    all.extend(lookup.missing.map(|value| (simple("missing"), value)));
    match &lookup.known {
        Known::Steps(cuts, steps) => {
            for (place, value) in steps.iter().enumerate() {
                let condition = Condition {
                    is: "number",
                    from: place.checked_sub(1).and_then(|i| cuts.get(i)).copied(),
                    below: cuts.get(place).copied(),
                    level: String::new(),
                };
                all.push((condition, *value));
            }
        }
        Known::Boolean(no, yes) => all.extend([(simple("no"), *no), (simple("yes"), *yes)]),
        Known::Levels { levels, unknown } => {
            for (level, value) in levels {
                let condition = Condition {
                    level: level.clone(),
                    ..simple("level")
                };
                all.push((condition, *value));
            }
            all.extend(unknown.map(|value| (simple("other level"), value)));
        }
    }
    all
}

/// The shortest digits that read back to the same bits.
fn shown(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| (value + 0.0).to_string())
}

/// A text that a spreadsheet would take for a formula gets an apostrophe; so does one that has one already.
fn safe(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\'']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
