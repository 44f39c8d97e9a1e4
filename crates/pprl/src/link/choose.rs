//! From weights to links: candidates of one record compete for it.

use std::collections::HashSet;

use helder_record_linkage::{probability, spec::Assignment};

const ROUNDS: usize = 30;

/// A candidate pair.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) left: u32,
    pub(super) right: u32,
    /// log2 odds before the competition.
    pub(super) weight: f64,
}

/// What the competition gave.
pub(super) struct Competition {
    /// Probability per edge.
    pub(super) chances: Vec<f64>,
    /// Expected further partners per left record with a partner.
    pub(super) duplicate_share: f64,
}

/// Places of the edges, grouped by record.
fn groups(edges: &[Edge], record: impl Fn(&Edge) -> u32) -> Vec<Vec<u32>> {
    let mut order: Vec<u32> = (0..edges.len() as u32).collect();
    order.sort_by_key(|edge| (record(&edges[*edge as usize]), *edge));
    order
        .chunk_by(|a, b| record(&edges[*a as usize]) == record(&edges[*b as usize]))
        .map(<[u32]>::to_vec)
        .collect()
}

/// "At most one partner" as belief propagation: a rival that is well explained by another partner hardly counts. `duplicates` are the
/// shares of further partners allowed on the left and on the right (0 = none, 1 = free).
pub(super) fn compete(edges: &[Edge], duplicates: [f64; 2]) -> Competition {
    let sides = [
        groups(edges, |edge| edge.left),
        groups(edges, |edge| edge.right),
    ];
    let odds: Vec<f64> = edges
        .iter()
        .map(|edge| edge.weight.clamp(-100.0, 100.0).exp2())
        .collect();
    let mut messages = [vec![1.0; edges.len()], vec![1.0; edges.len()]];
    for _ in 0..ROUNDS {
        let mut change = 0.0_f64;
        for own in [1, 0] {
            for group in sides[own].iter().filter(|group| group.len() > 1) {
                let incoming: Vec<f64> = group
                    .iter()
                    .map(|edge| odds[*edge as usize] * messages[1 - own][*edge as usize])
                    .collect();
                for (place, edge) in group.iter().enumerate() {
                    // Summed without the edge itself: subtracting it from the total would lose the small rivals.
                    let rivals: f64 = incoming
                        .iter()
                        .enumerate()
                        .filter(|(other, _)| *other != place)
                        .map(|(_, odds)| odds)
                        .sum();
                    let wanted = (1.0 + duplicates[own] * rivals) / (1.0 + rivals);
                    let slot = &mut messages[own][*edge as usize];
                    // Half-way steps keep the messages from swinging on short cycles.
                    let damped = (*slot * wanted).sqrt();
                    change = change.max((damped / *slot).log2().abs());
                    *slot = damped;
                }
            }
        }
        if change < 1e-4 {
            break;
        }
    }
    let chances: Vec<f64> = edges
        .iter()
        .enumerate()
        .map(|(i, edge)| probability(edge.weight + messages[0][i].log2() + messages[1][i].log2()))
        .collect();
    let expected: f64 = chances.iter().sum();
    let with_partner: f64 = sides[0]
        .iter()
        .map(|group| {
            1.0 - group
                .iter()
                .map(|edge| 1.0 - chances[*edge as usize])
                .product::<f64>()
        })
        .sum();
    Competition {
        duplicate_share: ((expected - with_partner) / with_partner.max(1.0)).clamp(0.001, 1.0),
        chances,
    }
}

/// Chooses edges by probability under the constraint; returns their places in order.
pub(super) fn choose(
    edges: &[(u32, u32)],
    chances: &[f64],
    assignment: Assignment,
    threshold: f64,
) -> Vec<usize> {
    let mut order: Vec<usize> = (0..edges.len())
        .filter(|edge| chances[*edge] >= threshold)
        .collect();
    order.sort_by(|a, b| chances[*b].total_cmp(&chances[*a]).then(a.cmp(b)));
    let (mut lefts, mut rights) = (HashSet::new(), HashSet::new());
    order.retain(|edge| {
        let (left, right) = edges[*edge];
        let free = match assignment {
            Assignment::All => true,
            Assignment::OneLeftPerRight => !rights.contains(&right),
            Assignment::OneToOne => !rights.contains(&right) && !lefts.contains(&left),
        };
        if free {
            lefts.insert(left);
            rights.insert(right);
        }
        free
    });
    order.sort_unstable();
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
    fn equal_candidates_share_and_a_rival_that_belongs_elsewhere_hardly_counts() {
        let found = compete(&[edge(0, 0, 20.0), edge(1, 0, 20.0)], [0.0, 0.0]);
        assert!(found.chances.iter().all(|p| (p - 0.5).abs() < 1e-3));
        let found = compete(
            &[edge(0, 0, 10.0), edge(1, 0, 10.0), edge(1, 1, 40.0)],
            [0.0, 0.0],
        );
        assert!(
            found.chances[0] > 0.99 && found.chances[1] < 0.01,
            "{:?}",
            found.chances
        );
    }

    #[test]
    fn the_choice_respects_the_constraint() {
        let edges = [(0, 0), (0, 1), (1, 1)];
        let chances = [0.9, 0.8, 0.7];
        assert_eq!(choose(&edges, &chances, Assignment::OneToOne, 0.5), [0, 2]);
        assert_eq!(
            choose(&edges, &chances, Assignment::OneLeftPerRight, 0.5),
            [0, 1]
        );
        assert_eq!(choose(&edges, &chances, Assignment::All, 0.5), [0, 1, 2]);
    }
}
