//! Growing: the best split of each node, down to the asked depth.

use rayon::prelude::*;

use crate::{
    Direction, Measure,
    best::{Count, Limits, Parting, best},
    clusters::Clusters,
    coded::Coded,
};

/// A node of a tree that is being learned.
#[derive(Debug, Clone)]
pub(crate) struct Grown {
    pub(crate) count: Count,
    /// How its rows are parted, and the places of both sides.
    pub(crate) split: Option<(Parting, [usize; 2])>,
}

/// What trees grow from.
#[derive(Clone, Copy)]
pub(crate) struct Ground<'a> {
    pub(crate) columns: &'a [Coded],
    pub(crate) outcome: &'a [bool],
    pub(crate) clusters: Clusters<'a>,
    pub(crate) max_depth: usize,
    pub(crate) min_rows: usize,
    pub(crate) measure: Measure,
}

struct Waiting {
    place: usize,
    depth: usize,
    rows: Vec<u32>,
    kept: Vec<u32>,
    shares: [f64; 2],
}

impl Ground<'_> {
    /// A tree on the rows that choose. Rows that only estimate are counted, so that every leaf has enough of them, and
    /// of clusters; their outcomes are not looked at. The first node is the root, and a node stands before those below it.
    pub(crate) fn grow(&self, rows: Vec<u32>, kept: Vec<u32>) -> Vec<Grown> {
        let min_kept = if kept.is_empty() { 0 } else { self.min_rows };
        let events = |rows: &[u32]| {
            rows.iter()
                .filter(|row| self.outcome[**row as usize])
                .count()
        };
        let root = Count {
            rows: rows.len(),
            events: events(&rows),
            kept: kept.len(),
        };
        let mut nodes = vec![Grown {
            count: root,
            split: None,
        }];
        let mut waiting = vec![Waiting {
            place: 0,
            depth: 0,
            rows,
            kept,
            shares: [0.0, 1.0],
        }];
        while let Some(node) = waiting.pop() {
            if node.depth == self.max_depth {
                continue;
            }
            let limits = Limits {
                measure: self.measure,
                min_rows: self.min_rows,
                min_kept,
                shares: node.shares,
            };
            let Some(parting) = self.best(&node, &limits) else {
                continue;
            };
            let below = [nodes.len(), nodes.len() + 1];
            let shares = self.shares(&parting, node.shares);
            let column = &self.columns[parting.column];
            let part = |rows: Vec<u32>| -> (Vec<u32>, Vec<u32>) {
                rows.into_iter()
                    .partition(|row| parting.is_first(column.codes[*row as usize]))
            };
            let (first, second) = part(node.rows);
            let (first_kept, second_kept) = part(node.kept);
            let sides = [(first, first_kept), (second, second_kept)];
            for (side, (rows, kept)) in sides.into_iter().enumerate() {
                nodes.push(Grown {
                    count: parting.counts[side],
                    split: None,
                });
                waiting.push(Waiting {
                    place: below[side],
                    depth: node.depth + 1,
                    rows,
                    kept,
                    shares: shares[side],
                });
            }
            nodes[node.place].split = Some((parting, below));
        }
        nodes
    }

    /// The best over all columns, the first of equals.
    fn best(&self, node: &Waiting, limits: &Limits) -> Option<Parting> {
        // One row of each cluster: a side then holds at least as many clusters as it counts.
        let kept = self.clusters.one_each(&node.kept);
        let of_column = |place: usize| {
            let column = &self.columns[place];
            best(place, column, self.outcome, &node.rows, &kept, limits)
        };
        let found: Vec<Option<Parting>> = (0..self.columns.len())
            .into_par_iter()
            .map(of_column)
            .collect();
        found.into_iter().flatten().reduce(|best, other| {
            if other.gain > best.gain * (1.0 + 1e-12) {
                other
            } else {
                best
            }
        })
    }

    /// Between which shares the nodes below must stay so that the answer goes the asked way.
    fn shares(&self, parting: &Parting, within: [f64; 2]) -> [[f64; 2]; 2] {
        let [low, high] = within;
        let middle = f64::midpoint(parting.counts[0].share(), parting.counts[1].share());
        let middle = middle.clamp(low, high);
        match self.columns[parting.column].direction {
            None => [within, within],
            Some(Direction::Rising) => [[low, middle], [middle, high]],
            Some(Direction::Falling) => [[middle, high], [low, middle]],
        }
    }
}
