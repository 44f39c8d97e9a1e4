//! Blocking rules, as declared.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What of a compared value must be equal. Some give several keys per record (every surname part); one in common is enough.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum KeyFunction {
    /// The whole value, normalised.
    Whole,
    /// First given name.
    First,
    /// Any given name, or any surname part.
    AnyName,
    /// Initial of the first given name.
    Initial,
    /// First three letters (of any surname part).
    Prefix,
    /// Dutch spelling class (of the first given name, of any surname part, of the text).
    Spelling,
    /// How it sounds in Dutch, coarser than the spelling class (of the first given name, of any surname part, of the text).
    Sound,
    /// Year.
    Year,
    /// Year, for pairs of which a record knows no more of the date: day and month are unknown or filled in.
    YearAlone,
    /// Year and month.
    YearMonth,
    /// Month and day, in either order.
    MonthDay,
    /// Whole postcode, or street.
    Place,
    /// Whole postcode or street, with the house number.
    PlaceNumber,
    /// Four digits of the postcode.
    Postcode4,
    /// Town.
    Town,
}

/// One key of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockingKey {
    /// Name of the comparison whose values give the key.
    pub comparison: String,
    /// What of the value must be equal.
    pub key: KeyFunction,
}

/// A conjunction of keys: the pair is looked at when all are equal. A record that misses one is not reached by this rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockingRule {
    /// The keys, at least one.
    pub keys: Vec<BlockingKey>,
}

impl BlockingRule {
    /// A rule of these keys.
    pub fn new(keys: &[(&str, KeyFunction)]) -> Self {
        let keys = keys
            .iter()
            .map(|(comparison, key)| BlockingKey {
                comparison: (*comparison).to_owned(),
                key: *key,
            })
            .collect();
        Self { keys }
    }

    /// How the rule is called in reports, for instance `geboortedatum whole + voornamen initial`.
    pub fn label(&self) -> String {
        let keys: Vec<_> = self
            .keys
            .iter()
            .map(|key| format!("{} {}", key.comparison, key.key.as_str()))
            .collect();
        keys.join(" + ")
    }
}

impl KeyFunction {
    /// For a reader.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::First => "first name",
            Self::AnyName => "any name",
            Self::Initial => "initial",
            Self::Prefix => "first letters",
            Self::Spelling => "spelling class",
            Self::Sound => "sound",
            Self::Year => "year",
            Self::YearAlone => "year, day and month unknown or filled in",
            Self::YearMonth => "year and month",
            Self::MonthDay => "month and day",
            Self::Place => "postcode or street",
            Self::PlaceNumber => "postcode or street, and number",
            Self::Postcode4 => "four digits",
            Self::Town => "town",
        }
    }
}
