//! Finding a second record with the same key, exactly up to 64-bit fingerprints, in bounded memory.

use crate::error::{DatasetError, Result};

/// A set of fingerprints with open addressing.
#[derive(Debug)]
pub(crate) struct KeySet {
    slots: Vec<u64>,
    used: usize,
    limit_bytes: usize,
}

impl KeySet {
    pub(crate) fn new(limit_bytes: usize) -> Self {
        Self {
            slots: vec![0; 1 << 12],
            used: 0,
            limit_bytes,
        }
    }

    /// Adds a fingerprint; `false` when it was there.
    ///
    /// # Errors
    /// When the set would need more memory than allowed.
    pub(crate) fn insert(&mut self, fingerprint: u64) -> Result<bool> {
        if self.used * 3 >= self.slots.len() * 2 {
            self.grow()?;
        }
        // Zero marks an empty slot.
        Ok(place(&mut self.slots, fingerprint.max(1))
            .then(|| self.used += 1)
            .is_some())
    }

    fn grow(&mut self) -> Result<()> {
        let room = self.slots.len() * 2;
        if room * 8 > self.limit_bytes {
            return Err(DatasetError::TooLarge {
                what: "memory for primary keys, bytes",
                limit: self.limit_bytes as u64,
            });
        }
        let former = std::mem::replace(&mut self.slots, vec![0; room]);
        for fingerprint in former.into_iter().filter(|slot| *slot != 0) {
            place(&mut self.slots, fingerprint);
        }
        Ok(())
    }
}

fn place(slots: &mut [u64], fingerprint: u64) -> bool {
    let mask = slots.len() - 1;
    let mut at = fingerprint as usize & mask;
    loop {
        match slots[at] {
            0 => {
                slots[at] = fingerprint;
                return true;
            }
            found if found == fingerprint => return false,
            _ => at = (at + 1) & mask,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_keys_are_found_and_memory_is_bounded() {
        let mut keys = KeySet::new(1 << 20);
        for n in 0..50_000 {
            assert!(keys.insert(crate::hash::of_u64(n)).unwrap());
        }
        for n in 0..50_000 {
            assert!(!keys.insert(crate::hash::of_u64(n)).unwrap());
        }
        let full = (50_000..200_000).find_map(|n| keys.insert(crate::hash::of_u64(n)).err());
        assert!(matches!(full, Some(DatasetError::TooLarge { .. })));
    }
}
