//! The linkage report: what was found, how sure that is and for whom, blocking rules, match weights, m and u. Holds no record; of values only
//! those of columns that were named for it.

mod clusters;
mod error;
mod groups;
mod model;
mod names;
mod pair;
mod rules;

use helder_record_linkage::run::Step;
use helder_report::{Cell, KeyFigure, Page, Section, Table, Text};

pub(crate) use pair::pair;

use crate::wire::{LinkageRun, Outcome};

/// The whole report as HTML.
pub(crate) fn render(run: &LinkageRun, outcome: &Outcome) -> String {
    let mut page = Page::new(Text::new("Verslag van een koppeling", "Linkage report"))
        .lead(Text::new(
            "Deze koppeling zoekt gegevens van dezelfde persoon in twee bestanden. Dit verslag laat zien hoe, en hoe zeker dat is.",
            "This linkage looks for records of the same person in two datasets. This report shows how, and how sure it is.",
        ))
        .fact(Text::new("Koppeling", "Linkage run"), Cell::code(run.id.to_string()))
        .fact(Text::new("Project", "Project"), Cell::code(run.project_id.to_string()))
        .fact(Text::new("Linkerbestand", "Left version"), Cell::code(run.left.to_string()))
        .fact(Text::new("Rechterbestand", "Right version"), Cell::code(run.right.to_string()))
        .fact(Text::new("Gevraagd op", "Asked at"), Cell::text(run.created_at.clone()))
        .fact(Text::new("Resultaat", "Linked dataset"), Cell::code(outcome.linked_dataset.digest.to_string()))
        .section(figures(run, outcome));
    if let Some(section) = error::expected(outcome, run.spec.threshold) {
        page = page.section(section);
    }
    if let Some(measured) = &outcome.measured {
        page = page.section(error::measured(measured));
    }
    page = page.section(groups::groups(outcome));
    for columns in &outcome.columns {
        page = page.section(groups::values(columns));
    }
    if let Some(found) = &outcome.clusters {
        page = page.section(clusters::clusters(found));
    }
    page = page.section(steps(outcome));
    if !outcome.blocking_rules.is_empty() {
        page = page.section(rules::rules(outcome, run.spec.blocking_rules.len()));
    }
    if let Some(found) = &outcome.model {
        page = page
            .section(model::weights(&outcome.weight_bins, found))
            .section(model::gaps(&outcome.runner_up_gaps, outcome.links))
            .section(model::training(found));
        for comparison in &found.comparisons {
            page = page.section(model::levels(comparison));
        }
    }
    page.render()
}

fn steps(outcome: &Outcome) -> Section {
    let mut table = Table::new(Text::new("Stappen in volgorde", "Steps in order"))
        .column(Text::new("Stap", "Step"))
        .column(Text::new("Op", "On"))
        .number(Text::new("Paren bekeken", "Pairs looked at"))
        .number(Text::new("Koppelingen", "Links"))
        .number(Text::new("Links zonder koppeling", "Left without link"))
        .number(Text::new("Rechts zonder koppeling", "Right without link"));
    for step in &outcome.steps {
        let name = match step.step {
            Step::Deterministic => Text::new("gelijk pseudoniem", "equal pseudonym"),
            Step::Probabilistic => Text::new("gewogen vergelijking", "weighed comparison"),
            Step::Reviewed => Text::new("beoordeeld door mensen", "decided by people"),
        };
        table.push([
            Cell::both(name),
            Cell::code(step.on.clone()),
            Cell::count(step.pairs),
            Cell::count(step.links),
            Cell::count(step.left_unlinked),
            Cell::count(step.right_unlinked),
        ]);
    }
    Section::new(Text::new("Stappen", "Steps")).table(table)
}

fn figures(run: &LinkageRun, outcome: &Outcome) -> Section {
    let figure = |nl: &str, en: &str, value| KeyFigure::new(Text::new(nl, en), value);
    let mut figures = vec![figure(
        "Gevonden koppelingen",
        "Links",
        Cell::count(outcome.links),
    )];
    if run.left == run.right {
        figures.push(figure("Regels", "Rows", Cell::count(outcome.left_rows)));
    } else {
        figures.push(figure(
            "Regels links",
            "Left rows",
            Cell::count(outcome.left_rows),
        ));
        figures.push(figure(
            "Regels rechts",
            "Right rows",
            Cell::count(outcome.right_rows),
        ));
    }
    if let Some(clusters) = &outcome.clusters {
        figures.push(figure(
            "Personen",
            "Persons",
            Cell::count(clusters.clusters),
        ));
    }
    if let Some(error) = outcome.expected_error {
        figures.push(figure(
            "Verwachte precisie",
            "Expected precision",
            Cell::percent(error.precision, 2),
        ));
        figures.push(figure(
            "Verwachte volledigheid",
            "Expected recall",
            Cell::percent(error.recall, 2),
        ));
    }
    Section::new(Text::new("In het kort", "At a glance")).figures(figures)
}
