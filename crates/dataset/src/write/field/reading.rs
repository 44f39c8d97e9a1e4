//! How the values of a field are read, decided once from the contract.

use helder_types::SemanticType;

use crate::{
    contract::{Field, FieldType},
    rule::Rule,
    value::{date::DateFormat, number::Notation},
};

/// How values are read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reading {
    Bsn,
    Postcode,
    Pc4,
    ForeignPostcode,
    Huisnummer,
    Name,
    Geslacht,
    Phone,
    Email,
    Region {
        prefix: [u8; 2],
        tail: usize,
        rule: Rule,
    },
    Geboortedatum {
        format: DateFormat,
        latest: i32,
    },
    Cents(Notation),
    Text,
    Integer(Notation),
    Number(Notation),
    Boolean,
    Date(DateFormat),
}

impl Reading {
    /// The reading that the contract asks for; `format` is the date format agreed on, `today` the latest birth date.
    pub(super) fn of(
        field: &Field,
        notation: Notation,
        format: Option<DateFormat>,
        today: i32,
    ) -> Self {
        let dated = |make: fn(DateFormat) -> Reading| format.map_or(Reading::Text, make);
        match field.semantic_type {
            Some(meaning) => match meaning {
                SemanticType::Bsn => Reading::Bsn,
                SemanticType::Postcode => match field.format.as_deref() {
                    Some("pc4") => Reading::Pc4,
                    Some("foreign") => Reading::ForeignPostcode,
                    _ => Reading::Postcode,
                },
                SemanticType::Huisnummer => Reading::Huisnummer,
                SemanticType::Geboortedatum => match format {
                    Some(format) => Reading::Geboortedatum {
                        format,
                        latest: today,
                    },
                    None => Reading::Text,
                },
                SemanticType::Voornamen
                | SemanticType::Geslachtsnaam
                | SemanticType::Voorvoegsel
                | SemanticType::GeslachtsnaamPartner
                | SemanticType::VoorvoegselPartner => Reading::Name,
                SemanticType::Geslacht => Reading::Geslacht,
                SemanticType::Telefoonnummer => Reading::Phone,
                SemanticType::Email => Reading::Email,
                SemanticType::Gemeentecode => Reading::Region {
                    prefix: *b"GM",
                    tail: 0,
                    rule: Rule::Gemeentecode,
                },
                SemanticType::Wijkcode => Reading::Region {
                    prefix: *b"WK",
                    tail: 2,
                    rule: Rule::Wijkcode,
                },
                SemanticType::Buurtcode => Reading::Region {
                    prefix: *b"BU",
                    tail: 4,
                    rule: Rule::Buurtcode,
                },
                SemanticType::Bedrag => Reading::Cents(notation),
                SemanticType::Straatnaam
                | SemanticType::Woonplaats
                | SemanticType::Huisnummertoevoeging
                | SemanticType::Persoonsnummer
                | SemanticType::Code => Reading::Text,
            },
            None => match field.kind {
                FieldType::String => Reading::Text,
                FieldType::Integer => Reading::Integer(notation),
                FieldType::Number => Reading::Number(notation),
                FieldType::Boolean => Reading::Boolean,
                FieldType::Date => dated(Reading::Date),
            },
        }
    }
}

/// Whether a dictionary pays for the texts of a field. Short ones with few different bytes (sex, house numbers) are
/// smaller and faster as bytes behind each other, which compression takes together.
pub(super) fn has_few_values(field: &Field) -> bool {
    field.constraints.allowed.is_some()
        || matches!(
            field.semantic_type,
            Some(
                SemanticType::Code
                    | SemanticType::Gemeentecode
                    | SemanticType::Wijkcode
                    | SemanticType::Buurtcode
                    | SemanticType::Voorvoegsel
            )
        )
}
