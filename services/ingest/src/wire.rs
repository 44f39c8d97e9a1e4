//! What is asked and answered.

use helder_dataset::{Contract, Detected, FieldType, Recipe, recipe::StepReport};
use helder_types::{Digest, SemanticType};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A source to be declared.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewSource {
    /// Name, for instance the system it comes from.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) name: String,
    /// What it is, who keeps it, how often it is delivered.
    #[serde(default)]
    #[schema(max_length = 4000)]
    pub(crate) description: String,
    /// Organisation that keeps the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub(crate) holder: Option<String>,
    /// Name of the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub(crate) system: Option<String>,
}

/// A contract to be declared.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewContract {
    /// Name for people.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) name: String,
    /// The contract.
    pub(crate) contract: Contract,
}

/// A recipe to be declared.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewRecipe {
    /// Name for people.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) name: String,
    /// The steps.
    pub(crate) recipe: Recipe,
}

/// Something declared, as kept.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Declared<T> {
    /// Identifier.
    pub(crate) id: Uuid,
    /// Who declared it.
    pub(crate) created_by: String,
    /// When, UTC.
    pub(crate) created_at: String,
    /// What was declared.
    #[serde(flatten)]
    pub(crate) content: T,
}

/// A dataset to be made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewDataset {
    /// The project it belongs to, which must allow ingest.
    pub(crate) project_id: Uuid,
    /// Name for people.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) name: String,
    /// What it holds.
    #[serde(default)]
    #[schema(max_length = 4000)]
    pub(crate) description: String,
    /// Where it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source_id: Option<Uuid>,
}

/// Where the versions of a dataset come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Origin {
    /// Files.
    Uploaded,
    /// Another service.
    Derived,
}

/// A dataset.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Dataset {
    /// Identifier.
    pub(crate) id: Uuid,
    /// The project it belongs to.
    pub(crate) project_id: Uuid,
    /// Name for people.
    pub(crate) name: String,
    /// What it holds.
    pub(crate) description: String,
    /// Where it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source_id: Option<Uuid>,
    /// Whether its versions are uploaded or derived.
    pub(crate) origin: Origin,
    /// Number of the newest version; 0 when there is none.
    pub(crate) last_number: i64,
    /// Who made it.
    pub(crate) created_by: String,
    /// When, UTC.
    pub(crate) created_at: String,
}

/// A stored part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PartInfo {
    /// SHA-256 of the bytes.
    pub(crate) digest: Digest,
    /// Bytes.
    pub(crate) size_bytes: u64,
    /// Rows.
    pub(crate) rows: u64,
}

/// The stored parts of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Parts {
    /// Nothing that identifies: Parquet.
    pub(crate) analysis: PartInfo,
    /// Sealed identifiers, for linkage only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) identity: Option<PartInfo>,
    /// Broken rules of records set apart: Parquet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) quarantine: Option<PartInfo>,
    /// Sealed records set apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) quarantined_records: Option<PartInfo>,
}

/// Whether a version can be used. Only whole versions exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum VersionState {
    /// Whole.
    Ready,
}

/// What the row of a version keeps as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VersionBody {
    /// SHA-256 of the file, after undoing compression; for derived versions of the table.
    pub(crate) source_digest: Digest,
    /// Records in the file, or rows of the former version.
    pub(crate) rows_in: u64,
    /// Rows in the analysis part.
    pub(crate) rows_accepted: u64,
    /// Records set apart.
    pub(crate) rows_quarantined: u64,
    /// What was found in the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) detected: Option<Detected>,
    /// Columns and rules.
    pub(crate) contract: Contract,
    /// The contract that was asked for; absent when it was suggested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) contract_id: Option<Uuid>,
    /// Stored parts.
    pub(crate) parts: Parts,
    /// Versions it was made from.
    pub(crate) parents: Vec<Uuid>,
    /// The recipe that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) recipe_id: Option<Uuid>,
    /// What each step of the recipe did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) recipe_steps: Vec<StepReport>,
    /// Columns of the file that the contract does not name; left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) ignored_columns: Vec<String>,
}

/// A dataset version; it never changes.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DatasetVersion {
    /// Identifier.
    pub(crate) id: Uuid,
    /// Its dataset.
    pub(crate) dataset_id: Uuid,
    /// The project it belongs to.
    pub(crate) project_id: Uuid,
    /// Number within the dataset, from 1.
    pub(crate) number: i64,
    /// Whether it can be used.
    pub(crate) state: VersionState,
    /// What it holds.
    #[serde(flatten)]
    pub(crate) body: VersionBody,
    /// Who asked for it.
    pub(crate) created_by: String,
    /// When it was whole, UTC.
    pub(crate) created_at: String,
}

/// A recipe to be run.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewRecipeRun {
    /// The recipe.
    pub(crate) recipe_id: Uuid,
}

/// A column of a derived table.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DerivedColumn {
    /// Name in the table.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) name: String,
    /// Storage type.
    #[serde(rename = "type", default)]
    pub(crate) kind: FieldType,
    /// Meaning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) semantic_type: Option<SemanticType>,
}

/// A table that another service made and stored.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewDerivedVersion {
    /// The project it belongs to.
    pub(crate) project_id: Uuid,
    /// Name of the dataset; a second version of the same name and project becomes the next number.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) name: String,
    /// The stored Parquet table.
    pub(crate) digest: Digest,
    /// Its bytes.
    pub(crate) size_bytes: u64,
    /// Its rows.
    pub(crate) rows: u64,
    /// Its columns.
    pub(crate) columns: Vec<DerivedColumn>,
    /// Dataset versions it was made from.
    pub(crate) parents: Vec<Uuid>,
}

/// What was removed at the end of its term. Nobody is named in it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RetentionProof {
    /// Identifier, in order of time.
    pub(crate) id: Uuid,
    /// The project whose data it was.
    pub(crate) project_id: Uuid,
    /// `project-ended` or `identity-term`.
    pub(crate) rule: String,
    /// Parts removed.
    pub(crate) parts: i64,
    /// Rows they held.
    pub(crate) rows: i64,
    /// Their bytes.
    pub(crate) size_bytes: i64,
    /// When, UTC.
    #[schema(format = DateTime)]
    pub(crate) at: String,
}

/// A part of a dataset version that is gone.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RemovedPart {
    /// The version, which stays on record.
    pub(crate) dataset_version_id: Uuid,
    /// `analysis`, `identity`, `quarantine` or `quarantinedRecords`.
    pub(crate) part: String,
    /// SHA-256 of the bytes that were removed.
    pub(crate) digest: Digest,
}

impl RemovedPart {
    /// Its place among the parts of a proof.
    pub(crate) fn key(&self) -> String {
        format!("{}:{}", self.dataset_version_id, self.part)
    }
}
