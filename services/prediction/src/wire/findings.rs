//! What was found of people on a work list, and what follows from it.

use helder_types::Digest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindingOutcome {
    /// The outcome that the model foretells is there.
    Found,
    /// It is not there.
    NotFound,
    /// It could not be told: nobody home, moved, no consent.
    Undetermined,
}

/// What was found of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewFinding {
    /// Number on the work list.
    #[schema(minimum = 1, maximum = 40_000)]
    pub number: u32,
    /// What was found.
    pub outcome: FindingOutcome,
}

/// Findings to write down.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewFindings {
    /// Each number once. One at a time or many together; what was written down before may be sent again.
    #[schema(min_items = 1, max_items = 5000)]
    pub findings: Vec<NewFinding>,
    /// Why something that was written down before changes, or why it is written down after the batch was revealed. No names: it is shown
    /// with the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 500)]
    pub reason: Option<String>,
}

/// What became of a delivery of findings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordedFindings {
    /// Numbers of which nothing was known before.
    pub recorded: u32,
    /// Numbers of which something else was known before.
    pub corrected: u32,
    /// Numbers of which the same was known before.
    pub unchanged: u32,
    /// Items on the work list.
    pub rows_listed: u64,
    /// Items of which something is known now.
    pub rows_recorded: u64,
}

/// A figure with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ControlEstimate {
    /// The figure.
    pub value: f64,
    /// Lower limit.
    pub lower: f64,
    /// Upper limit.
    pub upper: f64,
}

/// How many times as often.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ControlRatio {
    /// The ratio; null where nothing was found among the rest.
    pub value: Option<f64>,
    /// Lower limit of its 95 % interval.
    pub lower: f64,
    /// Upper limit; null where there is none.
    pub upper: Option<f64>,
}

/// What was found of some rows on the list.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ControlCounts {
    /// Rows on the list.
    pub listed: u64,
    /// With the outcome.
    pub found: u64,
    /// Without.
    pub not_found: u64,
    /// Of whom it could not be told.
    pub undetermined: u64,
    /// Of whom nothing was written down.
    pub missing: u64,
    /// Those with the outcome of all that are told apart, with Wilson's interval; null where nobody is.
    pub share: Option<ControlEstimate>,
}

/// What the model missed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ControlMissed {
    /// Rows scored that were not picked.
    pub rows: u64,
    /// Cases among them.
    pub cases: ControlEstimate,
    /// These, of all cases; null where no case was found anywhere.
    pub share: Option<ControlEstimate>,
}

/// What can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ControlVerdict {
    /// More often than among the others: the whole interval lies above 0.
    Higher,
    /// Less often.
    Lower,
    /// Chance alone could make this difference: that is not to say that there is none.
    NotEnoughData,
}

/// Two shares beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ControlContrast {
    /// The first less the second, with Newcombe's interval.
    pub difference: ControlEstimate,
    /// What can be said; of groups over all groups together (Bonferroni).
    pub verdict: ControlVerdict,
    /// The smallest true difference that these numbers would have shown in four of five cases; null when none would.
    pub smallest_detectable_difference: Option<f64>,
}

/// What was found of a group. A part is null where fewer than ten people stand behind it, or where it would give another group away.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ControlGroup {
    /// Value of the column; null of rows without one.
    pub group: Option<String>,
    /// Rows scored.
    pub rows_scored: Option<u64>,
    /// Of those picked.
    pub picked: Option<ControlCounts>,
    /// Of those drawn who were not picked.
    pub rest: Option<ControlCounts>,
    /// What the model missed in this group.
    pub missed: Option<ControlMissed>,
    /// How often a pick was right, beside all other groups shown.
    pub picked_beside_others: Option<ControlContrast>,
    /// How often somebody passed over was a case, beside all other groups shown.
    pub rest_beside_others: Option<ControlContrast>,
}

/// Why nothing is told of groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ControlNotTold {
    /// There are more than fifty.
    TooManyGroups,
    /// The dataset version is no longer there, and nothing else says who is of which group.
    DatasetGone,
}

/// Groups of a sensitive feature.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ControlFeature {
    /// Column of the dataset version.
    pub feature: String,
    /// Why nothing is told of its groups; absent where they are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_told: Option<ControlNotTold>,
    /// Its groups, by name.
    pub groups: Vec<ControlGroup>,
}

/// Something that was changed, or written down when the list was open.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingsCorrection {
    /// Who.
    pub recorded_by: String,
    /// When, UTC.
    pub recorded_at: String,
    /// Whether the list was open by then, so that it was not found blind.
    pub after_reveal: bool,
    /// Numbers of which nothing was known before.
    pub recorded: u32,
    /// Numbers of which something else was known before.
    pub corrected: u32,
    /// Why.
    pub reason: Option<String>,
}

/// What a control sample came to.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ControlResult {
    /// The batch.
    pub batch_id: Uuid,
    /// Name of the model.
    pub model: String,
    /// The version that scored.
    pub model_version_id: Uuid,
    /// Digest of its file.
    pub model_digest: Digest,
    /// Rows scored, of which the sample was drawn.
    pub rows_scored: u64,
    /// Who opened the list.
    pub revealed_by: String,
    /// When, UTC.
    pub revealed_at: String,
    /// Of those with the highest scores; null where fewer than ten are told apart.
    pub picked: Option<ControlCounts>,
    /// Of the whole sample, those picked among it; null where it would tell of fewer than ten.
    pub sample: Option<ControlCounts>,
    /// Of those drawn who were not picked; null where fewer than ten are told apart.
    pub rest: Option<ControlCounts>,
    /// Picked beside the rest.
    pub contrast: Option<ControlContrast>,
    /// How many times as often a case is found among those picked as among the rest, with Koopman's interval.
    pub ratio: Option<ControlRatio>,
    /// What the model missed.
    pub missed: Option<ControlMissed>,
    /// The same per group of each sensitive feature that was named when the batch was asked.
    pub features: Vec<ControlFeature>,
    /// Deliveries that changed something, or came when the list was open.
    pub corrections: Vec<FindingsCorrection>,
}
