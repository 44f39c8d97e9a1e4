//! Who asks, as every service sees it.

use serde::{Deserialize, Serialize};

use crate::{Gemeentecode, OrganisationId, Permission};

/// The verified identity of a request. Everything a service does is scoped to `organisation`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The tenant.
    pub organisation: OrganisationId,
    /// Set when the tenant is a municipality.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gemeentecode: Option<Gemeentecode>,
    /// The person (or system) behind the request; two decisions by one subject are one person's.
    pub subject: String,
    /// The client application (`azp`).
    pub client: String,
    /// What this caller may do.
    pub permissions: Vec<Permission>,
}

impl Caller {
    /// Whether the caller holds `permission`.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }
}
