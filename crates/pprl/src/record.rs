//! One record as words: those the rules read, and those that lie in its cells.

use crate::{
    cells::Cells,
    layout::{one, two},
    words::{Codes, Part, Words},
};

/// What the rules read; 0 is absent.
#[derive(Clone, Copy, Default)]
pub(crate) struct Keys {
    pub(crate) initial: u64,
    pub(crate) first: u64,
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

impl Keys {
    pub(crate) fn read(words: &Words<'_>, row: &Codes) -> Self {
        let (given, date, postcode) = (
            words.given.of(row),
            words.date.of(row),
            words.postcode.of(row),
        );
        let mut keys = Self {
            first: given.names[0],
            initial: given.initials[0],
            prefixes: [0, 0, given.prefix],
            year: date.year,
            date: if date.normal { date.whole } else { 0 },
            month_day: if date.normal { date.month_day } else { 0 },
            place: if postcode.whole == 0 {
                *words.street.of(row)
            } else {
                postcode.whole
            },
            number: words.number.of(row).number,
            bsn: *words.bsn.of(row),
            ..Self::default()
        };
        for (i, part) in surname(words, row).iter().take(2).enumerate() {
            if let Some(part) = part {
                keys.parts[i] = part.word;
                keys.part_spellings[i] = part.spelling;
                keys.prefixes[i] = part.prefix;
            }
        }
        keys
    }
}

/// The parts of a surname with a place of their own: two names, and one that may be a name or a reading of one.
fn surname<'w>(words: &'w Words<'_>, row: &Codes) -> [Option<&'w Part>; 3] {
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
    names
}

/// Reads a row into its cells.
pub(crate) fn read(cells: &mut Cells, words: &Words<'_>, row: &Codes) {
    cells.clear();
    read_names(cells, words, row);
    read_surname(cells, words, row);
    read_date(cells, words, row);
    read_address(cells, words, row);
}

fn read_names(cells: &mut Cells, words: &Words<'_>, row: &Codes) {
    let value = words.given.of(row);
    if value.whole != 0 {
        cells.flag(one::KNOWN_NAMES);
        cells.weighed(value.whole, two::WHOLE, one::RARE_WHOLE, value.rarity_whole);
    }
    let [first, second, third] = two::NAMES;
    cells.weighed(value.names[0], first, one::RARE_FIRST, value.rarity_first);
    cells.two(value.names[1], second);
    cells.two(value.names[2], third);
    cells.two(value.spelling, two::SPELLING);
    for (word, place) in value.initials.iter().zip(one::INITIALS) {
        cells.one(*word, place);
    }
    if value.full {
        cells.flag(one::FULL);
    }
    if value.initials[1] != 0 {
        cells.flag(one::SEVERAL);
    }
    cells.name(&words.grams, &value.grams, 0);
    let sex = *words.sex.of(row);
    if sex != 0 {
        cells.flag(one::KNOWN_SEX);
        cells.one(sex, one::SEX);
    }
}

fn read_surname(cells: &mut Cells, words: &Words<'_>, row: &Codes) {
    let names = surname(words, row);
    if names[0].is_some() {
        cells.flag(one::KNOWN_SURNAME);
    }
    for (i, part) in names.iter().enumerate() {
        let Some(part) = part else { continue };
        if i == 2 {
            cells.two(part.word, two::PARTS[2]);
            continue;
        }
        cells.weighed(part.word, two::PARTS[i], one::RARE_PARTS[i], part.rarity);
        cells.two(part.spelling, two::PART_SPELLINGS[i]);
        cells.name(&words.grams, &part.grams, 1 + i);
    }
}

fn read_date(cells: &mut Cells, words: &Words<'_>, row: &Codes) {
    let value = words.date.of(row);
    if value.year == 0 {
        return;
    }
    cells.flag(one::KNOWN_DATE);
    if value.normal {
        cells.flag(one::NORMAL);
    }
    cells.two(value.whole, two::DATE);
    cells.one(value.year, one::YEAR);
    cells.one(value.month, one::MONTH);
    cells.one(value.day, one::DAY);
    for (place, word) in words.signs.digits(value.digits).enumerate() {
        cells.digit(word, place);
    }
}

fn read_address(cells: &mut Cells, words: &Words<'_>, row: &Codes) {
    let postcode = words.postcode.of(row);
    let number = words.number.of(row);
    let (street, town) = (*words.street.of(row), *words.town.of(row));
    if postcode.area != 0 || street != 0 || town != 0 {
        cells.flag(one::KNOWN_ADDRESS);
    }
    cells.two(postcode.whole, two::POSTCODE);
    cells.one(postcode.area, one::AREA);
    if postcode.whole != 0 {
        let words = words.signs.postcode(postcode.signs);
        for (word, place) in words.zip(one::POSTCODE_SIGNS) {
            cells.one(word, place);
        }
    }
    cells.two(number.number, two::NUMBER);
    cells.two(street, two::STREET);
    cells.one(town, one::TOWN);
    let written = *words.addition.of(row);
    let addition = [written, number.addition, words.no_addition]
        .into_iter()
        .find(|word| *word != 0);
    cells.one(addition.unwrap_or(0), one::ADDITION);
}
