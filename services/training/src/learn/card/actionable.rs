//! What somebody can change of what the model looks at.

use helder_model::{Actionable, Direction, Input, InputType, Model};
use helder_report::{Section, Text};

use super::text;

/// A paragraph per input that somebody can change; one that says so where there is none.
pub(super) fn with(section: Section, model: &Model) -> Section {
    let changed: Vec<(&Input, &Actionable)> = model
        .inputs
        .iter()
        .filter_map(|input| Some((input, input.actionable.as_ref()?)))
        .collect();
    if changed.is_empty() {
        return section;
    }
    let lead = Text::new(
        "Iemand kan dit zelf veranderen. Alleen hierover geeft het model advies:",
        "Somebody can change this. The model gives advice on nothing else:",
    );
    let each = changed.into_iter();
    each.fold(section.paragraph(lead), |section, (input, how)| {
        let name = text(&input.meaning);
        let (nl, en) = way(input, how);
        section.paragraph(Text::new(
            format!("{}: {nl}.", name.nl),
            format!("{}: {en}.", name.en),
        ))
    })
}

fn way(input: &Input, how: &Actionable) -> (String, String) {
    if input.kind == InputType::Category {
        let levels = how.levels.join(", ");
        return (format!("naar {levels}"), format!("to {levels}"));
    }
    let (nl, en) = match (input.kind == InputType::Boolean, how.direction) {
        (true, Direction::Up) => ("van nee naar ja", "from no to yes"),
        (true, Direction::Down) => ("van ja naar nee", "from yes to no"),
        (true, Direction::Either) => ("van ja naar nee, en terug", "from yes to no, and back"),
        (false, Direction::Up) => ("alleen hoger", "higher only"),
        (false, Direction::Down) => ("alleen lager", "lower only"),
        (false, Direction::Either) => ("hoger of lager", "higher or lower"),
    };
    let limits = [
        (how.minimum, "niet onder", "not below"),
        (how.maximum, "niet boven", "not above"),
        (
            how.largest_step,
            "niet meer ineens dan",
            "at once no more than",
        ),
    ];
    let (mut nl, mut en) = (nl.to_owned(), en.to_owned());
    for (limit, words_nl, words_en) in limits {
        if let Some(limit) = limit {
            let shown = limit.to_string();
            nl.extend([", ", words_nl, " ", &shown.replace('.', ",")]);
            en.extend([", ", words_en, " ", &shown]);
        }
    }
    (nl, en)
}
