//! Verifies internal tokens.

use std::{collections::HashMap, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use helder_types::{Caller, Permission};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, errors::ErrorKind};
use moka::sync::Cache;

use super::{
    IdentityError,
    claims::{AUDIENCE, Claims, LEEWAY_S, LIFETIME_S, now_s},
};
use crate::metrics::{Family, Looked, Source};

/// Verified tokens remembered at a time; about 0.5 KiB each.
const REMEMBERED: u64 = 20_000;
/// Longest token looked at.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Permissions that no role holds, and the services that may use them.
const SERVICES_ONLY: [(Permission, &[&str]); 2] = [
    (Permission::IngestDerive, &["linkage", "training"]),
    (Permission::RegistryServe, &["prediction"]),
];

/// Verifies the tokens of the issuers it trusts. Everything else is refused.
pub struct TokenVerifier {
    issuers: HashMap<String, Issuer>,
    verified: Cache<[u8; 32], Arc<Verified>>,
    looked: Looked,
}

struct Issuer {
    /// One, or two while the issuer goes from one key to the next.
    keys: Vec<DecodingKey>,
    validation: Validation,
}

struct Verified {
    caller: Arc<Caller>,
    expires_at_s: u64,
}

/// Why a token was refused; goes to the log, not to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not a token of ours at all.
    #[error("malformed token")]
    Malformed,
    /// No such issuer here.
    #[error("unknown issuer")]
    Issuer,
    /// Signature, audience or form is wrong.
    #[error("invalid token")]
    Invalid,
    /// It was valid once.
    #[error("expired token")]
    Expired,
    /// Carries a permission its issuer may not give.
    #[error("permission outside the issuer's right")]
    Overreach,
}

impl TokenVerifier {
    /// A verifier that trusts nobody yet.
    pub fn new() -> Self {
        Self {
            issuers: HashMap::new(),
            verified: Cache::new(REMEMBERED),
            looked: Looked::default(),
        }
    }

    /// Trusts `issuer` under its raw Ed25519 public key, beside the keys it was trusted under before.
    #[must_use]
    pub fn trust(mut self, issuer: &str, public_key: &[u8; 32]) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.leeway = LEEWAY_S;
        validation.validate_nbf = true;
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[issuer]);
        let trusted = self.issuers.entry(issuer.to_owned());
        trusted
            .or_insert_with(|| Issuer {
                keys: Vec::with_capacity(1),
                validation,
            })
            .keys
            .push(DecodingKey::from_ed_der(public_key));
        self
    }

    /// [`TokenVerifier::trust`] with a key from configuration, base64.
    ///
    /// # Errors
    /// [`IdentityError::PublicKey`] naming the issuer.
    pub fn trust_base64(self, issuer: &str, public_key: &str) -> Result<Self, IdentityError> {
        let wrong = || IdentityError::PublicKey(issuer.to_owned());
        let bytes = STANDARD.decode(public_key.trim()).map_err(|_| wrong())?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| wrong())?;
        Ok(self.trust(issuer, &bytes))
    }

    /// The caller in `token`.
    ///
    /// # Errors
    /// [`Refusal`]; the client hears only that it is not authenticated.
    pub fn verify(&self, token: &str) -> Result<Arc<Caller>, Refusal> {
        if token.is_empty() || token.len() > MAX_TOKEN_BYTES {
            return Err(Refusal::Malformed);
        }
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes());
        let name: [u8; 32] = digest.as_ref().try_into().map_err(|_| Refusal::Malformed)?;
        let now = now_s();
        if let Some(known) = self.verified.get(&name) {
            self.looked.hits.add(1);
            if now <= known.expires_at_s + LEEWAY_S {
                return Ok(Arc::clone(&known.caller));
            }
            self.verified.invalidate(&name);
            return Err(Refusal::Expired);
        }
        self.looked.misses.add(1);
        let verified = Arc::new(self.verify_fresh(token, now)?);
        let caller = Arc::clone(&verified.caller);
        self.verified.insert(name, verified);
        Ok(caller)
    }

    fn verify_fresh(&self, token: &str, now: u64) -> Result<Verified, Refusal> {
        let header = decode_header(token).map_err(|_| Refusal::Malformed)?;
        let issuer = header
            .kid
            .and_then(|kid| self.issuers.get(&kid))
            .ok_or(Refusal::Issuer)?;
        let claims = issuer.claims(token)?;
        // A key holder cannot make a token that lives longer than agreed, nor one from the future.
        if claims.iat > now + LEEWAY_S || claims.exp > claims.iat + LIFETIME_S {
            return Err(Refusal::Invalid);
        }
        let overreach = SERVICES_ONLY.iter().any(|(permission, holders)| {
            claims.permissions.contains(permission) && !holders.contains(&claims.iss.as_str())
        });
        if overreach {
            return Err(Refusal::Overreach);
        }
        let expires_at_s = claims.exp;
        Ok(Verified {
            caller: Arc::new(claims.into_caller()),
            expires_at_s,
        })
    }
}

impl Issuer {
    /// What the token says, when one of the keys signed it.
    fn claims(&self, token: &str) -> Result<Claims, Refusal> {
        let mut refusal = Refusal::Invalid;
        for key in &self.keys {
            match decode::<Claims>(token, key, &self.validation) {
                Ok(read) => return Ok(read.claims),
                // The signature is looked at first: no other key would say more.
                Err(error) if *error.kind() == ErrorKind::ExpiredSignature => {
                    refusal = Refusal::Expired;
                }
                Err(_) => {}
            }
        }
        Err(refusal)
    }
}

impl Source for TokenVerifier {
    fn collect(&self) -> Vec<Family> {
        self.looked
            .families("internal-tokens", self.verified.entry_count())
    }
}

impl Default for TokenVerifier {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for TokenVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TokenVerifier")
            .field(&self.issuers.keys())
            .finish()
    }
}
