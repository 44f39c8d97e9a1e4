//! The built-in issuer: who signs the tokens of an embedded platform.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use helder_gateway::IssuerConfig;
use helder_types::{Digest, Gemeentecode, OrganisationId, Role};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::folder::DataFolder;

/// `iss` of the built-in issuer.
const ISSUER: &str = "urn:helder:issuer:built-in";
/// `aud` that the gateway asks.
const AUDIENCE: &str = "helder";
/// `azp`: this program.
const CLIENT: &str = "helder-cli";
/// Longest life of a token.
const LONGEST: Duration = Duration::from_hours(24);

/// Signs tokens with the key of a data folder.
pub(crate) struct Issuer {
    key: EncodingKey,
    kid: String,
    public_key: [u8; 32],
}

/// Whom a token is for.
#[derive(Clone, Debug)]
pub(crate) struct Holder {
    /// Tenant.
    pub(crate) organisation: OrganisationId,
    /// Set for a municipality.
    pub(crate) gemeentecode: Option<Gemeentecode>,
    /// Person or system.
    pub(crate) subject: String,
    /// What the holder is.
    pub(crate) roles: Vec<Role>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    azp: &'a str,
    jti: String,
    iat: u64,
    nbf: u64,
    exp: u64,
    organisation: &'a OrganisationId,
    #[serde(skip_serializing_if = "Option::is_none")]
    gemeentecode: Option<&'a Gemeentecode>,
    roles: Vec<&'static str>,
}

impl Holder {
    /// Somebody with one role in a municipality. Without a name there is one such person per role.
    pub(crate) fn in_gemeente(gemeente: &Gemeentecode, role: Role, subject: Option<&str>) -> Self {
        let subject =
            subject.map_or_else(|| format!("{}@{gemeente}", role.as_str()), str::to_owned);
        Self {
            organisation: gemeente.clone().into(),
            gemeentecode: Some(gemeente.clone()),
            subject,
            roles: vec![role],
        }
    }
}

impl Issuer {
    /// The issuer of a data folder; its key is made on first use.
    ///
    /// # Errors
    /// When the key cannot be read or made.
    pub(crate) fn open(folder: &DataFolder) -> Result<Self> {
        let mint = folder.mint("issuer")?;
        let der = base64::engine::general_purpose::STANDARD
            .decode(mint.to_base64())
            .context("the issuer's key cannot be read")?;
        let public_key = mint.public_key();
        let kid = Digest::of(&public_key).hex()[..16].to_owned();
        Ok(Self {
            key: EncodingKey::from_ed_der(&der),
            kid,
            public_key,
        })
    }

    /// What the gateway must know to trust this issuer.
    pub(crate) fn trust(&self) -> IssuerConfig {
        let jwks = json!({"keys": [{
            "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
            "kid": self.kid, "x": URL_SAFE_NO_PAD.encode(self.public_key),
        }]});
        IssuerConfig::with_keys(ISSUER, AUDIENCE, jwks)
    }

    /// A token for `holder` that lives for `life`.
    ///
    /// # Errors
    /// When `life` is longer than a day, or the system clock stands before 1970.
    pub(crate) fn token(&self, holder: &Holder, life: Duration) -> Result<String> {
        if life > LONGEST {
            bail!("a token lives at most {} hours", LONGEST.as_secs() / 3600);
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let claims = Claims {
            iss: ISSUER,
            aud: AUDIENCE,
            sub: &holder.subject,
            azp: CLIENT,
            jti: Uuid::now_v7().to_string(),
            iat: now,
            nbf: now,
            exp: now + life.as_secs(),
            organisation: &holder.organisation,
            gemeentecode: holder.gemeentecode.as_ref(),
            roles: holder.roles.iter().map(|role| role.as_str()).collect(),
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.kid.clone());
        Ok(encode(&header, &claims, &self.key)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_carries_what_the_gateway_asks() {
        let root = tempfile::tempdir().unwrap();
        let issuer = Issuer::open(&DataFolder::open(root.path()).unwrap()).unwrap();
        let gemeente: Gemeentecode = "GM0772".parse().unwrap();
        let holder = Holder::in_gemeente(&gemeente, Role::Analyst, None);
        let token = issuer.token(&holder, Duration::from_mins(5)).unwrap();
        let body = token.split('.').nth(1).unwrap();
        let claims: serde_json::Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap();
        assert_eq!(claims["roles"], json!(["analyst"]));
        assert_eq!(claims["organisation"], "GM0772");
        assert_eq!(claims["sub"], "analyst@GM0772");
        for claim in ["iss", "aud", "exp", "nbf", "iat", "jti", "azp"] {
            assert!(!claims[claim].is_null(), "{claim}");
        }
        assert!(issuer.token(&holder, Duration::from_hours(25)).is_err());
    }
}
