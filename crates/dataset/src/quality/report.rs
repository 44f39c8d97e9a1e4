//! The quality report, as it is stored and answered.

use helder_types::SemanticType;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Distribution, DriftBins};

/// Quality of a dataset version. Holds no value of an identifying column, and no count under ten per value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QualityReport {
    /// Records in the file.
    pub rows_in: u64,
    /// Records accepted.
    pub rows_accepted: u64,
    /// Records set apart.
    pub rows_quarantined: u64,
    /// Invalid values that became missing.
    pub values_set_missing: u64,
    /// 0 to 100: 40 % completeness, 40 % validity (both averaged over columns), 20 % share of records accepted.
    pub score: f64,
    /// The columns.
    pub columns: Vec<ColumnQuality>,
    /// Rules broken by whole records.
    pub record_rules: Vec<RuleCount>,
    /// What needs a look, most frequent first.
    pub attention: Vec<AttentionItem>,
    /// Columns of the file that the contract does not name; left out.
    pub ignored_columns: Vec<String>,
    /// Number of the version that drift is measured against.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub compared_with: Option<u64>,
}

/// Quality of one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ColumnQuality {
    /// Name in the contract.
    pub name: String,
    /// Meaning.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub semantic_type: Option<SemanticType>,
    /// Records without a value.
    pub missing: u64,
    /// Records whose value breaks a rule.
    pub invalid: u64,
    /// Of those, values that became missing while the record stayed.
    pub set_missing: u64,
    /// Share of records with a value, 0 to 1.
    pub completeness: f64,
    /// Share of values that break no rule, 0 to 1; 1 when there are no values.
    pub validity: f64,
    /// Different values among accepted records.
    pub distinct: u64,
    /// Whether `distinct` is an estimate (standard error 1.6 %).
    pub distinct_is_estimate: bool,
    /// Different values over values, 0 to 1.
    pub uniqueness: f64,
    /// Rules broken.
    pub rules: Vec<RuleCount>,
    /// How values are distributed; absent for identifying columns.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub distribution: Option<Distribution>,
    /// Values far from the others.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub outliers: Option<Outliers>,
    /// Change against the former version.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub drift: Option<Drift>,
    /// For comparison with the next version.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub drift_bins: Option<DriftBins>,
}

/// How often a rule was broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleCount {
    /// Code of the rule.
    pub rule: String,
    /// What is wrong.
    pub reason: String,
    /// How often.
    pub count: u64,
}
/// Values beyond three times the interquartile range from the quartiles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Outliers {
    /// Lower fence.
    pub low: f64,
    /// Upper fence.
    pub high: f64,
    /// How many values lie outside.
    pub count: u64,
}

/// Change of a column against the former version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// Population stability index, 0 for no change.
    pub psi: f64,
    /// `stable` under 0.1, `changed` to 0.25, `strong` above.
    pub verdict: String,
}

/// Something a person should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AttentionItem {
    /// Column, when one is concerned.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub column: Option<String>,
    /// Code.
    pub code: String,
    /// What was found.
    pub detail: String,
    /// How many records.
    pub count: u64,
    /// Numbers of the first records concerned (the record in the file, from 1).
    pub rows: Vec<i64>,
}
