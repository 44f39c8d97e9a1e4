//! The sections on the data behind the figures: parts, suspect inputs, gaps, links.

use helder_evaluation::{Area, Areas, Heterogeneity, Part, Stability, Suspicion};
use helder_report::{Cell, Section, Table, Text, number};

use super::around;
use crate::learn::audit::{EvaluationSections, NamedStability};

pub(super) fn stability(entries: &[NamedStability]) -> Option<Section> {
    if entries.is_empty() {
        return None;
    }
    let mut section = Section::new(Text::new(
        "Overal en altijd even goed?",
        "As good everywhere and always?",
    ));
    for entry in entries {
        section = section.section(parts(&entry.by, &entry.stability));
    }
    Some(section)
}

fn parts(by: &str, found: &Stability) -> Section {
    let name = if by == "reference_date" {
        Text::new("Per peildatum", "By reference date")
    } else {
        Text::new(format!("Per waarde van {by}"), format!("By value of {by}"))
    };
    let mut table = Table::new(name.clone())
        .column(Text::new("Deel", "Part"))
        .number(Text::new("Personen", "Subjects"))
        .number(Text::new("Onderscheid (AUC)", "Discrimination (AUC)"))
        .number(Text::new(
            "Gebeurd per verwacht (ideaal 1)",
            "Happened per expected (ideal 1)",
        ))
        .number(Text::new("Brier-score", "Brier score"));
    for part in &found.parts {
        let number = |value: Option<f64>| value.map_or_else(Cell::none, |v| Cell::number(v, 4));
        table.push([
            Cell::text(part.name.clone()),
            part.rows
                .map_or_else(Cell::none, |rows| Cell::count(rows as u64)),
            around(
                part.auc.map(|auc| auc.value),
                part.auc.and_then(|auc| auc.interval_95),
                3,
            ),
            around(
                part.observed_per_expected,
                part.observed_per_expected_interval_95,
                2,
            ),
            number(part.brier),
        ]);
    }
    let mut section = Section::new(name).table(table);
    for sentence in heterogeneity(
        [found.discrimination, found.calibration],
        &Text::new("delen", "parts"),
    ) {
        section = section.paragraph(sentence);
    }
    section
}

/// Most areas in the table; the most telling first.
const MOST_AREAS: usize = 60;

pub(super) fn areas(sections: &EvaluationSections) -> Option<Section> {
    let found = sections.areas.as_ref()?;
    let mut order: Vec<&Area> = found.areas.iter().collect();
    order.sort_by(|a, b| b.deviation.abs().total_cmp(&a.deviation.abs()));
    let off = order.iter().filter(|area| area.off).count();
    let mut section = Section::new(Text::new(
        "In elk gebied even goed?",
        "As good in every area?",
    ))
    .paragraph(Text::new(
        "Per gebied is geteld hoe vaak het gebeurde en hoe vaak het model dat verwachtte. Wie naar veel gebieden kijkt, ziet er altijd een paar \
         die door toeval afwijken. Daarom geldt een afwijking pas als ze ook voor alle gebieden samen groter is dan toeval (Holm, 5%).",
        "Per area it was counted how often it happened and how often the model expected it. Who looks at many areas always sees a few that are off \
         by chance. So an area is called off only when it is so for all areas together (Holm, 5 %).",
    ));
    if found.areas.len() > 1 {
        section = section.paragraph(if off == 0 {
            Text::new(
                "Van geen enkel gebied is aangetoond dat de kansen er niet kloppen.",
                "Of no area it was shown that the probabilities are off there.",
            )
        } else {
            Text::new(
                format!(
                    "In {off} van de {} gebieden kloppen de kansen niet.",
                    found.areas.len()
                ),
                format!(
                    "In {off} of {} areas the probabilities are off.",
                    found.areas.len()
                ),
            )
        });
    }
    if order.len() > MOST_AREAS {
        section = section.paragraph(Text::new(
            format!(
                "De tabel toont de eerste {MOST_AREAS} van {} gebieden.",
                order.len()
            ),
            format!(
                "The table shows the first {MOST_AREAS} of {} areas.",
                order.len()
            ),
        ));
    }
    section = section.table(area_table(found, &order));
    for sentence in heterogeneity(
        [found.discrimination, found.calibration],
        &Text::new("gebieden", "areas"),
    ) {
        section = section.paragraph(sentence);
    }
    Some(section)
}

/// A line per area in this order, and one for the small areas together.
fn area_table(found: &Areas, order: &[&Area]) -> Table {
    let mut table = Table::new(Text::new(
        "Per gebied, het grootste verschil eerst",
        "By area, the largest deviation first",
    ))
    .column(Text::new("Gebied", "Area"))
    .number(Text::new("Personen", "Subjects"))
    .number(Text::new("Onderscheid (AUC)", "Discrimination (AUC)"))
    .number(Text::new(
        "Gebeurd per verwacht (ideaal 1)",
        "Happened per expected (ideal 1)",
    ))
    .number(Text::new("Helling (ideaal 1)", "Slope (ideal 1)"))
    .number(Text::new(
        "p-waarde (alle gebieden samen)",
        "p-value (all areas together)",
    ))
    .column(Text::new("Kansen kloppen", "Probabilities right"));
    let figures = |part: &Part, name: Cell| {
        let auc = part.auc;
        [
            name,
            part.rows
                .map_or_else(Cell::none, |rows| Cell::count(rows as u64)),
            around(
                auc.map(|auc| auc.value),
                auc.and_then(|auc| auc.interval_95),
                3,
            ),
            around(
                part.observed_per_expected,
                part.observed_per_expected_interval_95,
                2,
            ),
        ]
    };
    for area in order.iter().take(MOST_AREAS) {
        let line = area.line;
        let more = [
            around(
                line.map(|line| line.slope),
                line.and_then(|line| line.slope_interval_95),
                2,
            ),
            Cell::p_value(area.p_value_holm),
            Cell::both(if area.off {
                Text::new("nee", "no")
            } else {
                Text::new("geen afwijking aangetoond", "no deviation shown")
            }),
        ];
        table.push(
            figures(&area.part, Cell::text(area.part.name.clone()))
                .into_iter()
                .chain(more),
        );
    }
    if let Some(pooled) = &found.pooled {
        let name = Cell::both(Text::new(
            format!("{} kleine gebieden samen", found.pooled_areas),
            format!("{} small areas together", found.pooled_areas),
        ));
        let more = [Cell::none(), Cell::none(), Cell::none()];
        table.push(figures(pooled, name).into_iter().chain(more));
    }
    table
}

/// Whether parts differ by more than chance, in words.
fn heterogeneity(
    [discrimination, calibration]: [Option<Heterogeneity>; 2],
    parts: &Text,
) -> Vec<Text> {
    let told = [
        (discrimination, "Het onderscheid", "Discrimination"),
        (calibration, "De kalibratie", "Calibration"),
    ];
    let sentence = |(found, nl, en): (Option<Heterogeneity>, &str, &str)| {
        let found = found?;
        let p = if found.p_value < 0.0001 {
            format!("p < {}", number::decimal(0.0001, 4))
        } else {
            format!("p = {}", number::decimal(found.p_value, 4))
        };
        let (of, among) = (&parts.nl, &parts.en);
        Some(if found.p_value < 0.05 {
            Text::new(
                format!("{nl} verschilt tussen de {of} meer dan door toeval ({p})."),
                format!("{en} differs between the {among} by more than chance ({p})."),
            )
        } else {
            Text::new(
                format!("{nl} verschilt tussen de {of} niet aantoonbaar ({p})."),
                format!("{en} does not demonstrably differ between the {among} ({p})."),
            )
        })
    };
    told.into_iter().filter_map(sentence).collect()
}

pub(super) fn leakage(sections: &EvaluationSections) -> Option<Section> {
    if sections.leakage.is_empty() {
        return None;
    }
    let mut table = Table::new(Text::new("Elk gegeven alleen", "Each input alone"))
        .column(Text::new("Gegeven", "Input"))
        .number(Text::new(
            "Onderscheid alleen (AUC)",
            "Discrimination alone (AUC)",
        ))
        .number(Text::new(
            "Onderscheid van wel of niet ingevuld",
            "Discrimination of filled or not",
        ))
        .column(Text::new("Verdacht", "Suspect"));
    for check in sections.leakage.iter().take(30) {
        let told: Vec<Text> = check.suspicions.iter().map(|s| suspicion(*s)).collect();
        let join = |pick: fn(&Text) -> &String| {
            told.iter()
                .map(|text| pick(text).as_str())
                .collect::<Vec<_>>()
                .join("; ")
        };
        table.push([
            Cell::code(check.feature.clone()),
            around(Some(check.auc.value), check.auc.interval_95, 3),
            around(
                check.gaps_auc.map(|auc| auc.value),
                check.gaps_auc.and_then(|auc| auc.interval_95),
                3,
            ),
            if told.is_empty() {
                Cell::both(Text::new("nee", "no"))
            } else {
                Cell::both(Text::new(join(|t| &t.nl), join(|t| &t.en)))
            },
        ]);
    }
    let suspects = sections
        .leakage
        .iter()
        .filter(|check| !check.suspicions.is_empty())
        .count();
    let mut section = Section::new(Text::new(
        "Weet een gegeven te veel?",
        "Does an input know too much?",
    ))
    .paragraph(Text::new(
        "Een gegeven dat pas ná de uitkomst is ingevuld, maakt elk cijfer in dit rapport te mooi.",
        "An input that was filled in after the outcome makes every figure in this report too good.",
    ));
    if suspects > 0 {
        section = section.warning(Text::new(
            format!("{suspects} gegevens zijn verdacht. Zoek uit wanneer ze zijn ingevuld."),
            format!("{suspects} inputs are suspect. Find out when they were filled in."),
        ));
    }
    Some(section.table(table))
}

fn suspicion(suspicion: Suspicion) -> Text {
    match suspicion {
        Suspicion::TooGood => Text::new("te goed om waar te zijn", "too good to be true"),
        Suspicion::GapsTell => Text::new(
            "wel of niet ingevuld zegt de uitkomst",
            "filled or not tells the outcome",
        ),
        Suspicion::CarriesTheModel => Text::new(
            "alleen al even goed als het model",
            "alone as good as the model",
        ),
    }
}

pub(super) fn gaps(sections: &EvaluationSections) -> Option<Section> {
    let gaps = sections.gaps.as_ref()?;
    let mut section = Section::new(Text::new(
        "Wat ontbrekende gegevens doen",
        "What missing values do",
    ));
    if gaps.features.is_empty() {
        return Some(section.paragraph(Text::new("Er ontbreekt niets.", "Nothing is missing.")));
    }
    let mut table = Table::new(Text::new("Ontbrekend per gegeven", "Missing by input"))
        .column(Text::new("Gegeven", "Input"))
        .number(Text::new("Ontbreekt", "Missing"))
        .number(Text::new(
            "Verschil in uitkomst (zonder − met waarde)",
            "Difference in outcome (without − with value)",
        ));
    for feature in &gaps.features {
        let share = feature
            .missing
            .and_then(helder_evaluation::Proportion::value);
        table.push([
            Cell::code(feature.feature.clone()),
            share.map_or_else(Cell::none, |share| Cell::percent(share, 1)),
            around(
                feature.outcome_difference,
                feature.outcome_difference_interval_95,
                3,
            ),
        ]);
    }
    section = section
        .paragraph(Text::new(
            "Ligt 0 buiten het interval, dan ontbreken waarden niet bij toeval: rijen weglaten zou misleiden.",
            "When 0 lies outside the interval, values are not missing by chance: leaving rows out would mislead.",
        ))
        .table(table);
    Some(section.section(parts("complete", &gaps.by_completeness)))
}

pub(super) fn links(sections: &EvaluationSections) -> Option<Section> {
    if sections.links.is_empty() {
        return None;
    }
    let mut table = Table::new(Text::new(
        "Als de uitkomst via koppelingen kwam",
        "If the outcome came through links",
    ))
    .number(Text::new(
        "Precisie van de koppeling",
        "Precision of the linkage",
    ))
    .number(Text::new("Volledigheid", "Recall"))
    .number(Text::new(
        "Onderscheid zonder koppelfouten",
        "Discrimination without errors of linkage",
    ))
    .number(Text::new(
        "Laagst en hoogst mogelijk",
        "Lowest and highest possible",
    ))
    .number(Text::new("Komt echt voor bij", "Really occurs in"));
    for entry in &sections.links {
        table.push([
            Cell::percent(entry.quality.precision, 0),
            Cell::percent(entry.quality.recall, 0),
            entry
                .auc_corrected
                .map_or_else(Cell::none, |auc| Cell::number(auc, 3)),
            Cell::text(format!(
                "{} – {}",
                number::decimal(entry.auc_lowest, 3),
                number::decimal(entry.auc_highest, 3)
            )),
            Cell::percent(entry.base_rate_corrected, 2),
        ]);
    }
    Some(
        Section::new(Text::new("Wat koppelfouten doen", "What errors of linkage do"))
            .paragraph(Text::new(
                "Het koppelrapport noemt precisie en volledigheid. Lees hier de regel die daarbij past.",
                "The linkage report names precision and recall. Read here the line that fits.",
            ))
            .table(table),
    )
}
