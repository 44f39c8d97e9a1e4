//! In which order the pairs of a rule are compared: what decides most for its price comes first.
//!
//! Weights are exact sums, and a pair goes only when nothing can lift it above the floor. So the order changes the time a run takes and
//! never what it finds.

use crate::{bound::Bound, comparison::Scratch, score::Weights};

/// Price of passing over a pair once, beside the price of comparing.
const PASS: u32 = 1;
/// Price of asking for the reach of a pair.
const ASK: u32 = 2;

/// One comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) k: usize,
    /// Whether the reach of the pairs is asked before they are compared.
    pub(super) ask_first: bool,
    /// The most that the steps after it can add.
    pub(super) rest: f64,
}

/// Comparisons in order.
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
}

/// What a comparison says of a sampled pair, and the most it could have said.
struct Seen {
    weight: Vec<f64>,
    most: Vec<f64>,
}

impl Plan {
    /// The cheapest order found for pairs like these; `least` is the evidence a pair must reach to be kept.
    pub(super) fn new(bound: &Bound, weights: &Weights, pairs: &[(u32, u32)], least: f64) -> Self {
        let n = bound.comparisons.len();
        let mut scratch = Scratch::new();
        let (mut outcomes, mut reaches) = (Vec::new(), Vec::new());
        let seen: Vec<Seen> = (0..n)
            .map(|k| {
                bound.compare_many(k, pairs, &mut scratch, &mut outcomes);
                bound.reach_of_many(k, pairs, &mut reaches);
                let mut evidence = vec![crate::score::Evidence::default(); pairs.len()];
                weights.add(k, &outcomes, &mut evidence);
                Seen {
                    weight: evidence.iter().map(|evidence| evidence.matching).collect(),
                    most: reaches
                        .iter()
                        .map(|reach| weights.most_at(k, *reach))
                        .collect(),
                }
            })
            .collect();
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by_key(|k| bound.cost(*k));
        let price = |order: &[usize]| price(bound, weights, &seen, order, least);
        let mut best = price(&order);
        // One comparison at a time is moved to where it helps most, until no move helps.
        loop {
            let mut better = None;
            for from in 0..n {
                for to in (0..n).filter(|to| *to != from) {
                    let mut moved = order.clone();
                    let k = moved.remove(from);
                    moved.insert(to, k);
                    let found = price(&moved);
                    if found.0 < best.0 {
                        best = found;
                        better = Some(moved);
                    }
                }
            }
            match better {
                Some(moved) => order = moved,
                None => break,
            }
        }
        let asks = best.1;
        let steps = order.iter().enumerate().map(|(i, k)| Step {
            k: *k,
            ask_first: asks[i],
            rest: order[i + 1..]
                .iter()
                .map(|later| weights.most(*later))
                .sum(),
        });
        Self {
            steps: steps.collect(),
        }
    }
}

/// What an order costs on the sampled pairs, and before which steps it pays to ask first.
fn price(
    bound: &Bound,
    weights: &Weights,
    seen: &[Seen],
    order: &[usize],
    least: f64,
) -> (u64, Vec<bool>) {
    let n_pairs = seen.first().map_or(0, |seen| seen.weight.len());
    let mut alive: Vec<(usize, f64)> = (0..n_pairs).map(|pair| (pair, 0.0)).collect();
    let mut rest: f64 = order.iter().map(|k| weights.most(*k)).sum();
    let (mut sum, mut asks) = (0, Vec::new());
    for k in order {
        rest -= weights.most(*k);
        let dear = u64::from(PASS + bound.cost(*k));
        let stay = |most: &[f64]| {
            let kept = alive
                .iter()
                .filter(|(pair, weight)| weight + most[*pair] + rest >= least);
            kept.copied().collect::<Vec<_>>()
        };
        let all = alive.len() as u64 * dear;
        let mut ask = false;
        if bound.has_reach(*k) {
            let reached = stay(&seen[*k].most);
            let asked = alive.len() as u64 * u64::from(PASS + ASK) + reached.len() as u64 * dear;
            if asked < all {
                (ask, alive) = (true, reached);
                sum += asked;
            }
        }
        if !ask {
            sum += all;
        }
        asks.push(ask);
        for (pair, weight) in &mut alive {
            *weight += seen[*k].weight[*pair];
        }
        alive.retain(|(_, weight)| weight + rest >= least);
    }
    (sum, asks)
}
