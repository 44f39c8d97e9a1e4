//! What a run found, over the wire.

use std::collections::BTreeMap;

use helder_record_linkage::{
    TrainedModel,
    run::{AtThreshold, Band, RuleResult, StepCount, WeightBin},
};
use helder_types::Digest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{ByGroup, ColumnGroups, Measured};
use crate::follow::Continuation;

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
    /// Links per whole bit of gap to the best other candidate; those without one are in none.
    #[serde(default)]
    pub runner_up_gaps: Vec<GapBin>,
    /// Expected precision and recall of the weighed links, without labels. Absent when nothing was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_error: Option<ExpectedError>,
    /// Further right partners per linked left record, as estimated for `oneLeftPerRight`.
    pub duplicate_share: f64,
    /// The links as Parquet.
    pub linked_dataset: LinkedDataset,
    /// Links and their rivals as Parquet, for explanation.
    pub scored_pairs: LinkedDataset,
    /// What to expect by threshold, without labels. Absent when nothing was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prediction: Option<Prediction>,
    /// Figures of groups that are linked worse than others. Those of fewer than 10 people are hidden.
    #[serde(default)]
    pub groups: Vec<ByGroup>,
    /// Figures by the values of the columns that were named.
    #[serde(default)]
    pub columns: Vec<ColumnGroups>,
    /// Figures against labels, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
    /// Rows without a link and their best candidates, as Parquet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlinked: Option<LinkedDataset>,
    /// Groups of rows of one person, when one version was looked through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clusters: Option<ClusterSummary>,
    /// The linked dataset as a dataset version, when a name was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset_version_id: Option<Uuid>,
    /// What makes it one of a series, when it was asked to be `incremental`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continuation: Option<Continuation>,
}

/// Links whose gap to the best other candidate lies between a whole bit and the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GapBin {
    /// Gaps from here up to one bit more.
    pub gap: i32,
    /// Links.
    pub links: u64,
}

impl GapBin {
    /// Counts gaps, smallest first.
    pub(crate) fn of(gaps: &[Option<f64>]) -> Vec<Self> {
        let mut counts = BTreeMap::new();
        for gap in gaps.iter().flatten() {
            *counts.entry(gap.floor() as i32).or_insert(0) += 1;
        }
        let bins = counts.into_iter();
        bins.map(|(gap, links)| Self { gap, links }).collect()
    }
}

/// What to expect of the links, without labels. Holds as far as the model does.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Prediction {
    /// Precision and recall by threshold.
    pub thresholds: Vec<AtThreshold>,
    /// Pairs by band of the score.
    pub bands: Vec<Band>,
    /// True pairs expected that no rule reached.
    pub unreached_pairs: f64,
    /// Expected share of the true pairs that the blocking rules up to each reach, in their order.
    pub rule_recall: Vec<f64>,
}

/// Groups of rows of one person.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterSummary {
    /// Groups, rows alone among them.
    pub clusters: u64,
    /// Groups if everything that hangs together were one.
    pub connected_components: u64,
    /// Links that would have joined groups that contradict each other.
    pub conflicts: u64,
    /// Groups by size.
    pub sizes: Vec<ClusterCount>,
    /// Rows of groups of two or more, as Parquet.
    pub rows: LinkedDataset,
    /// The conflicts, as Parquet.
    pub conflict_pairs: LinkedDataset,
}

/// Groups of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterCount {
    /// Rows per group; the last holds larger ones too.
    pub size: u64,
    /// Groups; absent when fewer than 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clusters: Option<u64>,
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
    /// Expected true links among all true pairs expected, those that no blocking rule reaches among them.
    pub recall: f64,
}
