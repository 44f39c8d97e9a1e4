//! Figures by group and against labels, over the wire.

use helder_record_linkage::groups::Group;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A share with its 95 % interval (Wilson).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Share {
    /// How many.
    pub count: u64,
    /// Of how many.
    pub total: u64,
    /// `count / total`.
    pub value: f64,
    /// Lower limit.
    pub low: f64,
    /// Upper limit.
    pub high: f64,
}

/// Figures of a group. All are absent when it holds fewer than 10 people, or when it must be hidden so that another stays hidden.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupFigures {
    /// Whether the figures are hidden.
    pub is_hidden: bool,
    /// Left rows in the group that have a link. Absent where a row alone does not show the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_linked: Option<Share>,
    /// The same for right rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right_linked: Option<Share>,
    /// Links of people in the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<u64>,
    /// Expected share of true ones among the weighed links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_precision: Option<f64>,
    /// Expected share of the true pairs that are linked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_recall: Option<f64>,
    /// True ones among the links, by the labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<Share>,
    /// Linked ones among the true pairs, by the labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recall: Option<Share>,
}

/// Figures of a group that shows in the records themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ByGroup {
    /// The group.
    pub group: Group,
    /// Its figures.
    #[serde(flatten)]
    pub figures: GroupFigures,
}

/// Figures by the values of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ColumnGroups {
    /// The column.
    pub column: String,
    /// One per value, the commonest first; at most 30. The rarer ones, and those that fewer than 10 people have, together.
    pub values: Vec<ByValue>,
}

/// Figures of the people with one value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ByValue {
    /// The value; absent for people without one, and for the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether these are all rarer values together.
    pub is_rest: bool,
    /// Its figures.
    #[serde(flatten)]
    pub figures: GroupFigures,
}

/// Links against labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// Links that the labels say something about.
    pub judged_links: u64,
    /// True pairs by the labels.
    pub true_pairs: u64,
    /// By threshold, from that of the run on.
    pub thresholds: Vec<MeasuredAtThreshold>,
    /// Rows that no label says anything about, left and right.
    pub rows_without_label: [u64; 2],
}

/// Links above a threshold against labels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MeasuredAtThreshold {
    /// Least match probability.
    pub threshold: f64,
    /// True ones among the links; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<Share>,
    /// Linked ones among the true pairs; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recall: Option<Share>,
}
