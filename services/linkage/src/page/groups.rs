//! Who is linked worse than others.

use helder_report::{BarChart, Cell, IntervalChart, IntervalRow, Section, Table, Text};

use super::error::interval;
use crate::wire::{ColumnGroups, GroupFigures, Outcome, Share};

/// The groups that every linkage is judged by.
pub(super) fn groups(outcome: &Outcome) -> Section {
    let rows = outcome.groups.iter().map(|row| {
        let name = Text::new(row.group.label_nl(), row.group.label());
        (name, row.figures)
    });
    let rows: Vec<(Text, GroupFigures)> = rows.collect();
    let section = Section::new(Text::new("Wie wordt slechter gekoppeld?", "Who is linked worse?"))
        .paragraph(Text::new(
            "Wie niet gekoppeld is, telt verderop niet mee. Deze tabel staat in elk verslag: wie verhuisde, vrouwen met een partnernaam, \
             mensen van wie de geboortedatum is ingevuld en mensen met een naam in een vreemde spelling.",
            "Who is not linked does not count further on. Every report holds this table: who moved, women with a partner's name, people \
             whose birth date was filled in and people with a name spelled foreign.",
        ))
        .paragraph(Text::new(
            "Koppelingen en verwachtingen zijn die van de gewogen vergelijking; koppelingen op gelijk pseudoniem staan er niet bij. Of \
             iemand verhuisde, blijkt pas uit een paar: daarom staan bij die groep geen regels. De verwachte volledigheid van een groep is \
             aan de voorzichtige kant: wie gemist is, kan in elke groep zitten.",
            "Links and expectations are those of the weighed comparison; links on an equal pseudonym are not among them. That somebody \
             moved shows in a pair only, so that group has no rows. The expected recall of a group is on the cautious side: who was missed \
             may be in any group.",
        ));
    filled(section, &rows)
}

/// People by the values of a column.
pub(super) fn values(columns: &ColumnGroups) -> Section {
    let name = |row: &crate::wire::ByValue| match (&row.value, row.is_rest) {
        (Some(value), _) => Text::same(value.clone()),
        (None, true) => Text::new("alle andere waarden", "all other values"),
        (None, false) => Text::new("(leeg)", "(empty)"),
    };
    let rows: Vec<(Text, GroupFigures)> = columns
        .values
        .iter()
        .map(|row| (name(row), row.figures))
        .collect();
    let section = Section::new(Text::new(
        format!("Naar {}", columns.column),
        format!("By {}", columns.column),
    ));
    filled(section, &rows)
}

fn filled(mut section: Section, rows: &[(Text, GroupFigures)]) -> Section {
    let is_judged = rows
        .iter()
        .any(|(_, figures)| figures.recall.is_some() || figures.precision.is_some());
    let mut table = Table::new(Text::new("Per groep", "By group"))
        .column(Text::new("Groep", "Group"))
        .number(Text::new("Regels links gekoppeld", "Left rows linked"))
        .number(Text::new("Regels rechts gekoppeld", "Right rows linked"))
        .number(Text::new("Koppelingen", "Links"))
        .number(Text::new("Verwachte precisie", "Expected precision"))
        .number(Text::new("Verwachte volledigheid", "Expected recall"));
    if is_judged {
        table = table
            .number(Text::new("Gemeten precisie", "Measured precision"))
            .number(Text::new("Gemeten volledigheid", "Measured recall"));
    }
    // What is missed, from nought: shares near one would look far apart on an axis of their own.
    let missed = Text::new("gemist, % van de ware paren", "missed, % of the true pairs");
    let mut measured = IntervalChart::new(
        Text::new("Gemeten: wie wordt gemist", "Measured: who is missed"),
        missed.clone(),
    )
    .reference(0.0);
    let mut foretold = BarChart::new(
        Text::new("Verwacht: wie wordt gemist", "Expected: who is missed"),
        missed,
    );
    let mut any = false;
    for (name, figures) in rows {
        let mut cells = vec![Cell::both(name.clone())];
        if figures.is_hidden {
            cells.push(Cell::both(Text::new(
                "te klein om te tonen",
                "too small to show",
            )));
        } else {
            cells.extend([
                linked(figures.left_linked),
                linked(figures.right_linked),
                figures.links.map_or_else(Cell::none, Cell::count),
                expected(figures.expected_precision),
                expected(figures.expected_recall),
            ]);
            if is_judged {
                cells.extend([interval(figures.precision), interval(figures.recall)]);
            }
        }
        table.push(cells);
        let missed = |recall: f64| 100.0 * (1.0 - recall);
        if let Some(share) = figures.recall {
            any = true;
            measured = measured.row(IntervalRow::new(
                name.clone(),
                missed(share.value),
                missed(share.high),
                missed(share.low),
            ));
        } else if let Some(recall) = figures.expected_recall.filter(|_| !is_judged) {
            any = true;
            foretold = foretold.bar(name.clone(), missed(recall));
        }
    }
    if any {
        section = if is_judged {
            section.chart(measured)
        } else {
            section.chart(foretold)
        };
    }
    section.table(table)
}

fn linked(share: Option<Share>) -> Cell {
    share.map_or_else(Cell::none, |share| {
        Cell::text(format!(
            "{} ({} / {})",
            helder_report::number::percent(share.value, 1),
            helder_report::number::count(share.count),
            helder_report::number::count(share.total)
        ))
    })
}

fn expected(value: Option<f64>) -> Cell {
    value.map_or_else(Cell::none, |value| Cell::percent(value, 2))
}
