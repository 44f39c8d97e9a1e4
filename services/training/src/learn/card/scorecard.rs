//! The scorecard as it is used: points per value, what the total means, and how the points came about.

use std::collections::HashMap;

use helder_model::{Algorithm, Input, InputPoints, InputType, MissingRule, Model};
use helder_report::{Cell, Section, Table, Text, number};
use helder_scorecard::{LeftOut, Reason};

use super::text;
use crate::learn::{
    prepare::MISSING,
    scorecard::{InputSummary, RoundingCost, ScorecardSummary},
};

/// Unit of amounts; shown in euros.
const CENTS: &str = "eurocent";

/// The whole card.
pub(super) fn card(model: &Model, summary: &ScorecardSummary) -> Option<Section> {
    let Algorithm::Scorecard(fit) = &model.algorithm else {
        return None;
    };
    let mut section = Section::new(Text::new("De scorekaart", "The scorecard"))
        .paragraph(Text::new(
            "Tel de punten van alle gegevens op. De tabel onderaan zegt welke kans bij het totaal hoort. Het programma rekent met dezelfde hele punten: het antwoord is wat u zelf optelt.",
            "Add up the points of all inputs. The table at the foot says which probability belongs to the total. The program counts the same whole points: its answer is what you add up yourself.",
        ))
        .facts([
            (
                Text::new("Hoogste totaal", "Largest total"),
                Cell::count(u64::from(summary.most_points)),
            ),
            (
                Text::new("Gemiddeld totaal", "Mean total"),
                Cell::number(summary.mean_points, 1),
            ),
        ]);
    let known: HashMap<&str, &InputPoints> = fit
        .inputs
        .iter()
        .map(|part| (part.side.input.as_str(), part))
        .collect();
    for (told, input) in summary.inputs.iter().zip(&model.inputs) {
        if let Some(part) = known.get(told.input.as_str()) {
            section = section.table(points(told, part, input));
        }
    }
    section = section.table(totals(summary));
    if let Some(rounding) = &summary.rounding {
        section = rounded(section, rounding);
    }
    if !summary.left_out.is_empty() {
        section = section.table(left_out(&summary.left_out));
    }
    Some(section)
}

fn points(told: &InputSummary, part: &InputPoints, input: &Input) -> Table {
    let name = text(&input.meaning);
    let value = number::decimal(told.information_value, 3);
    let mut table = Table::new(Text::new(
        format!("{} (informatiewaarde {value})", name.nl),
        format!("{} (information value {value})", name.en),
    ))
    .column(Text::new("Waarde", "Value"))
    .number(Text::new("Punten", "Points"))
    .number(Text::new("Rijen", "Rows"))
    .number(Text::new("Met de uitkomst", "With the outcome"))
    .number(Text::new(
        "Gewicht van bewijs (WoE)",
        "Weight of evidence (WoE)",
    ))
    .number(Text::new(
        "Bijdrage aan informatiewaarde (IV)",
        "Part of information value (IV)",
    ));
    let figure = |value: Option<f64>| value.map_or_else(Cell::none, |value| Cell::number(value, 3));
    let count = |value: Option<u64>| value.map_or_else(Cell::none, Cell::count);
    for (label, bin) in steps(part, input).into_iter().zip(&told.bins) {
        table.push([
            Cell::both(label),
            Cell::count(u64::from(bin.points)),
            count(bin.rows),
            count(bin.events),
            figure(bin.weight_of_evidence),
            figure(bin.information_value),
        ]);
    }
    table
}

fn totals(summary: &ScorecardSummary) -> Table {
    let mut table = Table::new(Text::new("Wat het totaal betekent", "What the total means"))
        .number(Text::new("Totaal van de punten", "Total of the points"))
        .number(Text::new("Kans", "Probability"));
    for total in &summary.totals {
        table.push([
            Cell::count(u64::from(total.points)),
            Cell::percent(total.probability, 1),
        ]);
    }
    table
}

fn rounded(section: Section, cost: &RoundingCost) -> Section {
    let mut table = Table::new(Text::new(
        "Wat afronden op hele punten kost",
        "What rounding to whole points costs",
    ))
    .column(Text::new("Maat", "Measure"))
    .number(Text::new("Kaart", "Card"))
    .number(Text::new("Zonder afronden", "Without rounding"))
    .number(Text::new("Verschil", "Difference"));
    for (name, card, unrounded) in [
        (
            Text::new("AUC (hoger is beter)", "AUC (higher is better)"),
            cost.auc,
            cost.auc_unrounded,
        ),
        (
            Text::new(
                "logaritmisch verlies (lager is beter)",
                "log loss (lower is better)",
            ),
            cost.log_loss,
            cost.log_loss_unrounded,
        ),
    ] {
        table.push([
            Cell::both(name),
            Cell::number(card, 4),
            Cell::number(unrounded, 4),
            Cell::number(card - unrounded, 4),
        ]);
    }
    section.table(table)
}

fn left_out(left: &[LeftOut]) -> Table {
    let mut table = Table::new(Text::new(
        "Gegevens die niet op de kaart staan",
        "Inputs that are not on the card",
    ))
    .column(Text::new("Gegeven", "Input"))
    .number(Text::new("Informatiewaarde", "Information value"))
    .column(Text::new("Waarom niet", "Why not"));
    for left in left {
        let why = match left.reason {
            Reason::LittleInformation => Text::new(
                "zegt zelf te weinig over de uitkomst",
                "by itself it says too little of the outcome",
            ),
            Reason::SaysTheContrary => Text::new(
                "telt naast de andere gegevens de verkeerde kant op; dat kan niemand uitleggen",
                "beside the other inputs it counts the wrong way, which nobody could explain",
            ),
        };
        table.push([
            Cell::code(left.name.clone()),
            Cell::number(left.information_value, 3),
            Cell::both(why),
        ]);
    }
    table
}

/// The names of the steps, the one for missing first where there is one. Edges are told exactly: somebody goes by them.
fn steps(part: &InputPoints, input: &Input) -> Vec<Text> {
    let unknown = || Text::new("niet bekend", "not known");
    let missing = (input.missing == MissingRule::OwnEffect).then(unknown);
    let named: Vec<Text> = match (&part.side.cuts, &part.side.levels) {
        (Some(cuts), _) if input.kind == InputType::Boolean && cuts.len() == 1 => {
            vec![Text::new("nee", "no"), Text::new("ja", "yes")]
        }
        (Some(cuts), _) => {
            let edges: Vec<Text> = cuts.iter().map(|cut| edge(*cut, input)).collect();
            let below = |i: usize| i.checked_sub(1).and_then(|i| edges.get(i));
            (0..=edges.len())
                .map(|step| match (below(step), edges.get(step)) {
                    (None, None) => Text::new("alle", "all"),
                    (None, Some(high)) => Text::new(
                        format!("minder dan {}", high.nl),
                        format!("less than {}", high.en),
                    ),
                    (Some(low), None) => {
                        Text::new(format!("{} of meer", low.nl), format!("{} or more", low.en))
                    }
                    (Some(low), Some(high)) => Text::new(
                        format!("{} of meer, minder dan {}", low.nl, high.nl),
                        format!("{} or more, less than {}", low.en, high.en),
                    ),
                })
                .collect()
        }
        (None, levels) => levels
            .iter()
            .flatten()
            .map(|levels| {
                // A gap in a category is a level of its own.
                let named = |gap: &str| {
                    let names = levels.iter().map(|level| match level.as_str() {
                        MISSING => gap.to_owned(),
                        known => known.to_owned(),
                    });
                    names.collect::<Vec<_>>().join(", ")
                };
                Text::new(named("niet bekend"), named("not known"))
            })
            .collect(),
    };
    missing.into_iter().chain(named).collect()
}

/// An edge in full; of whole numbers the first that lies above it, of amounts in euros.
fn edge(cut: f64, input: &Input) -> Text {
    let cut = if input.kind == InputType::Integer {
        cut.ceil()
    } else {
        cut
    };
    if input.worked_unit() == Some(CENTS) {
        let shown = format!("€ {}", cut / 100.0);
        return Text::new(shown.replace('.', ","), shown);
    }
    let unit = input.worked_unit().unwrap_or_default();
    let gap = if unit.is_empty() { "" } else { " " };
    Text::new(
        format!("{}{gap}{unit}", cut.to_string().replace('.', ",")),
        format!("{cut}{gap}{unit}"),
    )
}
