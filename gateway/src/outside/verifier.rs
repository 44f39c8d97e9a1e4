//! Verifies a token once and remembers it.

use std::{
    sync::{Arc, RwLock},
    time::{SystemTime, UNIX_EPOCH},
};

use helder_platform::identity::TokenMint;
use helder_types::{Caller, Permission};
use http::HeaderValue;
use jsonwebtoken::{Validation, decode, decode_header};
use moka::sync::Cache;

use super::{
    claims::Claims,
    keys::{self, Key, KeyError},
};
use crate::{config::GatewayConfig, rate::Bucket};

/// Clock difference forgiven, seconds.
const LEEWAY_S: u64 = 5;
/// Longest token looked at, bytes.
const MAX_TOKEN_BYTES: usize = 8 << 10;
/// An internal token is renewed when it has less than this to live, seconds.
const RENEW_S: u64 = 20;

/// Everything known about a verified token.
pub(crate) struct Session {
    pub(crate) caller: Caller,
    pub(crate) bucket: Arc<Bucket>,
    expires_at_s: u64,
    internal: RwLock<Option<(HeaderValue, u64)>>,
}

/// Verifies tokens from outside.
pub(crate) struct Verifier {
    keys: Vec<Key>,
    sessions: Cache<[u8; 32], Arc<Session>>,
}

impl Verifier {
    pub(crate) fn new(config: &GatewayConfig) -> Result<Self, KeyError> {
        let mut keys = Vec::new();
        for issuer in &config.issuers {
            keys.extend(keys::read(issuer)?);
        }
        Ok(Self {
            keys,
            sessions: Cache::new(config.remembered_tokens),
        })
    }

    /// The session of a token; none when it does not count now. Why goes to the log only.
    pub(crate) fn session(
        &self,
        token: &str,
        bucket: impl FnOnce(&Caller) -> Arc<Bucket>,
    ) -> Option<Arc<Session>> {
        if token.is_empty() || token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let name = sha256(token)?;
        let now = now_s();
        if let Some(session) = self.sessions.get(&name) {
            if now < session.expires_at_s.saturating_add(LEEWAY_S) {
                return Some(session);
            }
            self.sessions.invalidate(&name);
            return None;
        }
        let claims = self.verify(token, now)?;
        let expires_at_s = claims.expires_at_s();
        let caller = claims.into_caller();
        let session = Arc::new(Session {
            bucket: bucket(&caller),
            caller,
            expires_at_s,
            internal: RwLock::new(None),
        });
        self.sessions.insert(name, Arc::clone(&session));
        Some(session)
    }

    fn verify(&self, token: &str, now: u64) -> Option<Claims> {
        let header = decode_header(token).ok()?;
        // RFC 7515 §4.1.11: whoever does not know a critical extension refuses the token. This gateway knows none.
        if header.crit.is_some() {
            return None;
        }
        let key = self.keys.iter().find(|key| {
            let named = header.kid.is_some() && header.kid == key.kid;
            let unnamed = header.kid.is_none() && self.keys.len() == 1;
            (named || unnamed) && key.algorithms.contains(&header.alg)
        })?;
        let mut validation = Validation::new(header.alg);
        validation.leeway = LEEWAY_S;
        validation.validate_nbf = true;
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&key.issuer]);
        validation.set_audience(&[&key.audience]);
        let claims = decode::<Claims>(token, &key.decoding, &validation)
            .ok()?
            .claims;
        // Asked again here, so that a fault in the library's rules alone lets nobody in.
        claims
            .hold(&key.issuer, &key.audience, now, LEEWAY_S)
            .then_some(claims)
    }
}

impl Session {
    /// Whether the caller holds a permission.
    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.caller.may(permission)
    }

    /// The `Authorization` value for the services, minted when needed and used again while it lives.
    pub(crate) fn internal(
        &self,
        mint: &TokenMint,
    ) -> helder_platform::problem::Result<HeaderValue> {
        let now = now_s();
        if let Ok(kept) = self.internal.read()
            && let Some((value, expires_at_s)) = kept.as_ref()
            && now + RENEW_S < *expires_at_s
        {
            return Ok(value.clone());
        }
        let minted = mint.mint_fresh(&self.caller)?;
        let mut value = HeaderValue::try_from(format!("Bearer {}", minted.token))
            .map_err(helder_platform::problem::Problem::internal)?;
        value.set_sensitive(true);
        if let Ok(mut kept) = self.internal.write() {
            *kept = Some((value.clone(), minted.expires_at_s));
        }
        Ok(value)
    }
}

fn sha256(token: &str) -> Option<[u8; 32]> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes())
        .as_ref()
        .try_into()
        .ok()
}

fn now_s() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs())
}
