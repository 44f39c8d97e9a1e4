//! What causes what, and along which ways a difference comes, in the report on fairness.

use helder_fairness::{PathReport, Route};
use helder_report::{Cell, IntervalChart, IntervalRow, Section, Table, Text};

use crate::learn::{audit::CausalPaths, plan::CausalGraph};

/// Most parts of a score in one chart.
const MOST: usize = 20;

/// What was asked: the graph, and what was held to be justified.
pub(super) fn graph(asked: &CausalGraph) -> Section {
    let mut edges = Table::new(Text::new("Het oorzakenmodel", "The causal graph"))
        .column(Text::new("Oorzaak", "Cause"))
        .column(Text::new("Gevolg", "Effect"));
    for edge in &asked.edges {
        edges.push([
            Cell::code(edge.cause.clone()),
            Cell::code(edge.effect.clone()),
        ]);
    }
    let mut section = Section::new(Text::new(
        "Wat waardoor komt, volgens de aanvrager",
        "What causes what, according to who asked",
    ))
    .paragraph(Text::new(
        "Een verschil tussen groepen kan langs verschillende wegen in de uitkomst komen. Wie dit model vroeg, gaf op wat waardoor komt en \
         welke wegen toegestaan zijn. Dat is een oordeel van mensen. De cijfers hieronder rekenen ermee en bewijzen het niet.",
        "A difference between groups can reach the answer along several ways. Whoever asked for this model said what causes what and which \
         ways are justified. That is a judgement of people. The figures below use it and do not prove it.",
    ))
    .table(edges);
    if asked.justified.is_empty() {
        return section.paragraph(Text::new(
            "Geen enkele weg is toegestaan.",
            "No way is held to be justified.",
        ));
    }
    let mut justified = Table::new(Text::new(
        "Toegestaan: wegen door deze gegevens",
        "Justified: ways through these columns",
    ))
    .column(Text::new("Gegeven", "Column"))
    .column(Text::new("Waarom", "Why"));
    for named in &asked.justified {
        justified.push([
            Cell::code(named.column.clone()),
            Cell::text(named.reason.clone()),
        ]);
    }
    section = section.table(justified);
    section
}

/// What was found of one sensitive feature.
pub(super) fn paths(found: &CausalPaths) -> Section {
    let mut table = Table::new(Text::new(
        "Verschil in score met alle anderen, per soort weg (95%-interval)",
        "Difference in score with all others, by kind of way (95% interval)",
    ))
    .column(Text::new("Groep", "Group"))
    .number(Text::new("Personen", "Subjects"))
    .column(Text::new("Soort weg", "Kind of way"))
    .number(Text::new("Verschil", "Difference"));
    for report in &found.groups {
        let shares = report.by_route.iter();
        let shares = shares.map(|share| (kind(share.route), share.difference, share.interval_95));
        let whole = (
            Text::new("alles samen", "all together"),
            report.difference,
            report.interval_95,
        );
        for (kind, difference, limits) in std::iter::once(whole).chain(shares) {
            table.push([
                Cell::text(report.group.clone()),
                Cell::count(report.rows as u64),
                Cell::both(kind),
                limits.map_or_else(
                    || Cell::number(difference, 3),
                    |limits| Cell::interval(difference, limits.low, limits.high, 3),
                ),
            ]);
        }
    }
    let mut section = Section::new(Text::new(
        "Langs welke wegen komt het verschil?",
        "Along which ways does the difference come?",
    ))
    .paragraph(if found.is_taken_apart {
        Text::new(
            "In een boom of regellijst telt wat elk gegeven los zegt, en wat gegevens alleen samen zeggen. Zo is de score hier uit elkaar gehaald, en \
             die delen tellen precies op tot het verschil in score. Zeggen gegevens van twee soorten wegen samen iets, dan telt dat bij de minst \
             gunstige soort.",
            "In a tree or a rule list counts what each input says alone, and what inputs only say together. The score was taken apart that way here, \
             and the parts add up exactly to the difference in score. Where inputs of two kinds of way say something together, it counts as the \
             less favourable kind.",
        )
    } else {
        Text::new(
            "De score is een som. Het verschil in score is daarom precies de som van de verschillen per gegeven.",
            "The score is a sum. The difference in score is therefore exactly the sum of the differences per input.",
        )
    })
    .paragraph(Text::new(
        "Boven 0 betekent: deze groep krijgt gemiddeld een hogere score. De getallen zijn log-odds: 0,7 meer betekent dat het \
         ongeveer twee keer zo vaak wel gebeurt, voor elke keer dat het niet gebeurt.",
        "Above 0 means: this group gets a higher score on average. The figures are log odds: 0.7 more is about twice the odds.",
    ))
    .table(table);
    for report in &found.groups {
        section = section.chart(parts(report));
    }
    let mut named: Vec<Text> = Vec::new();
    for line in found.groups.iter().flat_map(together) {
        if named.iter().all(|known| known.nl != line.nl) {
            named.push(line);
        }
    }
    if !named.is_empty() {
        section = section.list(named);
    }
    let at_odds = found.groups.iter().flat_map(|report| &report.parts);
    if at_odds.clone().any(|part| part.contradicts_graph) {
        section = section.warning(Text::new(
            "De gegevens spreken het oorzakenmodel tegen. Bovenaan dit rapport staat waar.",
            "The data contradict the causal graph. The top of this report says where.",
        ));
    }
    section
}

fn parts(report: &PathReport) -> IntervalChart {
    let rows = report.parts.iter().take(MOST).filter_map(|part| {
        let limits = part.interval_95?;
        let kind = kind(part.route);
        let name = name(&part.input);
        let label = Text::new(
            format!("{} ({})", name.nl, kind.nl),
            format!("{} ({})", name.en, kind.en),
        );
        Some(IntervalRow::new(
            label,
            part.difference,
            limits.low,
            limits.high,
        ))
    });
    IntervalChart::new(
        Text::new(
            format!(
                "{}: wat elk gegeven aan het verschil bijdraagt",
                report.group
            ),
            format!("{}: what each input adds to the difference", report.group),
        ),
        Text::new("verschil in score", "difference in score"),
    )
    .reference(0.0)
    .rows(rows)
}

/// An input, two, or how many there are: a chart has room for short names only.
fn name(inputs: &str) -> Text {
    let all: Vec<&str> = inputs.split('|').collect();
    match all.as_slice() {
        [one, other] => Text::new(format!("{one} en {other}"), format!("{one} and {other}")),
        [_, _, ..] => Text::new(
            format!("{} samen", all.len()),
            format!("{} together", all.len()),
        ),
        _ => Text::same(inputs),
    }
}

/// Which inputs say something together, where the chart only counts them.
fn together(report: &PathReport) -> Vec<Text> {
    let many = report.parts.iter().take(MOST);
    let many = many.filter(|part| part.input.split('|').count() > 2);
    many.map(|part| {
        let (name, kind) = (name(&part.input), kind(part.route));
        let all = part.input.replace('|', ", ");
        Text::new(
            format!("{} ({}): {all}", name.nl, kind.nl),
            format!("{} ({}): {all}", name.en, kind.en),
        )
    })
    .collect()
}

fn kind(route: Route) -> Text {
    match route {
        Route::NotInGraph => Text::new("staat niet in het oorzakenmodel", "not in the graph"),
        Route::None => Text::new("niet door dit kenmerk", "not by this feature"),
        Route::Resolved => Text::new("toegestaan", "justified"),
        Route::Unresolved => Text::new("niet toegestaan", "not justified"),
        Route::Mixed => Text::new("beide, niet te scheiden", "both, cannot be told apart"),
    }
}
