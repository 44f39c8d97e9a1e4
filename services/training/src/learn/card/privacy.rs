//! What is promised of the rows learned from, and what is not.

use helder_report::{Section, Text, number};

use crate::learn::plan::Privacy;

/// The promise in words.
pub(super) fn promise(privacy: &Privacy) -> Section {
    let factor = number::decimal(privacy.epsilon.exp(), 1);
    let epsilon = number::decimal(privacy.epsilon, 2);
    let one_in = number::count((1.0 / privacy.delta).round() as u64);
    Section::new(Text::new(
        "Bescherming van de mensen in de gegevens",
        "Protection of the people in the data",
    ))
    .paragraph(Text::new(
        format!(
            "Dit model leerde van antwoorden met ruis. Niemand kan uit het modelbestand halen of één bepaalde rij erbij was. Met of zonder die \
             rij is elk model bijna even waarschijnlijk: het scheelt hooguit een factor {factor} (ε = {epsilon}). De kans dat dit niet klopt, is \
             hooguit 1 op {one_in} (δ)."
        ),
        format!(
            "This model learned from answers with noise. Nobody can tell from the model file whether one certain row was among them. With or \
             without that row every model is almost as likely: the difference is a factor of {factor} at most (ε = {epsilon}). The probability \
             that this fails is 1 in {one_in} at most (δ)."
        ),
    ))
    .list([
        Text::new(
            "De belofte geldt voor één rij. Staat iemand met meer rijen in de gegevens, dan is de bescherming van die persoon zwakker.",
            "The promise is for one row. Somebody who is in the data with several rows is protected less.",
        ),
        Text::new(
            "De belofte geldt voor elk model apart. Wie op dezelfde rijen nog een model leert, geeft meer prijs: de ε's tellen op.",
            "The promise is for each model alone. Who learns another model from the same rows gives away more: the ε's add up.",
        ),
        Text::new(
            "De cijfers over kwaliteit en eerlijkheid gaan over andere rijen: die zijn apart gehouden om te toetsen. Die rijen zijn niet beschermd.",
            "The figures on quality and fairness are about other rows, kept apart to judge by. Those rows are not protected.",
        ),
        Text::new(
            "De belofte zegt niets over wat het model van iedereen leert. Een verband dat voor een groep geldt, zegt ook iets over wie niet in de gegevens stond.",
            "The promise says nothing of what the model learns about everybody. What holds for a group says something of people who were not in the data too.",
        ),
        Text::new(
            "Het aantal rijen waarvan het model leerde is afgerond met ruis. De ruis is nergens bewaard. Daardoor is dit model niet opnieuw te maken.",
            "The number of rows learned from has noise. The noise is kept nowhere, so this very model cannot be made again.",
        ),
    ])
}
