//! The cheapest way to move a sum far enough, when its parts can be moved each by itself or two of them matter together.
//!
//! Branch and bound over the inputs. The bound is the linear relaxation: every input may stand anywhere on the concave hull of its ways, so
//! the best mixture takes pieces of hulls by gain per cost. What two inputs gain only together is lent to the one that is decided first,
//! at its greatest, until both are decided.

use super::front::{Front, Open, Piece, fill, relaxed};

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
    /// Along a line, to the shares `first`, `first + step`, … of it, and to its end. With a `step` of 0: to any share from `first` on.
    Line {
        /// The whole line.
        end: Way,
        /// The least share, above 0.
        first: f64,
        /// Between two shares.
        step: f64,
    },
}

/// What two inputs gain together, beyond what each of their ways gains alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Together {
    /// Their places; both are changed to one of a list.
    pub inputs: [usize; 2],
    /// For each way of the first, for each way of the second.
    pub gains: Vec<Vec<f64>>,
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

/// What a search came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The cheapest change; `None` where there is none.
    pub smallest: Option<Smallest>,
    /// Whether the search was finished: nothing cheaper exists, or none at all.
    pub is_exact: bool,
}

/// What to look for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many inputs may change at once.
    pub most_changes: usize,
    /// After so many bounds the search stops with the best it has.
    pub most_steps: usize,
}

/// Sums that miss the goal by less are at it: rounding of a few additions.
pub(super) const TOLERANCE: f64 = 1e-12;

/// A link of an input to another: its table, and which side of it the input is.
struct Link<'a> {
    table: &'a [Vec<f64>],
    is_first: bool,
    /// Depth of the other.
    other: usize,
}

impl Link<'_> {
    fn gain(&self, own: usize, other: usize) -> f64 {
        let (row, column) = if self.is_first {
            (own, other)
        } else {
            (other, own)
        };
        let gain = self.table.get(row).and_then(|row| row.get(column));
        gain.copied().unwrap_or(0.0)
    }
}

/// A hull that differs from the one of before, because another input was changed.
struct Moved {
    depth: usize,
    pieces: Vec<Piece>,
    most_gain: f64,
}

/// What a way may gain with inputs that are decided later, at its greatest.
fn later(fronts: &[Front], links: &[Link<'_>], depth: usize, way: usize) -> f64 {
    let (place, _) = fronts[depth].ways[way];
    let of = |link: &Link<'_>| {
        let other = fronts[link.other].ways.iter();
        let each = other.map(|(way, _)| link.gain(place, *way));
        each.fold(0.0, f64::max)
    };
    let those = links.iter().filter(|link| link.other > depth);
    those.map(of).sum()
}

struct Search<'a> {
    fronts: &'a [Front],
    links: &'a [Vec<Link<'a>>],
    /// Per depth and way: what it may gain with inputs that are decided later.
    later: &'a [Vec<f64>],
    /// All pieces of all hulls with their depths, by gain per cost.
    pieces: &'a [(usize, Piece)],
    /// The greatest gain of each input with its depth, descending.
    gains: &'a [(usize, f64)],
    best: Option<(f64, Vec<Done>)>,
    done: Vec<Done>,
    /// Lines that may be used, by gain per cost.
    open: Vec<Open>,
    moved: Vec<Moved>,
    steps: usize,
    is_cut: bool,
}

impl Search<'_> {
    /// What a way gains, given what was decided before.
    fn gain(&self, depth: usize, way: usize) -> f64 {
        let (place, own) = self.fronts[depth].ways[way];
        let earlier = self.links[depth].iter().filter(|link| link.other < depth);
        earlier.fold(own.gain, |gain, link| {
            match self.done[self.fronts[link.other].input] {
                Done::Chosen(chosen) => gain + link.gain(place, chosen),
                Done::Kept | Done::Along(_) => gain,
            }
        })
    }

    /// Looks anew at the inputs that matter together with the one just changed. How many were looked at before.
    fn move_hulls(&mut self, depth: usize) -> usize {
        let before = self.moved.len();
        let links = self.links;
        for link in links[depth].iter().filter(|link| link.other > depth) {
            let front = &self.fronts[link.other];
            let later = &self.later[link.other];
            let gains = (0..front.ways.len()).map(|way| self.gain(link.other, way) + later[way]);
            let (pieces, most_gain) = front.with_gains(gains);
            self.moved.push(Moved {
                depth: link.other,
                pieces,
                most_gain,
            });
        }
        before
    }

    /// Hulls that were looked at anew and still stand, of inputs from `depth` on.
    fn latest(&self, depth: usize) -> impl Iterator<Item = &Moved> {
        let moved = self.moved.iter().enumerate();
        moved
            .filter(move |(place, moved)| {
                let after = &self.moved[place + 1..];
                moved.depth >= depth && after.iter().all(|other| other.depth != moved.depth)
            })
            .map(|(_, moved)| moved)
    }

    /// The most that `changes` inputs from `depth` on can gain.
    fn most(&self, depth: usize, changes: usize) -> f64 {
        let is_there = |at: usize| at >= depth && self.moved.iter().all(|moved| moved.depth != at);
        let there = self.gains.iter().filter(|(at, _)| is_there(*at));
        let mut own = there.map(|(_, gain)| *gain);
        if self.moved.is_empty() {
            return own.take(changes).sum();
        }
        let mut moved: Vec<f64> = self.latest(depth).map(|moved| moved.most_gain).collect();
        moved.sort_by(|a, b| b.total_cmp(a));
        let (mut moved, mut next) = (moved.into_iter().peekable(), own.next());
        let mut most = 0.0;
        for _ in 0..changes {
            match (moved.peek(), next) {
                (Some(a), Some(b)) if *a < b => {
                    most += b;
                    next = own.next();
                }
                (Some(_), _) => most += moved.next().unwrap_or(0.0),
                (None, Some(b)) => {
                    most += b;
                    next = own.next();
                }
                (None, None) => break,
            }
        }
        most
    }

    /// Least cost of the rest if ways could be mixed.
    fn bound(&mut self, depth: usize, need: f64, changes: usize) -> Option<f64> {
        if self.steps == 0 {
            self.is_cut = true;
            return None;
        }
        self.steps -= 1;
        if need <= TOLERANCE {
            return Some(0.0);
        }
        let open: f64 = self.open.iter().map(|line| line.piece.gain).sum();
        if open + self.most(depth, changes) < need - TOLERANCE {
            return None;
        }
        let mut other: Vec<&Piece> = self.open.iter().map(|line| &line.piece).collect();
        if changes > 0 && !self.moved.is_empty() {
            other.extend(self.latest(depth).flat_map(|moved| &moved.pieces));
            other.sort_by(|a, b| b.rate().total_cmp(&a.rate()));
        }
        let is_there = |at: usize| {
            changes > 0 && at >= depth && self.moved.iter().all(|moved| moved.depth != at)
        };
        let mut own = self
            .pieces
            .iter()
            .filter(|(at, _)| is_there(*at))
            .map(|(_, piece)| piece)
            .peekable();
        let mut other = other.into_iter().peekable();
        let merged = std::iter::from_fn(|| match (other.peek(), own.peek()) {
            (Some(a), Some(b)) if a.rate() < b.rate() => own.next(),
            (Some(_), _) => other.next(),
            _ => own.next(),
        });
        relaxed(merged, need)
    }

    fn is_beaten(&self, cost: f64) -> bool {
        let best = self.best.as_ref();
        best.is_some_and(|(best, _)| cost >= best - TOLERANCE)
    }

    /// Decides the input at `depth` and what follows. A bound of this place was found not to be beaten.
    fn go(&mut self, depth: usize, need: f64, cost: f64, changes: usize) {
        if need <= TOLERANCE || depth == self.fronts.len() {
            self.keep(need, cost);
            return;
        }
        let fronts = self.fronts;
        let front = &fronts[depth];
        if let Some(places) = front.line {
            self.on_line(depth, (need, cost, changes), places);
            return;
        }
        // The most promising first; so that there is soon something to beat.
        let mut children: Vec<(f64, Option<usize>)> = Vec::new();
        if let Some(least) = self.bound(depth + 1, need, changes) {
            children.push((cost + least, None));
        }
        let ways = if changes > 0 { front.ways.len() } else { 0 };
        for way in 0..ways {
            let (place, own) = front.ways[way];
            if self.is_beaten(cost + own.cost) {
                break;
            }
            let gain = self.gain(depth, way);
            self.done[front.input] = Done::Chosen(place);
            let before = self.move_hulls(depth);
            if let Some(least) = self.bound(depth + 1, need - gain, changes - 1) {
                children.push((cost + own.cost + least, Some(way)));
            }
            self.moved.truncate(before);
            self.done[front.input] = Done::Kept;
            // A dearer way of an input by itself cannot be needed.
            if need - gain <= TOLERANCE && !front.is_shared {
                break;
            }
        }
        children.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (least, way) in children {
            if self.is_beaten(least) {
                break;
            }
            let Some(way) = way else {
                self.go(depth + 1, need, cost, changes);
                continue;
            };
            let (place, own) = front.ways[way];
            let gain = self.gain(depth, way);
            self.done[front.input] = Done::Chosen(place);
            let before = self.move_hulls(depth);
            self.go(depth + 1, need - gain, cost + own.cost, changes - 1);
            self.moved.truncate(before);
            self.done[front.input] = Done::Kept;
        }
    }

    /// An input that moves along a line is opened or not; how far it goes is told at the end.
    fn on_line(
        &mut self,
        depth: usize,
        (need, cost, changes): (f64, f64, usize),
        places: super::front::Places,
    ) {
        let fronts = self.fronts;
        let front = &fronts[depth];
        if changes > 0
            && let Some(piece) = front.hull.first().copied()
        {
            let line = Open {
                input: front.input,
                piece,
                places,
            };
            let place = self
                .open
                .partition_point(|other| other.piece.rate() >= piece.rate());
            self.open.insert(place, line);
            let least = self.bound(depth + 1, need, changes - 1);
            if least.is_some_and(|least| !self.is_beaten(cost + least)) {
                self.go(depth + 1, need, cost, changes - 1);
            }
            self.open.remove(place);
        }
        let least = self.bound(depth + 1, need, changes);
        if least.is_some_and(|least| !self.is_beaten(cost + least)) {
            self.go(depth + 1, need, cost, changes);
        }
    }

    /// Takes what is still needed from the open lines.
    fn keep(&mut self, need: f64, cost: f64) {
        let below = self.best.as_ref().map_or(f64::INFINITY, |(best, _)| *best) - cost;
        let mut steps = self.steps;
        let filled = fill(&self.open, need, below, &mut steps);
        self.is_cut |= steps == 0;
        self.steps = steps;
        if let Some((more, shares)) = filled {
            let mut done = self.done.clone();
            for (input, share) in shares {
                done[input] = Done::Along(share);
            }
            self.best = Some((cost + more, done));
        }
    }
}

/// The cheapest changes of at most `most_changes` inputs that together gain `need`.
///
/// Ways that cost nothing, or are no numbers, are not taken. Exact but for rounding, unless the search had to stop; equally cheap
/// changes give the first that is found, which is always the same.
///
/// # Source
/// Exact recourse by integer programming: B. Ustun, A. Spangher, Y. Liu, *Actionable recourse in linear classification*, FAT* (2019),
/// doi 10.1145/3287560.3287566. The bound is that of the multiple-choice knapsack: P. Sinha and A. Zoltners, *Operations Research* 27
/// (1979), doi 10.1287/opre.27.3.503.
pub fn smallest(inputs: &[Ways], together: &[Together], need: f64, limits: Limits) -> Found {
    if need.is_nan() {
        return Found {
            smallest: None,
            is_exact: true,
        };
    }
    let is_shared = |input: usize| together.iter().any(|pair| pair.inputs.contains(&input));
    let mut fronts: Vec<Front> = inputs
        .iter()
        .enumerate()
        .filter_map(|(input, ways)| Front::new(input, ways, is_shared(input)))
        .collect();
    let first = |front: &Front| front.hull.first().map_or(0.0, |piece| piece.rate());
    // Those that matter together first, so that the rest is a sum.
    fronts.sort_by(|a, b| {
        let by_rate = first(b).total_cmp(&first(a));
        b.is_shared
            .cmp(&a.is_shared)
            .then(by_rate)
            .then(a.input.cmp(&b.input))
    });
    let depth_of = |input: usize| fronts.iter().position(|front| front.input == input);
    let links: Vec<Vec<Link<'_>>> = fronts
        .iter()
        .map(|front| {
            let of = |pair: &Together| pair.inputs.iter().position(|input| *input == front.input);
            let linked = together.iter().filter_map(|pair| {
                let side = of(pair)?;
                Some(Link {
                    table: &pair.gains,
                    is_first: side == 0,
                    other: depth_of(pair.inputs[1 - side])?,
                })
            });
            linked.collect()
        })
        .collect();
    // With what each may gain with those that come later.
    let later: Vec<Vec<f64>> = fronts
        .iter()
        .enumerate()
        .map(|(depth, front)| {
            let each = 0..front.ways.len();
            each.map(|way| later(&fronts, &links[depth], depth, way))
                .collect()
        })
        .collect();
    for (front, later) in fronts.iter_mut().zip(&later) {
        let gains = front.ways.iter().zip(later);
        let gains: Vec<f64> = gains.map(|((_, way), later)| way.gain + later).collect();
        (front.hull, front.most_gain) = front.with_gains(gains.into_iter());
    }
    let mut gains: Vec<(usize, f64)> = fronts
        .iter()
        .enumerate()
        .map(|(depth, front)| (depth, front.most_gain))
        .collect();
    gains.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let by_depth = fronts.iter().enumerate();
    let mut pieces: Vec<(usize, Piece)> = by_depth
        .flat_map(|(depth, front)| front.hull.iter().map(move |piece| (depth, *piece)))
        .collect();
    pieces.sort_by(|(_, a), (_, b)| b.rate().total_cmp(&a.rate()));
    let mut search = Search {
        fronts: &fronts,
        links: &links,
        later: &later,
        gains: &gains,
        pieces: &pieces,
        best: None,
        done: vec![Done::Kept; inputs.len()],
        open: Vec::new(),
        moved: Vec::new(),
        steps: limits.most_steps,
        is_cut: false,
    };
    if search.bound(0, need, limits.most_changes).is_some() {
        search.go(0, need, 0.0, limits.most_changes);
    }
    Found {
        is_exact: !search.is_cut,
        smallest: search.best.map(|(cost, done)| Smallest { done, cost }),
    }
}

#[cfg(test)]
mod tests;
