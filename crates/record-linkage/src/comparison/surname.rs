//! Surnames as sets of parts.

mod look;

use rayon::prelude::*;

use super::{
    Compare, ComparisonLevel, MISSING, Outcome, Reach, Side,
    ceiling::Tile,
    exchange::{Masks, mask},
    features::Features,
    level,
    listed::Listed,
    mix,
    reading::{Worded, Words},
    tokens::{CLOSE, Frequencies, Scratch, Tokens},
};
use crate::{
    spec::{ColumnPair, ComparisonSpec, KeyFunction},
    table::Table,
    value::{GivenNames, PartKind, surname},
};

pub(super) const LEVELS: &[ComparisonLevel] = &[
    MISSING,
    level(
        "own and partner's surname equal",
        "eigen naam en partnernaam gelijk",
        true,
        0.15,
    ),
    level("surname equal", "achternaam gelijk", true, 0.65),
    level(
        "one surname part equal",
        "één deel van de achternaam gelijk",
        true,
        0.06,
    ),
    level(
        "surname nearly equal",
        "achternaam bijna gelijk",
        true,
        0.07,
    ),
    level(
        "one surname part nearly equal",
        "één deel bijna gelijk",
        true,
        0.02,
    ),
    level(
        "surname is the other's given name",
        "achternaam en voornaam verwisseld",
        false,
        0.01,
    ),
    level("surname similar", "achternaam lijkt erop", false, 0.02),
    level("different", "verschillend", false, 0.02),
];

/// Parts of one surname that count.
const MOST_PARTS: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
struct Value {
    tokens: [u32; MOST_PARTS],
    /// Places of parts written in the surname field, as bits.
    own: u8,
    /// Places of parts that are other readings, as bits.
    readings: u8,
    n: u8,
}

fn read_given_names(text: &str, tokens: &mut impl Words) -> Option<Listed> {
    let names = GivenNames::parse(text)?.names;
    (!names.is_empty()).then(|| names.iter().map(|name| tokens.intern(name)).collect())
}

impl Value {
    fn read([own, partner]: [Option<&str>; 2], tokens: &mut impl Words) -> Option<Self> {
        let parts = surname::parts(own, partner);
        (!parts.is_empty()).then(|| {
            Self::new(
                parts
                    .iter()
                    .map(|part| (tokens.intern(&part.core), part.kind)),
            )
        })
    }

    fn new(parts: impl Iterator<Item = (u32, PartKind)>) -> Self {
        let mut out = Self::default();
        for (place, (token, kind)) in parts.take(MOST_PARTS).enumerate() {
            out.tokens[place] = token;
            out.own |= u8::from(kind == PartKind::Own) << place;
            out.readings |= u8::from(kind == PartKind::Reading) << place;
            out.n += 1;
        }
        out
    }

    fn tokens(&self) -> &[u32] {
        &self.tokens[..usize::from(self.n)]
    }

    const fn is_own(&self, place: usize) -> bool {
        self.own >> place & 1 == 1
    }

    const fn is_reading(&self, place: usize) -> bool {
        self.readings >> place & 1 == 1
    }
}

impl Worded for Value {
    fn renumber(&mut self, numbers: &[u32]) {
        self.tokens.renumber(numbers);
    }
}

/// See [`LEVELS`].
pub(super) struct SurnameComparison {
    values: Features<Value>,
    given_names: Option<Features<Listed>>,
    masks: Masks,
    frequencies: Frequencies,
    prefixes: Vec<u64>,
}

impl SurnameComparison {
    pub(super) fn bind(
        column: &ColumnPair,
        [left_partner, right_partner]: [Option<&str>; 2],
        given_names: Option<&ColumnPair>,
        left: &Table,
        right: &Table,
        tokens: &mut Tokens,
    ) -> Self {
        let sides = (
            (left, [Some(column.left.as_str()), left_partner]),
            (right, [Some(column.right.as_str()), right_partner]),
        );
        let values = Features::read_together(sides.0, sides.1, Some(tokens), |raw, words| {
            Value::read(raw.texts, words)
        });
        let given_names: Option<Features<Listed>> = given_names.map(|pair| {
            Features::read_together(
                (left, [Some(&pair.left)]),
                (right, [Some(&pair.right)]),
                Some(tokens),
                |raw, words| read_given_names(raw.texts[0]?, words),
            )
        });
        let masks = Masks::new(
            &values,
            |value: &Value| mask(value.tokens()),
            given_names.as_ref(),
            |names| mask(names.words()),
        );
        let mut frequencies = Frequencies::new(tokens.len());
        for (value, n) in values.counted() {
            frequencies.add_records(n, value.tokens().iter().copied());
        }
        let prefixes = (0..=tokens.len() as u32)
            .into_par_iter()
            .map(|token| prefix_key(tokens.text(token)))
            .collect();
        Self {
            values,
            given_names,
            masks,
            frequencies,
            prefixes,
        }
    }

    fn exchanged(&self, left: usize, right: usize) -> bool {
        if !self.masks.may_share(left, right) {
            return false;
        }
        let Some(given) = &self.given_names else {
            return false;
        };
        let holds = |parts: Option<&Value>, names: Option<&Listed>| {
            parts.zip(names).is_some_and(|(value, names)| {
                value
                    .tokens()
                    .iter()
                    .any(|token| names.words().contains(token))
            })
        };
        holds(
            self.values.get(Side::Left, left),
            given.get(Side::Right, right),
        ) || holds(
            self.values.get(Side::Right, right),
            given.get(Side::Left, left),
        )
    }

    fn equal(&self, a: &Value, b: &Value) -> Option<Outcome> {
        let (mut n_names, mut own, mut rarest) = (0, false, f64::INFINITY);
        for (i, token) in a.tokens().iter().enumerate() {
            let Some(j) = b.tokens().iter().position(|other| other == token) else {
                continue;
            };
            rarest = rarest.min(self.frequencies.of(*token));
            if !a.is_reading(i) && !b.is_reading(j) {
                n_names += 1;
                own |= a.is_own(i) && b.is_own(j);
            }
        }
        let level = match (n_names, own) {
            (2.., _) => 1,
            (_, true) => 2,
            _ => 3,
        };
        rarest.is_finite().then(|| Outcome::with(level, rarest))
    }

    fn alike(
        &self,
        a: &Value,
        b: &Value,
        tokens: &Tokens,
        scratch: &mut Scratch,
    ) -> Option<Outcome> {
        let mut best: Option<(u8, f64)> = None;
        let mut similar = false;
        for (i, token) in a.tokens().iter().enumerate() {
            for (j, other) in b.tokens().iter().enumerate() {
                let likeness = tokens.likeness(*token, *other, scratch);
                if likeness < CLOSE {
                    similar |= likeness >= 0.82;
                    continue;
                }
                let level = if a.is_own(i) && b.is_own(j) { 4 } else { 5 };
                // Of two names that differ by an error the rarer is assumed to be the error.
                let frequency = self.frequencies.of(*token).max(self.frequencies.of(*other));
                if best.is_none_or(|(found, rarest)| {
                    level < found || (level == found && frequency < rarest)
                }) {
                    best = Some((level, frequency));
                }
            }
        }
        best.map(|(level, frequency)| Outcome::with(level, frequency))
            .or_else(|| similar.then_some(Outcome::at(7)))
    }
}

impl Compare for SurnameComparison {
    fn levels(&self) -> &[ComparisonLevel] {
        LEVELS
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
            return if self.exchanged(left, right) {
                Outcome::at(6)
            } else {
                Outcome::MISSING
            };
        };
        if let Some(found) = self.equal(a, b) {
            return found;
        }
        let alike = self.alike(a, b, tokens, scratch);
        if let Some(found) = alike.filter(|found| found.level < 6) {
            return found;
        }
        if self.exchanged(left, right) {
            return Outcome::at(6);
        }
        alike.unwrap_or(Outcome::at(8))
    }

    fn has_reach(&self) -> bool {
        true
    }

    fn reach(&self, left: usize, right: usize, tokens: &Tokens) -> Reach {
        let exchanged = u16::from(self.masks.may_share(left, right)) << 6;
        let (Some(a), Some(b)) = (
            self.values.get(Side::Left, left),
            self.values.get(Side::Right, right),
        ) else {
            return Reach::levels(1 | exchanged);
        };
        let mut alike = false;
        for token in a.tokens() {
            for other in b.tokens() {
                if token == other {
                    return Reach::ANYTHING;
                }
                alike = alike || tokens.may_be_alike(*token, *other);
            }
        }
        if !alike {
            return Reach::levels(1 << 8 | exchanged);
        }
        // Of two names that are nearly equal the commoner counts: at least the rarest of either side.
        let rarest = |value: &Value| {
            let shares = value
                .tokens()
                .iter()
                .map(|token| self.frequencies.of(*token));
            shares.fold(1.0, f64::min)
        };
        Reach {
            levels: 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | exchanged,
            frequency: rarest(a).max(rarest(b)),
        }
    }

    fn ceiling(&self, tile: &Tile<'_>, sums: &mut [f32]) {
        self.add_ceilings(tile, sums);
    }

    fn touch(&self, pairs: &[(u32, u32)], tokens: &Tokens) -> u64 {
        self.masks.touch(pairs)
            ^ self.values.touch(pairs, |value| {
                tokens.touch(value.tokens[0]) ^ tokens.touch(value.tokens[1]) ^ u64::from(value.n)
            })
    }

    fn cost(&self) -> u8 {
        6
    }

    fn keys(&self, side: Side, row: usize, key: KeyFunction, tokens: &Tokens, out: &mut Vec<u64>) {
        let Some(value) = self.values.get(side, row) else {
            return;
        };
        let start = out.len();
        for token in value.tokens() {
            let key = match key {
                KeyFunction::AnyName => u64::from(*token),
                KeyFunction::Spelling => u64::from(tokens.spelling(*token)),
                KeyFunction::Sound => tokens.sound(*token),
                KeyFunction::Prefix => self
                    .prefixes
                    .get(*token as usize)
                    .copied()
                    .unwrap_or_else(|| prefix_key(tokens.text(*token))),
                _ => return,
            };
            if !out[start..].contains(&key) {
                out.push(key);
            }
        }
    }

    fn n_known(&self) -> f64 {
        self.values.n_known()
    }

    fn collision(&self) -> Option<f64> {
        None
    }

    fn replace_right(&mut self, spec: &ComparisonSpec, right: &Table, tokens: &mut Tokens) {
        let ComparisonSpec::Surname {
            column,
            right_partner,
            given_names,
            ..
        } = spec
        else {
            return;
        };
        let names = [Some(column.right.as_str()), right_partner.as_deref()];
        self.values
            .replace_right((right, names), |texts| Value::read(texts, tokens));
        if let (Some(given), Some(pair)) = (&mut self.given_names, given_names) {
            given.replace_right((right, [Some(pair.right.as_str())]), |[text]| {
                read_given_names(text?, tokens)
            });
        }
        self.masks.replace_right(
            &self.values,
            |value| mask(value.tokens()),
            self.given_names.as_ref(),
            |names| mask(names.words()),
        );
    }
}

/// Key of the first three letters.
pub(super) fn prefix_key(text: &str) -> u64 {
    text.bytes()
        .take(3)
        .fold(3, |key, byte| mix(key, u64::from(byte)))
}
