//! The catalogue as a citizen reads it: plain Dutch first, English beside it.

use helder_report::{Cell, Page, Section, Table, Text};

use super::{both, day, fairness, state};
use crate::store::catalogue::{CatalogueEntry, CatalogueUse};

/// The page of one model.
pub(crate) fn render(entry: &CatalogueEntry) -> String {
    let mut page = Page::new(both(&entry.title))
        .lead(Text::new(
            "Dit is een rekenmodel dat een overheid gebruikt of gebruikt heeft. Op deze bladzijde leest u wat het doet, \
             wie het gebruikt en welke gegevens het nodig heeft.",
            "This is a model that a public body uses or has used. This page says what it does, who uses it and which data it needs.",
        ))
        .section(purpose(entry))
        .section(inputs(entry));
    for used in &entry.uses {
        page = page.section(one_use(used));
    }
    page.section(proof(entry)).section(rights()).render()
}

/// The page with all models.
pub(crate) fn render_list(entries: &[CatalogueEntry], more: Option<&str>) -> String {
    let mut table = Table::new(Text::new("Rekenmodellen", "Models"))
        .column(Text::new("Model", "Model"))
        .column(Text::new("Gebruikt door", "Used by"))
        .column(Text::new("Kenmerk", "Digest"));
    for entry in entries {
        let users: Vec<_> = entry
            .uses
            .iter()
            .map(|used| format!("{}: {}", used.organisation_name, state(used.state).nl))
            .collect();
        table.push([
            Cell::both(both(&entry.title)),
            Cell::text(users.join("; ")),
            Cell::code(entry.digest.to_string()),
        ]);
    }
    let mut section = Section::new(Text::new(
        "Welke modellen zijn er?",
        "Which models are there?",
    ))
    .table(table);
    if let Some(cursor) = more {
        section = section.paragraph(Text::new(
            format!("Er zijn er meer: vraag deze bladzijde met ?cursor={cursor}."),
            format!("There are more: ask this page with ?cursor={cursor}."),
        ));
    }
    Page::new(Text::new("Catalogus van rekenmodellen", "Catalogue of models"))
        .lead(Text::new(
            "Hier staan alle rekenmodellen die gemeenten met dit platform gebruiken of gebruikt hebben.",
            "All models that municipalities use or have used with this platform.",
        ))
        .section(section)
        .render()
}

fn purpose(entry: &CatalogueEntry) -> Section {
    let mut section = Section::new(Text::new("Wat doet dit model?", "What does this model do?"));
    if let Some(output) = &entry.summary.output {
        section = section.facts([(
            Text::new("Het model schat", "The model estimates"),
            Cell::both(both(output)),
        )]);
    }
    section.paragraph(Text::new(
        "Het model geeft een advies. Een medewerker beslist, niet het model.",
        "The model gives advice. A person decides, not the model.",
    ))
}

fn inputs(entry: &CatalogueEntry) -> Section {
    let section = Section::new(Text::new(
        "Welke gegevens gebruikt het?",
        "Which data does it use?",
    ));
    if entry.summary.inputs.is_empty() {
        return section.paragraph(Text::new(
            "Het model noemt zijn gegevens niet.",
            "The model does not name its data.",
        ));
    }
    let mut table = Table::new(Text::new("Gegevens per persoon", "Data per person"))
        .column(Text::new("Gegeven", "Fact"))
        .column(Text::new("Waarom", "Why"));
    for input in &entry.summary.inputs {
        let meaning = input
            .meaning
            .as_ref()
            .map_or_else(|| Text::same(&input.name), both);
        let why = input
            .justification
            .as_ref()
            .map_or_else(Cell::none, Cell::text);
        table.push([Cell::both(meaning), why]);
    }
    section.table(table)
}

fn one_use(used: &CatalogueUse) -> Section {
    let mut facts = vec![(Text::new("Status", "State"), Cell::both(state(used.state)))];
    facts.push((
        Text::new("In gebruik sinds", "In use since"),
        Cell::text(day(&used.activated_at)),
    ));
    if let Some(at) = &used.ended_at {
        facts.push((Text::new("Gestopt op", "Stopped on"), Cell::text(day(at))));
    }
    facts.extend(fairness(
        used.fairness.as_ref(),
        used.fairness_conclusion.as_ref(),
    ));
    if !used.description.is_empty() {
        facts.push((
            Text::new("Waarvoor", "What for"),
            Cell::text(&used.description),
        ));
    }
    facts.push((
        Text::new("Probleem", "Problem"),
        Cell::text(&used.challenge),
    ));
    facts.push((Text::new("Vraag", "Question"), Cell::text(&used.question)));
    facts.push((
        Text::new("Doel van de gegevens", "Purpose of the data"),
        Cell::text(&used.doelbinding),
    ));
    if let Some(grondslag) = &used.grondslag {
        let law = format!("{} ({})", grondslag.article, grondslag.title);
        facts.push((
            Text::new("Wet die dit toestaat", "Law that allows this"),
            Cell::text(law),
        ));
        if let Some(link) = &grondslag.link {
            facts.push((Text::new("De wet lezen", "Read the law"), Cell::link(link)));
        }
    }
    facts.push((
        Text::new(
            "In het register van verwerkingen",
            "In the register of processing",
        ),
        Cell::code(&used.verwerkingsactiviteit),
    ));
    facts.push((
        Text::new("Gegevens bewaard tot en met", "Data kept until"),
        Cell::text(&used.until),
    ));
    Section::new(Text::new(
        format!("Gebruik door {}", used.organisation_name),
        format!("Use by {}", used.organisation_name),
    ))
    .facts(facts)
}

fn proof(entry: &CatalogueEntry) -> Section {
    Section::new(Text::new("Is dit echt het model?", "Is this really the model?"))
        .paragraph(Text::new(
            "Het model heeft een kenmerk. Bij elk advies wordt dit kenmerk bewaard. Is het kenmerk hetzelfde, dan kwam het \
             advies uit precies dit model.",
            "The model has a digest, which is kept with every advice. The same digest means that the advice came from exactly this model.",
        ))
        .facts([(Text::new("Kenmerk", "Digest"), Cell::code(entry.digest.to_string()))])
}

fn rights() -> Section {
    Section::new(Text::new("Wat kunt u doen?", "What can you do?")).list([
        Text::new(
            "U mag de organisatie vragen welke gegevens zij van u gebruikt, en of die kloppen.",
            "You may ask the organisation which data about you it uses, and whether they are right.",
        ),
        Text::new(
            "U mag om uitleg vragen over een advies dat over u gaat, en een medewerker vragen er opnieuw naar te kijken.",
            "You may ask for an explanation of an advice about you, and ask a person to look at it again.",
        ),
    ])
}
