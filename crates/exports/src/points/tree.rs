//! A tree or a rule list as a table of its leaves.

use csv::{QuoteStyle, Writer, WriterBuilder};
use helder_model::{
    Asked, Input, InputType, MissingRule, Model, TreeFit, TreeLeaf, UnknownCategory,
};

use super::{safe, shown};
use crate::{
    ExportError,
    sum::{Answered, Sum},
};

const HEADER: [&str; 7] = ["leaf", "input", "is", "above", "up_to", "level", "adds"];
/// Which leaf a condition is of that holds for all of them.
const EVERY: &str = "every";

/// What a value may be.
#[derive(Clone, Debug, PartialEq)]
enum May {
    Number(Option<f64>, Option<f64>),
    No,
    Yes,
    Level(String),
    OtherLevel,
    Missing,
}

/// The table as CSV.
pub(crate) fn table(model: &Model, fit: &TreeFit) -> Result<Vec<u8>, ExportError> {
    let sum = Sum::of_root(model, fit);
    let mut out = Table(
        WriterBuilder::new()
            .quote_style(QuoteStyle::Necessary)
            .from_writer(Vec::new()),
    );
    out.0.write_record(HEADER)?;
    out.fixed("", "start", Some(sum.base))?;
    for input in &model.inputs {
        let name = &input.name;
        for may in passing(input, None) {
            out.condition(EVERY, name, &may, None)?;
        }
    }
    for leaf in fit.leaves(&model.inputs) {
        write_leaf(&mut out, model, fit, &leaf)?;
    }
    if let Answered::Probability(helder_model::Calibration::Logistic { intercept, slope }) =
        sum.answer
    {
        out.fixed("", "calibration: adds", Some(intercept))?;
        out.fixed("", "calibration: per score", Some(slope))?;
    }
    out.fixed("", "answer: logistic", None)?;
    out.0
        .into_inner()
        .map_err(|error| ExportError::Incoherent(error.to_string()))
}

fn write_leaf(
    out: &mut Table,
    model: &Model,
    fit: &TreeFit,
    leaf: &TreeLeaf,
) -> Result<(), ExportError> {
    let number = leaf.node.to_string();
    let node = &fit.nodes[leaf.node];
    for ((input, asked), adds) in leaf.asked.iter().zip(&leaf.adds) {
        let input = &model.inputs[*input];
        let may = passing(input, Some(asked));
        // Nobody comes here: whoever stands in for a gap does not either.
        if may.is_empty() {
            out.0
                .write_record([&number, &safe(&input.name), "nothing", "", "", "", ""])?;
        }
        for may in may {
            out.condition(&number, &input.name, &may, Some(*adds))?;
        }
    }
    out.fixed(&number, "rows", Some(node.rows as f64))?;
    out.fixed(&number, "lower", Some(node.lower))?;
    out.fixed(&number, "upper", Some(node.upper))
}

struct Table(Writer<Vec<u8>>);

impl Table {
    fn fixed(&mut self, leaf: &str, is: &str, adds: Option<f64>) -> Result<(), ExportError> {
        Ok(self
            .0
            .write_record([leaf, "", is, "", "", "", &shown(adds)])?)
    }

    fn condition(
        &mut self,
        leaf: &str,
        input: &str,
        may: &May,
        adds: Option<f64>,
    ) -> Result<(), ExportError> {
        let (is, limits, level) = match may {
            May::Number(above, up_to) => ("number", [*above, *up_to], ""),
            May::No => ("no", [None; 2], ""),
            May::Yes => ("yes", [None; 2], ""),
            May::Level(level) => ("level", [None; 2], level.as_str()),
            May::OtherLevel => ("other level", [None; 2], ""),
            May::Missing => ("missing", [None; 2], ""),
        };
        let [above, up_to] = limits.map(shown);
        let (input, level, adds) = (safe(input), safe(level), shown(adds));
        Ok(self
            .0
            .write_record([leaf, &input, is, &above, &up_to, &level, &adds])?)
    }
}

/// Everything an input may be to pass; `None` asks nothing but that the model answers.
///
/// What stands in for a missing value or for an unknown level passes where it passes itself.
fn passing(input: &Input, asked: Option<&Asked>) -> Vec<May> {
    let number_passes = |number: f64| match asked {
        Some(Asked::Number { above, at_most, .. }) => number > *above && number <= *at_most,
        _ => true,
    };
    let level_passes = |level: &str| match asked {
        Some(Asked::Levels { may, .. }) => {
            let mut each = input.categories.iter().zip(may);
            each.any(|(category, may)| *may && category.level == level)
        }
        _ => true,
    };
    let mut all = Vec::new();
    let missing = match &input.missing {
        MissingRule::MedianAndIndicator { value } | MissingRule::Median { value } => {
            number_passes(*value)
        }
        MissingRule::Level { level } => level_passes(level),
        MissingRule::OwnEffect => match asked {
            Some(Asked::Number { or_missing, .. }) => *or_missing,
            Some(Asked::Levels { or_none, .. }) => *or_none,
            None => true,
        },
        MissingRule::LeftOut | MissingRule::Reject => false,
    };
    if missing {
        all.push(May::Missing);
    }
    match input.kind {
        InputType::Number | InputType::Integer => match asked {
            Some(Asked::Number { above, at_most, .. }) if above >= at_most => {}
            Some(Asked::Number { above, at_most, .. }) => {
                let [above, at_most] = input.raw_limits([*above, *at_most]);
                if above < at_most {
                    let end = |at: f64| at.is_finite().then_some(at);
                    all.push(May::Number(end(above), end(at_most)));
                }
            }
            _ => all.push(May::Number(None, None)),
        },
        InputType::Boolean => {
            let each = [(0.0, May::No), (1.0, May::Yes)].into_iter();
            all.extend(
                each.filter(|(number, _)| number_passes(*number))
                    .map(|(_, may)| may),
            );
        }
        InputType::Category => {
            let passing = input
                .raw_categories()
                .filter(|(_, level)| level_passes(&input.categories[*level].level));
            all.extend(passing.map(|(raw, _)| May::Level(raw.to_owned())));
            if let Some(UnknownCategory::Level { level }) = &input.unknown_category
                && level_passes(level)
            {
                all.push(May::OtherLevel);
            }
        }
    }
    all
}
