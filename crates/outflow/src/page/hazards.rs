//! What goes together with faster outflow when the rest is equal.

use helder_report::{Cell, ForestChart, IntervalRow, Section, Table, Text, number};

use super::{LEVEL, words};
use crate::{
    OutflowAnalysis,
    hazards::{HazardModel, HazardRatio, HazardResult, Period},
};

pub(super) fn section(analysis: &OutflowAnalysis) -> Section {
    let section = Section::new(Text::new(
        "Wat gaat samen met sneller uitstromen?",
        "What goes together with leaving sooner?",
    ))
    .paragraph(Text::new(
        "Hier worden de kenmerken tegelijk bekeken (Cox-regressie). Een verhouding van 2 betekent: op elk moment twee keer zo vaak weg als de groep waarmee wordt vergeleken, bij verder gelijke kenmerken. Onder 1 is langzamer.",
        "Here the characteristics are looked at together (Cox regression). A ratio of 2 means: at any moment leaving twice as often as the group compared with, other characteristics being equal. Below 1 is slower.",
    ));
    analysis
        .hazards
        .iter()
        .fold(section, |section, model| section.section(one(model)))
}

fn one(model: &HazardModel) -> Section {
    let title = if model.with_soft {
        Text::new(
            format!("{}, ook met zachte kenmerken", model.words.nl),
            format!("{}, with soft characteristics too", model.words.en),
        )
    } else {
        words(&model.words)
    };
    let section = Section::new(title.clone());
    match &model.result {
        HazardResult::TooFewEnds { needed } => section.paragraph(Text::new(
            format!(
                "Te weinig trajecten eindigden zo: voor deze vraag zijn er minstens {needed} nodig."
            ),
            format!("Too few spells ended so: this question asks at least {needed}."),
        )),
        HazardResult::NoEstimate => section.paragraph(Text::new(
            "De gegevens laten hier geen schatting toe.",
            "The data allow no estimate here.",
        )),
        HazardResult::Fitted {
            ended,
            ratios,
            left_out,
            proportional_p_value,
            cut_months,
        } => {
            let chart = ForestChart::new(
                Text::new(
                    format!("Verhoudingen: {}", title.nl),
                    format!("Ratios: {}", title.en),
                ),
                Text::new("verhouding", "ratio"),
            )
            .rows(ratios.iter().map(row));
            let mut section = section
                .paragraph(Text::new(
                    format!("{} trajecten eindigden zo.", number::count(*ended)),
                    format!("{} spells ended so.", number::count(*ended)),
                ))
                .chart(chart)
                .table(table(ratios));
            if !left_out.is_empty() {
                let names = |pick: fn(&helder_model::Meaning) -> &str| {
                    let each = left_out
                        .iter()
                        .map(|c| format!("{}: {}", pick(&c.words), pick(&c.level)));
                    each.collect::<Vec<_>>().join("; ")
                };
                section = section.paragraph(Text::new(
                    format!("Niet te schatten: {}.", names(|w| &w.nl)),
                    format!("Not to be estimated: {}.", names(|w| &w.en)),
                ));
            }
            proportional(section, ratios, *proportional_p_value, *cut_months)
        }
    }
}

fn label(ratio: &HazardRatio) -> Text {
    let c = &ratio.compared;
    Text::new(
        format!("{}: {}", c.words.nl, c.level.nl),
        format!("{}: {}", c.words.en, c.level.en),
    )
}

fn row(ratio: &HazardRatio) -> IntervalRow {
    IntervalRow::new(label(ratio), ratio.ratio, ratio.lower, ratio.upper)
}

fn table(ratios: &[HazardRatio]) -> Table {
    let mut table = Table::new(Text::new("Verhoudingen", "Ratios"))
        .column(Text::new("Kenmerk", "Characteristic"))
        .column(Text::new("vergeleken met", "compared with"))
        .number(Text::new("verhouding (95%-marge)", "ratio (95% interval)"))
        .number(Text::new("p (Holm)", "p (Holm)"));
    for ratio in ratios {
        table.push([
            Cell::both(label(ratio)),
            Cell::both(words(&ratio.compared.reference)),
            Cell::interval(ratio.ratio, ratio.lower, ratio.upper, 2),
            Cell::p_value(ratio.p_value_adjusted),
        ]);
    }
    table
}

/// Whether the ratios stay the same over time, and what it means when they do not.
fn proportional(
    section: Section,
    ratios: &[HazardRatio],
    all: Option<f64>,
    cut: Option<f64>,
) -> Section {
    let Some(all) = all else {
        return section;
    };
    let changing: Vec<&HazardRatio> = ratios
        .iter()
        .filter(|ratio| ratio.change_p_value.is_some_and(|p| p < LEVEL))
        .collect();
    if changing.is_empty() && all < LEVEL {
        let p = number::decimal(all, 3);
        return section.warning(Text::new(
            format!("Alle verhoudingen samen veranderen wel naarmate een traject langer duurt (p = {p}), maar welk kenmerk dat doet is niet duidelijk. Lees ze als een gemiddelde over de tijd."),
            format!("All ratios together do change as spells last longer (p = {p}), but of no characteristic alone is that clear. Read them as an average over time."),
        ));
    }
    if changing.is_empty() {
        let p = number::decimal(all, 3);
        return section.paragraph(Text::new(
            format!("Er is geen enkel kenmerk waarvan de verhouding duidelijk verandert naarmate een traject langer duurt (toets op alle samen: p = {p})."),
            format!("For no characteristic does the ratio clearly change as spells last longer (test of all together: p = {p})."),
        ));
    }
    let mut table = Table::new(Text::new(
        "Verhoudingen die veranderen",
        "Ratios that change",
    ))
    .column(Text::new("Kenmerk", "Characteristic"))
    .number(Text::new("eerste periode", "first period"))
    .number(Text::new("daarna", "after it"));
    let shown = |period: &Period| Cell::interval(period.ratio, period.lower, period.upper, 2);
    for ratio in changing {
        let [early, late] = match &ratio.periods {
            Some([early, late]) => [shown(early), shown(late)],
            None => [Cell::none(), Cell::none()],
        };
        table.push([Cell::both(label(ratio)), early, late]);
    }
    let cut = cut.map_or_else(
        || "–".to_owned(),
        |cut| number::decimal(cut, usize::from(cut < 10.0)),
    );
    section
        .warning(Text::new(
            format!("Niet alle verhoudingen blijven gelijk. Lees ze als een gemiddelde over de tijd; hieronder staan ze voor en na maand {cut}."),
            format!("Not all ratios stay the same. Read them as an average over time; below they are given before and after month {cut}."),
        ))
        .table(table)
}
