//! True pairs that the assignment leaves no room for.
//!
//! Where each record may have one partner, a second registration of a person stays without one. It is a true pair all the same, and who
//! asks how many true pairs were found counts it among the missed.

use rayon::prelude::*;

use crate::{
    assign::{Components, Edge, compete},
    bound::Bound,
    model::TrainedModel,
    score::probability,
    spec::Assignment,
};

/// Where the share of further partners starts, and how often it is estimated anew.
const START: f64 = 0.02;
const ROUNDS: usize = 4;

/// Per edge, how much likelier it is a true pair once a record of one side may have further partners; edges compete one to one until
/// `finals`. Empty under another assignment. First the left records may, then the right ones. A further partner costs the share of those there are, which is estimated.
pub(crate) fn hidden_pairs(
    bound: &Bound,
    model: &TrainedModel,
    assignment: Assignment,
    (edges, finals): (&[Edge], &[f64]),
) -> Vec<f64> {
    if assignment != Assignment::OneToOne {
        return Vec::new();
    }
    let alone: Vec<f64> = finals
        .par_iter()
        .map(|weight| probability(*weight))
        .collect();
    // Settled anew, so that what is found does not depend on what came before.
    let pairs = edges.iter().map(|edge| (edge.left, edge.right));
    let mut components = Components::new(pairs, bound.n_left(), bound.n_right());
    let mut hidden = vec![0.0; edges.len()];
    for side in 0..2 {
        // Of the side that may have several partners every record is open for one, not only those that have none.
        let shift = model.prior_of_further(bound, side) - model.prior_weight;
        let shifted: Vec<Edge> = edges
            .par_iter()
            .map(|edge| Edge {
                weight: edge.weight + shift,
                ..*edge
            })
            .collect();
        let mut share = START;
        let mut chance = Vec::new();
        for _ in 0..ROUNDS {
            let mut duplicates = [0.0; 2];
            duplicates[side] = share;
            let found = compete(&shifted, duplicates, &mut components);
            chance = shifted
                .par_iter()
                .zip(&found.rival_bars)
                .map(|(edge, taken)| {
                    probability(edge.weight + model.rival_bar(edge.weight, *taken))
                })
                .collect();
            share = further_share(edges, &chance, side, bound);
        }
        for ((hidden, with), alone) in hidden.iter_mut().zip(&chance).zip(&alone) {
            *hidden = (*hidden + (with - alone).max(0.0)).min(1.0 - alone);
        }
    }
    hidden
}

/// Expected further partners per record of a side that has one.
fn further_share(edges: &[Edge], chance: &[f64], side: usize, bound: &Bound) -> f64 {
    let mut none = vec![1.0; [bound.n_left(), bound.n_right()][side]];
    for (edge, p) in edges.iter().zip(chance) {
        none[[edge.left, edge.right][side] as usize] *= 1.0 - p;
    }
    let with_partner: f64 = none.iter().map(|none| 1.0 - none).sum();
    let all: f64 = chance.iter().sum();
    ((all - with_partner) / with_partner.max(1.0)).clamp(0.001, 0.5)
}
