//! Tokens as an issuer makes them, and as an attacker does.

use std::{
    sync::LazyLock,
    time::{SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use helder_gateway::IssuerConfig;
use helder_types::Role;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://issuer.example/realm";
pub(crate) const AUDIENCE: &str = "helder";

/// One key per algorithm, by kid.
pub(crate) struct Keys {
    pub(crate) rsa: EncodingKey,
    pub(crate) ed: EncodingKey,
    pub(crate) ec: EncodingKey,
}

impl Keys {
    fn new() -> Self {
        let rsa = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let rsa = AsDer::<Pkcs8V1Der<'_>>::as_der(&rsa).unwrap();
        // The library wants the RSAPrivateKey inside the PKCS#8 wrapping, whose head has 26 bytes at this key size.
        let rsa = EncodingKey::from_rsa_der(&rsa.as_ref()[26..]);
        let random = SystemRandom::new();
        let ed =
            EncodingKey::from_ed_der(Ed25519KeyPair::generate_pkcs8v1(&random).unwrap().as_ref());
        let ec = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        Self {
            rsa,
            ed,
            ec: EncodingKey::from_ec_der(ec.as_ref()),
        }
    }
}

/// The issuer that the gateway of the tests trusts.
pub(crate) static KEYS: LazyLock<Keys> = LazyLock::new(Keys::new);
/// Somebody else's keys, of the same kinds.
pub(crate) static FOREIGN: LazyLock<Keys> = LazyLock::new(Keys::new);

pub(crate) fn jwk(key: &EncodingKey, algorithm: Algorithm, kid: &str) -> Value {
    let mut jwk = Jwk::from_encoding_key(key, algorithm).unwrap();
    jwk.common.key_id = Some(kid.to_owned());
    let mut value = serde_json::to_value(jwk).unwrap();
    // The RSA key serves RS256 and PS256.
    value.as_object_mut().unwrap().remove("alg");
    value
}

pub(crate) fn trusted() -> IssuerConfig {
    let jwks = json!({"keys": [
        jwk(&KEYS.rsa, Algorithm::RS256, "rsa"),
        jwk(&KEYS.ed, Algorithm::EdDSA, "ed"),
        jwk(&KEYS.ec, Algorithm::ES256, "ec"),
    ]});
    IssuerConfig::with_keys(ISSUER, AUDIENCE, jwks)
}

/// The RSA public key's modulus, as an attacker reads it from the key set.
pub(crate) fn rsa_modulus() -> Vec<u8> {
    let modulus = jwk(&KEYS.rsa, Algorithm::RS256, "rsa")["n"]
        .as_str()
        .unwrap()
        .to_owned();
    URL_SAFE_NO_PAD.decode(modulus).unwrap()
}

pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// Claims of a good token; tests spoil one at a time.
pub(crate) fn claims(role: Role, organisation: &str) -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": format!("{}@{organisation}", role.as_str()), "azp": "tests",
        "jti": "0198c0de", "iat": now(), "nbf": now(), "exp": now() + 600,
        "organisation": organisation, "gemeentecode": organisation, "roles": [role.as_str()],
    })
}

pub(crate) fn sign(key: &EncodingKey, algorithm: Algorithm, kid: &str, claims: &Value) -> String {
    let mut header = Header::new(algorithm);
    header.kid = Some(kid.to_owned());
    encode(&header, claims, key).unwrap()
}

/// A good RS256 token with these claims.
pub(crate) fn signed(claims: &Value) -> String {
    sign(&KEYS.rsa, Algorithm::RS256, "rsa", claims)
}

/// A good token.
pub(crate) fn token(role: Role, organisation: &str) -> String {
    sign(
        &KEYS.ed,
        Algorithm::EdDSA,
        "ed",
        &claims(role, organisation),
    )
}

/// `header.claims.` with any third part, for tokens no library makes.
pub(crate) fn by_hand(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!(
        "{}.{}.{}",
        part(header),
        part(claims),
        URL_SAFE_NO_PAD.encode(signature)
    )
}
