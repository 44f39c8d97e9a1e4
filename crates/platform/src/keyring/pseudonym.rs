//! Pseudonyms.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use helder_types::Bsn;

use super::Secret;

/// Replaces an identifier by 32 hex digits: the first 16 bytes of HMAC-SHA-256 under the key of one project.
///
/// The same person has the same pseudonym in every dataset of a project and another one in every other project.
/// Cheap to clone; one call costs less than a microsecond.
#[derive(Clone)]
pub struct Pseudonymiser {
    key: Key,
}

impl Pseudonymiser {
    pub(super) fn new(key: &Secret) -> Self {
        Self {
            key: Key::new(HMAC_SHA256, key.bytes()),
        }
    }

    /// The pseudonym of a person, as 32 lower-case ASCII hex digits.
    pub fn bsn(&self, bsn: Bsn) -> [u8; 32] {
        let mut message = *b"bsn:000000000";
        message[4..].copy_from_slice(&bsn.digits());
        self.hex(&message)
    }

    /// The pseudonym of another identifier.
    ///
    /// * `kind` – what it is, so that equal digits of two kinds differ   * `value` – normalised by the caller
    pub fn other(&self, kind: &str, value: &[u8]) -> [u8; 32] {
        let mut message = Vec::with_capacity(kind.len() + 1 + value.len());
        message.extend_from_slice(kind.as_bytes());
        message.push(0);
        message.extend_from_slice(value);
        self.hex(&message)
    }

    fn hex(&self, message: &[u8]) -> [u8; 32] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let tag = sign(&self.key, message);
        let mut out = [0; 32];
        for (pair, byte) in out.chunks_exact_mut(2).zip(tag.as_ref()) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        out
    }
}

impl std::fmt::Debug for Pseudonymiser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pseudonymiser(…)")
    }
}
