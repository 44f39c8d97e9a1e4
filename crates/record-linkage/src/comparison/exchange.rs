//! Whether two records can have exchanged first name and surname, from one number per record: most pairs need no closer look.

use std::hash::Hash;

use rayon::prelude::*;

use super::{Side, features::Features, mix};

/// One bit per word of a name.
pub(super) fn mask(words: &[u32]) -> u32 {
    words
        .iter()
        .fold(0, |mask, word| mask | 1 << (mix(5, u64::from(*word)) & 31))
}

/// Per record, the words of this name and of the other one, left and right.
pub(super) struct Masks([Vec<[u32; 2]>; 2]);

impl Masks {
    pub(super) fn new<V, W>(
        own: &Features<V>,
        of_own: impl Fn(&V) -> u32,
        other: Option<&Features<W>>,
        of_other: impl Fn(&W) -> u32,
    ) -> Self
    where
        V: Clone + Eq + Hash + Default,
        W: Clone + Eq + Hash + Default,
    {
        let Some(other) = other else {
            return Self([Vec::new(), Vec::new()]);
        };
        let own_masks: Vec<u32> = own.values().iter().map(of_own).collect();
        let other_masks: Vec<u32> = other.values().iter().map(of_other).collect();
        Self([Side::Left, Side::Right].map(|side| {
            own.codes(side)
                .par_iter()
                .zip(other.codes(side))
                .map(|(own, other)| [own_masks[*own as usize], other_masks[*other as usize]])
                .collect()
        }))
    }

    /// [`Self::new`] for the right side alone, after its records were replaced.
    pub(super) fn replace_right<V, W>(
        &mut self,
        own: &Features<V>,
        of_own: impl Fn(&V) -> u32,
        other: Option<&Features<W>>,
        of_other: impl Fn(&W) -> u32,
    ) where
        V: Clone + Eq + Hash + Default,
        W: Clone + Eq + Hash + Default,
    {
        self.0[1].clear();
        let Some(other) = other else { return };
        self.0[1].extend((0..own.codes(Side::Right).len()).map(|row| {
            [
                own.get(Side::Right, row).map_or(0, &of_own),
                other.get(Side::Right, row).map_or(0, &of_other),
            ]
        }));
    }

    /// See [`Features::touch`].
    pub(super) fn touch(&self, pairs: &[(u32, u32)]) -> u64 {
        let of = |side: usize, row: u32| self.0[side].get(row as usize).map_or(0, |masks| masks[0]);
        let sums = pairs
            .iter()
            .map(|(left, right)| of(0, *left) ^ of(1, *right));
        sums.fold(0, |sum, masks| sum + u64::from(masks))
    }

    /// False when no word of one's own name is a word of the other's other name.
    #[inline]
    pub(super) fn may_share(&self, left: usize, right: usize) -> bool {
        match (self.0[0].get(left), self.0[1].get(right)) {
            (Some(l), Some(r)) => l[0] & r[1] != 0 || l[1] & r[0] != 0,
            _ => false,
        }
    }
}
