//! What goes over the wire about comparisons, beside the plan itself.

use helder_types::job::JobState;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::learn::select::{NewSelection, Proposed};

/// A comparison of algorithms.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Selection {
    /// Identifier.
    pub id: Uuid,
    /// The job that does it.
    pub job_id: Uuid,
    /// Where that job stands.
    pub state: JobState,
    /// What was asked.
    #[serde(flatten)]
    pub plan: NewSelection,
    /// What was found; absent until the job has succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<SelectionOutcome>,
    /// Who asked.
    pub created_by: String,
    /// When it was asked, UTC.
    pub created_at: String,
}

/// What a comparison found.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SelectionOutcome {
    /// The simplest that cannot be told from the best, ready for a training run; absent when nothing is better than the base rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<Proposed>,
    /// `helder-selection/1`: a line per candidate, baseline and black box with its figures, the reasons of the proposal, and what was not
    /// tried.
    pub comparison: Value,
    /// Seconds of work per line, added over threads.
    pub seconds: Vec<f64>,
}
