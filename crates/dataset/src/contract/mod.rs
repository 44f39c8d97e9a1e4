//! What a table must look like: Frictionless Table Schema with semantic types.

mod check;
pub(crate) use check::compile_pattern;
pub(crate) mod hints;
mod suggest;

use helder_types::SemanticType;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use suggest::{Suggestion, SuggestionReason, disguised_bsns, suggest};

/// Agreement on the columns of a dataset, their types, meanings and rules.
///
/// Columns of a file that no field names are left out: what nobody declared is not kept.
/// # Source
/// Frictionless Table Schema 1.0; `semanticType`, `source` and `onInvalid` are additions of this project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Contract {
    /// Columns, in the order in which they are stored.
    pub fields: Vec<Field>,
    /// Fields that together name a record; a second record with the same key is quarantined.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub primary_key: Vec<String>,
    /// Texts that mean "no value".
    #[serde(default = "empty_text_is_missing")]
    pub missing_values: Vec<String>,
}

fn empty_text_is_missing() -> Vec<String> {
    vec![String::new()]
}

/// One column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Field {
    /// Name under which the column is stored.
    pub name: String,
    /// Header in the file, when it differs from `name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Storage type. Ignored where `semanticType` decides it.
    #[serde(rename = "type", default)]
    pub kind: FieldType,
    /// For dates: `%d-%m-%Y`, `%Y%m%d`, `excel` …; for postcodes: `pc4` or `foreign`. Detected when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Meaning of the column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub semantic_type: Option<SemanticType>,
    /// Rules on the values.
    #[serde(default, skip_serializing_if = "Constraints::is_empty")]
    pub constraints: Constraints,
    /// What happens to a record whose value breaks a rule.
    #[serde(default)]
    pub on_invalid: OnInvalid,
    /// Texts that mean "no value" in this column, instead of those of the contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_values: Option<Vec<String>>,
    /// Decimal sign, `,` or `.`. Detected when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimal_char: Option<char>,
    /// Sign between thousands. Detected when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_char: Option<char>,
    /// What the column is, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

impl Field {
    /// The header that is looked for in the file.
    pub fn header(&self) -> &str {
        self.source.as_deref().unwrap_or(&self.name)
    }

    /// Whether values of this field point at a person by themselves.
    pub fn identifies_directly(&self) -> bool {
        self.semantic_type
            .is_some_and(SemanticType::identifies_directly)
    }
}

/// Storage type of a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FieldType {
    /// Text.
    #[default]
    String,
    /// Whole number, 64 bits.
    Integer,
    /// Number, double precision.
    Number,
    /// Yes or no (`ja`, `nee`, `true`, `false`, `1`, `0`, `j`, `n`).
    Boolean,
    /// Calendar date.
    Date,
}

/// What happens to a record with an invalid value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnInvalid {
    /// The whole record is set apart, with the reason.
    #[default]
    Quarantine,
    /// The value becomes missing and is counted; the record stays. Not for required fields.
    Missing,
}

/// Rules on the values of a field.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Constraints {
    /// A value must be present.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// Least value: a number (for `bedrag` in euros), or a date as `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<Bound>,
    /// Greatest value, like `minimum`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<Bound>,
    /// The only values allowed, as written in the file.
    #[serde(rename = "enum", default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Vec<String>>,
    /// Regular expression that the whole value must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Greatest length in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u32>,
}

impl Constraints {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks"
)]
fn is_false(value: &bool) -> bool {
    !value
}

/// A bound on a number or on a date.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Bound {
    /// A number.
    Number(f64),
    /// A date, `YYYY-MM-DD`.
    Date(String),
}

impl Contract {
    /// The field called `name`.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Whether a version under this contract has an identity part.
    pub fn has_identity(&self) -> bool {
        self.fields.iter().any(Field::identifies_directly)
    }

    /// Columns of the identity part under this contract; `None` when there is none.
    pub fn identity_schema(&self) -> Option<arrow::datatypes::Schema> {
        use arrow::datatypes::{DataType, Field as Column, Schema};
        if !self.has_identity() {
            return None;
        }
        let text = |name: String| Column::new(name, DataType::Utf8, true);
        let named = self
            .fields
            .iter()
            .filter_map(|field| match field.semantic_type {
                Some(SemanticType::Bsn) => Some(text(format!("{}_pseudonym", field.name))),
                Some(SemanticType::Geslacht) => Some(text(field.name.clone())),
                Some(meaning) if meaning.identifies_directly() => Some(text(field.name.clone())),
                _ => None,
            });
        Some(Schema::new(
            std::iter::once(Column::new("_row", DataType::Int64, false))
                .chain(named)
                .collect::<Vec<_>>(),
        ))
    }

    /// Fills in what the contract leaves open by what was found in the file: date formats and signs of numbers.
    pub fn complete(&mut self, detected: &crate::Detected) {
        for field in &mut self.fields {
            let Some(found) = detected
                .columns
                .iter()
                .find(|found| found.name == field.header())
            else {
                continue;
            };
            let dated = field
                .semantic_type
                .map_or(field.kind == FieldType::Date, |meaning| {
                    meaning == SemanticType::Geboortedatum
                });
            let numeric = field.semantic_type.map_or(
                matches!(field.kind, FieldType::Integer | FieldType::Number),
                |meaning| meaning == SemanticType::Bedrag,
            );
            if dated && field.format.is_none() {
                field.format.clone_from(&found.date_format);
            }
            if numeric {
                field.decimal_char = field.decimal_char.or(found.decimal);
                field.group_char = field.group_char.or(found.thousands);
            }
        }
    }

    /// Fields in an analysis part derived from this contract, with their Arrow types as text.
    pub fn analysis_columns(&self) -> Vec<(String, &'static str)> {
        let mut columns = vec![("_row".to_owned(), "Int64")];
        for field in &self.fields {
            let name = &field.name;
            match field.semantic_type {
                Some(SemanticType::Bsn) => columns.push((format!("{name}_pseudonym"), "Utf8")),
                Some(SemanticType::Geboortedatum) => {
                    columns.push((format!("{name}_year"), "Int32"));
                }
                Some(SemanticType::Postcode) => columns.push((format!("{name}_pc4"), "Utf8")),
                Some(SemanticType::Bedrag) => columns.push((name.clone(), "Int64")),
                Some(meaning) if meaning.identifies_directly() => {}
                Some(_) => columns.push((name.clone(), "Utf8")),
                None => columns.push((
                    name.clone(),
                    match field.kind {
                        FieldType::String => "Utf8",
                        FieldType::Integer => "Int64",
                        FieldType::Number => "Float64",
                        FieldType::Boolean => "Boolean",
                        FieldType::Date => "Date32",
                    },
                )),
            }
        }
        columns
    }
}
