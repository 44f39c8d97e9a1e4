//! The steps of data work that a project must allow.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One kind of data work. A project says which are allowed in its phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProjectStep {
    /// Bring data in and clean it.
    Ingest,
    /// Link records across sources.
    Linkage,
    /// Build frames and train models.
    Training,
    /// Serve predictions.
    Prediction,
}

impl ProjectStep {
    /// The written form, as in the registry's path.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Linkage => "linkage",
            Self::Training => "training",
            Self::Prediction => "prediction",
        }
    }
}
