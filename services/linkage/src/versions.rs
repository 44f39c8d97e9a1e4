//! Dataset versions as ingest describes them, and which of their columns linkage may read.

use std::collections::BTreeSet;

use helder_record_linkage::spec::suggest::{Described, Shape};
use helder_types::{Digest, SemanticType};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::follow::Follow;

/// The part of `GET /ingest/v1/dataset-versions/{id}` that linkage needs.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Version {
    /// Project it belongs to.
    pub project_id: Uuid,
    /// Its dataset.
    #[serde(default)]
    pub dataset_id: Option<Uuid>,
    /// Number within the dataset.
    #[serde(default)]
    pub number: Option<i64>,
    /// Its columns; absent while the upload is being read.
    #[serde(default)]
    pub contract: Option<Contract>,
    /// Its stored parts; absent while the upload is being read.
    #[serde(default)]
    pub parts: Option<Parts>,
}

/// The columns of a version.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Contract {
    /// In stored order.
    pub fields: Vec<Field>,
}

/// A column.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Field {
    /// Stored name.
    pub name: String,
    /// Storage type.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    /// Meaning.
    #[serde(default)]
    pub semantic_type: Option<SemanticType>,
    /// Rules on its values.
    #[serde(default)]
    pub constraints: Constraints,
}

/// Rules on values, as far as they tell what the values are like.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Constraints {
    /// The only values allowed.
    #[serde(rename = "enum", default)]
    pub allowed: Option<Vec<serde_json::Value>>,
}

impl Field {
    /// What the values are like, as far as the contract says.
    fn shape(&self) -> Shape {
        match self.kind.as_deref() {
            Some("integer" | "number") => Shape::Number,
            Some("boolean") => Shape::Code,
            Some("date") => Shape::Date,
            _ if self.constraints.allowed.is_some() => Shape::Code,
            _ => Shape::Text,
        }
    }
}

/// Stored parts by digest.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Parts {
    /// Nothing that identifies.
    pub analysis: Part,
    /// Sealed identifiers.
    #[serde(default)]
    pub identity: Option<Part>,
}

/// A stored part.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Part {
    /// Its name.
    pub digest: Digest,
}

/// Where a run reads one side, fixed when it is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    /// Analysis part.
    pub analysis: Digest,
    /// Identity part.
    #[serde(default)]
    pub identity: Option<Digest>,
    /// Columns of the identity part that linkage may read.
    pub identity_columns: BTreeSet<String>,
    /// Columns of the analysis part that linkage may read.
    pub analysis_columns: BTreeSet<String>,
    /// The column with the pseudonym that goes into the linked dataset.
    #[serde(default)]
    pub pseudonym: Option<String>,
}

/// Both sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inputs {
    /// Left.
    pub left: Input,
    /// Right; the left one again when people are sought within one version.
    pub right: Input,
    /// Whether both sides are one version, in which people are sought who are more than once in it.
    #[serde(default)]
    pub is_within: bool,
    /// What is asked besides links.
    #[serde(default)]
    pub asked: Asked,
}

/// What is asked of a run besides links.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// Columns by whose values links are counted apart.
    #[serde(default)]
    pub group_by: Vec<String>,
    /// Which records belong together.
    #[serde(default)]
    pub truth: Option<Labels>,
    /// Derived dataset of which the linked dataset becomes a version.
    #[serde(default)]
    pub dataset_name: Option<String>,
    /// The two versions, to name as its parents.
    #[serde(default)]
    pub parents: Vec<Uuid>,
    /// What makes it one of a series.
    #[serde(default)]
    pub follow: Option<Follow>,
}

/// Where labels are read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "by")]
pub enum Labels {
    /// Columns of the two versions.
    Columns {
        /// Of the left one.
        left: String,
        /// Of the right one.
        right: String,
    },
    /// Pairs of row numbers.
    Pairs {
        /// The version that holds them.
        input: Box<Input>,
        /// Column with the left row.
        left: String,
        /// Column with the right row.
        right: String,
        /// Column that says whether they are the same person.
        #[serde(default)]
        same: Option<String>,
    },
}

impl Inputs {
    /// The versions that are read, each once.
    pub fn sides(&self) -> Vec<&Input> {
        if self.is_within {
            vec![&self.left]
        } else {
            vec![&self.left, &self.right]
        }
    }

    /// Columns of one side that are read besides those that the specification names.
    pub fn besides(&self, is_left: bool) -> Vec<&str> {
        let mut names: Vec<&str> = self.asked.group_by.iter().map(String::as_str).collect();
        if let Some(Labels::Columns { left, right }) = &self.asked.truth {
            names.push(if is_left { left } else { right });
        }
        let follow = self.asked.follow.as_ref();
        if let Some(keys) = follow.and_then(|follow| follow.keys.as_ref()) {
            names.push(keys.column(is_left));
        }
        names
    }
}

impl Version {
    /// The columns linkage may compare, and where they lie. `None` while the version is not ready.
    pub(crate) fn input(&self) -> Option<(Input, Vec<Described>)> {
        let (parts, contract) = (self.parts.as_ref()?, self.contract.as_ref()?);
        let has_identity = parts.identity.is_some();
        let mut input = Input {
            analysis: parts.analysis.digest,
            identity: parts.identity.map(|part| part.digest),
            identity_columns: BTreeSet::new(),
            analysis_columns: BTreeSet::new(),
            pseudonym: None,
        };
        let mut described = Vec::new();
        for field in &contract.fields {
            let identifies = field
                .semantic_type
                .is_some_and(SemanticType::identifies_directly);
            let is_bsn = field.semantic_type == Some(SemanticType::Bsn);
            let name = if is_bsn {
                format!("{}_pseudonym", field.name)
            } else {
                field.name.clone()
            };
            if is_bsn && input.pseudonym.is_none() {
                input.pseudonym = Some(name.clone());
            }
            let in_identity =
                has_identity && (identifies || field.semantic_type == Some(SemanticType::Geslacht));
            if in_identity {
                input.identity_columns.insert(name.clone());
            } else if !identifies || is_bsn {
                input.analysis_columns.insert(name.clone());
            } else {
                continue;
            }
            described.push(Described {
                name,
                semantic_type: field.semantic_type,
                // The identity part holds text.
                shape: if in_identity || is_bsn {
                    Shape::Text
                } else {
                    field.shape()
                },
            });
        }
        Some((input, described))
    }
}

impl Input {
    /// Names of all columns linkage may read.
    pub fn columns(&self) -> BTreeSet<String> {
        self.identity_columns
            .union(&self.analysis_columns)
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(with_identity: bool) -> Version {
        let digest = Digest::of(b"x");
        serde_json::from_value(serde_json::json!({
            "id": Uuid::nil(), "projectId": Uuid::nil(), "state": "ready", "rowsIn": 3,
            "contract": {"fields": [
                {"name": "bsn", "type": "string", "semanticType": "bsn"},
                {"name": "voornamen", "type": "string", "semanticType": "voornamen"},
                {"name": "geslacht", "type": "string", "semanticType": "geslacht"},
                {"name": "state", "type": "string"},
                {"name": "status", "type": "string", "constraints": {"enum": ["open", "dicht"]}},
                {"name": "amount", "type": "integer", "semanticType": "bedrag"}
            ]},
            "parts": {"analysis": {"digest": digest, "rows": 3, "sizeBytes": 1}, "identity": with_identity.then(|| serde_json::json!({"digest": digest}))}
        }))
        .unwrap()
    }

    #[test]
    fn identifying_columns_are_read_from_the_identity_part_only() {
        let (input, described) = version(true).input().unwrap();
        assert_eq!(
            input.identity_columns,
            ["bsn_pseudonym", "geslacht", "voornamen"]
                .map(String::from)
                .into()
        );
        assert_eq!(
            input.analysis_columns,
            ["amount", "state", "status"].map(String::from).into()
        );
        assert_eq!(input.pseudonym.as_deref(), Some("bsn_pseudonym"));
        let shapes: Vec<Shape> = described.iter().map(|column| column.shape).collect();
        let text = [Shape::Text; 4];
        assert_eq!(shapes, [&text[..], &[Shape::Code, Shape::Number]].concat());
    }

    #[test]
    fn a_version_without_identity_part_offers_what_the_analysis_part_holds() {
        let (input, _) = version(false).input().unwrap();
        assert_eq!(
            input.columns(),
            ["amount", "bsn_pseudonym", "geslacht", "state", "status"]
                .map(String::from)
                .into()
        );
    }

    #[test]
    fn a_version_still_being_read_has_no_input() {
        let version: Version = serde_json::from_value(
            serde_json::json!({"id": Uuid::nil(), "projectId": Uuid::nil()}),
        )
        .unwrap();
        assert!(version.input().is_none());
    }
}
