//! The cell of one row.

use super::{CaseCell, CaseNode, Withheld};
use crate::{Input, InputType, Language, Meaning, Model, Row, counterfactual::number_text};

/// A model's counts made ready to be looked up.
#[derive(Clone, Debug)]
pub struct Cases {
    node: Node,
    total: u64,
    outcome: Meaning,
    /// What the inputs are called.
    names: Vec<Meaning>,
}

#[derive(Clone, Debug)]
enum Node {
    Cell(CaseCell),
    Split {
        input: usize,
        cuts: Vec<f64>,
        levels: Vec<usize>,
        unknown: usize,
        parts: Vec<Node>,
    },
}

/// Training rows like one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Similar {
    /// How many, and how many of them had the event.
    pub cell: CaseCell,
    /// Training rows in all.
    pub total: u64,
    /// Positions of the inputs in which they are alike.
    pub inputs: Vec<usize>,
}

impl Cases {
    /// `None` where the model holds no counts.
    pub fn new(model: &Model) -> Option<Self> {
        let cases = model.similar_cases.as_ref()?;
        Some(Self {
            node: Node::new(&cases.cells, &model.inputs)?,
            total: cases.cells.cells().iter().map(|cell| cell.rows).sum(),
            outcome: model.output.meaning.clone(),
            names: model
                .inputs
                .iter()
                .map(|input| input.meaning.clone())
                .collect(),
        })
    }

    /// The training rows like this one.
    pub fn like(&self, row: &Row) -> Similar {
        let (mut node, mut inputs) = (&self.node, Vec::new());
        loop {
            match node {
                Node::Cell(cell) => {
                    return Similar {
                        cell: *cell,
                        total: self.total,
                        inputs,
                    };
                }
                Node::Split {
                    input,
                    cuts,
                    levels,
                    unknown,
                    parts,
                } => {
                    inputs.push(*input);
                    let part = match (row.number(*input), row.level(*input)) {
                        (Some(value), _) => cuts.partition_point(|cut| *cut <= value),
                        (None, Some(level)) => levels.get(level).copied().unwrap_or(*unknown),
                        (None, None) => *unknown,
                    };
                    // A coherent model has a part for every step.
                    let Some(next) = parts.get(part).or(parts.first()) else {
                        return Similar {
                            cell: CaseCell {
                                rows: 0,
                                events: None,
                                withheld: Some(Withheld::Few),
                            },
                            total: self.total,
                            inputs,
                        };
                    };
                    node = next;
                }
            }
        }
    }

    /// The same in plain language.
    pub fn meaning(&self, similar: &Similar) -> Meaning {
        let [nl, en] =
            [Language::Dutch, Language::English].map(|language| self.text(similar, language));
        Meaning { nl, en }
    }

    fn text(&self, similar: &Similar, language: Language) -> String {
        let is_dutch = language == Language::Dutch;
        let pick = |nl: String, en: String| if is_dutch { nl } else { en };
        let name = |meaning: &Meaning| {
            let text = if is_dutch { &meaning.nl } else { &meaning.en };
            text.trim().trim_end_matches('.').to_owned()
        };
        let names: Vec<String> = similar
            .inputs
            .iter()
            .filter_map(|input| self.names.get(*input).map(name))
            .collect();
        let (rows, total) = (
            count(similar.cell.rows, language),
            count(similar.total, language),
        );
        let alike = if names.is_empty() {
            pick(
                format!("Het model leerde van {total} gevallen."),
                format!("The model learned from {total} cases."),
            )
        } else {
            let names = names.join("; ");
            pick(
                format!(
                    "Het model leerde van {total} gevallen. Daarvan lijken {rows} op dit geval. Ze zijn ongeveer gelijk in: {names}."
                ),
                format!(
                    "The model learned from {total} cases. Of these, {rows} are like this one. They are about equal in: {names}."
                ),
            )
        };
        let outcome = name(&self.outcome);
        let told = match (similar.cell.events, similar.cell.withheld) {
            (Some(events), _) => {
                let share = number_text(events as f64 / similar.cell.rows as f64, true, language);
                pick(
                    format!(
                        "De uitkomst ({outcome}) kwam voor bij {share} van deze {rows} gevallen."
                    ),
                    format!("The outcome ({outcome}) occurred in {share} of these {rows} cases."),
                )
            }
            (None, Some(Withheld::Most)) => pick(
                format!("De uitkomst ({outcome}) kwam voor bij alle, op minder dan 10 na."),
                format!("The outcome ({outcome}) occurred in all but fewer than 10."),
            ),
            (None, Some(Withheld::Protects)) => pick(
                format!(
                    "Bij hoeveel de uitkomst ({outcome}) voorkwam, staat hier niet. Anders is van een kleine groep te veel te zien."
                ),
                format!(
                    "In how many the outcome ({outcome}) occurred is not shown. It would say too much of a small group."
                ),
            ),
            (None, _) => pick(
                format!("De uitkomst ({outcome}) kwam voor bij minder dan 10."),
                format!("The outcome ({outcome}) occurred in fewer than 10."),
            ),
        };
        format!("{alike} {told}")
    }
}

impl Node {
    fn new(node: &CaseNode, inputs: &[Input]) -> Option<Self> {
        let split = match node {
            CaseNode::Cell(cell) => return Some(Self::Cell(*cell)),
            CaseNode::Split(split) => split,
        };
        let place = inputs.iter().position(|i| i.name == split.side.input)?;
        let input = &inputs[place];
        let of = |level: &str| {
            let mut steps = split.side.levels.iter().flatten();
            steps.position(|step| step.iter().any(|known| known == level))
        };
        let levels = if input.kind == InputType::Category {
            let each = input.categories.iter();
            each.map(|c| of(&c.level).unwrap_or(0)).collect()
        } else {
            Vec::new()
        };
        let parts = split.parts.iter().map(|part| Self::new(part, inputs));
        Some(Self::Split {
            input: place,
            cuts: split.side.cuts.clone().unwrap_or_default(),
            levels,
            unknown: split.unknown_part.unwrap_or(0) as usize,
            parts: parts.collect::<Option<_>>()?,
        })
    }
}

/// Thousands apart: with a full stop in Dutch, a comma in English.
fn count(number: u64, language: Language) -> String {
    let digits = number.to_string();
    let mark = if language == Language::Dutch {
        '.'
    } else {
        ','
    };
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(mark);
        }
        text.push(digit);
    }
    text
}
