//! Which splits are kept.

use rayon::prelude::*;

use crate::{
    Measure, Pruning, Settings,
    clusters::Gain,
    grow::{Ground, Grown},
    honest,
};

/// Per node the price per leaf from which on it is a leaf; 0 of leaves. Above a node the price is never lower.
///
/// A price is the error that a split saves, per leaf that it costs and per row.
///
/// # Source
/// Breiman, Friedman, Olshen and Stone, *Classification and Regression Trees* (1984), sections 3.2 and 3.3 (minimal cost-complexity,
/// weakest link first).
pub(crate) fn prices(nodes: &[Grown], measure: Measure) -> Vec<f64> {
    let n_rows = nodes[0].count.rows as f64;
    let mut is_leaf: Vec<bool> = nodes.iter().map(|node| node.split.is_none()).collect();
    let unknown = |is_leaf: &bool| if *is_leaf { 0.0 } else { f64::INFINITY };
    let mut prices: Vec<f64> = is_leaf.iter().map(unknown).collect();
    let mut price = 0.0_f64;
    loop {
        // Leaves below a node, and the sum of their weights; nodes below stand behind.
        let mut below: Vec<(usize, f64)> = vec![(1, 0.0); nodes.len()];
        for place in (0..nodes.len()).rev() {
            below[place] = match &nodes[place].split {
                Some((_, [first, second])) if !is_leaf[place] => {
                    let (a, b) = (below[*first], below[*second]);
                    (a.0 + b.0, a.1 + b.1)
                }
                _ => (1, nodes[place].count.weight(measure)),
            };
        }
        let saved = |place: usize| {
            let (leaves, weight) = below[place];
            (weight - nodes[place].count.weight(measure)).max(0.0) / (leaves - 1) as f64 / n_rows
        };
        let reached = reached(nodes, &is_leaf);
        let open: Vec<usize> = reached
            .into_iter()
            .filter(|place| !is_leaf[*place])
            .collect();
        let weakest = open
            .iter()
            .map(|place| saved(*place))
            .fold(f64::INFINITY, f64::min);
        if !weakest.is_finite() {
            break;
        }
        // A node above the weakest link saves at least as much; rounding must not say otherwise.
        price = price.max(weakest);
        for place in open {
            if saved(place) <= price * (1.0 + 1e-12) {
                prices[place] = price;
                is_leaf[place] = true;
            }
        }
    }
    // What lies below a node goes with it.
    for place in 0..nodes.len() {
        for below in nodes[place].split.iter().flat_map(|(_, below)| below) {
            prices[*below] = prices[*below].min(prices[place]);
        }
    }
    prices
}

/// Nodes that are still part of the tree, from the root on.
fn reached(nodes: &[Grown], is_leaf: &[bool]) -> Vec<usize> {
    let mut reached = vec![0];
    let mut next = 0;
    while let Some(place) = reached.get(next).copied() {
        if let Some((_, below)) = nodes[place].split.as_ref().filter(|_| !is_leaf[place]) {
            reached.extend(below);
        }
        next += 1;
    }
    reached
}

/// The price up to which splits are dropped; less than 0 drops nothing.
pub(crate) fn price(
    ground: &Ground<'_>,
    nodes: &[Grown],
    rows: &[u32],
    kept: &[u32],
    settings: &Settings,
) -> f64 {
    let (folds, standard_errors) = match settings.pruning {
        Pruning::None => return -1.0,
        Pruning::Price(price) => return price,
        Pruning::CrossValidated {
            folds,
            standard_errors,
        } => (folds, standard_errors),
    };
    let tried = between(nodes, ground.measure);
    let fold_of = ground.clusters.folds(rows, folds, settings.seed);
    let of_folds: Vec<Vec<Gain>> = (0..folds)
        .into_par_iter()
        .map(|fold| {
            let side = |is_out: bool| -> Vec<u32> {
                let places = fold_of.iter().zip(rows);
                let mine = places.filter(|(of, _)| (**of == fold) == is_out);
                mine.map(|(_, row)| *row).collect()
            };
            // The estimating rows only say where leaves are full enough, here as there.
            let grown = ground.grow(side(false), kept.to_vec());
            gains(ground, &grown, &side(true), &tried)
        })
        .collect();
    let of_all = |at: usize| {
        let folds = of_folds.iter();
        folds.fold(Gain::default(), |sum, fold| sum.plus(&fold[at]))
    };
    let gain = |at: usize| of_all(at).mean();
    let error = |at: usize| of_all(at).standard_error();
    // The last price keeps nothing, and gains nothing.
    let best = (0..tried.len())
        .rev()
        .max_by(|a, b| gain(*a).total_cmp(&gain(*b)).then(b.cmp(a)))
        .filter(|best| gain(*best) > error(*best));
    let Some(best) = best else {
        return f64::INFINITY;
    };
    let least = gain(best) - standard_errors * error(best);
    // Prices ascend: the last that is good enough leaves the smallest tree.
    let chosen = (0..tried.len()).rev().find(|at| gain(*at) >= least);
    tried[chosen.unwrap_or(best)]
}

/// Prices to try: the geometric middle of neighbours in the order of pruning, from keeping all to keeping nothing.
fn between(nodes: &[Grown], measure: Measure) -> Vec<f64> {
    let of_nodes = prices(nodes, measure);
    let splits = nodes
        .iter()
        .zip(of_nodes)
        .filter(|(node, _)| node.split.is_some());
    let mut prices: Vec<f64> = splits.map(|(_, price)| price).collect();
    prices.push(0.0);
    prices.sort_unstable_by(f64::total_cmp);
    prices.dedup();
    let mut tried: Vec<f64> = prices
        .windows(2)
        .map(|pair| (pair[0] * pair[1]).sqrt())
        .collect();
    tried.push(f64::INFINITY);
    tried
}

/// What a tree gains over no tree on rows left out; per price.
fn gains(ground: &Ground<'_>, nodes: &[Grown], rows: &[u32], tried: &[f64]) -> Vec<Gain> {
    let prices = prices(nodes, ground.measure);
    let base = honest::share_of(ground.outcome);
    let mut gains = vec![Gain::default(); tried.len()];
    let mut sums = vec![0.0; tried.len()];
    let of = |row: &u32| ground.clusters.of(*row);
    for cluster in ground
        .clusters
        .together(rows)
        .chunk_by(|a, b| of(a) == of(b))
    {
        sums.fill(0.0);
        for row in cluster {
            let event = f64::from(u8::from(ground.outcome[*row as usize]));
            let error = |place: usize| {
                let count = nodes[place].count;
                // As the finished tree says it: with one average person added.
                let share = (count.events as f64 + base) / (count.rows as f64 + 1.0);
                match ground.measure {
                    Measure::SquaredError => (event - share).powi(2),
                    Measure::LogLoss => -(event * share.ln() + (1.0 - event) * (1.0 - share).ln()),
                }
            };
            let without = error(0);
            for (sum, price) in sums.iter_mut().zip(tried) {
                *sum += without - error(leaf(ground, nodes, &prices, *price, *row));
            }
        }
        for (gain, sum) in gains.iter_mut().zip(&sums) {
            gain.add(*sum, cluster.len());
        }
    }
    gains
}

/// The leaf of a row where splits up to a price are dropped.
pub(crate) fn leaf(
    ground: &Ground<'_>,
    nodes: &[Grown],
    prices: &[f64],
    price: f64,
    row: u32,
) -> usize {
    let mut place = 0;
    while let Some((parting, below)) = nodes[place]
        .split
        .as_ref()
        .filter(|_| prices[place] > price)
    {
        let code = ground.columns[parting.column].codes[row as usize];
        place = below[usize::from(!parting.is_first(code))];
    }
    place
}
