//! Rules added to the declared ones where the data can afford them.
//!
//! A small file can be blocked on one name or one postcode; a large one cannot. What a rule costs is known from the counts of its keys
//! before any pair is looked at, so rules are added from the widest that fits until the budget is spent. Which pairs are true is not asked.

use rayon::prelude::*;

use crate::{
    bound::Bound,
    comparison::{Side, mix},
    distinct::Distinct,
    spec::{BlockingRule, KeyFunction as K, LinkageSpec},
};

/// Rows per side that costs are estimated from; smaller files are counted whole.
const SAMPLE: usize = 20_000;
/// So many pairs cost next to nothing, however small the files.
const FREE_PAIRS: f64 = 5e6;
/// Most rules in all: each is a join.
const MOST_RULES: usize = 32;
/// Most rules of two keys that are added.
const MOST_DOUBLES: usize = 10;

/// A key function with the keys of the sampled rows, left and right.
struct Sampled {
    comparison: usize,
    key: K,
    keys: [Vec<Vec<u64>>; 2],
}

impl Sampled {
    fn read(bound: &Bound, comparison: usize, key: K) -> Self {
        let side = |side: Side| {
            let n = bound.n_rows(side);
            let m = n.min(SAMPLE);
            (0..m)
                .map(|i| {
                    let mut keys = Vec::new();
                    bound.atom_keys(comparison, side, i * n / m, key, &mut keys);
                    keys
                })
                .collect()
        };
        Self {
            comparison,
            key,
            keys: [side(Side::Left), side(Side::Right)],
        }
    }
}

/// Whether rows that share `a` always share `b`.
pub(super) const fn implies(a: K, b: K) -> bool {
    matches!(
        (a, b),
        (K::Whole, _)
            | (K::First, K::AnyName | K::Spelling | K::Initial)
            | (K::AnyName, K::Spelling | K::Prefix)
            | (K::YearMonth, K::Year)
            | (K::PlaceNumber, K::Place)
    )
}

/// Pairs that share all keys, out of all pairs of two files of these sizes.
fn cost(parts: &[&Sampled], sizes: [usize; 2]) -> f64 {
    let mut keys = Distinct::new();
    let mut counts: Vec<[u32; 2]> = Vec::new();
    let mut sampled = [0_usize; 2];
    for side in 0..2 {
        sampled[side] = parts[0].keys[side].len();
        let (mut of_row, mut next) = (Vec::new(), Vec::new());
        for row in 0..sampled[side] {
            of_row.clear();
            of_row.push(17);
            for part in parts {
                next.clear();
                next.extend(
                    of_row
                        .iter()
                        .flat_map(|key| part.keys[side][row].iter().map(|value| mix(*key, *value))),
                );
                std::mem::swap(&mut of_row, &mut next);
            }
            of_row.sort_unstable();
            of_row.dedup();
            for key in &of_row {
                let (number, new) = keys.number(*key);
                if new {
                    counts.push([0; 2]);
                }
                counts[number][side] += 1;
            }
        }
    }
    let shared: f64 = counts
        .iter()
        .map(|[l, r]| f64::from(*l) * f64::from(*r))
        .sum();
    let scale = |side: usize| sizes[side] as f64 / sampled[side].max(1) as f64;
    shared * scale(0) * scale(1)
}

/// The rules a run uses: the declared ones, then those the data can afford within [`LinkageSpec::pairs_per_record`].
pub fn rules(bound: &Bound, spec: &LinkageSpec) -> Vec<BlockingRule> {
    let mut rules = spec.blocking_rules.clone();
    // Within one file every pair is there twice, and counts once.
    let sizes = [
        bound.n_left(),
        bound.n_right() / if bound.is_within() { 2 } else { 1 },
    ];
    let budget = match spec.pairs_per_record * bound.n_records() {
        per_record if per_record > 0.0 => per_record.max(FREE_PAIRS),
        none => none,
    };
    if budget <= 0.0 || sizes.contains(&0) || rules.is_empty() {
        return rules;
    }
    let wanted = spec
        .comparisons
        .iter()
        .enumerate()
        .filter(|(_, comparison)| !comparison.is_weak());
    let atoms: Vec<(usize, K)> = wanted
        .flat_map(|(place, comparison)| comparison.keys().iter().map(move |key| (place, *key)))
        .filter(|(_, key)| !is_special(*key) || asks_for(&rules, *key))
        .collect();
    let sampled: Vec<Sampled> = atoms
        .into_par_iter()
        .map(|(place, key)| Sampled::read(bound, place, key))
        .collect();
    let mut singles: Vec<(f64, usize)> = sampled
        .par_iter()
        .enumerate()
        .filter(|(_, atom)| !is_special(atom.key))
        .map(|(i, atom)| (cost(&[atom], sizes), i))
        .collect();
    singles.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut spent = declared_cost(spec, &sampled, sizes);
    let mut added: Vec<Vec<usize>> = Vec::new();
    for (cost, atom) in &singles {
        // Keys that nobody shares teach nothing; keys beyond the budget come back in pairs.
        if *cost > 0.0 && spent + cost <= budget {
            spent += cost;
            added.push(vec![*atom]);
        }
    }
    let singles: Vec<usize> = added.iter().map(|rule| rule[0]).collect();
    let wider = |a: usize| {
        let others = singles.iter().filter(|b| **b != a);
        others
            .copied()
            .any(|b| within(&sampled, a, b) && !(within(&sampled, b, a) && a < b))
    };
    added.retain(|rule| !wider(rule[0]));
    let alone: Vec<usize> = added.iter().map(|rule| rule[0]).collect();
    let open: Vec<usize> = (0..sampled.len())
        .filter(|atom| !covered(&sampled, &alone, *atom))
        .filter(|atom| sampled[*atom].key != K::Initial && !is_special(sampled[*atom].key))
        .collect();
    let mut doubles: Vec<(usize, usize)> = Vec::new();
    for (i, a) in open.iter().enumerate() {
        let others = open[i + 1..]
            .iter()
            .filter(|b| sampled[*a].comparison != sampled[**b].comparison);
        doubles.extend(others.map(|b| (*a, *b)));
    }
    let mut doubles: Vec<(f64, (usize, usize))> = doubles
        .into_par_iter()
        .map(|(a, b)| (cost(&[&sampled[a], &sampled[b]], sizes), (a, b)))
        .collect();
    // The widest that fits comes first: it reaches what the narrower ones of its kind reach.
    doubles.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let room = (MOST_RULES.saturating_sub(rules.len() + added.len())).min(MOST_DOUBLES);
    let mut taken: Vec<(usize, usize)> = Vec::new();
    for (cost, (a, b)) in doubles {
        let narrower = taken
            .iter()
            .any(|(c, d)| within(&sampled, a, *c) && within(&sampled, b, *d));
        if taken.len() < room && !narrower && cost > 0.0 && cost <= (budget - spent) / 3.0 {
            spent += cost;
            taken.push((a, b));
        }
    }
    added.extend(taken.into_iter().map(|(a, b)| vec![a, b]));
    for atoms in added {
        let keys: Vec<(&str, K)> = atoms
            .iter()
            .map(|atom| {
                (
                    spec.comparisons[sampled[*atom].comparison].name(),
                    sampled[*atom].key,
                )
            })
            .collect();
        let rule = BlockingRule::new(&keys);
        if rules.len() < MOST_RULES && !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    rules
}

/// Keys for rules that ask for them: so coarse that they find little that the others do not, or made for some records only.
const fn is_special(key: K) -> bool {
    matches!(key, K::Sound | K::YearAlone)
}

fn asks_for(rules: &[BlockingRule], key: K) -> bool {
    let mut keys = rules.iter().flat_map(|rule| &rule.keys);
    keys.any(|known| known.key == key)
}

/// Whether rows that share atom `a` also share atom `b`.
fn within(sampled: &[Sampled], a: usize, b: usize) -> bool {
    a == b
        || (sampled[a].comparison == sampled[b].comparison
            && implies(sampled[a].key, sampled[b].key))
}

fn covered(sampled: &[Sampled], alone: &[usize], atom: usize) -> bool {
    alone.iter().any(|known| within(sampled, atom, *known))
}

/// What the declared rules cost, pairs of several rules counted several times.
fn declared_cost(spec: &LinkageSpec, sampled: &[Sampled], sizes: [usize; 2]) -> f64 {
    let of_rule = |rule: &BlockingRule| {
        let parts: Option<Vec<&Sampled>> = rule
            .keys
            .iter()
            .map(|key| {
                let place = spec.position(&key.comparison)?;
                sampled
                    .iter()
                    .find(|atom| atom.comparison == place && atom.key == key.key)
            })
            .collect();
        parts
            .filter(|parts| !parts.is_empty())
            .map_or(0.0, |parts| cost(&parts, sizes))
    };
    spec.blocking_rules
        .par_iter()
        .map(of_rule)
        .collect::<Vec<f64>>()
        .iter()
        .sum()
}
