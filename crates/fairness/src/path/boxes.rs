//! Parts of a score that is constant on boxes, as that of a tree or a rule list is: what each input says by itself, and what inputs only
//! say together.

use std::collections::BTreeMap;

use super::{CausalGraph, Route};

/// A score that is constant on boxes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BoxedScore {
    /// What is asked of one input: its place, and whether each row lies where it is asked to.
    pub asked: Vec<(usize, Vec<bool>)>,
    /// Per box its score, and the places in `asked` of what it asks, of each input once. Every row lies in one box.
    pub boxes: Vec<(f64, Vec<usize>)>,
}

/// Parts of the score of each row that add up to it, but for a constant; as [`super::path_reports`] takes them.
///
/// A score f is taken apart into what it is expected to be when only some inputs are known and the others are drawn, each by itself, from
/// the rows given. What an input says alone is that expectation less that of nobody; what inputs of one route and of those more favourable
/// say together is what is left. Questions have an order, a function has none: two trees that answer the same have the same parts. What
/// inputs of several routes say together goes with the least favourable, as the pair of an additive model does.
///
/// * `inputs` – names
///
/// # Source
/// Functional analysis of variance under the product of the margins: W. Hoeffding, Annals of Mathematical Statistics 19(3), 1948,
/// doi:10.1214/aoms/1177730196; for prediction functions G. Hooker, Journal of Computational and Graphical Statistics 16(3), 2007,
/// doi:10.1198/106186007X237892.
pub fn boxed_parts(
    graph: &CausalGraph,
    sensitive: &str,
    inputs: &[String],
    score: &BoxedScore,
) -> Vec<(Vec<String>, Vec<f64>)> {
    let routes: Vec<Route> = inputs
        .iter()
        .map(|input| graph.route(sensitive, input))
        .collect();
    let rows = score.asked.first().map_or(0, |(_, holds)| holds.len());
    let shares: Vec<f64> = score.asked.iter().map(|(_, holds)| share(holds)).collect();
    let expected = |is_known: &dyn Fn(usize) -> bool| {
        let mut sum = vec![0.0; rows];
        for (value, asked) in &score.boxes {
            let (known, drawn): (Vec<usize>, Vec<usize>) = asked
                .iter()
                .partition(|place| is_known(score.asked[**place].0));
            let chance: f64 = drawn.iter().map(|place| shares[*place]).product();
            for (row, sum) in sum.iter_mut().enumerate() {
                if known.iter().all(|place| score.asked[*place].1[row]) {
                    *sum += value * chance;
                }
            }
        }
        sum
    };
    let nothing = expected(&|_| false);
    let mut parts = Vec::new();
    let mut alone: BTreeMap<Route, Vec<f64>> = BTreeMap::new();
    for (place, input) in inputs.iter().enumerate() {
        let own = less(expected(&|known| known == place), &nothing);
        let sum = alone
            .entry(routes[place])
            .or_insert_with(|| vec![0.0; rows]);
        for (sum, own) in sum.iter_mut().zip(&own) {
            *sum += own;
        }
        parts.push((vec![input.clone()], own));
    }
    let mut before = nothing;
    for (route, alone) in alone {
        let known = expected(&|place| routes[place] <= route);
        let together = less(less(known.clone(), &before), &alone);
        before = known;
        let names = company(route, &routes, score);
        // Inputs of this route that stand in no leaf with another say nothing together.
        if names.len() > 1 {
            let names = names.into_iter().map(|place| inputs[place].clone());
            parts.push((names.collect(), together));
        }
    }
    parts
}

fn share(holds: &[bool]) -> f64 {
    holds.iter().filter(|holds| **holds).count() as f64 / holds.len() as f64
}

fn less(mut values: Vec<f64>, others: &[f64]) -> Vec<f64> {
    for (value, other) in values.iter_mut().zip(others) {
        *value -= other;
    }
    values
}

/// Inputs that stand in a leaf with another, of which one has this route and none a less favourable one.
fn company(route: Route, routes: &[Route], score: &BoxedScore) -> Vec<usize> {
    let mut found = vec![false; routes.len()];
    for (_, asked) in &score.boxes {
        let those = asked.iter().map(|place| score.asked[*place].0);
        let those: Vec<usize> = those.filter(|input| routes[*input] <= route).collect();
        if those.len() > 1 && those.iter().any(|input| routes[*input] == route) {
            for input in those {
                found[input] = true;
            }
        }
    }
    (0..routes.len()).filter(|input| found[*input]).collect()
}
