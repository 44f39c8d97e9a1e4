//! Provisions.

use helder_report::{Cell, Section, Table, Text, number};

use super::{count, words};
use crate::{
    OutflowAnalysis,
    provisions::{ProvisionEffect, ProvisionGroups, ProvisionLandmark, Ratio},
};

pub(super) fn section(analysis: &OutflowAnalysis) -> Section {
    let section = Section::new(Text::new("Voorzieningen", "Provisions"))
        .paragraph(Text::new(
            "Een traject telt als ‘met’ vanaf de dag waarop de voorziening begon, en als ‘zonder’ tot die dag. Zo tellen de maanden waarin iemand nog moest wachten niet als succes of als mislukking van de voorziening. Andere redenen om uit te stromen tellen niet als succes.",
            "A spell counts as ‘with’ from the day the provision began, and as ‘without’ until then. So the months somebody still had to wait count neither as its success nor as its failure. Leaving for another reason does not count as success.",
        ))
        .warning(Text::new(
            "Dit bewijst niet dat de voorziening werkt. Wie een voorziening krijgt, is gekozen: gemotiveerde of juist moeilijk bemiddelbare cliënten krijgen haar vaker. Alleen een proef waarin het lot beslist, laat zien wat zij doet.",
            "This does not prove that the provision works. Who gets it was chosen: motivated clients, or those hard to place, get it more often. Only a trial in which chance decides shows what it does.",
        ));
    analysis
        .provisions
        .iter()
        .fold(section, |section, one| section.section(provision(one)))
}

fn provision(one: &ProvisionEffect) -> Section {
    let mut section = Section::new(Text::new(
        format!("{}: sneller uit door {}?", one.words.nl, one.outcome.nl),
        format!("{}: leaving sooner by {}?", one.words.en, one.outcome.en),
    ))
    .facts([
        (
            Text::new("Begonnen tijdens het traject", "Began during the spell"),
            count(one.began),
        ),
        (
            Text::new(
                "Begonnen op of na het einde (telt niet)",
                "Began at the end or later (does not count)",
            ),
            count(one.began_too_late),
        ),
        (
            Text::new(
                "Kleinste verhouding die hier te zien zou zijn",
                "Smallest ratio that would show here",
            ),
            one.smallest_visible_ratio.map_or_else(Cell::none, |ratio| {
                Cell::both(Text::same(number::decimal(ratio, 2)))
            }),
        ),
    ]);
    for (title, said) in [
        (
            Text::new("Wat u mag concluderen", "What may be concluded"),
            &one.may,
        ),
        (
            Text::new("Wat u niet mag concluderen", "What may not be concluded"),
            &one.may_not,
        ),
        (
            Text::new(
                "Wat nodig is om meer te zeggen",
                "What is needed to say more",
            ),
            &one.needed,
        ),
    ] {
        if !said.is_empty() {
            section = section.section(Section::new(title).list(said.iter().map(words)));
        }
    }
    if let Some(ratio) = one.ratio {
        section = section.section(figures(one, ratio));
    }
    for groups in &one.groups {
        section = section.section(by_group(groups));
    }
    section.section(
        Section::new(Text::new(
            "Waarom niet ‘ooit gekregen’?",
            "Why not “ever received”?",
        ))
        .paragraph(words(&one.ever_received)),
    )
}

fn figures(one: &ProvisionEffect, ratio: Ratio) -> Section {
    let mut table = Table::new(Text::new("Tempo na het begin", "Pace after the beginning"))
        .column(Text::new("Hoe geteld", "How counted"))
        .number(Text::new("verhouding (95%-marge)", "ratio (95% interval)"))
        .number(Text::new("p", "p"))
        .row([
            Cell::both(Text::new(
                "bij gelijke kenmerken",
                "characteristics being equal",
            )),
            interval(Some(ratio)),
            Cell::p_value(ratio.p_value),
        ]);
    if let Some(weighted) = one.weighted {
        table.push([
            Cell::both(Text::new(
                "gewogen, alsof ieder evenveel kans had op de voorziening",
                "weighted, as if everybody had the same chance of it",
            )),
            interval(Some(weighted)),
            Cell::p_value(weighted.p_value),
        ]);
    }
    let mut section = Section::new(Text::new("De cijfers", "The figures")).table(table);
    if let Some([estimate, limit]) = one.e_values {
        let [estimate, limit] = [estimate, limit].map(|value| number::decimal(value, 2));
        section = section.paragraph(Text::new(
            format!("E-waarde {estimate} (van de grens {limit}): zo sterk moet iets wat niet gemeten is samengaan met de voorziening én met uitstroom om dit te verklaren."),
            format!("E-value {estimate} (of the limit {limit}): so strongly must something not measured go together with both the provision and outflow to explain this."),
        ));
    }
    if one.landmarks.is_empty() {
        section
    } else {
        section.table(compared(&one.landmarks))
    }
}

fn compared(landmarks: &[ProvisionLandmark]) -> Table {
    let horizon = landmarks.first().map_or(12, |one| one.horizon_months);
    let mut table = Table::new(Text::new(
        format!(
            "Verschil in kans om binnen {horizon} maanden daarna zo weg te zijn (dubbel robuust)"
        ),
        format!(
            "Difference in chance to have left so within {horizon} months after it (doubly robust)"
        ),
    ))
    .column(Text::new("Vergeleken vanaf maand", "Compared from month"))
    .number(Text::new(
        "verschil (95%-marge)",
        "difference (95% interval)",
    ))
    .number(Text::new(
        "grootste verschil na weging (tot 0,1 is gelijk)",
        "largest imbalance after weighting (up to 0.1 is alike)",
    ));
    for one in landmarks {
        let points = |value: f64| number::decimal(100.0 * value, 1);
        table.push([
            Cell::count(u64::from(one.months)),
            one.difference
                .map_or_else(Cell::none, |[estimate, lower, upper]| {
                    let (estimate, lower, upper) = (points(estimate), points(lower), points(upper));
                    Cell::both(Text::new(
                        format!("{estimate} ({lower} – {upper}) procentpunt"),
                        format!("{estimate} ({lower} – {upper}) points"),
                    ))
                }),
            one.largest_difference.map_or_else(Cell::none, |largest| {
                Cell::both(Text::same(number::decimal(largest, 2)))
            }),
        ]);
    }
    table
}

fn by_group(groups: &ProvisionGroups) -> Section {
    let mut table = Table::new(Text::new("Verhouding per groep", "Ratio by group"))
        .column(Text::new("Groep", "Group"))
        .number(Text::new("verhouding (95%-marge)", "ratio (95% interval)"))
        .number(Text::new("p (Holm)", "p (Holm)"));
    for (level, ratio) in &groups.groups {
        table.push([
            Cell::both(words(level)),
            interval(*ratio),
            ratio.map_or_else(Cell::none, |ratio| Cell::p_value(ratio.p_value)),
        ]);
    }
    let p = groups
        .p_value
        .map_or_else(|| "–".to_owned(), |p| number::decimal(p, 3));
    Section::new(Text::new(
        format!("Naar {}", groups.words.nl),
        format!("By {}", groups.words.en),
    ))
    .paragraph(Text::new(
        format!("Toets of de voorziening in de groepen iets anders doet: p = {p} (Holm). Kijk pas naar de groepen als die klein is."),
        format!("Test whether the provision does something else between groups: p = {p} (Holm). Look at the groups only when that is small."),
    ))
    .table(table)
}

fn interval(ratio: Option<Ratio>) -> Cell {
    ratio.map_or_else(Cell::none, |ratio| {
        Cell::interval(ratio.ratio, ratio.lower, ratio.upper, 2)
    })
}
