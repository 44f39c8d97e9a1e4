//! The shape of an error answer (RFC 9457, with all faults of the input at once).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One fault in the input. `detail` never repeats the value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    /// Where: a JSON pointer into the body (`/steps/0/column`), or `?limit` for a query key, or a header name.
    pub pointer: String,
    /// Which rule, as a stable code.
    pub code: String,
    /// What to do about it, for a person.
    pub detail: String,
}

impl Fault {
    /// A fault at `pointer`.
    pub fn new(
        pointer: impl Into<String>,
        code: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            pointer: pointer.into(),
            code: code.into(),
            detail: detail.into(),
        }
    }
}

/// Body of every 4xx and 5xx answer, media type `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProblemDetails {
    /// HTTP status.
    pub status: u16,
    /// Short name of the kind of problem.
    pub title: String,
    /// What happened here and what to do.
    pub detail: String,
    /// URN of the kind: `urn:helder:problem:<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Request id, to quote when asking for help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// All faults of the input.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
}
