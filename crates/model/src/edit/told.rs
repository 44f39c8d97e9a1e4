//! Changes in words.

use super::{Change, Curved, Stretch};
use crate::{Category, Input, Meaning};

impl Change {
    /// The change as a sentence. `inputs` are those of the model before it.
    pub fn meaning(&self, inputs: &[Input]) -> Meaning {
        let of = |name: &str| {
            let input = inputs.iter().find(|input| input.name == name);
            input.map_or_else(|| Meaning::new(name, name), |input| input.meaning.clone())
        };
        match self {
            Self::Set {
                input,
                stretch,
                value,
            } => {
                let (of, place) = (of(input), stretch.meaning(input, inputs));
                Meaning::new(
                    format!("{}: {} telt mee met {value}", of.nl, place.nl),
                    format!("{}: {} counts with {value}", of.en, place.en),
                )
            }
            Self::Flatten { input, stretch } => {
                let (of, place) = (of(input), stretch.meaning(input, inputs));
                Meaning::new(
                    format!("{}: {} telt overal even zwaar", of.nl, place.nl),
                    format!("{}: {} counts the same throughout", of.en, place.en),
                )
            }
            Self::Monotone {
                input,
                direction,
                from,
                to,
            } => {
                let of = of(input);
                let ends = Stretch {
                    from: *from,
                    to: *to,
                    ..Stretch::default()
                };
                let place = ends.meaning(input, inputs);
                let (nl, en) = match direction {
                    Curved::Rising => (
                        "een hogere waarde verlaagt de kans nooit",
                        "a higher value never lowers the probability",
                    ),
                    Curved::Falling => (
                        "een hogere waarde verhoogt de kans nooit",
                        "a higher value never raises the probability",
                    ),
                };
                Meaning::new(
                    format!("{}: {}: {nl}", of.nl, place.nl),
                    format!("{}: {}: {en}", of.en, place.en),
                )
            }
            Self::Merge { input, levels } => {
                let (of, all) = (of(input), names(levels, input, inputs));
                Meaning::new(
                    format!("{}: {} tellen voortaan hetzelfde", of.nl, all.nl),
                    format!("{}: {} now count the same", of.en, all.en),
                )
            }
            Self::Remove { input } => {
                let of = of(input);
                Meaning::new(
                    format!("{}: telt niet meer mee en wordt niet meer gevraagd", of.nl),
                    format!("{}: no longer counts and is no longer asked", of.en),
                )
            }
            Self::RemovePair { first, second } => {
                let (first, second) = (of(first), of(second));
                Meaning::new(
                    format!("{} en {}: tellen niet meer samen", first.nl, second.nl),
                    format!("{} and {}: no longer count together", first.en, second.en),
                )
            }
        }
    }
}

impl Stretch {
    fn meaning(&self, input: &str, inputs: &[Input]) -> Meaning {
        if self.missing {
            return Meaning::new("niet bekend", "not known");
        }
        if !self.levels.is_empty() {
            return names(&self.levels, input, inputs);
        }
        match (self.from, self.to) {
            (None, None) => Meaning::new("elke waarde", "every value"),
            (Some(from), None) => Meaning::new(format!("vanaf {from}"), format!("from {from} on")),
            (None, Some(to)) => Meaning::new(format!("onder {to}"), format!("below {to}")),
            (Some(from), Some(to)) => Meaning::new(
                format!("vanaf {from} en onder {to}"),
                format!("from {from} and below {to}"),
            ),
        }
    }
}

/// Levels by what they are called.
fn names(levels: &[String], input: &str, inputs: &[Input]) -> Meaning {
    let known = inputs.iter().find(|known| known.name == input);
    let categories: &[Category] = known.map_or(&[], |input| &input.categories);
    let name = |level: &String, pick: fn(&Meaning) -> &String| {
        let meaning = categories
            .iter()
            .find(|category| category.level == *level)
            .and_then(|category| category.meaning.as_ref());
        meaning.map_or_else(
            || match (level.as_str(), categories.is_empty()) {
                ("true", true) => pick(&Meaning::new("ja", "yes")).clone(),
                ("false", true) => pick(&Meaning::new("nee", "no")).clone(),
                _ => level.clone(),
            },
            |meaning| pick(meaning).clone(),
        )
    };
    let all = |pick: fn(&Meaning) -> &String| {
        levels
            .iter()
            .map(|level| name(level, pick))
            .collect::<Vec<_>>()
            .join(", ")
    };
    Meaning::new(all(|meaning| &meaning.nl), all(|meaning| &meaning.en))
}
