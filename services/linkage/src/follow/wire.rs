//! Runs that follow one another, over the wire.

use helder_record_linkage::incremental::{
    Work,
    entities::{ChangeReason, EventKind},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::wire::{LinkedDataset, Side};

/// A run that another one can follow, or that follows one. It keeps a sealed state, which goes when a part it was made of goes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Incremental {
    /// The run to go on from: of the same project, over the same datasets in versions that are not newer, on the same specification, and
    /// itself `incremental`. Its model is used again, and only what changed is linked. Absent for the first of a series.
    #[serde(default)]
    pub previous: Option<Uuid>,
    /// By which columns a record is known again. Absent: a record is known again as long as what is compared stays the same; one that says
    /// something else counts as one that went and one that came. With `previous`: as that run.
    #[serde(default)]
    pub record_keys: Option<RecordKeys>,
    /// `true`: link everything again with the model of the previous run. The result is the same; it takes longer. Needs `previous`.
    #[serde(default)]
    pub everything: bool,
}

/// The column of each version whose value names a record: each record has one, and no two have the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RecordKeys {
    /// Column of the left version, or of the only one.
    pub left: String,
    /// Column of the right version. Absent: called as on the left.
    #[serde(default)]
    pub right: Option<String>,
}

/// What makes a run one of a series.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Continuation {
    /// The run before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Uuid>,
    /// Whether everything was linked again.
    #[serde(default)]
    pub everything: bool,
    /// What was looked at.
    pub work: Work,
    /// Persons: numbers in use.
    pub entities: u64,
    /// Numbers that are new.
    pub created: u64,
    /// Times that numbers became one.
    pub merged: u64,
    /// Numbers whose records are with several now.
    pub split: u64,
    /// Numbers none of whose records are left.
    pub ended: u64,
    /// The number of every record, as Parquet.
    pub entity_rows: LinkedDataset,
    /// What happened to numbers, as Parquet.
    pub changes: LinkedDataset,
    /// The sealed state; `rows` are records.
    pub state: LinkedDataset,
}

/// The number of the person a record is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntityRow {
    /// Which version.
    pub side: Side,
    /// The row.
    pub row: i64,
    /// The number. It stays with the person from run to run and is never given to another.
    pub entity: u64,
}

/// What happened to the numbers of persons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntityChange {
    /// What happened.
    pub kind: EventKind,
    /// Numbers before.
    pub from: Vec<u64>,
    /// Numbers after.
    pub into: Vec<u64>,
    /// Why.
    pub reasons: Vec<ChangeReason>,
    /// Left rows that have one of the numbers after.
    pub left_rows: Vec<i64>,
    /// Right rows that have one of the numbers after.
    pub right_rows: Vec<i64>,
    /// The surest links that joined the numbers, or joined them before; at most five.
    pub links: Vec<ChangeLink>,
}

/// A link behind a change. A row is absent when its record is no longer in the version.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangeLink {
    /// Row of the left version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_row: Option<i64>,
    /// Row of the right version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right_row: Option<i64>,
    /// Probability of the link.
    pub match_probability: f64,
}
