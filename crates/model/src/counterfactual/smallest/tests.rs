use super::*;

/// `SplitMix64`.
struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn upto(&mut self, n: usize) -> usize {
        (self.unit() * (n as f64 + 1.0)) as usize
    }

    fn way(&mut self) -> Way {
        Way {
            cost: self.unit() * 3.0,
            gain: self.unit() * 2.0 - 0.5,
        }
    }

    fn ways(&mut self, most: usize) -> Ways {
        if self.unit() < 0.4 {
            let steps = 1.0 + self.upto(4) as f64;
            let first = (0.2 + 0.8 * self.unit()) / steps;
            return Ways::Line {
                end: self.way(),
                first,
                step: (1.0 - first) / (steps - 1.0).max(1.0),
            };
        }
        Ways::Some((0..self.upto(most)).map(|_| self.way()).collect())
    }
}

const NO_LIMIT: usize = 1_000_000;

fn limits(most_changes: usize) -> Limits {
    Limits {
        most_changes,
        most_steps: NO_LIMIT,
    }
}

/// Every way of an input: what is done, what it costs and gains.
fn all_ways(ways: &Ways) -> Vec<(Done, Way)> {
    match ways {
        Ways::Some(ways) => {
            let each = ways.iter().enumerate();
            each.map(|(place, way)| (Done::Chosen(place), *way))
                .collect()
        }
        Ways::Line { end, first, step } => {
            let mut shares: Vec<f64> = (0..20).map(|n| first + f64::from(n) * step).collect();
            shares.retain(|share| *share < 1.0 - 1e-9);
            shares.push(1.0);
            let part = |share: f64| Way {
                cost: share * end.cost,
                gain: share * end.gain,
            };
            let each = shares.into_iter();
            each.map(|share| (Done::Along(share), part(share)))
                .collect()
        }
    }
}

fn together_gain(together: &[Together], done: &[Done]) -> f64 {
    let of = |pair: &Together| match pair.inputs.map(|input| done[input]) {
        [Done::Chosen(a), Done::Chosen(b)] => pair.gains[a][b],
        _ => 0.0,
    };
    together.iter().map(of).sum()
}

/// The cheapest of every combination of ways.
fn by_hand(inputs: &[Ways], together: &[Together], need: f64, most: usize) -> Option<f64> {
    fn go(
        all: &[Vec<(Done, Way)>],
        done: &mut Vec<Done>,
        (gain, cost, changes): (f64, f64, usize),
        reached: &impl Fn(&[Done], f64) -> bool,
    ) -> f64 {
        if done.len() == all.len() {
            return if reached(done, gain) {
                cost
            } else {
                f64::INFINITY
            };
        }
        done.push(Done::Kept);
        let mut best = go(all, done, (gain, cost, changes), reached);
        done.pop();
        if changes == 0 {
            return best;
        }
        for (what, way) in &all[done.len()] {
            done.push(*what);
            let next = (gain + way.gain, cost + way.cost, changes - 1);
            best = best.min(go(all, done, next, reached));
            done.pop();
        }
        best
    }
    let all: Vec<_> = inputs.iter().map(all_ways).collect();
    let reached =
        |done: &[Done], gain: f64| gain + together_gain(together, done) >= need - TOLERANCE;
    let best = go(&all, &mut Vec::new(), (0.0, 0.0, most), &reached);
    best.is_finite().then_some(best)
}

/// What is told adds up and keeps to the limits.
fn assert_true(found: &Smallest, inputs: &[Ways], together: &[Together], need: f64, most: usize) {
    let (mut cost, mut gain, mut changes) = (0.0, together_gain(together, &found.done), 0);
    for (done, ways) in found.done.iter().zip(inputs) {
        if *done == Done::Kept {
            continue;
        }
        let is_same = |other: &Done| match (done, other) {
            (Done::Along(a), Done::Along(b)) => (a - b).abs() < 1e-9,
            _ => done == other,
        };
        let (_, way) = *all_ways(ways)
            .iter()
            .find(|(other, _)| is_same(other))
            .unwrap_or_else(|| panic!("{done:?} is no way of {ways:?}"));
        (cost, gain, changes) = (cost + way.cost, gain + way.gain, changes + 1);
    }
    assert!((cost - found.cost).abs() < 1e-9, "{found:?}");
    assert!(
        gain >= need - 1e-9 && changes <= most,
        "{found:?} {gain} {need}"
    );
}

#[test]
fn nothing_cheaper_reaches_the_goal() {
    let mut dice = Dice(11);
    let (mut found_some, mut found_none, mut with_pairs) = (0, 0, 0);
    for round in 0..3000 {
        let n = 1 + dice.upto(4);
        let inputs: Vec<Ways> = (0..n).map(|_| dice.ways(4)).collect();
        let mut together = Vec::new();
        for a in 0..n {
            for b in a + 1..n {
                let (Ways::Some(first), Ways::Some(second)) = (&inputs[a], &inputs[b]) else {
                    continue;
                };
                if round % 2 == 0 && dice.unit() < 0.6 {
                    let (down, across) = (first.len(), second.len());
                    let row =
                        |dice: &mut Dice| (0..across).map(|_| dice.unit() * 2.0 - 1.0).collect();
                    let gains = (0..down).map(|_| row(&mut dice)).collect();
                    together.push(Together {
                        inputs: [a, b],
                        gains,
                    });
                }
            }
        }
        let (need, most) = (dice.unit() * 3.0, 1 + dice.upto(3));
        let found = smallest(&inputs, &together, need, limits(most));
        assert!(found.is_exact);
        let expected = by_hand(&inputs, &together, need, most);
        let context = format!("{inputs:?} {together:?} {need} {most} {expected:?}");
        assert_eq!(found.smallest.is_some(), expected.is_some(), "{context}");
        let (Some(found), Some(expected)) = (found.smallest, expected) else {
            found_none += 1;
            continue;
        };
        found_some += 1;
        with_pairs += usize::from(!together.is_empty());
        assert!((found.cost - expected).abs() < 1e-9, "{found:?} {context}");
        assert_true(&found, &inputs, &together, need, most);
    }
    assert!(
        found_some > 700 && found_none > 300 && with_pairs > 300,
        "{found_some} {found_none} {with_pairs}"
    );
}

#[test]
fn a_goal_that_is_reached_costs_nothing_and_nonsense_is_not_taken() {
    let way = |cost, gain| Way { cost, gain };
    let inputs = [
        Ways::Some(vec![
            way(f64::NAN, 1.0),
            way(0.0, 5.0),
            way(1.0, f64::INFINITY),
        ]),
        Ways::Line {
            end: way(1.0, -2.0),
            first: 0.1,
            step: 0.1,
        },
    ];
    for need in [0.0, -3.0] {
        let found = smallest(&inputs, &[], need, limits(3)).smallest.unwrap();
        assert_eq!((found.cost, found.done), (0.0, vec![Done::Kept; 2]));
    }
    for (inputs, need) in [(&inputs[..], 0.1), (&inputs[..], f64::NAN), (&[], 1.0)] {
        let found = smallest(inputs, &[], need, limits(3));
        assert_eq!((found.smallest, found.is_exact), (None, true));
    }
}

#[test]
fn a_search_that_must_stop_says_so() {
    let mut dice = Dice(5);
    let ways = |dice: &mut Dice| {
        let way = |dice: &mut Dice| Way {
            cost: 1.0 + dice.unit(),
            gain: 0.5 + dice.unit(),
        };
        Ways::Some((0..40).map(|_| way(dice)).collect())
    };
    let inputs: Vec<Ways> = (0..8).map(|_| ways(&mut dice)).collect();
    let whole = smallest(&inputs, &[], 3.0, limits(3));
    assert!(whole.is_exact);
    let limits = Limits {
        most_changes: 3,
        most_steps: 5,
    };
    let cut = smallest(&inputs, &[], 3.0, limits);
    assert!(!cut.is_exact);
    let cost = |found: Found| found.smallest.map_or(f64::INFINITY, |found| found.cost);
    assert!(cost(cut) >= cost(whole));
}
