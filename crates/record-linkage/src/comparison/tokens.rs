//! Interned words of all comparisons together, and how alike two of them are.

use std::collections::HashMap;

use rapidfuzz::distance::jaro_winkler;

use super::mix;
use crate::value::spelling::spelling_key;

/// Similarities below this are all the same to every comparison.
pub(crate) const LEAST_SIMILARITY: f32 = 0.8;

/// Words (names, texts) with a number each, from 1; 0 is none.
#[derive(Default)]
pub(crate) struct Tokens {
    numbers: HashMap<Box<str>, u32>,
    texts: Vec<Box<str>>,
    letters: Vec<u32>,
    spellings: Vec<u32>,
    spelling_numbers: HashMap<String, u32>,
}

impl Tokens {
    /// Number of `text`, new when it was not seen before.
    pub(crate) fn intern(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        self.texts.push(text.into());
        self.letters.push(
            text.bytes()
                .fold(0, |letters, byte| letters | 1 << (byte & 31)),
        );
        let next = self.spelling_numbers.len() as u32;
        self.spellings.push(
            *self
                .spelling_numbers
                .entry(spelling_key(text))
                .or_insert(next),
        );
        let number = self.texts.len() as u32;
        self.numbers.insert(text.into(), number);
        number
    }

    /// How many words there are.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    pub(crate) fn text(&self, token: u32) -> &str {
        self.texts
            .get((token as usize).wrapping_sub(1))
            .map_or("", AsRef::as_ref)
    }

    /// Number of the spelling class of a word.
    pub(crate) fn spelling(&self, token: u32) -> u32 {
        self.spellings
            .get((token as usize).wrapping_sub(1))
            .copied()
            .unwrap_or(u32::MAX)
    }

    /// Jaro–Winkler similarity in `[0, 1]`, remembered per pair of words; 0 when it cannot reach [`LEAST_SIMILARITY`].
    pub(crate) fn similarity(&self, a: u32, b: u32, scratch: &mut Scratch) -> f32 {
        if a == b {
            return 1.0;
        }
        if self.most_similar(a, b) < LEAST_SIMILARITY {
            return 0.0;
        }
        let (a, b) = (a.min(b), a.max(b));
        let key = (u64::from(a) << 32) | u64::from(b);
        let slot = &mut scratch.slots[mix(0, key) as usize & (Scratch::SLOTS - 1)];
        if slot.0 != key {
            *slot = (
                key,
                jaro_winkler::similarity(self.text(a).bytes(), self.text(b).bytes()) as f32,
            );
        }
        slot.1
    }

    /// An upper bound of the similarity from lengths, letters that occur in one word only, and the common start.
    fn most_similar(&self, a: u32, b: u32) -> f32 {
        let (text_a, text_b) = (self.text(a).as_bytes(), self.text(b).as_bytes());
        let letters = |token: u32| {
            self.letters
                .get((token as usize).wrapping_sub(1))
                .copied()
                .unwrap_or(0)
        };
        let (letters_a, letters_b) = (letters(a), letters(b));
        let (n_a, n_b) = (text_a.len() as f32, text_b.len() as f32);
        let in_a = n_a - (letters_a & !letters_b).count_ones() as f32;
        let in_b = n_b - (letters_b & !letters_a).count_ones() as f32;
        let matching = in_a.min(in_b);
        if matching <= 0.0 {
            return 0.0;
        }
        let jaro = (matching / n_a + matching / n_b + 1.0) / 3.0;
        let start = text_a
            .iter()
            .zip(text_b)
            .take(4)
            .take_while(|(x, y)| x == y)
            .count() as f32;
        jaro + 0.1 * start * (1.0 - jaro)
    }

    /// Whether two words sound the same or are nearly spelled the same.
    pub(crate) fn close(&self, a: u32, b: u32, scratch: &mut Scratch) -> bool {
        self.spelling(a) == self.spelling(b) || self.similarity(a, b, scratch) >= 0.92
    }
}

/// A worker's memory of similarities already computed. Holds no result that depends on the order of work.
pub struct Scratch {
    slots: Vec<(u64, f32)>,
}

impl Scratch {
    const SLOTS: usize = 1 << 15;

    /// An empty memory.
    pub fn new() -> Self {
        Self {
            slots: vec![(0, 0.0); Self::SLOTS],
        }
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

/// How often each word occurs, as a share of the records.
pub(crate) struct Frequencies {
    counts: Vec<u32>,
    n_records: f64,
}

impl Frequencies {
    pub(crate) fn new(n_terms: usize) -> Self {
        Self {
            counts: vec![0; n_terms + 1],
            n_records: 0.0,
        }
    }

    pub(crate) fn add_record(&mut self, terms: impl IntoIterator<Item = u32>) {
        self.n_records += 1.0;
        for term in terms {
            if let Some(count) = self.counts.get_mut(term as usize) {
                *count += 1;
            }
        }
    }

    /// Share of the records with this word; at least one record's worth.
    pub(crate) fn of(&self, term: u32) -> f64 {
        let count = self.counts.get(term as usize).copied().unwrap_or(0).max(1);
        f64::from(count) / self.n_records.max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_never_hides_a_similarity_that_counts() {
        let words = [
            "jansen", "janssen", "jong", "vries", "devries", "amrani", "elamrani", "bakker",
            "bekker", "dekker", "aa", "a", "zoe", "joelle",
        ];
        let mut tokens = Tokens::default();
        let numbers: Vec<u32> = words.iter().map(|word| tokens.intern(word)).collect();
        let mut scratch = Scratch::new();
        for (a, word_a) in numbers.iter().zip(words) {
            for (b, word_b) in numbers.iter().zip(words) {
                let exact = jaro_winkler::similarity(word_a.bytes(), word_b.bytes()) as f32;
                let found = tokens.similarity(*a, *b, &mut scratch);
                assert!(
                    (found - exact).abs() < 1e-6 || (found == 0.0 && exact < LEAST_SIMILARITY),
                    "{word_a} {word_b} {exact} {found}"
                );
            }
        }
    }
}
