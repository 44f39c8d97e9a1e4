//! What the truth says, in the reports.

use helder_evaluation::Ceiling;
use helder_fairness::LabelAudit;
use helder_report::{Cell, Section, Table, Text};

use super::fairness;
use crate::learn::audit::ShareDrift;

/// The best any model could do.
pub(super) fn ceiling(found: &Ceiling) -> Section {
    let mut table = Table::new(Text::new(
        "Het best mogelijke model",
        "The best possible model",
    ))
    .column(Text::new("Maat", "Measure"))
    .number(Text::new("Waarde", "Value"));
    let figures = [
        (
            "Onderscheid (AUC) dat te verwachten is",
            "Discrimination (AUC) to be expected",
            found.auc_expected,
        ),
        (
            "Onderscheid (AUC) op deze rijen",
            "Discrimination (AUC) on these rows",
            found.auc,
        ),
        (
            "Hoeveel dit model daaronder blijft",
            "How far this model stays below it",
            found.gap,
        ),
        ("Brier-score", "Brier score", found.brier),
        ("Logaritmisch verlies", "Log loss", found.log_loss),
    ];
    for (nl, en, value) in figures {
        table.push([Cell::both(Text::new(nl, en)), Cell::number(value, 4)]);
    }
    Section::new(Text::new("Hoe goed kan het worden?", "How good can it get?"))
        .paragraph(Text::new(
            "Van deze gegevens is de ware kans bekend. Beter dan die kan geen model het doen: wat dan nog misgaat, is toeval.",
            "Of these data the true probability is known. No model can do better: what still goes wrong then is chance.",
        ))
        .table(table)
}

/// Whether outcomes were registered equally, as a sample found.
pub(super) fn labels(found: &LabelAudit) -> Section {
    let mut table = Table::new(Text::new(
        "Hoeveel van wat de steekproef vond, was geregistreerd?",
        "How much of what the sample found was registered?",
    ))
    .column(Text::new("Groep", "Group"))
    .number(Text::new("Gevonden", "Found"))
    .number(Text::new("Daarvan geregistreerd", "Of these registered"));
    for group in &found.groups {
        let share = &group.registered;
        table.push([
            Cell::text(group.group.clone()),
            Cell::count(share.total as u64),
            match (share.value, share.interval_95) {
                (Some(value), Some(limits)) => Cell::interval(value, limits.low, limits.high, 3),
                _ => Cell::none(),
            },
        ]);
    }
    Section::new(Text::new(
        "Wat een steekproef vond",
        "What a sample found",
    ))
    .paragraph(Text::new(
        "Van een willekeurig deel van de mensen is nagegaan wat er echt gebeurde. Zijn de uitkomsten van een groep minder vaak \
         opgeschreven, dan zeggen de andere cijfers over die groep te weinig.",
        "Of a random part of the people it was checked what really happened. When outcomes of a group were written down less often, the \
         other figures say too little of that group.",
    ))
    .paragraph(fairness::verdict_sentence(found.verdict))
    .table(table)
}

/// Whether who is picked has moved since the first period.
pub(super) fn drift(found: &[ShareDrift]) -> Option<Section> {
    let first = found.first()?;
    let mut table = Table::new(Text::new("Aandeel gekozen", "Share picked"))
        .column(Text::new("Wie", "Who"))
        .number(Text::new("Eerst", "First"))
        .number(Text::new("Later", "Later"))
        .column(Text::new("Verschoven", "Moved"));
    for entry in found {
        let who = match (&entry.sensitive_feature, &entry.group) {
            (Some(feature), Some(group)) => Text::same(format!("{feature}: {group}")),
            _ => Text::new("iedereen", "everybody"),
        };
        let share = |value: Option<f64>| value.map_or_else(Cell::none, |v| Cell::percent(v, 1));
        table.push([
            Cell::both(who),
            share(entry.drift.before.value()),
            share(entry.drift.after.value()),
            Cell::both(if entry.drift.alarm {
                Text::new("ja", "yes")
            } else {
                Text::new("niet aangetoond", "not shown")
            }),
        ]);
    }
    let section = Section::new(Text::new(
        "Verschuift wie gekozen wordt?",
        "Does it move who is picked?",
    ))
    .paragraph(Text::new(
        format!(
            "Vergeleken met {} als begin. Van alle reeksen zonder verschuiving geeft hooguit één op de twintig een vals alarm.",
            first.first_period
        ),
        format!(
            "Compared with {} as the start. Of all series without a move at most one in twenty gives a false alarm.",
            first.first_period
        ),
    ));
    Some(section.table(table))
}
