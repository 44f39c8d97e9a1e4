//! How long, why, and by characteristic.

use helder_model::Meaning;
use helder_report::{Cell, LineChart, Section, Series, Table, Text, number};

use super::{
    LEVEL, count, data::soft_words, in_months, main_horizon, months, share, within, within_months,
    words,
};
use crate::{
    OutflowAnalysis,
    compare::{CauseMethod, Comparison, LevelStay},
    stay::{Limits, Point},
};

/// Lines of one chart at most.
const MOST_LINES: usize = 6;
/// Lines up to which bands can be told apart.
const WITH_BANDS: usize = 2;

pub(super) fn overall(analysis: &OutflowAnalysis) -> Section {
    let chart = LineChart::new(
        Text::new("Aandeel dat er nog is", "Share still there"),
        Text::new("maanden", "months"),
        Text::new("aandeel", "share"),
    )
    .y_range(0.0, 1.0)
    .series(series(
        &Text::new("alle trajecten", "all spells"),
        &analysis.overall.curve,
        true,
    ));
    let mut table = Table::new(Text::new("Kans om weg te zijn", "Chance to have left"))
        .column(Text::new("Binnen", "Within"))
        .number(Text::new("kans (95%-marge)", "chance (95% interval)"));
    for (horizon, chance) in analysis.spec.horizons.iter().zip(&analysis.overall.within) {
        table.push([Cell::both(in_months(*horizon)), share(chance.as_ref())]);
    }
    let mut lengths = Table::new(Text::new("Maanden", "Months"))
        .column(Text::new("Wat", "What"))
        .number(Text::new("maanden (95%-marge)", "months (95% interval)"));
    let stay = &analysis.overall;
    lengths.push([
        Cell::both(Text::new("helft weg na", "half left after")),
        months(stay.median.as_ref()),
    ]);
    lengths.push([
        Cell::both(average_of(analysis)),
        months(stay.average_months.as_ref()),
    ]);
    let smallest = analysis.spec.smallest_cell;
    Section::new(Text::new("Hoe lang blijven cliënten?", "How long do clients stay?"))
        .paragraph(Text::new(
            "De lijn laat zien welk deel er na zoveel maanden nog is. Wie nog loopt, telt mee tot de laatste dag waarop dat bekend was (Kaplan-Meier).",
            "The line shows which share is still there after so many months. Those still running count until the last day on which that was known (Kaplan–Meier).",
        ))
        .paragraph(Text::new(
            format!("De lijn heeft een punt als er weer {smallest} trajecten zijn beëindigd, en loopt daartussen recht."),
            format!("The line has a point when {smallest} more spells have ended, and runs straight between them."),
        ))
        .chart(chart)
        .table(table)
        .table(lengths)
}

pub(super) fn causes(analysis: &OutflowAnalysis) -> Section {
    let section = Section::new(Text::new("Waarom gaan zij weg?", "Why do they leave?"));
    if let [only] = analysis.causes.as_slice() {
        return section.paragraph(Text::new(
            format!(
                "Er is één reden om weg te gaan: {}. De kansen daarop staan hierboven.",
                only.words.nl
            ),
            format!(
                "There is one reason to leave: {}. Its chances stand above.",
                only.words.en
            ),
        ));
    }
    let mut chart = LineChart::new(
        Text::new(
            "Aandeel dat weg is, per reden",
            "Share that has left, by reason",
        ),
        Text::new("maanden", "months"),
        Text::new("aandeel", "share"),
    );
    let mut largest: Vec<_> = analysis.causes.iter().collect();
    largest.sort_by_key(|cause| std::cmp::Reverse(cause.ended));
    for cause in largest.iter().take(MOST_LINES) {
        chart = chart.series(series(&words(&cause.words), &cause.curve, false));
    }
    let mut table = Table::new(Text::new("Kans per reden", "Chance by reason"))
        .column(Text::new("Reden", "Reason"))
        .number(Text::new("trajecten", "spells"));
    for horizon in &analysis.spec.horizons {
        table = table.number(within(*horizon));
    }
    for cause in &analysis.causes {
        let name = [Cell::both(words(&cause.words)), Cell::count(cause.ended)];
        table.push(
            name.into_iter()
                .chain(cause.within.iter().map(|w| share(w.as_ref()))),
        );
    }
    let mut section = section
        .paragraph(Text::new(
            "Wie om de ene reden weg is, kan niet meer om een andere weggaan. De kansen hieronder houden daar rekening mee en tellen op tot de kans om weg te zijn (Aalen-Johansen).",
            "Who has left for one reason cannot leave for another. The chances below allow for that and add up to the chance to have left (Aalen–Johansen).",
        ))
        .chart(chart)
        .table(table);
    for cause in analysis
        .causes
        .iter()
        .filter(|cause| !cause.parts.is_empty())
    {
        let list = |pick: fn(&Meaning) -> &str| {
            cause.parts.iter().map(pick).collect::<Vec<_>>().join(", ")
        };
        section = section.paragraph(Text::new(
            format!("‘{}’: {}.", cause.words.nl, list(|w| &w.nl)),
            format!("‘{}’: {}.", cause.words.en, list(|w| &w.en)),
        ));
    }
    section
}

pub(super) fn characteristics(analysis: &OutflowAnalysis) -> Section {
    let n = analysis.characteristics.len();
    let section = Section::new(Text::new("Uitstroom per kenmerk", "Outflow by characteristic"))
        .paragraph(Text::new(
            format!("Per kenmerk staat hoe snel de groepen uitstromen. Een verschil heet hier duidelijk als het ook na correctie voor {n} vragen tegelijk geen toeval lijkt (log-rank, Holm)."),
            format!("For each characteristic: how fast its groups leave. A difference is called clear when it does not look like chance, having asked {n} questions at once (log-rank, Holm)."),
        ));
    analysis
        .characteristics
        .iter()
        .fold(section, |section, one| {
            section.section(characteristic(analysis, one))
        })
}

fn characteristic(analysis: &OutflowAnalysis, one: &Comparison) -> Section {
    let title = soft_words(one.soft, &words(&one.words));
    let chart = LineChart::new(
        Text::new(
            format!("Aandeel dat er nog is, naar {}", one.words.nl),
            format!("Share still there, by {}", one.words.en),
        ),
        Text::new("maanden", "months"),
        Text::new("aandeel", "share"),
    )
    .y_range(0.0, 1.0);
    let section = Section::new(title)
        .paragraph(verdict(one))
        .chart(with_levels(chart, one.levels.iter()))
        .table(lengths(analysis, &one.levels, one.reference.as_ref()))
        .table(chances(analysis, &one.levels));
    if analysis.causes.len() == 1 {
        section
    } else {
        section.table(by_cause(analysis, one))
    }
}

/// The largest levels as lines.
pub(super) fn with_levels<'a>(
    chart: LineChart,
    levels: impl Iterator<Item = &'a LevelStay>,
) -> LineChart {
    let levels: Vec<&LevelStay> = levels.collect();
    let mut sizes: Vec<u64> = levels.iter().map(|level| level.stay.spells).collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    let least = sizes.get(MOST_LINES - 1).copied().unwrap_or(0);
    let bands = levels.len() <= WITH_BANDS;
    // A level of which too few have left has no line.
    let drawn = |level: &&LevelStay| level.stay.spells >= least && level.stay.curve.len() > 1;
    levels
        .into_iter()
        .filter(drawn)
        .take(MOST_LINES)
        .fold(chart, |chart, level| {
            chart.series(series(&words(&level.words), &level.stay.curve, bands))
        })
}

fn verdict(one: &Comparison) -> Text {
    let Some(test) = one.test else {
        return Text::new(
            "Er valt niets te vergelijken: er is één groep, of er zijn te weinig gegevens.",
            "There is nothing to compare: there is one group, or there are too few data.",
        );
    };
    let p = number::significant(test.p_value_adjusted.max(0.0001));
    let p = if test.p_value_adjusted < 0.0001 {
        format!("< {p}")
    } else {
        format!("= {p}")
    };
    if test.p_value_adjusted < LEVEL {
        Text::new(
            format!("De groepen stromen duidelijk niet even snel uit (p {p})."),
            format!("The groups clearly do not leave equally fast (p {p})."),
        )
    } else {
        Text::new(
            format!("De verschillen kunnen toeval zijn (p {p})."),
            format!("The differences may be chance (p {p})."),
        )
    }
}

/// What the average counts within.
fn average_of(analysis: &OutflowAnalysis) -> Text {
    let last = analysis.spec.horizons.last().copied().unwrap_or_default();
    Text::new(
        format!("gemiddeld binnen {last} mnd"),
        format!("average within {last} mo."),
    )
}

/// A difference in months with its limits.
fn more_months(difference: Option<&Limits>) -> Cell {
    let Some(&Limits {
        estimate,
        lower: Some(lower),
        upper: Some(upper),
    }) = difference
    else {
        return Cell::none();
    };
    let [estimate, lower, upper] =
        [estimate, lower, upper].map(|months| number::decimal(months, 1));
    Cell::text(format!("{estimate} ({lower} – {upper})"))
}

/// Size, ends, median and average, and how much more the average is than that of the level others are compared with.
pub(super) fn lengths(
    analysis: &OutflowAnalysis,
    levels: &[LevelStay],
    reference: Option<&Meaning>,
) -> Table {
    let mut table = Table::new(Text::new("Hoe lang, per groep", "How long, by group"))
        .column(Text::new("Groep", "Group"))
        .number(Text::new("trajecten", "spells"))
        .number(Text::new("beëindigd", "ended"))
        .number(Text::new("helft weg na (mnd)", "half left after (mo.)"))
        .number(average_of(analysis));
    if let Some(reference) = reference {
        table = table.number(Text::new(
            format!("verschil met ‘{}’ (mnd)", reference.nl),
            format!("difference from ‘{}’ (mo.)", reference.en),
        ));
    }
    for level in levels {
        let figures = [
            Cell::both(words(&level.words)),
            Cell::count(level.stay.spells),
            count(level.stay.ended),
            months(level.stay.median.as_ref()),
            months(level.stay.average_months.as_ref()),
        ];
        let difference = reference.map(|_| more_months(level.average_difference.as_ref()));
        table.push(figures.into_iter().chain(difference));
    }
    table
}

/// Chances to have left, per level.
pub(super) fn chances(analysis: &OutflowAnalysis, levels: &[LevelStay]) -> Table {
    let mut table = Table::new(Text::new(
        "Kans om weg te zijn, per groep",
        "Chance to have left, by group",
    ))
    .column(Text::new("Groep", "Group"));
    for horizon in &analysis.spec.horizons {
        table = table.number(within(*horizon));
    }
    for level in levels {
        let chances = level.stay.within.iter();
        let chances = chances.map(|chance| share(chance.as_ref()));
        table.push([Cell::both(words(&level.words))].into_iter().chain(chances));
    }
    table
}

/// The chance by reason at the main horizon, and whether groups differ in it.
fn by_cause(analysis: &OutflowAnalysis, one: &Comparison) -> Table {
    let (place, horizon) = main_horizon(analysis);
    let mut table = Table::new(within_months("Kans per reden", "Chance by reason", horizon))
        .column(Text::new("Reden", "Reason"));
    for level in &one.levels {
        table = table.number(words(&level.words));
    }
    let gray = one
        .causes
        .iter()
        .all(|cause| cause.method == CauseMethod::Gray);
    table = table.number(if gray {
        Text::new("verschil? p (Gray, Holm)", "difference? p (Gray, Holm)")
    } else {
        Text::new(
            "verschil? p (log-rank per reden, Holm)",
            "difference? p (log-rank by reason, Holm)",
        )
    });
    for (n, cause) in one.causes.iter().enumerate() {
        let shares = one.levels.iter().map(|level| {
            share(
                level
                    .causes
                    .get(n)
                    .and_then(|own| own.get(place))
                    .and_then(Option::as_ref),
            )
        });
        let p = cause
            .test
            .map_or_else(Cell::none, |test| Cell::p_value(test.p_value_adjusted));
        table.push(
            [Cell::both(words(&cause.words))]
                .into_iter()
                .chain(shares)
                .chain([p]),
        );
    }
    table
}

fn series(label: &Text, curve: &[Point], with_band: bool) -> Series {
    // Straight between points that each rest on ten more ends: steps there would show too many as still there.
    let series = Series::line(label.clone(), curve.iter().map(|p| [p.months, p.share]));
    if !with_band {
        return series;
    }
    let band = curve
        .iter()
        .filter_map(|p| Some([p.months, p.lower?, p.upper?]));
    series.band(band)
}
