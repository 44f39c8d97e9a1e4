//! Does who has the higher score end earlier?

#![expect(
    clippy::float_cmp,
    reason = "spells that end at the very same time are ties"
)]

use serde::Serialize;

use crate::{Spells, risk::by_label};

/// Pairs of spells of which it is known who ended first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Concordance {
    /// Share of the pairs in the right order, ties of the score as half; 0.5 says nothing, 1 is perfect. `NaN` without pairs.
    pub index: f64,
    /// Pairs in which the higher score ended first.
    pub concordant: f64,
    /// Pairs in which the lower score ended first.
    pub discordant: f64,
    /// Pairs with equal scores.
    pub tied_score: f64,
}

/// Harrell's concordance. A pair counts when one spell ends with the event while the other is at risk and lasts longer, or is last seen
/// at that very time; two events at the same time do not. Weights are those of both spells multiplied.
///
/// # Panics
/// Never; scores beyond the spells are not looked at, missing ones make the index `NaN`.
///
/// # Source
/// Harrell et al. 1982; Therneau & Watson 2017. Compared with R 4.2.2, survival 3.5-3 (`concordance`), lifelines 0.30.3.
pub fn concordance(spells: &Spells, score: &[f64]) -> Concordance {
    if score.len() != spells.len() || score.iter().any(|score| score.is_nan()) {
        return Concordance {
            index: f64::NAN,
            concordant: f64::NAN,
            discordant: f64::NAN,
            tied_score: f64::NAN,
        };
    }
    concordance_within(spells, score, None)
}

pub(crate) fn concordance_within(
    spells: &Spells,
    score: &[f64],
    strata: Option<&[u32]>,
) -> Concordance {
    let mut sum = Concordance::EMPTY;
    match strata {
        None => count_pairs(&mut sum, spells, score, &|i| spells.weight_of(i)),
        Some(strata) => {
            for (_, places) in by_label(strata) {
                let score: Vec<f64> = places.iter().map(|&i| score[i]).collect();
                let own = spells.at(&places);
                count_pairs(&mut sum, &own, &score, &|i| own.weight_of(i));
            }
        }
    }
    sum.settle()
}

impl Concordance {
    pub(super) const EMPTY: Self = Self {
        index: f64::NAN,
        concordant: 0.0,
        discordant: 0.0,
        tied_score: 0.0,
    };

    pub(super) fn settle(mut self) -> Self {
        let pairs = self.concordant + self.discordant + self.tied_score;
        self.index = (self.concordant + self.tied_score / 2.0) / pairs;
        self
    }
}

/// Goes from the latest end to the first, with the weights at risk in a tree by score; an event counts `of_event` times.
pub(super) fn count_pairs(
    sum: &mut Concordance,
    spells: &Spells,
    score: &[f64],
    of_event: &dyn Fn(usize) -> f64,
) {
    let n = spells.len();
    let mut sorted = score.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.dedup();
    let rank: Vec<usize> = score
        .iter()
        .map(|score| sorted.partition_point(|other| other < score))
        .collect();
    let mut order: Vec<u32> = (0..n as u32).collect();
    order.sort_unstable_by(|&a, &b| spells.time[b as usize].total_cmp(&spells.time[a as usize]));
    let mut entries: Vec<u32> = spells
        .entry
        .as_ref()
        .map_or_else(Vec::new, |_| (0..n as u32).collect());
    if let Some(entry) = &spells.entry {
        entries.sort_unstable_by(|&a, &b| entry[b as usize].total_cmp(&entry[a as usize]));
    }
    let mut tree = Weights::new(sorted.len());
    let mut left = 0;
    let mut from = 0;
    while from < n {
        let time = spells.time[order[from] as usize];
        let many = order[from..]
            .iter()
            .take_while(|&&i| spells.time[i as usize] == time)
            .count();
        let now = &order[from..from + many];
        for &i in now.iter().filter(|&&i| !spells.is_event(i as usize)) {
            tree.add(rank[i as usize], spells.weight_of(i as usize));
        }
        if let Some(entry) = &spells.entry {
            while left < n && entry[entries[left] as usize] >= time {
                let i = entries[left] as usize;
                tree.add(rank[i], -spells.weight_of(i));
                left += 1;
            }
        }
        for i in now
            .iter()
            .map(|&i| i as usize)
            .filter(|&i| spells.is_event(i))
        {
            let (below, equal) = (tree.below(rank[i]), tree.at(rank[i]));
            let weight = of_event(i);
            if weight == 0.0 {
                continue;
            }
            sum.concordant += weight * below;
            sum.tied_score += weight * equal;
            sum.discordant += weight * (tree.total - below - equal);
        }
        for &i in now.iter().filter(|&&i| spells.is_event(i as usize)) {
            tree.add(rank[i as usize], spells.weight_of(i as usize));
        }
        from += many;
    }
}

/// Sums of weights below a rank (Fenwick 1994).
struct Weights {
    sums: Vec<f64>,
    own: Vec<f64>,
    total: f64,
}

impl Weights {
    fn new(n: usize) -> Self {
        Self {
            sums: vec![0.0; n + 1],
            own: vec![0.0; n],
            total: 0.0,
        }
    }

    fn add(&mut self, rank: usize, weight: f64) {
        self.total += weight;
        self.own[rank] += weight;
        let mut at = rank + 1;
        while at < self.sums.len() {
            self.sums[at] += weight;
            at += at & at.wrapping_neg();
        }
    }

    fn below(&self, rank: usize) -> f64 {
        let (mut at, mut sum) = (rank, 0.0);
        while at > 0 {
            sum += self.sums[at];
            at &= at - 1;
        }
        sum
    }

    fn at(&self, rank: usize) -> f64 {
        self.own[rank]
    }
}
