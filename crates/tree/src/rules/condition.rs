//! Conditions to try, each with the rows that fulfil it.

use super::Condition;
use crate::{
    best::{Count, cells},
    coded::{Coded, MISSING, Meaning},
};

/// Cuts tried in a column of numbers, and ends of the order of levels.
const CUTS: usize = 16;
/// Levels tried alone.
const ALONE: usize = 64;

/// A set of rows, by their places.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub(super) fn new(rows: usize, mut is_in: impl FnMut(usize) -> bool) -> Self {
        let mut words = vec![0_u64; rows.div_ceil(64)];
        for row in (0..rows).filter(|row| is_in(*row)) {
            words[row / 64] |= 1 << (row % 64);
        }
        Self(words)
    }

    pub(super) fn has(&self, row: usize) -> bool {
        self.0[row / 64] >> (row % 64) & 1 == 1
    }

    pub(super) fn and(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a & b).collect())
    }

    pub(super) fn without(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a & !b).collect())
    }

    /// Rows that are in both, and of those how many are in each of three.
    pub(super) fn counts(&self, other: &Self, [rows, events, kept]: [&Self; 3]) -> Count {
        let mut count = Count::default();
        let masks = rows.0.iter().zip(&events.0).zip(&kept.0);
        for ((a, b), ((rows, events), kept)) in self.0.iter().zip(&other.0).zip(masks) {
            let both = a & b;
            count.rows += (both & rows).count_ones() as usize;
            count.events += (both & events).count_ones() as usize;
            count.kept += (both & kept).count_ones() as usize;
        }
        count
    }
}

/// Codes that fulfil a condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Codes {
    UpTo(u32),
    Above(u32),
    These(Vec<u32>),
    Missing,
}

/// A condition on codes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    pub(super) column: usize,
    pub(super) codes: Codes,
}

impl Asked {
    pub(super) fn holds(&self, columns: &[Coded], row: u32) -> bool {
        let code = columns[self.column].codes[row as usize];
        match &self.codes {
            Codes::UpTo(last) => code <= *last,
            Codes::Above(last) => code > *last && code != MISSING,
            Codes::These(codes) => codes.binary_search(&code).is_ok(),
            Codes::Missing => code == MISSING,
        }
    }

    /// In words of the data.
    pub(super) fn condition(&self, columns: &[Coded]) -> Condition {
        let column = &columns[self.column];
        let input = self.column;
        let cut = |last: u32| column.between(last, last + 1, true);
        match (&self.codes, &column.meaning) {
            (Codes::UpTo(last), _) => Condition::AtMost {
                input,
                cut: cut(*last),
            },
            (Codes::Above(last), _) => Condition::Above {
                input,
                cut: cut(*last),
            },
            (Codes::These(codes), Meaning::Levels { common, all }) => Condition::OneOf {
                input,
                levels: codes
                    .iter()
                    .filter_map(|code| common.get(*code as usize))
                    .map(|level| all[*level as usize].clone())
                    .collect(),
            },
            (Codes::Missing | Codes::These(_), _) => Condition::Missing { input },
        }
    }
}

/// All conditions to try, in a fixed order.
pub(super) fn asked(columns: &[Coded], outcome: &[bool], rows: &[u32]) -> Vec<Asked> {
    let mut all = Vec::new();
    for (place, column) in columns.iter().enumerate() {
        let (cells, missing) = cells(column, outcome, rows, &[]);
        let mut add = |codes: Codes| {
            all.push(Asked {
                column: place,
                codes,
            });
        };
        if missing.rows > 0 {
            add(Codes::Missing);
        }
        match &column.meaning {
            Meaning::Numbers(_) => {
                for last in cuts(&cells) {
                    add(Codes::UpTo(last));
                    add(Codes::Above(last));
                }
            }
            Meaning::Levels { common, .. } => {
                let is_common = |cell: &&(u32, Count)| (cell.0 as usize) < common.len();
                let mut told: Vec<(u32, Count)> = cells.iter().filter(is_common).copied().collect();
                told.sort_by(|(a, one), (b, other)| other.rows.cmp(&one.rows).then(a.cmp(b)));
                for (code, _) in told.iter().take(ALONE) {
                    add(Codes::These(vec![*code]));
                }
                told.sort_by(|(a, one), (b, other)| {
                    let by_share = (one.events * other.rows).cmp(&(other.events * one.rows));
                    by_share.then(a.cmp(b))
                });
                let step = told.len().div_ceil(CUTS).max(1);
                let codes = |part: &[(u32, Count)]| {
                    let mut codes: Vec<u32> = part.iter().map(|cell| cell.0).collect();
                    codes.sort_unstable();
                    Codes::These(codes)
                };
                for end in (2..told.len().saturating_sub(1)).step_by(step) {
                    add(codes(&told[..end]));
                    add(codes(&told[end..]));
                }
            }
        }
    }
    all
}

/// Places to cut: after each value where there are few, else so that as many rows lie between.
fn cuts(cells: &[(u32, Count)]) -> Vec<u32> {
    let inner = &cells[..cells.len().saturating_sub(1)];
    if inner.len() <= CUTS {
        return inner.iter().map(|cell| cell.0).collect();
    }
    let total: usize = cells.iter().map(|cell| cell.1.rows).sum();
    let (mut seen, mut next, mut found) = (0, 1, Vec::new());
    for (code, count) in inner {
        seen += count.rows;
        if seen * (CUTS + 1) >= next * total {
            found.push(*code);
            next = seen * (CUTS + 1) / total + 1;
        }
    }
    found
}
