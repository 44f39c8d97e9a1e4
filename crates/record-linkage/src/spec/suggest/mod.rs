//! A default spec from what the columns mean, and, where that is not declared, from what they are called and look like.

mod look;
mod rules;

use std::collections::BTreeMap;

use helder_types::SemanticType;

use super::{ColumnPair, ComparisonSpec, LinkageSpec, MAX_COMPARISONS};
use crate::value::text::compact;
use rules::rules;

/// A column that could be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Name of the column in the table that linkage reads.
    pub name: String,
    /// What it means, if declared.
    pub semantic_type: Option<SemanticType>,
    /// What its values are like.
    pub shape: Shape,
}

/// What the values of a column are like: how they are compared when nobody says what they mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// A word or a few, compared by edit distance.
    #[default]
    Text,
    /// Several words, in any order.
    FreeText,
    /// Several values, in any order.
    List,
    /// A number.
    Number,
    /// One of a closed list, or yes and no: equal or not.
    Code,
    /// A date: of what is not known, so equal or not.
    Date,
}

impl Described {
    /// A column of text without a declared meaning.
    pub fn text(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            semantic_type: None,
            shape: Shape::Text,
        }
    }
}

/// A spec from the declared meanings on both sides. Columns without one, codes and amounts are compared by their [`Shape`] when both sides
/// have them under one name, however that is written. Codes of a region are not: they follow from the address.
///
/// Pseudonym columns (semantic type `bsn`) become deterministic steps and are not compared. Given the same columns the answer is the same.
/// Nothing is guessed here: see [`Described::by_name`] and [`Described::by_values`].
pub fn suggest(left: &[Described], right: &[Described]) -> LinkageSpec {
    let finder = Finder { left, right };
    let mut comparisons = Vec::new();
    let given = finder.pair(SemanticType::Voornamen);
    let surname = finder.pair(SemanticType::Geslachtsnaam);
    if let Some(column) = given.clone() {
        comparisons.push(ComparisonSpec::GivenNames {
            name: "voornamen".into(),
            column,
            surname: surname.clone(),
            other_names: Vec::new(),
        });
    }
    if let Some(column) = surname {
        let partner = |side| Finder::one(side, SemanticType::GeslachtsnaamPartner);
        let (left_partner, right_partner) = (partner(left), partner(right));
        comparisons.push(ComparisonSpec::Surname {
            name: "geslachtsnaam".into(),
            column,
            left_partner,
            right_partner,
            given_names: given,
        });
    }
    if let (Some(column), Some(surname)) = (
        finder.pair(SemanticType::Voorvoegsel),
        finder.pair(SemanticType::Geslachtsnaam),
    ) {
        comparisons.push(ComparisonSpec::SurnamePrefix {
            name: "voorvoegsel".into(),
            column,
            surname,
        });
    }
    if let Some(column) = finder.pair(SemanticType::Geboortedatum) {
        comparisons.push(ComparisonSpec::Date {
            name: "geboortedatum".into(),
            column,
        });
    }
    let postcode = finder.pair(SemanticType::Postcode);
    let street = finder.pair(SemanticType::Straatnaam);
    let town = finder.pair(SemanticType::Woonplaats);
    if postcode.is_some() || street.is_some() || town.is_some() {
        comparisons.push(ComparisonSpec::Address {
            name: "adres".into(),
            postcode,
            number: finder.pair(SemanticType::Huisnummer),
            addition: finder.pair(SemanticType::Huisnummertoevoeging),
            street,
            town,
        });
    }
    if let Some(column) = finder.pair(SemanticType::Geslacht) {
        comparisons.push(ComparisonSpec::Sex {
            name: "geslacht".into(),
            column,
        });
    }
    if let Some(column) = finder.pair(SemanticType::Telefoonnummer) {
        comparisons.push(ComparisonSpec::Phone {
            name: "telefoonnummer".into(),
            column,
        });
    }
    if let Some(column) = finder.pair(SemanticType::Email) {
        comparisons.push(ComparisonSpec::Email {
            name: "email".into(),
            column,
        });
    }
    if let Some(column) = finder.pair(SemanticType::Persoonsnummer) {
        comparisons.push(ComparisonSpec::Exact {
            name: "persoonsnummer".into(),
            column,
        });
    }
    for (column, shape) in finder.unnamed() {
        let name = column.left.clone();
        if comparisons.len() < MAX_COMPARISONS && comparisons.iter().all(|c| c.name() != name) {
            comparisons.push(by_shape(name, column, shape));
        }
    }
    let (blocking, training) = rules(&comparisons);
    let mut spec = LinkageSpec::new(comparisons, blocking);
    spec.training_rules = training;
    spec.deterministic.extend(finder.pair(SemanticType::Bsn));
    spec
}

struct Finder<'a> {
    left: &'a [Described],
    right: &'a [Described],
}

impl Finder<'_> {
    fn one(side: &[Described], semantic: SemanticType) -> Option<String> {
        side.iter()
            .find(|column| column.semantic_type == Some(semantic))
            .map(|column| column.name.clone())
    }

    fn pair(&self, semantic: SemanticType) -> Option<ColumnPair> {
        Some(ColumnPair {
            left: Finder::one(self.left, semantic)?,
            right: Finder::one(self.right, semantic)?,
        })
    }

    /// Columns that both sides have and no meaning explains. Text before what is not text: there is room for so many.
    fn unnamed(&self) -> Vec<(ColumnPair, Shape)> {
        let plain = |column: &&Described| {
            matches!(
                column.semantic_type,
                None | Some(SemanticType::Code | SemanticType::Bedrag)
            )
        };
        let right: BTreeMap<String, &Described> = self
            .right
            .iter()
            .filter(plain)
            .map(|column| (compact(&column.name), column))
            .collect();
        let mut found: Vec<(ColumnPair, Shape)> = self
            .left
            .iter()
            .filter(plain)
            .filter_map(|left| {
                // Of columns that are called the same in every letter, and others, the former.
                let same = self.right.iter().filter(plain);
                let same = same.into_iter().find(|right| right.name == left.name);
                let right = same.or_else(|| right.get(&compact(&left.name)).copied())?;
                let pair = ColumnPair::new(&left.name, &right.name);
                Some((pair, together(left, right)))
            })
            .collect();
        found.sort_by_key(|(_, shape)| !matches!(shape, Shape::Text | Shape::FreeText));
        found
    }
}

/// How two columns are compared: as what both are.
fn together(left: &Described, right: &Described) -> Shape {
    let is_amount = |column: &Described| column.semantic_type == Some(SemanticType::Bedrag);
    if is_amount(left) && is_amount(right) {
        return Shape::Number;
    }
    match (left.shape, right.shape) {
        (one, other) if one == other => one,
        // One of them has several now and then.
        (Shape::List, Shape::Text | Shape::Code) | (Shape::Text | Shape::Code, Shape::List) => {
            Shape::List
        }
        (Shape::FreeText, Shape::Text) | (Shape::Text, Shape::FreeText) => Shape::FreeText,
        _ => Shape::Text,
    }
}

fn by_shape(name: String, column: ColumnPair, shape: Shape) -> ComparisonSpec {
    let levels = Vec::new();
    match shape {
        Shape::Text => ComparisonSpec::Text { name, column },
        Shape::FreeText => ComparisonSpec::FreeText {
            name,
            column,
            levels,
        },
        Shape::List => ComparisonSpec::List {
            name,
            column,
            levels,
        },
        Shape::Number => ComparisonSpec::Number {
            name,
            column,
            levels,
        },
        Shape::Code | Shape::Date => ComparisonSpec::Exact { name, column },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::spec::KeyFunction as K;

    fn column(name: &str, semantic_type: Option<SemanticType>) -> Described {
        Described {
            name: name.into(),
            semantic_type,
            shape: Shape::Text,
        }
    }

    fn names(side: &[Described]) -> BTreeSet<String> {
        side.iter().map(|column| column.name.clone()).collect()
    }

    #[test]
    fn the_suggestion_for_people_has_no_faults() {
        let left = [
            column("bsn_pseudonym", Some(SemanticType::Bsn)),
            column("voornamen", Some(SemanticType::Voornamen)),
            column("achternaam", Some(SemanticType::Geslachtsnaam)),
            column("geboren", Some(SemanticType::Geboortedatum)),
            column("pc", Some(SemanticType::Postcode)),
            column("nr", Some(SemanticType::Huisnummer)),
            column("wijk", None),
        ];
        let right = [left.to_vec(), vec![column("extra", None)]].concat();
        let spec = suggest(&left, &right);
        assert_eq!(spec.faults(&names(&left), &names(&right)), []);
        assert_eq!(spec.deterministic, [ColumnPair::same("bsn_pseudonym")]);
        let compared: Vec<_> = spec.comparisons.iter().map(ComparisonSpec::name).collect();
        assert_eq!(
            compared,
            [
                "voornamen",
                "geslachtsnaam",
                "geboortedatum",
                "adres",
                "wijk"
            ]
        );
        assert_eq!(spec.training_rules.len(), 3);
    }

    #[test]
    fn columns_without_meaning_still_give_a_spec_that_runs() {
        let side = [column("a", None), column("b", None)];
        let spec = suggest(&side, &side);
        assert_eq!(spec.faults(&names(&side), &names(&side)), []);
        assert!(
            spec.blocking_rules.iter().any(|rule| rule.keys.len() == 2
                && rule.keys.iter().all(|key| key.key == K::Sound))
        );
    }

    #[test]
    fn what_nobody_explained_is_compared_as_what_it_looks_like() {
        let of = |name: &str, shape| Described {
            shape,
            ..Described::text(name)
        };
        let left = [
            of("Bedrag_schuld", Shape::Number),
            of("talen", Shape::List),
            of("toelichting", Shape::FreeText),
            of("alleenstaand", Shape::Code),
            of("school", Shape::Text),
            column("schuld", Some(SemanticType::Bedrag)),
            column("buurt", Some(SemanticType::Buurtcode)),
        ];
        let right = [
            of("bedragSchuld", Shape::Number),
            of("talen", Shape::Text),
            of("toelichting", Shape::FreeText),
            of("alleenstaand", Shape::Code),
            of("school", Shape::Number),
            column("schuld", Some(SemanticType::Bedrag)),
            column("buurt", Some(SemanticType::Buurtcode)),
        ];
        let spec = suggest(&left, &right);
        assert_eq!(spec.faults(&names(&left), &names(&right)), []);
        let found: Vec<(&str, String)> = spec
            .comparisons
            .iter()
            .map(|c| {
                let kind = serde_json::to_value(c).unwrap()["type"].clone();
                (c.name(), kind.as_str().unwrap().to_owned())
            })
            .collect();
        let expected = [
            ("toelichting", "freeText"),
            ("school", "text"),
            ("Bedrag_schuld", "number"),
            ("talen", "list"),
            ("alleenstaand", "exact"),
            ("schuld", "number"),
        ];
        let expected = expected.map(|(name, kind)| (name, kind.to_owned()));
        assert_eq!(found, expected);
        // Nobody is looked for by an amount alone.
        let alone = |rule: &crate::spec::BlockingRule| rule.keys.len() == 1;
        let alone = spec.blocking_rules.iter().filter(|rule| alone(rule));
        let keys: Vec<&str> = alone.map(|rule| rule.keys[0].comparison.as_str()).collect();
        assert_eq!(keys, ["toelichting", "school", "alleenstaand"]);
        let numbers = [of("a", Shape::Number), of("b", Shape::Number)];
        let spec = suggest(&numbers, &numbers);
        assert_eq!(spec.faults(&names(&numbers), &names(&numbers)), []);
        assert_eq!(spec.blocking_rules[0].keys.len(), 2);
    }

    #[test]
    fn a_prefix_in_a_column_of_its_own_is_compared_and_names_are_sought_by_sound() {
        let side = [
            column("voornamen", Some(SemanticType::Voornamen)),
            column("tussenvoegsel", Some(SemanticType::Voorvoegsel)),
            column("achternaam", Some(SemanticType::Geslachtsnaam)),
            column("pc", Some(SemanticType::Postcode)),
        ];
        let spec = suggest(&side, &side);
        assert_eq!(spec.faults(&names(&side), &names(&side)), []);
        let prefix = &spec.comparisons[spec.position("voorvoegsel").unwrap()];
        assert_eq!(
            prefix,
            &ComparisonSpec::SurnamePrefix {
                name: "voorvoegsel".into(),
                column: ColumnPair::same("tussenvoegsel"),
                surname: ColumnPair::same("achternaam"),
            }
        );
        let by_sound = |rule: &&crate::spec::BlockingRule| {
            rule.keys.iter().filter(|key| key.key == K::Sound).count() == 2
        };
        assert_eq!(spec.blocking_rules.iter().filter(by_sound).count(), 1);
        let only_names = &side[..3];
        let spec = suggest(only_names, only_names);
        assert_eq!(spec.blocking_rules.iter().filter(by_sound).count(), 1);
        // Without a surname there is nothing it is a prefix of.
        let spec = suggest(&side[..2], &side[..2]);
        assert!(spec.position("voorvoegsel").is_none());
    }
}
