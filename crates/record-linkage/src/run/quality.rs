//! How good the links are, as far as the model can tell without labels: by threshold, by band of the score, and by group.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    assign::Edge,
    blocking::Candidates,
    bound::Bound,
    groups::{Group, of_pair},
    score::probability,
};

/// Expected precision and recall of the links above a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AtThreshold {
    /// Least match probability.
    pub threshold: f64,
    /// Links.
    pub links: u64,
    /// Mean probability of these links.
    pub precision: f64,
    /// Their sum, out of all true pairs expected, those no rule reached among them.
    pub recall: f64,
}

/// Links in a band of the score. Between two files the share of true links is near the mean; within one file scores order pairs better than they
/// say how many are true, and `true_share` says between what.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Band {
    /// Least probability.
    pub from: f64,
    /// Probability below which the band ends.
    pub to: f64,
    /// Pairs in it that the assignment would choose.
    pub pairs: u64,
    /// Mean probability.
    pub mean: f64,
    /// Least and highest share of these pairs that is true, as far as files with known truth tell; absent between two files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub true_share: Option<[f64; 2]>,
}

/// Expected precision and recall within a group.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupQuality {
    /// The group.
    pub group: Group,
    /// Links made.
    pub links: u64,
    /// True pairs expected, those that no rule reached among them.
    pub expected_pairs: f64,
    /// Of these, pairs that no rule reached.
    pub unreached_pairs: f64,
    /// Mean probability of the links.
    pub precision: f64,
    /// Sum of their probabilities, out of the expected pairs.
    pub recall: f64,
}

/// What the model expects of its own links.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Quality {
    /// By threshold.
    pub thresholds: Vec<AtThreshold>,
    /// By band of the score.
    pub bands: Vec<Band>,
    /// By group; everybody first. A group of which there is nobody is left out.
    pub groups: Vec<GroupQuality>,
    /// True pairs expected that no rule reached: at least so many, by how many of the others hang on a single rule.
    pub unreached_pairs: f64,
    /// True pairs expected that each rule reaches and no earlier one does, in the order of the rules; pairs above even odds only.
    #[serde(default)]
    pub new_matches: Vec<f64>,
}

const THRESHOLDS: [f64; 7] = [0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];
const BANDS: [(f64, f64); 3] = [(0.1, 0.5), (0.5, 0.9), (0.9, 1.01)];
/// How far the true share of a band was from its mean at most, on twenty files of which the truth is known and which chose nothing.
///
/// # Source
/// The tables of `docs/adr/0061-who-is-second-or-alone.md`; bands of fifty pairs and more. Where files are alike, the next one is farther off
/// once in twenty-one times: Vovk, Gammerman & Shafer, *Algorithmic Learning in a Random World*, 2005.
const OFF_WITHIN: [f64; 3] = [0.21, 0.21, 0.01];
/// Edges summed at a time.
const PIECE: usize = 1 << 15;
/// Pairs less probable than this are not looked at.
const LEAST: f64 = 1e-3;

/// What is summed over the pairs of a group.
#[derive(Clone, Copy, Default)]
struct Sums {
    links: u64,
    /// Expected true pairs, and those of them that are links.
    expected: f64,
    linked: f64,
    /// Probable pairs that hang on one declared rule, and on two.
    once: f64,
    twice: f64,
}

impl Sums {
    fn add(&mut self, p: f64, linked: bool, rules: usize) {
        self.expected += p;
        if linked {
            self.links += 1;
            self.linked += p;
        }
        match rules {
            1 => self.once += p,
            2 => self.twice += p,
            _ => {}
        }
    }

    fn join(&mut self, part: &Self) {
        self.links += part.links;
        self.expected += part.expected;
        self.linked += part.linked;
        self.once += part.once;
        self.twice += part.twice;
    }

    /// True pairs that no rule reached, from the pairs that one rule reached and those that two did.
    ///
    /// # Source
    /// Chao, *Estimating the population size for capture-recapture data with unequal catchability*, Biometrics 43, 1987: a lower bound.
    fn unreached(&self) -> f64 {
        self.once * self.once / (2.0 * self.twice.max(1.0))
    }
}

/// Judges the links `chosen` among `edges` with final weights `finals`. `hidden` is how much likelier each edge is a true pair than the
/// assignment lets it be; empty where the assignment hides none.
pub(crate) fn judge(
    bound: &Bound,
    candidates: &Candidates<'_>,
    (edges, finals, hidden): (&[Edge], &[f64], &[f64]),
    (likely, chosen): (&[u32], &[u32]),
) -> Quality {
    let chance: Vec<f64> = finals
        .par_iter()
        .map(|weight| probability(*weight))
        .collect();
    // In fixed pieces, so that sums do not depend on the number of threads.
    let n_rules = candidates.n_rules();
    let pieces: Vec<([Sums; Group::ALL.len()], Vec<f64>)> = (0..edges.len().div_ceil(PIECE))
        .into_par_iter()
        .map(|piece| {
            let range = piece * PIECE..((piece + 1) * PIECE).min(edges.len());
            let first = chosen.partition_point(|edge| (*edge as usize) < range.start);
            let mut sums = [Sums::default(); Group::ALL.len()];
            let mut new_matches = vec![0.0; n_rules];
            let mut next = chosen[first..].iter().peekable();
            for i in range {
                let (edge, p) = (&edges[i], chance[i]);
                let linked = next.next_if(|edge| **edge as usize == i).is_some();
                let hidden = hidden.get(i).copied().unwrap_or(0.0);
                if p + hidden < LEAST && !linked {
                    continue;
                }
                let (left, right) = (edge.left as usize, edge.right as usize);
                let rules = if p > 0.5 {
                    if let Some(first) = candidates.first_rule(left, right) {
                        new_matches[first] += p;
                    }
                    candidates.n_independent(left, right)
                } else {
                    0
                };
                let groups = groups_of(bound, left, right);
                let of_pair = sums.iter_mut().zip(Group::ALL);
                for (sums, _) in of_pair.filter(|(_, group)| groups & group.bit() != 0) {
                    sums.add(p + hidden, linked, rules);
                }
            }
            (sums, new_matches)
        })
        .collect();
    let mut sums = [Sums::default(); Group::ALL.len()];
    let mut new_matches = vec![0.0; n_rules];
    for (piece, found) in &pieces {
        for (sum, part) in new_matches.iter_mut().zip(found) {
            *sum += part;
        }
        for (sum, part) in sums.iter_mut().zip(piece) {
            sum.join(part);
        }
    }
    let unreached_pairs = sums[0].unreached();
    let expected = chance.iter().chain(hidden).sum::<f64>() + unreached_pairs;
    let scores = || {
        likely.iter().map(|edge| {
            let p = chance[*edge as usize];
            (p, p + hidden.get(*edge as usize).copied().unwrap_or(0.0))
        })
    };
    let (thresholds, bands) = tables(scores, expected);
    let groups = Group::ALL
        .into_iter()
        .zip(sums)
        .filter(|(_, sums)| sums.links > 0 || sums.expected >= 1.0)
        .map(|(group, sums)| {
            // No group misses more than everybody does.
            let unreached = sums.unreached().min(unreached_pairs);
            sums.quality(group, unreached)
        });
    Quality {
        thresholds,
        bands,
        groups: groups.collect(),
        unreached_pairs,
        new_matches,
    }
}

/// Expected precision and recall by threshold, and means by band, from scores with the chance that the pair is true: more than the score
/// where the assignment lets records of one person compete.
fn tables<I: Iterator<Item = (f64, f64)>>(
    scores: impl Fn() -> I,
    expected: f64,
) -> (Vec<AtThreshold>, Vec<Band>) {
    let thresholds = THRESHOLDS.map(|threshold| {
        let (n, sum) = scores()
            .filter(|(p, _)| *p >= threshold)
            .fold((0_u64, 0.0), |(n, sum), (_, true_share)| {
                (n + 1, sum + true_share)
            });
        AtThreshold {
            threshold,
            links: n,
            precision: sum / f64::max(n as f64, 1.0),
            recall: sum / expected.max(1e-9),
        }
    });
    let bands = BANDS.map(|(from, to)| {
        let (n, sum) = scores()
            .filter(|(p, _)| (from..to).contains(p))
            .fold((0_u64, 0.0), |(n, sum), (p, _)| (n + 1, sum + p));
        Band {
            from,
            to: to.min(1.0),
            pairs: n,
            mean: sum / f64::max(n as f64, 1.0),
            true_share: None,
        }
    });
    (thresholds.into(), bands.into())
}

impl Sums {
    fn quality(&self, group: Group, unreached_pairs: f64) -> GroupQuality {
        let expected_pairs = self.expected + unreached_pairs;
        GroupQuality {
            group,
            links: self.links,
            expected_pairs,
            unreached_pairs,
            precision: self.linked / f64::max(self.links as f64, 1.0),
            recall: self.linked / expected_pairs.max(1e-9),
        }
    }
}

/// Judges anew when the weights of pairs have changed within one file. `pairs` are rows, final weight and whether they are linked. What no
/// rule reached stays as it was, less what is reached now, as far as that is between `least` and `most` true pairs in all.
pub(super) fn judge_again(
    quality: &mut Quality,
    bound: &Bound,
    pairs: &[(usize, usize, f64, bool)],
    (newly_reached, [least, most]): (f64, [f64; 2]),
) {
    let mut sums = [Sums::default(); Group::ALL.len()];
    for (left, right, weight, linked) in pairs {
        let p = probability(*weight);
        if p < LEAST && !linked {
            continue;
        }
        let groups = groups_of(bound, *left, *right);
        let of_pair = sums.iter_mut().zip(Group::ALL);
        for (sums, _) in of_pair.filter(|(_, group)| groups & group.bit() != 0) {
            sums.expected += p;
            if *linked {
                sums.links += 1;
                sums.linked += p;
            }
        }
    }
    let reached = sums[0].expected;
    let before = quality.unreached_pairs;
    let left_over = (before - newly_reached).max(least - reached);
    let left_over = left_over.min(most - reached).max(0.0);
    quality.unreached_pairs = left_over;
    let likely = || {
        let scores = pairs.iter().map(|(_, _, weight, _)| probability(*weight));
        scores.filter(|p| *p >= BANDS[0].0).map(|p| (p, p))
    };
    let expected = reached + left_over;
    (quality.thresholds, quality.bands) = tables(likely, expected);
    for (band, off) in quality.bands.iter_mut().zip(OFF_WITHIN) {
        let around = |off: f64| (band.mean + off).clamp(0.0, 1.0);
        band.true_share = (band.pairs > 0).then(|| [around(-off), around(off)]);
    }
    let known = std::mem::take(&mut quality.groups);
    quality.groups = Group::ALL
        .into_iter()
        .zip(sums)
        .filter(|(_, sums)| sums.links > 0 || sums.expected >= 1.0)
        .map(|(group, sums)| {
            // As they were shared out before; where nothing was, as what is reached.
            let known = known.iter().find(|known| known.group == group);
            let share = match known {
                Some(known) if before > 0.0 => known.unreached_pairs / before,
                _ => sums.expected / reached.max(1e-9),
            };
            sums.quality(group, left_over * share)
        })
        .collect();
}

/// Groups of a pair, as bits.
pub(crate) fn groups_of(bound: &Bound, left: usize, right: usize) -> u8 {
    let [l, r] = bound.groups(left, right);
    of_pair(l, r)
        | if bound.moved(left, right) {
            Group::Movers.bit()
        } else {
            0
        }
}
