//! Hazards by interval: what each input does, and how that changes with time.

use helder_model::{Algorithm, Model};
use helder_report::{Section, Text, number};

use super::boosting;
use crate::learn::survival::IntervalSummary;

/// One per cause.
pub(super) fn sections(model: &Model, summary: &IntervalSummary) -> Vec<Section> {
    let Algorithm::HazardBoosting(fit) = &model.algorithm else {
        return Vec::new();
    };
    let inputs = fit.inputs(&model.inputs);
    let causes = fit.causes.iter().zip(&summary.causes);
    causes
        .map(|(cause, of)| {
            let (nl, en) = (&cause.meaning.nl, &cause.meaning.en);
            let events = number::count(cause.events);
            let (intervals, width) = (summary.intervals, summary.width.round());
            let section = Section::new(Text::new(
                format!("Wat het sneller of langzamer maakt: {nl}"),
                format!("What makes it faster or slower: {en}"),
            ))
            .paragraph(Text::new(
                format!(
                    "Geleerd van {events} keer. De tijd is verdeeld in {intervals} stukken van {width} dagen. In elk stuk is de kans op dit einde een optelsom van lijnen: boven nul maakt het sneller, onder nul langzamer. Ook de tijd zelf telt mee. Een plaatje van een gegeven met de tijd laat zien dat de invloed van dat gegeven verandert: tel de lijn in dat plaatje op bij de lijn van het gegeven zelf."
                ),
                format!(
                    "Learned from {events} times. Time is cut into {intervals} pieces of {width} days. In each piece the chance of this end is a sum of lines: above zero makes it faster, below zero slower. The time itself counts too. A picture of an input with the time shows that the influence of that input changes: add the line in it to the line of the input itself."
                ),
            ));
            boosting::sum(section, &inputs, &cause.terms, &of.boosting)
        })
        .collect()
}
