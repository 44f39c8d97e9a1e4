//! What the data are worth.

use helder_report::{Cell, Section, Table, Text, number};

use super::{running, words};
use crate::{OutflowAnalysis, RecordCounts, records};

/// Difference in gaps between those who left and those who stay that is worth a remark.
const UNEVEN: f64 = 0.05;

pub(super) fn section(analysis: &OutflowAnalysis) -> Section {
    let quality = &analysis.quality;
    let apart: u64 = quality.set_apart.iter().map(|one| one.rows).sum();
    let apart = number::count(apart);
    let mut rows = Table::new(Text::new("Regels", "Rows"))
        .column(Text::new("Wat", "What"))
        .number(Text::new("Aantal", "Count"))
        .row([
            Cell::both(Text::new("in het bestand", "in the frame")),
            Cell::count(quality.rows),
        ])
        .row([
            Cell::both(Text::new("gebruikt", "used")),
            Cell::count(quality.used),
        ]);
    for one in &quality.set_apart {
        let reason = one.reason.words();
        rows.push([
            Cell::both(Text::new(
                format!("niet gebruikt: {}", reason.nl),
                format!("not used: {}", reason.en),
            )),
            Cell::count(one.rows),
        ]);
    }
    let mut gaps = Table::new(Text::new("Ontbrekende gegevens", "Missing values"))
        .column(Text::new("Kenmerk", "Characteristic"))
        .number(Text::new("ontbreekt", "missing"))
        .number(Text::new("bij wie weg is", "among those who left"))
        .number(Text::new("bij wie er nog is", "among those still there"));
    let running = running(analysis);
    let among = |n: u64, share: f64| match n {
        0 => Cell::none(),
        _ => Cell::percent(share, 1),
    };
    let with_gaps: Vec<_> = quality.columns.iter().filter(|c| c.missing > 0).collect();
    for column in &with_gaps {
        gaps.push([
            Cell::both(soft_words(column.soft, &words(&column.words))),
            Cell::percent(column.missing_share, 1),
            Cell::percent(column.missing_among_ended, 1),
            among(running, column.missing_among_running),
        ]);
    }
    let mut section = Section::new(Text::new("De gegevens", "The data"))
        .paragraph(Text::new(
            format!(
                "Elke regel is een traject. {} regels zijn gebruikt, {apart} niet; samen zijn dat alle {} regels.",
                number::count(quality.used), number::count(quality.rows)
            ),
            format!(
                "Each row is a spell. {} rows were used, {apart} were not; together these are all {} rows.",
                number::count(quality.used), number::count(quality.rows)
            ),
        ))
        .table(rows);
    section = match (with_gaps.len(), quality.columns.len()) {
        (0, _) => section.paragraph(Text::new(
            "Alle kenmerken zijn overal ingevuld.",
            "All characteristics are filled in everywhere.",
        )),
        (some, all) if some < all => section.table(gaps).paragraph(Text::new(
            "De andere kenmerken zijn overal ingevuld.",
            "The other characteristics are filled in everywhere.",
        )),
        _ => section.table(gaps),
    };
    if let Some(records) = &quality.records {
        section = section.section(made_of(records));
    }
    let uneven = quality
        .columns
        .iter()
        .filter(|_| running > 0)
        .filter(|c| (c.missing_among_ended - c.missing_among_running).abs() > UNEVEN);
    for column in uneven {
        section = section.warning(Text::new(
            format!(
                "‘{}’ ontbreekt niet even vaak bij wie weg is als bij wie er nog is. Wat dit kenmerk zegt, kan daardoor vertekend zijn.",
                column.words.nl
            ),
            format!(
                "‘{}’ is not missing equally often among those who left and those still there. What it tells may be distorted.",
                column.words.en
            ),
        ));
    }
    section
}

/// The records that the spells were made of, and what was done to them.
fn made_of(records: &RecordCounts) -> Section {
    let mut table = Table::new(Text::new("Regels uit de registratie", "Records"))
        .column(Text::new("Wat", "What"))
        .number(Text::new("Aantal", "Count"));
    let counted = |name: &str, n: u64, nl: &str, en: &str| {
        let what = records::words(name);
        [
            Cell::both(Text::new(
                format!("{nl}{}", what.nl),
                format!("{en}{}", what.en),
            )),
            Cell::count(n),
        ]
    };
    for (name, n) in &records.set_apart {
        table.push(counted(name, *n, "niet gebruikt: ", "not used: "));
    }
    for (name, n) in &records.done {
        table.push(counted(name, *n, "", ""));
    }
    let (all, used, episodes) = (records.records, records.in_episodes, records.episodes);
    let [apart, all, used, episodes] =
        [all.saturating_sub(used), all, used, episodes].map(number::count);
    Section::new(Text::new(
        "Van regels naar trajecten",
        "From records to spells",
    ))
    .paragraph(Text::new(
        format!(
            "De registratie had {all} regels. {used} daarvan vormen samen {episodes} trajecten. Niet meegeteld: {apart}. Bij één regel kan meer zijn gedaan."
        ),
        format!(
            "The administration had {all} records. {used} of them make {episodes} spells. Not counted: {apart}. More than one thing may have been done to a record."
        ),
    ))
    .table(table)
}

/// Soft characteristics are marked wherever they stand.
pub(super) fn soft_words(soft: bool, words: &Text) -> Text {
    if soft {
        Text::new(
            format!("{} (zacht)", words.nl),
            format!("{} (soft)", words.en),
        )
    } else {
        words.clone()
    }
}
