//! The model card: the page that training made, with what the registry knows about the version.

use helder_report::{Cell, Page, Section, Table, Text};

use super::{day, fairness, state};
use crate::{
    domain::{
        lineage::{Lineage, NodeKind},
        state::Verdict,
    },
    store::versions::ModelVersion,
};

/// The card of a version: its own `card.html` where it has one, and after that the registry's facts.
///
/// `own` passed [`crate::domain::artifact::MediaType::check`] when it came in: complete, UTF-8, without scripts.
pub(crate) fn render(version: &ModelVersion, lineage: &Lineage, own: Option<&str>) -> String {
    let name = format!("{} {}", version.model_name, version.number);
    let page = Page::new(Text::new(
        format!("Modelkaart {name}"),
        format!("Model card {name}"),
    ))
    .section(facts(version))
    .section(reviews(version))
    .section(files(version))
    .section(origin(lineage))
    .render();
    let Some(own) = own else { return page };
    match (inner(&page), own.rfind("</main>")) {
        (Some(facts), Some(end)) => [&own[..end], facts, &own[end..]].concat(),
        (Some(facts), None) => match own.rfind("</body>") {
            Some(end) => [&own[..end], facts, &own[end..]].concat(),
            None => page,
        },
        (None, _) => page,
    }
}

/// What stands in the main part of a page.
fn inner(page: &str) -> Option<&str> {
    let start = page.find("<main>")? + "<main>".len();
    page.get(start..page.rfind("</main>")?)
}

fn facts(version: &ModelVersion) -> Section {
    let mut facts = vec![
        (
            Text::new("Organisatie", "Organisation"),
            Cell::text(version.organisation.as_str()),
        ),
        (
            Text::new("Versie", "Version"),
            Cell::text(version.number.to_string()),
        ),
        (
            Text::new("Status", "State"),
            Cell::both(state(version.state)),
        ),
        (
            Text::new("Kenmerk van model.json", "Digest of model.json"),
            Cell::code(version.digest.to_string()),
        ),
        (
            Text::new("Kenmerk van alle bestanden", "Digest of all files"),
            Cell::code(version.manifest_digest.to_string()),
        ),
        (
            Text::new("Gemaakt", "Made"),
            Cell::text(format!(
                "{}, {}",
                day(&version.created_at),
                version.created_by
            )),
        ),
    ];
    if let Some(reason) = &version.state_reason {
        facts.push((Text::new("Reden", "Reason"), Cell::text(reason)));
    }
    if let (Some(at), Some(by)) = (&version.activated_at, &version.activated_by) {
        facts.push((
            Text::new("In gebruik sinds", "In use since"),
            Cell::text(format!("{}, {by}", day(at))),
        ));
    }
    if let Some(at) = &version.ended_at {
        facts.push((Text::new("Gestopt op", "Stopped on"), Cell::text(day(at))));
    }
    Section::new(Text::new("In het register", "In the registry")).facts(facts)
}

fn reviews(version: &ModelVersion) -> Section {
    let mut section = Section::new(Text::new("Beoordelingen", "Reviews"));
    if version.reviews.is_empty() {
        return section.paragraph(Text::new(
            "Nog niemand heeft deze versie beoordeeld.",
            "Nobody has reviewed this version yet.",
        ));
    }
    let mut table = Table::new(Text::new("Wat beoordelaars vonden", "What reviewers found"))
        .column(Text::new("Dag", "Day"))
        .column(Text::new("Wie", "Who"))
        .column(Text::new("Oordeel", "Verdict"))
        .column(Text::new("Opmerkingen", "Remarks"));
    for review in &version.reviews {
        let verdict = match review.verdict {
            Verdict::Approve => Text::new("geen bezwaar", "no objection"),
            Verdict::Reject => Text::new("bezwaar", "objection"),
        };
        table.push([
            Cell::text(day(&review.created_at)),
            Cell::text(&review.reviewer),
            Cell::both(verdict),
            Cell::text(&review.remarks),
        ]);
    }
    section = section.table(table);
    for review in &version.reviews {
        let Some(conclusion) = &review.fairness_conclusion else {
            continue;
        };
        let by = (
            Text::new("Geschreven door", "Written by"),
            Cell::text(format!("{}, {}", day(&review.created_at), review.reviewer)),
        );
        let facts = fairness(version.fairness.as_ref(), Some(conclusion));
        section = section.facts(std::iter::once(by).chain(facts));
    }
    section
}

fn files(version: &ModelVersion) -> Section {
    let mut table = Table::new(Text::new(
        "Bestanden van deze versie",
        "Files of this version",
    ))
    .column(Text::new("Naam", "Name"))
    .number(Text::new("Bytes", "Bytes"))
    .column(Text::new("Kenmerk", "Digest"));
    for file in &version.files {
        table.push([
            Cell::text(&file.name),
            Cell::count(file.size_bytes),
            Cell::code(file.digest.to_string()),
        ]);
    }
    Section::new(Text::new("Bestanden", "Files")).table(table)
}

fn origin(lineage: &Lineage) -> Section {
    let mut table = Table::new(Text::new(
        "Van bronbestand tot model",
        "From source file to model",
    ))
    .column(Text::new("Soort", "Kind"))
    .column(Text::new("Naam", "Name"))
    .column(Text::new("Gemaakt uit", "Made from"))
    .column(Text::new("Kenmerk", "Digest"));
    for node in &lineage.nodes {
        let kind = match node.kind {
            NodeKind::Source => Text::new("bronbestand", "source file"),
            NodeKind::DatasetVersion => Text::new("dataset", "dataset"),
            NodeKind::LinkedDataset => Text::new("gekoppelde dataset", "linked dataset"),
            NodeKind::Frame => Text::new("analysetabel", "frame"),
            NodeKind::TrainingRun => Text::new("training", "training run"),
            NodeKind::Model => Text::new("model", "model"),
        };
        let label = |id: &str| {
            lineage
                .nodes
                .iter()
                .find(|node| node.id == id)
                .map_or("", |node| node.label.as_str())
        };
        let from: Vec<_> = lineage
            .edges
            .iter()
            .filter(|edge| edge.to == node.id)
            .map(|edge| label(&edge.from))
            .collect();
        table.push([
            Cell::both(kind),
            Cell::text(&node.label),
            Cell::text(from.join(", ")),
            node.digest
                .as_ref()
                .map_or_else(Cell::none, |digest| Cell::code(digest.to_string())),
        ]);
    }
    Section::new(Text::new("Herkomst", "Origin")).table(table)
}
