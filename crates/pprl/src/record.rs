//! One record as words, and its cells under a tag.

use aes::Block;

use crate::{
    compare::Cells,
    layout::{DIGITS, FILTERS, one, two},
    prf::{Prf, join, low},
    words::{Part, Rarity, Words},
};

/// Bits that a name sets in its filter, before coincidences, whatever its length.
const WEIGHT: usize = 20;

/// What a filled place of the cells gets from its word.
#[derive(Clone, Copy)]
enum Target {
    Two(usize),
    One(usize),
    /// Half byte of a digit of the date.
    Digit(usize),
    /// Two bytes, and beside them a half byte for every step towards extremely rare.
    Weighed(usize, usize, Rarity),
    /// A bigram: bits in the filter at a place.
    Gram(usize, usize),
}

/// Constants of a tag: flags and masks. Words with these values are never made from texts.
const FLAGS: u64 = u64::MAX;

/// A record as words. Filled per row and reused.
#[derive(Default)]
pub(crate) struct Record {
    words: Vec<(u64, Target)>,
    flags: Vec<usize>,
    filters: [bool; 3],
    blocks: Vec<Block>,
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
        for gram in grams {
            self.words.push((*gram, Target::Gram(filter, each)));
        }
    }

    fn read_names(&mut self, words: &Words<'_>, row: usize) {
        let value = words.given.of(row);
        self.first = value.names[0];
        self.initial = value.initials[0];
        self.first_spelling = value.spelling;
        self.prefixes[2] = value.prefix;
        if value.whole != 0 {
            self.flags.push(one::KNOWN_NAMES);
            let whole = Target::Weighed(two::WHOLE, one::RARE_WHOLE, value.rarity_whole);
            self.put(value.whole, whole);
        }
        let [first, second, third] = two::NAMES;
        self.put(
            value.names[0],
            Target::Weighed(first, one::RARE_FIRST, value.rarity_first),
        );
        self.put(value.names[1], Target::Two(second));
        self.put(value.names[2], Target::Two(third));
        self.put(value.spelling, Target::Two(two::SPELLING));
        for (word, place) in value.initials.iter().zip(one::INITIALS) {
            self.put(*word, Target::One(place));
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
            self.put(sex, Target::One(one::SEX));
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
                self.put(part.word, Target::Two(two::PARTS[2]));
                continue;
            }
            self.parts[i] = part.word;
            self.part_spellings[i] = part.spelling;
            self.prefixes[i] = part.prefix;
            self.put(
                part.word,
                Target::Weighed(two::PARTS[i], one::RARE_PARTS[i], part.rarity),
            );
            self.put(part.spelling, Target::Two(two::PART_SPELLINGS[i]));
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
        self.put(value.whole, Target::Two(two::DATE));
        self.put(value.year, Target::One(one::YEAR));
        self.put(value.month, Target::One(one::MONTH));
        self.put(value.day, Target::One(one::DAY));
        for (place, word) in value.digits.iter().enumerate() {
            self.put(*word, Target::Digit(place));
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
        self.put(postcode.whole, Target::Two(two::POSTCODE));
        self.put(postcode.area, Target::One(one::AREA));
        for (word, place) in postcode.signs.iter().zip(one::POSTCODE_SIGNS) {
            self.put(*word, Target::One(place));
        }
        self.put(number.number, Target::Two(two::NUMBER));
        self.put(street, Target::Two(two::STREET));
        self.put(town, Target::One(one::TOWN));
        let written = *words.addition.of(row);
        let addition = [written, number.addition, words.no_addition]
            .into_iter()
            .find(|word| *word != 0);
        self.put(addition.unwrap_or(0), Target::One(one::ADDITION));
    }

    /// Fills `cells`, which hold padding, under a tag: every place whose word is known gets the word's value under this tag.
    pub(crate) fn cells(&mut self, prf: &Prf, tag: u64, cells: &mut Cells) {
        self.blocks.clear();
        for i in 0..5 {
            self.blocks.push(join(FLAGS - i, tag));
        }
        self.blocks
            .extend(self.words.iter().map(|(word, _)| join(*word, tag)));
        prf.cells(&mut self.blocks);
        let (constants, values) = self.blocks.split_at(5);
        let mask = low(&constants[0]);
        for place in &self.flags {
            cells[*place] = constants[1 + place / 16][place % 16];
        }
        let mut filters = [0_u64; 3];
        for ((_, target), value) in self.words.iter().zip(values) {
            match *target {
                Target::Two(at) => cells[at..at + 2].copy_from_slice(&value[..2]),
                Target::One(at) => cells[at] = value[0],
                Target::Digit(place) => {
                    put_half(&mut cells[DIGITS + place / 2], place % 2, value[0]);
                }
                Target::Weighed(at, beside, rarity) => {
                    cells[at..at + 2].copy_from_slice(&value[..2]);
                    for step in 0..usize::from(rarity) {
                        put_half(&mut cells[beside + step / 2], step % 2, value[2 + step]);
                    }
                }
                Target::Gram(filter, each) => {
                    let bits = u128::from_le_bytes((*value).into());
                    let mut set = 0_u64;
                    for i in 0..each {
                        set |= 1 << (bits >> (6 * i) & 63);
                    }
                    filters[filter] |= set;
                }
            }
        }
        for (i, at) in FILTERS.into_iter().enumerate() {
            if self.filters[i] {
                cells[at..at + 8].copy_from_slice(&(filters[i] ^ mask).to_le_bytes());
            }
        }
    }
}

/// Puts the low half of `value` in the low (0) or high (1) half of a byte.
fn put_half(byte: &mut u8, half: usize, value: u8) {
    let shift = 4 * half;
    *byte = *byte & !(15 << shift) | (value & 15) << shift;
}
