//! Comparisons, as declared.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{KeyFunction, LevelSpec, level};

/// A column on each side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnPair {
    /// Column of the left table.
    pub left: String,
    /// Column of the right table.
    pub right: String,
}

impl ColumnPair {
    /// The columns `left` and `right`.
    pub fn new(left: impl Into<String>, right: impl Into<String>) -> Self {
        Self {
            left: left.into(),
            right: right.into(),
        }
    }

    /// The same name on both sides.
    pub fn same(name: &str) -> Self {
        Self::new(name, name)
    }
}

/// One comparison. `name` is how rules, reports and waterfalls call it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
pub enum ComparisonSpec {
    /// Given names or initials. With `surname`, exchanged first name and surname are recognised.
    GivenNames {
        /// Name of the comparison.
        name: String,
        /// The given names.
        column: ColumnPair,
        /// The surname, to see an exchange.
        #[serde(default)]
        surname: Option<ColumnPair>,
        /// Pairs of names that one person goes by, such as `["Johannes", "Jan"]`; further ones are learned from the files.
        #[serde(default, rename = "otherNames", skip_serializing_if = "Vec::is_empty")]
        other_names: Vec<[String; 2]>,
    },
    /// Surname as a set of parts: own, partner's or both; prefixes in any place. With `given_names`, an exchange is recognised.
    Surname {
        /// Name of the comparison.
        name: String,
        /// The surname.
        column: ColumnPair,
        /// The partner's surname on the left, if the table has it.
        #[serde(default, rename = "leftPartner")]
        left_partner: Option<String>,
        /// The partner's surname on the right, if the table has it.
        #[serde(default, rename = "rightPartner")]
        right_partner: Option<String>,
        /// The given names, to see an exchange.
        #[serde(default, rename = "givenNames")]
        given_names: Option<ColumnPair>,
    },
    /// Prefix of the surname (tussenvoegsel) in a column of its own. Counted apart where the surnames agree, since it mostly follows from
    /// the surname. An empty field says nothing; a prefix written with the surname counts.
    SurnamePrefix {
        /// Name of the comparison.
        name: String,
        /// The prefix.
        column: ColumnPair,
        /// The surname it is a prefix of.
        surname: ColumnPair,
    },
    /// A date by its parts, of which day and month may be unknown.
    Date {
        /// Name of the comparison.
        name: String,
        /// The date, `YYYY-MM-DD` or `YYYYMMDD`.
        column: ColumnPair,
    },
    /// An address as one comparison with ordered levels. At least a postcode, a street or a town.
    Address {
        /// Name of the comparison.
        name: String,
        /// Postcode.
        #[serde(default)]
        postcode: Option<ColumnPair>,
        /// House number.
        #[serde(default)]
        number: Option<ColumnPair>,
        /// Addition to the house number.
        #[serde(default)]
        addition: Option<ColumnPair>,
        /// Street.
        #[serde(default)]
        street: Option<ColumnPair>,
        /// Town.
        #[serde(default)]
        town: Option<ColumnPair>,
    },
    /// M, V (or F), anything else is missing.
    Sex {
        /// Name of the comparison.
        name: String,
        /// The sex.
        column: ColumnPair,
    },
    /// Text by edit distance.
    Text {
        /// Name of the comparison.
        name: String,
        /// The text.
        column: ColumnPair,
    },
    /// Equal or not.
    Exact {
        /// Name of the comparison.
        name: String,
        /// The value.
        column: ColumnPair,
    },
    /// BSN as digits, with the eleven-test and typing errors. For files one holds oneself: on the platform a BSN is a pseudonym.
    Bsn {
        /// Name of the comparison.
        name: String,
        /// The BSN.
        column: ColumnPair,
    },
    /// Phone numbers, one or several, in any notation.
    Phone {
        /// Name of the comparison.
        name: String,
        /// The phone number.
        column: ColumnPair,
    },
    /// E-mail address by local part and domain.
    Email {
        /// Name of the comparison.
        name: String,
        /// The address.
        column: ColumnPair,
    },
    /// A number: equal, one keystroke apart, near.
    Number {
        /// Name of the comparison.
        name: String,
        /// The number.
        column: ColumnPair,
        /// Levels instead of the usual ones.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        levels: Vec<LevelSpec>,
    },
    /// Text of several words, in any order.
    FreeText {
        /// Name of the comparison.
        name: String,
        /// The text.
        column: ColumnPair,
        /// Levels instead of the usual ones.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        levels: Vec<LevelSpec>,
    },
    /// A list of values, as a JSON array or divided by `;`, `,` or `|`, in any order.
    List {
        /// Name of the comparison.
        name: String,
        /// The list.
        column: ColumnPair,
        /// Levels instead of the usual ones.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        levels: Vec<LevelSpec>,
    },
    /// Levels of one's own, best first; "different" comes behind them by itself.
    Composed {
        /// Name of the comparison.
        name: String,
        /// The value.
        column: ColumnPair,
        /// 1 to 13 levels.
        levels: Vec<LevelSpec>,
    },
}

impl ComparisonSpec {
    /// Name of the comparison.
    pub fn name(&self) -> &str {
        match self {
            Self::GivenNames { name, .. }
            | Self::Surname { name, .. }
            | Self::SurnamePrefix { name, .. }
            | Self::Date { name, .. }
            | Self::Address { name, .. }
            | Self::Sex { name, .. }
            | Self::Text { name, .. }
            | Self::Exact { name, .. }
            | Self::Bsn { name, .. }
            | Self::Phone { name, .. }
            | Self::Email { name, .. }
            | Self::Number { name, .. }
            | Self::FreeText { name, .. }
            | Self::List { name, .. }
            | Self::Composed { name, .. } => name,
        }
    }

    /// The levels of a comparison that has composable ones: its own, or the usual ones of its kind.
    pub fn composed_levels(&self) -> Option<Vec<LevelSpec>> {
        let or = |levels: &Vec<LevelSpec>, usual: fn() -> Vec<LevelSpec>| {
            if levels.is_empty() {
                usual()
            } else {
                levels.clone()
            }
        };
        match self {
            Self::Number { levels, .. } => Some(or(levels, level::of_number)),
            Self::FreeText { levels, .. } => Some(or(levels, level::of_free_text)),
            Self::List { levels, .. } => Some(or(levels, level::of_list)),
            Self::Composed { levels, .. } => Some(levels.clone()),
            _ => None,
        }
    }

    /// Whether so many records share a value that no rule gains by it.
    pub(crate) const fn is_weak(&self) -> bool {
        matches!(self, Self::Sex { .. } | Self::SurnamePrefix { .. })
    }

    /// Keys that blocking rules may ask of this comparison.
    pub const fn keys(&self) -> &'static [KeyFunction] {
        use KeyFunction as K;
        match self {
            Self::GivenNames { .. } => &[
                K::Whole,
                K::First,
                K::AnyName,
                K::Initial,
                K::Spelling,
                K::Sound,
            ],
            Self::Surname { .. } => &[K::AnyName, K::Prefix, K::Spelling, K::Sound],
            Self::Date { .. } => &[K::Whole, K::Year, K::YearAlone, K::YearMonth, K::MonthDay],
            Self::Address { .. } => &[K::Whole, K::Place, K::PlaceNumber, K::Postcode4, K::Town],
            Self::SurnamePrefix { .. }
            | Self::Sex { .. }
            | Self::Exact { .. }
            | Self::Bsn { .. }
            | Self::Phone { .. }
            | Self::Number { .. } => &[K::Whole],
            Self::Text { .. } => &[K::Whole, K::Prefix, K::Spelling, K::Sound],
            Self::Email { .. } => &[K::Whole, K::First],
            Self::FreeText { .. } | Self::List { .. } => &[K::Whole, K::AnyName],
            Self::Composed { .. } => &[K::Whole, K::AnyName, K::Prefix, K::Spelling, K::Sound],
        }
    }

    /// The columns it reads, each with the place in the comparison where it is named.
    pub fn columns(&self) -> Vec<(&'static str, Option<&str>, Option<&str>)> {
        fn both<'a>(
            field: &'static str,
            pair: Option<&'a ColumnPair>,
        ) -> (&'static str, Option<&'a str>, Option<&'a str>) {
            (
                field,
                pair.map(|p| p.left.as_str()),
                pair.map(|p| p.right.as_str()),
            )
        }
        match self {
            Self::GivenNames {
                column, surname, ..
            } => vec![
                both("column", Some(column)),
                both("surname", surname.as_ref()),
            ],
            Self::Surname {
                column,
                left_partner,
                right_partner,
                given_names,
                ..
            } => vec![
                both("column", Some(column)),
                ("leftPartner", left_partner.as_deref(), None),
                ("rightPartner", None, right_partner.as_deref()),
                both("givenNames", given_names.as_ref()),
            ],
            Self::SurnamePrefix {
                column, surname, ..
            } => vec![both("column", Some(column)), both("surname", Some(surname))],
            Self::Date { column, .. }
            | Self::Sex { column, .. }
            | Self::Text { column, .. }
            | Self::Exact { column, .. }
            | Self::Bsn { column, .. }
            | Self::Phone { column, .. }
            | Self::Email { column, .. }
            | Self::Number { column, .. }
            | Self::FreeText { column, .. }
            | Self::List { column, .. }
            | Self::Composed { column, .. } => {
                vec![both("column", Some(column))]
            }
            Self::Address {
                postcode,
                number,
                addition,
                street,
                town,
                ..
            } => vec![
                both("postcode", postcode.as_ref()),
                both("number", number.as_ref()),
                both("addition", addition.as_ref()),
                both("street", street.as_ref()),
                both("town", town.as_ref()),
            ],
        }
    }
}
