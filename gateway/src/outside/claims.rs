//! The claims that count. Types are strict: an `exp` or `nbf` written as text makes the token unreadable.

use helder_types::{Caller, Gemeentecode, OrganisationId, Permission, Role};
use serde::Deserialize;

/// `aud` may be one name or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Claims of an access token, after the OAuth NL GOV profile with the organisation and roles beside it.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    iss: String,
    aud: Audience,
    exp: u64,
    #[serde(default)]
    nbf: Option<u64>,
    /// Subject: the person or system.
    sub: String,
    /// Client application.
    azp: String,
    /// Unique name of the token.
    jti: String,
    organisation: OrganisationId,
    #[serde(default)]
    gemeentecode: Option<Gemeentecode>,
    #[serde(default)]
    roles: Vec<String>,
}

/// Longest subject, client or token name.
const MAX_NAME: usize = 256;

impl Claims {
    /// Whether the token counts now for this issuer and audience.
    pub(super) fn hold(&self, issuer: &str, audience: &str, now_s: u64, leeway_s: u64) -> bool {
        let audience = match &self.aud {
            Audience::One(name) => name == audience,
            Audience::Many(names) => names.iter().any(|name| name == audience),
        };
        let names = [&self.sub, &self.azp, &self.jti];
        self.iss == issuer
            && audience
            && now_s < self.exp.saturating_add(leeway_s)
            && self.nbf.is_none_or(|nbf| nbf <= now_s + leeway_s)
            && names.iter().all(|name| {
                !name.is_empty() && name.len() <= MAX_NAME && !name.contains(char::is_control)
            })
    }

    pub(super) const fn expires_at_s(&self) -> u64 {
        self.exp
    }

    /// The caller with the permissions of its roles; a role this platform does not know gives none.
    pub(super) fn into_caller(self) -> Caller {
        let mut permissions: Vec<Permission> = self
            .roles
            .iter()
            .filter_map(|role| role.parse::<Role>().ok())
            .flat_map(|role| role.permissions().iter().copied())
            .collect();
        permissions.sort_unstable();
        permissions.dedup();
        Caller {
            organisation: self.organisation,
            gemeentecode: self.gemeentecode,
            subject: self.sub,
            client: self.azp,
            permissions,
        }
    }
}
