//! The ways of one input that are worth a look, and the bound that mixing them gives.

use super::smallest::{TOLERANCE, Way, Ways};

/// A piece of a concave hull.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) cost: f64,
    pub(super) gain: f64,
}

impl Piece {
    pub(super) fn rate(self) -> f64 {
        self.gain / self.cost
    }
}

/// Places on a line: the shares `first`, `first + step`, … below 1, and 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    first: f64,
    step: f64,
}

impl Places {
    pub(super) const fn new(first: f64, step: f64) -> Self {
        Self { first, step }
    }

    /// The least share from `wanted` on, and at most 1.
    pub(super) fn at_least(self, wanted: f64) -> f64 {
        if wanted <= self.first {
            return self.first.min(1.0);
        }
        if self.step <= 0.0 {
            return wanted.min(1.0);
        }
        let steps = ((wanted - self.first) / self.step - 1e-9).ceil();
        steps.mul_add(self.step, self.first).min(1.0)
    }

    /// The next share below `share`; `None` below the first.
    pub(super) fn below(self, share: f64) -> Option<f64> {
        if self.step <= 0.0 || share <= self.first {
            return None;
        }
        let steps = ((share - self.first) / self.step - 1e-9).ceil() - 1.0;
        (steps >= 0.0).then(|| steps.mul_add(self.step, self.first))
    }
}

/// The ways of an input, by cost, with their places; and their hull.
pub(super) struct Front {
    pub(super) input: usize,
    pub(super) ways: Vec<(usize, Way)>,
    /// Where the input moves along a line: its places.
    pub(super) line: Option<Places>,
    pub(super) hull: Vec<Piece>,
    pub(super) most_gain: f64,
    /// Whether what it gains depends on other inputs.
    pub(super) is_shared: bool,
}

impl Front {
    /// `None` where nothing of the input can help.
    pub(super) fn new(input: usize, ways: &Ways, is_shared: bool) -> Option<Self> {
        let (mut ways, line): (Vec<(usize, Way)>, _) = match ways {
            Ways::Some(all) => (all.iter().copied().enumerate().collect(), None),
            Ways::Line { end, first, step } => (vec![(0, *end)], Some(Places::new(*first, *step))),
        };
        let is_number = |way: &Way| way.cost.is_finite() && way.gain.is_finite();
        ways.retain(|(_, way)| is_number(way) && way.cost > 0.0);
        ways.sort_by(|(_, a), (_, b)| a.cost.total_cmp(&b.cost).then(b.gain.total_cmp(&a.gain)));
        if !is_shared {
            let mut most = 0.0;
            ways.retain(|(_, way)| {
                let is_better = way.gain > most;
                most = f64::max(most, way.gain);
                is_better
            });
        }
        let (hull, most_gain) = hull(ways.iter().map(|(_, way)| *way));
        (!ways.is_empty()).then_some(Self {
            input,
            ways,
            line,
            hull,
            most_gain,
            is_shared,
        })
    }

    /// Looks at other gains, one per way.
    pub(super) fn with_gains(&self, gains: impl Iterator<Item = f64>) -> (Vec<Piece>, f64) {
        hull(self.ways.iter().zip(gains).map(|((_, way), gain)| Way {
            gain,
            cost: way.cost,
        }))
    }
}

/// Pieces of the concave hull of the origin and these points, which ascend in cost; and the greatest gain.
fn hull(points: impl Iterator<Item = Way>) -> (Vec<Piece>, f64) {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut at = Way {
        cost: 0.0,
        gain: 0.0,
    };
    for point in points {
        if point.gain <= at.gain {
            continue;
        }
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
    (pieces, at.gain)
}

/// Least cost to gain `need` from pieces in descending order of gain per cost; `None` when all together do not.
pub(super) fn relaxed<'a>(pieces: impl Iterator<Item = &'a Piece>, mut need: f64) -> Option<f64> {
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

/// A line that may be used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) input: usize,
    pub(super) piece: Piece,
    pub(super) places: Places,
}

/// The cheapest shares of lines, which stand in descending order of gain per cost, that together gain `need` for less than
/// `below`. `steps` is what may still be looked at.
pub(super) fn fill(
    lines: &[Open],
    need: f64,
    below: f64,
    steps: &mut usize,
) -> Option<(f64, Vec<(usize, f64)>)> {
    if need <= TOLERANCE {
        return (below > TOLERANCE).then_some((0.0, Vec::new()));
    }
    let (line, rest) = lines.split_first()?;
    let mut best: Option<(f64, Vec<(usize, f64)>)> = None;
    // No other gains more for its cost, so the more of this line the cheaper the rest, until the goal is reached. None of it at
    // all is looked at where the line is not open.
    let mut share = Some(line.places.at_least((need / line.piece.gain).min(1.0)));
    while let Some(taken) = share
        && *steps > 0
    {
        *steps -= 1;
        let cost = taken * line.piece.cost;
        let left = need - taken * line.piece.gain;
        let limit = best.as_ref().map_or(below, |(cost, _)| *cost);
        match relaxed(rest.iter().map(|line| &line.piece), left) {
            Some(least) if cost + least < limit - TOLERANCE => {
                if let Some((more, mut shares)) = fill(rest, left, limit - cost, steps) {
                    shares.push((line.input, taken));
                    best = Some((cost + more, shares));
                }
            }
            // Less of this line only costs more from here on.
            _ if left > TOLERANCE => break,
            _ => {}
        }
        share = line.places.below(taken);
    }
    best
}
