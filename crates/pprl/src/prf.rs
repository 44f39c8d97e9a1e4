//! Keyed hashing: everything that leaves the organisation is the output of one of these functions.
//!
//! Two well-kept building blocks. BLAKE3 in keyed mode turns texts into words; it runs once per distinct value. AES-128, which every
//! processor of the last decade has in hardware, is the pseudo-random function per cell: its input is the word and the block's tag, both 64
//! bits, so one key serves every salt without a key schedule. At about a nanosecond a call it is what makes a salt per block affordable;
//! `SipHash` and HMAC-SHA-256 would do as well and cost several times and a hundred times as much.

use aes::{
    Aes128, Block,
    cipher::{BlockCipherEncrypt as _, KeyInit as _},
};

use crate::key::ProjectKey;

/// The functions of one project and one file.
pub(crate) struct Prf {
    text: [u8; 32],
    tag: Aes128,
    cell: Aes128,
    /// Depends on the file's nonce: padding and row tokens of two files have nothing in common.
    pad: Aes128,
}

fn cipher(key: [u8; 32]) -> Aes128 {
    let mut half = [0; 16];
    half.copy_from_slice(&key[..16]);
    Aes128::new(&half.into())
}

impl Prf {
    pub(crate) fn new(key: &ProjectKey, nonce: [u8; 16]) -> Self {
        let mut pad = blake3::Hasher::new_keyed(&key.derive("padding"));
        pad.update(&nonce);
        Self {
            text: key.derive("words"),
            tag: cipher(key.derive("tags")),
            cell: cipher(key.derive("cells")),
            pad: cipher(*pad.finalize().as_bytes()),
        }
    }

    /// Word of a text within a domain; never 0, which stands for absent.
    pub(crate) fn word(&self, domain: &str, text: &[u8]) -> u64 {
        let mut hasher = blake3::Hasher::new_keyed(&self.text);
        hasher.update(domain.as_bytes());
        hasher.update(b"\0");
        hasher.update(text);
        let mut out = [0; 8];
        out.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        u64::from_le_bytes(out).max(1)
    }

    /// Tags of three words and a rule each, as two blocks: CBC-MAC of a fixed length, for which it is a pseudo-random function. The results
    /// are left in `firsts`.
    pub(crate) fn tags(&self, firsts: &mut [Block], seconds: &[Block]) {
        self.tag.encrypt_blocks(firsts);
        for (block, second) in firsts.iter_mut().zip(seconds) {
            *block = join_whole(whole(block) ^ whole(second));
        }
        self.tag.encrypt_blocks(firsts);
    }

    /// Encrypts cells in place; each block is [`join`] of a word and a tag.
    pub(crate) fn cells(&self, blocks: &mut [Block]) {
        self.cell.encrypt_blocks(blocks);
    }

    /// Random-looking bytes that only this file's key and nonce give. Every call has a row and place of its own.
    pub(crate) fn padding(&self, row: u64, place: u32, work: &mut Vec<Block>, out: &mut [u8]) {
        work.clear();
        let n_blocks = out.len().div_ceil(16) as u64;
        work.extend((0..n_blocks).map(|i| join(row, u64::from(place) << 32 | i)));
        work.resize(work.len().next_multiple_of(BATCH), Block::default());
        self.pad.encrypt_blocks(work);
        for (bytes, block) in out.chunks_mut(16).zip(work.iter()) {
            bytes.copy_from_slice(&block[..bytes.len()]);
        }
    }

    /// Eight of those bytes as a number.
    pub(crate) fn random(&self, row: u64, place: u32) -> u64 {
        let mut block = join(row, u64::from(place) << 32);
        self.pad.encrypt_block(&mut block);
        low(&block)
    }
}

/// Blocks the widest cipher of today's processors takes at once.
pub(crate) const BATCH: usize = 64;

/// Two numbers as one block.
#[inline]
pub(crate) fn join(a: u64, b: u64) -> Block {
    join_whole((u128::from(b) << 64) | u128::from(a))
}

#[inline]
fn join_whole(number: u128) -> Block {
    number.to_le_bytes().into()
}

/// First half of a block as a number.
#[inline]
pub(crate) fn low(block: &Block) -> u64 {
    whole(block) as u64
}

/// A block as a number.
#[inline]
pub(crate) fn whole(block: &Block) -> u128 {
    u128::from_le_bytes((*block).into())
}
