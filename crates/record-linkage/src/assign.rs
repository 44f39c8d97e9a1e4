//! From scored pairs to links: what the other candidates of a record say about this one.
//!
//! "At most one partner" is a constraint, so candidates compete. The constraint is applied by belief propagation over the graph of
//! candidate pairs: a rival that is itself well explained by another partner hardly counts. A side that may hold a person twice gets a
//! soft constraint: a further partner costs the share of duplicates, which is estimated.

use crate::{
    model::exact,
    score::{log2_1p_exp2, probability},
    spec::Assignment,
};

const ROUNDS: usize = 30;

/// A candidate pair on its way through the competition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    pub(crate) left: u32,
    pub(crate) right: u32,
    /// log2 odds before the competition.
    pub(crate) weight: f64,
}

/// Result of the competition.
pub(crate) struct Competition {
    /// Bar per edge, never above zero: what rivals take away.
    pub(crate) rival_bars: Vec<f64>,
    /// Expected number of true pairs.
    pub(crate) expected_matches: f64,
    /// Expected further partners per left record with a partner.
    pub(crate) duplicate_share: f64,
}

/// Groups of edge numbers by record.
struct Groups {
    starts: Vec<u32>,
    edges: Vec<u32>,
}

impl Groups {
    fn new(edges: &[Edge], record: impl Fn(&Edge) -> u32) -> Self {
        let mut order: Vec<u32> = (0..edges.len() as u32).collect();
        order.sort_by_key(|edge| (record(&edges[*edge as usize]), *edge));
        let mut starts: Vec<u32> = (0..order.len())
            .filter(|i| {
                *i == 0
                    || record(&edges[order[*i] as usize]) != record(&edges[order[*i - 1] as usize])
            })
            .map(|i| i as u32)
            .collect();
        starts.push(order.len() as u32);
        Self {
            starts,
            edges: order,
        }
    }

    fn iter(&self) -> impl Iterator<Item = &[u32]> {
        self.starts
            .windows(2)
            .map(|w| &self.edges[w[0] as usize..w[1] as usize])
    }
}

/// Lets the candidates compete. `duplicates` are the shares of further partners allowed on the left and on the right (0 = none, 1 = free).
pub(crate) fn compete(edges: &[Edge], duplicates: [f64; 2]) -> Competition {
    let sides = [
        Groups::new(edges, |edge| edge.left),
        Groups::new(edges, |edge| edge.right),
    ];
    let weights: Vec<f64> = edges.iter().map(|edge| edge.weight).collect();
    // log2 of the message that each side's constraint sends to the edge; starts neutral.
    let mut messages = [vec![0.0; edges.len()], vec![0.0; edges.len()]];
    for _ in 0..ROUNDS {
        let mut change = 0.0_f64;
        for side in [1, 0] {
            let (own, other) = if side == 0 { (0, 1) } else { (1, 0) };
            for group in sides[own].iter() {
                if group.len() > 1 && duplicates[own] < 1.0 {
                    let incoming: Vec<f64> = group
                        .iter()
                        .map(|edge| weights[*edge as usize] + messages[other][*edge as usize])
                        .collect();
                    for (place, edge) in group.iter().enumerate() {
                        let next = constraint(&incoming, place, duplicates[own]);
                        let slot = &mut messages[own][*edge as usize];
                        // Half-way steps keep the messages from swinging on short cycles.
                        let damped = 0.5 * (*slot + next);
                        change = change.max((damped - *slot).abs());
                        *slot = damped;
                    }
                }
            }
        }
        if change < 1e-4 {
            break;
        }
    }
    let rival_bars: Vec<f64> = messages[0]
        .iter()
        .zip(&messages[1])
        .map(|(l, r)| exact(l + r).min(0.0))
        .collect();
    let chance: Vec<f64> = weights
        .iter()
        .zip(&rival_bars)
        .map(|(weight, bar)| probability(weight + bar))
        .collect();
    let expected_matches: f64 = chance.iter().sum();
    let with_partner: f64 = sides[0]
        .iter()
        .map(|group| {
            1.0 - group
                .iter()
                .map(|edge| 1.0 - chance[*edge as usize])
                .product::<f64>()
        })
        .sum();
    let duplicate_share =
        ((expected_matches - with_partner) / with_partner.max(1.0)).clamp(0.001, 1.0);
    Competition {
        rival_bars,
        expected_matches,
        duplicate_share,
    }
}

/// log2 of the message to edge `place`: 1 / (1 + Σ rivals) for a hard constraint, milder when further partners are possible.
fn constraint(incoming: &[f64], place: usize, duplicates: f64) -> f64 {
    let rivals = incoming
        .iter()
        .enumerate()
        .filter(|(i, _)| *i != place)
        .map(|(_, weight)| weight.min(500.0));
    if duplicates <= 0.0 {
        let sum: f64 = rivals.map(f64::exp2).sum();
        return -sum.ln_1p() / std::f64::consts::LN_2;
    }
    // Π(1 + δb) over the rivals, in log2; then Π / (1 + (Π − 1) / δ).
    let product: f64 = rivals
        .map(|weight| log2_1p_exp2(weight + duplicates.log2()))
        .sum();
    let excess = (product * std::f64::consts::LN_2).exp_m1() / duplicates;
    if excess.is_finite() {
        product - excess.ln_1p() / std::f64::consts::LN_2
    } else {
        duplicates.log2()
    }
}

/// Chooses links among edges with their final weights; returns edge numbers in order.
pub(crate) fn choose(
    edges: &[Edge],
    final_weights: &[f64],
    assignment: Assignment,
    threshold: f64,
) -> Vec<u32> {
    let mut order: Vec<u32> = (0..edges.len() as u32)
        .filter(|edge| probability(final_weights[*edge as usize]) >= threshold)
        .collect();
    if assignment != Assignment::All {
        order.sort_by(|a, b| {
            final_weights[*b as usize]
                .total_cmp(&final_weights[*a as usize])
                .then(a.cmp(b))
        });
        let mut taken = [
            std::collections::HashSet::new(),
            std::collections::HashSet::new(),
        ];
        order.retain(|edge| {
            let edge = &edges[*edge as usize];
            let left_free =
                assignment == Assignment::OneLeftPerRight || !taken[0].contains(&edge.left);
            let free = left_free && !taken[1].contains(&edge.right);
            if free {
                taken[0].insert(edge.left);
                taken[1].insert(edge.right);
            }
            free
        });
        order.sort_unstable();
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
