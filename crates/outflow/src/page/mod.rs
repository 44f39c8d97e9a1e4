//! The report as a page: Dutch first, English beside it.

mod curves;
mod data;
mod gaps;
mod groups;
mod hazards;
mod honest;
mod provisions;

use helder_model::Meaning;
use helder_report::{Cell, KeyFigure, Page, Section, Text, number};

use crate::{OutflowAnalysis, stay::Limits};

/// The page of an analysis. The same analysis gives the same bytes.
pub fn page(analysis: &OutflowAnalysis) -> Page {
    let mut page = Page::new(words(&analysis.spec.title))
        .lead(Text::new(
            "Hoe lang blijven cliënten, waarom stromen zij uit, en wat gaat samen met sneller of langzamer uitstromen?",
            "How long do clients stay, why do they leave, and what goes together with leaving sooner or later?",
        ))
        .fact(Text::new("Bestand", "Frame"), Cell::code(analysis.frame.clone()))
        .fact(Text::new("Soort", "Format"), Cell::code(analysis.format.clone()))
        .section(in_short(analysis))
        .section(data::section(analysis))
        .section(curves::overall(analysis))
        .section(curves::causes(analysis))
        .section(curves::characteristics(analysis))
        .section(hazards::section(analysis))
        .section(gaps::section(analysis))
        .section(honest::section(analysis))
        .section(groups::section(analysis));
    if !analysis.provisions.is_empty() {
        page = page.section(provisions::section(analysis));
    }
    page.section(
        Section::new(Text::new(
            "Wat u hieruit niet mag concluderen",
            "What not to conclude",
        ))
        .list(analysis.limits.iter().map(words)),
    )
}

fn in_short(analysis: &OutflowAnalysis) -> Section {
    let stay = &analysis.overall;
    let mut figures = vec![
        KeyFigure::new(Text::new("Trajecten", "Spells"), Cell::count(stay.spells)),
        KeyFigure::new(
            Text::new("De helft is weg na", "Half have left after"),
            stay.median.map_or_else(Cell::none, |median| {
                let months = number::decimal(median.estimate, 1);
                Cell::both(Text::new(
                    format!("{months} maanden"),
                    format!("{months} months"),
                ))
            }),
        ),
    ];
    for (months, chance) in analysis.spec.horizons.iter().zip(&stay.within) {
        if let Some(chance) = chance {
            figures.push(
                KeyFigure::new(
                    within_months("Weg", "Left", *months),
                    Cell::percent(chance.estimate, 0),
                )
                .note(Text::same(share_range(chance))),
            );
        }
    }
    let groups = match &analysis.groups.found {
        Some(found) => Text::new(
            format!(
                "Er zijn {} groepen cliënten te onderscheiden.",
                found.cards.len()
            ),
            format!("{} groups of clients can be told apart.", found.cards.len()),
        ),
        None => Text::new(
            "De cliënten vormen geen duidelijke groepen: de kenmerken lopen in elkaar over.",
            "The clients form no clear groups: their characteristics run into each other.",
        ),
    };
    let differing: Vec<&Meaning> = analysis
        .characteristics
        .iter()
        .filter(|one| one.test.is_some_and(|test| test.p_value_adjusted < LEVEL))
        .map(|one| &one.words)
        .collect();
    let listed = |pick: fn(&Meaning) -> &str| {
        differing
            .iter()
            .map(|words| pick(words))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let characteristics = if differing.is_empty() {
        Text::new(
            "Bij geen enkel kenmerk verschilt de uitstroom duidelijk.",
            "For no characteristic does outflow clearly differ.",
        )
    } else {
        Text::new(
            format!(
                "De uitstroom verschilt duidelijk naar: {}.",
                listed(|w| &w.nl)
            ),
            format!("Outflow clearly differs by: {}.", listed(|w| &w.en)),
        )
    };
    Section::new(Text::new("In het kort", "In short"))
        .figures(figures)
        .list([characteristics, groups])
}

/// Level at which a difference is called clear.
const LEVEL: f64 = 0.05;

fn words(meaning: &Meaning) -> Text {
    Text::new(meaning.nl.clone(), meaning.en.clone())
}

/// The horizon that stands for all where one must: the first of at least 12 months, or the last. With its place.
fn main_horizon(analysis: &OutflowAnalysis) -> (usize, u32) {
    let horizons = &analysis.spec.horizons;
    let place = horizons
        .iter()
        .position(|h| *h >= 12)
        .unwrap_or(horizons.len().saturating_sub(1));
    (place, horizons.get(place).copied().unwrap_or(12))
}

/// `12 maanden`, and `1 maand`.
fn in_months(n: u32) -> Text {
    let [nl, en] = if n == 1 {
        ["maand", "month"]
    } else {
        ["maanden", "months"]
    };
    Text::new(format!("{n} {nl}"), format!("{n} {en}"))
}

/// Something `binnen 12 maanden`.
fn within_months(nl: &str, en: &str, n: u32) -> Text {
    let months = in_months(n);
    Text::new(
        format!("{nl} binnen {}", months.nl),
        format!("{en} within {}", months.en),
    )
}

/// Spells that still run, as far as the report tells: those that are used and not among the causes.
fn running(analysis: &OutflowAnalysis) -> u64 {
    let ended: u64 = analysis.causes.iter().map(|cause| cause.ended).sum();
    analysis.quality.used.saturating_sub(ended)
}

fn within(months: u32) -> Text {
    Text::new(
        format!("weg binnen {months} mnd"),
        format!("left within {months} mo."),
    )
}

/// `11–13%`, without a place to break.
fn share_range(limits: &Limits) -> String {
    match (limits.lower, limits.upper) {
        (Some(lower), Some(upper)) => {
            let lower = number::percent(lower, 0);
            format!(
                "{}–{}",
                lower.trim_end_matches('%'),
                number::percent(upper, 0)
            )
        }
        _ => String::new(),
    }
}

/// A share with its limits.
fn share(limits: Option<&Limits>) -> Cell {
    let Some(limits) = limits else {
        return Cell::none();
    };
    let range = share_range(limits);
    let share = number::percent(limits.estimate, 0);
    if range.is_empty() {
        Cell::text(share)
    } else {
        Cell::text(format!("{share} ({range})"))
    }
}

/// Months with their limits.
fn months(limits: Option<&Limits>) -> Cell {
    let Some(limits) = limits else {
        return Cell::none();
    };
    let shown = |value: Option<f64>| {
        value.map_or_else(|| "…".to_owned(), |value| number::decimal(value, 1))
    };
    Cell::text(format!(
        "{} ({}–{})",
        number::decimal(limits.estimate, 1),
        shown(limits.lower),
        shown(limits.upper)
    ))
}

fn count(value: Option<u64>) -> Cell {
    value.map_or_else(Cell::none, Cell::count)
}
