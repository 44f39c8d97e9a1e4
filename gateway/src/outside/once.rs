//! Tokens that open the door once.

use std::{collections::HashMap, sync::Mutex};

/// Tokens remembered until they end. When all of them still live, the next is refused: forgetting one would let it in twice.
const MAX_TOKENS: usize = 100_000;

/// The names of the tokens that were used and have not ended.
#[derive(Default)]
pub(super) struct Once {
    until_s: Mutex<HashMap<[u8; 32], u64>>,
}

impl Once {
    /// Whether this is the first use of a token that counts until `until_s`.
    pub(super) fn is_first(&self, name: [u8; 32], until_s: u64, now_s: u64) -> bool {
        self.is_first_of(name, until_s, now_s, MAX_TOKENS)
    }

    fn is_first_of(&self, name: [u8; 32], until_s: u64, now_s: u64, max: usize) -> bool {
        let Ok(mut used) = self.until_s.lock() else {
            return false;
        };
        if used.len() >= max {
            used.retain(|_, until_s| *until_s > now_s);
        }
        if used.len() >= max || used.contains_key(&name) {
            return false;
        }
        used.insert(name, until_s);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_counts_once_and_nothing_is_forgotten_before_its_end() {
        let once = Once::default();
        assert!(once.is_first_of([1; 32], 100, 50, 2));
        assert!(!once.is_first_of([1; 32], 100, 51, 2), "a second time");
        assert!(once.is_first_of([2; 32], 200, 52, 2));
        assert!(
            !once.is_first_of([3; 32], 200, 53, 2),
            "full of living ones"
        );
        assert!(!once.is_first_of([1; 32], 100, 54, 2), "and still known");
        assert!(once.is_first_of([3; 32], 200, 100, 2), "room after an end");
        assert!(!once.is_first_of([2; 32], 200, 101, 2));
    }
}
