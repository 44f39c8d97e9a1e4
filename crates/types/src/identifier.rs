//! Who owns data: organisations and municipalities.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The text does not follow the form of the identifier.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ParseIdentifierError(&'static str);

macro_rules! text_identifier {
    ($(#[$doc:meta])* $name:ident, $check:expr, $message:literal, $pattern:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = ParseIdentifierError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let check: fn(&str) -> bool = $check;
                if check(text) { Ok(Self(text.to_owned())) } else { Err(ParseIdentifierError($message)) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = ParseIdentifierError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some($pattern))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

text_identifier!(
    /// A tenant: a municipality by its CBS code, or another organisation by OIN or short name.
    OrganisationId,
    |text| (2..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'),
    "an organisation is 2 to 40 letters, digits or hyphens",
    "^[A-Za-z0-9-]{2,40}$"
);

text_identifier!(
    /// CBS code of a municipality: `GM` and four digits.
    Gemeentecode,
    |text| text.len() == 6 && text.starts_with("GM") && text.bytes().skip(2).all(|b| b.is_ascii_digit()),
    "a gemeentecode is GM followed by four digits, for instance GM0772",
    "^GM[0-9]{4}$"
);

impl From<Gemeentecode> for OrganisationId {
    fn from(code: Gemeentecode) -> Self {
        Self(code.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organisation_cannot_name_a_path() {
        for bad in ["", "a", "..", "a/b", "GM0772\n", "GM 0772", &"x".repeat(41)] {
            assert!(bad.parse::<OrganisationId>().is_err(), "{bad:?}");
        }
        assert_eq!(
            "00000001003214345000"
                .parse::<OrganisationId>()
                .unwrap()
                .as_str()
                .len(),
            20
        );
    }

    #[test]
    fn a_gemeentecode_has_four_digits() {
        assert!("GM0772".parse::<Gemeentecode>().is_ok());
        for bad in ["gm0772", "GM772", "GM07720", "GMx772"] {
            assert!(bad.parse::<Gemeentecode>().is_err(), "{bad}");
        }
    }
}
