//! The cheapest way to move a sum far enough, when each of its parts can be moved by itself.
//!
//! Branch and bound over the inputs. The bound is the linear relaxation: every input may stand anywhere on the concave hull of its ways, so
//! the best mixture takes pieces of hulls by gain per cost. Inputs that move along a line are in the relaxation as they are.

/// One way to change an input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Way {
    /// What it costs, above 0.
    pub cost: f64,
    /// What it adds to the sum.
    pub gain: f64,
}

/// How an input can be changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Ways {
    /// To one of these.
    Some(Vec<Way>),
    /// As far along a line as one likes, up to its end.
    Line(Way),
}

/// What is done with an input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Done {
    /// Nothing.
    Kept,
    /// The way at this place of its list.
    Chosen(usize),
    /// This share of its line, above 0 and at most 1.
    Along(f64),
}

/// The cheapest change.
#[derive(Clone, Debug, PartialEq)]
pub struct Smallest {
    /// What is done with each input.
    pub done: Vec<Done>,
    /// What it costs together.
    pub cost: f64,
}

/// Sums that miss the goal by less are at it: rounding of a few additions.
const TOLERANCE: f64 = 1e-12;

/// A piece of a concave hull.
#[derive(Clone, Copy, Debug)]
struct Piece {
    cost: f64,
    gain: f64,
}

impl Piece {
    fn rate(self) -> f64 {
        self.gain / self.cost
    }
}

/// Ways that no other beats, by cost, with their places; and their hull.
struct Front {
    input: usize,
    ways: Vec<(usize, Way)>,
    is_line: bool,
    hull: Vec<Piece>,
    most_gain: f64,
}

impl Front {
    fn new(input: usize, ways: &Ways) -> Option<Self> {
        let (mut ways, is_line): (Vec<(usize, Way)>, bool) = match ways {
            Ways::Some(all) => (all.iter().copied().enumerate().collect(), false),
            Ways::Line(end) => (vec![(0, *end)], true),
        };
        let is_number = |way: &Way| way.cost.is_finite() && way.gain.is_finite();
        ways.retain(|(_, way)| is_number(way) && way.cost > 0.0 && way.gain > 0.0);
        ways.sort_by(|(_, a), (_, b)| a.cost.total_cmp(&b.cost).then(b.gain.total_cmp(&a.gain)));
        let mut most_gain = 0.0;
        ways.retain(|(_, way)| {
            let is_better = way.gain > most_gain;
            most_gain = f64::max(most_gain, way.gain);
            is_better
        });
        let hull = hull(ways.iter().map(|(_, way)| *way));
        (!ways.is_empty()).then_some(Self {
            input,
            ways,
            is_line,
            hull,
            most_gain,
        })
    }
}

/// Pieces of the concave hull of the origin and these points, which ascend in cost and gain.
fn hull(points: impl Iterator<Item = Way>) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut at = Way {
        cost: 0.0,
        gain: 0.0,
    };
    for point in points {
        let mut piece = Piece {
            cost: point.cost - at.cost,
            gain: point.gain - at.gain,
        };
        while let Some(last) = pieces.last()
            && last.rate() <= piece.rate()
        {
            piece.cost += last.cost;
            piece.gain += last.gain;
            pieces.pop();
        }
        pieces.push(piece);
        at = point;
    }
    pieces
}

/// Least cost to gain `need` from pieces in descending order of gain per cost; `None` when all together do not.
fn relaxed<'a>(pieces: impl Iterator<Item = &'a Piece>, mut need: f64) -> Option<f64> {
    let mut cost = 0.0;
    for piece in pieces {
        if need <= TOLERANCE {
            break;
        }
        if piece.gain >= need {
            return Some(cost + need / piece.rate());
        }
        cost += piece.cost;
        need -= piece.gain;
    }
    (need <= TOLERANCE).then_some(cost)
}

struct Search<'a> {
    fronts: &'a [Front],
    /// For each depth: the pieces of all hulls from there on, by gain per cost.
    pieces: Vec<Vec<Piece>>,
    /// For each depth: greatest gains of single inputs from there on, descending.
    gains: Vec<Vec<f64>>,
    best: Option<(f64, Vec<Done>)>,
    done: Vec<Done>,
    /// Lines that may be used, by gain per cost.
    open: Vec<(usize, Piece)>,
}

impl Search<'_> {
    fn go(&mut self, depth: usize, need: f64, cost: f64, changes: usize) {
        let Some(least) = self.bound(depth, need, changes) else {
            return;
        };
        if let Some((best, _)) = &self.best
            && cost + least >= best - TOLERANCE
        {
            return;
        }
        if need <= TOLERANCE || depth == self.fronts.len() {
            self.keep(need, cost);
            return;
        }
        let fronts = self.fronts;
        let front = &fronts[depth];
        if changes > 0 && front.is_line {
            let piece = front.hull[0];
            let place = self
                .open
                .partition_point(|(_, other)| other.rate() >= piece.rate());
            self.open.insert(place, (front.input, piece));
            self.go(depth + 1, need, cost, changes - 1);
            self.open.remove(place);
        } else if changes > 0 {
            for (place, way) in &front.ways {
                self.done[front.input] = Done::Chosen(*place);
                self.go(depth + 1, need - way.gain, cost + way.cost, changes - 1);
                self.done[front.input] = Done::Kept;
                // A dearer way of this input cannot be needed.
                if need - way.gain <= TOLERANCE {
                    break;
                }
            }
        }
        self.go(depth + 1, need, cost, changes);
    }

    /// Least cost of the rest if ways could be mixed.
    fn bound(&self, depth: usize, need: f64, changes: usize) -> Option<f64> {
        let open: f64 = self.open.iter().map(|(_, piece)| piece.gain).sum();
        let most: f64 = self.gains[depth].iter().take(changes).sum();
        if open + most < need - TOLERANCE {
            return None;
        }
        let (mut lines, mut pieces) = (
            self.open.iter().map(|(_, piece)| piece).peekable(),
            self.pieces[depth].iter().peekable(),
        );
        let merged = std::iter::from_fn(|| match (lines.peek(), pieces.peek()) {
            (Some(a), Some(b)) if a.rate() < b.rate() => pieces.next(),
            (Some(_), _) => lines.next(),
            _ => pieces.next(),
        });
        relaxed(merged, need)
    }

    /// Takes what is still needed from the open lines.
    fn keep(&mut self, mut need: f64, mut cost: f64) {
        let mut done = self.done.clone();
        for (input, piece) in &self.open {
            if need <= TOLERANCE {
                break;
            }
            let share = (need / piece.gain).min(1.0);
            done[*input] = Done::Along(share);
            cost += share * piece.cost;
            need -= share * piece.gain;
        }
        let is_better = self
            .best
            .as_ref()
            .is_none_or(|(best, _)| cost < best - TOLERANCE);
        if need <= TOLERANCE && is_better {
            self.best = Some((cost, done));
        }
    }
}

/// The cheapest changes of at most `most_changes` inputs that together gain `need`; `None` when there are none.
///
/// Ways that cost or gain nothing, or are no numbers, are not taken. Exact but for rounding; equally cheap changes give the first.
///
/// # Source
/// Exact recourse by integer programming: B. Ustun, A. Spangher, Y. Liu, *Actionable recourse in linear classification*, FAT* (2019),
/// doi 10.1145/3287560.3287566. The bound is that of the multiple-choice knapsack: P. Sinha and A. Zoltners, *Operations Research* 27
/// (1979), doi 10.1287/opre.27.3.503.
pub fn smallest(inputs: &[Ways], need: f64, most_changes: usize) -> Option<Smallest> {
    if need.is_nan() {
        return None;
    }
    let mut fronts: Vec<Front> = inputs
        .iter()
        .enumerate()
        .filter_map(|(input, ways)| Front::new(input, ways))
        .collect();
    let first = |front: &Front| front.hull.first().map_or(0.0, |piece| piece.rate());
    fronts.sort_by(|a, b| first(b).total_cmp(&first(a)).then(a.input.cmp(&b.input)));
    let depths = 0..=fronts.len();
    let pieces = depths.clone().map(|depth| {
        let hulls = fronts[depth..].iter().flat_map(|front| &front.hull);
        let mut pieces: Vec<Piece> = hulls.copied().collect();
        pieces.sort_by(|a, b| b.rate().total_cmp(&a.rate()));
        pieces
    });
    let gains = depths.map(|depth| {
        let mut gains: Vec<f64> = fronts[depth..]
            .iter()
            .map(|front| front.most_gain)
            .collect();
        gains.sort_by(|a, b| b.total_cmp(a));
        gains
    });
    let mut search = Search {
        pieces: pieces.collect(),
        gains: gains.collect(),
        fronts: &fronts,
        best: None,
        done: vec![Done::Kept; inputs.len()],
        open: Vec::new(),
    };
    search.go(0, need, 0.0, most_changes);
    let (cost, done) = search.best?;
    Some(Smallest { done, cost })
}

#[cfg(test)]
mod tests {
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

        fn ways(&mut self, most: usize) -> Ways {
            let way = |dice: &mut Self| Way {
                cost: dice.unit() * 3.0,
                gain: dice.unit() * 2.0 - 0.5,
            };
            if self.unit() < 0.3 {
                return Ways::Line(way(self));
            }
            let n = (self.unit() * (most as f64 + 1.0)) as usize;
            Ways::Some((0..n).map(|_| way(self)).collect())
        }
    }

    /// Every combination of ways, with every set of lines filled by gain per cost.
    fn by_hand(inputs: &[Ways], need: f64, most_changes: usize) -> Option<f64> {
        fn go(inputs: &[Ways], need: f64, cost: f64, changes: usize, lines: &mut Vec<Way>) -> f64 {
            let Some((first, rest)) = inputs.split_first() else {
                let mut lines = lines.clone();
                lines.sort_by(|a, b| (b.gain / b.cost).total_cmp(&(a.gain / a.cost)));
                let (mut need, mut cost) = (need, cost);
                for line in lines {
                    let share = (need.max(0.0) / line.gain).min(1.0);
                    (need, cost) = (need - share * line.gain, cost + share * line.cost);
                }
                return if need <= 1e-12 { cost } else { f64::INFINITY };
            };
            let mut best = go(rest, need, cost, changes, lines);
            if changes == 0 {
                return best;
            }
            match first {
                Ways::Some(ways) => {
                    for way in ways.iter().filter(|way| way.gain > 0.0) {
                        let (need, cost) = (need - way.gain, cost + way.cost);
                        best = best.min(go(rest, need, cost, changes - 1, lines));
                    }
                }
                Ways::Line(end) if end.gain > 0.0 => {
                    lines.push(*end);
                    best = best.min(go(rest, need, cost, changes - 1, lines));
                    lines.pop();
                }
                Ways::Line(_) => {}
            }
            best
        }
        let best = go(inputs, need, 0.0, most_changes, &mut Vec::new());
        best.is_finite().then_some(best)
    }

    #[test]
    fn nothing_cheaper_reaches_the_goal() {
        let mut dice = Dice(11);
        let (mut found_some, mut found_none) = (0, 0);
        for _ in 0..2000 {
            let n = 1 + (dice.unit() * 5.0) as usize;
            let inputs: Vec<Ways> = (0..n).map(|_| dice.ways(4)).collect();
            let (need, most) = (dice.unit() * 3.0, 1 + (dice.unit() * 4.0) as usize);
            let found = smallest(&inputs, need, most);
            let expected = by_hand(&inputs, need, most);
            assert_eq!(
                found.is_some(),
                expected.is_some(),
                "{inputs:?} {need} {most}"
            );
            let (Some(found), Some(expected)) = (found, expected) else {
                found_none += 1;
                continue;
            };
            found_some += 1;
            assert!(
                (found.cost - expected).abs() < 1e-9,
                "{found:?} {expected} {inputs:?}"
            );
            // What is told adds up.
            let (mut cost, mut gain, mut changes) = (0.0, 0.0, 0);
            for (done, ways) in found.done.iter().zip(&inputs) {
                let (way, share) = match (done, ways) {
                    (Done::Kept, _) => continue,
                    (Done::Chosen(place), Ways::Some(ways)) => (ways[*place], 1.0),
                    (Done::Along(share), Ways::Line(end)) => (*end, *share),
                    other => panic!("{other:?}"),
                };
                (cost, gain, changes) = (
                    cost + share * way.cost,
                    gain + share * way.gain,
                    changes + 1,
                );
            }
            assert!((cost - found.cost).abs() < 1e-9 && gain >= need - 1e-9 && changes <= most);
        }
        assert!(
            found_some > 500 && found_none > 300,
            "{found_some} {found_none}"
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
            Ways::Line(way(1.0, -2.0)),
        ];
        for need in [0.0, -3.0] {
            let found = smallest(&inputs, need, 3).unwrap();
            assert_eq!((found.cost, found.done), (0.0, vec![Done::Kept; 2]));
        }
        assert_eq!(smallest(&inputs, 0.1, 3), None);
        assert_eq!(smallest(&inputs, f64::NAN, 3), None);
        assert_eq!(smallest(&[], 1.0, 3), None);
    }
}
