//! Figures by the values of a column that the caller named.

use std::collections::HashMap;

use helder_fairness::hidden;
use helder_record_linkage::{RunResult, probability, run::Step};

use super::{SMALLEST, Sides, labels::Judged, share};
use crate::wire::{ByValue, ColumnGroups, GroupFigures};

/// Values with figures of their own; the others are counted together.
const MOST_VALUES: usize = 30;

/// What is counted per value.
#[derive(Clone, Copy, Default)]
struct Sums {
    rows: [u64; 2],
    linked: [u64; 2],
    links: u64,
    /// Weighed links among them, and the sum of their probabilities.
    weighed: u64,
    chance: f64,
    /// Expected true pairs that came near.
    expected: f64,
    judged: u64,
    right: u64,
    pairs: u64,
    found: u64,
}

/// Values of the rows, numbered; 0 is none. `of[side]` is empty where that side lacks the column.
struct Values {
    names: Vec<Option<String>>,
    of: [Vec<u32>; 2],
}

impl Values {
    fn read(name: &str, sides: Sides<'_>) -> Self {
        let mut names = vec![None];
        let mut numbers: HashMap<String, u32> = HashMap::new();
        let of = [sides.left, sides.right].map(|records| {
            let Some(column) = records.table.column(name) else {
                return Vec::new();
            };
            let by_code: Vec<u32> = (0..=column.n_distinct() as u32)
                .map(|code| {
                    column.text(code).map_or(0, |text| {
                        *numbers.entry(text.to_owned()).or_insert_with(|| {
                            names.push(Some(text.to_owned()));
                            names.len() as u32 - 1
                        })
                    })
                })
                .collect();
            column
                .codes()
                .iter()
                .map(|code| by_code[*code as usize])
                .collect()
        });
        Self { names, of }
    }

    /// The value of a pair: the left one where there is one.
    fn of_pair(&self, left: u32, right: u32) -> usize {
        let at = |side: usize, row: u32| self.of[side].get(row as usize).copied().unwrap_or(0);
        let value = match at(0, left) {
            0 => at(1, right),
            value => value,
        };
        value as usize
    }
}

/// Figures per value of column `name`, the commonest first.
pub(super) fn of(
    name: &str,
    found: &RunResult,
    sides: Sides<'_>,
    judged: Option<&Judged>,
) -> ColumnGroups {
    let values = Values::read(name, sides);
    let sums = sums(&values, found, sides, judged);
    let mut order: Vec<usize> = (0..sums.len())
        .filter(|value| sums[*value].rows != [0, 0])
        .collect();
    order.sort_by_key(|value| (std::cmp::Reverse(sums[*value].rows), *value));
    // A value that few people have could itself tell who they are: it is not named.
    let (mut named, mut rest): (Vec<usize>, Vec<usize>) = order.into_iter().partition(|value| {
        let rows = sums[*value].rows;
        rows[0].max(rows[1]) >= SMALLEST as u64
    });
    rest.extend(named.split_off(named.len().min(MOST_VALUES)));
    let mut shown: Vec<(Option<String>, bool, Sums)> = named
        .iter()
        .map(|value| (values.names[*value].clone(), false, sums[*value]))
        .collect();
    if !rest.is_empty() {
        let all = rest
            .iter()
            .fold(Sums::default(), |sum, value| sum.and(&sums[*value]));
        shown.push((None, true, all));
    }
    let sizes: Vec<usize> = shown.iter().map(|(_, _, sums)| sums.smallest()).collect();
    let hides = hidden(&sizes, SMALLEST);
    // Pairs that no rule reached are shared out in proportion: nothing says to whom they belong.
    let reached: f64 = sums.iter().map(|sums| sums.expected).sum();
    let unreached = 1.0 + found.quality.unreached_pairs / reached.max(1.0);
    let rows = shown
        .into_iter()
        .zip(hides)
        .map(|((value, is_rest, sums), hide)| ByValue {
            value,
            is_rest,
            figures: if hide {
                GroupFigures {
                    is_hidden: true,
                    ..GroupFigures::default()
                }
            } else {
                sums.figures(unreached, judged.is_some(), sides.is_within)
            },
        });
    ColumnGroups {
        column: name.to_owned(),
        values: rows.collect(),
    }
}

fn sums(
    values: &Values,
    found: &RunResult,
    sides: Sides<'_>,
    judged: Option<&Judged>,
) -> Vec<Sums> {
    let mut sums = vec![Sums::default(); values.names.len()];
    let mut linked = [
        vec![false; sides.left.rows.len()],
        vec![false; sides.right.rows.len()],
    ];
    for (at, link) in found.links.iter().enumerate() {
        linked[0][link.left as usize] = true;
        linked[usize::from(!sides.is_within)][link.right as usize] = true;
        let sums = &mut sums[values.of_pair(link.left, link.right)];
        sums.links += 1;
        if link.step == Step::Probabilistic {
            sums.weighed += 1;
            sums.chance += link.match_probability;
        } else {
            sums.expected += 1.0;
        }
        if let Some(said) = judged.and_then(|judged| judged.links[at]) {
            sums.judged += 1;
            sums.right += u64::from(said);
        }
    }
    for pair in &found.scored {
        sums[values.of_pair(pair.left, pair.right)].expected += probability(pair.match_weight);
    }
    for (left, right, is_found) in judged.iter().flat_map(|judged| &judged.pairs) {
        let sums = &mut sums[values.of_pair(*left, *right)];
        sums.pairs += 1;
        sums.found += u64::from(*is_found);
    }
    for side in 0..if sides.is_within { 1 } else { 2 } {
        for (value, linked) in values.of[side].iter().zip(&linked[side]) {
            let sums = &mut sums[*value as usize];
            sums.rows[side] += 1;
            sums.linked[side] += u64::from(*linked);
        }
    }
    sums
}

impl Sums {
    fn and(mut self, other: &Self) -> Self {
        for side in 0..2 {
            self.rows[side] += other.rows[side];
            self.linked[side] += other.linked[side];
        }
        self.links += other.links;
        self.weighed += other.weighed;
        self.chance += other.chance;
        self.expected += other.expected;
        self.judged += other.judged;
        self.right += other.right;
        self.pairs += other.pairs;
        self.found += other.found;
        self
    }

    /// The smallest count that would be shown and is not nought.
    fn smallest(&self) -> usize {
        let counts = [
            self.rows[0],
            self.rows[1],
            self.links,
            self.judged,
            self.pairs,
        ];
        counts.into_iter().filter(|n| *n > 0).min().unwrap_or(0) as usize
    }

    fn figures(&self, unreached: f64, is_judged: bool, is_within: bool) -> GroupFigures {
        let deterministic = (self.links - self.weighed) as f64;
        GroupFigures {
            is_hidden: false,
            left_linked: share(self.linked[0], self.rows[0]),
            right_linked: share(self.linked[1], self.rows[1]).filter(|_| !is_within),
            links: Some(self.links),
            expected_precision: (self.weighed > 0).then(|| self.chance / self.weighed as f64),
            expected_recall: (self.expected > 0.0)
                .then(|| ((self.chance + deterministic) / (self.expected * unreached)).min(1.0)),
            precision: share(self.right, self.judged).filter(|_| is_judged),
            recall: share(self.found, self.pairs).filter(|_| is_judged),
        }
    }
}
