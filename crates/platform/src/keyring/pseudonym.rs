//! Pseudonyms.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use helder_types::Bsn;
use sha2::{compress256, digest::generic_array::GenericArray};

use super::Secret;

/// Replaces an identifier by 32 hex digits: the first 16 bytes of HMAC-SHA-256 under the key of one project.
///
/// The same person has the same pseudonym in every dataset of a project and another one in every other project.
/// Cheap to clone; one call costs less than a microsecond.
#[derive(Clone)]
pub struct Pseudonymiser {
    key: Key,
    short: ShortHmac,
}

/// HMAC-SHA-256 of messages under 56 bytes, with both padded keys compressed once: two compressions per message instead of four.
///
/// # Source
/// RFC 2104 §4 describes this; FIPS 180-4 §5.3.3 gives the start values. A test compares it with the library's HMAC.
#[derive(Clone)]
struct ShortHmac {
    inner: [u32; 8],
    outer: [u32; 8],
}

const SHA256_START: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

impl ShortHmac {
    fn new(key: &[u8; 32]) -> Self {
        let padded = |pad: u8| {
            let mut block = [pad; 64];
            for (to, from) in block.iter_mut().zip(key) {
                *to ^= from;
            }
            let mut state = SHA256_START;
            compress256(&mut state, &[GenericArray::from(block)]);
            state
        };
        Self {
            inner: padded(0x36),
            outer: padded(0x5c),
        }
    }

    fn tag<const N: usize>(&self, message: &[u8; N]) -> [u8; 32] {
        last_block(self.outer, &last_block(self.inner, message))
    }
}

/// Ends a hash whose first block is in `state` with a message that fits one block.
fn last_block<const N: usize>(mut state: [u32; 8], message: &[u8; N]) -> [u8; 32] {
    const { assert!(N < 56) };
    let mut block = [0; 64];
    block[..N].copy_from_slice(message);
    block[N] = 0x80;
    block[56..].copy_from_slice(&((64 + N as u64) * 8).to_be_bytes());
    compress256(&mut state, &[GenericArray::from(block)]);
    let mut out = [0; 32];
    for (to, word) in out.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *to = word.to_be_bytes();
    }
    out
}

impl Pseudonymiser {
    pub(super) fn new(key: &Secret) -> Self {
        Self {
            key: Key::new(HMAC_SHA256, key.bytes()),
            short: ShortHmac::new(key.bytes()),
        }
    }

    /// The pseudonym of a person, as 32 lower-case ASCII hex digits.
    pub fn bsn(&self, bsn: Bsn) -> [u8; 32] {
        let mut message = *b"bsn:000000000";
        message[4..].copy_from_slice(&bsn.digits());
        hex(&self.short.tag(&message))
    }

    /// The pseudonym of another identifier.
    ///
    /// * `kind` – what it is, so that equal digits of two kinds differ   * `value` – normalised by the caller
    pub fn other(&self, kind: &str, value: &[u8]) -> [u8; 32] {
        let mut message = Vec::with_capacity(kind.len() + 1 + value.len());
        message.extend_from_slice(kind.as_bytes());
        message.push(0);
        message.extend_from_slice(value);
        hex(sign(&self.key, &message).as_ref())
    }
}

/// The first 16 bytes as digits.
fn hex(tag: &[u8]) -> [u8; 32] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = [0; 32];
    for (pair, byte) in out.chunks_exact_mut(2).zip(tag) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    out
}

impl std::fmt::Debug for Pseudonymiser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pseudonymiser(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_way_gives_what_the_library_gives() {
        for fill in 0..=255_u8 {
            let key = std::array::from_fn(|at| fill.wrapping_mul(31).wrapping_add(at as u8));
            let message: [u8; 13] = std::array::from_fn(|at| fill ^ (at as u8).wrapping_mul(77));
            let expected = sign(&Key::new(HMAC_SHA256, &key), &message);
            assert_eq!(ShortHmac::new(&key).tag(&message), expected.as_ref());
        }
    }
}
