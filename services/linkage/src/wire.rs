//! What goes over the wire.

use helder_record_linkage::{
    LinkageSpec, TrainedModel,
    blocking::RuleCount,
    run::{RuleResult, Step, StepCount, WeightBin},
};
use helder_types::{Digest, job::JobState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A linkage to run.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewLinkageRun {
    /// Project whose purpose covers the linkage; both versions belong to it.
    pub project_id: Uuid,
    /// Left dataset version; for `oneLeftPerRight` the register, without duplicates.
    pub left: Uuid,
    /// Right dataset version.
    pub right: Uuid,
    /// What to link on. Absent: the suggested specification.
    #[serde(default)]
    pub spec: Option<LinkageSpec>,
    /// Least match probability of a link; goes before the specification's.
    #[serde(default)]
    #[schema(exclusive_minimum = 0.0, exclusive_maximum = 1.0)]
    pub threshold: Option<f64>,
    /// `true`: each record has at most one partner. `false`: a left record may have several right ones (second registrations of a person).
    /// Absent: as the specification says.
    #[serde(default)]
    pub one_to_one: Option<bool>,
}

/// Two dataset versions.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct VersionPair {
    /// Left dataset version.
    pub left: Uuid,
    /// Right dataset version.
    pub right: Uuid,
}

/// Two dataset versions and a specification whose blocking rules are to be counted.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CountRequest {
    /// Project whose purpose covers the linkage; both versions belong to it.
    pub project_id: Uuid,
    /// Left dataset version.
    pub left: Uuid,
    /// Right dataset version.
    pub right: Uuid,
    /// The specification.
    pub spec: LinkageSpec,
}

/// Pairs per blocking rule, before anything is compared.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RuleCounts {
    /// One per rule.
    pub rules: Vec<RuleCount>,
    /// Pairs of all records: left rows times right rows.
    pub all_pairs: u64,
}

/// A linkage run.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkageRun {
    /// Identifier.
    pub id: Uuid,
    /// Project.
    pub project_id: Uuid,
    /// Left dataset version.
    pub left: Uuid,
    /// Right dataset version.
    pub right: Uuid,
    /// The job that does it.
    pub job_id: Uuid,
    /// Where the job stands.
    pub state: JobState,
    /// What it links on.
    pub spec: LinkageSpec,
    /// Who asked.
    pub created_by: String,
    /// When it was asked, UTC.
    pub created_at: String,
    /// What it found; absent until the job has succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// What a run found.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Rows on the left.
    pub left_rows: u64,
    /// Rows on the right.
    pub right_rows: u64,
    /// Links made.
    pub links: u64,
    /// What each step did.
    pub steps: Vec<StepCount>,
    /// What each blocking rule did.
    pub blocking_rules: Vec<RuleResult>,
    /// m, u and weights per comparison, prior, convergence. Absent when nothing was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<TrainedModel>,
    /// Candidate pairs per bit of match weight.
    pub weight_bins: Vec<WeightBin>,
    /// Expected precision and recall by the model itself, without labels. Absent when nothing was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_error: Option<ExpectedError>,
    /// Further right partners per linked left record, as estimated for `oneLeftPerRight`.
    pub duplicate_share: f64,
    /// The links as Parquet.
    pub linked_dataset: LinkedDataset,
    /// Links and their rivals as Parquet, for explanation.
    pub scored_pairs: LinkedDataset,
}

/// A Parquet object of this run.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkedDataset {
    /// Its name.
    pub digest: Digest,
    /// Rows.
    pub rows: u64,
    /// Size in bytes.
    pub size_bytes: u64,
}

/// What the model expects of its own probabilistic links. Holds as far as the model does: no label was looked at.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExpectedError {
    /// Mean match probability of the links.
    pub precision: f64,
    /// Expected true links among all true pairs that a blocking rule reaches.
    pub recall: f64,
}

/// A link. Rows are ordinals of the data records in the uploads, from 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LinkageLink {
    /// Row of the left version.
    pub left_row: i64,
    /// Row of the right version.
    pub right_row: i64,
    /// log2 odds; absent for a deterministic link, which needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub match_weight: Option<f64>,
    /// Probability of being one person.
    pub match_probability: f64,
    /// How the link was found.
    pub step: Step,
    /// Pseudonym of the left row, for the record of processing; not answered.
    #[serde(skip)]
    pub left_pseudonym: Option<String>,
}

/// A pair to explain.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PairRows {
    /// Row of the left version, from 1.
    #[schema(minimum = 1)]
    pub left_row: i64,
    /// Row of the right version, from 1.
    #[schema(minimum = 1)]
    pub right_row: i64,
}

/// Why a pair got its weight. Shows levels, probabilities and weights; never a name or another value.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PairExplanation {
    /// The pair.
    pub left_row: i64,
    /// The pair.
    pub right_row: i64,
    /// Whether the run linked them.
    pub linked: bool,
    /// The step that linked them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
    /// Whether the pair came near enough for its rivals to be weighed; if not, their bar is left out.
    pub rivals_weighed: bool,
    /// The bars. Absent when the specification compares nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waterfall: Option<helder_record_linkage::Waterfall>,
}
