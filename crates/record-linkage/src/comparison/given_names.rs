//! Given names: in full, the name someone goes by, or initials.

mod look;

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
    variants::{Alike, Variants},
};
use crate::{
    spec::{ColumnPair, ComparisonSpec, KeyFunction},
    table::Table,
    value::{GivenNames, surname},
};

pub(super) const LEVELS: &[ComparisonLevel] = &[
    MISSING,
    level("all given names equal", "alle voornamen gelijk", true, 0.53),
    level(
        "first given name equal",
        "eerste voornaam gelijk",
        true,
        0.20,
    ),
    level(
        "another given name equal",
        "een andere voornaam gelijk",
        true,
        0.02,
    ),
    level(
        "given name nearly equal",
        "voornaam bijna gelijk",
        true,
        0.06,
    ),
    level(
        "another name for the given name",
        "een andere naam voor de voornaam",
        true,
        0.02,
    ),
    level(
        "two or more initials equal",
        "twee of meer voorletters gelijk",
        false,
        0.05,
    ),
    level("single initial equal", "één voorletter gelijk", false, 0.05),
    level(
        "given name is the other's surname",
        "voornaam en achternaam verwisseld",
        false,
        0.01,
    ),
    level("given name similar", "voornaam lijkt erop", false, 0.02),
    level("same first letter", "zelfde eerste letter", false, 0.02),
    level("different", "verschillend", false, 0.02),
];

/// Names of one person that count; more are only seen when all are compared as one text.
const MOST_NAMES: usize = 6;

/// Given names as numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
struct Value {
    whole: u32,
    names: [u32; MOST_NAMES],
    n_names: u8,
    n_initials: u8,
    initials: [u8; MOST_NAMES],
}

fn read_surname(text: Option<&str>, tokens: &mut impl Words) -> Option<Listed> {
    let parts = surname::parts(text, None);
    (!parts.is_empty()).then(|| parts.iter().map(|part| tokens.intern(&part.core)).collect())
}

impl Value {
    fn read(text: &str, tokens: &mut impl Words) -> Option<Self> {
        let parsed = GivenNames::parse(text)?;
        let (names, n_names) = filled(parsed.names.iter().map(|name| tokens.intern(name)));
        let (initials, n_initials) = filled(parsed.initials.iter().copied());
        Some(Self {
            whole: tokens.intern(&parsed.whole()),
            names,
            n_names,
            n_initials,
            initials,
        })
    }

    /// The first name; 0 when there are initials only.
    const fn first(&self) -> u32 {
        if self.n_names == 0 { 0 } else { self.names[0] }
    }

    fn names(&self) -> &[u32] {
        &self.names[..usize::from(self.n_names)]
    }

    fn initials(&self) -> &[u8] {
        &self.initials[..usize::from(self.n_initials)]
    }
}

impl Worded for Value {
    fn renumber(&mut self, numbers: &[u32]) {
        self.whole = numbers[self.whole as usize];
        self.names.renumber(numbers);
    }
}

fn filled<T: Copy + Default>(from: impl IntoIterator<Item = T>) -> ([T; MOST_NAMES], u8) {
    let mut out = [T::default(); MOST_NAMES];
    let mut n = 0;
    for (place, item) in out.iter_mut().zip(from) {
        *place = item;
        n += 1;
    }
    (out, n)
}

/// See [`LEVELS`].
pub(super) struct GivenNamesComparison {
    values: Features<Value>,
    surnames: Option<Features<Listed>>,
    masks: Masks,
    frequencies: Frequencies,
    collision: f64,
    variants: Variants,
    /// Per distinct value, the mask of its first name among the variants; empty when there are none.
    variant_masks: Vec<u64>,
}

impl GivenNamesComparison {
    pub(super) fn bind(
        column: &ColumnPair,
        surname: Option<&ColumnPair>,
        (other_names, date): (&[[String; 2]], Option<&ColumnPair>),
        left: &Table,
        right: &Table,
        tokens: &mut Tokens,
    ) -> Self {
        // A population brings the other names that were learned on it.
        let teaching = date.zip(surname).filter(|_| left.population().is_none());
        let (teaching, (values, surnames)) = rayon::join(
            || teaching.map(|(date, surname)| Alike::read(left, right, date, surname)),
            || {
                let values = Features::read_together(
                    (left, [Some(&column.left)]),
                    (right, [Some(&column.right)]),
                    Some(tokens),
                    |raw, words| Value::read(raw.texts[0]?, words),
                );
                let surnames: Option<Features<Listed>> = surname.map(|pair| {
                    Features::read_together(
                        (left, [Some(&pair.left)]),
                        (right, [Some(&pair.right)]),
                        Some(tokens),
                        |raw, words| read_surname(raw.texts[0], words),
                    )
                });
                (values, surnames)
            },
        );
        let masks = Masks::new(
            &values,
            |value: &Value| mask(value.names()),
            surnames.as_ref(),
            |parts| mask(parts.words()),
        );
        let mut frequencies = Frequencies::new(tokens.len());
        for (value, n) in values.counted() {
            let others = value
                .names()
                .iter()
                .enumerate()
                .filter(|(i, name)| **name != value.whole && !value.names[..*i].contains(name));
            frequencies.add_records(n, others.map(|(_, name)| *name).chain([value.whole]));
        }
        let collision = values.shares().1;
        let mut scratch = Scratch::new();
        let mut variants = Variants::default();
        for pair in other_names {
            let [a, b] = pair.each_ref().map(|name| Value::read(name, tokens));
            if let (Some(a), Some(b)) = (a, b) {
                variants.add(a.first(), b.first());
            }
        }
        if let Some(teaching) = teaching {
            variants.learn(
                &teaching,
                |side, row| values.get(side, row).map_or(0, Value::first),
                |a, b| tokens.close(a, b, &mut scratch),
            );
        }
        let variant_masks = variants.masks(values.values().iter().map(Value::first));
        Self {
            values,
            surnames,
            masks,
            frequencies,
            collision,
            variants,
            variant_masks,
        }
    }

    fn are_variants(&self, [left, right]: [usize; 2], a: u32, b: u32) -> bool {
        let mask = |side, row| {
            let code = self.values.code(side, row) as usize;
            self.variant_masks.get(code).copied().unwrap_or(0)
        };
        mask(Side::Left, left) & mask(Side::Right, right) != 0 && self.variants.hold(a, b)
    }

    fn exchanged(&self, left: usize, right: usize) -> bool {
        if !self.masks.may_share(left, right) {
            return false;
        }
        let Some(surnames) = &self.surnames else {
            return false;
        };
        let holds = |names: Option<&Value>, parts: Option<&Listed>| {
            names.zip(parts).is_some_and(|(names, parts)| {
                names
                    .names()
                    .iter()
                    .any(|name| parts.words().contains(name))
            })
        };
        holds(
            self.values.get(Side::Left, left),
            surnames.get(Side::Right, right),
        ) || holds(
            self.values.get(Side::Right, right),
            surnames.get(Side::Left, left),
        )
    }

    /// Equal names, in any place.
    fn equal(&self, a: &Value, b: &Value) -> Option<Outcome> {
        let (&first_a, &first_b) = (a.names().first()?, b.names().first()?);
        if first_a == first_b {
            return Some(Outcome::with(2, self.frequencies.of(first_a)));
        }
        let common = a
            .names()
            .iter()
            .filter(|name| b.names().contains(name))
            .map(|name| self.frequencies.of(*name))
            .reduce(f64::min);
        common.map(|frequency| Outcome::with(3, frequency))
    }
}

impl Compare for GivenNamesComparison {
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
                Outcome::at(8)
            } else {
                Outcome::MISSING
            };
        };
        if a.n_names == 0 || b.n_names == 0 {
            let (a, b) = (a.initials(), b.initials());
            let equal = a.iter().zip(b).take_while(|(x, y)| x == y).count();
            let compared = a.len().min(b.len());
            return match equal {
                0 if self.exchanged(left, right) => Outcome::at(8),
                0 => Outcome::at(11),
                1 if compared == 1 => Outcome::at(7),
                _ if equal == compared => Outcome::at(6),
                _ => Outcome::at(10),
            };
        }
        if a.whole == b.whole {
            return Outcome::with(1, self.frequencies.of(a.whole));
        }
        if let Some(found) = self.equal(a, b) {
            return found;
        }
        let (first_a, first_b) = (a.names[0], b.names[0]);
        let likeness = tokens.likeness(first_a, first_b, scratch);
        if likeness >= CLOSE {
            let commoner = self
                .frequencies
                .of(first_a)
                .max(self.frequencies.of(first_b));
            return Outcome::with(4, commoner);
        }
        if self.are_variants([left, right], first_a, first_b) {
            let commoner = self
                .frequencies
                .of(first_a)
                .max(self.frequencies.of(first_b));
            return Outcome::with(5, commoner);
        }
        if self.exchanged(left, right) {
            return Outcome::at(8);
        }
        if likeness >= 0.8 || tokens.contains(first_a, first_b) {
            return Outcome::at(9);
        }
        Outcome::at(if a.initials[0] == b.initials[0] {
            10
        } else {
            11
        })
    }

    fn has_reach(&self) -> bool {
        true
    }

    fn reach(&self, left: usize, right: usize, tokens: &Tokens) -> Reach {
        let exchanged = u16::from(self.masks.may_share(left, right)) << 8;
        let (Some(a), Some(b)) = (
            self.values.get(Side::Left, left),
            self.values.get(Side::Right, right),
        ) else {
            return Reach::levels(1 | exchanged);
        };
        if a.n_names == 0 || b.n_names == 0 {
            return Reach::levels(1 << 6 | 1 << 7 | 1 << 10 | 1 << 11 | exchanged);
        }
        if a.whole == b.whole || a.names().iter().any(|name| b.names().contains(name)) {
            return Reach::ANYTHING;
        }
        let (first_a, first_b) = (a.names[0], b.names[0]);
        let levels = 1 << 9 | 1 << 10 | 1 << 11 | exchanged;
        let nearly = u16::from(tokens.may_be_alike(first_a, first_b)) << 4;
        let other_name = u16::from(self.are_variants([left, right], first_a, first_b)) << 5;
        if nearly | other_name == 0 {
            return Reach::levels(levels);
        }
        let commoner = self
            .frequencies
            .of(first_a)
            .max(self.frequencies.of(first_b));
        Reach {
            levels: levels | nearly | other_name,
            frequency: commoner,
        }
    }

    fn ceiling(&self, tile: &Tile<'_>, sums: &mut [f32]) {
        self.add_ceilings(tile, sums);
    }

    fn touch(&self, pairs: &[(u32, u32)], tokens: &Tokens) -> u64 {
        self.masks.touch(pairs)
            ^ self.values.touch(pairs, |value| {
                tokens.touch(value.names[0]) ^ u64::from(value.initials[0])
            })
    }

    fn cost(&self) -> u8 {
        5
    }

    fn keys(&self, side: Side, row: usize, key: KeyFunction, tokens: &Tokens, out: &mut Vec<u64>) {
        let value = self.values.get(side, row);
        match key {
            KeyFunction::Whole => out.extend(value.map(|v| u64::from(v.whole))),
            KeyFunction::First => out.extend(
                value
                    .and_then(|v| v.names().first())
                    .map(|name| u64::from(*name)),
            ),
            KeyFunction::Spelling => out.extend(
                value
                    .and_then(|v| v.names().first())
                    .map(|name| u64::from(tokens.spelling(*name))),
            ),
            KeyFunction::Sound => out.extend(
                value
                    .and_then(|v| v.names().first())
                    .map(|name| tokens.sound(*name)),
            ),
            KeyFunction::Initial => out.extend(
                value
                    .and_then(|v| v.initials().first())
                    .map(|initial| mix(1, u64::from(*initial))),
            ),
            KeyFunction::AnyName => {
                let surname = self.surnames.as_ref().and_then(|s| s.get(side, row));
                let names = value.into_iter().flat_map(Value::names);
                let names = names.chain(surname.into_iter().flat_map(Listed::words));
                out.extend(names.map(|name| u64::from(*name)));
            }
            _ => {}
        }
    }

    fn n_known(&self) -> f64 {
        self.values.n_known()
    }

    fn collision(&self) -> Option<f64> {
        Some(self.collision)
    }

    fn other_names(&self, tokens: &Tokens) -> Vec<[String; 2]> {
        self.variants.as_texts(tokens)
    }

    fn replace_right(&mut self, spec: &ComparisonSpec, right: &Table, tokens: &mut Tokens) {
        let ComparisonSpec::GivenNames {
            column, surname, ..
        } = spec
        else {
            return;
        };
        self.values
            .replace_right((right, [Some(column.right.as_str())]), |[text]| {
                Value::read(text?, tokens)
            });
        if let (Some(surnames), Some(pair)) = (&mut self.surnames, surname) {
            surnames.replace_right((right, [Some(pair.right.as_str())]), |[text]| {
                read_surname(text, tokens)
            });
        }
        if !self.variant_masks.is_empty() {
            self.variant_masks = self
                .variants
                .masks(self.values.values().iter().map(Value::first));
        }
        self.masks.replace_right(
            &self.values,
            |value| mask(value.names()),
            self.surnames.as_ref(),
            |parts| mask(parts.words()),
        );
    }
}
