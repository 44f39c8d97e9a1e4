//! From scored pairs to links: what the other candidates of a record say about this one.
//!
//! "At most one partner" is a constraint, so candidates compete. The constraint is applied by belief propagation over the graph of
//! candidate pairs: a rival that is itself well explained by another partner hardly counts. A side that may hold a person twice gets a
//! soft constraint: a further partner costs the share of duplicates, which is estimated.

use rayon::prelude::*;

mod settle;

use crate::{model::exact, score::probability, spec::Assignment};
use settle::{LARGE, Local, Work};

/// A candidate pair on its way through the competition.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    /// Row on the left.
    pub left: u32,
    /// Row on the right.
    pub right: u32,
    /// log2 odds before the competition.
    pub weight: f64,
}

/// Result of the competition.
pub struct Competition {
    /// Bar per edge, never above zero: what rivals take away.
    pub rival_bars: Vec<f64>,
    /// Expected number of true pairs.
    pub expected_matches: f64,
    /// Expected further partners per left record with a partner.
    pub duplicate_share: f64,
}

/// Candidate pairs that hang together through a record they share: groups that can be settled apart.
pub struct Components {
    /// Edge numbers, component after component.
    edges: Vec<u32>,
    /// Where each component of two edges or more ends in `edges`, preceded by a 0.
    ends: Vec<u32>,
    /// log2 of the message that each side's constraint sends to each edge, kept from one competition to the next.
    messages: Vec<[f64; 2]>,
}

impl Components {
    /// The groups of these (left, right) pairs, of files with so many rows.
    pub fn new(
        edges: impl ExactSizeIterator<Item = (u32, u32)> + Clone,
        n_left: usize,
        n_right: usize,
    ) -> Self {
        let mut parents: Vec<u32> = (0..(n_left + n_right) as u32).collect();
        for (left, right) in edges.clone() {
            let (a, b) = (
                root(&mut parents, left),
                root(&mut parents, n_left as u32 + right),
            );
            parents[a.max(b) as usize] = a.min(b);
        }
        let n = edges.len();
        let mut order: Vec<(u32, u32)> = edges
            .enumerate()
            .map(|(i, (left, _))| (root(&mut parents, left), i as u32))
            .collect();
        order.par_sort_unstable();
        let (mut out, mut ends) = (Vec::new(), vec![0]);
        for group in order
            .chunk_by(|a, b| a.0 == b.0)
            .filter(|group| group.len() > 1)
        {
            out.extend(group.iter().map(|(_, edge)| *edge));
            ends.push(out.len() as u32);
        }
        Self {
            edges: out,
            ends,
            messages: vec![[0.0; 2]; n],
        }
    }

    /// log2 of what the left record of an edge, with its other candidates, says of it.
    pub(crate) fn of_left(&self, edge: usize) -> f64 {
        self.messages[edge][0]
    }
}

fn root(parents: &mut [u32], mut node: u32) -> u32 {
    while parents[node as usize] != node {
        parents[node as usize] = parents[parents[node as usize] as usize];
        node = parents[node as usize];
    }
    node
}

/// Components settled one after the other by one worker; fixed, so that nothing depends on the number of threads.
const COMPONENTS: usize = 256;
/// Edges of a piece of records.
const EDGES: usize = 1 << 14;

/// Lets the candidates compete. `duplicates` are the shares of further partners allowed on the left and on the right (0 = none, 1 = free).
/// Edges are sorted by left record.
pub fn compete(edges: &[Edge], duplicates: [f64; 2], components: &mut Components) -> Competition {
    let (members, messages) = (&components.edges, &components.messages);
    let n_components = components.ends.len().saturating_sub(1);
    let settled: Vec<Vec<[f64; 2]>> = (0..n_components.div_ceil(COMPONENTS))
        .into_par_iter()
        .map_init(
            || (Local::default(), Work::default()),
            |(local, work), piece| {
                let from = piece * COMPONENTS;
                let to = (from + COMPONENTS).min(n_components);
                let mut settled = Vec::new();
                for range in components.ends[from..=to].windows(2) {
                    let component = &members[range[0] as usize..range[1] as usize];
                    local.load(component, edges, messages);
                    if component.len() < LARGE {
                        local.settle(duplicates, work);
                    } else {
                        local.settle_large(duplicates);
                    }
                    settled.extend_from_slice(&local.messages);
                }
                settled
            },
        )
        .collect();
    for (edge, message) in components.edges.iter().zip(settled.iter().flatten()) {
        components.messages[*edge as usize] = *message;
    }
    let rival_bars: Vec<f64> = components
        .messages
        .par_iter()
        .map(|[l, r]| exact(l + r).min(0.0))
        .collect();
    let chance: Vec<f64> = edges
        .par_iter()
        .zip(&rival_bars)
        .map(|(edge, bar)| probability(edge.weight + bar))
        .collect();
    // Sums run from one end to the other, so that they do not depend on the number of threads.
    let expected_matches: f64 = chance.iter().sum();
    let with_partner: f64 = with_partner(edges, &chance).iter().flatten().sum();
    let duplicate_share =
        ((expected_matches - with_partner) / with_partner.max(1.0)).clamp(0.001, 1.0);
    Competition {
        rival_bars,
        expected_matches,
        duplicate_share,
    }
}

/// For each left record with candidates, in order, the probability that one of them is its partner.
fn with_partner(edges: &[Edge], chance: &[f64]) -> Vec<Vec<f64>> {
    // A piece has the records whose first edge lies in it.
    let is_first = |at: &usize| *at == 0 || edges[*at].left != edges[*at - 1].left;
    let start = |piece: usize| {
        let mut places = (piece * EDGES).min(edges.len())..edges.len();
        places.find(is_first).unwrap_or(edges.len())
    };
    let pieces = (0..edges.len().div_ceil(EDGES)).into_par_iter();
    pieces
        .map(|piece| {
            let mut from = start(piece);
            let of_piece = edges[from..start(piece + 1)].chunk_by(|a, b| a.left == b.left);
            let chances = of_piece.map(|group| {
                let chances = &chance[from..from + group.len()];
                from += group.len();
                1.0 - chances.iter().map(|p| 1.0 - p).product::<f64>()
            });
            chances.collect()
        })
        .collect()
}

/// Chooses links among edges with their final weights; returns edge numbers in order.
pub fn choose(
    edges: &[Edge],
    final_weights: &[f64],
    assignment: Assignment,
    threshold: f64,
) -> Vec<u32> {
    let likely = |edge: usize| probability(final_weights[edge]) >= threshold;
    if assignment == Assignment::All {
        let all = (0..edges.len()).filter(|edge| likely(*edge));
        return all.map(|edge| edge as u32).collect();
    }
    // The highest weight first, of equal ones the first edge.
    let mut order: Vec<(u64, u32)> = (0..edges.len())
        .into_par_iter()
        .map(|edge| {
            let place = if likely(edge) {
                falling(final_weights[edge])
            } else {
                u64::MAX
            };
            (place, edge as u32)
        })
        .collect();
    order.retain(|(place, _)| *place != u64::MAX);
    order.par_sort_unstable();
    let rows = |row: fn(&Edge) -> u32| {
        let last = edges.par_iter().map(row).max();
        last.map_or(0, |last| last as usize + 1)
    };
    let mut taken = [
        vec![false; rows(|edge| edge.left)],
        vec![false; rows(|edge| edge.right)],
    ];
    order.retain(|(_, edge)| {
        let edge = &edges[*edge as usize];
        let (left, right) = (edge.left as usize, edge.right as usize);
        let left_free = assignment == Assignment::OneLeftPerRight || !taken[0][left];
        let free = left_free && !taken[1][right];
        if free {
            (taken[0][left], taken[1][right]) = (true, true);
        }
        free
    });
    let mut chosen: Vec<u32> = order.into_iter().map(|(_, edge)| edge).collect();
    chosen.par_sort_unstable();
    chosen
}

/// [`choose`] at two thresholds: the choice at the higher one is what of the other lies above it, as the highest weights choose first.
pub fn choose_at(
    edges: &[Edge],
    final_weights: &[f64],
    assignment: Assignment,
    thresholds: [f64; 2],
) -> [Vec<u32>; 2] {
    let lowest = thresholds[0].min(thresholds[1]);
    let all = choose(edges, final_weights, assignment, lowest);
    thresholds.map(|threshold| {
        let above = |edge: &&u32| probability(final_weights[**edge as usize]) >= threshold;
        all.iter().filter(above).copied().collect()
    })
}

/// A number that is smaller for a higher weight.
fn falling(weight: f64) -> u64 {
    let bits = weight.to_bits();
    if bits >> 63 == 0 {
        !(bits | 1 << 63)
    } else {
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compete(edges: &[Edge], duplicates: [f64; 2]) -> Competition {
        let pairs = edges.iter().map(|edge| (edge.left, edge.right));
        super::compete(edges, duplicates, &mut Components::new(pairs, 9, 9))
    }

    fn edge(left: u32, right: u32, weight: f64) -> Edge {
        Edge {
            left,
            right,
            weight,
        }
    }

    #[test]
    fn two_equal_candidates_share_the_probability() {
        let edges = [edge(0, 0, 20.0), edge(1, 0, 20.0)];
        let found = compete(&edges, [0.0, 0.0]);
        for bar in &found.rival_bars {
            assert!((probability(20.0 + bar) - 0.5).abs() < 1e-3);
        }
        assert!((found.expected_matches - 1.0).abs() < 1e-3);
    }

    #[test]
    fn a_rival_that_belongs_elsewhere_hardly_counts() {
        // Right 1 fits left 1 far better, so left 1 is no rival for right 0.
        let edges = [edge(0, 0, 10.0), edge(1, 0, 10.0), edge(1, 1, 40.0)];
        let found = compete(&edges, [0.0, 0.0]);
        assert!(probability(10.0 + found.rival_bars[0]) > 0.99);
        assert!(probability(10.0 + found.rival_bars[1]) < 0.01);
    }

    #[test]
    fn a_further_partner_costs_the_share_of_duplicates() {
        let edges = [edge(0, 0, 40.0), edge(0, 1, 10.0)];
        let found = compete(&edges, [0.05, 0.0]);
        assert!(
            (found.rival_bars[1] - 0.05_f64.log2()).abs() < 0.01,
            "{:?}",
            found.rival_bars
        );
        let free = compete(&edges, [1.0, 1.0]);
        assert_eq!(free.rival_bars, [0.0, 0.0]);
    }

    #[test]
    fn the_choice_respects_the_constraint() {
        let edges = [edge(0, 0, 5.0), edge(0, 1, 4.0), edge(1, 1, 3.0)];
        let weights: Vec<f64> = edges.iter().map(|edge| edge.weight).collect();
        assert_eq!(choose(&edges, &weights, Assignment::OneToOne, 0.5), [0, 2]);
        assert_eq!(
            choose(&edges, &weights, Assignment::OneLeftPerRight, 0.5),
            [0, 1]
        );
        assert_eq!(choose(&edges, &weights, Assignment::All, 0.5), [0, 1, 2]);
    }

    #[test]
    fn a_choice_at_two_thresholds_is_that_at_each() {
        let edges: Vec<Edge> = (0..600_u32)
            .map(|i| edge(i / 3, i * 7 % 211, f64::from(i * 37 % 101) / 8.0 - 6.0))
            .collect();
        let weights: Vec<f64> = edges.iter().map(|edge| edge.weight).collect();
        for assignment in [
            Assignment::OneToOne,
            Assignment::OneLeftPerRight,
            Assignment::All,
        ] {
            let at = |threshold| choose(&edges, &weights, assignment, threshold);
            assert!(at(0.1).len() > at(0.5).len());
            for [a, b] in [[0.1, 0.5], [0.5, 0.1]] {
                let both = choose_at(&edges, &weights, assignment, [a, b]);
                assert_eq!(both, [at(a), at(b)]);
            }
        }
        let rising = [-3.5, -0.25, 0.0, 0.25, 7.0];
        assert!(rising.windows(2).all(|w| falling(w[0]) > falling(w[1])));
    }
}
