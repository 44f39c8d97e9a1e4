//! Right and wrong links, by threshold, in groups and in bands of the score. Only here is the truth looked at.

use std::collections::HashMap;

use serde::Serialize;

/// Precision, recall and F1 at a threshold.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct At {
    pub(crate) threshold: f64,
    pub(crate) precision: f64,
    pub(crate) recall: f64,
    pub(crate) f1: f64,
}

impl At {
    pub(crate) fn new(threshold: f64, right: u64, found: u64, all: u64) -> Self {
        let (precision, recall) = (
            right as f64 / found.max(1) as f64,
            right as f64 / all.max(1) as f64,
        );
        Self {
            threshold,
            precision,
            recall,
            f1: 2.0 * precision * recall / (precision + recall).max(1e-12),
        }
    }
}

/// Scored pairs with their truth, best first.
pub(crate) struct Ranked {
    pairs: Vec<(f64, bool)>,
    all: u64,
}

impl Ranked {
    pub(crate) fn new(mut pairs: Vec<(f64, bool)>, all: u64) -> Self {
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
        Self { pairs, all }
    }

    /// At a given probability.
    pub(crate) fn at(&self, threshold: f64) -> At {
        let kept = self.pairs.iter().take_while(|(p, _)| *p >= threshold);
        let (found, right) = kept.fold((0, 0), |(n, right), (_, is)| {
            (n + 1, right + u64::from(*is))
        });
        At::new(threshold, right, found, self.all)
    }

    /// At the threshold with the largest F1, which only the truth can tell.
    pub(crate) fn best(&self) -> At {
        let (mut best, mut right) = (At::default(), 0);
        for (i, (p, is)) in self.pairs.iter().enumerate() {
            right += u64::from(*is);
            if self.pairs.get(i + 1).is_some_and(|next| next.0 >= *p) {
                continue;
            }
            let here = At::new(*p, right, i as u64 + 1, self.all);
            if here.f1 > best.f1 {
                best = here;
            }
        }
        best
    }

    /// True share and mean score of the pairs in bands of the score.
    pub(crate) fn bands(&self) -> Vec<Band> {
        [(0.1, 0.5), (0.5, 0.9), (0.9, 1.01)]
            .into_iter()
            .map(|(from, to)| {
                let inside: Vec<_> = self
                    .pairs
                    .iter()
                    .filter(|(p, _)| *p >= from && *p < to)
                    .collect();
                let n = inside.len().max(1) as f64;
                Band {
                    from,
                    to: f64::min(to, 1.0),
                    pairs: inside.len(),
                    mean_score: inside.iter().map(|(p, _)| p).sum::<f64>() / n,
                    true_share: inside.iter().filter(|(_, is)| *is).count() as f64 / n,
                }
            })
            .collect()
    }
}

/// A band of the score.
#[derive(Debug, Serialize)]
pub(crate) struct Band {
    from: f64,
    to: f64,
    pairs: usize,
    mean_score: f64,
    true_share: f64,
}

/// Number of true pairs between two files, or within one.
pub(crate) fn true_pairs(left: &[u64], right: Option<&[u64]>) -> u64 {
    let mut counts: HashMap<u64, [u64; 2]> = HashMap::new();
    for label in left {
        counts.entry(*label).or_default()[0] += 1;
    }
    for label in right.unwrap_or_default() {
        counts.entry(*label).or_default()[1] += 1;
    }
    counts
        .values()
        .map(|[l, r]| {
            if right.is_some() {
                l * r
            } else {
                l * (l - 1) / 2
            }
        })
        .sum()
}

/// Pairs of rows in one group: those of one person, and all.
pub(crate) fn pairs_within(groups: &[u32], truth: &[u64]) -> (u64, u64) {
    let (mut right, mut all): (HashMap<(u32, u64), u64>, HashMap<u32, u64>) = Default::default();
    for (group, label) in groups.iter().zip(truth) {
        *right.entry((*group, *label)).or_default() += 1;
        *all.entry(*group).or_default() += 1;
    }
    let pairs = |n: &u64| n * (n - 1) / 2;
    (
        right.values().map(pairs).sum(),
        all.values().map(pairs).sum(),
    )
}
