//! Faults in a contract, all at once.

use std::collections::BTreeSet;

use helder_types::{Fault, SemanticType};

use super::{Bound, Contract, Field, FieldType, OnInvalid};
use crate::value::date::DateFormat;

/// Greatest number of values in a code list.
const LONGEST_CODE_LIST: usize = 10_000;

impl Contract {
    /// Every fault of this contract; empty means it can be used.
    ///
    /// Pointers are JSON pointers into the contract (`/fields/2/constraints/pattern`).
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.fields.is_empty() {
            faults.push(Fault::new("/fields", "empty", "declare at least one field"));
        }
        let mut stored = BTreeSet::new();
        let mut headers = BTreeSet::new();
        for (index, field) in self.fields.iter().enumerate() {
            let at = format!("/fields/{index}");
            name_faults(field, &at, &mut faults);
            for column in stored_names(field) {
                if !stored.insert(column) {
                    let detail = "another field is stored under the same name";
                    faults.push(Fault::new(format!("{at}/name"), "duplicate", detail));
                }
            }
            if !headers.insert(field.header()) {
                faults.push(Fault::new(
                    format!("{at}/source"),
                    "duplicate",
                    "another field reads the same header",
                ));
            }
            type_faults(field, &at, &mut faults);
            constraint_faults(field, &at, &mut faults);
        }
        for (index, key) in self.primary_key.iter().enumerate() {
            if self.field(key).is_none() {
                faults.push(Fault::new(
                    format!("/primaryKey/{index}"),
                    "unknown-field",
                    "names no field of this contract",
                ));
            }
        }
        faults
    }
}

/// Names under which a field appears in the parts.
fn stored_names(field: &Field) -> Vec<String> {
    let name = &field.name;
    match field.semantic_type {
        Some(SemanticType::Bsn) => vec![format!("{name}_pseudonym")],
        Some(SemanticType::Geboortedatum) => vec![name.clone(), format!("{name}_year")],
        Some(SemanticType::Postcode) => vec![name.clone(), format!("{name}_pc4")],
        _ => vec![name.clone()],
    }
}

fn name_faults(field: &Field, at: &str, faults: &mut Vec<Fault>) {
    let name = &field.name;
    let first_is_letter = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
    let rest_is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !first_is_letter || !rest_is_plain || name.len() > 60 {
        let detail = "a name is a letter followed by letters, digits or underscores, 60 at most; put the header in source";
        faults.push(Fault::new(format!("{at}/name"), "name", detail));
    }
    if field
        .source
        .as_ref()
        .is_some_and(|source| source.is_empty() || source.len() > 500)
    {
        faults.push(Fault::new(
            format!("{at}/source"),
            "length",
            "a header has 1 to 500 bytes",
        ));
    }
}

fn type_faults(field: &Field, at: &str, faults: &mut Vec<Fault>) {
    let format_at = format!("{at}/format");
    let dates = field.semantic_type == Some(SemanticType::Geboortedatum)
        || (field.semantic_type.is_none() && field.kind == FieldType::Date);
    match field.format.as_deref() {
        Some(format) if dates => {
            let detail =
                "write the date format as %d-%m-%Y, %d-%m-%y, %Y-%m-%d, %Y%m%d, %d %B %Y or excel";
            let unknown = DateFormat::parse(format).is_none();
            faults.extend(unknown.then(|| Fault::new(format_at, "date-format", detail)));
        }
        None | Some("default") => {}
        Some("pc4" | "foreign") if field.semantic_type == Some(SemanticType::Postcode) => {}
        Some(_) => faults.push(Fault::new(
            format_at,
            "format",
            "this type has no such format",
        )),
    }
    if let Some(sign) = field.decimal_char
        && !matches!(sign, ',' | '.')
    {
        faults.push(Fault::new(
            format!("{at}/decimalChar"),
            "enum",
            "a decimal sign is , or .",
        ));
    }
    if let Some(sign) = field.group_char
        && (!matches!(sign, ',' | '.' | ' ' | '\'') || field.decimal_char == Some(sign))
    {
        let detail = "a thousands sign is one of , . ' or blank, and not the decimal sign";
        faults.push(Fault::new(format!("{at}/groupChar"), "enum", detail));
    }
    if field.on_invalid == OnInvalid::Missing && field.constraints.required {
        let detail = "a required field cannot become missing; use quarantine";
        faults.push(Fault::new(format!("{at}/onInvalid"), "conflict", detail));
    }
}

fn constraint_faults(field: &Field, at: &str, faults: &mut Vec<Fault>) {
    let constraints = &field.constraints;
    let at = format!("{at}/constraints");
    let numeric = match field.semantic_type {
        Some(SemanticType::Bedrag) => true,
        Some(_) => false,
        None => matches!(field.kind, FieldType::Integer | FieldType::Number),
    };
    let dated = match field.semantic_type {
        Some(meaning) => meaning == SemanticType::Geboortedatum,
        None => field.kind == FieldType::Date,
    };
    for (name, bound) in [
        ("minimum", &constraints.minimum),
        ("maximum", &constraints.maximum),
    ] {
        let good = match bound {
            None => true,
            Some(Bound::Number(value)) => numeric && value.is_finite(),
            Some(Bound::Date(text)) => dated && crate::value::date::iso_days(text).is_some(),
        };
        if !good {
            let detail =
                "a bound is a number for numbers, and YYYY-MM-DD for dates; other types have none";
            faults.push(Fault::new(format!("{at}/{name}"), "bound", detail));
        }
    }
    if let (Some(Bound::Number(low)), Some(Bound::Number(high))) =
        (&constraints.minimum, &constraints.maximum)
        && low > high
    {
        faults.push(Fault::new(
            format!("{at}/maximum"),
            "bound",
            "maximum lies below minimum",
        ));
    }
    if let Some(allowed) = &constraints.allowed
        && (allowed.is_empty() || allowed.len() > LONGEST_CODE_LIST)
    {
        faults.push(Fault::new(
            format!("{at}/enum"),
            "length",
            "a code list has 1 to 10000 values",
        ));
    }
    if let Some(pattern) = &constraints.pattern
        && compile_pattern(pattern).is_none()
    {
        faults.push(Fault::new(
            format!("{at}/pattern"),
            "pattern",
            "no usable regular expression",
        ));
    }
}

/// A pattern anchored at both ends, bounded in size so that no contract can exhaust memory.
pub(crate) fn compile_pattern(pattern: &str) -> Option<regex::bytes::Regex> {
    if pattern.len() > 1_000 {
        return None;
    }
    regex::bytes::RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(1 << 20)
        .dfa_size_limit(1 << 20)
        .build()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract(json: &str) -> Contract {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn all_faults_are_named_at_once() {
        let bad = contract(
            r#"{"fields":[
                {"name":"1e","type":"date","format":"klad"},
                {"name":"b","type":"string","constraints":{"minimum":3,"pattern":"(","enum":[]}},
                {"name":"b","constraints":{"required":true},"onInvalid":"missing"}],
              "primaryKey":["zoek"]}"#,
        );
        let codes: Vec<_> = bad
            .faults()
            .into_iter()
            .map(|fault| (fault.pointer, fault.code))
            .collect();
        for expected in [
            ("/fields/0/name", "name"),
            ("/fields/0/format", "date-format"),
            ("/fields/1/constraints/minimum", "bound"),
            ("/fields/1/constraints/pattern", "pattern"),
            ("/fields/1/constraints/enum", "length"),
            ("/fields/2/name", "duplicate"),
            ("/fields/2/onInvalid", "conflict"),
            ("/primaryKey/0", "unknown-field"),
        ] {
            assert!(
                codes.contains(&(expected.0.to_owned(), expected.1.to_owned())),
                "{expected:?} not in {codes:?}"
            );
        }
    }

    #[test]
    fn a_derived_column_cannot_collide_with_another_field() {
        let bad = contract(
            r#"{"fields":[{"name":"bsn","semanticType":"bsn"},{"name":"bsn_pseudonym","type":"string"}]}"#,
        );
        assert_eq!(bad.faults().len(), 1);
    }

    #[test]
    fn unknown_keys_are_refused() {
        assert!(
            serde_json::from_str::<Contract>(r#"{"fields":[],"url":"file:///etc/passwd"}"#)
                .is_err()
        );
    }
}
