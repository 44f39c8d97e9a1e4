//! What a run needs of memory, told from its tables before anything is read.
//!
//! An upper bound of what lies in memory at once, as if all comparisons were read at the same time. How many combinations of texts are
//! distinct is counted on those whose hash falls into a sample, with a margin of four standard deviations.

use std::hash::BuildHasher as _;

use rayon::prelude::*;

use crate::{
    comparison::mix,
    distinct::FastHash,
    spec::{ColumnPair, ComparisonSpec, LinkageSpec},
    table::{Column, Table},
};

/// Hashes that are counted, about, of each side.
const SAMPLE: usize = 1 << 15;
/// Keys of a row under a rule, and bytes of a key: in the list that is joined, in its block, and for the rules behind.
const KEYS_PER_ROW: u64 = 2;
const PER_KEY: u64 = 16 + 4 + 24 / 2 + 8;
/// Bytes of a distinct word: its end, its shape, its count, its prefix, and the way to find it.
const WORD: u64 = 4 + 16 + 4 + 8 + 22;
/// Bytes by which a combination of texts is numbered.
const NUMBERED: u64 = 16;
/// Bytes of a distinct value: a name with its mask, a date or an address with its share, a list of words, anything short, a text.
const NAME: u64 = 36 + 8;
const DATE: u64 = 4 + 8;
const ADDRESS: u64 = 28 + 8;
const LIST: u64 = 40;
const SHORT: u64 = 32;
const TEXT: u64 = 24 + 32;
/// Bytes by which an address is found by place and number: the key with its count, and what it takes to number it once all are read.
const PLACE_NUMBER: u64 = 8 + 22 + 4;
const PLACE_NUMBERED: u64 = 16 + 32;
/// Bytes of a part of an address that is parsed by itself.
const PART: u64 = 40;
/// Bytes of a worker's memories and of what it has under hands.
const PER_THREAD: u64 = 8 << 20;
/// Bytes of what is too small to be counted one by one.
const SMALL: u64 = 16 << 20;

/// Bytes that stay, and bytes that are there while values are read.
#[derive(Clone, Copy, Default)]
struct Need {
    kept: u64,
    passing: u64,
}

impl Need {
    /// With what is read at the same time.
    fn add(&mut self, other: Self) {
        self.kept += other.kept;
        self.passing += other.passing;
    }

    /// With what is read after it.
    fn then(&mut self, other: Self) {
        self.kept += other.kept;
        self.passing = self.passing.max(other.passing);
    }
}

type Side<'a> = (&'a Table, Vec<Option<&'a str>>);

fn columns<'a>((table, names): &Side<'a>) -> Vec<&'a Column> {
    let names = names.iter().flatten();
    names.filter_map(|name| table.column(name)).collect()
}

/// Hashes of the combinations of texts of a side that fall into the sample, each once.
fn sampled(side: &Side<'_>, rate: u64) -> Vec<u64> {
    let columns = columns(side);
    let hashes: Vec<Vec<u64>> = columns
        .iter()
        .map(|column| {
            let codes = (0..=column.n_distinct() as u32).into_par_iter();
            let hash = |code| FastHash::default().hash_one(column.text(code));
            codes.map(hash).collect()
        })
        .collect();
    let n = match columns.as_slice() {
        [one] => one.n_distinct() + 1,
        _ => side.0.n_rows(),
    };
    let combination = |place: usize| {
        if let [one] = hashes.as_slice() {
            return mix(1, one[place]);
        }
        let parts = columns.iter().zip(&hashes);
        parts.fold(1, |hash, (column, hashes)| {
            mix(hash, hashes[column.codes()[place] as usize])
        })
    };
    let all = (0..n).into_par_iter().map(combination);
    let mut found: Vec<u64> = all.filter(|hash| hash.is_multiple_of(rate)).collect();
    found.par_sort_unstable();
    found.dedup();
    found
}

/// Distinct combinations of texts at most: of both sides added up, and of both together. Bytes of the texts.
#[derive(Clone, Copy, Default)]
struct Distinct {
    apart: u64,
    together: u64,
    texts: u64,
}

impl Distinct {
    fn of(sides: &[Side<'_>; 2]) -> Self {
        let rows = sides.iter().map(|(table, _)| table.n_rows()).max();
        let rate = (rows.unwrap_or(0) / SAMPLE).next_power_of_two() as u64;
        let [mut left, right] = sides.each_ref().map(|side| sampled(side, rate));
        let most = |n: usize| {
            let margin = if rate > 1 {
                4.0 * (n as f64).sqrt() + 16.0
            } else {
                0.0
            };
            rate * (n as u64 + margin as u64) + 1
        };
        let apart = most(left.len()) + most(right.len());
        left.extend(right);
        left.sort_unstable();
        left.dedup();
        let texts = sides.iter().flat_map(columns).map(Column::text_bytes);
        Self {
            apart,
            together: most(left.len()),
            texts: texts.sum(),
        }
    }
}

/// Bytes of so many words per hundred distinct texts.
const fn words(found: Distinct, per_hundred: u64) -> u64 {
    match per_hundred {
        0 => 0,
        _ => found.together * per_hundred * WORD / 100 + found.texts * 3 / 2,
    }
}

/// What reading these columns needs, with values of `value` bytes and so many words per hundred.
fn features(sides: &[Side<'_>; 2], value: u64, per_hundred: u64) -> (Need, Distinct) {
    let found = Distinct::of(sides);
    let rows = sides.each_ref().map(|(table, _)| table.n_rows() as u64);
    let n_columns = sides[0].1.len().max(sides[1].1.len()) as u64;
    let of_words = words(found, per_hundred);
    let twice = (found.apart - found.together.min(found.apart)) * value;
    let numbering = found.apart * NUMBERED + twice;
    let passing = if n_columns > 1 {
        // The combination of every row and the first row of each, behind the list of one side that they are found by.
        let listed = rows[0].max(rows[1]) * (4 * n_columns + 8 + 8);
        4 * (rows[0] + rows[1]) + 4 * found.apart + numbering.max(listed)
    } else {
        numbering
    };
    let need = Need {
        kept: 4 * (rows[0] + rows[1]) + found.together * value + of_words,
        passing,
    };
    (need, found)
}

fn sides<'a>(left: &'a Table, right: &'a Table, pair: &'a ColumnPair) -> [Side<'a>; 2] {
    [
        (left, vec![Some(pair.left.as_str())]),
        (right, vec![Some(pair.right.as_str())]),
    ]
}

/// What a comparison needs.
fn comparison(spec: &LinkageSpec, of: &ComparisonSpec, left: &Table, right: &Table) -> Need {
    let rows = (left.n_rows() + right.n_rows()) as u64;
    let one = |pair: &ColumnPair, value, words| features(&sides(left, right, pair), value, words).0;
    let mut need = Need::default();
    match of {
        ComparisonSpec::GivenNames {
            column, surname, ..
        } => {
            need.then(one(column, NAME, 150));
            if let Some(surname) = surname {
                need.then(one(surname, LIST, 150));
                need.kept += 8 * rows;
                // Other names are learned beside it, from dates and surnames.
                let alike = one(surname, TEXT, 0);
                need.passing += alike.kept + alike.passing + 4 * rows;
            }
        }
        ComparisonSpec::Surname {
            column,
            left_partner,
            right_partner,
            given_names,
            ..
        } => {
            let own = sides(left, right, column);
            let partner = [
                (left, vec![left_partner.as_deref()]),
                (right, vec![right_partner.as_deref()]),
            ];
            need.kept += words(Distinct::of(&own), 150) + words(Distinct::of(&partner), 150);
            let mut both = own;
            for (side, mut partner) in both.iter_mut().zip(partner) {
                side.1.append(&mut partner.1);
            }
            need.then(features(&both, NAME, 0).0);
            if let Some(given) = given_names {
                need.then(one(given, LIST, 50));
                need.kept += 8 * rows;
            }
        }
        ComparisonSpec::Sex { column, .. } => {
            need.then(one(column, SHORT, 0));
            for other in &spec.comparisons {
                if let ComparisonSpec::GivenNames { column, .. } = other {
                    need.then(one(column, SHORT, 50));
                }
            }
        }
        ComparisonSpec::Date { column, .. } => need.then(one(column, DATE, 0)),
        ComparisonSpec::Address { .. } => {
            let columns = of.columns();
            let all = [
                (left, columns.iter().map(|(_, left, _)| *left).collect()),
                (right, columns.iter().map(|(_, _, right)| *right).collect()),
            ];
            let (together, found) = features(&all, ADDRESS, 0);
            need.then(together);
            for (field, l, r) in columns {
                let part = Distinct::of(&[(left, vec![l]), (right, vec![r])]);
                need.passing += part.apart * PART;
                if !matches!(field, "postcode" | "number") {
                    need.kept += part.together * WORD + part.texts;
                }
            }
            need.then(Need {
                kept: found.together * PLACE_NUMBER,
                passing: found.together * PLACE_NUMBERED,
            });
        }
        _ => {
            for (_, l, r) in of.columns() {
                let both = [(left, vec![l]), (right, vec![r])];
                need.then(features(&both, 2 * SHORT, 200).0);
            }
        }
    }
    need
}

/// Bytes that a run needs at most apart from the pairs it keeps; `gives_up` when the tables are given up once they are read.
pub(super) fn without_pairs(
    spec: &LinkageSpec,
    left: &Table,
    right: &Table,
    gives_up: bool,
) -> u64 {
    let rows = (left.n_rows() + right.n_rows()) as u64;
    let mut reading = Need::default();
    for of in &spec.comparisons {
        reading.add(comparison(spec, of, left, right));
    }
    let tables = left.bytes() + right.bytes();
    let joining = rows * KEYS_PER_ROW * PER_KEY;
    let later = joining + if gives_up { 0 } else { tables };
    let workers = rayon::current_num_threads() as u64 * PER_THREAD;
    reading.kept + rows + (tables + reading.passing).max(later) + workers + SMALL
}
