//! Why a pair got its weight, as a page. Holds levels, probabilities and weights; never a value of a record.

use helder_record_linkage::waterfall::{Bar, BarKind};
use helder_report::{Cell, Page, Section, Table, Text, Waterfall};
use uuid::Uuid;

use super::names;
use crate::wire::PairExplanation;

/// The page of a pair.
pub(crate) fn pair(run: Uuid, shown: &PairExplanation) -> String {
    let mut page = Page::new(Text::new("Uitleg van een paar", "Explanation of a pair"))
        .lead(Text::new(
            "Elke balk pleit voor (naar rechts) of tegen (naar links) dezelfde persoon. Samen zijn zij precies het gewicht.",
            "Each bar speaks for (to the right) or against (to the left) the same person. Together they are exactly the weight.",
        ))
        .fact(Text::new("Koppeling", "Linkage run"), Cell::code(run.to_string()))
        .fact(Text::new("Regel links", "Left row"), Cell::text(shown.left_row.to_string()))
        .fact(Text::new("Regel rechts", "Right row"), Cell::text(shown.right_row.to_string()))
        .fact(
            Text::new("Gekoppeld", "Linked"),
            Cell::both(if shown.linked { Text::new("ja", "yes") } else { Text::new("nee", "no") }),
        );
    let Some(found) = &shown.waterfall else {
        return page
            .section(
                Section::new(Text::new("Geen vergelijking", "No comparison")).paragraph(Text::new(
                    "Deze koppeling vergelijkt niets; zij koppelt alleen gelijke pseudoniemen.",
                    "This linkage compares nothing; it links equal pseudonyms only.",
                )),
            )
            .render();
    };
    let mut bars = found.bars.iter();
    let start = bars.next().map_or_else(
        || (Text::new("begin", "start"), 0.0),
        |bar| (label(bar), bar.weight),
    );
    let mut chart = Waterfall::new(
        Text::new("Van begin tot gewicht", "From start to weight"),
        Text::new("gewicht (bits)", "match weight (bits)"),
        start,
        Text::new("gewicht van het paar", "weight of the pair"),
    );
    for bar in bars {
        chart = chart.step(label(bar), bar.weight);
    }
    let mut table = Table::new(Text::new("De balken", "The bars"))
        .column(Text::new("Balk", "Bar"))
        .number(Text::new("m", "m"))
        .number(Text::new("u", "u"))
        .number(Text::new("Gewicht (bits)", "Weight (bits)"));
    for bar in &found.bars {
        let share =
            |value: Option<f64>| value.map_or_else(Cell::none, |value| Cell::number(value, 7));
        table.push([
            Cell::both(label(bar)),
            share(bar.m_probability),
            share(bar.u_probability),
            Cell::number(bar.weight, 3),
        ]);
    }
    let mut section = Section::new(Text::new("Waterval", "Waterfall"))
        .facts([
            (
                Text::new("Gewicht", "Match weight"),
                Cell::number(found.match_weight, 3),
            ),
            (
                Text::new("Kans op dezelfde persoon", "Probability of one person"),
                Cell::percent(found.match_probability, 2),
            ),
            (
                Text::new("Gevonden door regel", "Found by rule"),
                found
                    .found_by
                    .as_deref()
                    .map_or_else(Cell::none, |rule| Cell::both(names::rule(rule))),
            ),
        ])
        .chart(chart)
        .table(table);
    if let Some(gap) = shown.runner_up_gap {
        section = section.facts([(
            Text::new(
                "Voorsprong op de beste andere kandidaat (bits)",
                "Gap to the best other candidate (bits)",
            ),
            Cell::number(gap, 3),
        )]);
    }
    if !shown.rivals_weighed {
        section = section.warning(Text::new(
            "Dit paar kwam niet in de buurt. Andere kandidaten zijn daarom niet meegewogen.",
            "This pair did not come near. Other candidates are therefore not weighed.",
        ));
    }
    page = page.section(section);
    page.render()
}

/// The comparison before the level it reached.
fn label(bar: &Bar) -> Text {
    match (&bar.comparison, bar.kind) {
        (Some(name), BarKind::Comparison | BarKind::Frequency) => Text::new(
            format!("{name}: {}", bar.label_nl),
            format!("{name}: {}", bar.label),
        ),
        _ => Text::new(bar.label_nl.clone(), bar.label.clone()),
    }
}
