//! Given names: in full, the name someone goes by, or initials.

use super::{
    Compare, ComparisonLevel, MISSING, Outcome, Side,
    features::Features,
    level, mix,
    tokens::{Frequencies, Scratch, Tokens},
};
use crate::{
    spec::{ColumnPair, KeyFunction},
    table::Table,
    value::{GivenNames, surname},
};

pub(super) const LEVELS: &[ComparisonLevel] = &[
    MISSING,
    level("all given names equal", "alle voornamen gelijk", true, 0.55),
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

/// Given names as numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
struct Value {
    whole: u32,
    names: Box<[u32]>,
    initials: Box<[u8]>,
}

/// See [`LEVELS`].
pub(super) struct GivenNamesComparison {
    values: Features<Value>,
    surnames: Option<Features<Box<[u32]>>>,
    frequencies: Frequencies,
    collision: f64,
}

impl GivenNamesComparison {
    pub(super) fn bind(
        column: &ColumnPair,
        surname: Option<&ColumnPair>,
        left: &Table,
        right: &Table,
        tokens: &mut Tokens,
    ) -> Self {
        let values = Features::read(
            (left, [Some(&column.left)]),
            (right, [Some(&column.right)]),
            |[text]| {
                let parsed = GivenNames::parse(text?)?;
                Some(Value {
                    whole: tokens.intern(&parsed.whole()),
                    names: parsed
                        .names
                        .iter()
                        .map(|name| tokens.intern(name))
                        .collect(),
                    initials: parsed.initials.into(),
                })
            },
        );
        let surnames = surname.map(|pair| {
            Features::read(
                (left, [Some(&pair.left)]),
                (right, [Some(&pair.right)]),
                |[text]| {
                    let parts = surname::parts(text, None);
                    (!parts.is_empty())
                        .then(|| parts.iter().map(|part| tokens.intern(&part.core)).collect())
                },
            )
        });
        let mut frequencies = Frequencies::new(tokens.len());
        for value in values.records() {
            let others = value
                .names
                .iter()
                .enumerate()
                .filter(|(i, name)| **name != value.whole && !value.names[..*i].contains(name));
            frequencies.add_record(others.map(|(_, name)| *name).chain([value.whole]));
        }
        let collision = values.shares().1;
        Self {
            values,
            surnames,
            frequencies,
            collision,
        }
    }

    fn exchanged(&self, left: usize, right: usize) -> bool {
        let Some(surnames) = &self.surnames else {
            return false;
        };
        let holds = |names: Option<&Value>, parts: Option<&Box<[u32]>>| {
            names
                .zip(parts)
                .is_some_and(|(names, parts)| names.names.iter().any(|name| parts.contains(name)))
        };
        holds(
            self.values.get(Side::Left, left),
            surnames.get(Side::Right, right),
        ) || holds(
            self.values.get(Side::Right, right),
            surnames.get(Side::Left, left),
        )
    }

    fn names(
        &self,
        a: &Value,
        b: &Value,
        tokens: &Tokens,
        scratch: &mut Scratch,
    ) -> Option<Outcome> {
        let (&first_a, &first_b) = (a.names.first()?, b.names.first()?);
        if first_a == first_b {
            return Some(Outcome::with(2, self.frequencies.of(first_a)));
        }
        let common = a
            .names
            .iter()
            .filter(|name| b.names.contains(name))
            .map(|name| self.frequencies.of(*name))
            .reduce(f64::min);
        if let Some(frequency) = common {
            return Some(Outcome::with(3, frequency));
        }
        tokens.close(first_a, first_b, scratch).then(|| {
            Outcome::with(
                4,
                self.frequencies
                    .of(first_a)
                    .max(self.frequencies.of(first_b)),
            )
        })
    }

    fn similar(a: &Value, b: &Value, tokens: &Tokens, scratch: &mut Scratch) -> bool {
        let (Some(&first_a), Some(&first_b)) = (a.names.first(), b.names.first()) else {
            return false;
        };
        let (short, long) = (tokens.text(first_a), tokens.text(first_b));
        let (short, long) = if short.len() <= long.len() {
            (short, long)
        } else {
            (long, short)
        };
        (short.len() >= 3 && long.contains(short))
            || tokens.similarity(first_a, first_b, scratch) >= 0.8
    }
}

impl Compare for GivenNamesComparison {
    fn levels(&self) -> &'static [ComparisonLevel] {
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
                Outcome::at(7)
            } else {
                Outcome::MISSING
            };
        };
        let initials_only = a.names.is_empty() || b.names.is_empty();
        if initials_only {
            let equal = a
                .initials
                .iter()
                .zip(&b.initials)
                .take_while(|(x, y)| x == y)
                .count();
            let compared = a.initials.len().min(b.initials.len());
            return match equal {
                0 if self.exchanged(left, right) => Outcome::at(7),
                0 => Outcome::at(10),
                1 if compared == 1 => Outcome::at(6),
                _ if equal == compared => Outcome::at(5),
                _ => Outcome::at(9),
            };
        }
        if a.whole == b.whole {
            return Outcome::with(1, self.frequencies.of(a.whole));
        }
        if let Some(found) = self.names(a, b, tokens, scratch) {
            return found;
        }
        if self.exchanged(left, right) {
            return Outcome::at(7);
        }
        if Self::similar(a, b, tokens, scratch) {
            return Outcome::at(8);
        }
        Outcome::at(if a.initials.first() == b.initials.first() {
            9
        } else {
            10
        })
    }

    fn keys(&self, side: Side, row: usize, key: KeyFunction, tokens: &Tokens, out: &mut Vec<u64>) {
        let value = self.values.get(side, row);
        match key {
            KeyFunction::Whole => out.extend(value.map(|v| u64::from(v.whole))),
            KeyFunction::First => out.extend(
                value
                    .and_then(|v| v.names.first())
                    .map(|name| u64::from(*name)),
            ),
            KeyFunction::Spelling => out.extend(
                value
                    .and_then(|v| v.names.first())
                    .map(|name| u64::from(tokens.spelling(*name))),
            ),
            KeyFunction::Initial => out.extend(
                value
                    .and_then(|v| v.initials.first())
                    .map(|initial| mix(1, u64::from(*initial))),
            ),
            KeyFunction::AnyName => {
                let surname = self.surnames.as_ref().and_then(|s| s.get(side, row));
                let names = value.map(|v| &v.names).into_iter().chain(surname).flatten();
                out.extend(names.map(|name| u64::from(*name)));
            }
            _ => {}
        }
    }

    fn collision(&self) -> Option<f64> {
        Some(self.collision)
    }
}
