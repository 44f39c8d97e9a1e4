//! What a recipe does to the columns, known before any row is read: faults, and the contract afterwards.

use helder_types::{Fault, SemanticType};

use super::{Expression, Recipe, Step};
use crate::{
    contract::{Contract, Field, FieldType, OnInvalid},
    value::date::DateFormat,
};
use arrow::datatypes::DataType;

/// Where a column is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Analysis part.
    Analysis,
    /// Identity part.
    Identity,
    /// Both.
    Both,
}

/// A stored column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnInfo {
    /// Name in the part.
    pub name: String,
    /// Arrow type.
    pub kind: DataType,
    /// Where it is.
    pub part: Part,
}

/// Columns of a version with these parts, without `_row`.
pub fn columns_of(
    analysis: &arrow::datatypes::Schema,
    identity: Option<&arrow::datatypes::Schema>,
) -> Vec<ColumnInfo> {
    let info = |field: &arrow::datatypes::Field, part| ColumnInfo {
        name: field.name().clone(),
        kind: field.data_type().clone(),
        part,
    };
    let real = |field: &&std::sync::Arc<arrow::datatypes::Field>| field.name() != "_row";
    let mut columns: Vec<ColumnInfo> = analysis
        .fields()
        .iter()
        .filter(real)
        .map(|field| info(field, Part::Analysis))
        .collect();
    for field in identity
        .into_iter()
        .flat_map(|schema| schema.fields().iter())
        .filter(real)
    {
        match columns
            .iter_mut()
            .find(|column| column.name == *field.name())
        {
            Some(column) => column.part = Part::Both,
            None => columns.push(info(field, Part::Identity)),
        }
    }
    columns
}

pub(super) const NAME_PARTS: [(&str, SemanticType); 3] = [
    ("voornamen", SemanticType::Voornamen),
    ("voorvoegsel", SemanticType::Voorvoegsel),
    ("geslachtsnaam", SemanticType::Geslachtsnaam),
];
pub(super) const ADDRESS_PARTS: [(&str, SemanticType); 3] = [
    ("straatnaam", SemanticType::Straatnaam),
    ("huisnummer", SemanticType::Huisnummer),
    ("huisnummertoevoeging", SemanticType::Huisnummertoevoeging),
];

/// Arrow type of a derived column.
pub(super) fn arrow_type(kind: FieldType) -> DataType {
    match kind {
        FieldType::String => DataType::Utf8,
        FieldType::Integer => DataType::Int64,
        FieldType::Number => DataType::Float64,
        FieldType::Boolean => DataType::Boolean,
        FieldType::Date => DataType::Date32,
    }
}

impl Recipe {
    /// Every fault of this recipe on these columns, and the columns afterwards.
    ///
    /// Pointers are JSON pointers into the recipe (`/steps/2/columns/0`). Later steps see what earlier ones made.
    pub fn plan(&self, columns: &[ColumnInfo]) -> (Vec<Fault>, Vec<ColumnInfo>) {
        let mut plan = Plan {
            columns: columns.to_vec(),
            faults: Vec::new(),
        };
        if self.steps.is_empty() || self.steps.len() > 100 {
            plan.faults.push(Fault::new(
                "/steps",
                "length",
                "a recipe has 1 to 100 steps",
            ));
        }
        for (at, step) in self.steps.iter().enumerate() {
            plan.step(&format!("/steps/{at}"), step);
        }
        (plan.faults, plan.columns)
    }
}

struct Plan {
    columns: Vec<ColumnInfo>,
    faults: Vec<Fault>,
}

impl Plan {
    fn fault(&mut self, at: String, code: &str, detail: &str) {
        self.faults.push(Fault::new(at, code, detail));
    }

    fn step(&mut self, at: &str, step: &Step) {
        match step {
            Step::Trim { columns }
            | Step::UnifyCase { columns, .. }
            | Step::FoldDiacritics { columns } => {
                if columns.is_empty() {
                    self.fault(format!("{at}/columns"), "empty", "name at least one column");
                }
                for (number, name) in columns.iter().enumerate() {
                    self.text(&format!("{at}/columns/{number}"), name);
                }
            }
            Step::MapCodes { column, codes, .. } => {
                self.text(&format!("{at}/column"), column);
                if codes.is_empty() || codes.len() > 10_000 {
                    self.fault(
                        format!("{at}/codes"),
                        "length",
                        "a mapping has 1 to 10000 codes",
                    );
                }
            }
            Step::ParseDates { column, formats } => {
                if self.text(&format!("{at}/column"), column)
                    && let Some(found) = self.columns.iter_mut().find(|found| found.name == *column)
                {
                    if found.part == Part::Analysis {
                        found.kind = DataType::Date32;
                    } else {
                        self.fault(
                            format!("{at}/column"),
                            "identifying",
                            "columns of the identity part stay text",
                        );
                    }
                }
                if formats.is_empty() {
                    self.fault(format!("{at}/formats"), "empty", "name at least one format");
                }
                for (number, format) in formats.iter().enumerate() {
                    if DateFormat::parse(format).is_none() {
                        self.fault(
                            format!("{at}/formats/{number}"),
                            "date-format",
                            "not a known date format",
                        );
                    }
                }
            }
            Step::SplitNames { column } => self.split(at, column, NAME_PARTS),
            Step::NormaliseAddresses { column } => self.split(at, column, ADDRESS_PARTS),
            Step::Deduplicate { keys } => {
                if keys.is_empty() {
                    self.fault(format!("{at}/keys"), "empty", "name at least one column");
                }
                for (number, key) in keys.iter().enumerate() {
                    self.known(&format!("{at}/keys/{number}"), key);
                }
            }
            Step::Derive {
                name,
                kind,
                expression,
            } => {
                self.expression(&format!("{at}/expression"), expression);
                let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
                if !plain || !name.starts_with(|c: char| c.is_ascii_alphabetic()) || name.len() > 60
                {
                    self.fault(
                        format!("{at}/name"),
                        "name",
                        "a name is a letter followed by letters, digits or underscores",
                    );
                } else {
                    self.add(
                        &format!("{at}/name"),
                        name,
                        arrow_type(*kind),
                        Part::Analysis,
                    );
                }
            }
            Step::Filter { keep, reason } => {
                self.expression(&format!("{at}/keep"), keep);
                if reason.trim().is_empty() || reason.len() > 200 {
                    self.fault(
                        format!("{at}/reason"),
                        "length",
                        "say in 1 to 200 bytes why rows are left out",
                    );
                }
            }
        }
    }

    fn known(&mut self, at: &str, name: &str) -> bool {
        let known = self.columns.iter().any(|column| column.name == name);
        if !known {
            self.fault(
                at.to_owned(),
                "unknown-column",
                "there is no such column at this step",
            );
        }
        known
    }

    fn text(&mut self, at: &str, name: &str) -> bool {
        if !self.known(at, name) {
            return false;
        }
        let is_text = self
            .columns
            .iter()
            .any(|column| column.name == name && column.kind == DataType::Utf8);
        if !is_text {
            self.fault(at.to_owned(), "not-text", "this step needs a text column");
        } else if name.ends_with("_pseudonym") {
            self.fault(at.to_owned(), "pseudonym", "pseudonyms cannot be changed");
            return false;
        }
        is_text
    }

    fn split(&mut self, at: &str, column: &str, parts: [(&str, SemanticType); 3]) {
        if self.text(&format!("{at}/column"), column) {
            self.columns.retain(|found| found.name != column);
            for (name, _) in parts {
                self.add(
                    &format!("{at}/column"),
                    name,
                    DataType::Utf8,
                    Part::Identity,
                );
            }
        }
    }

    fn add(&mut self, at: &str, name: &str, kind: DataType, part: Part) {
        if self.columns.iter().any(|column| column.name == name) {
            self.fault(
                at.to_owned(),
                "duplicate",
                "a column of this name exists already",
            );
        } else {
            self.columns.push(ColumnInfo {
                name: name.to_owned(),
                kind,
                part,
            });
        }
    }

    fn expression(&mut self, at: &str, text: &str) {
        let expression = match Expression::parse(text) {
            Ok(expression) => expression,
            Err(error) => return self.fault(at.to_owned(), "expression", &error.to_string()),
        };
        for name in expression.columns() {
            if self.known(at, name)
                && self
                    .columns
                    .iter()
                    .any(|column| column.name == name && column.part == Part::Identity)
            {
                self.fault(
                    at.to_owned(),
                    "identifying",
                    "an expression may not use columns of the identity part",
                );
            }
        }
    }
}

/// The contract of the version that a recipe makes.
pub fn contract_after(contract: &Contract, recipe: &Recipe) -> Contract {
    let mut after = contract.clone();
    for step in &recipe.steps {
        match step {
            Step::ParseDates { column, .. } => {
                for field in after
                    .fields
                    .iter_mut()
                    .filter(|field| field.name == *column)
                {
                    field.kind = FieldType::Date;
                    field.semantic_type = None;
                    field.format = None;
                    field.constraints = crate::contract::Constraints {
                        required: false,
                        ..Default::default()
                    };
                }
            }
            Step::SplitNames { column } => split_fields(&mut after, column, NAME_PARTS),
            Step::NormaliseAddresses { column } => split_fields(&mut after, column, ADDRESS_PARTS),
            Step::Derive { name, kind, .. } => {
                after.fields.push(Field {
                    name: name.clone(),
                    kind: *kind,
                    ..Field::default()
                });
            }
            _ => {}
        }
    }
    after
        .primary_key
        .retain(|key| after.fields.iter().any(|field| field.name == *key));
    after
}

fn split_fields(contract: &mut Contract, column: &str, parts: [(&str, SemanticType); 3]) {
    contract.fields.retain(|field| field.name != column);
    contract
        .fields
        .extend(parts.into_iter().map(|(name, meaning)| Field {
            name: name.to_owned(),
            semantic_type: Some(meaning),
            on_invalid: OnInvalid::Missing,
            ..Field::default()
        }));
}
