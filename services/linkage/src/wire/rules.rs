//! Specifications and their blocking rules, over the wire.

use helder_record_linkage::{LinkageSpec, blocking::RuleCount};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Two dataset versions.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct VersionPair {
    /// Project whose purpose covers the linkage; both versions belong to it. With it, values are looked at of columns that no contract
    /// explains; that needs `linkage:write`, and is on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<Uuid>,
    /// Left dataset version.
    pub left: Uuid,
    /// Right dataset version. Absent, or the left one again: pairs within that one version.
    #[serde(default)]
    pub right: Option<Uuid>,
}

/// Two dataset versions and a specification whose blocking rules are to be counted.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CountRequest {
    /// Project whose purpose covers the linkage; both versions belong to it.
    pub project_id: Uuid,
    /// Left dataset version.
    pub left: Uuid,
    /// Right dataset version. Absent, or the left one again: pairs within that one version.
    #[serde(default)]
    pub right: Option<Uuid>,
    /// The specification.
    pub spec: LinkageSpec,
}

/// Pairs per blocking rule, before anything is compared. The rules are those that a run would use: the declared ones, and those that the
/// two versions can afford besides.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RuleCounts {
    /// One per rule, in the order in which they are used.
    pub rules: Vec<RuleReach>,
    /// Pairs that some rule reaches, none counted twice.
    pub candidate_pairs: u64,
    /// Whether new and cumulative pairs are estimated from a part of the left rows, because there are many. Pairs per rule are always exact.
    pub is_estimated: bool,
    /// Pairs of all records.
    pub all_pairs: u64,
}

/// What a rule reaches, and what it adds.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RuleReach {
    /// What it reaches by itself.
    #[serde(flatten)]
    pub count: RuleCount,
    /// Whether the specification declares it; if not, it was added because the versions can afford it.
    pub is_declared: bool,
    /// Pairs that no earlier rule reaches.
    pub new_pairs: u64,
    /// Pairs that this or an earlier rule reaches, none counted twice.
    pub cumulative_pairs: u64,
}

/// Which rules reach a wanted recall at the least cost?
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SuggestRules {
    /// Project whose purpose covers the linkage; both versions belong to it.
    pub project_id: Uuid,
    /// Left dataset version.
    pub left: Uuid,
    /// Right dataset version. Absent, or the left one again: pairs within that one version.
    #[serde(default)]
    pub right: Option<Uuid>,
    /// The specification; only its rules are replaced. Absent: the suggested one.
    #[serde(default)]
    pub spec: Option<LinkageSpec>,
    /// Share of the true pairs that some rule must reach.
    #[schema(exclusive_minimum = 0.0, exclusive_maximum = 1.0)]
    pub recall: f64,
}

/// Blocking rules for a wanted recall.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RuleSuggestion {
    /// The specification with these rules; `pairsPerRecord` is 0, so that a run adds none.
    pub spec: LinkageSpec,
    /// The rules, in the order in which they were chosen.
    pub rules: Vec<SuggestedRule>,
    /// Expected share of the true pairs that they reach.
    pub expected_recall: f64,
    /// Whether that is what was asked.
    pub is_reached: bool,
    /// Expected candidate pairs, pairs of several rules counted several times.
    pub expected_pairs: u64,
    /// Probable pairs from which recall was estimated.
    pub probable_pairs: u64,
}

/// A rule with what it is expected to bring.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SuggestedRule {
    /// The rule, for a reader.
    pub rule: String,
    /// Pairs it is expected to reach by itself.
    pub expected_pairs: u64,
    /// Expected share of the true pairs that this or an earlier rule reaches.
    pub cumulative_recall: f64,
}
