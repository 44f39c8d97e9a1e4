//! What goes over the wire.

mod judged;
mod outcome;
mod rows;
mod rules;

use helder_record_linkage::LinkageSpec;
use helder_types::job::JobState;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{follow::Incremental, review::RunReview};

pub(crate) use judged::{
    ByGroup, ByValue, ColumnGroups, GroupFigures, Measured, MeasuredAtThreshold, Share,
};
pub(crate) use outcome::{
    ClusterCount, ClusterSummary, ExpectedError, GapBin, LinkedDataset, Outcome, Prediction,
};
pub(crate) use rows::{
    ClusterRow, ConflictRow, LinkageLink, PairExplanation, PairRows, Side, UnlinkedRow, WhyUnlinked,
};
pub(crate) use rules::{
    CountRequest, RuleCounts, RuleReach, RuleSuggestion, SuggestRules, SuggestedRule, VersionPair,
};

/// A linkage to run.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewLinkageRun {
    /// Project whose purpose covers the linkage; both versions belong to it.
    pub project_id: Uuid,
    /// Left dataset version; for `oneLeftPerRight` the register, without duplicates.
    pub left: Uuid,
    /// Right dataset version. Absent, or the left one again: people who are more than once in that one version.
    #[serde(default)]
    pub right: Option<Uuid>,
    /// What to link on. Absent: the one which `_suggest` gives for the project, without the columns named below.
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
    /// Columns by whose values links are counted apart, at most 5, of either version. No column that identifies.
    #[serde(default)]
    #[schema(max_items = 5)]
    pub group_by: Vec<String>,
    /// Which records truly belong together, to judge the links by. Never used to make them.
    #[serde(default)]
    pub truth: Option<Truth>,
    /// Name of a derived dataset of the project of which the linked dataset becomes a version.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub dataset_name: Option<String>,
    /// Makes it one of a series of runs; `{}` for the first.
    #[serde(default)]
    pub incremental: Option<Incremental>,
}

/// Which records truly belong together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", tag = "by", deny_unknown_fields)]
pub(crate) enum Truth {
    /// Records with equal values. A record without a value is not judged. The columns may not be compared as well.
    Columns {
        /// Column of the left version.
        left: String,
        /// Column of the right version.
        right: String,
    },
    /// Pairs of row numbers in another dataset version of the project.
    Pairs {
        /// The dataset version that holds them.
        version: Uuid,
        /// Its column with the row number in the left version, from 1.
        left: String,
        /// Its column with the row number in the right version, from 1.
        right: String,
        /// Its column that says whether the two are the same person (`1`, `true`, `ja`, `yes`). With it, only labelled pairs are judged.
        /// Without it, the pairs are all that are true.
        #[serde(default)]
        same: Option<String>,
    },
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
    /// Right dataset version; the left one again when people are sought who are more than once in it.
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
    /// What people made of it, once there is a review of it or it was made with decisions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<RunReview>,
}
