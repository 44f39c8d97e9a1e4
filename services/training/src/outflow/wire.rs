//! What goes over the wire about reports on outflow.

use helder_outflow::OutflowSpec;
use helder_platform::body::Check;
use helder_types::{Digest, Fault, job::JobState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A report on outflow: how long the spells of a frame last, why they end and what goes together with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewOutflowReport {
    /// Project whose purpose covers the analysis.
    pub project_id: Uuid,
    /// A frame of the same project, one row per spell.
    pub frame_id: Uuid,
    /// What its columns mean.
    pub spec: OutflowSpec,
}

impl Check for NewOutflowReport {
    fn faults(&self) -> Vec<Fault> {
        in_spec(self.spec.faults())
    }
}

/// Faults of the spec, with pointers into the body.
pub(crate) fn in_spec(faults: Vec<Fault>) -> Vec<Fault> {
    let placed = faults.into_iter().map(|fault| Fault {
        pointer: format!("/spec{}", fault.pointer),
        ..fault
    });
    placed.collect()
}

/// A report on outflow.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OutflowReport {
    /// Identifier.
    pub id: Uuid,
    /// The job that does it.
    pub job_id: Uuid,
    /// Where that job stands.
    pub state: JobState,
    /// What was asked.
    #[serde(flatten)]
    pub asked: NewOutflowReport,
    /// What came out; absent until the job has succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<OutflowOutcome>,
    /// Who asked.
    pub created_by: String,
    /// When it was asked, UTC.
    pub created_at: String,
}

/// A report in short; the whole is its analysis.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OutflowOutcome {
    /// SHA-256 of the analysis as JSON: the same frame and spec give the same.
    pub analysis_digest: Digest,
    /// Rows of the frame.
    pub rows: u64,
    /// Rows that are spells and were used.
    pub used: u64,
    /// Months until half have left; absent where the data do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median_months: Option<f64>,
    /// Groups of clients that were found; 0 when they are better seen as one.
    pub groups: u32,
}
