//! What an internal token says.

use std::time::{SystemTime, UNIX_EPOCH};

use helder_types::{Caller, Gemeentecode, OrganisationId, Permission};
use serde::{Deserialize, Serialize};

/// Seconds an internal token lives.
pub const LIFETIME_S: u64 = 60;
/// Seconds two clocks may differ.
pub const LEEWAY_S: u64 = 5;
/// The only audience services accept.
pub const AUDIENCE: &str = "helder";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) aud: String,
    pub(super) sub: String,
    pub(super) azp: String,
    pub(super) iat: u64,
    pub(super) exp: u64,
    pub(super) organisation: OrganisationId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) gemeentecode: Option<Gemeentecode>,
    pub(super) permissions: Vec<Permission>,
}

impl Claims {
    pub(super) fn new(issuer: &str, caller: &Caller, now: u64) -> Self {
        Self {
            iss: issuer.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: caller.subject.clone(),
            azp: caller.client.clone(),
            iat: now,
            exp: now + LIFETIME_S,
            organisation: caller.organisation.clone(),
            gemeentecode: caller.gemeentecode.clone(),
            permissions: caller.permissions.clone(),
        }
    }

    pub(super) fn into_caller(self) -> Caller {
        Caller {
            organisation: self.organisation,
            gemeentecode: self.gemeentecode,
            subject: self.sub,
            client: self.azp,
            permissions: self.permissions,
        }
    }
}

/// Seconds since 1970.
pub(super) fn now_s() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
