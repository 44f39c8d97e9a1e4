//! A contract proposed from a sample: names give a hint, values must confirm it.

use std::collections::BTreeSet;

use helder_types::{Bsn, SemanticType};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Contract, Field, FieldType, OnInvalid, hints};
use crate::{
    detect::{ColumnDetected, Sample},
    rule::Rule,
    value::{code, date::DateFormat, number::Notation, text, trim},
};

/// A proposed contract and why it looks as it does.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Suggestion {
    /// The proposal. A person should read it before it is used.
    pub contract: Contract,
    /// One reason per field.
    pub reasons: Vec<SuggestionReason>,
}

/// Why a field was proposed in this way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SuggestionReason {
    /// Name of the field.
    pub field: String,
    /// Type or meaning chosen.
    pub choice: String,
    /// Values looked at, empty ones left out.
    pub sampled: u64,
    /// Values that pass the checks of the choice.
    pub supporting: u64,
    /// What a person should know.
    pub remark: String,
}

/// Share of values that must pass before a hint by name is believed, in percent.
const CONFIRMED_PERCENT: usize = 80;
/// Share of values that must pass before a meaning is taken without a hint, in percent.
const SELF_EVIDENT_PERCENT: usize = 95;
/// Least number of values for a meaning without a hint.
const SELF_EVIDENT_VALUES: usize = 10;

/// Proposes a contract for a file from its first records.
pub fn suggest(sample: &Sample, columns: &[ColumnDetected]) -> Suggestion {
    let mut taken = BTreeSet::new();
    let mut fields = Vec::new();
    let mut reasons = Vec::new();
    let mut missing: BTreeSet<String> = BTreeSet::from([String::new()]);
    for (at, (header, found)) in sample.header.iter().zip(columns).enumerate() {
        let mut name = hints::storage_name(header, at);
        while !taken.insert(name.clone()) {
            name.push_str("_2");
        }
        let values: Vec<&[u8]> = sample
            .rows
            .iter()
            .map(|row| trim(row[at].as_bytes()))
            .filter(|value| {
                !value.is_empty()
                    && !found
                        .missing_marks
                        .iter()
                        .any(|mark| mark.as_bytes() == *value)
            })
            .collect();
        missing.extend(found.missing_marks.iter().cloned());
        let (mut field, reason) = propose(name, found, &values);
        field.source = (field.name != *header).then(|| header.clone());
        fields.push(field);
        reasons.push(reason);
    }
    Suggestion {
        contract: Contract {
            fields,
            primary_key: Vec::new(),
            missing_values: missing.into_iter().collect(),
        },
        reasons,
    }
}

/// Fields of a contract that hold BSNs under another meaning, as the sample shows: at least fifty values of nine digits, of which
/// at least nine in ten pass the eleven-test. Such a file must not go in, because a BSN is stored nowhere.
pub fn disguised_bsns(contract: &Contract, sample: &Sample) -> Vec<helder_types::Fault> {
    let holds_bsns = |field: &Field| {
        let Some(at) = sample
            .header
            .iter()
            .position(|header| header == field.header())
        else {
            return false;
        };
        let values: Vec<&[u8]> = sample
            .rows
            .iter()
            .map(|row| trim(row[at].as_bytes()))
            .filter(|value| !value.is_empty())
            .collect();
        let bsns = values
            .iter()
            .filter(|value| is_self_evident(SemanticType::Bsn, value))
            .count();
        values.len() >= 50 && bsns * 10 >= values.len() * 9
    };
    let fields = contract
        .fields
        .iter()
        .enumerate()
        .filter(|(_, field)| field.semantic_type != Some(SemanticType::Bsn));
    fields
        .filter(|(_, field)| holds_bsns(field))
        .map(|(at, _)| {
            let detail = "nearly all values pass the eleven-test; give the field semanticType bsn, or leave it out";
            helder_types::Fault::new(format!("/fields/{at}/semanticType"), "bsn-without-meaning", detail)
        })
        .collect()
}

fn propose(name: String, found: &ColumnDetected, values: &[&[u8]]) -> (Field, SuggestionReason) {
    let mut field = Field {
        name,
        decimal_char: found.decimal,
        group_char: found.thousands,
        ..Field::default()
    };
    let hint = hints::meaning(&found.name);
    let (semantic_type, supporting, mut remark) = meaning(hint, found, values);
    field.semantic_type = semantic_type;
    field.kind = match semantic_type {
        Some(SemanticType::Geboortedatum) => FieldType::Date,
        Some(SemanticType::Bedrag) => FieldType::Number,
        Some(_) => FieldType::String,
        None => storage_type(found, values),
    };
    match (semantic_type, field.kind) {
        (Some(SemanticType::Geboortedatum), _) | (None, FieldType::Date) => {
            field.format.clone_from(&found.date_format);
        }
        (Some(SemanticType::Postcode), _) => {
            let (format, said) = postcode_format(values);
            field.format = format;
            remark = said.unwrap_or(remark);
        }
        _ => {}
    }
    if !matches!(
        (semantic_type, field.kind),
        (Some(SemanticType::Bedrag), _) | (None, FieldType::Number | FieldType::Integer)
    ) {
        (field.decimal_char, field.group_char) = (None, None);
    }
    // A few doubtful names or numbers must not cost whole records; the report counts them.
    if field.identifies_directly() && semantic_type != Some(SemanticType::Bsn) {
        field.on_invalid = OnInvalid::Missing;
    }
    if semantic_type == Some(SemanticType::Bsn) {
        field.on_invalid = OnInvalid::Missing;
        remark.push_str("; replaced by a pseudonym, invalid ones become missing");
    }
    let choice = semantic_type.map_or_else(
        || format!("{:?}", field.kind).to_lowercase(),
        |found| format!("{found:?}").to_lowercase(),
    );
    let reason = SuggestionReason {
        field: field.name.clone(),
        choice,
        sampled: values.len() as u64,
        supporting: supporting as u64,
        remark,
    };
    (field, reason)
}

fn meaning(
    hint: Option<SemanticType>,
    found: &ColumnDetected,
    values: &[&[u8]],
) -> (Option<SemanticType>, usize, String) {
    let passing = |meaning: SemanticType| {
        values
            .iter()
            .filter(|value| passes(meaning, found, value))
            .count()
    };
    if let Some(hint) = hint {
        let supporting = passing(hint);
        if supporting * 100 >= values.len() * CONFIRMED_PERCENT {
            return (
                Some(hint),
                supporting,
                "the name says so and the values agree".into(),
            );
        }
    }
    for candidate in [
        SemanticType::Bsn,
        SemanticType::Postcode,
        SemanticType::Email,
        SemanticType::Gemeentecode,
        SemanticType::Wijkcode,
        SemanticType::Buurtcode,
    ] {
        let supporting = values
            .iter()
            .filter(|value| is_self_evident(candidate, value))
            .count();
        if values.len() >= SELF_EVIDENT_VALUES
            && supporting * 100 >= values.len() * SELF_EVIDENT_PERCENT
        {
            return (
                Some(candidate),
                supporting,
                "the values have this form, whatever the name".into(),
            );
        }
    }
    let remark = match hint {
        Some(hint) => format!(
            "the name suggests {}, but the values do not agree",
            format!("{hint:?}").to_lowercase()
        ),
        None => String::new(),
    };
    (None, values.len(), remark)
}

/// Whether a value passes the check of a meaning that its column's name suggests.
fn passes(meaning: SemanticType, found: &ColumnDetected, value: &[u8]) -> bool {
    let mut out = Vec::new();
    match meaning {
        SemanticType::Bsn => crate::write::bsn(value).is_ok(),
        SemanticType::Postcode => code::foreign_postcode(value, &mut out).is_ok(),
        SemanticType::Huisnummer => code::huisnummer(value, &mut out).is_ok(),
        SemanticType::Geboortedatum => found
            .date_format
            .as_deref()
            .and_then(DateFormat::parse)
            .is_some_and(|format| format.read(value).is_some()),
        SemanticType::Geslacht => code::geslacht(value).is_ok(),
        SemanticType::Telefoonnummer => code::phone(value, &mut out).is_ok(),
        SemanticType::Email => code::email(value, &mut out).is_ok(),
        SemanticType::Gemeentecode => {
            code::region(value, b"GM", 0, Rule::Gemeentecode, &mut out).is_ok()
        }
        SemanticType::Wijkcode => code::region(value, b"WK", 2, Rule::Wijkcode, &mut out).is_ok(),
        SemanticType::Buurtcode => code::region(value, b"BU", 4, Rule::Buurtcode, &mut out).is_ok(),
        SemanticType::Bedrag => {
            let notation = Notation {
                decimal: found.decimal.unwrap_or('.') as u8,
                group: found.thousands.map(|sign| sign as u8),
            };
            notation.cents(value).is_some()
        }
        SemanticType::Voornamen
        | SemanticType::Geslachtsnaam
        | SemanticType::Voorvoegsel
        | SemanticType::GeslachtsnaamPartner
        | SemanticType::VoorvoegselPartner => text::name(value, &mut out).is_ok(),
        SemanticType::Straatnaam
        | SemanticType::Woonplaats
        | SemanticType::Huisnummertoevoeging
        | SemanticType::Persoonsnummer
        | SemanticType::Code => text::clean(value, &mut out).is_ok(),
    }
}

/// Whether a value has a form that hardly anything else has.
fn is_self_evident(meaning: SemanticType, value: &[u8]) -> bool {
    let mut out = Vec::new();
    match meaning {
        SemanticType::Bsn => value.len() == 9 && Bsn::parse(value).is_ok(),
        SemanticType::Postcode => code::postcode(value, &mut out).is_ok(),
        SemanticType::Email => code::email(value, &mut out).is_ok(),
        SemanticType::Gemeentecode => value.starts_with(b"GM") && value.len() == 6,
        SemanticType::Wijkcode => value.starts_with(b"WK") && value.len() == 8,
        SemanticType::Buurtcode => value.starts_with(b"BU") && value.len() == 10,
        _ => false,
    }
}

fn postcode_format(values: &[&[u8]]) -> (Option<String>, Option<String>) {
    let share = |check: &dyn Fn(&[u8]) -> bool| {
        values.iter().filter(|value| check(value)).count() * 100 / values.len().max(1)
    };
    if share(&|value| code::postcode(value, &mut Vec::new()).is_ok()) >= CONFIRMED_PERCENT {
        (None, None)
    } else if share(&|value| code::is_pc4(value)) >= SELF_EVIDENT_PERCENT {
        (Some("pc4".into()), Some("four-digit postcodes".into()))
    } else {
        (
            Some("foreign".into()),
            Some("not Dutch postcodes: any form is accepted".into()),
        )
    }
}

fn storage_type(found: &ColumnDetected, values: &[&[u8]]) -> FieldType {
    let leading_zero = values
        .iter()
        .any(|value| value.len() > 1 && value[0] == b'0' && value[1].is_ascii_digit());
    if found.date_format.is_some()
        && !(found.numeric && found.whole && !hints::names_a_date(&found.name))
    {
        FieldType::Date
    } else if values.is_empty() {
        FieldType::String
    } else if found.numeric && !leading_zero {
        if found.whole {
            FieldType::Integer
        } else {
            FieldType::Number
        }
    } else if values.iter().all(|value| is_word_for_yes_or_no(value)) {
        FieldType::Boolean
    } else {
        FieldType::String
    }
}

/// Digits are left out: 0 and 1 are numbers until somebody says otherwise.
fn is_word_for_yes_or_no(value: &[u8]) -> bool {
    value.len() > 1 && code::boolean(value).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect;

    fn suggested(csv: &str) -> Suggestion {
        let mut scan = detect::EncodingScan::default();
        scan.update(csv.as_bytes());
        let found = detect::csv(csv.as_bytes(), &scan, &[], &crate::Limits::default()).unwrap();
        suggest(&found.sample, &found.detected.columns)
    }

    #[test]
    fn a_municipal_extract_gets_meanings_and_no_fault() {
        let suggestion = suggested(
            "BSN;Geb. datum;Postcode;Huisnr;Bedrag;Klasse;Actief;Code\n\
             249566758;30-07-1955;5611 AB;12;1.234,50;0412;ja;A1\n\
             010000008;05-10-1994;5612AC;3;12,00;0413;nee;A2\n",
        );
        let contract = suggestion.contract;
        assert!(contract.faults().is_empty());
        let of = |name: &str| contract.field(name).unwrap();
        assert_eq!(of("bsn").semantic_type, Some(SemanticType::Bsn));
        assert_eq!(
            of("geb_datum").semantic_type,
            Some(SemanticType::Geboortedatum)
        );
        assert_eq!(of("geb_datum").format.as_deref(), Some("%d-%m-%Y"));
        assert_eq!(of("postcode").semantic_type, Some(SemanticType::Postcode));
        assert_eq!(
            (of("bedrag").semantic_type, of("bedrag").decimal_char),
            (Some(SemanticType::Bedrag), Some(','))
        );
        assert_eq!(
            of("klasse").kind,
            FieldType::String,
            "leading zeros are kept"
        );
        assert_eq!(of("actief").kind, FieldType::Boolean);
        assert_eq!(of("huisnr").source.as_deref(), Some("Huisnr"));
    }

    #[test]
    fn numbers_that_pass_the_eleven_test_are_bsns_whatever_the_name() {
        let mut csv = String::from("kenmerk,waarde\n");
        let valid = (1_u32..).filter_map(|n| {
            let digits = format!("{:09}", 900_000_000 + n);
            Bsn::parse(digits.as_bytes()).is_ok().then_some(digits)
        });
        for digits in valid.take(12) {
            csv.extend([digits.as_str(), ",1\n"]);
        }
        assert_eq!(
            suggested(&csv).contract.fields[0].semantic_type,
            Some(SemanticType::Bsn)
        );
    }

    #[test]
    fn a_name_that_its_values_deny_is_not_believed() {
        let suggestion = suggested("bsn,n\nabc,1\ndef,2\n");
        assert_eq!(suggestion.contract.fields[0].semantic_type, None);
        assert!(suggestion.reasons[0].remark.contains("do not agree"));
    }
}
