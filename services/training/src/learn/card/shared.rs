//! What both reports say in the same words.

use helder_report::{Section, Text};

use crate::learn::audit::NotJudged;

pub(super) fn judged_on_training_rows() -> Text {
    Text::new(
        "Het model is beoordeeld op dezelfde rijen waarvan het leerde. De cijfers zijn daardoor te gunstig.",
        "The model was judged on the rows it learned from. The figures are therefore too favourable.",
    )
}

/// What could not be judged, and why; first in the report, so that nobody misses it.
pub(super) fn not_judged(list: &[NotJudged]) -> Section {
    let section = Section::new(Text::new(
        "Wat dit rapport niet kan zeggen",
        "What this report cannot say",
    ));
    if list.is_empty() {
        return section.paragraph(Text::new(
            "Alle onderdelen konden worden beoordeeld.",
            "All parts could be judged.",
        ));
    }
    section.list(
        list.iter()
            .map(|entry| Text::new(entry.nl.clone(), entry.en.clone())),
    )
}

/// Figures conclude nothing; a person does.
pub(super) fn conclusion() -> Section {
    Section::new(Text::new("De conclusie", "The conclusion")).paragraph(Text::new(
        "Dit rapport geeft cijfers en geen conclusie. Die schrijft een mens, met naam en reden, bij de beoordeling van deze versie in \
         het register. Ze staat daar op de modelkaart en blijft bewaard.",
        "This report gives figures and no conclusion. A person writes it, with name and reason, in the review of this version in the \
         registry. It stands there on the model card and is kept.",
    ))
}
