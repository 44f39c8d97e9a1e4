//! A fast 64-bit fingerprint. Not for secrets: pseudonyms are keyed and come from the caller.

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
const FACTOR: u64 = 0xd6e8_feb8_6659_fd93;

#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ (product >> 64) as u64
}

/// Fingerprint of a number.
#[inline]
pub(crate) fn of_u64(value: u64) -> u64 {
    fold(fold(value ^ SEED, FACTOR) ^ FACTOR, SEED) ^ value
}

/// Fingerprint of bytes.
#[inline]
pub(crate) fn of_bytes(bytes: &[u8]) -> u64 {
    let mut state = SEED ^ (bytes.len() as u64).wrapping_mul(FACTOR);
    // The last word overlaps the one before, so that no byte is copied.
    if let Some(last) = bytes.last_chunk::<8>() {
        for word in bytes.as_chunks::<8>().0 {
            state = fold(state ^ u64::from_le_bytes(*word), FACTOR);
        }
        return of_u64(fold(state ^ u64::from_le_bytes(*last), FACTOR));
    }
    let short = match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last))
        }
        _ => bytes
            .iter()
            .fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
    of_u64(fold(state ^ short, FACTOR))
}

/// Fingerprint of two fingerprints in order.
#[inline]
pub(crate) fn join(first: u64, second: u64) -> u64 {
    fold(first ^ SEED, second | 1) ^ second
}

/// For maps whose keys are fingerprints already.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Unhashed(u64);

impl std::hash::Hasher for Unhashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = of_bytes(bytes);
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// Map from fingerprints.
pub(crate) type FingerprintMap<V> =
    std::collections::HashMap<u64, V, std::hash::BuildHasherDefault<Unhashed>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_keys_do_not_collide() {
        let mut seen = std::collections::HashSet::new();
        for n in 0..500_000_u64 {
            assert!(seen.insert(of_u64(n)));
            assert!(seen.insert(of_bytes(format!("{n}").as_bytes())));
        }
    }
}
