//! Comparing two records on one thing: which level of agreement they reach.

mod address;
mod ceiling;
mod composed;
mod date;
mod exchange;
mod features;
mod given_names;
mod identifier;
mod listed;
mod prefix;
mod reading;
mod sex;
mod simple;
mod surname;
mod tokens;
mod variants;

use std::borrow::Cow;

use crate::{
    spec::{ComparisonSpec, KeyFunction, LinkageSpec},
    table::Table,
};

/// The last level of an address comparison at which nobody has moved.
pub(crate) const SAME_HOME: u8 = 3;

pub(crate) use ceiling::Tile;
pub(crate) use composed::number;
use composed::{ComposedComparison, Reading, levels_of};
pub(crate) use date::HARDLY_TRUE;
pub use tokens::Scratch;
pub(crate) use tokens::Tokens;

/// One level of agreement of a comparison. Level 0 is always "missing on a side"; the last level is disagreement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ComparisonLevel {
    /// What it means, for a reader.
    pub label: &'static str,
    /// The same in Dutch.
    pub label_nl: &'static str,
    /// Whether a rare value weighs more than a common one (term-frequency adjustment).
    pub by_frequency: bool,
    /// Where EM starts: share of true pairs that reach the level.
    pub start_m: f64,
}

const fn level(
    label: &'static str,
    label_nl: &'static str,
    by_frequency: bool,
    start_m: f64,
) -> ComparisonLevel {
    ComparisonLevel {
        label,
        label_nl,
        by_frequency,
        start_m,
    }
}

/// The level that every comparison has at place 0.
pub const MISSING: ComparisonLevel =
    level("missing on a side", "ontbreekt aan een kant", false, 0.0);

/// What a comparison found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// Index into the comparison's levels; 0 = missing.
    pub level: u8,
    /// Share of the records that carry the value on which the pair agrees; 0 where the level has no such value.
    pub frequency: f64,
}

impl Outcome {
    const MISSING: Self = Self {
        level: 0,
        frequency: 0.0,
    };

    const fn at(level: u8) -> Self {
        Self {
            level,
            frequency: 0.0,
        }
    }

    const fn with(level: u8, frequency: f64) -> Self {
        Self { level, frequency }
    }
}

/// What a pair can reach at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reach {
    /// Levels that are not excluded, as bits.
    pub(crate) levels: u16,
    /// No value on which the pair agrees is rarer than this share of the records; 0 when that is not known.
    pub(crate) frequency: f64,
}

impl Reach {
    /// Nothing is excluded.
    pub(crate) const ANYTHING: Self = Self {
        levels: u16::MAX,
        frequency: 0.0,
    };

    /// Some levels of which none agrees on a rare value.
    const fn levels(levels: u16) -> Self {
        Self {
            levels,
            frequency: 1.0,
        }
    }
}

/// Left or right table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The left table.
    Left,
    /// The right table.
    Right,
}

/// A comparison bound to two tables.
pub(crate) trait Compare: Send + Sync {
    /// Levels, `MISSING` first.
    fn levels(&self) -> &[ComparisonLevel];
    /// Per level, under which condition it can be reached: what another comparison says. Levels of one condition are a distribution; empty
    /// when there is one condition.
    fn conditions(&self) -> &'static [u8] {
        &[]
    }
    /// Compares a left with a right row.
    fn compare(&self, left: usize, right: usize, tokens: &Tokens, scratch: &mut Scratch)
    -> Outcome;
    /// Reads what will be compared, see [`features::Features::touch`].
    fn touch(&self, _pairs: &[(u32, u32)], _tokens: &Tokens) -> u64 {
        0
    }
    /// [`Self::compare`] over many pairs, so that the loop is compiled with the comparison.
    fn compare_many(
        &self,
        pairs: &[(u32, u32)],
        tokens: &Tokens,
        scratch: &mut Scratch,
        out: &mut Vec<Outcome>,
    ) {
        out.clear();
        out.extend(
            pairs.iter().map(|(left, right)| {
                self.compare(*left as usize, *right as usize, tokens, scratch)
            }),
        );
    }
    /// What a pair can reach, from numbers alone: cheaper than comparing.
    fn reach(&self, _left: usize, _right: usize, _tokens: &Tokens) -> Reach {
        Reach::ANYTHING
    }
    /// [`Self::reach`] over many pairs.
    fn reach_of_many(&self, pairs: &[(u32, u32)], tokens: &Tokens, out: &mut Vec<Reach>) {
        out.clear();
        out.extend(
            pairs
                .iter()
                .map(|(left, right)| self.reach(*left as usize, *right as usize, tokens)),
        );
    }
    /// Adds to the sum of every pair of the tile at least what the comparison can add to its weight; see [`ceiling`].
    fn ceiling(&self, tile: &Tile<'_>, sums: &mut [f32]) {
        let most = tile.tops.most();
        for sum in sums {
            *sum += most;
        }
    }
    /// Whether [`Self::reach`] ever says less than anything.
    fn has_reach(&self) -> bool {
        false
    }
    /// Roughly what a comparison costs beside the others: those that cost least go first.
    fn cost(&self) -> u8;
    /// Appends the keys of a row; none when the value is missing.
    fn keys(&self, side: Side, row: usize, key: KeyFunction, tokens: &Tokens, out: &mut Vec<u64>);
    /// Pairs of names that one person goes by, given or learned.
    fn other_names(&self, _tokens: &Tokens) -> Vec<[String; 2]> {
        Vec::new()
    }
    /// Exact probability that two random records agree at level 1, where it follows from the value counts.
    fn collision(&self) -> Option<f64>;
    /// Records of the left table with a value.
    fn n_known(&self) -> f64;
    /// Puts the few rows of another table in place of the right one; see [`features::Features::replace_right`].
    fn replace_right(&mut self, spec: &ComparisonSpec, right: &Table, tokens: &mut Tokens);
}

/// Binds a declared comparison to the tables. Columns that do not exist count as missing.
pub(crate) fn bind(
    spec: &ComparisonSpec,
    among: &LinkageSpec,
    left: &Table,
    right: &Table,
    tokens: &mut Tokens,
) -> Box<dyn Compare> {
    match spec {
        ComparisonSpec::GivenNames {
            column,
            surname,
            other_names,
            ..
        } => Box::new(given_names::GivenNamesComparison::bind(
            column,
            surname.as_ref(),
            (
                other_names,
                among.comparisons.iter().find_map(|other| match other {
                    ComparisonSpec::Date { column, .. } => Some(column),
                    _ => None,
                }),
            ),
            left,
            right,
            tokens,
        )),
        ComparisonSpec::Surname {
            column,
            left_partner,
            right_partner,
            given_names,
            ..
        } => Box::new(surname::SurnameComparison::bind(
            column,
            [left_partner.as_deref(), right_partner.as_deref()],
            given_names.as_ref(),
            left,
            right,
            tokens,
        )),
        ComparisonSpec::SurnamePrefix {
            column, surname, ..
        } => Box::new(prefix::PrefixComparison::bind(
            (column, surname),
            left,
            right,
            tokens,
        )),
        ComparisonSpec::Date { column, .. } => {
            Box::new(date::DateComparison::bind(column, left, right))
        }
        ComparisonSpec::Address { .. } => {
            Box::new(address::AddressComparison::bind(spec, left, right, tokens))
        }
        ComparisonSpec::Sex { column, .. } => {
            let names = among.comparisons.iter().find_map(|other| match other {
                ComparisonSpec::GivenNames { column, .. } => Some(column),
                _ => None,
            });
            Box::new(sex::SexComparison::bind(column, names, left, right, tokens))
        }
        ComparisonSpec::Exact { column, .. } => {
            Box::new(simple::Equality::exact(column, left, right, tokens))
        }
        ComparisonSpec::Text { column, .. } => {
            Box::new(simple::TextComparison::bind(column, left, right, tokens))
        }
        ComparisonSpec::Bsn { column, .. } => {
            Box::new(identifier::BsnComparison::bind(column, left, right))
        }
        ComparisonSpec::Phone { column, .. } => Box::new(identifier::PhoneComparison::bind(
            column, left, right, tokens,
        )),
        ComparisonSpec::Email { column, .. } => Box::new(identifier::EmailComparison::bind(
            column, left, right, tokens,
        )),
        ComparisonSpec::Number { column, .. }
        | ComparisonSpec::FreeText { column, .. }
        | ComparisonSpec::List { column, .. }
        | ComparisonSpec::Composed { column, .. } => {
            let reading = match spec {
                ComparisonSpec::Number { .. } => Reading::Number,
                ComparisonSpec::List { .. } => Reading::List,
                _ => Reading::Words,
            };
            let levels = spec.composed_levels().unwrap_or_default();
            Box::new(ComposedComparison::bind(
                column,
                (levels, reading),
                left,
                right,
                tokens,
            ))
        }
    }
}

/// Levels of a declared comparison, without data.
pub fn levels(spec: &ComparisonSpec) -> Cow<'static, [ComparisonLevel]> {
    Cow::Borrowed(match spec {
        ComparisonSpec::GivenNames { .. } => given_names::LEVELS,
        ComparisonSpec::Surname { .. } => surname::LEVELS,
        ComparisonSpec::SurnamePrefix { .. } => prefix::LEVELS,
        ComparisonSpec::Date { .. } => date::LEVELS,
        ComparisonSpec::Address { .. } => address::LEVELS,
        ComparisonSpec::Sex { .. } => sex::LEVELS,
        ComparisonSpec::Exact { .. } => simple::EXACT_LEVELS,
        ComparisonSpec::Text { .. } => simple::TEXT_LEVELS,
        ComparisonSpec::Bsn { .. } => identifier::BSN_LEVELS,
        ComparisonSpec::Phone { .. } => identifier::PHONE_LEVELS,
        ComparisonSpec::Email { .. } => identifier::EMAIL_LEVELS,
        ComparisonSpec::Number { .. }
        | ComparisonSpec::FreeText { .. }
        | ComparisonSpec::List { .. }
        | ComparisonSpec::Composed { .. } => {
            return Cow::Owned(levels_of(&spec.composed_levels().unwrap_or_default()));
        }
    })
}

/// Mixes two numbers into one key; the same on every machine.
pub(crate) const fn mix(a: u64, b: u64) -> u64 {
    let mut x = a.rotate_left(23) ^ b.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    x = (x ^ (x >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    x ^ (x >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_comparison_starts_m_as_a_distribution_over_its_levels() {
        for levels in [
            given_names::LEVELS,
            surname::LEVELS,
            address::LEVELS,
            simple::EXACT_LEVELS,
            simple::TEXT_LEVELS,
            identifier::BSN_LEVELS,
            identifier::PHONE_LEVELS,
            identifier::EMAIL_LEVELS,
        ] {
            let sum: f64 = levels.iter().map(|l| l.start_m).sum();
            assert!((sum - 1.0).abs() < 1e-9 && levels.len() <= 16, "{sum}");
            assert_eq!(levels[0], MISSING);
        }
        for (levels, conditions) in [
            (date::LEVELS, date::CONDITIONS),
            (sex::LEVELS, sex::CONDITIONS),
            (prefix::LEVELS, prefix::CONDITIONS),
        ] {
            assert!(levels.len() == conditions.len() && levels[0] == MISSING);
            for condition in 0..2 {
                let of = levels.iter().zip(conditions).skip(1);
                let sum: f64 = of
                    .filter(|(_, of)| **of == condition)
                    .map(|(level, _)| level.start_m)
                    .sum();
                assert!((sum - 1.0).abs() < 1e-9, "{sum}");
            }
        }
    }
}
