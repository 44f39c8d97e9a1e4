//! Which pairs people look at, and in which order.
//!
//! Two shares. The *random* one makes the estimates: half of it from the links, half from the scored pairs that are not linked, in three
//! bands of probability. The *teaching* one is chosen greedily by
//!
//! `4 s (1 − s) · √n · 1 / (1 + c) · (1 − ½ a)`
//!
//! where `s` is the probability of the pair moved so that the threshold lies at one half (uncertainty sampling: Lewis and Gale, SIGIR
//! 1994), `n` the pairs that share its agreement pattern (information density: Settles and Craven, EMNLP 2008, with β = ½), `c` the pairs
//! of that pattern chosen so far and `a` the share of comparisons on which the pattern most like it among the chosen says the same
//! (diversity). A decision moves the model by all pairs of its pattern, so a few decisions on different, common, doubtful patterns move it
//! most. The two shares are mixed by chance, so that the estimates come along from the first day.

use std::collections::{BTreeMap, HashSet};

use helder_record_linkage::bound::level_of;

use super::figures::Stratum;

/// A pair that may be looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Candidate {
    /// Places of its rows in the two tables.
    pub pair: (u32, u32),
    /// log2 odds, rivals included; absent for a link that was not weighed.
    pub weight: Option<f64>,
    /// Whether the run linked it.
    pub is_linked: bool,
    /// Level of each comparison, four bits each.
    pub pattern: u64,
}

/// A pair of the queue.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Chosen {
    /// Place among the candidates.
    pub candidate: usize,
    /// Stratum of the random share, or `teach`.
    pub stratum: &'static str,
    /// Whether a second person decides as well.
    pub is_blind: bool,
}

/// Sizes and shares.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shares {
    /// Pairs in the queue.
    pub size: usize,
    /// Share drawn at random.
    pub random: f64,
    /// Share for a second person.
    pub second: f64,
    /// Seed.
    pub seed: u64,
    /// Threshold of the run.
    pub threshold: f64,
    /// Comparisons in a pattern.
    pub n_comparisons: usize,
}

/// What the teaching share is called.
pub(crate) const TEACH: &str = "teach";
const STRATA: [&str; 4] = ["linked", "likely", "unlikely", "remote"];

/// `SplitMix64` (Steele, Lea and Flood, OOPSLA 2014): enough for drawing lots, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

fn stratum_of(candidate: &Candidate) -> usize {
    match candidate.weight {
        _ if candidate.is_linked => 0,
        // Probabilities of 0.1 and 0.01.
        Some(weight) if weight >= -3.17 => 1,
        Some(weight) if weight >= -6.63 => 2,
        _ => 3,
    }
}

/// The queue, and what its random share was drawn from. Candidates are in a fixed order.
pub(crate) fn queue(candidates: &[Candidate], shares: &Shares) -> (Vec<Chosen>, Vec<Stratum>) {
    let mut dice = Dice(shares.seed ^ 0x51ed_270b_7f3a_9c15);
    let mut by_stratum: [Vec<usize>; 4] = Default::default();
    for (place, candidate) in candidates.iter().enumerate() {
        by_stratum[stratum_of(candidate)].push(place);
    }
    let strata = STRATA
        .iter()
        .zip(&by_stratum)
        .enumerate()
        .map(|(i, (name, places))| Stratum {
            name: (*name).to_owned(),
            is_linked: i == 0,
            pairs: places.len() as u64,
        })
        .collect();
    let wanted = (shares.size as f64 * shares.random).round() as usize;
    let rest = wanted / 2;
    let wanted = [wanted - rest, rest - rest / 3 * 2, rest / 3, rest / 3];
    let mut random = Vec::new();
    for ((places, wanted), stratum) in by_stratum.iter_mut().zip(wanted).zip(STRATA) {
        dice.shuffle(places);
        random.extend(places.iter().take(wanted).map(|place| (*place, stratum)));
    }
    dice.shuffle(&mut random);
    let taken: HashSet<usize> = random.iter().map(|(place, _)| *place).collect();
    let n_teach = shares.size - random.len().min(shares.size);
    let teach = teaching(candidates, &taken, n_teach, shares, &mut dice);
    let mut queue = mixed(random, teach, &mut dice);
    let n_blind = (queue.len() as f64 * shares.second).round() as usize;
    let mut lots: Vec<usize> = (0..queue.len()).collect();
    dice.shuffle(&mut lots);
    for place in lots.into_iter().take(n_blind) {
        queue[place].is_blind = true;
    }
    (queue, strata)
}

/// One agreement pattern.
struct Group {
    pattern: u64,
    /// Uncertainty times √n, and a pair, best last.
    pairs: Vec<(f64, usize)>,
    chosen: f64,
    likeness: f64,
}

impl Group {
    fn gain(&self) -> f64 {
        let best = self.pairs.last().map_or(-1.0, |(gain, _)| *gain);
        best / (1.0 + self.chosen) * (1.0 - 0.5 * self.likeness)
    }
}

fn teaching(
    candidates: &[Candidate],
    taken: &HashSet<usize>,
    size: usize,
    shares: &Shares,
    dice: &mut Dice,
) -> Vec<usize> {
    let bar = (shares.threshold / (1.0 - shares.threshold)).log2();
    let mut counts: BTreeMap<u64, (f64, Vec<(f64, usize)>)> = BTreeMap::new();
    for (place, candidate) in candidates.iter().enumerate() {
        let Some(weight) = candidate.weight else {
            continue;
        };
        let (count, pairs) = counts.entry(candidate.pattern).or_default();
        *count += 1.0;
        if !taken.contains(&place) {
            let share = 1.0 / (1.0 + (bar - weight).exp2());
            pairs.push((4.0 * share * (1.0 - share), place));
        }
    }
    let mut groups: Vec<Group> = counts
        .into_iter()
        .map(|(pattern, (count, mut pairs))| {
            // Among equals, lots decide.
            dice.shuffle(&mut pairs);
            pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
            for pair in &mut pairs {
                pair.0 *= count.sqrt();
            }
            Group {
                pattern,
                pairs,
                chosen: 0.0,
                likeness: 0.0,
            }
        })
        .collect();
    let mut chosen = Vec::new();
    while chosen.len() < size {
        let best = (0..groups.len())
            .filter(|i| !groups[*i].pairs.is_empty())
            .max_by(|a, b| {
                groups[*a]
                    .gain()
                    .total_cmp(&groups[*b].gain())
                    .then(b.cmp(a))
            });
        let Some(best) = best else { break };
        let pattern = groups[best].pattern;
        groups[best].chosen += 1.0;
        chosen.extend(groups[best].pairs.pop().map(|(_, place)| place));
        for group in &mut groups {
            if group.pattern != pattern {
                let likeness = likeness(group.pattern, pattern, shares.n_comparisons);
                group.likeness = group.likeness.max(likeness);
            }
        }
    }
    chosen
}

/// Share of the comparisons on which two patterns say the same.
fn likeness(a: u64, b: u64, n_comparisons: usize) -> f64 {
    let same = (0..n_comparisons).filter(|k| level_of(a, *k) == level_of(b, *k));
    same.count() as f64 / n_comparisons.max(1) as f64
}

/// Both in their own order, one after the other by lot.
fn mixed(random: Vec<(usize, &'static str)>, teach: Vec<usize>, dice: &mut Dice) -> Vec<Chosen> {
    let mut lots: Vec<bool> = std::iter::repeat_n(true, random.len())
        .chain(std::iter::repeat_n(false, teach.len()))
        .collect();
    dice.shuffle(&mut lots);
    let (mut random, mut teach) = (random.into_iter(), teach.into_iter());
    lots.into_iter()
        .filter_map(|is_random| {
            if is_random {
                random.next()
            } else {
                teach.next().map(|place| (place, TEACH))
            }
        })
        .map(|(candidate, stratum)| Chosen {
            candidate,
            stratum,
            is_blind: false,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 300 links, 100 doubtful pairs of one common pattern, 10 of a rare one, 200 remote pairs.
    fn candidates() -> Vec<Candidate> {
        let of = |n: u32, weight: f64, is_linked: bool, pattern: u64| {
            (0..n).map(move |i| Candidate {
                pair: (i, pattern as u32),
                weight: Some(weight),
                is_linked,
                pattern,
            })
        };
        of(300, 12.0, true, 0x111)
            .chain(of(100, 0.3, true, 0x222))
            .chain(of(10, -0.2, false, 0x333))
            .chain(of(200, -7.5, false, 0x444))
            .collect()
    }

    fn shares(seed: u64) -> Shares {
        Shares {
            size: 60,
            random: 0.5,
            second: 0.25,
            seed,
            threshold: 0.5,
            n_comparisons: 3,
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_queue_and_no_pair_comes_twice() {
        let (queue_a, strata) = queue(&candidates(), &shares(7));
        assert_eq!(queue(&candidates(), &shares(7)).0, queue_a);
        assert_ne!(queue(&candidates(), &shares(8)).0, queue_a);
        let distinct: HashSet<usize> = queue_a.iter().map(|chosen| chosen.candidate).collect();
        assert_eq!((distinct.len(), queue_a.len()), (60, 60));
        assert_eq!(queue_a.iter().filter(|chosen| chosen.is_blind).count(), 15);
        let pairs: Vec<u64> = strata.iter().map(|stratum| stratum.pairs).collect();
        assert_eq!(pairs, [400, 10, 0, 200]);
        let linked = queue_a.iter().filter(|chosen| chosen.stratum == "linked");
        assert_eq!(linked.count(), 15);
    }

    #[test]
    fn doubtful_common_patterns_come_first_and_rare_ones_are_not_forgotten() {
        let all = candidates();
        let (queue, _) = queue(
            &all,
            &Shares {
                random: 0.0,
                ..shares(1)
            },
        );
        let patterns: Vec<u64> = queue
            .iter()
            .map(|chosen| all[chosen.candidate].pattern)
            .collect();
        assert_eq!(patterns[0], 0x222);
        assert!(patterns[..5].contains(&0x333), "{patterns:x?}");
        let common = patterns.iter().filter(|pattern| **pattern == 0x222).count();
        assert!(common > 35, "{patterns:x?}");
        assert!(!patterns[..40].contains(&0x111), "{patterns:x?}");
    }

    #[test]
    fn the_random_share_of_the_links_is_drawn_evenly() {
        let all = candidates();
        let mut doubtful = 0;
        for seed in 0..200 {
            let (queue, _) = queue(&all, &shares(seed));
            doubtful += queue
                .iter()
                .filter(|chosen| {
                    chosen.stratum == "linked" && all[chosen.candidate].pattern == 0x222
                })
                .count();
        }
        // 15 links per queue, a quarter of the links is doubtful: 750 of 3,000 expected, standard deviation 24.
        assert!((650..850).contains(&doubtful), "{doubtful}");
    }

    #[test]
    fn a_queue_is_no_longer_than_the_pairs_there_are() {
        let few = &candidates()[..4];
        assert_eq!(queue(few, &shares(1)).0.len(), 4);
        assert!(queue(&[], &shares(1)).0.is_empty());
    }
}
