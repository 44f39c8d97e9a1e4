//! What is not filled in, and what that does to the conclusions.

use helder_imputation::Verdict;
use helder_report::{Cell, Section, Table, Text, number};

use super::{data::soft_words, words};
use crate::{
    OutflowAnalysis,
    gaps::{ColumnGaps, GapConclusion, GapConclusions},
    hazards::Period,
};

/// Signs that are named.
const SIGNS: usize = 3;

pub(super) fn section(analysis: &OutflowAnalysis) -> Section {
    let section = Section::new(Text::new(
        "Wat niet is ingevuld, en wat dat uitmaakt",
        "What is not filled in, and what that matters",
    ));
    let Some(gaps) = &analysis.gaps else {
        return section.paragraph(Text::new(
            "Bijna alles is ingevuld.",
            "Nearly everything is filled in.",
        ));
    };
    let complete = number::percent(gaps.complete_share, 0);
    let mut table = Table::new(Text::new("Gaten per kenmerk", "Gaps by characteristic"))
        .column(Text::new("Kenmerk", "Characteristic"))
        .number(Text::new("ontbreekt", "missing"))
        .column(Text::new(
            "Lijkt dat toeval?",
            "Does that look like chance?",
        ))
        .column(Text::new("Gaat samen met", "Goes together with"));
    for column in &gaps.columns {
        table.push([
            Cell::both(soft_words(column.soft, &words(&column.words))),
            Cell::percent(column.missing_share, 1),
            Cell::both(verdict(column)),
            Cell::both(signs(column)),
        ]);
    }
    let section = section
        .paragraph(Text::new(
            format!("Van {complete} van de trajecten zijn alle kenmerken bekend. Hieronder staat of het ontbreken samengaat met iets wat wel bekend is. Of het samengaat met de waarde die ontbreekt, is nooit te zien."),
            format!("Of {complete} of the spells all characteristics are known. Below is told whether gaps go together with something that is known. Whether they go together with the missing value itself can never be seen."),
        ))
        .table(table);
    match &gaps.conclusions {
        None => section.paragraph(Text::new(
            "Er eindigden te weinig trajecten om te zien wat de gaten met de conclusies doen.",
            "Too few spells ended to see what the gaps do to the conclusions.",
        )),
        Some(found) => conclusions(section, found),
    }
}

fn verdict(column: &ColumnGaps) -> Text {
    let told = column.auc.map_or_else(String::new, |auc| {
        format!(" (AUC {})", number::decimal(auc, 2))
    });
    let (nl, en) = match column.verdict {
        Verdict::NoSign => ("geen teken van iets anders", "no sign of anything else"),
        Verdict::HangTogether => ("nee", "no"),
        Verdict::TooFew => ("te weinig om te zeggen", "too few to say"),
    };
    Text::new(format!("{nl}{told}"), format!("{en}{told}"))
}

fn signs(column: &ColumnGaps) -> Text {
    if column.signs.is_empty() {
        return Text::same("–");
    }
    let listed = |pick: fn(&helder_model::Meaning) -> &str| {
        let shown = column.signs.iter().take(SIGNS).map(|sign| {
            let way = if sign.standardised_difference > 0.0 {
                "+"
            } else {
                "−"
            };
            format!("{} ({way})", pick(&sign.words))
        });
        shown.collect::<Vec<_>>().join(", ")
    };
    Text::new(listed(|w| &w.nl), listed(|w| &w.en))
}

fn conclusions(section: Section, found: &GapConclusions) -> Section {
    let mut table = Table::new(Text::new(
        "Verhoudingen (alle redenen samen) bij andere omgang met de gaten",
        "Ratios (all reasons together) under other treatments of the gaps",
    ))
    .column(Text::new("Kenmerk", "Characteristic"))
    .number(Text::new("alleen wat volledig is", "complete spells only"))
    .number(Text::new(
        "‘niet bekend’ als eigen waarde",
        "“not known” as a value",
    ))
    .number(Text::new(
        "aangevuld (95%-marge)",
        "completed (95% interval)",
    ))
    .number(Text::new("kost aan zekerheid", "cost in certainty"))
    .number(Text::new("als het anders zit", "if they are other"))
    .column(Text::new(
        "Blijft het antwoord gelijk?",
        "Does the answer stay?",
    ));
    for one in &found.ratios {
        table.push([
            Cell::both(Text::new(
                format!("{}: {}", one.compared.words.nl, one.compared.level.nl),
                format!("{}: {}", one.compared.words.en, one.compared.level.en),
            )),
            shown(one.complete.as_ref()),
            shown(one.own_level.as_ref()),
            shown(one.imputed.as_ref()),
            one.missing_information
                .map_or_else(Cell::none, |share| Cell::percent(share, 0)),
            one.if_other.map_or_else(Cell::none, |[low, high]| {
                Cell::both(Text::same(format!(
                    "{} – {}",
                    number::decimal(low, 2),
                    number::decimal(high, 2)
                )))
            }),
            Cell::both(match one.holds {
                Some(true) => Text::new("ja", "yes"),
                Some(false) => Text::new("nee", "no"),
                None => Text::same("–"),
            }),
        ]);
    }
    let tables = found.tables;
    let mut section = section
        .paragraph(Text::new(
            format!("Elk gat is {tables} keer aangevuld met een waarde die past bij wat verder bekend is; de marges rekenen mee dat die waarde niet zeker is. ‘Als het anders zit’ is de laagste en hoogste verhouding wanneer de ontbrekende waarden hoger of lager zijn dan zij lijken (een halve standaardafwijking, of bij categorieën een kansverhouding van 2,7)."),
            format!("Each gap was completed {tables} times with a value that fits what else is known; the intervals allow for not being sure of it. “If they are other” gives the lowest and highest ratio when missing values are higher or lower than they look (half a standard deviation, or for categories odds of 2.7)."),
        ))
        .table(table);
    let changed: Vec<&GapConclusion> = found
        .ratios
        .iter()
        .filter(|one| one.holds == Some(false))
        .collect();
    section = if found.what_ifs == 0 {
        section
    } else if changed.is_empty() {
        section.paragraph(Text::new(
            "Geen enkel antwoord (sneller, langzamer of niet duidelijk) verandert als de ontbrekende waarden zo anders zijn.",
            "No answer (faster, slower or not clear) changes when missing values are that other.",
        ))
    } else {
        let listed = |pick: fn(&helder_model::Meaning) -> &str| {
            let each = changed.iter().map(|one| {
                format!(
                    "{}: {}",
                    pick(&one.compared.words),
                    pick(&one.compared.level)
                )
            });
            each.collect::<Vec<_>>().join("; ")
        };
        section.warning(Text::new(
            format!("Van deze kenmerken hangt het antwoord af van wat niet is ingevuld: {}. Trek daar geen conclusie uit.", listed(|w| &w.nl)),
            format!("For these characteristics the answer hangs on what is not filled in: {}. Draw no conclusion from them.", listed(|w| &w.en)),
        ))
    };
    if !found.settled {
        section = section.warning(Text::new(
            "Het aanvullen was nog niet tot rust gekomen; lees de aangevulde cijfers met voorbehoud.",
            "Completing had not come to rest; read the completed figures with care.",
        ));
    }
    section
}

fn shown(period: Option<&Period>) -> Cell {
    period.map_or_else(Cell::none, |p| Cell::interval(p.ratio, p.lower, p.upper, 2))
}
