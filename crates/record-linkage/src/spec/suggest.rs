//! A default spec from what the columns mean.

use std::collections::BTreeSet;

use helder_types::SemanticType;

use super::{BlockingRule, ColumnPair, ComparisonSpec, KeyFunction as K, LinkageSpec};

/// A column that could be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Name of the column in the table that linkage reads.
    pub name: String,
    /// What it means, if declared.
    pub semantic_type: Option<SemanticType>,
    /// Whether it holds text (numbers and dates without meaning are not compared).
    pub is_text: bool,
}

/// A spec from the declared meanings on both sides; columns without one are compared as text when both sides have them under one name.
///
/// Pseudonym columns (semantic type `bsn`) become deterministic steps and are not compared. Given the same columns the answer is the same;
/// no value is looked at.
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
    for column in finder.unnamed() {
        let name = column.left.clone();
        if comparisons.len() < super::MAX_COMPARISONS
            && comparisons.iter().all(|c| c.name() != name)
        {
            comparisons.push(ComparisonSpec::Text { name, column });
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

    fn unnamed(&self) -> Vec<ColumnPair> {
        let plain = |column: &&Described| {
            column.is_text && matches!(column.semantic_type, None | Some(SemanticType::Code))
        };
        let right: BTreeSet<_> = self
            .right
            .iter()
            .filter(plain)
            .map(|column| column.name.as_str())
            .collect();
        self.left
            .iter()
            .filter(plain)
            .filter(|c| right.contains(c.name.as_str()))
            .map(|c| ColumnPair::same(&c.name))
            .collect()
    }
}

/// Blocking rules (many narrow ones) and training rules (few, each on one thing) that fit the comparisons.
fn rules(comparisons: &[ComparisonSpec]) -> (Vec<BlockingRule>, Vec<BlockingRule>) {
    let has = |name: &str| {
        comparisons
            .iter()
            .any(|comparison| comparison.name() == name)
    };
    let fits = |keys: &&[(&str, K)]| keys.iter().all(|(name, _)| has(name));
    let (v, g, d, a) = ("voornamen", "geslachtsnaam", "geboortedatum", "adres");
    let blocking: &[&[(&str, K)]] = &[
        &[(d, K::Whole)],
        &[(a, K::PlaceNumber)],
        &[(g, K::AnyName), (v, K::First)],
        &[(g, K::AnyName), (v, K::Initial), (d, K::MonthDay)],
        &[(g, K::AnyName), (v, K::Initial), (d, K::YearMonth)],
        &[(g, K::AnyName), (v, K::Initial), (a, K::Postcode4)],
        &[(g, K::AnyName), (d, K::Year), (a, K::Postcode4)],
        &[(a, K::Place), (g, K::Prefix)],
        &[(a, K::Place), (v, K::Initial)],
        &[(a, K::Place), (d, K::Year)],
        &[(g, K::Spelling), (v, K::Spelling), (d, K::Year)],
        &[(g, K::Spelling), (v, K::Spelling), (d, K::MonthDay)],
        &[(g, K::Prefix), (v, K::First), (d, K::Year)],
        &[(g, K::Prefix), (v, K::First), (a, K::Postcode4)],
        &[(g, K::Prefix), (v, K::Initial), (d, K::MonthDay)],
        &[(g, K::Prefix), (v, K::Initial), (d, K::YearMonth)],
        &[(v, K::First), (a, K::Postcode4), (d, K::Year)],
        &[(v, K::AnyName), (g, K::AnyName), (d, K::Year)],
        // Who has no birth date to be found by is found by less.
        &[(v, K::First), (d, K::YearAlone)],
        &[(g, K::AnyName), (d, K::YearAlone)],
    ];
    let training: &[&[(&str, K)]] = &[
        &[(d, K::Whole)],
        &[(a, K::PlaceNumber)],
        &[(v, K::First), (g, K::AnyName)],
    ];
    let select = |rules: &[&[(&str, K)]]| {
        rules
            .iter()
            .filter(|rule| fits(rule))
            .map(|rule| BlockingRule::new(rule))
            .collect::<Vec<_>>()
    };
    let mut blocking = select(blocking);
    let mut training = select(training);
    for identifier in ["telefoonnummer", "email", "persoonsnummer"] {
        if has(identifier) {
            blocking.push(BlockingRule::new(&[(identifier, K::Whole)]));
        }
    }
    let texts: Vec<&str> = comparisons
        .iter()
        .filter(|c| matches!(c, ComparisonSpec::Text { .. }))
        .map(ComparisonSpec::name)
        .collect();
    if blocking.is_empty() {
        // Nothing is known about the columns: pairs must agree on one of them, and the cap drops what is too common.
        for comparison in comparisons
            .iter()
            .filter(|comparison| comparison.keys().contains(&K::Whole))
        {
            blocking.push(BlockingRule::new(&[(comparison.name(), K::Whole)]));
        }
    } else {
        // A text both sides share lends the dates and names a further narrow rule.
        for text in texts {
            for (name, key) in [(g, K::AnyName), (v, K::First)] {
                if has(name) && blocking.len() < 30 {
                    blocking.push(BlockingRule::new(&[(text, K::Whole), (name, key)]));
                }
            }
        }
    }
    if training.len() < 2 {
        training.clear();
    }
    (blocking, training)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, semantic_type: Option<SemanticType>) -> Described {
        Described {
            name: name.into(),
            semantic_type,
            is_text: true,
        }
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
        let names = |side: &[Described]| side.iter().map(|c| c.name.clone()).collect();
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
        let names: BTreeSet<String> = ["a", "b"].map(String::from).into();
        assert_eq!(spec.faults(&names, &names), []);
    }
}
