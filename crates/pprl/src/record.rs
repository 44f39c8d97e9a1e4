//! One record as words, and its cells under a tag.

use aes::Block;

use crate::{
    layout::{CELL_BYTES, DIGITS, FILTERS, SLOT_BYTES, TAG_BYTES, one, two},
    prf::{Prf, join, low, whole},
    words::{Part, Rarity, Words},
};

/// Bits that a name sets in its filter, before coincidences, whatever its length.
const WEIGHT: usize = 20;

/// What a filled place of the cells gets from its word.
#[derive(Clone, Copy)]
enum Target {
    Two(u8),
    One(u8),
    /// Half byte of a digit of the date.
    Digit(u8),
    /// Two bytes, and beside them a half byte for every step towards extremely rare.
    Weighed(u8, u8, Rarity),
    /// A bigram: bits in the filter at a place.
    Gram(u8, u8),
}

/// Constants of a tag: flags and masks. Words with these values are never made from texts.
const FLAGS: u64 = u64::MAX;
const CONSTANTS: usize = 5;

/// A record as words. Filled per row and reused.
#[derive(Default)]
pub(crate) struct Record {
    words: Vec<(u64, Target)>,
    flags: Vec<usize>,
    filters: [bool; 3],
    blocks: Vec<Block>,
    filter_bits: Vec<u64>,
    // What the rules read; 0 is absent.
    pub(crate) initial: u64,
    pub(crate) first: u64,
    pub(crate) first_spelling: u64,
    pub(crate) parts: [u64; 2],
    pub(crate) part_spellings: [u64; 2],
    pub(crate) prefixes: [u64; 3],
    pub(crate) date: u64,
    pub(crate) year: u64,
    pub(crate) month_day: u64,
    pub(crate) place: u64,
    pub(crate) number: u64,
    pub(crate) bsn: u64,
}

impl Record {
    /// Reads a row of the table.
    pub(crate) fn read(&mut self, words: &Words<'_>, row: usize) {
        self.words.clear();
        self.flags.clear();
        self.filters = [false; 3];
        self.read_names(words, row);
        self.read_surname(words, row);
        self.read_date(words, row);
        self.read_address(words, row);
        self.bsn = *words.bsn.of(row);
    }

    fn put(&mut self, word: u64, target: Target) {
        if word != 0 {
            self.words.push((word, target));
        }
    }

    fn put_grams(&mut self, grams: &[u64], filter: usize) {
        let each = (WEIGHT as f64 / grams.len().max(1) as f64).round().max(1.0) as usize;
        self.filters[filter] = !grams.is_empty();
        let target = Target::Gram(filter as u8, each as u8);
        self.words.extend(grams.iter().map(|gram| (*gram, target)));
    }

    fn read_names(&mut self, words: &Words<'_>, row: usize) {
        let value = words.given.of(row);
        self.first = value.names[0];
        self.initial = value.initials[0];
        self.first_spelling = value.spelling;
        self.prefixes[2] = value.prefix;
        if value.whole != 0 {
            self.flags.push(one::KNOWN_NAMES);
            let whole = weighed(two::WHOLE, one::RARE_WHOLE, value.rarity_whole);
            self.put(value.whole, whole);
        }
        let [first, second, third] = two::NAMES;
        self.put(
            value.names[0],
            weighed(first, one::RARE_FIRST, value.rarity_first),
        );
        self.put(value.names[1], at_two(second));
        self.put(value.names[2], at_two(third));
        self.put(value.spelling, at_two(two::SPELLING));
        for (word, place) in value.initials.iter().zip(one::INITIALS) {
            self.put(*word, at_one(place));
        }
        if value.full {
            self.flags.push(one::FULL);
        }
        if value.initials[1] != 0 {
            self.flags.push(one::SEVERAL);
        }
        self.put_grams(&value.grams, 0);
        let sex = *words.sex.of(row);
        if sex != 0 {
            self.flags.push(one::KNOWN_SEX);
            self.put(sex, at_one(one::SEX));
        }
    }

    fn read_surname(&mut self, words: &Words<'_>, row: usize) {
        let (own, partner) = (words.own.of(row), words.partner.of(row));
        let all = || own.iter().chain(partner);
        let mut names: [Option<&Part>; 3] = [None; 3];
        let ordered = all()
            .filter(|part| !part.reading)
            .chain(all().filter(|part| part.reading));
        for part in ordered {
            let known = names.iter().flatten().any(|other| other.word == part.word);
            let places = if part.reading { 2..3 } else { 0..3 };
            if !known && let Some(free) = names[places].iter_mut().find(|name| name.is_none()) {
                *free = Some(part);
            }
        }
        self.parts = [0; 2];
        self.part_spellings = [0; 2];
        self.prefixes[..2].fill(0);
        if names[0].is_some() {
            self.flags.push(one::KNOWN_SURNAME);
        }
        for (i, part) in names.iter().enumerate() {
            let Some(part) = part else { continue };
            if i == 2 {
                self.put(part.word, at_two(two::PARTS[2]));
                continue;
            }
            self.parts[i] = part.word;
            self.part_spellings[i] = part.spelling;
            self.prefixes[i] = part.prefix;
            self.put(
                part.word,
                weighed(two::PARTS[i], one::RARE_PARTS[i], part.rarity),
            );
            self.put(part.spelling, at_two(two::PART_SPELLINGS[i]));
            self.put_grams(&part.grams, 1 + i);
        }
    }

    fn read_date(&mut self, words: &Words<'_>, row: usize) {
        let value = words.date.of(row);
        self.year = value.year;
        self.date = if value.normal { value.whole } else { 0 };
        self.month_day = if value.normal { value.month_day } else { 0 };
        if value.year == 0 {
            return;
        }
        self.flags.push(one::KNOWN_DATE);
        if value.normal {
            self.flags.push(one::NORMAL);
        }
        self.put(value.whole, at_two(two::DATE));
        self.put(value.year, at_one(one::YEAR));
        self.put(value.month, at_one(one::MONTH));
        self.put(value.day, at_one(one::DAY));
        for (place, word) in value.digits.iter().enumerate() {
            self.put(*word, Target::Digit(place as u8));
        }
    }

    fn read_address(&mut self, words: &Words<'_>, row: usize) {
        let postcode = words.postcode.of(row);
        let number = words.number.of(row);
        let (street, town) = (*words.street.of(row), *words.town.of(row));
        self.place = if postcode.whole == 0 {
            street
        } else {
            postcode.whole
        };
        self.number = number.number;
        if postcode.area != 0 || street != 0 || town != 0 {
            self.flags.push(one::KNOWN_ADDRESS);
        }
        self.put(postcode.whole, at_two(two::POSTCODE));
        self.put(postcode.area, at_one(one::AREA));
        for (word, place) in postcode.signs.iter().zip(one::POSTCODE_SIGNS) {
            self.put(*word, at_one(place));
        }
        self.put(number.number, at_two(two::NUMBER));
        self.put(street, at_two(two::STREET));
        self.put(town, at_one(one::TOWN));
        let written = *words.addition.of(row);
        let addition = [written, number.addition, words.no_addition]
            .into_iter()
            .find(|word| *word != 0);
        self.put(addition.unwrap_or(0), at_one(one::ADDITION));
    }

    /// Fills slots that hold padding, one per tag: every place whose word is known gets the word's value under the tag. A tag of 0 is an
    /// absent one: its slot stays padding, tag included.
    pub(crate) fn fill(&mut self, prf: &Prf, tags: &[u64], slots: &mut [u8]) {
        self.blocks.clear();
        for tag in tags.iter().filter(|tag| **tag != 0) {
            self.blocks
                .extend((0..CONSTANTS as u64).map(|i| join(FLAGS - i, *tag)));
            self.blocks
                .extend(self.words.iter().map(|(word, _)| join(*word, *tag)));
        }
        // One call for all slots: the cipher spreads its keys over the lanes once per call.
        prf.cells(&mut self.blocks);
        // Word by word, and for each word slot by slot: what to do with it is decided once.
        let width = CONSTANTS + self.words.len();
        let places: Vec<usize> = (0..tags.len()).filter(|i| tags[*i] != 0).collect();
        if places.is_empty() {
            return;
        }
        for (n, place) in places.iter().enumerate() {
            let (tag, cells) =
                slots[place * SLOT_BYTES..(place + 1) * SLOT_BYTES].split_at_mut(TAG_BYTES);
            tag.copy_from_slice(&tags[*place].to_le_bytes());
            let constants = &self.blocks[n * width..n * width + CONSTANTS];
            for flag in &self.flags {
                cells[*flag] = constants[1 + flag / 16][flag % 16];
            }
            let mask = low(&constants[0]).to_le_bytes();
            for (at, _) in FILTERS
                .into_iter()
                .zip(self.filters)
                .filter(|(_, used)| *used)
            {
                cells[at..at + 8].copy_from_slice(&mask);
            }
        }
        self.filter_bits.clear();
        self.filter_bits.resize(3 * places.len(), 0);
        for (w, (_, target)) in self.words.iter().enumerate() {
            let values = self.blocks[CONSTANTS + w..].iter().step_by(width);
            if let Target::Gram(filter, each) = *target {
                let filters = self.filter_bits[usize::from(filter)..]
                    .iter_mut()
                    .step_by(3);
                for (value, bits) in values.zip(filters) {
                    let mut rest = whole(value);
                    for _ in 0..each {
                        *bits |= 1 << (rest & 63);
                        rest >>= 6;
                    }
                }
                continue;
            }
            for (value, place) in values.zip(&places) {
                let start = place * SLOT_BYTES + TAG_BYTES;
                put(*target, value, &mut slots[start..start + CELL_BYTES]);
            }
        }
        for (filters, place) in self.filter_bits.chunks_exact(3).zip(&places) {
            for (bits, at) in filters.iter().zip(FILTERS) {
                let start = place * SLOT_BYTES + TAG_BYTES + at;
                for (byte, bits) in slots[start..start + 8].iter_mut().zip(bits.to_le_bytes()) {
                    *byte ^= bits;
                }
            }
        }
    }
}

/// Puts the value of a word in its place. Bigrams go another way.
#[inline]
fn put(target: Target, value: &Block, cells: &mut [u8]) {
    match target {
        Target::Two(at) => put_two(cells, at, value),
        Target::One(at) => cells[usize::from(at)] = value[0],
        Target::Digit(place) => {
            let place = usize::from(place);
            put_half(&mut cells[DIGITS + place / 2], place % 2, value[0]);
        }
        Target::Weighed(at, beside, rarity) => {
            put_two(cells, at, value);
            for step in 0..usize::from(rarity) {
                let byte = &mut cells[usize::from(beside) + step / 2];
                put_half(byte, step % 2, value[2 + step]);
            }
        }
        Target::Gram(..) => {}
    }
}

const fn at_two(place: usize) -> Target {
    Target::Two(place as u8)
}

const fn at_one(place: usize) -> Target {
    Target::One(place as u8)
}

const fn weighed(place: usize, beside: usize, rarity: Rarity) -> Target {
    Target::Weighed(place as u8, beside as u8, rarity)
}

fn put_two(cells: &mut [u8], at: u8, value: &Block) {
    let at = usize::from(at);
    cells[at..at + 2].copy_from_slice(&value[..2]);
}

/// Puts the low half of `value` in the low (0) or high (1) half of a byte.
fn put_half(byte: &mut u8, half: usize, value: u8) {
    let shift = 4 * half;
    *byte = *byte & !(15 << shift) | (value & 15) << shift;
}
