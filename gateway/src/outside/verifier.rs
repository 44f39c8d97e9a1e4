//! Verifies a token once and remembers it.

use std::{
    collections::HashMap,
    sync::{Arc, RwLock},
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use helder_platform::{
    identity::TokenMint,
    metrics::{Family, Looked, Source},
};
use helder_types::{Caller, Permission};
use jsonwebtoken::{Validation, decode, decode_header};
use moka::sync::Cache;
use serde::Deserialize;
use serde_json::Value;
use tokio::task::JoinSet;

use super::{
    claims::Claims,
    fetch::Fetch,
    issuer::{Found, Issuer},
    keys::{Key, KeyError},
    once::Once,
};
use crate::{config::GatewayConfig, internal::Internal, rate::Bucket};

/// Clock difference forgiven, seconds.
pub(super) const LEEWAY_S: u64 = 5;
/// Longest token looked at, bytes.
pub(super) const MAX_TOKEN_BYTES: usize = 8 << 10;
/// An internal token is renewed when it has less than this to live, seconds.
const RENEW_S: u64 = 20;

/// Everything known about a verified token.
pub(crate) struct Session {
    pub(crate) caller: Caller,
    pub(crate) bucket: Arc<Bucket>,
    expires_at_s: u64,
    ground: Ground,
    internal: RwLock<Option<(Internal, u64)>>,
}

/// What a session is believed for, beside its end.
enum Ground {
    /// A token of an issuer, and the key that signed it.
    Token(Arc<Issuer>, Arc<Key>),
    /// The inway, which is asked anew for every request.
    Inway,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session(…)")
    }
}

/// Why a token does not open the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It does not count here and now.
    Invalid,
    /// Nobody can tell: its issuer was not seen for too long.
    IssuerAway,
}

/// Verifies tokens from outside.
pub(crate) struct Verifier {
    issuers: HashMap<String, Arc<Issuer>>,
    sessions: Cache<[u8; 32], Arc<Session>>,
    looked: Arc<Looked>,
    once: Once,
}

/// Numbers about the sessions that are remembered.
#[derive(Debug)]
pub(crate) struct Sessions {
    sessions: Cache<[u8; 32], Arc<Session>>,
    looked: Arc<Looked>,
}

impl Source for Sessions {
    fn collect(&self) -> Vec<Family> {
        self.looked.families("tokens", self.sessions.entry_count())
    }
}

/// The one claim that is read before the signature is verified: it says whose key to take.
#[derive(Deserialize)]
struct Said {
    iss: String,
}

impl Verifier {
    pub(crate) fn new(config: &GatewayConfig) -> Result<Self, KeyError> {
        let issuers = config
            .issuers
            .iter()
            .map(|config| {
                let issuer = Arc::new(Issuer::new(config.clone())?);
                Ok((config.issuer.clone(), issuer))
            })
            .collect::<Result<_, KeyError>>()?;
        Ok(Self {
            issuers,
            sessions: Cache::new(config.remembered_tokens),
            looked: Arc::default(),
            once: Once::default(),
        })
    }

    /// Numbers about what is remembered.
    pub(crate) fn numbers(&self) -> Arc<Sessions> {
        Arc::new(Sessions {
            sessions: self.sessions.clone(),
            looked: Arc::clone(&self.looked),
        })
    }

    /// Looks at the keys of the issuers that publish them, until the set is dropped. Needs a Tokio runtime.
    ///
    /// # Errors
    /// When the system's certificates cannot be read.
    pub(crate) fn watch(&self) -> std::io::Result<JoinSet<()>> {
        let mut tasks = JoinSet::new();
        let asked = |issuer: &&Arc<Issuer>| issuer.config.jwks.is_none();
        let mut asked = self.issuers.values().filter(asked).peekable();
        if asked.peek().is_some() {
            let fetch = Arc::new(Fetch::new()?);
            for issuer in asked {
                tasks.spawn(Arc::clone(issuer).look(Arc::clone(&fetch), now_s));
            }
        }
        Ok(tasks)
    }

    /// The session of a token. Why there is none goes no further than [`Refusal`].
    ///
    /// # Errors
    /// When the token does not count now.
    pub(crate) async fn session(
        &self,
        token: &str,
        bucket: impl FnOnce(&Caller) -> Arc<Bucket>,
    ) -> Result<Arc<Session>, Refusal> {
        if token.is_empty() || token.len() > MAX_TOKEN_BYTES {
            return Err(Refusal::Invalid);
        }
        let name = sha256(token.as_bytes()).ok_or(Refusal::Invalid)?;
        let now = now_s();
        if let Some(session) = self.sessions.get(&name) {
            if session.counts(now) {
                self.looked.hits.add(1);
                return Ok(session);
            }
            self.sessions.invalidate(&name);
        }
        self.looked.misses.add(1);
        let (claims, issuer, key) = self.verify(token, now).await?;
        let one_time = issuer.config.one_time;
        if one_time {
            let name = format!("{}\n{}", issuer.config.issuer, claims.token);
            let name = sha256(name.as_bytes()).ok_or(Refusal::Invalid)?;
            let until_s = claims.expires_at_s.saturating_add(LEEWAY_S);
            if !self.once.is_first(name, until_s, now) {
                return Err(Refusal::Invalid);
            }
        }
        let session = Arc::new(Session {
            bucket: bucket(&claims.caller),
            caller: claims.caller,
            expires_at_s: claims.expires_at_s,
            ground: Ground::Token(issuer, key),
            internal: RwLock::new(None),
        });
        if !one_time {
            self.sessions.insert(name, Arc::clone(&session));
        }
        Ok(session)
    }

    async fn verify(
        &self,
        token: &str,
        now: u64,
    ) -> Result<(Claims, Arc<Issuer>, Arc<Key>), Refusal> {
        let header = decode_header(token).map_err(|_| Refusal::Invalid)?;
        // RFC 7515 §4.1.11: whoever does not know a critical extension refuses the token. This gateway knows none.
        if header.crit.is_some() {
            return Err(Refusal::Invalid);
        }
        let issuer = self.issuer_of(token).ok_or(Refusal::Invalid)?;
        let key = match issuer.key(&header, now).await {
            Found::Key(key) => key,
            Found::Nothing => return Err(Refusal::Invalid),
            Found::Away => return Err(Refusal::IssuerAway),
        };
        let config = &issuer.config;
        let mut validation = Validation::new(header.alg);
        validation.leeway = LEEWAY_S;
        validation.validate_nbf = true;
        validation.set_required_spec_claims(&["exp", "iss"]);
        validation.set_issuer(&[&config.issuer]);
        validation.set_audience(&[&config.audience]);
        let claims = decode::<Value>(token, &key.decoding, &validation)
            .map_err(|_| Refusal::Invalid)?
            .claims;
        // Times, issuer and audience are asked again there, so that a fault in the library's rules alone lets nobody in.
        let claims = Claims::read(&claims, config, now, LEEWAY_S).ok_or(Refusal::Invalid)?;
        Ok((claims, issuer, key))
    }

    fn issuer_of(&self, token: &str) -> Option<Arc<Issuer>> {
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
        let said: Said = serde_json::from_slice(&claims).ok()?;
        self.issuers.get(&said.iss).cloned()
    }
}

impl Session {
    /// Of a system that an inway vouches for.
    pub(super) fn of_inway(caller: Caller, bucket: Arc<Bucket>, expires_at_s: u64) -> Self {
        Self {
            caller,
            bucket,
            expires_at_s,
            ground: Ground::Inway,
            internal: RwLock::new(None),
        }
    }

    /// Whether the token still counts: it has not ended, its key is still published and its issuer still believed.
    fn counts(&self, now_s: u64) -> bool {
        let is_believed = match &self.ground {
            Ground::Token(issuer, key) => !key.is_gone() && issuer.is_believed(now_s),
            Ground::Inway => true,
        };
        is_believed && now_s < self.expires_at_s.saturating_add(LEEWAY_S)
    }

    /// Whether the caller holds a permission.
    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.caller.may(permission)
    }

    /// The `Authorization` value for the services, minted when needed and used again while it lives.
    pub(crate) fn internal(&self, mint: &TokenMint) -> helder_platform::problem::Result<Internal> {
        let now = now_s();
        if let Ok(kept) = self.internal.read()
            && let Some((value, expires_at_s)) = kept.as_ref()
            && now + RENEW_S < *expires_at_s
        {
            return Ok(value.clone());
        }
        let minted = mint.mint_fresh(&self.caller)?;
        let value = Internal::new(&minted.token)?;
        if let Ok(mut kept) = self.internal.write() {
            *kept = Some((value.clone(), minted.expires_at_s));
        }
        Ok(value)
    }
}

pub(super) fn sha256(bytes: &[u8]) -> Option<[u8; 32]> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes)
        .as_ref()
        .try_into()
        .ok()
}

pub(super) fn now_s() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs())
}
