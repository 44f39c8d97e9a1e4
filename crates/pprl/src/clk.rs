//! The classical encoding: one or several Bloom filters of bigrams per record, with a key and nothing else.
//!
//! Here to compare with, in accuracy and under attack. It is not what `helder pprl encode` writes: equal values give equal bits in every
//! record, which is what every published attack lives on.
//!
//! # Source
//! Schnell, Bachteler & Reiher, *Privacy-preserving record linkage using Bloom filters*, BMC Medical Informatics 9:41 (2009), and *A novel
//! error-tolerant anonymous linking code* (2011). Folding: Schnell & Borgs (2016). Balancing: Schnell & Borgs (2016).

use crate::key::ProjectKey;

/// A filter of 1,024 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Filter(pub [u64; 16]);

/// Sets `n_hashes` bits per bigram. The same key and value give the same bits, everywhere.
pub struct FilterMaker {
    key: [u8; 32],
    n_hashes: u32,
}

impl FilterMaker {
    /// Filters of a project.
    pub fn new(key: &ProjectKey, n_hashes: u32) -> Self {
        Self {
            key: key.derive("classical filters"),
            n_hashes,
        }
    }

    /// The filter of some values; each has a domain, so that a name and a town with one bigram differ.
    pub fn filter<'a>(&self, values: impl IntoIterator<Item = (&'a str, &'a str)>) -> Filter {
        let mut filter = Filter([0; 16]);
        for (domain, value) in values {
            let padded: Vec<u8> = [b" ", value.as_bytes(), b" "].concat();
            for pair in padded.windows(2).filter(|pair| *pair != b"  ") {
                let mut hasher = blake3::Hasher::new_keyed(&self.key);
                hasher.update(domain.as_bytes());
                hasher.update(pair);
                let mut bits = hasher.finalize_xof();
                for _ in 0..self.n_hashes {
                    let mut two = [0; 2];
                    bits.fill(&mut two);
                    let place = usize::from(u16::from_le_bytes(two) & 1023);
                    filter.0[place / 64] |= 1 << (place % 64);
                }
            }
        }
        filter
    }
}

impl Filter {
    /// Bits that are set.
    pub fn weight(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// Whether a bit is set.
    pub fn has(&self, place: usize) -> bool {
        (self.0[(place / 64) & 15] >> (place % 64)) & 1 == 1
    }

    /// XOR of both halves, in the lower half: hides single bits, keeps some of the similarity.
    #[must_use]
    pub fn folded(&self) -> Self {
        let mut half = [0; 16];
        for (i, word) in half.iter_mut().take(8).enumerate() {
            *word = self.0[i] ^ self.0[i + 8];
        }
        Self(half)
    }
}

/// Dice similarity of two filters whose weights are known, in `[0, 1]`; 1 for two empty ones.
#[inline]
pub fn dice(a: &Filter, b: &Filter, weights: [u32; 2]) -> f64 {
    let total = weights[0] + weights[1];
    if total == 0 {
        1.0
    } else {
        2.0 * f64::from(common(a, b)) / f64::from(total)
    }
}

/// Jaccard similarity of two filters whose weights are known, in `[0, 1]`; 1 for two empty ones.
#[inline]
pub fn jaccard(a: &Filter, b: &Filter, weights: [u32; 2]) -> f64 {
    let common = common(a, b);
    let either = weights[0] + weights[1] - common;
    if either == 0 {
        1.0
    } else {
        f64::from(common) / f64::from(either)
    }
}

/// Bits set in both. A plain loop over words: the compiler turns it into the widest population count of the target.
#[inline]
pub fn common(a: &Filter, b: &Filter) -> u32 {
    a.0.iter()
        .zip(&b.0)
        .map(|(x, y)| (x & y).count_ones())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_names_have_alike_filters_and_another_key_gives_others() {
        let key = |project| ProjectKey::new(project, std::array::from_fn(|i| i as u8)).unwrap();
        let maker = FilterMaker::new(&key("one"), 10);
        let [jansen, janssen, bakker] =
            ["jansen", "janssen", "bakker"].map(|name| maker.filter([("surname", name)]));
        let similarity = |a: &Filter, b: &Filter| dice(a, b, [a.weight(), b.weight()]);
        assert!(similarity(&jansen, &janssen) > 0.85);
        assert!(similarity(&jansen, &bakker) < 0.25);
        assert!((similarity(&jansen, &jansen) - 1.0).abs() < 1e-12);
        assert!(jaccard(&jansen, &janssen, [jansen.weight(), janssen.weight()]) > 0.7);
        let other = FilterMaker::new(&key("two"), 10).filter([("surname", "jansen")]);
        assert!(similarity(&jansen, &other) < 0.25);
        assert_eq!(jansen.folded().0[8..], [0; 8]);
    }
}
