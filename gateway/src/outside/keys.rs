//! Public keys of an issuer.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use jsonwebtoken::{
    Algorithm, DecodingKey, Header,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::Value;

use crate::config::{IssuerConfig, SigningAlgorithm};

/// Keys kept of one issuer; real ones publish two or three.
const MAX_KEYS: usize = 64;

/// An issuer's key that cannot be used; told at start.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read.
    #[error("issuer {0}: the file of jwks cannot be read")]
    File(String, #[source] std::io::Error),
    /// Not a JSON Web Key Set.
    #[error("issuer {0}: jwks is not a JSON Web Key Set")]
    Set(String),
    /// No key of a kind on the allow list.
    #[error("issuer {0}: no RSA, P-256 or Ed25519 signing key in jwks")]
    NoKey(String),
}

/// A key and what it may be used for.
pub(super) struct Key {
    jwk: Jwk,
    algorithms: Vec<Algorithm>,
    is_gone: AtomicBool,
    pub(super) decoding: DecodingKey,
}

impl Key {
    /// Whether the issuer no longer publishes it. What it signed counts no more, also when it was verified before.
    pub(super) fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::Relaxed)
    }

    pub(super) fn withdraw(&self) {
        self.is_gone.store(true, Ordering::Relaxed);
    }
}

/// A JSON Web Key Set; each key is read on its own, so that one of a kind unknown here does not hide the others.
#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

/// Keys written in the settings or in a file that they name.
pub(super) fn configured(issuer: &IssuerConfig, jwks: &Value) -> Result<Vec<Arc<Key>>, KeyError> {
    let name = || issuer.issuer.clone();
    let path = jwks.as_str().and_then(|text| text.strip_prefix("file:"));
    let set = match path {
        None => jwks.clone(),
        Some(path) => {
            let text = std::fs::read(path).map_err(|error| KeyError::File(name(), error))?;
            serde_json::from_slice(&text).map_err(|_| KeyError::Set(name()))?
        }
    };
    published(issuer, set, &[])
}

/// Usable keys of a key set. A key that is among `former` stays the same one.
pub(super) fn published(
    issuer: &IssuerConfig,
    set: Value,
    former: &[Arc<Key>],
) -> Result<Vec<Arc<Key>>, KeyError> {
    let set: Set = serde_json::from_value(set).map_err(|_| KeyError::Set(issuer.issuer.clone()))?;
    let keys: Vec<_> = set
        .keys
        .into_iter()
        .take(MAX_KEYS)
        .filter_map(|key| serde_json::from_value(key).ok())
        .filter_map(|jwk: Jwk| {
            let same = former.iter().find(|known| known.jwk == jwk);
            same.cloned().or_else(|| key(issuer, jwk).map(Arc::new))
        })
        .collect();
    if keys.is_empty() {
        Err(KeyError::NoKey(issuer.issuer.clone()))
    } else {
        Ok(keys)
    }
}

/// The key that a token's header asks. `jku`, `x5u`, `jwk` and `x5c` in it are not looked at: whoever signs a token does
/// not say with what it is verified.
pub(super) fn named<'k>(keys: &'k [Arc<Key>], header: &Header) -> Option<&'k Arc<Key>> {
    keys.iter().find(|key| {
        let is_named = header.kid.is_some() && header.kid == key.jwk.common.key_id;
        let is_only = header.kid.is_none() && keys.len() == 1;
        (is_named || is_only) && key.algorithms.contains(&header.alg)
    })
}

fn key(issuer: &IssuerConfig, jwk: Jwk) -> Option<Key> {
    let is_for_signing = jwk
        .common
        .public_key_use
        .as_ref()
        .is_none_or(|usage| *usage == PublicKeyUse::Signature);
    if !is_for_signing {
        return None;
    }
    // The kind of key decides the algorithms, never the token: that closes HS256-with-the-public-key.
    let of_kind: &[SigningAlgorithm] = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => &[SigningAlgorithm::RS256, SigningAlgorithm::PS256],
        AlgorithmParameters::EllipticCurve(parameters)
            if parameters.curve == EllipticCurve::P256 =>
        {
            &[SigningAlgorithm::ES256]
        }
        AlgorithmParameters::OctetKeyPair(parameters)
            if parameters.curve == EllipticCurve::Ed25519 =>
        {
            &[SigningAlgorithm::EdDsa]
        }
        _ => return None,
    };
    // RFC 8725 §3.1: a key that names its algorithm is used with that one.
    let told = jwk.common.key_algorithm;
    let algorithms: Vec<_> = of_kind
        .iter()
        .filter(|algorithm| issuer.algorithms.contains(algorithm))
        .map(|algorithm| algorithm.algorithm())
        .filter(|algorithm| told.is_none_or(|told| told == KeyAlgorithm::from(*algorithm)))
        .collect();
    let decoding = DecodingKey::from_jwk(&jwk).ok()?;
    (!algorithms.is_empty()).then_some(Key {
        jwk,
        algorithms,
        is_gone: AtomicBool::new(false),
        decoding,
    })
}
