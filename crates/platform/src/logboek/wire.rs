//! What is asked and answered, in the words of the extension *lezen*.

use helder_types::Fault;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::body::Check;

/// What is looked for. At least one of `traceId`, `dpl.core.processing_activity_id` and `dpl.core.data_subject_id` is needed;
/// what is given holds all together.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"dpl.core.processing_activity_id": "https://register.example/verwerkingen/1"})))]
pub struct ProcessingActivityQuery {
    /// The trace, its 16 bytes written as a UUID.
    #[serde(default, rename = "traceId")]
    pub trace_id: Option<Uuid>,
    /// URI of the activity in the register of processing activities.
    #[serde(default, rename = "dpl.core.processing_activity_id")]
    #[schema(min_length = 1, max_length = 2000)]
    pub processing_activity_id: Option<String>,
    /// The data subject as records name it: a pseudonym. A burgerservicenummer, or an identifier that a client predicted with, is
    /// turned into the pseudonyms that it has in the projects of the organisation; it is not stored.
    #[serde(default, rename = "dpl.core.data_subject_id")]
    #[schema(min_length = 1, max_length = 400)]
    pub data_subject_id: Option<String>,
    /// Kind of identifier; `BSN`, `pseudonym`, `table-row` or `other`.
    #[serde(default, rename = "dpl.core.data_subject_id_type")]
    #[schema(max_length = 200)]
    pub data_subject_id_type: Option<String>,
    /// The application that called.
    #[serde(default, rename = "dpl.core.foreign_operation.processor")]
    #[schema(max_length = 2000)]
    pub processor: Option<String>,
    /// Where the next application in the chain can be read.
    #[serde(default, rename = "dpl.read.externalReadAPI_id")]
    #[schema(max_length = 2000)]
    pub external_read_api: Option<String>,
    /// Only what started at this time or later: milliseconds since 1970.
    #[serde(default, rename = "startTime")]
    #[schema(minimum = 0)]
    pub start_time: Option<i64>,
    /// Only what ended at this time or before: milliseconds since 1970.
    #[serde(default, rename = "endTime")]
    #[schema(minimum = 0)]
    pub end_time: Option<i64>,
}

impl Check for ProcessingActivityQuery {
    const NUMBER_MAY_STAND_AT: &'static [&'static str] = &["/dpl.core.data_subject_id"];

    fn faults(&self) -> Vec<Fault> {
        let has_key = self.trace_id.is_some()
            || self.processing_activity_id.is_some()
            || self.data_subject_id.is_some();
        let fault = Fault::new(
            "",
            "no-key",
            "give traceId, dpl.core.processing_activity_id or dpl.core.data_subject_id",
        );
        (!has_key).then_some(fault).into_iter().collect()
    }
}

/// One record: an act on the data of at most one person (*logregel*).
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProcessingActivity {
    /// The trace, its 16 bytes written as a UUID.
    pub trace_id: Uuid,
    /// The act: 16 hex digits.
    #[schema(pattern = "^[0-9a-f]{16}$")]
    pub span_id: String,
    /// The act that called this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9a-f]{16}$")]
    pub parent_span_id: Option<String>,
    /// How it ended.
    pub status: ProcessingStatus,
    /// What was done, for people.
    #[schema(min_length = 1)]
    pub name: String,
    /// Start, milliseconds since 1970.
    #[schema(minimum = 0)]
    pub start_time: i64,
    /// End, milliseconds since 1970.
    #[schema(minimum = 0)]
    pub end_time: i64,
    /// `dpl.core.processing_activity_id`; for a person `dpl.core.data_subject_id` and `dpl.core.data_subject_id_type`; when
    /// another application called, `dpl.core.foreign_operation.processor`.
    pub attributes: Map<String, Value>,
    /// What did it.
    pub resource: Resource,
}

/// What did the act.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = ProcessingResource)]
pub struct Resource {
    /// Service, version, project, and the model where one was used.
    pub attributes: Map<String, Value>,
}

/// How an act ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub enum ProcessingStatus {
    /// Without fault of ours, without result.
    Unset,
    /// Done.
    Ok,
    /// Something of ours failed.
    Error,
}

impl ProcessingStatus {
    /// Of the written form; what is unknown is unset.
    pub fn read(text: &str) -> Self {
        match text {
            "Ok" => Self::Ok,
            "Error" => Self::Error,
            _ => Self::Unset,
        }
    }
}

/// Records, oldest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProcessingActivityPage {
    /// At most `limit` of them.
    pub processing_activities: Vec<ProcessingActivity>,
    /// Cursor of what follows; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
