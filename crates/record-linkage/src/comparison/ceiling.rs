//! The most that the pairs of some rows can weigh, from a quick look: pairs that cannot matter are never compared.
//!
//! A block pairs every one of its left rows with every one of its right rows. So what a quick look needs of a row is read once and laid side
//! by side, and a pair costs a few instructions. A ceiling may be too high, never too low: it decides what is compared, not what is found.

use super::tokens::{Shape, Tokens};
use crate::score::Tops;

/// Left and right rows of which every pair is looked at.
pub(crate) struct Tile<'a> {
    pub(crate) lefts: &'a [u32],
    pub(crate) rights: &'a [u32],
    pub(crate) tokens: &'a Tokens,
    /// What the levels of the comparison weigh.
    pub(crate) tops: Tops<'a>,
}

impl Tile<'_> {
    /// Adds `ceiling` to the sum of every pair: those of the first left row come first.
    pub(super) fn add<L, R>(
        &self,
        sums: &mut [f32],
        left: impl Fn(usize) -> L,
        right: impl Fn(usize) -> R,
        ceiling: impl Fn(&L, &R) -> f32,
    ) {
        let rights: Vec<R> = self.rights.iter().map(|row| right(*row as usize)).collect();
        for (row, sums) in self
            .lefts
            .iter()
            .zip(sums.chunks_exact_mut(rights.len().max(1)))
        {
            let left = left(*row as usize);
            for (sum, right) in sums.iter_mut().zip(&rights) {
                *sum += ceiling(&left, right);
            }
        }
    }
}

/// One bit per word. Two records that share a word share a bit.
pub(super) fn bits(words: &[u32]) -> u64 {
    let bit = |word: &u32| 1 << (super::mix(9, u64::from(*word)) & 63);
    words.iter().fold(0, |bits, word| bits | bit(word))
}

/// The first words of a name; a record that has more may share any.
#[derive(Clone, Copy, Default)]
pub(super) struct Words {
    /// Every bit when there are more; so few words do not set every bit.
    bits: u64,
    /// 0 where there are no more.
    first: [u32; WORDS],
}

const WORDS: usize = 4;

impl Words {
    pub(super) fn of(words: &[u32]) -> Self {
        let mut first = [0; WORDS];
        for (slot, word) in first.iter_mut().zip(words) {
            *slot = *word;
        }
        Self {
            bits: if words.len() > WORDS {
                u64::MAX
            } else {
                bits(words)
            },
            first,
        }
    }

    /// False when the two share no word.
    #[inline]
    pub(super) fn may_share(&self, other: &Self) -> bool {
        if self.bits & other.bits == 0 {
            return false;
        }
        self.bits == u64::MAX || other.bits == u64::MAX || {
            let mut words = self.first.iter();
            words.any(|word| *word != 0 && other.first.contains(word))
        }
    }
}

/// Whether any word of one may be alike to any of the other.
#[inline]
pub(super) fn any_alike(a: &[Shape], b: &[Shape]) -> bool {
    a.iter().any(|a| b.iter().any(|b| a.may_be_alike(*b)))
}
