//! What the registry says is in force.

use helder_types::{Digest, OrganisationId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A version that answers or once did, as `GET /registry/v1/answered-versions/{version}` gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AnsweredVersion {
    /// The version.
    #[serde(flatten)]
    pub version: ActiveVersion,
    /// Where it stands now, in the registry's words.
    pub state: String,
    /// When it stopped, UTC.
    #[serde(default)]
    pub ended_at: Option<String>,
}

/// A version in force, as `GET /registry/v1/active-versions` lists it. Fields prediction does not use are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActiveVersion {
    /// Whose it is.
    pub organisation: OrganisationId,
    /// The model.
    pub model_id: Uuid,
    /// Its name in paths.
    pub model_name: String,
    /// The version.
    pub model_version_id: Uuid,
    /// Digest of `model.json`.
    pub digest: Digest,
    /// The project it serves.
    pub project_id: Uuid,
    /// URI of the processing activity, for the processing log.
    pub verwerkingsactiviteit: String,
    /// When it was activated, UTC.
    #[serde(default)]
    pub activated_at: Option<String>,
}
