//! Pseudonyms at the cost they have on the platform, whose key ring makes them the same way: HMAC-SHA-256 with both padded
//! keys compressed once (RFC 2104 §4), sixteen bytes as hexadecimal digits.

use helder_types::Bsn;
use sha2::{compress256, digest::generic_array::GenericArray};

/// FIPS 180-4 §5.3.3.
const START: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

pub(crate) struct Pseudonymiser {
    inner: [u32; 8],
    outer: [u32; 8],
}

impl Pseudonymiser {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        let padded = |pad: u8| {
            let mut block = [pad; 64];
            block.iter_mut().zip(key).for_each(|(to, from)| *to ^= from);
            let mut state = START;
            compress256(&mut state, &[GenericArray::from(block)]);
            state
        };
        Self {
            inner: padded(0x36),
            outer: padded(0x5c),
        }
    }

    pub(crate) fn bsn(&self, bsn: Bsn) -> [u8; 32] {
        let mut message = *b"bsn:000000000";
        message[4..].copy_from_slice(&bsn.digits());
        let tag = last_block(self.outer, &last_block(self.inner, &message));
        let mut out = [0; 32];
        for (pair, byte) in out.chunks_exact_mut(2).zip(tag) {
            pair[0] = b"0123456789abcdef"[usize::from(byte >> 4)];
            pair[1] = b"0123456789abcdef"[usize::from(byte & 15)];
        }
        out
    }
}

fn last_block<const N: usize>(mut state: [u32; 8], message: &[u8; N]) -> [u8; 32] {
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
