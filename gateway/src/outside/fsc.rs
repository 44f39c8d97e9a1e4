//! Requests that come through an FSC inway: which organisation asks, under which transaction.
//!
//! The inway has checked the connection and the token already. It is checked again here, because an address alone is little to
//! trust, and because the token says which organisation it is.

use std::{net::IpAddr, sync::Arc};

use actix_web::HttpRequest;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use helder_platform::{
    problem::{Problem, Result},
    trace::TRANSACTION_HEADER,
};
use helder_types::Caller;
use ipnet::IpNet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use moka::sync::Cache;
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use serde::Deserialize;
use uuid::Uuid;

use super::verifier::{LEEWAY_S, MAX_TOKEN_BYTES, Session, now_s, sha256};
use crate::{
    config::{FscConfig, FscError},
    rate::Bucket,
};

const AUTHORIZATION: &str = "fsc-authorization";
/// Verified tokens remembered at a time; an outway uses one for minutes.
const REMEMBERED: u64 = 1_000;

/// Verifies what comes through an inway.
pub(crate) struct Fsc {
    config: FscConfig,
    inways: Vec<IpNet>,
    keys: Vec<ManagerKey>,
    verified: Cache<[u8; 32], Arc<Consumer>>,
}

/// A certificate of our manager.
struct ManagerKey {
    /// SHA-256 of the certificate, base64url.
    thumbprint: String,
    key: DecodingKey,
    algorithms: &'static [Algorithm],
}

/// The organisation behind a token.
pub(crate) struct Consumer {
    /// Its OIN.
    pub(crate) peer: String,
    /// Who that is here, and what it may do by itself.
    caller: Caller,
    expires_at_s: u64,
    session: std::sync::OnceLock<Arc<Session>>,
}

/// A request that came through an inway.
#[derive(Clone)]
pub(crate) struct Passage {
    pub(crate) consumer: Arc<Consumer>,
    /// Under which both organisations log it.
    pub(crate) transaction: Uuid,
}

/// What an access token of FSC says; claims that the inway alone needs are left.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    gid: String,
    svc: String,
    gth: String,
    exp: u64,
    nbf: u64,
}

impl Fsc {
    /// Reads the certificates.
    ///
    /// # Errors
    /// [`FscError`] tells which cannot be used.
    pub(crate) fn new(config: FscConfig) -> Result<Self, FscError> {
        let mut keys = Vec::new();
        for (place, written) in config.certificates.iter().enumerate() {
            let pem = match written.strip_prefix("file:") {
                Some(path) => std::fs::read_to_string(path)
                    .map_err(|error| FscError::File(place + 1, error))?,
                None => written.clone(),
            };
            let before = keys.len();
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let key = certificate.ok().and_then(|der| ManagerKey::of(&der));
                keys.push(key.ok_or(FscError::Certificate(place + 1))?);
            }
            if keys.len() == before {
                return Err(FscError::Certificate(place + 1));
            }
        }
        Ok(Self {
            inways: config.ranges()?,
            config,
            keys,
            verified: Cache::new(REMEMBERED),
        })
    }

    /// Who sent the request through which inway; `None` when it did not come through one.
    ///
    /// # Errors
    /// 401 when its headers do not count, or it should have come through an inway.
    pub(crate) fn passage(&self, request: &HttpRequest) -> Result<Option<Passage>> {
        let headers = request.headers();
        if !headers.contains_key(AUTHORIZATION) && !headers.contains_key(TRANSACTION_HEADER) {
            return if self.config.required {
                Err(Problem::unauthenticated("come in through the FSC inway"))
            } else {
                Ok(None)
            };
        }
        let from: Option<IpAddr> = request
            .peer_addr()
            .map(|address| address.ip().to_canonical());
        if !from.is_some_and(|ip| self.inways.iter().any(|range| range.contains(&ip))) {
            return Err(Problem::unauthenticated(
                "FSC headers are accepted from an inway only",
            ));
        }
        let one = |name: &str| {
            let mut values = headers.get_all(name);
            match (values.next(), values.next()) {
                (Some(value), None) => value.to_str().ok(),
                _ => None,
            }
        };
        let transaction = one(TRANSACTION_HEADER)
            .and_then(|text| Uuid::parse_str(text).ok())
            .ok_or_else(|| {
                Problem::bad_request("fsc-transaction-id", "Fsc-Transaction-Id must be one UUID")
            })?;
        let consumer = one(AUTHORIZATION)
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .and_then(|(_, token)| self.consumer(token))
            .ok_or_else(|| {
                Problem::unauthenticated("the token in Fsc-Authorization is not valid here and now")
            })?;
        Ok(Some(Passage {
            consumer,
            transaction,
        }))
    }

    fn consumer(&self, token: &str) -> Option<Arc<Consumer>> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let (name, now) = (sha256(token.as_bytes())?, now_s());
        if let Some(known) = self.verified.get(&name)
            && now < known.expires_at_s + LEEWAY_S
        {
            return Some(known);
        }
        let consumer = Arc::new(self.verify(token, now)?);
        self.verified.insert(name, Arc::clone(&consumer));
        Some(consumer)
    }

    fn verify(&self, token: &str, now: u64) -> Option<Consumer> {
        let header = decode_header(token).ok()?;
        let named = header.x5t_s256.as_deref()?;
        let manager = self.keys.iter().find(|key| key.thumbprint == named)?;
        if header.crit.is_some() || !manager.algorithms.contains(&header.alg) {
            return None;
        }
        let mut validation = Validation::new(header.alg);
        validation.leeway = LEEWAY_S;
        validation.validate_nbf = true;
        // The inway's own address; the inway has compared it.
        validation.validate_aud = false;
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "sub"]);
        let claims = decode::<Claims>(token, &manager.key, &validation)
            .ok()?
            .claims;
        let config = &self.config;
        let counts = claims.iss == config.peer
            && claims.gid == config.group
            && claims.svc == config.service
            && claims.nbf <= now + LEEWAY_S
            && now < claims.exp.saturating_add(LEEWAY_S);
        let consumer = config.consumers.get(&claims.sub).filter(|_| counts)?;
        let mut permissions: Vec<_> = consumer
            .roles
            .iter()
            .flat_map(|role| role.permissions())
            .copied()
            .collect();
        permissions.sort_unstable();
        permissions.dedup();
        // The grant is the agreement between both organisations; its hash names it in both logs.
        let grant: String = claims
            .gth
            .chars()
            .filter(char::is_ascii_graphic)
            .take(128)
            .collect();
        Some(Consumer {
            caller: Caller {
                organisation: consumer.organisation.clone(),
                gemeentecode: consumer.organisation.as_str().parse().ok(),
                subject: format!("fsc:{}", claims.sub),
                client: format!("fsc:{grant}"),
                permissions,
            },
            peer: claims.sub,
            expires_at_s: claims.exp,
            session: std::sync::OnceLock::new(),
        })
    }
}

impl Consumer {
    /// Whether a token of this caller may travel with it: it speaks for the same organisation.
    pub(crate) fn is_of(&self, caller: &Caller) -> bool {
        self.caller.organisation == caller.organisation
    }

    /// The session of a system that sends no token of its own; none when it may do nothing without.
    pub(crate) fn session(
        &self,
        bucket: impl FnOnce(&Caller) -> Arc<Bucket>,
    ) -> Option<Arc<Session>> {
        let may_anything = !self.caller.permissions.is_empty();
        may_anything.then(|| {
            let session = self.session.get_or_init(|| {
                let caller = self.caller.clone();
                Arc::new(Session::of_inway(
                    caller,
                    bucket(&self.caller),
                    self.expires_at_s,
                ))
            });
            Arc::clone(session)
        })
    }
}

impl ManagerKey {
    fn of(der: &CertificateDer<'_>) -> Option<Self> {
        let pem = format!(
            "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
            STANDARD.encode(der)
        );
        let rsa: &[Algorithm] = &[
            Algorithm::RS256,
            Algorithm::RS384,
            Algorithm::RS512,
            Algorithm::PS256,
            Algorithm::PS384,
            Algorithm::PS512,
        ];
        let (key, algorithms) = DecodingKey::from_rsa_pem(pem.as_bytes())
            .map(|key| (key, rsa))
            .or_else(|_| {
                let ec: &[Algorithm] = &[Algorithm::ES256, Algorithm::ES384];
                DecodingKey::from_ec_pem(pem.as_bytes()).map(|key| (key, ec))
            })
            .ok()?;
        Some(Self {
            thumbprint: URL_SAFE_NO_PAD.encode(sha256(der)?),
            key,
            algorithms,
        })
    }
}
