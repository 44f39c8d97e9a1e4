//! One component settled: what the constraints of its records say to each other, round after round, until it no longer changes.

use rayon::prelude::*;

use super::Edge;
use crate::score::log2_1p_exp2;

const ROUNDS: usize = 30;
/// A change of the messages below this ends it.
const SETTLED: f64 = 1e-4;
/// From so many edges on, the records of one component are shared out among the workers.
pub(super) const LARGE: usize = 4096;
/// Edges of a large component that a worker takes at a time.
const PIECE: usize = 512;

/// One component while it is settled.
#[derive(Default)]
pub(super) struct Local {
    weights: Vec<f64>,
    pub(super) messages: Vec<[f64; 2]>,
    /// Edges by record, per side, with where each record's end.
    groups: [(Vec<u32>, Vec<u32>); 2],
}

impl Local {
    /// Takes up a component in place of the one before.
    pub(super) fn load(&mut self, component: &[u32], edges: &[Edge], messages: &[[f64; 2]]) {
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

    pub(super) fn settle(&mut self, duplicates: [f64; 2], work: &mut Work) {
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
                        change = change.max(step(slot, *next));
                    }
                }
            }
            if change < SETTLED {
                break;
            }
        }
    }
}

/// Takes half a step, which keeps messages from swinging on short cycles; how far it was.
fn step(slot: &mut f64, next: f64) -> f64 {
    let damped = 0.5 * (*slot + next);
    let change = (damped - *slot).abs();
    *slot = damped;
    change
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

/// Buffers of a constraint.
#[derive(Default)]
pub(super) struct Work {
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

/// One side of a large component, edges record by record.
struct HalfOf {
    weights: Vec<f64>,
    /// What the constraints of this side say.
    messages: Vec<f64>,
    /// Place of each edge on the other side.
    across: Vec<u32>,
    /// Where each record's edges end.
    ends: Vec<u32>,
    /// Where each piece of records ends, as a place in `ends`; fixed, so that nothing depends on the number of threads.
    pieces: Vec<usize>,
}

impl HalfOf {
    /// One round of this side, whose messages `other` hears and says in turn; the largest change.
    fn round(&mut self, other: &[f64], duplicates: f64) -> f64 {
        let (weights, across, ends) = (&self.weights, &self.across, &self.ends);
        let mut rest = self.messages.as_mut_slice();
        let mut shares = Vec::with_capacity(self.pieces.len());
        for bounds in self.pieces.windows(2) {
            let n = ends[bounds[1]] - ends[bounds[0]];
            let (own, behind) = rest.split_at_mut(n as usize);
            shares.push((bounds[0], bounds[1], own));
            rest = behind;
        }
        let changes = shares
            .into_par_iter()
            .map_init(Work::default, |work, (from, to, own)| {
                let (start, mut change) = (ends[from] as usize, 0.0_f64);
                for range in ends[from..=to].windows(2) {
                    let edges = range[0] as usize..range[1] as usize;
                    if edges.len() < 2 {
                        continue;
                    }
                    let said = across[edges.clone()].iter().map(|at| other[*at as usize]);
                    work.incoming.clear();
                    work.incoming
                        .extend(weights[edges.clone()].iter().zip(said).map(|(w, m)| w + m));
                    work.constrain(duplicates);
                    let slots = &mut own[edges.start - start..edges.end - start];
                    for (slot, next) in slots.iter_mut().zip(&work.outgoing) {
                        change = change.max(step(slot, *next));
                    }
                }
                change
            });
        changes.reduce(|| 0.0, f64::max)
    }
}

impl Local {
    /// [`Self::settle`] by all workers together: the same messages, bit for bit, as records of one side do not hear each other.
    pub(super) fn settle_large(&mut self, duplicates: [f64; 2]) {
        let n = self.weights.len();
        let mut places = [vec![0_u32; n], vec![0_u32; n]];
        for (places, (order, _)) in places.iter_mut().zip(&self.groups) {
            for (place, edge) in (0..).zip(order) {
                places[*edge as usize] = place;
            }
        }
        let mut halves = [0, 1].map(|side| {
            let (order, ends) = &self.groups[side];
            let edges = || order.iter().map(|edge| *edge as usize);
            let mut pieces = vec![0];
            let mut start = 0;
            for (place, end) in ends.iter().enumerate().skip(1) {
                if (*end - start) as usize >= PIECE || place + 1 == ends.len() {
                    pieces.push(place);
                    start = *end;
                }
            }
            HalfOf {
                weights: edges().map(|edge| self.weights[edge]).collect(),
                messages: edges().map(|edge| self.messages[edge][side]).collect(),
                across: edges().map(|edge| places[1 - side][edge]).collect(),
                ends: ends.clone(),
                pieces,
            }
        });
        for _ in 0..ROUNDS {
            let [left, right] = &mut halves;
            let mut change = 0.0_f64;
            if duplicates[1] < 1.0 {
                change = change.max(right.round(&left.messages, duplicates[1]));
            }
            if duplicates[0] < 1.0 {
                change = change.max(left.round(&right.messages, duplicates[0]));
            }
            if change < SETTLED {
                break;
            }
        }
        for (side, half) in halves.iter().enumerate() {
            for (edge, message) in self.groups[side].0.iter().zip(&half.messages) {
                self.messages[*edge as usize][side] = *message;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng as _, SeedableRng as _};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    #[test]
    fn a_large_component_says_the_same_shared_out_or_not() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        let mut edges: Vec<Edge> = (0..9_000)
            .map(|_| Edge {
                left: rng.gen_range(0..1_500),
                right: rng.gen_range(0..1_200),
                weight: rng.gen_range(-8.0..20.0),
            })
            .collect();
        edges.sort_by_key(|edge| (edge.left, edge.right));
        let component: Vec<u32> = (0..edges.len() as u32).collect();
        let before: Vec<[f64; 2]> = edges.iter().map(|_| [0.0; 2]).collect();
        for duplicates in [[0.0, 0.0], [0.05, 0.0], [1.0, 0.1], [0.2, 1.0]] {
            let settled = |threads: usize| {
                let mut local = Local::default();
                local.load(&component, &edges, &before);
                if threads == 0 {
                    local.settle(duplicates, &mut Work::default());
                } else {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                    let pool = pool.build().unwrap();
                    pool.install(|| local.settle_large(duplicates));
                }
                let bits = local.messages.iter().map(|both| both.map(f64::to_bits));
                bits.collect::<Vec<_>>()
            };
            let one_by_one = settled(0);
            assert!(one_by_one.iter().any(|both| *both != [0, 0]));
            assert_eq!(settled(1), one_by_one);
            assert_eq!(settled(4), one_by_one);
        }
    }
}
