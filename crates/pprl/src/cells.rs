//! Filling the cells of a record under its tags: the inner loop of encoding.
//!
//! A record's words are kept by what becomes of them, so that nothing is decided per cell: one encryption of all (word, tag) blocks of the
//! record, then per tag one straight run over the results.

use aes::Block;

use crate::{
    layout::{CELL_BYTES, DIGITS, FILTERS, SLOT_BYTES, TAG_BYTES},
    prf::{BATCH, Prf, join, low, whole},
    signs::{GramList, Grams},
    words::Rarity,
};

/// Bits that a name sets in its filter, before coincidences, whatever its length.
const WEIGHT: usize = 20;

/// Constants of a tag: flags and masks. Words with these values are never made from texts.
const FLAGS: u64 = u64::MAX;
const CONSTANTS: usize = 5;

/// What lies in the cells of a record: words and where each goes. Emptied and filled again for every row.
#[derive(Default)]
pub(crate) struct Cells {
    flags: Vec<u8>,
    twos: Places<u8>,
    ones: Places<u8>,
    /// Half bytes of the digits of a date.
    digits: Places<u8>,
    /// Two bytes, and beside them a half byte for every step towards extremely rare.
    weighed: Places<(u8, u8, Rarity)>,
    /// Words of bigrams, filter after filter.
    grams: [Vec<u64>; 3],
    words: Vec<u64>,
    blocks: Vec<Block>,
}

/// Words with their places; absent words are left out.
struct Places<P> {
    words: Vec<u64>,
    places: Vec<P>,
}

impl<P> Default for Places<P> {
    fn default() -> Self {
        Self {
            words: Vec::new(),
            places: Vec::new(),
        }
    }
}

impl<P> Places<P> {
    #[inline]
    fn put(&mut self, word: u64, place: P) {
        if word != 0 {
            self.words.push(word);
            self.places.push(place);
        }
    }

    fn clear(&mut self) {
        self.words.clear();
        self.places.clear();
    }
}

impl Cells {
    pub(crate) fn clear(&mut self) {
        self.flags.clear();
        self.twos.clear();
        self.ones.clear();
        self.digits.clear();
        self.weighed.clear();
        for grams in &mut self.grams {
            grams.clear();
        }
    }

    pub(crate) fn flag(&mut self, place: usize) {
        self.flags.push(place as u8);
    }

    /// A fingerprint of two bytes.
    pub(crate) fn two(&mut self, word: u64, place: usize) {
        self.twos.put(word, place as u8);
    }

    /// A fingerprint of one byte.
    pub(crate) fn one(&mut self, word: u64, place: usize) {
        self.ones.put(word, place as u8);
    }

    /// A digit of the date, by its place in it.
    pub(crate) fn digit(&mut self, word: u64, place: usize) {
        self.digits.put(word, place as u8);
    }

    /// A fingerprint of two bytes with the steps of its rarity at another place.
    pub(crate) fn weighed(&mut self, word: u64, place: usize, beside: usize, rarity: Rarity) {
        self.weighed.put(word, (place as u8, beside as u8, rarity));
    }

    /// The bigrams of a name in a filter.
    pub(crate) fn name(&mut self, words: &Grams, list: &GramList, filter: usize) {
        self.grams[filter].extend(words.words(list));
    }

    /// Fills slots that hold padding, one per tag: every place whose word is known gets the word's value under the tag. A tag of 0 is an
    /// absent one: its slot stays padding, tag included.
    pub(crate) fn fill(&mut self, prf: &Prf, tags: &[u64], slots: &mut [u8]) {
        self.words.clear();
        self.words.extend((0..CONSTANTS as u64).map(|i| FLAGS - i));
        self.words.extend(&self.twos.words);
        self.words.extend(&self.ones.words);
        self.words.extend(&self.digits.words);
        self.words.extend(&self.weighed.words);
        for grams in &self.grams {
            self.words.extend(grams);
        }
        self.blocks.clear();
        for tag in tags.iter().filter(|tag| **tag != 0) {
            let words = self.words.iter();
            self.blocks.extend(words.map(|word| join(*word, *tag)));
        }
        // One call for all slots, filled up to whole batches: single blocks at the end would take as long as a batch each.
        let n_blocks = self.blocks.len().next_multiple_of(BATCH);
        self.blocks.resize(n_blocks, Block::default());
        prf.cells(&mut self.blocks);
        let filled = tags.iter().zip(slots.chunks_exact_mut(SLOT_BYTES));
        let filled = filled.filter(|(tag, _)| **tag != 0);
        for ((tag, slot), values) in filled.zip(self.blocks.chunks_exact(self.words.len())) {
            let (place, cells) = slot.split_at_mut(TAG_BYTES);
            place.copy_from_slice(&tag.to_le_bytes());
            if let Some(cells) = cells.first_chunk_mut::<CELL_BYTES>() {
                self.write(values, cells);
            }
        }
    }

    /// Writes the cells of one slot from the encrypted words.
    #[inline]
    fn write(&self, values: &[Block], cells: &mut [u8; CELL_BYTES]) {
        let (constants, rest) = values.split_at(CONSTANTS);
        for flag in &self.flags {
            let flag = usize::from(*flag);
            cells[flag] = constants[1 + flag / 16][flag % 16];
        }
        let (values, rest) = rest.split_at(self.twos.places.len());
        for (at, value) in self.twos.places.iter().zip(values) {
            put_two(cells, *at, value);
        }
        let (values, rest) = rest.split_at(self.ones.places.len());
        for (at, value) in self.ones.places.iter().zip(values) {
            cells[usize::from(*at)] = value[0];
        }
        let (values, rest) = rest.split_at(self.digits.places.len());
        for (place, value) in self.digits.places.iter().zip(values) {
            let place = usize::from(*place);
            put_half(&mut cells[DIGITS + place / 2], place % 2, value[0]);
        }
        let (values, mut rest) = rest.split_at(self.weighed.places.len());
        for ((at, beside, rarity), value) in self.weighed.places.iter().zip(values) {
            put_two(cells, *at, value);
            for step in 0..usize::from(*rarity) {
                let byte = &mut cells[usize::from(*beside) + step / 2];
                put_half(byte, step % 2, value[2 + step]);
            }
        }
        let mask = low(&constants[0]);
        for (grams, at) in self.grams.iter().zip(FILTERS) {
            let (values, others) = rest.split_at(grams.len());
            rest = others;
            if !grams.is_empty() {
                let bits = mask ^ filter(values);
                cells[at..at + 8].copy_from_slice(&bits.to_le_bytes());
            }
        }
    }
}

/// The filter of a name: every bigram sets as many bits as it takes for the name to weigh about [`WEIGHT`].
#[inline]
fn filter(grams: &[Block]) -> u64 {
    let each = (WEIGHT as f64 / grams.len().max(1) as f64).round().max(1.0) as usize;
    let mut bits = 0;
    for gram in grams {
        // Ten places of six bits fit in half of the block.
        let mut rest = low(gram);
        for _ in 0..each.min(10) {
            bits |= 1 << (rest & 63);
            rest >>= 6;
        }
        let mut rest = whole(gram) >> 60;
        for _ in 10..each {
            bits |= 1 << (rest & 63);
            rest >>= 6;
        }
    }
    bits
}

#[inline]
fn put_two(cells: &mut [u8; CELL_BYTES], at: u8, value: &Block) {
    let at = usize::from(at);
    cells[at..at + 2].copy_from_slice(&value[..2]);
}

/// Puts the low half of `value` in the low (0) or high (1) half of a byte.
#[inline]
fn put_half(byte: &mut u8, half: usize, value: u8) {
    let shift = 4 * half;
    *byte = *byte & !(15 << shift) | (value & 15) << shift;
}
