//! Groups of clients.

use helder_report::{Cell, LineChart, Section, Table, Text, number};
use helder_segmentation::Firmness;

use super::{LEVEL, curves, words};
use crate::{
    OutflowAnalysis,
    groups::{FoundGroups, GroupCard},
};

pub(super) fn section(analysis: &OutflowAnalysis) -> Section {
    let section = Section::new(Text::new("Groepen cliënten", "Groups of clients")).paragraph(Text::new(
        "Hier is gezocht naar groepen cliënten die op elkaar lijken (k-prototypes). Hoe lang zij blijven, deed daarbij niet mee.",
        "Here groups of clients that resemble each other were looked for (k-prototypes). How long they stay took no part.",
    ));
    match (&analysis.groups.found, analysis.groups.p_value) {
        (Some(found), _) => with_groups(section, analysis, found),
        (None, Some(p)) => {
            let p = number::decimal(p, 2);
            section.paragraph(Text::new(
                format!("Er zijn geen duidelijke groepen: even duidelijke groepen ontstaan ook te gemakkelijk bij cliënten zonder groepen (p = {p}). Een indeling zou willekeurig zijn en staat hier daarom niet."),
                format!("There are no clear groups: groups as clear come up too easily in clients without groups (p = {p}). Any division would be arbitrary and is not shown."),
            ))
        }
        (None, None) => section.paragraph(Text::new(
            "Daarvoor zijn er te weinig cliënten of kenmerken.",
            "There are too few clients or characteristics for that.",
        )),
    }
}

fn with_groups(section: Section, analysis: &OutflowAnalysis, found: &FoundGroups) -> Section {
    let [starts, samples] =
        [found.starts_agree, found.samples_agree].map(|value| number::decimal(value, 2));
    let mut section = section.paragraph(Text::new(
        format!("Hoe vast liggen ze? Twee zoektochten komen voor {starts} overeen, en met een nieuwe steekproef gemiddeld voor {samples} (1 is gelijk, 0 is toeval)."),
        format!("How stable are they? Two searches agree to {starts}, and with a new sample to {samples} on average (1 is the same, 0 is chance)."),
    ));
    if let Some(least) = found.single_starts_agree_least {
        let least = number::decimal(least, 2);
        section = section.paragraph(Text::new(
            format!("Zoekt de computer elke keer maar één keer, dan komen twee zoektochten in het slechtste geval voor {least} overeen. Daarom is hier vaker gezocht en is de beste indeling gekozen."),
            format!("When each search starts only once, two searches agree to {least} in the worst case. That is why more searches were made here and the best was kept."),
        ));
    }
    if found.starts_agree.min(found.samples_agree) < 0.75 {
        section = section.warning(Text::new(
            "De grenzen tussen de groepen zijn vaag. Gebruik ze om over te praten, niet om mensen in te delen.",
            "The borders between the groups are vague. Use them to talk about, not to sort people.",
        ));
    }
    if found.withheld > 0 {
        section = section.paragraph(Text::new(
            "Een groep die te klein is om te tonen, is weggelaten.",
            "A group too small to show was left out.",
        ));
    }
    let chart = LineChart::new(
        Text::new(
            "Aandeel dat er nog is, per groep",
            "Share still there, by group",
        ),
        Text::new("maanden", "months"),
        Text::new("aandeel", "share"),
    )
    .y_range(0.0, 1.0);
    let stays: Vec<_> = found.cards.iter().map(|card| card.stay.clone()).collect();
    if let Some(p) = found.stay_p_value {
        section = section.paragraph(if p < LEVEL {
            Text::new(
                "De groepen blijven duidelijk niet even lang.",
                "The groups clearly do not stay equally long.",
            )
        } else {
            Text::new(
                "De groepen blijven ongeveer even lang.",
                "The groups stay about equally long.",
            )
        });
    }
    let section = section
        .chart(curves::with_levels(chart, stays.iter()))
        .table(curves::lengths(analysis, &stays, None))
        .table(curves::chances(analysis, &stays));
    found
        .cards
        .iter()
        .fold(section, |section, one| section.section(card(one)))
}

fn card(card: &GroupCard) -> Section {
    let name = &card.stay.words;
    let size = number::count(card.stay.stay.spells);
    let share = number::percent(card.share, 0);
    let mut table = Table::new(Text::new("Wat opvalt", "What sets it apart"))
        .column(Text::new("Kenmerk", "Characteristic"))
        .number(Text::new("deze groep", "this group"))
        .number(Text::new("alle cliënten", "all clients"));
    for figure in &card.figures {
        let (title, cells) = match &figure.level {
            None => (
                Text::new(
                    format!("{}, gemiddeld", figure.words.nl),
                    format!("{}, mean", figure.words.en),
                ),
                [figure.group, figure.all].map(|value| Cell::text(number::significant(value))),
            ),
            Some(level) => (
                Text::new(
                    format!("{}: {}", figure.words.nl, level.nl),
                    format!("{}: {}", figure.words.en, level.en),
                ),
                [figure.group, figure.all].map(|value| Cell::percent(value, 0)),
            ),
        };
        table.push([Cell::both(title)].into_iter().chain(cells));
    }
    let section = Section::new(words(name)).paragraph(Text::new(
        format!("{size} trajecten, {share} van alle."),
        format!("{size} spells, {share} of all."),
    ));
    match card.found_again {
        Some(overlap) => found_again(section, overlap),
        None => section,
    }
    .table(table)
}

/// Whether the group is there in other samples too.
fn found_again(section: Section, overlap: f64) -> Section {
    let told = number::decimal(overlap, 2);
    let section = section.paragraph(Text::new(
        format!("In een nieuwe steekproef van cliënten komt deze groep voor {told} terug (Jaccard: 1 is helemaal, 0 is niet)."),
        format!("In a new sample of clients this group comes back to {told} (Jaccard: 1 is wholly, 0 is not)."),
    ));
    match Firmness::of(overlap).warning() {
        Some((nl, en)) => section.warning(Text::new(nl, en)),
        None => section,
    }
}
