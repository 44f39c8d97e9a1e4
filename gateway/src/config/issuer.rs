//! One trusted issuer of tokens: where its keys are, and how its claims name organisations and roles.

use std::{collections::BTreeMap, net::IpAddr};

use helder_types::{OrganisationId, Role};
use http::Uri;
use jsonwebtoken::Algorithm;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Shortest time that may be told between two looks at an issuer's keys, seconds.
const LEAST_S: u64 = 1;

/// One trusted issuer of tokens. `docs/identity.md` shows how common products are connected.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerConfig {
    /// Exact value of `iss`. Without `jwks` also the address under which `/.well-known/openid-configuration` is found.
    pub issuer: String,
    /// Value that `aud` must hold.
    pub audience: String,
    /// Whether a token must have `aud`. A token that has one must name the audience either way. Default true.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub audience_required: bool,
    /// Its public keys: a JSON Web Key Set, or `file:<path>` of one, read at start. Default: asked from the issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// Signatures accepted. The kind of the key decides as well. Default RS256, PS256, ES256, `EdDSA`.
    #[serde(default = "algorithms", skip_serializing_if = "is_default_algorithms")]
    pub algorithms: Vec<SigningAlgorithm>,
    /// Time between two looks at the keys when nothing else asks for one, seconds. Default 300.
    #[serde(default = "refresh_s", skip_serializing_if = "is_refresh_s")]
    pub refresh_s: u64,
    /// Least time between two looks at the keys, whatever comes in, seconds. Default 30.
    #[serde(default = "refetch_s", skip_serializing_if = "is_refetch_s")]
    pub refetch_s: u64,
    /// How long the last keys seen are believed while the issuer cannot be asked, seconds. Default 86,400.
    #[serde(default = "keep_s", skip_serializing_if = "is_keep_s")]
    pub keep_s: u64,
    /// Whether a token opens the door once only. Default false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub one_time: bool,
    /// Where the claims are.
    #[serde(default, skip_serializing_if = "ClaimPaths::is_default")]
    pub claims: ClaimPaths,
    /// The one organisation that this issuer speaks for; the claim is then not looked at. Default: the claim decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<OrganisationId>,
    /// Organisation per value of the claim, for instance an OIN or a gemeentecode. When this is filled, other values are
    /// refused. Default empty: the value itself is the organisation, so this issuer is trusted for all of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub organisations: BTreeMap<String, OrganisationId>,
    /// Roles per value of the claim. When this is filled, other values give no role. Default empty: values are role names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub roles: BTreeMap<String, Vec<Role>>,
}

/// Where each claim is: the name of a claim, or with a leading `/` a JSON Pointer (RFC 6901) into the claims.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct ClaimPaths {
    /// Person or system, a text. Default `sub`.
    pub subject: String,
    /// Client application, a text. Default `azp`.
    pub client: String,
    /// Unique name of the token, a text. Default `jti`.
    pub token: String,
    /// Organisation, a text. Default `organisation`.
    pub organisation: String,
    /// Gemeentecode, a text; may be missing. Default `gemeentecode`.
    pub gemeentecode: String,
    /// Roles, a list of texts; may be missing. Default `roles`.
    pub roles: String,
}

impl Default for ClaimPaths {
    fn default() -> Self {
        Self {
            subject: "sub".to_owned(),
            client: "azp".to_owned(),
            token: "jti".to_owned(),
            organisation: "organisation".to_owned(),
            gemeentecode: "gemeentecode".to_owned(),
            roles: "roles".to_owned(),
        }
    }
}

impl ClaimPaths {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A signature that can be accepted. There is no symmetric one: whoever can verify it could also sign.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub enum SigningAlgorithm {
    /// RSA with SHA-256, PKCS #1 v1.5.
    RS256,
    /// RSA with SHA-256, PSS.
    PS256,
    /// P-256 with SHA-256.
    ES256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl SigningAlgorithm {
    /// All that can be accepted.
    pub const ALL: [Self; 4] = [Self::RS256, Self::PS256, Self::ES256, Self::EdDsa];

    pub(crate) const fn algorithm(self) -> Algorithm {
        match self {
            Self::RS256 => Algorithm::RS256,
            Self::PS256 => Algorithm::PS256,
            Self::ES256 => Algorithm::ES256,
            Self::EdDsa => Algorithm::EdDSA,
        }
    }
}

/// An issuer that cannot be trusted as it is written; told at start.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// Its keys would travel where somebody else could change them.
    #[error(
        "issuers: {0}: write the issuer as https://…, or name its keys in jwks; http is for loopback addresses only"
    )]
    NotSafe(String),
    /// Nothing could be accepted.
    #[error("issuers: {0}: algorithms: name at least one")]
    NoAlgorithm(String),
    /// A time of zero, or times in the wrong order.
    #[error(
        "issuers: {0}: refetch_s must be at least 1, refresh_s at least refetch_s, keep_s at least refresh_s"
    )]
    Times(String),
    /// A claim without a place.
    #[error("issuers: {0}: claims: a path cannot be empty")]
    EmptyPath(String),
    /// Two answers to one question.
    #[error("issuers: {0}: set organisation or organisations, not both")]
    TwoOrganisations(String),
}

impl IssuerConfig {
    /// An issuer with the defaults, whose keys are asked from itself.
    pub fn discovered(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            audience_required: true,
            jwks: None,
            algorithms: algorithms(),
            refresh_s: refresh_s(),
            refetch_s: refetch_s(),
            keep_s: keep_s(),
            one_time: false,
            claims: ClaimPaths::default(),
            organisation: None,
            organisations: BTreeMap::new(),
            roles: BTreeMap::new(),
        }
    }

    /// An issuer with the defaults and these keys.
    pub fn with_keys(issuer: impl Into<String>, audience: impl Into<String>, jwks: Value) -> Self {
        Self {
            jwks: Some(jwks),
            ..Self::discovered(issuer, audience)
        }
    }

    /// Tells what is wrong, without asking anybody.
    ///
    /// # Errors
    /// [`IssuerError`] names the issuer and the key that is wrong.
    pub fn check(&self) -> Result<(), IssuerError> {
        let name = || self.issuer.clone();
        if self.jwks.is_none() && !is_safe(&self.issuer) {
            return Err(IssuerError::NotSafe(name()));
        }
        if self.algorithms.is_empty() {
            return Err(IssuerError::NoAlgorithm(name()));
        }
        if self.refetch_s < LEAST_S
            || self.refresh_s < self.refetch_s
            || self.keep_s < self.refresh_s
        {
            return Err(IssuerError::Times(name()));
        }
        let paths = &self.claims;
        let paths = [
            &paths.subject,
            &paths.client,
            &paths.token,
            &paths.organisation,
            &paths.gemeentecode,
            &paths.roles,
        ];
        if paths.iter().any(|path| path.is_empty()) {
            return Err(IssuerError::EmptyPath(name()));
        }
        if self.organisation.is_some() && !self.organisations.is_empty() {
            return Err(IssuerError::TwoOrganisations(name()));
        }
        Ok(())
    }
}

/// Whether what is fetched there is what the issuer said: https, or http that does not leave this machine.
pub(crate) fn is_safe(address: &str) -> bool {
    let Ok(uri) = address.parse::<Uri>() else {
        return false;
    };
    let Some(host) = uri.host().filter(|host| !host.is_empty()) else {
        return false;
    };
    // A name and password before the host are never needed, and hide which host it is.
    if uri.authority().is_some_and(|it| it.as_str().contains('@')) {
        return false;
    }
    match uri.scheme_str() {
        Some("https") => true,
        Some("http") => {
            let bare = host.trim_start_matches('[').trim_end_matches(']');
            host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        _ => false,
    }
}

const fn yes() -> bool {
    true
}
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
const fn is_yes(value: &bool) -> bool {
    *value
}
fn algorithms() -> Vec<SigningAlgorithm> {
    SigningAlgorithm::ALL.to_vec()
}
fn is_default_algorithms(list: &[SigningAlgorithm]) -> bool {
    list == SigningAlgorithm::ALL
}
const fn refresh_s() -> u64 {
    300
}
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
const fn is_refresh_s(value: &u64) -> bool {
    *value == refresh_s()
}
const fn refetch_s() -> u64 {
    30
}
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
const fn is_refetch_s(value: &u64) -> bool {
    *value == refetch_s()
}
const fn keep_s() -> u64 {
    86_400
}
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
const fn is_keep_s(value: &u64) -> bool {
    *value == keep_s()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_over_https_or_from_this_machine_only() {
        for good in [
            "https://login.example.nl/realms/gemeente",
            "http://127.0.0.1:8080/a",
            "http://localhost:1",
            "http://[::1]:8080/",
        ] {
            assert!(is_safe(good), "{good}");
        }
        for bad in [
            "http://login.example.nl",
            "http://127.0.0.1.example.nl",
            "http://localhost.example.nl",
            "http://localhost@login.example.nl",
            "https://user:word@login.example.nl",
            "file:///etc/passwd",
            "ftp://127.0.0.1",
            "//login.example.nl",
            "/realms",
            "urn:helder:issuer",
            "http://10.0.0.1",
            "http://169.254.169.254/latest",
            "",
        ] {
            assert!(!is_safe(bad), "{bad}");
        }
    }

    #[test]
    fn a_wrong_issuer_is_named_before_anything_starts() {
        let good = || IssuerConfig::discovered("https://login.example.nl", "helder");
        good().check().unwrap();
        let said = |change: fn(&mut IssuerConfig)| {
            let mut issuer = good();
            change(&mut issuer);
            issuer.check().unwrap_err().to_string()
        };
        assert!(said(|it| it.issuer = "http://login.example.nl".to_owned()).contains("https"));
        assert!(said(|it| it.algorithms.clear()).contains("algorithms"));
        assert!(said(|it| it.refetch_s = 0).contains("refetch_s"));
        assert!(said(|it| it.refresh_s = 10).contains("refresh_s"));
        assert!(said(|it| it.claims.roles.clear()).contains("claims"));
        let both = said(|it| {
            it.organisation = "GM9999".parse().ok();
            it.organisations = [("a".to_owned(), "GM9999".parse().unwrap())].into();
        });
        assert!(both.contains("organisations"), "{both}");
    }

    #[test]
    fn only_asymmetric_algorithms_can_be_named() {
        let settings = |algorithm: &str| {
            serde_json::from_value::<IssuerConfig>(serde_json::json!({
                "issuer": "https://login.example.nl", "audience": "helder", "algorithms": [algorithm],
            }))
        };
        assert!(settings("EdDSA").is_ok());
        for bad in ["HS256", "none", "None", "RS1", "ES256K", ""] {
            assert!(settings(bad).is_err(), "{bad}");
        }
    }
}
