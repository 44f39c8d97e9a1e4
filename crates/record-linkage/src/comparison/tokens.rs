//! Interned words of all comparisons together, and how alike two of them are.

use rapidfuzz::distance::jaro_winkler;

use super::mix;
use crate::{
    distinct::Texts,
    value::{sound::sound_key, spelling::spelling_key},
};

/// Similarities below this are all the same to every comparison.
#[cfg(test)]
pub(crate) const LEAST_SIMILARITY: f32 = 0.8;

/// What of a word decides quickly whether it can be similar to another.
#[derive(Clone, Copy, Default)]
pub(crate) struct Shape {
    /// Bit per letter that occurs.
    letters: u32,
    /// The first four bytes, first one lowest.
    start: u32,
    /// Number of the spelling class.
    spelling: u32,
    /// Length in bytes.
    len: u32,
}

/// Words (names, texts) with a number each, from 1; 0 is none.
pub(crate) struct Tokens {
    texts: Texts,
    shapes: Vec<Shape>,
    spellings: Texts,
    /// Words of the records at hand, numbered behind all others, once the others are fixed.
    passing: Option<Passing>,
    /// Tells words of different comparisons apart in a [`Scratch`].
    owner: u32,
}

/// Words and spelling classes that only the records at hand have.
#[derive(Default)]
struct Passing {
    words: Texts,
    spellings: Texts,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            texts: Texts::default(),
            shapes: vec![Shape {
                spelling: u32::MAX,
                ..Shape::default()
            }],
            spellings: Texts::default(),
            passing: None,
            owner: 0,
        }
    }
}

impl Tokens {
    /// Words of comparison `owner`, none yet.
    pub(crate) fn of(owner: u32) -> Self {
        Self {
            owner,
            ..Self::default()
        }
    }

    /// Number of `text`, new when it was not seen before.
    pub(crate) fn intern(&mut self, text: &str) -> u32 {
        let (number, new) = match &mut self.passing {
            None => self.texts.number(text),
            Some(passing) => {
                let n = self.texts.len();
                let known = self.texts.find(text).map(|number| (number, false));
                known.unwrap_or_else(|| {
                    let (number, new) = passing.words.number(text);
                    (n + number, new)
                })
            }
        };
        let number = number as u32 + 1;
        if !new {
            return number;
        }
        let key = spelling_key(text);
        let spelling = match &mut self.passing {
            None => self.spellings.number(&key).0,
            Some(passing) => self
                .spellings
                .find(&key)
                .unwrap_or_else(|| self.spellings.len() + passing.spellings.number(&key).0),
        } as u32;
        let mut start = [0; 4];
        for (place, byte) in start.iter_mut().zip(text.bytes()) {
            *place = byte;
        }
        self.shapes.push(Shape {
            letters: text
                .bytes()
                .fold(0, |letters, byte| letters | 1 << (byte & 31)),
            start: u32::from_le_bytes(start),
            spelling,
            len: text.len() as u32,
        });
        number
    }

    /// Forgets how words were found, which only interning needs.
    pub(crate) fn close_for_reading(&mut self) {
        self.texts.close();
        self.spellings = Texts::default();
    }

    /// Fixes the words there are: those interned from here on are forgotten by [`Self::forget_passing`].
    pub(crate) fn open_for_passing(&mut self) {
        self.texts.reopen();
        self.spellings = Texts::default();
        // In the order of the words, so that each class gets the number it had.
        for place in 0..self.texts.len() {
            let key = spelling_key(self.texts.get(place).unwrap_or(""));
            self.spellings.number(&key);
        }
        self.passing = Some(Passing::default());
    }

    /// Forgets the words of the records at hand. Whose they were and their first number, if there were any: a [`Scratch`] must forget what
    /// it knows of them.
    pub(crate) fn forget_passing(&mut self) -> Option<(u32, u32)> {
        let passing = self.passing.as_mut()?;
        if passing.words.len() == 0 {
            return None;
        }
        *passing = Passing::default();
        self.shapes.truncate(self.texts.len() + 1);
        Some((self.owner, self.texts.len() as u32 + 1))
    }

    /// How many words there are.
    pub(crate) fn len(&self) -> usize {
        self.shapes.len() - 1
    }

    pub(crate) fn text(&self, token: u32) -> &str {
        let place = (token as usize).wrapping_sub(1);
        let known = self.texts.get(place);
        let passing = || {
            let place = place.checked_sub(self.texts.len())?;
            self.passing.as_ref()?.words.get(place)
        };
        known.or_else(passing).unwrap_or("")
    }

    /// What decides quickly what a word can be similar to.
    #[inline]
    pub(crate) fn shape(&self, token: u32) -> Shape {
        self.shapes.get(token as usize).copied().unwrap_or_default()
    }

    /// Reads what is known of a word, see [`super::features::Features::touch`].
    #[inline]
    pub(crate) fn touch(&self, token: u32) -> u64 {
        u64::from(self.shape(token).letters)
    }

    /// Number of the spelling class of a word.
    pub(crate) fn spelling(&self, token: u32) -> u32 {
        self.shape(token).spelling
    }

    /// Key of the sound of a word, see [`sound_key`].
    pub(crate) fn sound(&self, token: u32) -> u64 {
        let key = sound_key(self.text(token));
        key.bytes().fold(5, |key, byte| mix(key, u64::from(byte)))
    }

    /// Jaro–Winkler similarity in `[0, 1]`, remembered per pair of words; 0 when it cannot reach 0.8.
    #[cfg(test)]
    pub(crate) fn similarity(&self, a: u32, b: u32, scratch: &mut Scratch) -> f32 {
        if a == b {
            return 1.0;
        }
        if !may_be_similar(self.shape(a), self.shape(b)) {
            return 0.0;
        }
        self.remembered(a, b, scratch)
    }

    fn remembered(&self, a: u32, b: u32, scratch: &mut Scratch) -> f32 {
        let (a, b) = (a.min(b), a.max(b));
        let key = (u64::from(a) << 32) | u64::from(b);
        let place = mix(u64::from(self.owner), key) as usize & (scratch.slots.len() - 1);
        let slot = &mut scratch.slots[place];
        if (slot.0, slot.1) != (key, self.owner) {
            *slot = (
                key,
                self.owner,
                jaro_winkler::similarity(self.text(a).bytes(), self.text(b).bytes()) as f32,
            );
        }
        slot.2
    }

    /// False when two words cannot have a [`Self::likeness`] of 0.8.
    #[inline]
    pub(crate) fn may_be_alike(&self, a: u32, b: u32) -> bool {
        self.shape(a).may_be_alike(self.shape(b))
    }

    /// Whether two words sound the same or are nearly spelled the same.
    pub(crate) fn close(&self, a: u32, b: u32, scratch: &mut Scratch) -> bool {
        self.likeness(a, b, scratch) >= CLOSE
    }

    /// [`Self::similarity`], and 1 for words of one spelling class.
    #[inline]
    pub(crate) fn likeness(&self, a: u32, b: u32, scratch: &mut Scratch) -> f32 {
        if a == b {
            return 1.0;
        }
        let (shape_a, shape_b) = (self.shape(a), self.shape(b));
        if shape_a.spelling == shape_b.spelling {
            return 1.0;
        }
        if !may_be_similar(shape_a, shape_b) {
            return 0.0;
        }
        self.remembered(a, b, scratch)
    }

    /// Whether one word lies within the other, and is at least three letters long.
    pub(crate) fn contains(&self, a: u32, b: u32) -> bool {
        let (shape_a, shape_b) = (self.shape(a), self.shape(b));
        let (short, long, a, b) = if shape_a.len <= shape_b.len {
            (shape_a, shape_b, a, b)
        } else {
            (shape_b, shape_a, b, a)
        };
        short.len >= 3 && short.letters & !long.letters == 0 && self.text(b).contains(self.text(a))
    }
}

/// Words at least this alike count as nearly equal.
pub(crate) const CLOSE: f32 = 0.92;

/// Words longer than this are always compared.
const LONGEST: usize = 31;

/// Letters that must match at least for 0.8, by the length of the common start and both lengths.
static NEEDED: [[[u8; LONGEST + 1]; LONGEST + 1]; 5] = needed();

/// A similarity of 0.8 with `p` letters at the start in common needs a Jaro similarity of (8 − p) / (10 − p), which `m` matching letters
/// cannot give when (m / a + m / b + 1) / 3 is less.
const fn needed() -> [[[u8; LONGEST + 1]; LONGEST + 1]; 5] {
    let mut out = [[[0; LONGEST + 1]; LONGEST + 1]; 5];
    let mut p = 0;
    while p < 5 {
        let mut a = 0;
        while a <= LONGEST {
            let mut b = 0;
            while b <= LONGEST {
                if a + b > 0 {
                    let letters = ((14 - 2 * p) * a * b).div_ceil((10 - p) * (a + b));
                    out[p][a][b] = if letters == 0 { 1 } else { letters as u8 };
                }
                b += 1;
            }
            a += 1;
        }
        p += 1;
    }
    out
}

/// Bits set in the low and in the high half.
const fn ones_of_halves(x: u64) -> (u32, u32) {
    let x = x - ((x >> 1) & 0x5555_5555_5555_5555);
    let x = (x & 0x3333_3333_3333_3333) + ((x >> 2) & 0x3333_3333_3333_3333);
    let x = ((x + (x >> 4)) & 0x0f0f_0f0f_0f0f_0f0f).wrapping_mul(0x0101_0101);
    ((x >> 24) as u32 & 0xff, (x >> 56) as u32)
}

/// Whether two words can reach 0.8, from lengths, letters that occur in one word only, and the common start.
#[inline]
fn may_be_similar(a: Shape, b: Shape) -> bool {
    let longest = a.len.max(b.len) as usize;
    if longest > LONGEST {
        return true;
    }
    let start = ((a.start ^ b.start).trailing_zeros() / 8)
        .min(a.len)
        .min(b.len);
    let needed = u32::from(NEEDED[start.min(4) as usize][a.len as usize][b.len as usize]);
    if a.len.min(b.len) < needed {
        return false;
    }
    let apart = u64::from(a.letters & !b.letters) | u64::from(b.letters & !a.letters) << 32;
    let (only_a, only_b) = ones_of_halves(apart);
    a.len >= needed + only_a && b.len >= needed + only_b
}

impl Shape {
    /// See [`Tokens::may_be_alike`].
    #[inline]
    pub(crate) fn may_be_alike(self, other: Self) -> bool {
        self.spelling == other.spelling || may_be_similar(self, other)
    }

    /// False when neither word can lie within the other.
    #[inline]
    pub(crate) const fn may_contain(self, other: Self) -> bool {
        self.letters & !other.letters == 0 || other.letters & !self.letters == 0
    }
}

/// A worker's memory of similarities already computed. Holds no result that depends on the order of work.
pub struct Scratch {
    slots: Vec<(u64, u32, f32)>,
}

impl Scratch {
    const SLOTS: usize = 1 << 15;

    /// An empty memory.
    pub fn new() -> Self {
        Self {
            slots: vec![(0, 0, 0.0); Self::SLOTS],
        }
    }

    /// Forgets what it knows of words that are no more: of each owner from a number on.
    pub(crate) fn forget(&mut self, gone: &[(u32, u32)]) {
        if gone.is_empty() {
            return;
        }
        for slot in &mut self.slots {
            // The higher number of a pair is in the lower half.
            let is_gone = |(owner, from): &(u32, u32)| slot.1 == *owner && slot.0 as u32 >= *from;
            if gone.iter().any(is_gone) {
                *slot = (0, 0, 0.0);
            }
        }
    }

    /// A memory of one, for a single pair.
    pub(crate) fn none() -> Self {
        Self {
            slots: vec![(0, 0, 0.0)],
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

    /// Adds `n` records with these words.
    pub(crate) fn add_records(&mut self, n: u32, terms: impl IntoIterator<Item = u32>) {
        self.n_records += f64::from(n);
        for term in terms {
            if let Some(count) = self.counts.get_mut(term as usize) {
                *count += n;
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
            "jansen",
            "janssen",
            "jong",
            "vries",
            "devries",
            "amrani",
            "elamrani",
            "bakker",
            "bekker",
            "dekker",
            "aa",
            "a",
            "zoe",
            "joelle",
            "",
            "geen",
            "ab",
            "ba",
            "wolfeschlegelsteinhausenbergerdorff",
            "wolfeschlegelsteinhausenbergedorff",
        ];
        let mut tokens = Tokens::default();
        let numbers: Vec<u32> = words.iter().map(|word| tokens.intern(word)).collect();
        let mut scratch = Scratch::new();
        for (a, word_a) in numbers.iter().zip(words) {
            for (b, word_b) in numbers.iter().zip(words) {
                let exact = jaro_winkler::similarity(word_a.bytes(), word_b.bytes()) as f32;
                let found = tokens.similarity(*a, *b, &mut scratch);
                assert!(
                    *a == *b || tokens.may_be_alike(*a, *b) || exact < LEAST_SIMILARITY,
                    "{word_a} {word_b} {exact}"
                );
                assert!(
                    (found - exact).abs() < 1e-6 || (found == 0.0 && exact < LEAST_SIMILARITY),
                    "{word_a} {word_b} {exact} {found}"
                );
            }
        }
    }

    #[test]
    fn words_of_a_passing_record_leave_no_trace() {
        let mut tokens = Tokens::default();
        let known = ["jansen", "vries"].map(|word| tokens.intern(word));
        tokens.close_for_reading();
        tokens.open_for_passing();
        let mut scratch = Scratch::new();
        assert_eq!(tokens.intern("jansen"), known[0]);
        // A new word of a known spelling class, and one that is near a known word.
        let first = tokens.intern("janssen");
        assert_eq!(tokens.text(first), "janssen");
        assert!((tokens.likeness(first, known[0], &mut scratch) - 1.0).abs() < 1e-9);
        let near = tokens.intern("vriest");
        let likeness = tokens.likeness(near, known[1], &mut scratch);
        assert!(likeness > 0.8 && likeness < 1.0);
        let gone = tokens.forget_passing().unwrap();
        scratch.forget(&[gone]);
        // The number is given again, and what was known of it is not.
        let other = tokens.intern("wolfs");
        assert_eq!((other, tokens.text(other)), (first, "wolfs"));
        assert!(tokens.likeness(other, known[0], &mut scratch) < 0.8);
        assert_eq!(tokens.intern("vries"), known[1]);
    }
}
