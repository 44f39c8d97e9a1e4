//! Names that one person goes by, learned from the files: Johannes is Jan or Hans, Jacobus is Jaap.
//!
//! Two records with one birth date and one surname are nearly always of one person, or of twins. Where their given names differ, a pair of
//! names that comes back far more often than the two names would meet by chance is two names for one person; twins meet by chance.

use std::collections::{HashMap, HashSet};

use super::{Side, features::Features, mix};
use crate::{
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

impl Variants {
    /// Learns from records that agree on `date` and `surname`. `first` is the first given name of a row, 0 when there is none; `alike` says
    /// whether two names need no learning.
    pub(super) fn learn(
        (left, right): (&Table, &Table),
        (date, surname): ([&str; 2], [&str; 2]),
        first: impl Fn(Side, usize) -> u32,
        mut alike: impl FnMut(u32, u32) -> bool,
    ) -> Self {
        let within = std::ptr::eq(left, right);
        let dates = Features::read(
            (left, [Some(date[0])]),
            (right, [Some(date[1])]),
            |[text]| PartialDate::parse(text?).filter(|d| d.is_whole() && !d.is_default()),
        );
        let surnames = Features::read(
            (left, [Some(surname[0])]),
            (right, [Some(surname[1])]),
            |[text]| Some(surname::parts(Some(text?), None).into_iter().next()?.core),
        );
        let stride = (left.n_rows().max(right.n_rows()).div_ceil(SAMPLE)).max(1) as u64;
        let mut alike_rows: HashMap<u64, [Vec<u32>; 2]> = HashMap::new();
        for (place, (side, table)) in [(Side::Left, left), (Side::Right, right)]
            .into_iter()
            .enumerate()
        {
            if within && place == 1 {
                break;
            }
            for row in 0..table.n_rows() {
                let (date, surname) = (dates.code(side, row), surnames.code(side, row));
                let key = mix(u64::from(date), u64::from(surname));
                if date != 0 && surname != 0 && key.is_multiple_of(stride) {
                    let name = first(side, row);
                    if name != 0 {
                        alike_rows.entry(key).or_default()[place].push(name);
                    }
                }
            }
        }
        let mut counts: HashMap<(u32, u32), u32> = HashMap::new();
        let mut count = |a: u32, b: u32| {
            if a != b {
                *counts.entry(ordered(a, b)).or_insert(0) += 1;
            }
        };
        for [lefts, rights] in alike_rows.values() {
            if lefts.len() > MOST_ALIKE || rights.len() > MOST_ALIKE {
                continue;
            }
            if within {
                for (i, a) in lefts.iter().enumerate() {
                    lefts[i + 1..].iter().for_each(|b| count(*a, *b));
                }
                continue;
            }
            // A record whose own name is there too has its partner: the other is a twin.
            for a in lefts.iter().filter(|a| !rights.contains(a)) {
                let unmatched = rights.iter().filter(|b| !lefts.contains(b));
                unmatched.for_each(|b| count(*a, *b));
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
        let pairs = counts
            .into_iter()
            .filter(|((a, b), n)| {
                let chance = of_name[a] * of_name[b] / (2.0 * f64::max(total, 1.0));
                *n >= LEAST && f64::from(*n) >= TIMES_CHANCE * chance && !alike(*a, *b)
            })
            .map(|(pair, _)| pair)
            .collect();
        Self { pairs }
    }

    pub(super) fn hold(&self, a: u32, b: u32) -> bool {
        self.pairs.contains(&ordered(a, b))
    }

    /// One bit per pair a word is part of: words without a bit in common are no variants of each other.
    pub(super) fn mask(&self, word: u32) -> u64 {
        let of_word = self.pairs.iter().filter(|(a, b)| word == *a || word == *b);
        of_word.fold(0, |mask, (a, b)| {
            mask | 1 << (mix(u64::from(*a), u64::from(*b)) & 63)
        })
    }

    /// Every word that has a variant.
    pub(super) fn words(&self) -> HashSet<u32> {
        self.pairs.iter().flat_map(|(a, b)| [*a, *b]).collect()
    }
}
