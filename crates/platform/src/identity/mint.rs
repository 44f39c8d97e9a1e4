//! Makes internal tokens.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use helder_types::{Caller, Permission};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use moka::sync::Cache;

use super::{
    IdentityError,
    claims::{Claims, LIFETIME_S, now_s},
};
use crate::problem::{Problem, Result};

/// A token is used again while it has at least this long to live.
const REUSE_S: u64 = LIFETIME_S / 2;
/// Callers remembered at a time.
const REMEMBERED: u64 = 10_000;

/// Mints internal tokens under one issuer's name.
pub struct TokenMint {
    issuer: String,
    header: Header,
    key: EncodingKey,
    pkcs8: Vec<u8>,
    public_key: [u8; 32],
    kept: Cache<String, Minted>,
}

/// A token and when it ends.
#[derive(Clone, Debug)]
pub struct Minted {
    /// The compact form.
    pub token: Arc<str>,
    /// Seconds since 1970.
    pub expires_at_s: u64,
}

impl TokenMint {
    /// A mint with a fresh key.
    ///
    /// # Errors
    /// [`IdentityError::Generate`] when the system has no randomness.
    pub fn generate(issuer: &str) -> Result<Self, IdentityError> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
            .map_err(|_| IdentityError::Generate)?;
        Self::from_pkcs8(issuer, document.as_ref())
    }

    /// A mint with a key from configuration: PKCS#8, base64.
    ///
    /// # Errors
    /// [`IdentityError::SigningKey`].
    pub fn from_base64(issuer: &str, key: &str) -> Result<Self, IdentityError> {
        let der = STANDARD
            .decode(key.trim())
            .map_err(|_| IdentityError::SigningKey)?;
        Self::from_pkcs8(issuer, &der)
    }

    fn from_pkcs8(issuer: &str, der: &[u8]) -> Result<Self, IdentityError> {
        let pair = Ed25519KeyPair::from_pkcs8(der).map_err(|_| IdentityError::SigningKey)?;
        let public_key = pair
            .public_key()
            .as_ref()
            .try_into()
            .map_err(|_| IdentityError::SigningKey)?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(issuer.to_owned());
        Ok(Self {
            issuer: issuer.to_owned(),
            header,
            key: EncodingKey::from_ed_der(der),
            pkcs8: der.to_vec(),
            public_key,
            kept: Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_live(Duration::from_secs(REUSE_S))
                .build(),
        })
    }

    /// Name in the `iss` claim.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The key that verifies this mint's tokens; not a secret.
    pub const fn public_key(&self) -> [u8; 32] {
        self.public_key
    }

    /// The signing key in the form [`TokenMint::from_base64`] reads. A secret.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(&self.pkcs8)
    }

    /// A token for `caller`, reused while it has at least half of its life before it.
    ///
    /// # Errors
    /// 500 when signing fails.
    pub fn mint(&self, caller: &Caller) -> Result<Minted> {
        let name = serde_json::to_string(caller).map_err(Problem::internal)?;
        if let Some(minted) = self.kept.get(&name) {
            return Ok(minted);
        }
        let minted = self.mint_fresh(caller)?;
        self.kept.insert(name, minted.clone());
        Ok(minted)
    }

    /// A token for `caller`, signed now.
    ///
    /// # Errors
    /// 500 when signing fails.
    pub fn mint_fresh(&self, caller: &Caller) -> Result<Minted> {
        let claims = Claims::new(&self.issuer, caller, now_s());
        let token = encode(&self.header, &claims, &self.key).map_err(Problem::internal)?;
        Ok(Minted {
            token: token.into(),
            expires_at_s: claims.exp,
        })
    }

    /// This service acting for itself within an organisation, not for a person.
    pub fn own_caller(
        &self,
        organisation: helder_types::OrganisationId,
        permissions: Vec<Permission>,
    ) -> Caller {
        Caller {
            organisation,
            gemeentecode: None,
            subject: format!("service:{}", self.issuer),
            client: self.issuer.clone(),
            permissions,
        }
    }
}

impl std::fmt::Debug for TokenMint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenMint({}, …)", self.issuer)
    }
}
