//! Names that one person goes by, learned from the files: Johannes is Jan or Hans, Jacobus is Jaap.
//!
//! Two records with one birth date and one surname are nearly always of one person, or of twins. Where their given names differ, a pair of
//! names that comes back far more often than the two names would meet by chance is two names for one person; twins meet by chance.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::{Side, features::Features, mix, reading::Worded, tokens::Tokens};
use crate::{
    distinct::FastHash,
    spec::ColumnPair,
    table::Table,
    value::{PartialDate, surname},
};

/// Birth dates and surnames that are looked at, at most about so many of each file.
const SAMPLE: usize = 250_000;
/// Records with one birth date and surname beyond which nothing is learned from them: a default date.
const MOST_ALIKE: usize = 4;
/// Fewest times two names must meet, and how much more often than by chance.
const LEAST: u32 = 4;
const TIMES_CHANCE: f64 = 5.0;

/// Pairs of words that are two names of one person.
#[derive(Default)]
pub(super) struct Variants {
    pairs: HashSet<(u32, u32)>,
}

const fn ordered(a: u32, b: u32) -> (u32, u32) {
    if a < b { (a, b) } else { (b, a) }
}

/// What records that may be of one person have in common.
pub(super) struct Alike {
    dates: Features<PartialDate>,
    surnames: Features<String>,
    within: bool,
}

impl Worded for PartialDate {
    fn renumber(&mut self, _: &[u32]) {}
}

impl Worded for String {
    fn renumber(&mut self, _: &[u32]) {}
}

impl Alike {
    pub(super) fn read(
        left: &Table,
        right: &Table,
        date: &ColumnPair,
        surname: &ColumnPair,
    ) -> Self {
        let (dates, surnames) = rayon::join(
            || {
                Features::read_together(
                    (left, [Some(date.left.as_str())]),
                    (right, [Some(date.right.as_str())]),
                    None,
                    |raw, _| {
                        let date = PartialDate::parse(raw.texts[0]?);
                        date.filter(|d| d.is_whole() && !d.is_default())
                    },
                )
            },
            || {
                Features::read_together(
                    (left, [Some(surname.left.as_str())]),
                    (right, [Some(surname.right.as_str())]),
                    None,
                    |raw, _| {
                        let parts = surname::parts(Some(raw.texts[0]?), None);
                        Some(parts.into_iter().next()?.core)
                    },
                )
            },
        );
        Self {
            dates,
            surnames,
            within: std::ptr::eq(left, right),
        }
    }

    /// The given names of a sample of the records, by what they have in common, the left ones first.
    fn names(&self, first: impl Fn(Side, usize) -> u32 + Sync) -> Vec<(u64, Side, u32)> {
        let n_rows = [Side::Left, Side::Right].map(|side| self.dates.codes(side).len());
        let stride = (n_rows[0].max(n_rows[1]).div_ceil(SAMPLE)).max(1) as u64;
        let of_side = |side: Side| {
            let n = n_rows[side as usize];
            let rows = (0..n)
                .into_par_iter()
                .filter(|_| side == Side::Left || !self.within);
            let found = rows.filter_map(|row| {
                let (date, surname) = (self.dates.code(side, row), self.surnames.code(side, row));
                let key = mix(u64::from(date), u64::from(surname));
                let name = if date != 0 && surname != 0 && key.is_multiple_of(stride) {
                    first(side, row)
                } else {
                    0
                };
                (name != 0).then_some((key, side, name))
            });
            found.collect::<Vec<_>>()
        };
        let mut names = of_side(Side::Left);
        names.extend(of_side(Side::Right));
        names.par_sort_unstable_by_key(|(key, side, name)| (*key, *side as u8, *name));
        names
    }
}

impl Variants {
    /// Learns from records that agree on birth date and surname. `first` is the first given name of a row, 0 when there is none; `alike` says
    /// whether two names need no learning.
    pub(super) fn learn(
        &mut self,
        records: &Alike,
        first: impl Fn(Side, usize) -> u32 + Sync,
        mut alike: impl FnMut(u32, u32) -> bool,
    ) {
        let mut counts: HashMap<(u32, u32), u32, FastHash> = HashMap::default();
        let mut count = |a: u32, b: u32| {
            if a != b {
                *counts.entry(ordered(a, b)).or_insert(0) += 1;
            }
        };
        let names = records.names(first);
        for group in names.chunk_by(|a, b| a.0 == b.0) {
            let n_left = group.partition_point(|(_, side, _)| *side == Side::Left);
            let (lefts, rights) = group.split_at(n_left);
            if lefts.len() > MOST_ALIKE || rights.len() > MOST_ALIKE {
                continue;
            }
            if records.within {
                for (i, a) in lefts.iter().enumerate() {
                    lefts[i + 1..].iter().for_each(|b| count(a.2, b.2));
                }
                continue;
            }
            let has = |names: &[(u64, Side, u32)], name: u32| names.iter().any(|n| n.2 == name);
            // A record whose own name is there too has its partner: the other is a twin.
            for a in lefts.iter().filter(|a| !has(rights, a.2)) {
                let unmatched = rights.iter().filter(|b| !has(lefts, b.2));
                unmatched.for_each(|b| count(a.2, b.2));
            }
        }
        let mut of_name: HashMap<u32, f64> = HashMap::new();
        let mut total = 0.0;
        for ((a, b), n) in &counts {
            for name in [a, b] {
                *of_name.entry(*name).or_insert(0.0) += f64::from(*n);
            }
            total += f64::from(*n);
        }
        let learned = counts
            .into_iter()
            .filter(|((a, b), n)| {
                let chance = of_name[a] * of_name[b] / (2.0 * f64::max(total, 1.0));
                *n >= LEAST && f64::from(*n) >= TIMES_CHANCE * chance && !alike(*a, *b)
            })
            .map(|(pair, _)| pair);
        self.pairs.extend(learned);
    }

    /// Adds two names.
    pub(super) fn add(&mut self, a: u32, b: u32) {
        if a != 0 && b != 0 && a != b {
            self.pairs.insert(ordered(a, b));
        }
    }

    pub(super) fn hold(&self, a: u32, b: u32) -> bool {
        self.pairs.contains(&ordered(a, b))
    }

    /// Per word one bit for each pair it is part of: words without a bit in common are no variants of each other. Empty without any pair.
    pub(super) fn masks(&self, words: impl Iterator<Item = u32>) -> Vec<u64> {
        if self.pairs.is_empty() {
            return Vec::new();
        }
        let mut of_word: HashMap<u32, u64> = HashMap::new();
        for (a, b) in &self.pairs {
            let bit = 1 << (mix(u64::from(*a), u64::from(*b)) & 63);
            for word in [a, b] {
                *of_word.entry(*word).or_insert(0) |= bit;
            }
        }
        words
            .map(|word| of_word.get(&word).copied().unwrap_or(0))
            .collect()
    }

    /// The pairs as texts, sorted.
    pub(super) fn as_texts(&self, tokens: &Tokens) -> Vec<[String; 2]> {
        let text = |word: u32| tokens.text(word).to_owned();
        let mut out: Vec<[String; 2]> = self
            .pairs
            .iter()
            .map(|(a, b)| {
                let mut pair = [text(*a), text(*b)];
                pair.sort_unstable();
                pair
            })
            .collect();
        out.sort_unstable();
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Column;

    #[test]
    fn a_name_that_comes_back_is_learned_and_twins_are_not() {
        let (mut names, mut dates, mut surnames) = ([vec![], vec![]], vec![], vec![]);
        let men = [
            "daan", "sem", "luuk", "bram", "finn", "noah", "levi", "mees",
        ];
        for i in 0..400_usize {
            // Every tenth pair is Jacobus and Jaap, every fifth are twins of any two names, the others one name.
            let pair = match i % 10 {
                0 => ["jacobus", "jaap"],
                5 | 6 => [men[i % 8], men[(i / 8 + i + 1) % 8]],
                _ => [men[i % 8]; 2],
            };
            for (side, name) in names.iter_mut().zip(pair) {
                side.push(name);
            }
            dates.push(format!(
                "19{:02}{:02}{:02}",
                40 + i % 50,
                1 + i % 12,
                2 + i % 27
            ));
            surnames.push(format!("naam{i}"));
        }
        let table = |names: &[&str]| {
            let mut table = Table::new(names.len());
            let column =
                |texts: &[String]| Column::from_texts(texts.iter().map(|t| Some(t.as_str())));
            table.insert("d", column(&dates)).unwrap();
            table.insert("s", column(&surnames)).unwrap();
            table
        };
        let (left, right) = (table(&names[0]), table(&names[1]));
        let mut tokens = Tokens::default();
        let words = names.map(|side| side.iter().map(|n| tokens.intern(n)).collect::<Vec<u32>>());
        let mut variants = Variants::default();
        let records = Alike::read(
            &left,
            &right,
            &ColumnPair::same("d"),
            &ColumnPair::same("s"),
        );
        variants.learn(
            &records,
            |side, row| words[side as usize][row],
            |_, _| false,
        );
        let pair = ["jaap".to_owned(), "jacobus".to_owned()];
        assert_eq!(variants.as_texts(&tokens), [pair]);
        let masks = variants.masks([words[0][0], words[1][0], words[0][1]].into_iter());
        assert!(masks[0] & masks[1] != 0 && masks[2] == 0);
        assert!(variants.hold(words[1][0], words[0][0]));
    }
}
