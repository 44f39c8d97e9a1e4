//! What goes over the wire about training runs, beside the plan itself.

use helder_model::Change;
use helder_types::{Digest, job::JobState};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::learn::NewTrainingRun;

/// A training run.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TrainingRun {
    /// Identifier.
    pub id: Uuid,
    /// The job that does it.
    pub job_id: Uuid,
    /// Where that job stands.
    pub state: JobState,
    /// What was asked.
    #[serde(flatten)]
    pub plan: NewTrainingRun,
    /// What it changes of the model of another run; absent for runs that learn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit: Option<RunEdit>,
    /// What was made; absent until the job has succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<TrainingOutcome>,
    /// Who asked.
    pub created_by: String,
    /// When it was asked, UTC.
    pub created_at: String,
}

/// What a run changes of the model of another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunEdit {
    /// The run whose model it changes.
    pub of: Uuid,
    /// Why.
    pub reason: String,
    /// What, in this order.
    pub changes: Vec<Change>,
}

/// What a training run made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TrainingOutcome {
    /// The model in the registry.
    pub model_id: Uuid,
    /// The candidate version in the registry.
    pub model_version_id: Uuid,
    /// Name of `model.json`.
    pub model_digest: Digest,
    /// The files of the version.
    pub files: Vec<TrainingFile>,
    /// `evaluation.json`: how good the predictions are on rows kept apart.
    pub evaluation: Value,
    /// `fairness.json`: the figures per group.
    pub fairness: Value,
}

/// A file of the version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TrainingFile {
    /// Its name, for instance `model.json`.
    pub name: String,
    /// Name of its bytes.
    pub digest: Digest,
    /// `application/json` or `text/html`.
    pub media_type: String,
}

impl TrainingOutcome {
    /// The file called `name`.
    pub(crate) fn file(&self, name: &str) -> Option<&TrainingFile> {
        self.files.iter().find(|file| file.name == name)
    }
}
