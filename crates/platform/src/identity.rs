//! Who asks, proven by a short internal token that each service verifies itself.
//!
//! The gateway and every service own an Ed25519 key. A token lives at most [`LIFETIME_S`] seconds, names its issuer and
//! carries the [`helder_types::Caller`]. Minting reuses a token per caller, and verified tokens are remembered by the
//! SHA-256 of the whole token, so the hot path does no cryptography beyond one hash.

mod allowed;
mod claims;
mod mint;
#[cfg(test)]
mod tests;
mod verify;

pub use allowed::Allowed;
pub use claims::{AUDIENCE, LEEWAY_S, LIFETIME_S};
pub use mint::{Minted, TokenMint};
pub use verify::{Refusal, TokenVerifier};

/// A signing or verification key cannot be used; told at start.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The system's random source failed.
    #[error("cannot make a signing key")]
    Generate,
    /// Not an Ed25519 key in PKCS#8 (base64).
    #[error("the signing key must be an Ed25519 key in PKCS#8, base64")]
    SigningKey,
    /// Not 32 bytes of base64.
    #[error("the public key of issuer {0} must be base64 of 32 bytes")]
    PublicKey(String),
}
