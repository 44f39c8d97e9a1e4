//! What running a plan came to: every figure and digest.

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// The whole plan.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanResult {
    /// Name of the plan.
    pub(crate) plan: String,
    /// Address of the gateway.
    pub(crate) gateway: String,
    /// The project.
    pub(crate) project_id: Uuid,
    /// Files.
    pub(crate) sources: Vec<SourceResult>,
    /// Linkage runs.
    pub(crate) links: Vec<LinkResult>,
    /// Frames.
    pub(crate) frames: Vec<FrameResult>,
    /// The comparison of algorithms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) selection: Option<Value>,
    /// The report on outflow as the service shows it, when the plan asks one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outflow: Option<Value>,
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) training: Option<TrainingResult>,
    /// The version after review and activation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model_version: Option<Value>,
    /// The answer with its explanations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prediction: Option<Value>,
    /// Scored frames.
    pub(crate) batches: Vec<BatchResult>,
    /// Where people can look.
    pub(crate) pages: Vec<Page>,
}

/// An uploaded file. `rowsIn` = `rowsAccepted` + `rowsQuarantined`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SourceResult {
    /// Name in the plan.
    pub(crate) name: String,
    /// Dataset version.
    pub(crate) dataset_version_id: Uuid,
    /// SHA-256 of the file.
    pub(crate) source_digest: String,
    /// SHA-256 of the analysis part.
    pub(crate) analysis_digest: String,
    /// Records in the file.
    pub(crate) rows_in: u64,
    /// Records accepted.
    pub(crate) rows_accepted: u64,
    /// Records set apart.
    pub(crate) rows_quarantined: u64,
    /// What was found in the file.
    pub(crate) detected: Value,
}

/// A linkage run.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LinkResult {
    /// Name in the plan.
    pub(crate) name: String,
    /// Linkage run.
    pub(crate) linkage_run_id: Uuid,
    /// Links made.
    pub(crate) links: u64,
    /// SHA-256 of the linked dataset.
    pub(crate) linked_digest: String,
    /// What the run found.
    pub(crate) outcome: Value,
    /// Against the truth, where the plan names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) against_truth: Option<LinkScore>,
}

/// Links against the truth, counted in pairs.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LinkScore {
    /// True pairs of the files; one with an unusable record counts as missed.
    pub(crate) true_pairs: u64,
    /// Links that are true.
    pub(crate) found: u64,
    /// Links in all.
    pub(crate) links: u64,
    /// `found / links`.
    pub(crate) precision: f64,
    /// `found / true_pairs`.
    pub(crate) recall: f64,
}

/// A frame.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FrameResult {
    /// Name in the plan.
    pub(crate) name: String,
    /// Frame.
    pub(crate) frame_id: Uuid,
    /// Its dataset version.
    pub(crate) dataset_version_id: Uuid,
    /// SHA-256 of its bytes.
    pub(crate) digest: String,
    /// Rows.
    pub(crate) rows: u64,
    /// Rows per reference date.
    pub(crate) rows_by_reference_date: Vec<u64>,
    /// Columns.
    pub(crate) columns: Value,
    /// What became of the records, for a frame of episodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) episodes: Option<Value>,
}

/// A trained model.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TrainingResult {
    /// Training run.
    pub(crate) training_run_id: Uuid,
    /// Model version in the registry.
    pub(crate) model_version_id: Uuid,
    /// SHA-256 of `model.json`.
    pub(crate) model_digest: String,
    /// The whole run as the API shows it, with evaluation and fairness.
    pub(crate) run: Value,
}

/// A scored frame.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchResult {
    /// Frame.
    pub(crate) frame: String,
    /// Batch.
    pub(crate) batch_id: Uuid,
    /// What it came to.
    pub(crate) outcome: Value,
    /// Highest scores.
    pub(crate) top: Vec<Value>,
}

/// A page to look at.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page {
    /// What it is.
    pub(crate) what: String,
    /// Path on the gateway.
    pub(crate) path: String,
    /// Whether a token is needed.
    pub(crate) needs_token: bool,
}
