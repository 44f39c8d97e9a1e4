//! What a column is, where nobody declared it: by its name, and by what its values look like.

use std::collections::HashSet;

use helder_types::SemanticType;

use super::{Described, Shape};
use crate::{
    comparison::number,
    table::Column,
    value::{
        GivenNames, PartialDate,
        identifier::{email, phones},
        surname,
        text::{compact, normalise},
    },
};

/// Different values that are looked at.
const LOOKED_AT: u32 = 2_000;
/// Fewer than this tell nothing of a shape.
const LEAST_VALUES: usize = 10;
/// Share of the values that must read as what the name of their column says.
const CONFIRMED: f64 = 0.8;
/// Share of the values that must have a shape that nothing else has.
const SELF_EVIDENT: f64 = 0.95;
/// Words of a value, on average, from which it is free text.
const FREE_TEXT_WORDS: f64 = 4.0;

impl Described {
    /// A column without a declared meaning gets the one that its name suggests. A pseudonym or number of a person is never guessed: the
    /// numbers of two systems look alike and mean nothing to each other. Amounts neither: a name like `schuld` says what, not of whom.
    #[must_use]
    pub fn by_name(mut self) -> Self {
        let may_be = matches!(self.shape, Shape::Text | Shape::Date)
            || (self.shape == Shape::Number && suggested(&self) == Some(SemanticType::Huisnummer));
        if self.semantic_type.is_none() && may_be {
            self.semantic_type = suggested(&self);
        }
        self
    }

    /// What the values say: whether they bear out the name, and, for text, of which shape they are. A declared meaning stands.
    #[must_use]
    pub fn by_values(mut self, column: &Column) -> Self {
        if self.semantic_type.is_some() {
            return self;
        }
        let values: Vec<&str> = (1..=LOOKED_AT)
            .map_while(|code| column.text(code))
            .collect();
        if let Some(meaning) = suggested(&self)
            && share(&values, |value| reads_as(meaning, value)) >= CONFIRMED
        {
            self.semantic_type = Some(meaning);
        } else if values.len() >= LEAST_VALUES {
            if share(&values, |value| email(value).is_some()) >= SELF_EVIDENT {
                self.semantic_type = Some(SemanticType::Email);
            } else if share(&values, is_postcode) >= SELF_EVIDENT {
                self.semantic_type = Some(SemanticType::Postcode);
            } else if self.shape == Shape::Text {
                self.shape = shape(&values);
            }
        }
        self
    }
}

/// The meaning that the name of a column suggests, of those that may be guessed.
fn suggested(column: &Described) -> Option<SemanticType> {
    SemanticType::suggested_by(&compact(&column.name)).filter(|meaning| {
        !matches!(
            meaning,
            SemanticType::Bsn | SemanticType::Persoonsnummer | SemanticType::Bedrag
        )
    })
}

fn share(values: &[&str], holds: impl Fn(&str) -> bool) -> f64 {
    let n = values.iter().filter(|value| holds(value)).count();
    n as f64 / values.len().max(1) as f64
}

fn is_postcode(value: &str) -> bool {
    let text = compact(value);
    text.len() == 6
        && text.bytes().enumerate().all(|(place, byte)| {
            if place < 4 {
                byte.is_ascii_digit()
            } else {
                byte.is_ascii_lowercase()
            }
        })
}

fn has_no_digit(value: &str) -> bool {
    !value.bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether a value can be read as this meaning.
fn reads_as(meaning: SemanticType, value: &str) -> bool {
    match meaning {
        SemanticType::Voornamen => has_no_digit(value) && GivenNames::parse(value).is_some(),
        SemanticType::Geslachtsnaam | SemanticType::GeslachtsnaamPartner => {
            has_no_digit(value) && !surname::parts(Some(value), None).is_empty()
        }
        SemanticType::Voorvoegsel | SemanticType::VoorvoegselPartner => {
            has_no_digit(value) && value.len() <= 16
        }
        SemanticType::Geboortedatum => PartialDate::parse(value).is_some(),
        SemanticType::Postcode => {
            is_postcode(value)
                || (value.trim().len() == 4 && value.trim().bytes().all(|b| b.is_ascii_digit()))
        }
        SemanticType::Huisnummer => value.trim().starts_with(|c: char| c.is_ascii_digit()),
        SemanticType::Huisnummertoevoeging => value.trim().len() <= 8,
        SemanticType::Straatnaam | SemanticType::Woonplaats => normalise(value)
            .bytes()
            .any(|byte| byte.is_ascii_lowercase()),
        SemanticType::Geslacht => value.trim().len() <= 10,
        SemanticType::Telefoonnummer => !phones(value).is_empty(),
        SemanticType::Email => email(value).is_some(),
        _ => false,
    }
}

/// Of which shape texts are.
fn shape(values: &[&str]) -> Shape {
    if share(values, |value| {
        PartialDate::parse(value).is_some_and(is_plausible)
    }) >= SELF_EVIDENT
    {
        return Shape::Date;
    }
    // What starts with a zero is a code: as a number it would lose it.
    let is_number = |value: &str| {
        let digits = value.trim().strip_prefix('-').unwrap_or(value.trim());
        let is_code = digits.len() > 1 && digits.bytes().all(|b| b.is_ascii_digit());
        number(value).is_some() && !(is_code && digits.starts_with('0'))
    };
    if share(values, is_number) >= SELF_EVIDENT {
        return Shape::Number;
    }
    if is_list(values) {
        return Shape::List;
    }
    let words = values.iter().map(|value| value.split_whitespace().count());
    if words.sum::<usize>() as f64 >= FREE_TEXT_WORDS * values.len() as f64 {
        Shape::FreeText
    } else {
        Shape::Text
    }
}

const fn is_plausible(date: PartialDate) -> bool {
    date.year >= 1850 && date.year <= 2150 && date.month <= 12 && date.day <= 31
}

/// Lists have several short entries, and the same ones come back in other values.
fn is_list(values: &[&str]) -> bool {
    let is_json = |value: &&str| value.trim().starts_with('[') && value.trim().ends_with(']');
    if values.iter().filter(|value| is_json(value)).count() * 2 > values.len() {
        return true;
    }
    let entries = |value: &str| -> Vec<String> {
        let pieces = value.split([';', ',', '|']).map(normalise);
        pieces.filter(|piece| !piece.is_empty()).collect()
    };
    let all: Vec<Vec<String>> = values.iter().map(|value| entries(value)).collect();
    let several = all.iter().filter(|entries| entries.len() > 1).count();
    let flat: Vec<&String> = all.iter().flatten().collect();
    let different: HashSet<&String> = flat.iter().copied().collect();
    let words: usize = flat.iter().map(|entry| entry.split(' ').count()).sum();
    3 * several >= values.len() && 2 * different.len() <= flat.len() && words <= 3 * flat.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Made = Box<dyn Fn(usize) -> String>;

    fn seen(name: &str, values: &[&str]) -> Described {
        let column = Column::from_texts(values.iter().map(|value| Some(*value)));
        Described::text(name).by_values(&column)
    }

    fn many(of: impl Fn(usize) -> String) -> Vec<String> {
        (0..40).map(of).collect()
    }

    #[test]
    fn a_name_counts_where_the_values_bear_it_out() {
        let names = ["Jan", "Piet", "M.J.", "Fatima Zahra"];
        let found = seen("roepnaam", &names);
        assert_eq!(found.semantic_type, Some(SemanticType::Voornamen));
        let found = seen("Geb. datum", &["1980-01-02", "19800000", "2001-12-31"]);
        assert_eq!(found.semantic_type, Some(SemanticType::Geboortedatum));
        let found = seen("postcode", &["2127", "4860"]);
        assert_eq!(found.semantic_type, Some(SemanticType::Postcode));
        // Not what the address comparison reads.
        assert_eq!(seen("postcode", &["SW1A 1AA"]).semantic_type, None);
        assert_eq!(seen("naam", &["12", "13", "x"]).semantic_type, None);
        // A number of a person in one system is not that of another one.
        assert_eq!(seen("klantnummer", &["12", "13"]).semantic_type, None);
    }

    #[test]
    fn meanings_that_the_values_show_by_themselves_need_no_name() {
        let codes = many(|i| format!("{} {}Z", 1000 + 7 * i, (b'A' + (i % 26) as u8) as char));
        let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
        assert_eq!(
            seen("k3", &codes).semantic_type,
            Some(SemanticType::Postcode)
        );
        let mails = many(|i| format!("p{i}@voorbeeld.nl"));
        let mails: Vec<&str> = mails.iter().map(String::as_str).collect();
        assert_eq!(seen("k4", &mails).semantic_type, Some(SemanticType::Email));
    }

    #[test]
    fn the_shape_of_values_decides_how_they_are_compared() {
        let talen = ["Arabisch", "Frans", "Pools", "Turks", "Engels"];
        let made: [(&str, Shape, Made); 7] = [
            (
                "amounts",
                Shape::Number,
                Box::new(|i| format!("{},50", 137 * i + 3)),
            ),
            (
                "whole numbers",
                Shape::Number,
                Box::new(|i| format!("{}", i * i)),
            ),
            (
                "codes with zeros",
                Shape::Text,
                Box::new(|i| format!("{i:06}")),
            ),
            (
                "dates",
                Shape::Date,
                Box::new(|i| format!("{}-03-0{}", 1990 + i, 1 + i % 9)),
            ),
            (
                "lists",
                Shape::List,
                Box::new(move |i| format!("{}; {}", talen[i % 5], talen[(i / 5 + i + 1) % 5])),
            ),
            (
                "free text",
                Shape::FreeText,
                Box::new(|i| format!("komt op dag {i} langs, wil hulp bij post")),
            ),
            (
                "names",
                Shape::Text,
                Box::new(|i| format!("de straat {}", i % 7 + i)),
            ),
        ];
        for (what, shape, of) in made {
            let texts = many(of);
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            assert_eq!(seen("x1", &texts).shape, shape, "{what}");
        }
        let json = many(|i| format!("[\"{}\",\"nr {i}\"]", talen[i % 5]));
        let json: Vec<&str> = json.iter().map(String::as_str).collect();
        assert_eq!(seen("x1", &json).shape, Shape::List);
        // Too few to tell.
        assert_eq!(seen("x1", &["1", "2"]).shape, Shape::Text);
    }

    #[test]
    fn without_values_the_name_alone_speaks() {
        let found = Described::text("Achternaam partner").by_name();
        assert_eq!(
            found.semantic_type,
            Some(SemanticType::GeslachtsnaamPartner)
        );
        let schuld = Described {
            shape: Shape::Number,
            ..Described::text("schuld")
        };
        assert_eq!(schuld.by_name().semantic_type, None);
        let code = Described {
            semantic_type: Some(SemanticType::Code),
            ..Described::text("voornaam")
        };
        assert_eq!(code.by_name().semantic_type, Some(SemanticType::Code));
    }
}
