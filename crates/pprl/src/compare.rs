//! Agreement levels of two cell blocks with one tag. Needs no key: equal fingerprints and the distance of two masked filters say it all.

use helder_record_linkage::bound::Pattern;

use crate::layout::{CELL_BYTES, DIGITS, FILTERS, one, two};

/// Cells of one record under one tag.
pub type Cells = [u8; CELL_BYTES];

/// Bits in which two filters of nearly equal names differ at most; names without anything in common differ in 25 of 64.
const NEAR: u32 = 10;
/// The same for names that look alike.
const ALIKE: u32 = 16;

/// The agreement pattern, 4 bits per comparison in the order of [`crate::layout::COMPARISONS`].
///
/// Symmetric: the order of the records does not matter.
pub fn compare(a: &Cells, b: &Cells) -> Pattern {
    let pair = Pair { a, b };
    let levels = [
        pair.given_names(),
        pair.surname(),
        pair.date(),
        pair.address(),
        pair.sex(),
    ];
    levels
        .iter()
        .rev()
        .fold(0, |pattern, level| pattern << 4 | u64::from(*level))
}

#[derive(Clone, Copy)]
struct Pair<'a> {
    a: &'a Cells,
    b: &'a Cells,
}

impl Pair<'_> {
    fn one(self, place: usize) -> bool {
        self.a[place] == self.b[place]
    }

    fn two(self, place: usize) -> bool {
        self.crossed(place, place)
    }

    fn crossed(self, in_a: usize, in_b: usize) -> bool {
        self.a[in_a] == self.b[in_b] && self.a[in_a + 1] == self.b[in_b + 1]
    }

    /// Whether a fingerprint of one list occurs in the other.
    fn any(self, in_a: &[usize], in_b: &[usize]) -> bool {
        in_a.iter()
            .any(|x| in_b.iter().any(|y| self.crossed(*x, *y)))
    }

    fn distance(self, in_a: usize, in_b: usize) -> u32 {
        let read = |cells: &Cells, at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&cells[at..at + 8]);
            u64::from_le_bytes(bytes)
        };
        (read(self.a, in_a) ^ read(self.b, in_b)).count_ones()
    }

    /// How rare a value is on which the pair agrees: 0 common, 4 extremely rare. The side that finds it more usual decides.
    fn rarity(self, in_a: usize, in_b: usize) -> u8 {
        let steps = [0, 1].map(|i| self.a[in_a + i] ^ self.b[in_b + i]);
        let equal = [steps[0] & 15, steps[0] >> 4, steps[1] & 15, steps[1] >> 4];
        equal.iter().take_while(|step| **step == 0).count() as u8
    }

    /// The same in three steps: 0 very rare, 1 not common, 2 common.
    fn coarse_rarity(self, in_a: usize, in_b: usize) -> u8 {
        match self.rarity(in_a, in_b) {
            0 => 2,
            1 | 2 => 1,
            _ => 0,
        }
    }

    fn exchanged(self) -> bool {
        self.any(&two::NAMES, &two::PARTS) || self.any(&two::PARTS, &two::NAMES)
    }

    fn given_names(self) -> u8 {
        if !self.one(one::KNOWN_NAMES) {
            return if self.exchanged() { 12 } else { 0 };
        }
        let initial = self.one(one::INITIALS[0]);
        if !self.one(one::FULL) {
            return match (initial, self.one(one::INITIALS[1]), self.one(one::SEVERAL)) {
                (true, true, _) => 10,
                (true, false, false) => 11,
                (true, false, true) => 13,
                (false, ..) if self.exchanged() => 12,
                (false, ..) => 14,
            };
        }
        if self.two(two::WHOLE) {
            return 4 - self.rarity(one::RARE_WHOLE, one::RARE_WHOLE).min(3);
        }
        if self.two(two::NAMES[0]) {
            return 5 + self.coarse_rarity(one::RARE_FIRST, one::RARE_FIRST);
        }
        if self.any(&two::NAMES, &two::NAMES) {
            return 8;
        }
        let distance = self.distance(FILTERS[0], FILTERS[0]);
        if self.two(two::SPELLING) || distance <= NEAR {
            9
        } else if self.exchanged() {
            12
        } else if initial || distance <= ALIKE {
            13
        } else {
            14
        }
    }

    fn surname(self) -> u8 {
        if !self.one(one::KNOWN_SURNAME) {
            return if self.exchanged() { 12 } else { 0 };
        }
        let [first, second, _] = two::PARTS;
        let straight = self.two(first);
        let others =
            [(second, second), (first, second), (second, first)].map(|(x, y)| self.crossed(x, y));
        if (straight && others[0]) || (others[1] && others[2]) {
            return 1;
        }
        if straight {
            return 6 - self.rarity(one::RARE_PARTS[0], one::RARE_PARTS[0]);
        }
        let places = [(1, 1), (0, 1), (1, 0)];
        // Of several equal parts the rarest counts, whichever record is named first.
        let rarest = places
            .into_iter()
            .zip(others)
            .filter(|(_, equal)| *equal)
            .map(|((x, y), _)| self.coarse_rarity(one::RARE_PARTS[x], one::RARE_PARTS[y]))
            .min();
        if let Some(rarest) = rarest {
            return 7 + rarest;
        }
        if self.any(&two::PARTS, &two::PARTS) {
            return 9;
        }
        let distance = self.distance(FILTERS[1], FILTERS[1]);
        if self.two(two::PART_SPELLINGS[0]) || distance <= NEAR {
            return 10;
        }
        let distances = places.map(|(x, y)| self.distance(FILTERS[1 + x], FILTERS[1 + y]));
        let nearest = distances.into_iter().fold(64, u32::min);
        if self.any(&two::PART_SPELLINGS, &two::PART_SPELLINGS) || nearest <= NEAR {
            11
        } else if self.exchanged() {
            12
        } else if distance.min(nearest) <= ALIKE {
            13
        } else {
            14
        }
    }

    fn date(self) -> u8 {
        if !self.one(one::KNOWN_DATE) {
            return 0;
        }
        let normal = self.one(one::NORMAL);
        if self.two(two::DATE) {
            return if normal { 1 } else { 2 };
        }
        let (year, month, day) = (
            self.one(one::YEAR),
            self.one(one::MONTH),
            self.one(one::DAY),
        );
        if year && !normal {
            return if month { 3 } else { 6 };
        }
        if year && self.a[one::DAY] == self.b[one::MONTH] && self.a[one::MONTH] == self.b[one::DAY]
        {
            return 4;
        }
        let equal_digits = (0..4)
            .map(|i| self.a[DIGITS + i] ^ self.b[DIGITS + i])
            .map(|x| u8::from(x.trailing_zeros() >= 4) + u8::from(x.leading_zeros() >= 4))
            .sum::<u8>();
        if equal_digits >= 7 {
            return 5;
        }
        match (u8::from(year) + u8::from(month) + u8::from(day), year) {
            (2, _) => 7,
            (_, true) => 8,
            _ => 9,
        }
    }

    fn address(self) -> u8 {
        if !self.one(one::KNOWN_ADDRESS) {
            return 0;
        }
        let number = self.two(two::NUMBER);
        let place = self.two(two::POSTCODE) || self.two(two::STREET);
        if number && place {
            return if self.one(one::ADDITION) { 1 } else { 2 };
        }
        let signs = one::POSTCODE_SIGNS;
        let equal_signs = signs.into_iter().filter(|place| self.one(*place)).count();
        let town = self.one(one::TOWN);
        if number && equal_signs >= 5 {
            3
        } else if place {
            4
        } else if self.one(one::AREA) || (number && town) {
            5
        } else if town {
            6
        } else {
            7
        }
    }

    fn sex(self) -> u8 {
        match (self.one(one::KNOWN_SEX), self.one(one::SEX)) {
            (false, _) => 0,
            (true, true) => 1,
            (true, false) => 2,
        }
    }
}
