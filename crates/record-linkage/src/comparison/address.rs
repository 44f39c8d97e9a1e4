//! Addresses as one comparison: a move changes postcode, number and town at once, so they are not independent evidence.

mod parts;

use rayon::prelude::*;

use super::{
    Compare, ComparisonLevel, MISSING, Outcome, Reach, Side,
    ceiling::Tile,
    features::Features,
    level, mix,
    reading::{Worded, Words},
    tokens::{Scratch, Shape, Tokens},
};
use crate::{
    distinct::Distinct,
    spec::{ColumnPair, ComparisonSpec, KeyFunction},
    table::Table,
    value::address::{Address, RawAddress, one_keystroke_apart},
};
use parts::{Known, Parts};

pub(super) const LEVELS: &[ComparisonLevel] = &[
    MISSING,
    level("address equal", "adres gelijk", true, 0.65),
    level(
        "address equal but for the addition",
        "adres gelijk op de toevoeging na",
        true,
        0.06,
    ),
    level(
        "number equal, postcode or street nearly equal",
        "huisnummer gelijk, postcode of straat bijna gelijk",
        false,
        0.06,
    ),
    level(
        "postcode or street equal",
        "postcode of straat gelijk",
        false,
        0.05,
    ),
    level("postcode area equal", "postcodegebied gelijk", false, 0.04),
    level("town equal", "woonplaats gelijk", false, 0.06),
    level("different", "verschillend", false, 0.08),
];

/// An address as numbers; 0 is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
struct Value {
    pc6: [u8; 6],
    pc4: u16,
    number: u32,
    addition: u32,
    street: u32,
    town: u32,
}

/// See [`LEVELS`].
pub(super) struct AddressComparison {
    values: Features<Value>,
    shares: Vec<f64>,
    place_numbers: Distinct<u64>,
    /// How many records have each.
    counts: Vec<u32>,
    n_known: f64,
    collision: f64,
}

impl AddressComparison {
    pub(super) fn bind(
        spec: &ComparisonSpec,
        left: &Table,
        right: &Table,
        tokens: &mut Tokens,
    ) -> Self {
        let fields = fields(spec);
        let values = Features::read_prepared(
            (left, fields.map(|pair| pair.map(|pair| pair.left.as_str()))),
            (
                right,
                fields.map(|pair| pair.map(|pair| pair.right.as_str())),
            ),
            Some(tokens),
            Parts::of,
            |raw, parts, words| Value::of(&parts.address(raw.codes), words),
        );
        let (shares, collision) = values.shares();
        let (mut place_numbers, mut counts) = (Distinct::new(), Vec::new());
        let mut n_known = 0.0;
        let known: Vec<(&Value, u32)> = values.counted().collect();
        let keys: Vec<[Option<u64>; 2]> = known
            .par_iter()
            .map(|(value, _)| {
                let mut keys = value.place_numbers();
                [keys.next(), keys.next()]
            })
            .collect();
        for ((_, n), keys) in known.iter().zip(&keys) {
            n_known += f64::from(*n);
            for key in keys.iter().flatten().copied() {
                let (number, new) = place_numbers.number(key);
                if new {
                    counts.push(0);
                }
                counts[number] += *n;
            }
        }
        Self {
            values,
            shares,
            place_numbers,
            counts,
            n_known,
            collision,
        }
    }

    fn share(&self, key: u64) -> f64 {
        let known = self
            .place_numbers
            .find(&key)
            .map_or(1, |number| self.counts[number]);
        f64::from(known) / self.n_known.max(1.0)
    }
}

/// The columns, in the order in which [`Value::read`] wants their texts.
fn fields(spec: &ComparisonSpec) -> [Option<&ColumnPair>; 5] {
    match spec {
        ComparisonSpec::Address {
            postcode,
            number,
            addition,
            street,
            town,
            ..
        } => [
            postcode.as_ref(),
            number.as_ref(),
            addition.as_ref(),
            street.as_ref(),
            town.as_ref(),
        ],
        _ => [None; 5],
    }
}

impl Value {
    fn read(
        [postcode, number, addition, street, town]: [Option<&str>; 5],
        tokens: &mut Tokens,
    ) -> Option<Self> {
        let parsed = Address::parse(RawAddress {
            postcode,
            number,
            addition,
            street,
            town,
        });
        Self::of(
            &Known {
                pc4: parsed.pc4,
                pc6: parsed.pc6(),
                number: parsed.number,
                addition: parsed.addition.as_deref(),
                street: parsed.street.as_deref(),
                town: parsed.town.as_deref(),
            },
            tokens,
        )
    }

    fn of(known: &Known<'_>, words: &mut impl Words) -> Option<Self> {
        if known.pc4.is_none() && known.street.is_none() && known.town.is_none() {
            return None;
        }
        let mut word = |text: Option<&str>| text.map_or(0, |text| words.intern(text));
        Some(Self {
            pc6: known.pc6.unwrap_or_default(),
            pc4: known.pc4.unwrap_or(0),
            number: known.number.unwrap_or(0),
            addition: word(known.addition),
            street: word(known.street),
            town: word(known.town),
        })
    }

    fn has_pc6(&self) -> bool {
        self.pc6[0] != 0
    }

    fn places(&self) -> impl Iterator<Item = u64> + use<> {
        let postcode = self.has_pc6().then(|| {
            self.pc6
                .iter()
                .fold(11, |key, byte| mix(key, u64::from(*byte)))
        });
        let street = (self.street != 0).then(|| mix(12, u64::from(self.street)));
        postcode.into_iter().chain(street)
    }

    fn place_numbers(&self) -> impl Iterator<Item = u64> + use<> {
        let number = u64::from(self.number);
        self.places()
            .filter(move |_| number != 0)
            .map(move |place| mix(place, number))
    }
}

impl Worded for Value {
    fn renumber(&mut self, numbers: &[u32]) {
        for word in [&mut self.addition, &mut self.street, &mut self.town] {
            *word = numbers[*word as usize];
        }
    }
}

/// What a quick look at an address shows; 0 is missing.
struct Look {
    pc6: u64,
    pc4: u16,
    number: u32,
    street: u32,
    town: u32,
    street_shape: Shape,
    town_shape: Shape,
}

impl AddressComparison {
    fn look(&self, side: Side, row: usize, tokens: &Tokens) -> Look {
        let value = &self.values.values()[self.values.code(side, row) as usize];
        let pc6 = value.pc6.iter();
        Look {
            pc6: pc6.fold(0, |code, byte| code << 8 | u64::from(*byte)),
            pc4: value.pc4,
            number: value.number,
            street: value.street,
            town: value.town,
            street_shape: tokens.shape(value.street),
            town_shape: tokens.shape(value.town),
        }
    }
}

impl Compare for AddressComparison {
    fn levels(&self) -> &[ComparisonLevel] {
        LEVELS
    }

    fn ceiling(&self, tile: &Tile<'_>, sums: &mut [f32]) {
        let tops = &tile.tops;
        let apart = [tops.at(7), tops.at_any(&[6, 7])];
        let same_area = tops.at_any(&[5, 6, 7]);
        let same_place = tops.at_any(&[4, 5, 6, 7]);
        let same_number = tops.at_any(&[0, 3, 4, 5, 6, 7]);
        tile.add(
            sums,
            |row| self.look(Side::Left, row, tile.tokens),
            |row| self.look(Side::Right, row, tile.tokens),
            |a, b| {
                let numbers = a.number != 0 && a.number == b.number;
                let postcodes = a.pc6 != 0 && a.pc6 == b.pc6;
                let streets = a.street != 0 && b.street != 0;
                let near = streets
                    && (a.street == b.street || a.street_shape.may_be_alike(b.street_shape));
                if postcodes || near {
                    return if numbers { tops.most() } else { same_place };
                }
                if numbers {
                    return same_number;
                }
                let areas = a.pc4 != 0 && b.pc4 != 0;
                let towns = a.town != 0 && b.town != 0;
                if areas && a.pc4 == b.pc4 {
                    same_area
                } else if areas | streets | towns {
                    apart[usize::from(towns && a.town_shape.may_be_alike(b.town_shape))]
                } else {
                    0.0
                }
            },
        );
    }

    fn touch(&self, pairs: &[(u32, u32)], tokens: &Tokens) -> u64 {
        self.values.touch(pairs, |value| {
            tokens.touch(value.street) ^ tokens.touch(value.town)
        })
    }

    fn cost(&self) -> u8 {
        3
    }

    fn compare(
        &self,
        left: usize,
        right: usize,
        tokens: &Tokens,
        scratch: &mut Scratch,
    ) -> Outcome {
        let (Some(a), Some(b)) = (
            self.values.get(Side::Left, left),
            self.values.get(Side::Right, right),
        ) else {
            return Outcome::MISSING;
        };
        let postcodes = a.has_pc6() && b.has_pc6();
        let streets = a.street != 0 && b.street != 0;
        let towns = a.town != 0 && b.town != 0;
        let areas = a.pc4 != 0 && b.pc4 != 0;
        if !(postcodes || streets || towns || areas) {
            return Outcome::MISSING;
        }
        let numbers = a.number != 0 && a.number == b.number;
        let postcode_equal = postcodes && a.pc6 == b.pc6;
        let street_equal = streets && a.street == b.street;
        if numbers && (postcode_equal || street_equal) {
            if a.addition == b.addition {
                let code = self.values.code(Side::Left, left);
                if code == self.values.code(Side::Right, right) {
                    return Outcome::with(1, self.shares[code as usize]);
                }
            }
            let shared = a
                .place_numbers()
                .filter(|key| b.place_numbers().any(|other| other == *key));
            let frequency = shared.map(|key| self.share(key)).fold(1.0, f64::min);
            return Outcome::with(if a.addition == b.addition { 1 } else { 2 }, frequency);
        }
        let street_close = streets && tokens.close(a.street, b.street, scratch);
        if numbers && (street_close || (postcodes && one_keystroke_apart(a.pc6, b.pc6))) {
            return Outcome::at(3);
        }
        if postcode_equal || street_equal || street_close {
            return Outcome::at(4);
        }
        let town_equal = towns && (a.town == b.town || tokens.close(a.town, b.town, scratch));
        if (areas && a.pc4 == b.pc4) || (numbers && town_equal) {
            return Outcome::at(5);
        }
        Outcome::at(if town_equal { 6 } else { 7 })
    }

    fn has_reach(&self) -> bool {
        true
    }

    fn reach(&self, left: usize, right: usize, tokens: &Tokens) -> Reach {
        let (Some(a), Some(b)) = (
            self.values.get(Side::Left, left),
            self.values.get(Side::Right, right),
        ) else {
            return Reach::levels(1);
        };
        let postcodes = a.has_pc6() && b.has_pc6();
        let streets = a.street != 0 && b.street != 0;
        let numbers = a.number != 0 && a.number == b.number;
        let same_place = (postcodes && a.pc6 == b.pc6) || (streets && a.street == b.street);
        if numbers && same_place {
            return Reach::ANYTHING;
        }
        let near = streets && tokens.may_be_alike(a.street, b.street);
        Reach::levels(
            1 | u16::from(numbers && (near || postcodes)) << 3
                | u16::from(same_place || near) << 4
                | 1 << 5
                | 1 << 6
                | 1 << 7,
        )
    }

    fn keys(&self, side: Side, row: usize, key: KeyFunction, _: &Tokens, out: &mut Vec<u64>) {
        let Some(value) = self.values.get(side, row) else {
            return;
        };
        match key {
            KeyFunction::Whole => out.push(u64::from(self.values.code(side, row))),
            KeyFunction::Place => out.extend(value.places()),
            KeyFunction::PlaceNumber => out.extend(value.place_numbers()),
            KeyFunction::Postcode4 if value.pc4 != 0 => out.push(u64::from(value.pc4)),
            KeyFunction::Town if value.town != 0 => out.push(u64::from(value.town)),
            _ => {}
        }
    }

    fn n_known(&self) -> f64 {
        self.values.n_known()
    }

    fn collision(&self) -> Option<f64> {
        Some(self.collision)
    }

    fn replace_right(&mut self, spec: &ComparisonSpec, right: &Table, tokens: &mut Tokens) {
        let names = fields(spec).map(|pair| pair.map(|pair| pair.right.as_str()));
        self.values
            .replace_right((right, names), |texts| Value::read(texts, tokens));
    }
}
