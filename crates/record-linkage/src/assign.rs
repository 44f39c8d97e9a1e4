//! From scored pairs to links: what the other candidates of a record say about this one.
//!
//! "At most one partner" is a constraint, so candidates compete. The constraint is applied by belief propagation over the graph of
//! candidate pairs: a rival that is itself well explained by another partner hardly counts. A side that may hold a person twice gets a
//! soft constraint: a further partner costs the share of duplicates, which is estimated.

use rayon::prelude::*;

use crate::{
    model::exact,
    score::{log2_1p_exp2, probability},
    spec::Assignment,
};

const ROUNDS: usize = 30;

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

/// One component while it is settled.
#[derive(Default)]
struct Local {
    weights: Vec<f64>,
    messages: Vec<[f64; 2]>,
    /// Edges by record, per side, with where each record's end.
    groups: [(Vec<u32>, Vec<u32>); 2],
}

impl Local {
    /// Takes up a component in place of the one before.
    fn load(&mut self, component: &[u32], edges: &[Edge], messages: &[[f64; 2]]) {
        let of = |edge: &u32| edges[*edge as usize];
        self.weights.clear();
        self.weights
            .extend(component.iter().map(|edge| of(edge).weight));
        self.messages.clear();
        self.messages
            .extend(component.iter().map(|edge| messages[*edge as usize]));
        let [lefts, rights] = &mut self.groups;
        group_by(component, |edge| of(edge).left, lefts);
        group_by(component, |edge| of(edge).right, rights);
    }

    fn settle(&mut self, duplicates: [f64; 2], work: &mut Work) {
        for _ in 0..ROUNDS {
            let mut change = 0.0_f64;
            for (own, other) in [(1, 0), (0, 1)] {
                if duplicates[own] >= 1.0 {
                    continue;
                }
                let (order, ends) = &self.groups[own];
                for range in ends.windows(2).filter(|range| range[1] - range[0] > 1) {
                    let group = &order[range[0] as usize..range[1] as usize];
                    work.incoming.clear();
                    work.incoming.extend(
                        group
                            .iter()
                            .map(|i| self.weights[*i as usize] + self.messages[*i as usize][other]),
                    );
                    work.constrain(duplicates[own]);
                    for (i, next) in group.iter().zip(&work.outgoing) {
                        let slot = &mut self.messages[*i as usize][own];
                        // Half-way steps keep the messages from swinging on short cycles.
                        let damped = 0.5 * (*slot + next);
                        change = change.max((damped - *slot).abs());
                        *slot = damped;
                    }
                }
            }
            if change < 1e-4 {
                break;
            }
        }
    }
}

/// Places in a component by the record of each, with where each record's end.
fn group_by(
    component: &[u32],
    record: impl Fn(&u32) -> u32,
    (order, ends): &mut (Vec<u32>, Vec<u32>),
) {
    let of = |place: &u32| record(&component[*place as usize]);
    order.clear();
    order.extend(0..component.len() as u32);
    order.sort_by_key(of);
    ends.clear();
    ends.push(0);
    let mut end = 0;
    for group in order.chunk_by(|a, b| of(a) == of(b)) {
        end += group.len() as u32;
        ends.push(end);
    }
}

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
                    local.settle(duplicates, work);
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
        .iter()
        .map(|[l, r]| exact(l + r).min(0.0))
        .collect();
    let chance: Vec<f64> = edges
        .par_iter()
        .zip(&rival_bars)
        .map(|(edge, bar)| probability(edge.weight + bar))
        .collect();
    let expected_matches: f64 = chance.iter().sum();
    let (mut with_partner, mut start) = (0.0, 0);
    for group in edges.chunk_by(|a, b| a.left == b.left) {
        let none: f64 = chance[start..start + group.len()]
            .iter()
            .map(|p| 1.0 - p)
            .product();
        with_partner += 1.0 - none;
        start += group.len();
    }
    let duplicate_share =
        ((expected_matches - with_partner) / with_partner.max(1.0)).clamp(0.001, 1.0);
    Competition {
        rival_bars,
        expected_matches,
        duplicate_share,
    }
}

/// Buffers of a constraint.
#[derive(Default)]
struct Work {
    incoming: Vec<f64>,
    before: Vec<f64>,
    outgoing: Vec<f64>,
}

impl Work {
    /// log2 of the message to each edge from what its rivals say: 1 / (1 + Σ rivals) for a hard constraint, milder when further partners
    /// are possible. Sums run from both ends, so that each leaves one's own share out without subtracting it.
    fn constrain(&mut self, duplicates: f64) {
        let hard = duplicates <= 0.0;
        for weight in &mut self.incoming {
            let rival = weight.min(500.0);
            *weight = if hard {
                rival.exp2()
            } else {
                log2_1p_exp2(rival + duplicates.log2())
            };
        }
        self.before.clear();
        let mut sum = 0.0;
        for term in &self.incoming {
            self.before.push(sum);
            sum += term;
        }
        self.outgoing.clear();
        self.outgoing.resize(self.incoming.len(), 0.0);
        let mut behind = 0.0;
        for i in (0..self.incoming.len()).rev() {
            let rivals = self.before[i] + behind;
            behind += self.incoming[i];
            self.outgoing[i] = if hard {
                -rivals.ln_1p() / std::f64::consts::LN_2
            } else {
                // Π(1 + δb) over the rivals, in log2; then Π / (1 + (Π − 1) / δ).
                let excess = (rivals * std::f64::consts::LN_2).exp_m1() / duplicates;
                if excess.is_finite() {
                    rivals - excess.ln_1p() / std::f64::consts::LN_2
                } else {
                    duplicates.log2()
                }
            };
        }
    }
}

/// Chooses links among edges with their final weights; returns edge numbers in order.
pub fn choose(
    edges: &[Edge],
    final_weights: &[f64],
    assignment: Assignment,
    threshold: f64,
) -> Vec<u32> {
    let mut order: Vec<u32> = (0..edges.len() as u32)
        .filter(|edge| probability(final_weights[*edge as usize]) >= threshold)
        .collect();
    if assignment != Assignment::All {
        order.par_sort_by(|a, b| {
            final_weights[*b as usize]
                .total_cmp(&final_weights[*a as usize])
                .then(a.cmp(b))
        });
        let rows = |row: fn(&Edge) -> u32| {
            edges
                .iter()
                .map(row)
                .max()
                .map_or(0, |last| last as usize + 1)
        };
        let mut taken = [
            vec![false; rows(|edge| edge.left)],
            vec![false; rows(|edge| edge.right)],
        ];
        order.retain(|edge| {
            let edge = &edges[*edge as usize];
            let (left, right) = (edge.left as usize, edge.right as usize);
            let left_free = assignment == Assignment::OneLeftPerRight || !taken[0][left];
            let free = left_free && !taken[1][right];
            if free {
                (taken[0][left], taken[1][right]) = (true, true);
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
}
