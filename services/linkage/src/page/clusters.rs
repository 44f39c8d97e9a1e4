//! Groups of rows of one person within one version.

use helder_report::{BarChart, Cell, Section, Table, Text};

use crate::wire::ClusterSummary;

pub(super) fn clusters(found: &ClusterSummary) -> Section {
    let mut table = Table::new(Text::new(
        "Personen naar aantal regels",
        "Persons by number of rows",
    ))
    .column(Text::new("Regels per persoon", "Rows per person"))
    .number(Text::new("Personen", "Persons"));
    let mut chart = BarChart::new(
        Text::new(
            "Personen die vaker voorkomen",
            "Persons who are there more than once",
        ),
        Text::new("personen", "persons"),
    );
    let last = found.sizes.len().saturating_sub(1);
    for (place, count) in found.sizes.iter().enumerate() {
        let label = if place == last && count.size >= 6 {
            Text::new("6 of meer", "6 or more")
        } else {
            Text::same(count.size.to_string())
        };
        if let Some(n) = count.clusters.filter(|_| count.size > 1) {
            chart = chart.bar(label.clone(), n as f64);
        }
        let few = Text::new("minder dan 10", "fewer than 10");
        table.push([
            Cell::both(label),
            count.clusters.map_or_else(|| Cell::both(few), Cell::count),
        ]);
    }
    Section::new(Text::new("Personen", "Persons"))
        .paragraph(Text::new(
            "Regels horen bij één persoon als alle regels van de groep daar samen voor pleiten. Alles samenvoegen wat aan elkaar hangt, zou \
             bij één verkeerde koppeling twee mensen tot één maken.",
            "Rows belong to one person when all rows of the group together speak for it. Joining everything that hangs together would make \
             two people one at a single wrong link.",
        ))
        .facts([
            (Text::new("Personen", "Persons"), Cell::count(found.clusters)),
            (
                Text::new("Als alles wat samenhangt één was", "If everything connected were one"),
                Cell::count(found.connected_components),
            ),
            (
                Text::new("Koppelingen die elkaar tegenspreken", "Links that contradict each other"),
                Cell::count(found.conflicts),
            ),
        ])
        .chart(chart)
        .table(table)
}
