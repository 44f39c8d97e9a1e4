//! What predictions say of provisions, and why they say nothing of others.

use helder_model::{Provision, Provisions};
use helder_report::{Cell, Section, Table, Text};

use super::text;

pub(super) fn section(found: &Provisions) -> Section {
    let section = Section::new(Text::new(
        "Wat het model over voorzieningen zegt",
        "What the model says of provisions",
    ))
    .paragraph(Text::new(
        "Bij een voorspelling staat wat een voorziening gemiddeld verschilt, alleen als het rapport over uitstroom van dezelfde gegevens die conclusie toelaat. Anders staat er alleen waarom niet.",
        "A prediction tells how much a provision differs on average only where the report on outflow of the same data allows that conclusion. Otherwise it only tells why not.",
    ));
    found
        .each
        .iter()
        .fold(section, |section, one| section.section(provision(one)))
}

fn provision(one: &Provision) -> Section {
    let section = Section::new(text(&one.meaning));
    if let Some(reason) = &one.reason {
        return section.paragraph(text(reason));
    }
    let outcome = &one.outcome;
    let mut table = Table::new(Text::new(
        format!("Verschil in de kans op {}", outcome.nl),
        format!("Difference in the chance of {}", outcome.en),
    ))
    .number(Text::new(
        "Wie er na … maanden nog is",
        "Who is still there after … months",
    ))
    .number(Text::new(
        "Binnen … maanden daarna",
        "Within … months after that",
    ))
    .number(Text::new(
        "Verschil (95%-interval)",
        "Difference (95% interval)",
    ));
    for at in &one.differences {
        table.push([
            Cell::count(u64::from(at.from_months)),
            Cell::count(u64::from(at.within_months)),
            Cell::interval(at.difference, at.lower, at.upper, 3),
        ]);
    }
    section
        .table(table)
        .section(
            Section::new(Text::new("Wat u mag concluderen", "What may be concluded"))
                .list(one.may.iter().map(text)),
        )
        .section(
            Section::new(Text::new(
                "Wat u niet mag concluderen",
                "What may not be concluded",
            ))
            .list(one.may_not.iter().map(text)),
        )
}
