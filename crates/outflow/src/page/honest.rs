//! How well it tells of clients not seen.

use helder_report::{CalibrationPlot, CalibrationPoint, Cell, Section, Table, Text, number};

use super::{in_months, main_horizon, share};
use crate::OutflowAnalysis;

pub(super) fn section(analysis: &OutflowAnalysis) -> Section {
    let section = Section::new(Text::new(
        "Hoe goed is de kans voor een nieuwe cliënt te noemen?",
        "How well can the chance of a new client be told?",
    ));
    let Some(honesty) = &analysis.honesty else {
        return section.paragraph(Text::new(
            "Dat is met deze gegevens niet te beoordelen.",
            "These data do not allow to judge that.",
        ));
    };
    let index = number::percent(honesty.concordance, 0);
    let [low, high] = honesty
        .concordance_range
        .map(|value| number::percent(value, 0));
    let folds = honesty.folds;
    let section = section
        .paragraph(Text::new(
            format!("Steeds is op {} delen van de cliënten geleerd en op het deel beoordeeld dat niet meedeed.", folds - 1),
            format!("Learned on {} parts of the clients and judged on the part that was left out, in turn.", folds - 1),
        ))
        .paragraph(Text::new(
            format!("Van twee cliënten wijst de regressie in {index} van de gevallen de juiste aan die eerder weg is ({low} – {high} per deel). Gokken geeft 50%."),
            format!("Of two clients the regression points to the one who leaves first in {index} of the cases ({low} – {high} by part). Guessing gives 50%."),
        ))
        .paragraph(slope(honesty.slope.estimate, honesty.slope.lower, honesty.slope.upper));
    let mut table = Table::new(Text::new("Voorspeld en gekomen", "Predicted and observed"))
        .column(Text::new("Binnen", "Within"))
        .number(Text::new("voorspeld", "predicted"))
        .number(Text::new("gekomen (95%-marge)", "observed (95% interval)"));
    for one in &honesty.calibration {
        let horizon = one.months;
        table.push([
            Cell::both(in_months(horizon)),
            Cell::percent(one.predicted, 1),
            share(Some(&one.observed)),
        ]);
    }
    let (_, horizon) = main_horizon(analysis);
    let section = section.table(table);
    let Some(main) = honesty.calibration.iter().find(|one| one.months == horizon) else {
        return section;
    };
    let points = main.bins.iter().filter_map(|bin| {
        let observed = bin.observed?;
        Some(CalibrationPoint {
            predicted: bin.predicted,
            observed: observed.estimate,
            lower: observed.lower?,
            upper: observed.upper?,
            n: bin.spells,
        })
    });
    section.chart(CalibrationPlot::new(
        Text::new(
            format!("Kans om weg te zijn binnen {horizon} maanden: voorspeld en gekomen"),
            format!("Chance to have left within {horizon} months: predicted and observed"),
        ),
        points,
    ))
}

fn slope(estimate: f64, lower: Option<f64>, upper: Option<f64>) -> Text {
    let shown =
        |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |v| number::decimal(v, 2));
    let figures = format!(
        "{} ({} – {})",
        number::decimal(estimate, 2),
        shown(lower),
        shown(upper)
    );
    let (nl, en) = match (lower, upper) {
        (_, Some(upper)) if upper < 1.0 => (
            "De verschillen tussen cliënten worden te groot gemaakt",
            "Differences between clients are made too large",
        ),
        (Some(lower), _) if lower > 1.0 => (
            "De verschillen tussen cliënten worden te klein gemaakt",
            "Differences between clients are made too small",
        ),
        _ => (
            "De verschillen tussen cliënten worden niet duidelijk te groot of te klein gemaakt",
            "Differences between clients are not clearly made too large or too small",
        ),
    };
    Text::new(
        format!("{nl} (helling {figures}; 1 is goed)."),
        format!("{en} (slope {figures}; 1 is right)."),
    )
}
