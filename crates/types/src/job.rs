//! Long work, as seen from outside.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ProblemDetails;

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Waits for a worker.
    Queued,
    /// A worker holds its lease.
    Running,
    /// Done; `result` says where to look.
    Succeeded,
    /// Ended by a fault; `problem` says which.
    Failed,
    /// Stopped on request.
    Cancelled,
}

impl JobState {
    /// Whether nothing will change any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

/// How far a stage is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobProgress {
    /// Units done.
    pub done: u64,
    /// Units in all, 0 while unknown.
    pub total: u64,
    /// `rows`, `bytes`, `pairs` …
    pub unit: String,
    /// Units per second since the stage began; absent while that says nothing.
    #[serde(default, rename = "perSecond", skip_serializing_if = "Option::is_none")]
    pub per_second: Option<u64>,
    /// Seconds until the stage is done at that pace; absent while the size is unknown.
    #[serde(
        default,
        rename = "secondsLeft",
        skip_serializing_if = "Option::is_none"
    )]
    pub seconds_left: Option<u64>,
}

/// How learning goes, of a model that is learned in rounds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobLearning {
    /// Round that was reached, counted from 0.
    pub round: u64,
    /// Rounds at most; learning ends before, when it gains nothing for a while.
    pub max_rounds: u64,
    /// Mean log loss of the rows learned from, in that round.
    pub training_loss: f64,
    /// The same of rows kept apart to say when to stop.
    pub validation_loss: f64,
    /// Bags, the models whose mean is learned, that a former attempt of this job had finished; they are not learned again. Absent
    /// for none.
    #[serde(default, skip_serializing_if = "is_none")]
    pub kept_bags: u64,
    /// Both over the rounds so far, at most 100 points.
    pub curve: Vec<LearningRound>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_none(count: &u64) -> bool {
    *count == 0
}

/// Losses of a round.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LearningRound {
    /// Counted from 0.
    pub round: u64,
    /// Mean log loss of the rows learned from.
    pub training_loss: f64,
    /// The same of rows kept apart.
    pub validation_loss: f64,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Identifier.
    pub id: Uuid,
    /// Kind of work, for instance `ingest-upload`.
    pub kind: String,
    /// Where it stands.
    pub state: JobState,
    /// What it is doing, for a person.
    pub stage: String,
    /// How far the stage is.
    pub progress: JobProgress,
    /// How learning goes; only of jobs that learn a model in rounds, from their first news on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning: Option<JobLearning>,
    /// How often a worker began it. Above 1 a former worker ended without finishing it, or met a fault; each attempt starts again from the
    /// first stage, takes what a former one had kept, and comes to the same result.
    #[serde(default)]
    pub attempts: u32,
    /// Public path of what it made, once succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemDetails>,
    /// When it was asked, UTC, RFC 3339.
    pub created_at: String,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
}
