//! Rows that belong together: several rows of one person, several persons of one household.

use std::collections::{BTreeMap, HashSet};

use helder_evaluation::{ClusteredShare, Interval, Proportion};

use crate::{TreeError, draws::Draws, tree::Counted};

/// Which rows belong together; without clusters each row stands alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clusters<'a>(Option<&'a [u32]>);

impl<'a> Clusters<'a> {
    pub(crate) const NONE: Self = Self(None);

    /// The cluster of each row.
    pub(crate) const fn new(of_rows: &'a [u32], rows: usize) -> Result<Self, TreeError> {
        if of_rows.len() == rows {
            Ok(Self(Some(of_rows)))
        } else {
            Err(TreeError::Clusters {
                found: of_rows.len(),
                expected: rows,
            })
        }
    }

    pub(crate) const fn are_given(self) -> bool {
        self.0.is_some()
    }

    /// The cluster of a row.
    pub(crate) fn of(self, row: u32) -> u32 {
        self.0.map_or(row, |of_rows| of_rows[row as usize])
    }

    /// Whether a row is the first of its cluster; `seen` remembers clusters.
    pub(crate) fn is_first(self, row: u32, seen: &mut HashSet<u32>) -> bool {
        self.0.is_none() || seen.insert(self.of(row))
    }

    /// The first row of each cluster, in the order given.
    pub(crate) fn one_each(self, rows: &[u32]) -> Vec<u32> {
        let mut seen = HashSet::new();
        let first = rows.iter().filter(|row| self.is_first(**row, &mut seen));
        first.copied().collect()
    }

    /// Rows with those of one cluster after each other.
    pub(crate) fn together(self, rows: &[u32]) -> Vec<u32> {
        let mut rows = rows.to_vec();
        if self.0.is_some() {
            rows.sort_by_key(|row| self.of(*row));
        }
        rows
    }

    /// The rows that choose, and the rows that only estimate; both ascending. A cluster stands on one side. Outcomes have no say in it.
    pub(crate) fn halves(self, rows: usize, honest_share: f64, seed: u64) -> (Vec<u32>, Vec<u32>) {
        let all: Vec<u32> = (0..rows).map(|row| row as u32).collect();
        let drawn = self.drawn(&all, seed, 1);
        let n_kept = (drawn.len() as f64 * honest_share).round() as usize;
        let kept: HashSet<u32> = drawn[drawn.len() - n_kept..].iter().copied().collect();
        all.into_iter()
            .partition(|row| !kept.contains(&self.of(*row)))
    }

    /// Per row of `rows` the part that it is left out with. A cluster stands in one part.
    pub(crate) fn folds(self, rows: &[u32], folds: usize, seed: u64) -> Vec<usize> {
        let drawn = self.drawn(rows, seed, 2);
        let places = drawn.into_iter().enumerate();
        let fold_of: BTreeMap<u32, usize> = places
            .map(|(place, cluster)| (cluster, place % folds))
            .collect();
        rows.iter().map(|row| fold_of[&self.of(*row)]).collect()
    }

    /// The clusters of some rows in a drawn order.
    fn drawn(self, rows: &[u32], seed: u64, purpose: u64) -> Vec<u32> {
        let mut clusters: Vec<u32> = rows.iter().map(|row| self.of(*row)).collect();
        clusters.sort_unstable();
        clusters.dedup();
        Draws::new(seed, purpose).shuffled(clusters.into_iter())
    }

    /// What rows say that chose nothing; of rows that did choose it has no interval.
    pub(crate) fn counted(
        self,
        rows: &[u32],
        outcome: &[bool],
        base: f64,
        confidence: Option<f64>,
    ) -> Counted {
        let count = count(rows, outcome);
        let clustered = self.0.map(|_| {
            let mut clusters: BTreeMap<u32, Proportion> = BTreeMap::new();
            for row in rows {
                let cluster = clusters.entry(self.of(*row)).or_default();
                cluster.total += 1;
                cluster.count += usize::from(outcome[*row as usize]);
            }
            ClusteredShare::new(clusters.into_values())
        });
        let interval = confidence.and_then(|confidence| match clustered {
            Some(share) => share.korn_graubard(confidence),
            None => count.clopper_pearson(confidence),
        });
        Counted {
            rows: count.total as u64,
            clusters: clustered.map(|share| share.clusters as u64),
            events: count.count as u64,
            probability: probability(count, base),
            interval: interval.map(|Interval { low, high }| [low, high]),
        }
    }
}

/// Events among rows.
pub(crate) fn count(rows: &[u32], outcome: &[bool]) -> Proportion {
    let events = rows.iter().filter(|row| outcome[**row as usize]);
    Proportion::new(events.count(), rows.len())
}

/// A probability as if one average person were added, so that it is never 0 or 1.
pub(crate) fn probability(count: Proportion, base: f64) -> f64 {
    (count.count as f64 + base) / (count.total as f64 + 1.0)
}

/// What is gained per row over rows left out.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Gain {
    rows: f64,
    sum: f64,
    /// Over clusters: gains squared, gains times rows, and rows squared.
    squares: [f64; 3],
}

impl Gain {
    /// Adds the rows of a cluster, with the sum of their gains.
    pub(crate) fn add(&mut self, gain: f64, rows: usize) {
        let rows = rows as f64;
        self.rows += rows;
        self.sum += gain;
        let squares = [gain * gain, gain * rows, rows * rows];
        for (sum, square) in self.squares.iter_mut().zip(squares) {
            *sum += square;
        }
    }

    pub(crate) fn plus(mut self, other: &Self) -> Self {
        self.rows += other.rows;
        self.sum += other.sum;
        for (sum, square) in self.squares.iter_mut().zip(other.squares) {
            *sum += square;
        }
        self
    }

    pub(crate) fn mean(self) -> f64 {
        self.sum / self.rows
    }

    /// Of the mean; rows of one cluster may be as alike as they are.
    pub(crate) fn standard_error(self) -> f64 {
        let mean = self.mean();
        let [gains, both, rows] = self.squares;
        (gains - 2.0 * mean * both + mean * mean * rows)
            .max(0.0)
            .sqrt()
            / self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_stands_on_one_side_and_in_one_fold() {
        let of_rows: Vec<u32> = (0..1_000_u32)
            .map(|row| row.wrapping_mul(7) % 130)
            .collect();
        let clusters = Clusters(Some(&of_rows));
        let (rows, kept) = clusters.halves(1_000, 0.3, 11);
        let of =
            |rows: &[u32]| -> HashSet<u32> { rows.iter().map(|row| clusters.of(*row)).collect() };
        assert_eq!((of(&rows).len(), of(&kept).len()), (91, 39));
        assert!(of(&rows).is_disjoint(&of(&kept)) && rows.len() + kept.len() == 1_000);
        let folds = clusters.folds(&rows, 10, 11);
        for fold in 0..10 {
            let part = |is_in: bool| -> Vec<u32> {
                let places = rows.iter().zip(&folds);
                let mine = places.filter(|(_, of)| (**of == fold) == is_in);
                mine.map(|(row, _)| *row).collect()
            };
            assert!(of(&part(true)).is_disjoint(&of(&part(false))) && of(&part(true)).len() >= 9);
        }
    }

    #[test]
    fn copies_of_rows_do_not_make_a_gain_surer() {
        // Rows alone: the standard deviation over the root of n.
        let mut alone = Gain::default();
        for gain in [1.0, 2.0, 3.0, 6.0] {
            alone.add(gain, 1);
        }
        assert!((alone.mean() - 3.0).abs() < 1e-15);
        assert!((alone.standard_error() - (3.5_f64 / 4.0).sqrt()).abs() < 1e-15);
        // Each row three times is no more than once.
        let mut copies = Gain::default();
        for gain in [1.0, 2.0, 3.0, 6.0] {
            copies.add(3.0 * gain, 3);
        }
        assert!((copies.mean() - 3.0).abs() < 1e-15);
        assert!((copies.standard_error() - alone.standard_error()).abs() < 1e-15);
    }
}
