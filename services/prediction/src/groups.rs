//! Groups as an answer tells of them.

use helder_model::{GroupTrait, InputType, Meaning, Model, TraitValue};

use crate::wire;

/// Most that is told of a group.
const MOST_TRAITS: usize = 5;
/// Unit of amounts; shown in euros, as in reasons.
const CENTS: &str = "eurocent";

/// Per group the beginning of its JSON object, with its name and its card; nothing for models without groups.
pub(crate) fn written(model: &Model) -> Vec<Vec<u8>> {
    let cards = model.group_cards().into_iter().zip(0..);
    cards
        .map(|(card, number)| {
            let traits = card.traits.iter().take(MOST_TRAITS);
            let group = wire::Group {
                number,
                name: card.name,
                certainty: None,
                card: Some(wire::GroupCard {
                    rows: card.rows,
                    stability: card.stability,
                    traits: traits.map(|one| told(model, one)).collect(),
                }),
            };
            let mut text = serde_json::to_vec(&group).unwrap_or_default();
            // What differs per person follows.
            text.pop();
            text
        })
        .collect()
}

fn told(model: &Model, one: &GroupTrait) -> wire::GroupTrait {
    let input = &model.inputs[one.input];
    let (level, group) = match &one.group {
        TraitValue::Mean(mean) => (None, *mean),
        TraitValue::Level(level, share) => (Some(level.clone()), *share),
    };
    let is_share = level.is_some() || input.kind == InputType::Boolean;
    let figure = |value: f64, point: &str| match input.worked_unit() {
        _ if is_share => format!("{:.0}%", 100.0 * value),
        Some(CENTS) => format!("€ {:.2}", value / 100.0).replace('.', point),
        Some(unit) => format!("{} {unit}", significant(value).replace('.', point)),
        None => significant(value).replace('.', point),
    };
    let [own_nl, all_nl] = [group, one.all].map(|value| figure(value, ","));
    let [own, all] = [group, one.all].map(|value| figure(value, "."));
    let value = |yes: &str, no: &str| match level.as_deref() {
        Some("true") if input.kind == InputType::Boolean => format!(" {yes}"),
        Some("false") if input.kind == InputType::Boolean => format!(" {no}"),
        Some(level) => format!(" {level}"),
        None => String::new(),
    };
    wire::GroupTrait {
        input: input.name.clone(),
        group,
        all: one.all,
        difference: one.difference,
        text: Meaning {
            nl: format!(
                "{}:{} {own_nl}; bij allen {all_nl}.",
                input.meaning.nl,
                value("ja", "nee")
            ),
            en: format!(
                "{}:{} {own}; of all {all}.",
                input.meaning.en,
                value("yes", "no")
            ),
        },
        level,
    }
}

/// Three digits that count; whole numbers whole.
fn significant(value: f64) -> String {
    let size = value.abs().log10().floor();
    let decimals = if value == 0.0 {
        0.0
    } else {
        (2.0 - size).clamp(0.0, 6.0)
    };
    let text = format!("{value:.*}", decimals as usize);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}
