//! The quality report as a page, Dutch with English beside it.

use helder_dataset::{
    QualityReport,
    quality::{Bin, ColumnQuality, Distribution},
};
use helder_report::{
    BarChart, Cell, Histogram, KeyFigure, Page, Section, Table, Text, number::decimal,
};

use crate::wire::DatasetVersion;

/// Columns drawn at most; a table holds all of them.
const MOST_DRAWN: usize = 60;

/// The whole report as HTML.
pub(crate) fn render(version: &DatasetVersion, report: &QualityReport) -> String {
    let mut page = Page::new(Text::new("Kwaliteit van een bestand", "Quality of a dataset version"))
        .lead(Text::new(
            "Dit verslag laat zien hoe goed een bestand is: wat ontbreekt, wat niet klopt en wat opvalt. Waarden die een persoon \
             aanwijzen staan er niet in, en aantallen onder de tien ook niet.",
            "This report shows how good a file is: what is missing, what is wrong and what stands out. Values that point at a person \
             are not in it, and neither are counts under ten.",
        ))
        .fact(Text::new("Versie", "Version"), Cell::code(version.id.to_string()))
        .fact(Text::new("Nummer", "Number"), Cell::count(version.number.unsigned_abs()))
        .fact(Text::new("Bestand", "File"), Cell::code(version.body.source_digest.to_string()))
        .fact(Text::new("Gemaakt op", "Made at"), Cell::text(version.created_at.clone()))
        .section(glance(report))
        .section(attention(report))
        .section(columns(report));
    if let Some(found) = detected(version) {
        page = page.section(found);
    }
    if !version.body.recipe_steps.is_empty() {
        page = page.section(recipe(version));
    }
    for column in report
        .columns
        .iter()
        .filter(|column| column.distribution.is_some())
        .take(MOST_DRAWN)
    {
        page = page.section(distribution(column));
    }
    page.render()
}

fn glance(report: &QualityReport) -> Section {
    let figure = |nl: &str, en: &str, value| KeyFigure::new(Text::new(nl, en), value);
    let section = Section::new(Text::new("In het kort", "At a glance")).figures([
        figure(
            "Cijfer van 0 tot 100",
            "Score, 0 to 100",
            Cell::number(report.score, 1),
        ),
        figure(
            "Regels in het bestand",
            "Records in the file",
            Cell::count(report.rows_in),
        ),
        figure("Goedgekeurd", "Accepted", Cell::count(report.rows_accepted)),
        figure(
            "Apart gezet",
            "Set apart",
            Cell::count(report.rows_quarantined),
        ),
        figure(
            "Waarden leeggemaakt",
            "Values made missing",
            Cell::count(report.values_set_missing),
        ),
    ]);
    if report.ignored_columns.is_empty() {
        return section;
    }
    let ignored = report.ignored_columns.join(", ");
    section.paragraph(Text::new(
        format!("Niet bewaard, want niet afgesproken: {ignored}."),
        format!("Not kept, because not agreed on: {ignored}."),
    ))
}

fn attention(report: &QualityReport) -> Section {
    let section = Section::new(Text::new(
        "Waar iemand naar moet kijken",
        "What needs a look",
    ));
    if report.attention.is_empty() {
        return section.paragraph(Text::new(
            "Niets bijzonders gevonden.",
            "Nothing special was found.",
        ));
    }
    let mut table = Table::new(Text::new("Meest voorkomend eerst", "Most frequent first"))
        .column(Text::new("Kolom", "Column"))
        .column(Text::new("Regel", "Rule"))
        .column(Text::new("Wat er is", "What was found"))
        .number(Text::new("Aantal", "Count"))
        .column(Text::new("Eerste regels", "First records"));
    for item in report.attention.iter().take(100) {
        let rows: Vec<String> = item.rows.iter().map(i64::to_string).collect();
        table.push([
            item.column
                .as_ref()
                .map_or_else(Cell::none, |name| Cell::code(name.clone())),
            Cell::code(item.code.clone()),
            Cell::text(item.detail.clone()),
            Cell::count(item.count),
            Cell::text(rows.join(", ")),
        ]);
    }
    section.table(table)
}

fn columns(report: &QualityReport) -> Section {
    let mut table = Table::new(Text::new("Alle kolommen", "All columns"))
        .column(Text::new("Kolom", "Column"))
        .number(Text::new("Gevuld", "Complete"))
        .number(Text::new("Geldig", "Valid"))
        .number(Text::new("Verschillend", "Distinct"))
        .number(Text::new("Uniek", "Unique"))
        .number(Text::new("Uitschieters", "Outliers"))
        .number(Text::new("Verschuiving (PSI)", "Drift (PSI)"));
    for column in &report.columns {
        table.push([
            Cell::code(column.name.clone()),
            Cell::percent(column.completeness, 1),
            Cell::percent(column.validity, 1),
            Cell::count(column.distinct),
            Cell::percent(column.uniqueness, 1),
            column
                .outliers
                .as_ref()
                .map_or_else(Cell::none, |outliers| Cell::count(outliers.count)),
            column
                .drift
                .as_ref()
                .map_or_else(Cell::none, |drift| Cell::number(drift.psi, 3)),
        ]);
    }
    let chart = BarChart::new(
        Text::new("Gevulde waarden per kolom", "Values present per column"),
        Text::new("aandeel", "share"),
    )
    .bars(
        report
            .columns
            .iter()
            .take(MOST_DRAWN)
            .map(|column| (Text::same(column.name.clone()), column.completeness)),
    );
    Section::new(Text::new("Kolommen", "Columns"))
        .paragraph(Text::new(
            "Aantallen verschillende waarden boven 2.048 zijn een schatting (standaardfout 1,6 %).",
            "Counts of distinct values above 2,048 are estimates (standard error 1.6 %).",
        ))
        .chart(chart)
        .table(table)
}

fn detected(version: &DatasetVersion) -> Option<Section> {
    let detected = version.body.detected.as_ref()?;
    let mut table = Table::new(Text::new("Gevonden, met bewijs", "Found, with evidence"))
        .column(Text::new("Wat", "What"))
        .column(Text::new("Keuze", "Choice"))
        .number(Text::new("Bekeken", "Looked at"))
        .number(Text::new("Voor", "For"))
        .number(Text::new("Tegen", "Against"))
        .column(Text::new("Opmerking", "Remark"));
    for evidence in &detected.evidence {
        table.push([
            Cell::code(evidence.subject.clone()),
            Cell::code(evidence.choice.clone()),
            Cell::count(evidence.sampled),
            Cell::count(evidence.supporting),
            Cell::count(evidence.conflicting),
            Cell::text(evidence.remark.clone()),
        ]);
    }
    Some(
        Section::new(Text::new(
            "Hoe het bestand is gelezen",
            "How the file was read",
        ))
        .table(table),
    )
}

fn recipe(version: &DatasetVersion) -> Section {
    let mut table = Table::new(Text::new("Stappen van het recept", "Steps of the recipe"))
        .column(Text::new("Stap", "Step"))
        .number(Text::new("Regels gezien", "Rows seen"))
        .number(Text::new("Regels geraakt", "Rows touched"))
        .number(Text::new("Regels weggelaten", "Rows left out"))
        .number(Text::new("Waarden leeggemaakt", "Values made missing"));
    for step in &version.body.recipe_steps {
        table.push([
            Cell::code(step.kind.clone()),
            Cell::count(step.rows_in),
            Cell::count(step.rows_touched),
            Cell::count(step.rows_removed),
            Cell::count(step.values_set_missing),
        ]);
    }
    Section::new(Text::new("Recept", "Recipe")).table(table)
}

fn distribution(column: &ColumnQuality) -> Section {
    let section = Section::new(Text::same(column.name.clone()));
    let hidden = Text::new(
        "Klassen met minder dan tien waarden staan er niet in.",
        "Classes with fewer than ten values are left out.",
    );
    let count = Text::new("aantal", "count");
    match &column.distribution {
        Some(Distribution::Numbers { bins, .. } | Distribution::Years { bins })
            if bins.iter().any(|bin| bin.count.is_some()) =>
        {
            let title = Text::new(
                format!("Verdeling van {}", column.name),
                format!("Distribution of {}", column.name),
            );
            let joined = bins
                .windows(2)
                .all(|pair| pair[0].high.to_bits() == pair[1].low.to_bits());
            let counts: Option<Vec<u64>> = bins.iter().map(|bin| bin.count).collect();
            let section = section.paragraph(hidden);
            match counts {
                Some(counts) if joined => {
                    let edges: Vec<f64> = bins
                        .iter()
                        .map(|bin| bin.low)
                        .chain(bins.last().map(|bin| bin.high))
                        .collect();
                    section.chart(Histogram::new(
                        title,
                        Text::same(column.name.clone()),
                        edges,
                        counts,
                    ))
                }
                // A hidden class is left out: a bar of no height would say that it is empty.
                _ => section.chart(BarChart::new(title, count).bars(bins.iter().filter_map(bar))),
            }
        }
        Some(Distribution::Values {
            top,
            other,
            many: false,
        }) if !top.is_empty() => {
            let title = Text::new(
                format!("Meest voorkomend in {}", column.name),
                format!("Most frequent in {}", column.name),
            );
            let bars = top
                .iter()
                .map(|value| (Text::same(value.value.clone()), value.count as f64));
            let rest =
                (*other > 0).then(|| (Text::new("andere waarden", "other values"), *other as f64));
            section
                .paragraph(hidden)
                .chart(BarChart::new(title, count).bars(bars.chain(rest)))
        }
        _ => section.paragraph(Text::new(
            "Er zijn te weinig of te veel verschillende waarden om een verdeling te tonen.",
            "There are too few values, or too many different ones, to show a distribution.",
        )),
    }
}

/// A class that may be shown.
fn bar(bin: &Bin) -> Option<(Text, f64)> {
    let year = bin.high.to_bits() == (bin.low + 1.0).to_bits() && bin.low > 1_000.0;
    let label = if year {
        bin.low.to_string()
    } else {
        format!("{} – {}", decimal(bin.low, 0), decimal(bin.high, 0))
    };
    Some((Text::same(label), bin.count? as f64))
}
