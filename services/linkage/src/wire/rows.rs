//! Rows of a run's result, over the wire.

use helder_record_linkage::run::Step;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
    /// Bits by which the records agree better with each other than either does with its best other candidate that is no link. Below zero: the
    /// other candidate agrees better, and the assignment as a whole spoke for this link. Absent without such a candidate near enough to be
    /// weighed, and for a link that was not weighed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner_up_gap: Option<f64>,
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
    /// The gap of the link to its best other candidate, as among the links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner_up_gap: Option<f64>,
    /// Whether the pair came near enough for its rivals to be weighed; if not, their bar is left out.
    pub rivals_weighed: bool,
    /// The bars. Absent when the specification compares nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waterfall: Option<helder_record_linkage::Waterfall>,
}

/// A side of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Side {
    /// The left version, or the only one.
    Left,
    /// The right version.
    Right,
}

/// Why a row has no link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum WhyUnlinked {
    /// No pair that came near.
    NoCandidate,
    /// Its best candidate is not probable enough.
    BelowThreshold,
    /// Its best candidate has another partner.
    CandidateTaken,
}

/// A row without a link, with its best candidate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UnlinkedRow {
    /// Which version.
    pub side: Side,
    /// Its row.
    pub row: i64,
    /// Row of the other version that came nearest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_row: Option<i64>,
    /// Weight of that pair, other candidates weighed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub match_weight: Option<f64>,
    /// The same as probability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub match_probability: Option<f64>,
    /// Why they are not linked.
    pub why: WhyUnlinked,
}

/// A row of a group of two or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClusterRow {
    /// The group, called by its first row.
    pub cluster: i64,
    /// The row.
    pub row: i64,
    /// Rows in the group.
    pub size: i64,
}

/// A pair above the threshold whose groups contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConflictRow {
    /// One row.
    pub left_row: i64,
    /// The other.
    pub right_row: i64,
    /// Weight of the pair.
    pub match_weight: f64,
    /// Mean weight between the two groups, below zero.
    pub group_weight: f64,
}
