//! How often unrelated records agree: counted at home, on random pairs of the own file, and sent along as one small table.
//!
//! The linkage unit cannot measure it: records without a common tag have cells that say nothing about each other.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    cells::Cells,
    compare::{self, compare},
    layout::{CELL_BYTES, COMPARISONS, SLOT_BYTES},
    prf::Prf,
    record::read,
    words::Words,
};

/// Most records taken; every pair of them within a group counts.
const MOST_RECORDS: usize = 16_384;
/// Records per group: all pairs within a group are compared.
const GROUP: usize = 256;
/// Counts are rounded to a multiple of this, so that a single pair cannot be told.
const ROUNDED_TO: u64 = 16;

/// Pairs per level, per comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChanceTable(pub Vec<Vec<u64>>);

impl ChanceTable {
    fn empty() -> Self {
        Self(
            COMPARISONS
                .iter()
                .map(|(_, levels)| vec![0; levels.len()])
                .collect(),
        )
    }

    /// Whether the table has the shape this version writes.
    pub(crate) fn fits(&self) -> bool {
        self.0.len() == COMPARISONS.len()
            && self.0.iter().zip(COMPARISONS).all(|(counts, (_, levels))| {
                counts.len() == levels.len() && counts.iter().all(|n| *n < 1 << 40)
            })
    }

    fn add(&mut self, pattern: u64) {
        for (k, counts) in self.0.iter_mut().enumerate() {
            if let Some(count) = counts.get_mut((pattern >> (4 * k)) as usize & 15) {
                *count += 1;
            }
        }
    }

    /// The sum of two tables.
    pub(crate) fn plus(&self, other: &Self) -> Self {
        let sums = self.0.iter().zip(&other.0);
        Self(
            sums.map(|(a, b)| a.iter().zip(b).map(|(a, b)| a + b).collect())
                .collect(),
        )
    }

    /// Share per level among pairs where nothing is missing; never 0.
    pub(crate) fn shares(&self) -> Vec<Vec<f64>> {
        self.0
            .iter()
            .map(|counts| {
                let known = counts.iter().skip(1).sum::<u64>() as f64;
                let total = known + 0.5 * (counts.len() - 1) as f64;
                let share = |(level, n): (usize, &u64)| {
                    if level == 0 {
                        0.0
                    } else {
                        (*n as f64 + 0.5) / total
                    }
                };
                counts.iter().enumerate().map(share).collect()
            })
            .collect()
    }
}

/// Counts over random pairs of the rows. The cells for it are made under tags that no record has, and thrown away.
pub(crate) fn chance(prf: &Prf, words: &Words<'_>, n_rows: usize) -> ChanceTable {
    let mut order: Vec<(u64, usize)> = if n_rows > MOST_RECORDS {
        (0..MOST_RECORDS)
            .map(|i| {
                let row = prf.random(i as u64, u32::MAX - 1) % n_rows as u64;
                (prf.random(row, u32::MAX - 2), row as usize)
            })
            .collect()
    } else {
        (0..n_rows)
            .map(|row| (prf.random(row as u64, u32::MAX - 2), row))
            .collect()
    };
    order.sort_unstable();
    order.dedup();
    let mut table = order
        .par_chunks(GROUP)
        .enumerate()
        .map(|(group, rows)| {
            let tag = prf.random(group as u64, u32::MAX - 3).max(1);
            let (mut cells, mut work) = (Cells::default(), Vec::new());
            let mut slot = [0; SLOT_BYTES];
            let mut all: Vec<compare::Cells> = Vec::with_capacity(rows.len());
            for (_, row) in rows {
                prf.padding(*row as u64, u32::MAX - 4, &mut work, &mut slot);
                read(&mut cells, words, words.row(*row));
                cells.fill(prf, &[tag], &mut slot);
                all.extend(slot.last_chunk::<CELL_BYTES>());
            }
            let mut table = ChanceTable::empty();
            for (i, a) in all.iter().enumerate() {
                for b in &all[i + 1..] {
                    table.add(compare(a, b));
                }
            }
            table
        })
        .reduce(ChanceTable::empty, |a, b| a.plus(&b));
    for count in table.0.iter_mut().flatten() {
        *count = (*count + ROUNDED_TO / 2) / ROUNDED_TO * ROUNDED_TO;
    }
    table
}
