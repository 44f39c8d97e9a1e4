//! Public keys of the issuers.

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet},
};

use crate::config::IssuerConfig;

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
    pub(super) issuer: String,
    pub(super) audience: String,
    pub(super) kid: Option<String>,
    pub(super) algorithms: &'static [Algorithm],
    pub(super) decoding: DecodingKey,
}

/// All usable keys of an issuer.
pub(super) fn read(issuer: &IssuerConfig) -> Result<Vec<Key>, KeyError> {
    let set: JwkSet = match issuer
        .jwks
        .as_str()
        .and_then(|text| text.strip_prefix("file:"))
    {
        None => serde_json::from_value(issuer.jwks.clone()),
        Some(path) => serde_json::from_slice(
            &std::fs::read(path).map_err(|error| KeyError::File(issuer.issuer.clone(), error))?,
        ),
    }
    .map_err(|_| KeyError::Set(issuer.issuer.clone()))?;
    let keys: Vec<_> = set.keys.iter().filter_map(|jwk| key(issuer, jwk)).collect();
    if keys.is_empty() {
        Err(KeyError::NoKey(issuer.issuer.clone()))
    } else {
        Ok(keys)
    }
}

fn key(issuer: &IssuerConfig, jwk: &Jwk) -> Option<Key> {
    // The kind of key decides the algorithms, never the token: that closes HS256-with-the-public-key.
    let algorithms: &'static [Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => &[Algorithm::RS256, Algorithm::PS256],
        AlgorithmParameters::EllipticCurve(parameters)
            if parameters.curve == EllipticCurve::P256 =>
        {
            &[Algorithm::ES256]
        }
        AlgorithmParameters::OctetKeyPair(parameters)
            if parameters.curve == EllipticCurve::Ed25519 =>
        {
            &[Algorithm::EdDSA]
        }
        _ => return None,
    };
    Some(Key {
        issuer: issuer.issuer.clone(),
        audience: issuer.audience.clone(),
        kid: jwk.common.key_id.clone(),
        algorithms,
        decoding: DecodingKey::from_jwk(jwk).ok()?,
    })
}
