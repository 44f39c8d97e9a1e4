//! The best split of some rows by one column.

use crate::{
    Direction, Measure,
    coded::{Coded, MISSING, Meaning},
};

/// Rows counted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Count {
    /// Rows that choose.
    pub(crate) rows: usize,
    /// Events among them.
    pub(crate) events: usize,
    /// Rows that only estimate.
    pub(crate) kept: usize,
}

impl Count {
    pub(crate) const fn plus(self, other: Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            events: self.events + other.events,
            kept: self.kept + other.kept,
        }
    }

    pub(crate) const fn minus(self, other: Self) -> Self {
        Self {
            rows: self.rows - other.rows,
            events: self.events - other.events,
            kept: self.kept - other.kept,
        }
    }

    pub(crate) fn share(self) -> f64 {
        self.events as f64 / self.rows as f64
    }

    /// The larger its sum over leaves, the smaller the error of all rows: for the squared error the squared events per row, for the
    /// log loss the log likelihood.
    pub(crate) fn weight(self, measure: Measure) -> f64 {
        let (rows, events) = (self.rows as f64, self.events as f64);
        let part = |count: f64| {
            if count == 0.0 {
                0.0
            } else {
                count * (count / rows).ln()
            }
        };
        match measure {
            Measure::SquaredError => events.powi(2) / rows,
            Measure::LogLoss => part(events) + part(rows - events),
        }
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.rows == 0 && self.kept == 0
    }
}

/// Which codes go first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum First {
    /// Codes up to and with the first one; the second is the next that is there.
    UpTo(u32, u32),
    /// These codes, ascending.
    These(Vec<u32>),
    /// All that is known.
    Known,
}

/// A way to part rows in two.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parting {
    pub(crate) column: usize,
    pub(crate) first: First,
    /// Whether missing values go first.
    pub(crate) is_missing_first: bool,
    /// Whether levels that are rare, or were not there, go first. Of categories only.
    pub(crate) are_others_first: bool,
    pub(crate) gain: f64,
    pub(crate) counts: [Count; 2],
}

impl Parting {
    /// Lets the others go first.
    fn turn(&mut self, width: u32) {
        let is_second = |code: &u32| !self.is_first(*code);
        self.first = First::These((0..width).filter(is_second).collect());
        self.is_missing_first = !self.is_missing_first;
        self.are_others_first = !self.are_others_first;
        self.counts.swap(0, 1);
    }

    pub(crate) fn is_first(&self, code: u32) -> bool {
        match &self.first {
            _ if code == MISSING => self.is_missing_first,
            First::UpTo(last, _) => code <= *last,
            First::These(codes) => codes.binary_search(&code).is_ok(),
            First::Known => true,
        }
    }
}

/// What both sides must have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) measure: Measure,
    pub(crate) min_rows: usize,
    /// The same for rows that only estimate.
    pub(crate) min_kept: usize,
    /// Shares must lie within these, for answers to go the asked way.
    pub(crate) shares: [f64; 2],
}

impl Limits {
    fn allow(&self, sides: [Count; 2], direction: Option<Direction>) -> bool {
        let is_within = sides.iter().all(|side| {
            let fits = side.rows >= self.min_rows && side.kept >= self.min_kept;
            fits && (self.shares[0]..=self.shares[1]).contains(&side.share())
        });
        is_within
            && match direction {
                None => true,
                Some(Direction::Rising) => sides[0].share() <= sides[1].share(),
                Some(Direction::Falling) => sides[0].share() >= sides[1].share(),
            }
    }
}

/// Counts per code that is there, ascending, with those of missing values apart.
pub(crate) fn cells(
    column: &Coded,
    outcome: &[bool],
    rows: &[u32],
    kept: &[u32],
) -> (Vec<(u32, Count)>, Count) {
    let mut missing = Count::default();
    let width = column.width();
    let of_row = |row: &u32| {
        let count = Count {
            rows: 1,
            events: usize::from(outcome[*row as usize]),
            kept: 0,
        };
        (column.codes[*row as usize], count)
    };
    let of_kept = |row: &u32| {
        let count = Count {
            kept: 1,
            ..Count::default()
        };
        (column.codes[*row as usize], count)
    };
    let all = rows.iter().map(of_row).chain(kept.iter().map(of_kept));
    let mut cells: Vec<(u32, Count)> = Vec::new();
    if width <= 2 * (rows.len() + kept.len()) {
        let mut dense = vec![Count::default(); width];
        for (code, count) in all {
            let cell = dense.get_mut(code as usize).unwrap_or(&mut missing);
            *cell = cell.plus(count);
        }
        let there = (0..).zip(dense).filter(|(_, count)| !count.is_empty());
        cells.extend(there);
    } else {
        let mut sorted: Vec<(u32, Count)> = all.collect();
        sorted.sort_unstable_by_key(|(code, _)| *code);
        for (code, count) in sorted {
            match cells.last_mut() {
                _ if code == MISSING => missing = missing.plus(count),
                Some((last, cell)) if *last == code => *cell = cell.plus(count),
                _ => cells.push((code, count)),
            }
        }
    }
    (cells, missing)
}

/// The split that lowers the squared error most, the first of equals.
///
/// # Source
/// Breiman, Friedman, Olshen and Stone, *Classification and Regression Trees* (1984), sections 2.5 and, for levels ordered by
/// their share, 9.4 (after Fisher, Journal of the American Statistical Association 53, 1958).
pub(crate) fn best(
    place: usize,
    column: &Coded,
    outcome: &[bool],
    rows: &[u32],
    kept: &[u32],
    limits: &Limits,
) -> Option<Parting> {
    let (mut cells, missing) = cells(column, outcome, rows, kept);
    let is_ordered = matches!(column.meaning, Meaning::Numbers(_));
    let present = cells
        .iter()
        .fold(Count::default(), |sum, (_, count)| sum.plus(*count));
    let total = present.plus(missing);
    let mut best = Search {
        limits,
        total,
        weight: total.weight(limits.measure),
        direction: column.direction,
        gain: 0.0,
        found: None,
    };
    if is_ordered {
        let mut low = Count::default();
        for pair in cells.windows(2) {
            low = low.plus(pair[0].1);
            let cut = (pair[0].0, pair[1].0);
            for is_missing_first in [false, true] {
                // Where no missing value chooses, missing values go where most rows go.
                if missing.rows == 0 && is_missing_first != is_larger(low, present.minus(low)) {
                    continue;
                }
                let first = if is_missing_first {
                    low.plus(missing)
                } else {
                    low
                };
                best.consider(first, Found::Cut(cut, is_missing_first));
            }
        }
        if !missing.is_empty() {
            let direction = best.direction.take();
            best.consider(present, Found::Known);
            best.direction = direction;
        }
    } else {
        if !missing.is_empty() {
            cells.push((MISSING, missing));
        }
        // A level without rows that choose says nothing: it goes where most go.
        let (mut told, silent): (Vec<_>, Vec<_>) =
            cells.into_iter().partition(|(_, count)| count.rows > 0);
        told.sort_by(|(a, one), (b, other)| {
            let by_share = (one.events * other.rows).cmp(&(other.events * one.rows));
            by_share.then(a.cmp(b))
        });
        cells = told;
        let mut low = Count::default();
        let inner = cells.len().saturating_sub(1);
        for (last, (_, count)) in cells.iter().take(inner).enumerate() {
            low = low.plus(*count);
            let mut first = low;
            if is_larger(low, total.minus(low)) {
                first = silent.iter().fold(low, |sum, (_, count)| sum.plus(*count));
            }
            best.consider(first, Found::Levels(last));
        }
    }
    let (gain, first, found) = best.found.map(|(first, found)| (best.gain, first, found))?;
    let counts = [first, total.minus(first)];
    let most_first = is_larger(counts[0], counts[1]);
    let mut parting = Parting {
        column: place,
        first: First::Known,
        is_missing_first: most_first,
        are_others_first: most_first,
        gain,
        counts,
    };
    match found {
        Found::Cut((last, next), is_missing_first) => {
            parting.first = First::UpTo(last, next);
            parting.is_missing_first = is_missing_first;
        }
        Found::Known => parting.is_missing_first = false,
        Found::Levels(last) => levels(&mut parting, column, &cells, last),
    }
    Some(parting)
}

/// Says which levels go first: those that are there by their share, others where most rows go.
fn levels(parting: &mut Parting, column: &Coded, cells: &[(u32, Count)], last: usize) {
    let width = column.width() as u32;
    let side = |code: u32| {
        cells
            .iter()
            .position(|cell| cell.0 == code)
            .map(|at| at <= last)
    };
    let most_first = parting.are_others_first;
    let first = (0..width).filter(|code| side(*code).unwrap_or(most_first));
    parting.first = First::These(first.collect());
    parting.is_missing_first = side(MISSING).unwrap_or(most_first);
    parting.are_others_first = side(width - 1).unwrap_or(most_first);
    // The shorter list reads better, and a list without a level says nothing.
    let named = |parting: &Parting| match &parting.first {
        First::These(codes) => codes.iter().filter(|code| **code + 1 < width).count(),
        First::UpTo(..) | First::Known => 0,
    };
    let (n_first, n_levels) = (named(parting), width as usize - 1);
    let is_all = n_first == n_levels && parting.are_others_first;
    if !is_all && (n_first == 0 || (2 * n_first > n_levels && n_first < n_levels)) {
        parting.turn(width);
    }
    if named(parting) == n_levels && parting.are_others_first {
        parting.first = First::Known;
    }
}

/// Whether most of the rows that choose are here; the second side when there are as many, as in scikit-learn.
const fn is_larger(first: Count, second: Count) -> bool {
    first.rows > second.rows
}

/// Gains closer than this share are equal.
const EPSILON: f64 = 1e-12;

#[derive(Clone, Copy)]
enum Found {
    Cut((u32, u32), bool),
    Known,
    Levels(usize),
}

struct Search<'a> {
    limits: &'a Limits,
    total: Count,
    weight: f64,
    direction: Option<Direction>,
    gain: f64,
    found: Option<(Count, Found)>,
}

impl Search<'_> {
    fn consider(&mut self, first: Count, found: Found) {
        let second = self.total.minus(first);
        let measure = self.limits.measure;
        if first.rows == 0 || second.rows == 0 {
            return;
        }
        let gain = first.weight(measure) + second.weight(measure) - self.weight;
        let is_better = gain > self.gain + (1.0 + self.weight.abs()) * EPSILON;
        if is_better && self.limits.allow([first, second], self.direction) {
            self.gain = gain;
            self.found = Some((first, found));
        }
    }
}
