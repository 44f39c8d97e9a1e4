//! What goes over the wire.

use helder_types::OrganisationId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// For what and for whom an encoding is offered.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct OfferQuery {
    /// Project whose purpose covers the linkage.
    #[param(required = true, format = "uuid")]
    pub(super) project_id: Option<String>,
    /// The one organisation it may be linked with.
    #[param(required = true)]
    pub(super) partner: Option<String>,
}

/// Where an offered encoding stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum EncodingState {
    /// It waits for the partner's.
    Offered,
    /// It was linked; its bytes are gone.
    Linked,
    /// It was taken back; its bytes are gone.
    Withdrawn,
    /// Nobody linked it in time; it can no longer be.
    Expired,
}

/// An encoding that this organisation offers for linkage with one other.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfferedEncoding {
    /// Identifier.
    pub(crate) id: Uuid,
    /// Project whose purpose covers the linkage.
    pub(crate) project_id: Uuid,
    /// The one organisation it may be linked with.
    #[schema(value_type = String)]
    pub(crate) partner: OrganisationId,
    /// Name of the project that the key is for.
    pub(crate) key_project: String,
    /// 32 hexadecimal digits; the partner's must be equal, else another key made it. Says nothing else about the key.
    pub(crate) key_check: String,
    /// Own rows.
    pub(crate) rows: u64,
    /// Size of the file.
    pub(crate) size_bytes: u64,
    /// Where it stands.
    pub(crate) state: EncodingState,
    /// Own rows that the partner knows too, once linked.
    pub(crate) links: Option<u64>,
    /// How many of those links are expected to be right.
    pub(crate) expected_right: Option<f64>,
    /// Who offered it.
    pub(crate) created_by: String,
    /// When, UTC.
    pub(crate) created_at: String,
    /// Until when it may be linked, UTC.
    pub(crate) expires_at: String,
}
