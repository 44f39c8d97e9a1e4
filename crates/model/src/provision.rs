//! What a report on outflow says of provisions, as a survival model carries it.

use helder_types::Digest;
use serde::Serialize;

use crate::Meaning;

/// Provisions of one report, made of the frame of the model.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Provisions {
    /// SHA-256 of the analysis of the report.
    pub report: Digest,
    /// Its provisions, in its order.
    pub each: Vec<Provision>,
}

/// One provision: what may be expected of it, or why nothing may.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Provision {
    /// Column of its beginning in the frame.
    pub name: String,
    /// What it is.
    pub meaning: Meaning,
    /// The end it is for.
    pub outcome: Meaning,
    /// Why nothing is expected; absent where the report allows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Meaning>,
    /// How much the chance of the end differs; empty with a reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<ExpectedDifference>,
    /// What may be concluded; empty with a reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub may: Vec<Meaning>,
    /// What may not be concluded; empty with a reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub may_not: Vec<Meaning>,
}

/// How many more (or fewer) of those still there at a time leave by the end within some months when the provision has begun by then.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpectedDifference {
    /// Months from the beginning of the spell: of those still there then.
    pub from_months: u32,
    /// Months after that, at least 1.
    pub within_months: u32,
    /// Difference in chance, in `[-1, 1]`.
    pub difference: f64,
    /// Lower end of its 95 % interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}
