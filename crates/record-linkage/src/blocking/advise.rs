//! Rules that reach a wanted recall at the least cost.
//!
//! Which pairs are true is not known, but which are probable is: a run with wide rules on a part of the left rows gives them with their
//! probabilities, and says how many it did not reach. Each possible rule then has a gain (probable pairs that it reaches) and a cost (pairs
//! to weigh, and rows to sort). Rules are taken by gain per cost until the recall is reached; what turns out superfluous is dropped.

use rayon::prelude::*;

use super::{Candidates, Known};
use crate::{
    bound::Bound,
    comparison::mix,
    run::{Cancelled, Observer, Quality, ScoredPair, dedupe, run},
    score::probability,
    spec::{BlockingRule, KeyFunction, LinkageSpec},
    table::{Column, Table},
};

/// Left rows from which probable pairs are sought.
const LEFT_ROWS: usize = 20_000;
/// Rows per side that costs are estimated from.
const COST_ROWS: usize = 20_000;
/// Rules looked for probable pairs are wider than those of a run by this factor.
const WIDER: f64 = 2.0;
/// What listing and sorting a row costs, in pairs weighed.
const ROW_COST: f64 = 1.0;

/// Rules with what they are expected to bring.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Advice {
    /// The rules, the cheapest first.
    pub rules: Vec<AdvisedRule>,
    /// Expected share of the true pairs that they reach.
    pub expected_recall: f64,
    /// Pairs they reach, pairs of several rules counted several times.
    pub expected_pairs: f64,
    /// Probable pairs from which recall was estimated.
    pub probable_pairs: u64,
}

/// One rule.
#[derive(Clone, Debug, PartialEq)]
pub struct AdvisedRule {
    /// The rule.
    pub rule: BlockingRule,
    /// Pairs it is expected to reach.
    pub expected_pairs: f64,
    /// Expected share of the true pairs that this or an earlier rule reaches.
    pub cumulative_recall: f64,
}

/// Chooses rules for `spec` that together reach `recall` of the true pairs, as far as any can. Without `right`, within `left`.
///
/// The choice is greedy: close to the cheapest, not provably so. The same on any number of threads.
///
/// # Errors
/// [`Cancelled`] when the observer says so.
pub fn advise(
    spec: &LinkageSpec,
    left: &Table,
    right: Option<&Table>,
    recall: f64,
    observer: &dyn Observer,
) -> Result<Advice, Cancelled> {
    let wide = LinkageSpec {
        pairs_per_record: spec.pairs_per_record.max(30.0) * WIDER,
        ..spec.clone()
    };
    let (sampled, found) = match right {
        Some(right) => {
            let one_in = left.n_rows().div_ceil(LEFT_ROWS).max(1) as u64;
            let rows: Vec<usize> = (0..left.n_rows())
                .filter(|row| mix(spec.seed, *row as u64).is_multiple_of(one_in))
                .collect();
            let sampled = select(left, &rows);
            let found = run(&wide, &sampled, right, observer)?;
            (sampled, found)
        }
        None => (left.clone(), dedupe(&wide, left, observer)?.run),
    };
    observer.stage("choosing rules");
    let probable: Vec<&ScoredPair> = found
        .scored
        .iter()
        .filter(|pair| pair.match_weight > 0.0)
        .collect();
    let chances: Vec<f64> = probable
        .iter()
        .map(|pair| probability(pair.match_weight))
        .collect();
    let Quality {
        unreached_pairs, ..
    } = found.quality;
    let total = chances.iter().sum::<f64>() + unreached_pairs;
    if probable.is_empty() {
        return Ok(Advice::default());
    }
    let rules = possible(spec);
    let costs = costs(spec, &rules, left, right);
    observer.checkpoint()?;
    let places = |of: fn(&ScoredPair) -> u32| -> Vec<usize> {
        probable.iter().map(|pair| of(pair) as usize).collect()
    };
    let bound = Bound::new(
        spec,
        &select(&sampled, &places(|pair| pair.left)),
        &select(right.unwrap_or(&sampled), &places(|pair| pair.right)),
    );
    let reach = Candidates::open(&bound, spec, &rules);
    let reached: Vec<Vec<u32>> = (0..rules.len())
        .into_par_iter()
        .map(|rule| {
            (0..probable.len())
                .filter(|pair| reach.holds(rule, *pair, *pair, &mut Known::default()))
                .map(|pair| pair as u32)
                .collect()
        })
        .collect();
    let mut chosen = cover(&reached, &costs, &chances, recall * total);
    chosen.sort_by(|a, b| costs[*a].total_cmp(&costs[*b]).then(a.cmp(b)));
    let mut seen = vec![false; probable.len()];
    let mut sum = 0.0;
    let rows = rows_cost(left, right);
    let advised: Vec<AdvisedRule> = chosen
        .into_iter()
        .map(|rule| {
            for pair in &reached[rule] {
                if !std::mem::replace(&mut seen[*pair as usize], true) {
                    sum += chances[*pair as usize];
                }
            }
            AdvisedRule {
                rule: rules[rule].clone(),
                expected_pairs: costs[rule] - rows,
                cumulative_recall: sum / total,
            }
        })
        .collect();
    Ok(Advice {
        expected_recall: sum / total,
        expected_pairs: advised.iter().map(|rule| rule.expected_pairs).sum(),
        probable_pairs: probable.len() as u64,
        rules: advised,
    })
}

/// Every rule of one key or of two keys of different comparisons, and the declared ones.
fn possible(spec: &LinkageSpec) -> Vec<BlockingRule> {
    let keys: Vec<(&str, KeyFunction)> = spec
        .comparisons
        .iter()
        .filter(|comparison| !comparison.is_weak())
        .flat_map(|comparison| {
            let keys = comparison.keys().iter();
            keys.map(move |key| (comparison.name(), *key))
        })
        .collect();
    let mut rules: Vec<BlockingRule> = keys.iter().map(|key| BlockingRule::new(&[*key])).collect();
    for (i, a) in keys.iter().enumerate() {
        let others = keys[i + 1..].iter().filter(|b| a.0 != b.0);
        rules.extend(others.map(|b| BlockingRule::new(&[*a, *b])));
    }
    for rule in &spec.blocking_rules {
        if !rules.contains(rule) {
            rules.push(rule.clone());
        }
    }
    rules
}

fn rows_cost(left: &Table, right: Option<&Table>) -> f64 {
    ROW_COST * (left.n_rows() + right.unwrap_or(left).n_rows()) as f64
}

/// What each rule costs on the whole; infinite when its largest block is over the cap and would be skipped.
fn costs(
    spec: &LinkageSpec,
    rules: &[BlockingRule],
    left: &Table,
    right: Option<&Table>,
) -> Vec<f64> {
    let part = |table: &Table| {
        let (n, m) = (table.n_rows(), table.n_rows().min(COST_ROWS));
        select(table, &(0..m).map(|i| i * n / m).collect::<Vec<_>>())
    };
    let sample = part(left);
    let (bound, other) = if let Some(right) = right {
        let other = part(right);
        let scale = right.n_rows() as f64 / other.n_rows().max(1) as f64;
        (Bound::new(spec, &sample, &other), scale)
    } else {
        let scale = left.n_rows() as f64 / sample.n_rows().max(1) as f64;
        (Bound::within(spec, &sample), scale)
    };
    let scale = other * left.n_rows() as f64 / sample.n_rows().max(1) as f64;
    let without_cap = LinkageSpec {
        max_block_pairs: u64::MAX,
        ..spec.clone()
    };
    let rows = rows_cost(left, right);
    Candidates::new(&bound, &without_cap, rules)
        .counts()
        .iter()
        .map(|count| {
            if count.largest_block as f64 * scale > spec.max_block_pairs as f64 {
                f64::INFINITY
            } else {
                (count.pairs as f64).max(0.5) * scale + rows
            }
        })
        .collect()
}

/// Rules by gain per cost until `wanted` is covered; then those without which it still is are dropped, the dearest first.
fn cover(reached: &[Vec<u32>], costs: &[f64], chances: &[f64], wanted: f64) -> Vec<usize> {
    let mut covered = vec![0_u32; chances.len()];
    let mut sum = 0.0;
    let mut chosen: Vec<usize> = Vec::new();
    while sum < wanted {
        let gain = |rule: usize| -> f64 {
            let open = reached[rule]
                .iter()
                .filter(|pair| covered[**pair as usize] == 0);
            open.map(|pair| chances[*pair as usize]).sum()
        };
        let best = (0..reached.len())
            .into_par_iter()
            .filter(|rule| costs[*rule].is_finite())
            .map(|rule| (gain(rule), rule))
            .filter(|(gain, _)| *gain > 0.0)
            .map(|(gain, rule)| (gain, gain.min(wanted - sum) / costs[rule], rule))
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.2.cmp(&a.2)));
        let Some((gain, _, rule)) = best else {
            break;
        };
        sum += gain;
        reached[rule]
            .iter()
            .for_each(|pair| covered[*pair as usize] += 1);
        chosen.push(rule);
    }
    let mut dearest = chosen.clone();
    dearest.sort_by(|a, b| costs[*b].total_cmp(&costs[*a]).then(a.cmp(b)));
    for rule in dearest {
        let only: f64 = reached[rule]
            .iter()
            .filter(|pair| covered[**pair as usize] == 1)
            .map(|pair| chances[*pair as usize])
            .sum();
        if sum - only >= wanted {
            sum -= only;
            reached[rule]
                .iter()
                .for_each(|pair| covered[*pair as usize] -= 1);
            chosen.retain(|kept| *kept != rule);
        }
    }
    chosen
}

/// A table of these rows.
fn select(table: &Table, rows: &[usize]) -> Table {
    let mut out = Table::new(rows.len());
    for name in table.names() {
        let Some(column) = table.column(name) else {
            continue;
        };
        let texts = rows.iter().map(|row| column.text(column.codes()[*row]));
        // One text per row, so the lengths agree.
        let _ = out.insert(name, Column::from_texts(texts));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cheap_rules_win_and_superfluous_ones_go() {
        // Rule 0 reaches much at a low price; 1 and 2 together reach the rest; 3 reaches all and is dear.
        let reached = [vec![0, 1, 2, 3], vec![4], vec![5], vec![0, 1, 2, 3, 4, 5]];
        let costs = [4.0, 2.0, 2.0, 100.0];
        let chances = [1.0; 6];
        assert_eq!(cover(&reached, &costs, &chances, 6.0), [0, 1, 2]);
        assert_eq!(cover(&reached, &costs, &chances, 4.0), [0]);
        // Where single pairs are dear the wide rule takes over, and what it holds is dropped.
        let costs = [4.0, 90.0, 90.0, 100.0];
        assert_eq!(cover(&reached, &costs, &chances, 6.0), [3]);
        // More than there is: all that adds something.
        assert_eq!(cover(&reached[..2], &costs[..2], &chances, 6.0), [0, 1]);
    }
}
