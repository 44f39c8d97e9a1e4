//! Whether a score means what it says, without labels: by how near other people come to records whose partner is known.
//!
//! A wrong link is mostly made for a record that has no partner in the other file, while somebody who looks like it is there. Records that
//! have a partner show how near such people come: leave the partner out, and the best of the others is wrong for certain. So the wrong links
//! at every score are known by number, and with them the share of right ones. Scores are then shifted and stretched to say that share.
//!
//! # Source
//! Target and decoy: Elias & Gygi, *Target-decoy search strategy for increased confidence in large-scale protein identifications by mass
//! spectrometry*, Nature Methods 4, 2007. Decoys there are made up; here they are real people.

use std::f64::consts::LN_2;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    assign::{Components, Edge},
    model::exact,
    score::probability,
};

/// What turns log2 odds after the competition into odds that mean what they say: `shift + slope · weight`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Calibration {
    /// Bits at even odds.
    pub shift: f64,
    /// Bits per bit, from −6 to 12; beyond, a bit is a bit.
    pub slope: f64,
    /// Wrong links expected with a probability from 0.1 to 0.9 before calibration.
    pub wrong: f64,
}

impl Calibration {
    /// The bar that calibrates a weight. The weight with it rises with the weight.
    pub(crate) fn bar(&self, weight: f64) -> f64 {
        exact(self.shift + (self.slope - 1.0) * weight.clamp(FROM, TO))
    }
}

/// Weights that are looked at, and bins per bit.
const FROM: f64 = -6.0;
const TO: f64 = 12.0;
const PER_BIT: f64 = 4.0;
const N_BINS: usize = ((TO - FROM) * PER_BIT) as usize;
/// How far shift and slope are expected to be from 0 and 1: standard deviations.
const SPREAD: [f64; 2] = [1.0, 0.3];
/// The least that a bit counts for.
const LEAST_SLOPE: f64 = 0.2;
/// Partners less probable than this teach nothing.
const LEAST_PARTNER: f64 = 0.01;
/// Fewer wrong links than this between 0.1 and 0.9 teach nothing either.
const LEAST_WRONG: f64 = 5.0;
/// Below this weight links are nearly always wrong: by them is counted how many relatives there are.
const FAR: f64 = -3.0;
/// Of how many relatives it is taken beforehand that they are as often there.
const FAR_BEFOREHAND: f64 = 5.0;

/// What is learned from.
pub(crate) struct Pairs<'a> {
    pub(crate) edges: &'a [Edge],
    /// What the competition took away from each edge.
    pub(crate) taken: &'a [f64],
    /// Whether an edge is likelier one of relatives than one of strangers, given that it is wrong.
    pub(crate) relatives: &'a [bool],
    pub(crate) components: &'a Components,
    /// Right records that took part; each has one partner at most.
    pub(crate) n_right: f64,
}

/// Learns from the candidates of every right record. `None` where too few wrong links are in doubt.
pub(crate) fn learn(pairs: &Pairs<'_>) -> Option<Calibration> {
    let seen = Seen::new(pairs);
    let without = (pairs.n_right - seen.with_partner).max(0.0);
    let scale = without / seen.with_partner.max(1.0);
    // Who has no partner there often has no relatives there either: they are where he is. Strangers do not care.
    let presence = [scale, scale * seen.presence_of_relatives(scale)];
    let mut counted = Counted {
        links: seen.best[0],
        wrong: [0.0; N_BINS],
    };
    for (wrong, bin) in counted.wrong.iter_mut().zip(0..) {
        *wrong = seen.others[0][bin] * presence[0] + seen.others[1][bin] * presence[1];
    }
    for (links, of_relatives) in counted.links.iter_mut().zip(&seen.best[1]) {
        *links += of_relatives;
    }
    counted.calibration()
}

/// Best candidates by weight, and how many of them are expected to be wrong.
pub(crate) struct Counted {
    links: [f64; N_BINS],
    wrong: [f64; N_BINS],
}

impl Counted {
    /// None yet.
    pub(crate) const fn new() -> Self {
        Self {
            links: [0.0; N_BINS],
            wrong: [0.0; N_BINS],
        }
    }

    /// A best candidate, right or wrong.
    pub(crate) fn link(&mut self, weight: f64) {
        count(&mut self.links, weight, 1.0);
    }

    /// One that is wrong for certain and stands for `n` wrong links.
    pub(crate) fn wrong(&mut self, weight: f64, n: f64) {
        count(&mut self.wrong, weight, n);
    }

    /// What the weights are worth; `None` where too few wrong links are in doubt.
    pub(crate) fn calibration(&self) -> Option<Calibration> {
        let doubtful = self.wrong.iter().enumerate().filter(|(bin, _)| {
            let p = probability(middle(*bin));
            (0.1..0.9).contains(&p)
        });
        let expected: f64 = doubtful.map(|(_, n)| n).sum();
        if expected < LEAST_WRONG {
            return None;
        }
        let [shift, slope] = fit(&self.links, &self.wrong);
        Some(Calibration {
            shift,
            slope,
            wrong: expected,
        })
    }
}

/// Best candidates by weight: of strangers, and of relatives.
struct Seen {
    /// Of every right record: right ones and wrong ones.
    best: [[f64; N_BINS]; 2],
    /// Of every right record with a partner, which is left out.
    others: [[f64; N_BINS]; 2],
    /// Expected right records with a partner.
    with_partner: f64,
}

/// What the candidates of one right record show: in which count, at which weight, and for how many records.
enum Shown {
    Best(usize, f64),
    Partner(f64),
    Other(usize, f64, f64),
}

/// Right records that a worker looks at, and of how many what they show is in memory.
const RECORDS: usize = 1 << 12;
const PIECES: usize = 16;

impl Seen {
    fn new(pairs: &Pairs<'_>) -> Self {
        let mut seen = Self {
            best: [[0.0; N_BINS]; 2],
            others: [[0.0; N_BINS]; 2],
            with_partner: 0.0,
        };
        let (order, ends) = by_right(pairs.edges);
        let records: Vec<(u32, u32)> = ends
            .windows(2)
            .map(|range| (range[0], range[1]))
            .filter(|(from, to)| to > from)
            .collect();
        for records in records.chunks(RECORDS * PIECES) {
            let shown: Vec<Vec<Shown>> = records
                .par_chunks(RECORDS)
                .map(|records| {
                    let mut shown = Vec::with_capacity(2 * RECORDS);
                    for (from, to) in records {
                        show(pairs, &order[*from as usize..*to as usize], &mut shown);
                    }
                    shown
                })
                .collect();
            // One after the other, so that sums do not depend on the number of threads.
            shown.iter().flatten().for_each(|shown| seen.add(shown));
        }
        seen
    }

    fn add(&mut self, shown: &Shown) {
        match *shown {
            Shown::Best(kind, weight) => count(&mut self.best[kind], weight, 1.0),
            Shown::Partner(chance) => self.with_partner += chance,
            Shown::Other(kind, weight, n) => count(&mut self.others[kind], weight, n),
        }
    }

    /// How many relatives records without a partner have, per relative of one with a partner: by those far too unlike to be taken for him.
    fn presence_of_relatives(&self, scale: f64) -> f64 {
        let far = (0..N_BINS).take_while(|bin| middle(*bin) < FAR);
        let [mut met, mut expected] = [FAR_BEFOREHAND; 2];
        for bin in far {
            met += self.best[1][bin] * (1.0 - probability(middle(bin)));
            expected += self.others[1][bin] * scale;
        }
        (met / expected).min(1.0)
    }
}

/// Looks at the candidates of one right record.
fn show(pairs: &Pairs<'_>, group: &[u32], shown: &mut Vec<Shown>) {
    let kind = |edge: u32| usize::from(pairs.relatives[edge as usize]);
    // With all that was said of it, and as far as its left record goes.
    let after = |edge: u32| pairs.edges[edge as usize].weight + pairs.taken[edge as usize];
    let before =
        |edge: u32| pairs.edges[edge as usize].weight + pairs.components.of_left(edge as usize);
    if let Some(best) = highest(group.iter().copied(), after) {
        shown.push(Shown::Best(kind(best), after(best)));
    }
    for partner in group {
        let chance = probability(after(*partner));
        if chance < LEAST_PARTNER {
            continue;
        }
        shown.push(Shown::Partner(chance));
        let others = || group.iter().copied().filter(|other| other != partner);
        let Some(nearest) = highest(others(), before) else {
            continue;
        };
        let rivals = others().filter(|other| *other != nearest);
        let rivals: f64 = rivals.map(|other| before(other).min(500.0).exp2()).sum();
        let weight = before(nearest) - rivals.ln_1p() / LN_2;
        shown.push(Shown::Other(kind(nearest), weight, chance));
    }
}

/// The edge with the highest value, of equal ones the first.
fn highest(edges: impl Iterator<Item = u32>, value: impl Fn(u32) -> f64) -> Option<u32> {
    edges.fold(None, |best, edge| match best {
        Some(found) if value(found) >= value(edge) => Some(found),
        _ => Some(edge),
    })
}

fn count(bins: &mut [f64; N_BINS], weight: f64, n: f64) {
    let bin = ((weight - FROM) * PER_BIT).floor();
    if bin >= 0.0 && bin < N_BINS as f64 {
        bins[bin as usize] += n;
    }
}

fn middle(bin: usize) -> f64 {
    FROM + (bin as f64 + 0.5) / PER_BIT
}

/// Edge numbers by right record, with where each record's end.
fn by_right(edges: &[Edge]) -> (Vec<u32>, Vec<u32>) {
    let rows = edges.iter().map(|edge| edge.right as usize + 1).max();
    let mut ends = vec![0_u32; rows.unwrap_or(0) + 1];
    for edge in edges {
        ends[edge.right as usize + 1] += 1;
    }
    for row in 1..ends.len() {
        ends[row] += ends[row - 1];
    }
    let mut next = ends.clone();
    let mut order = vec![0_u32; edges.len()];
    for (number, edge) in edges.iter().enumerate() {
        let place = &mut next[edge.right as usize];
        order[*place as usize] = number as u32;
        *place += 1;
    }
    (order, ends)
}

/// Shift and slope by Fisher scoring. Of links at a weight a share `q` is wrong, so of links and wrong links put together `q / (1 + q)` are of
/// the latter.
fn fit(links: &[f64; N_BINS], wrong: &[f64; N_BINS]) -> [f64; 2] {
    let known = SPREAD.map(|spread| spread.powi(-2));
    let [mut shift, mut slope] = [0.0, 1.0];
    for _ in 0..50 {
        let mut score = [-shift * known[0], (1.0 - slope) * known[1]];
        let mut information = [known[0], 0.0, known[1]];
        for (bin, (links, wrong)) in links.iter().zip(wrong).enumerate() {
            let weight = middle(bin);
            let right = probability(shift + slope * weight);
            let q = 1.0 - right;
            let share = q / (1.0 + q);
            // Change of that share per bit, over its variance.
            let change = -LN_2 * right * q / (1.0 + q).powi(2);
            let per = change / (share * (1.0 - share)).max(1e-12);
            let lack = (wrong - (links + wrong) * share) * per;
            let found = (links + wrong) * change * per;
            score[0] += lack;
            score[1] += lack * weight;
            information[0] += found;
            information[1] += found * weight;
            information[2] += found * weight * weight;
        }
        let determinant = information[0] * information[2] - information[1].powi(2);
        let steps = [
            (information[2] * score[0] - information[1] * score[1]) / determinant,
            (information[0] * score[1] - information[1] * score[0]) / determinant,
        ];
        shift += steps[0].clamp(-1.0, 1.0);
        slope = (slope + steps[1].clamp(-0.2, 0.2)).max(LEAST_SLOPE);
        if steps[0].abs() + steps[1].abs() < 1e-9 {
            break;
        }
    }
    [shift, slope]
}

#[cfg(test)]
mod tests {
    use rand::{Rng as _, SeedableRng as _};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;
    use crate::assign::compete;

    /// Rights of which 70 % have a partner, some of them hard to see; somebody else looks like a right now and then, with the same weight,
    /// whether it has a partner or not. `relatives`: the others are relatives, and only there where the partner is.
    fn learned(weight: f64, relatives: bool) -> (Option<Calibration>, f64) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
        let n = 40_000_u32;
        let (mut edges, mut kin, mut right, mut wrong) = (Vec::new(), Vec::new(), 0.0, 0.0);
        let mut left = 0;
        let mut add = |r: u32, weight: f64, is_kin: bool, edges: &mut Vec<Edge>| {
            let edge = Edge {
                left,
                right: r,
                weight,
            };
            left += 1;
            edges.push(edge);
            kin.push(is_kin);
        };
        for r in 0..n {
            let present = rng.gen_bool(0.7);
            let hard = rng.gen_bool(0.01);
            if present {
                add(r, if hard { weight } else { 20.0 }, false, &mut edges);
                right += f64::from(u8::from(hard));
            }
            if rng.gen_bool(0.03) && (present || !relatives) {
                add(r, weight, relatives, &mut edges);
                wrong += f64::from(u8::from(!present));
            }
            // Far relatives tell how many there are.
            if relatives && present && rng.gen_bool(0.1) {
                add(r, -5.0, relatives, &mut edges);
            }
        }
        let places = edges.iter().map(|edge| (edge.left, edge.right));
        let mut components = Components::new(places, edges.len(), n as usize);
        let taken = compete(&edges, [0.0, 0.0], &mut components).rival_bars;
        let found = learn(&Pairs {
            edges: &edges,
            taken: &taken,
            relatives: &kin,
            components: &components,
            n_right: f64::from(n),
        });
        (found, right / (right + wrong))
    }

    #[test]
    fn scores_that_promise_too_much_are_brought_down_to_the_true_share() {
        for weight in [-1.0, 1.0, 2.0] {
            let (found, share) = learned(weight, false);
            let said = probability(weight + found.unwrap().bar(weight));
            assert!((said - share).abs() < 0.05, "{weight}: {said} {share}");
        }
    }

    #[test]
    fn relatives_who_are_absent_where_the_partner_is_are_not_held_against_a_pair() {
        let (found, share) = learned(2.0, true);
        assert!(share > 0.99);
        let said = probability(2.0 + found.map_or(0.0, |found| found.bar(2.0)));
        assert!(said >= 0.79, "{said}");
    }

    #[test]
    fn a_higher_weight_stays_the_higher_one() {
        let steep = Calibration {
            shift: -1.0,
            slope: LEAST_SLOPE,
            wrong: 9.0,
        };
        let after = |weight: f64| weight + steep.bar(weight);
        let weights = (-400..800).map(|i| f64::from(i) / 20.0);
        assert!(
            weights
                .clone()
                .zip(weights.skip(1))
                .all(|(a, b)| after(a) < after(b))
        );
    }

    #[test]
    fn nothing_is_learned_where_nobody_else_comes_near() {
        let edges: Vec<Edge> = (0..900)
            .map(|row| Edge {
                left: row,
                right: row,
                weight: 12.0,
            })
            .collect();
        let components = Components::new(edges.iter().map(|e| (e.left, e.right)), 900, 900);
        let pairs = Pairs {
            edges: &edges,
            taken: &[0.0; 900],
            relatives: &[false; 900],
            components: &components,
            n_right: 1000.0,
        };
        assert_eq!(learn(&pairs), None);
    }
}
