//! Surnames as sets of parts.

use super::{
    Compare, ComparisonLevel, MISSING, Outcome, Side,
    features::Features,
    level, mix,
    tokens::{Frequencies, Scratch, Tokens},
};
use crate::{
    spec::{ColumnPair, KeyFunction},
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

#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
struct Value {
    parts: Box<[(u32, PartKind)]>,
}

/// See [`LEVELS`].
pub(super) struct SurnameComparison {
    values: Features<Value>,
    given_names: Option<Features<Box<[u32]>>>,
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
        let values = Features::read(sides.0, sides.1, |[own, partner]| {
            let parts = surname::parts(own, partner);
            (!parts.is_empty()).then(|| Value {
                parts: parts
                    .iter()
                    .map(|part| (tokens.intern(&part.core), part.kind))
                    .collect(),
            })
        });
        let given_names = given_names.map(|pair| {
            Features::read(
                (left, [Some(&pair.left)]),
                (right, [Some(&pair.right)]),
                |[text]| {
                    let names = GivenNames::parse(text?)?.names;
                    (!names.is_empty())
                        .then(|| names.iter().map(|name| tokens.intern(name)).collect())
                },
            )
        });
        let mut frequencies = Frequencies::new(tokens.len());
        for value in values.records() {
            frequencies.add_record(value.parts.iter().map(|(token, _)| *token));
        }
        let prefixes = (0..=tokens.len() as u32)
            .map(|token| prefix_key(tokens.text(token)))
            .collect();
        Self {
            values,
            given_names,
            frequencies,
            prefixes,
        }
    }

    fn exchanged(&self, left: usize, right: usize) -> bool {
        let Some(given) = &self.given_names else {
            return false;
        };
        let holds = |parts: Option<&Value>, names: Option<&Box<[u32]>>| {
            parts.zip(names).is_some_and(|(value, names)| {
                value.parts.iter().any(|(token, _)| names.contains(token))
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
        let mut any = false;
        for (token, kind_a) in &a.parts {
            let Some((_, kind_b)) = b.parts.iter().find(|(other, _)| other == token) else {
                continue;
            };
            any = true;
            rarest = rarest.min(self.frequencies.of(*token));
            if *kind_a != PartKind::Reading && *kind_b != PartKind::Reading {
                n_names += 1;
                own |= *kind_a == PartKind::Own && *kind_b == PartKind::Own;
            }
        }
        any.then(|| {
            Outcome::with(
                if n_names >= 2 {
                    1
                } else if own {
                    2
                } else {
                    3
                },
                rarest,
            )
        })
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
        for (token, kind_a) in &a.parts {
            for (other, kind_b) in &b.parts {
                if tokens.close(*token, *other, scratch) {
                    let level = if *kind_a == PartKind::Own && *kind_b == PartKind::Own {
                        4
                    } else {
                        5
                    };
                    // Of two names that differ by an error the rarer is assumed to be the error.
                    let frequency = self.frequencies.of(*token).max(self.frequencies.of(*other));
                    if best.is_none_or(|(found, rarest)| {
                        level < found || (level == found && frequency < rarest)
                    }) {
                        best = Some((level, frequency));
                    }
                } else {
                    similar |= tokens.similarity(*token, *other, scratch) >= 0.82;
                }
            }
        }
        best.map(|(level, frequency)| Outcome::with(level, frequency))
            .or_else(|| similar.then_some(Outcome::at(7)))
    }
}

impl Compare for SurnameComparison {
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

    fn keys(&self, side: Side, row: usize, key: KeyFunction, tokens: &Tokens, out: &mut Vec<u64>) {
        let Some(value) = self.values.get(side, row) else {
            return;
        };
        let start = out.len();
        for (token, _) in &value.parts {
            let key = match key {
                KeyFunction::AnyName => u64::from(*token),
                KeyFunction::Spelling => u64::from(tokens.spelling(*token)),
                KeyFunction::Prefix => self.prefixes[*token as usize],
                _ => return,
            };
            if !out[start..].contains(&key) {
                out.push(key);
            }
        }
    }

    fn collision(&self) -> Option<f64> {
        None
    }
}

/// Key of the first three letters.
pub(super) fn prefix_key(text: &str) -> u64 {
    text.bytes()
        .take(3)
        .fold(3, |key, byte| mix(key, u64::from(byte)))
}
