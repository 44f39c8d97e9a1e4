//! What goes over the wire about frames.

mod episodes;

use helder_outflow::RecordCounts;
use helder_types::{Digest, job::JobState};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub(crate) use episodes::{NewEpisodes, told};

/// A frame to build.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewFrame {
    /// Project whose purpose covers the training; all tables belong to it.
    pub project_id: Uuid,
    /// What to call it.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// What one row is about, for instance `person`.
    #[schema(min_length = 1, max_length = 100)]
    pub unit: String,
    /// The tables the query may read.
    #[schema(min_items = 1, max_items = 50)]
    pub tables: Vec<NewFrameTable>,
    /// One `SELECT` over the aliases; `reference(reference_date)` holds the reference date.
    pub sql: String,
    /// Days on which the tables are looked at; the query runs once for each. Empty for a frame without time.
    #[serde(default)]
    #[schema(max_items = 240)]
    pub reference_dates: Vec<Date>,
    /// Makes one row per unbroken stretch of a person of the query's rows, which are records of an administration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub episodes: Option<NewEpisodes>,
}

/// A table of a frame: a dataset version or the links of a linkage run.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewFrameTable {
    /// Name in the query.
    #[schema(pattern = "^[a-z][a-z0-9_]{0,59}$")]
    pub alias: String,
    /// The analysis part of this dataset version.
    #[serde(default)]
    pub dataset_version_id: Option<Uuid>,
    /// The linked dataset of this linkage run.
    #[serde(default)]
    pub linkage_run_id: Option<Uuid>,
    /// `feature` (as known on the reference date) or `outcome` (whole).
    #[serde(default)]
    pub role: Role,
    /// Column with the date since which a row is known.
    #[serde(default)]
    pub known_since: Option<String>,
    /// Column with the date on which what the row tells happened.
    #[serde(default)]
    pub event_time: Option<String>,
}

/// What a table tells about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// What was known on the reference date.
    #[default]
    Feature,
    /// What came after.
    Outcome,
}

/// A frame.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Frame {
    /// Identifier.
    pub id: Uuid,
    /// The job that builds it.
    pub job_id: Uuid,
    /// Where that job stands.
    pub state: JobState,
    /// What was asked.
    #[serde(flatten)]
    pub request: NewFrame,
    /// What was built; absent until the job has succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<FrameOutcome>,
    /// Who asked.
    pub created_by: String,
    /// When it was asked, UTC.
    pub created_at: String,
}

/// A built frame.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FrameOutcome {
    /// The frame as a derived dataset version at ingest.
    pub dataset_version_id: Uuid,
    /// Name of its bytes.
    pub digest: Digest,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Rows.
    pub rows: u64,
    /// Rows per reference date, in the order asked.
    pub rows_by_reference_date: Vec<u64>,
    /// Columns in order.
    pub columns: Vec<Column>,
    /// Files read, by alias.
    pub parents: Vec<Parent>,
    /// What became of the records, for a frame of episodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub episodes: Option<RecordCounts>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Column {
    /// Name.
    pub name: String,
    /// `integer`, `number`, `boolean`, `string`, `date` or `datetime`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Parent {
    /// Alias in the query.
    pub name: String,
    /// Name of its bytes.
    pub digest: Digest,
    /// Where it comes from: a public path.
    pub source: String,
}
