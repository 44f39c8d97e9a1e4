//! The best way to put neighbouring cells together.

use crate::{BinSettings, Trend};

/// Rows and events of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) rows: u64,
    pub(crate) events: u64,
}

/// A better sum of information is only one that is better by more than rounding.
const MARGIN: f64 = 1e-12;

/// Sums up to each cell, and what a bin must hold.
struct Sums {
    up_to: Vec<Cell>,
    least_rows: u64,
    least_of_each: u64,
    events: f64,
    others: f64,
}

impl Sums {
    fn of(&self, from: usize, to: usize) -> Cell {
        Cell {
            rows: self.up_to[to].rows - self.up_to[from].rows,
            events: self.up_to[to].events - self.up_to[from].events,
        }
    }

    /// Information value of a bin; `None` when it holds too little.
    fn value(&self, from: usize, to: usize) -> Option<f64> {
        let cell = self.of(from, to);
        let others = cell.rows - cell.events;
        if cell.rows < self.least_rows || cell.events.min(others) < self.least_of_each {
            return None;
        }
        let (a, b) = (
            cell.events as f64 / self.events,
            others as f64 / self.others,
        );
        Some((a - b) * (a / b).ln())
    }
}

/// Whether the share of events in the second bin is at least (or at most) that of the first. Compared as products: exact.
fn follows(first: Cell, second: Cell, ascending: bool) -> bool {
    let (a, b) = (
        u128::from(first.events) * u128::from(second.rows),
        u128::from(second.events) * u128::from(first.rows),
    );
    if ascending { a <= b } else { a >= b }
}

/// Cuts the cells, in their order, into the bins whose information value is greatest: the places of the cuts. By dynamic programming over
/// the last bin, so nothing better exists; of equally good ways that with fewer bins. Without any allowed way: no cut.
///
/// * `all` – rows and events of the column, missing values included
///
/// # Source
/// The problem, solved there by constraint programming: G. Navas-Palencia, *Optimal binning: mathematical programming formulation*,
/// arXiv 2001.08025 (2020). Compared with optbinning 1.0.0 on German credit.
pub(crate) fn cuts(cells: &[Cell], all: Cell, settings: &BinSettings) -> Vec<usize> {
    let mut up_to = vec![Cell::default()];
    for cell in cells {
        let last = up_to[up_to.len() - 1];
        up_to.push(Cell {
            rows: last.rows + cell.rows,
            events: last.events + cell.events,
        });
    }
    let rows = up_to[cells.len()].rows as f64;
    let sums = Sums {
        up_to,
        least_rows: (rows * settings.min_share).ceil().max(1.0) as u64,
        least_of_each: settings.min_of_each,
        events: all.events as f64,
        others: (all.rows - all.events) as f64,
    };
    let n = cells.len();
    let ways = match settings.trend {
        Trend::Ascending => vec![best(&sums, n, settings.max_bins, Some(true))],
        Trend::Descending => vec![best(&sums, n, settings.max_bins, Some(false))],
        Trend::Monotone => vec![
            best(&sums, n, settings.max_bins, Some(true)),
            best(&sums, n, settings.max_bins, Some(false)),
        ],
        Trend::Free => vec![best(&sums, n, settings.max_bins, None)],
    };
    let mut found: Option<Way> = None;
    for way in ways.into_iter().flatten() {
        if found
            .as_ref()
            .is_none_or(|best| way.value > best.value + MARGIN)
        {
            found = Some(way);
        }
    }
    found.map_or_else(Vec::new, |way| way.cuts)
}

struct Way {
    value: f64,
    cuts: Vec<usize>,
}

/// The best way for cells up to a place with a last bin that begins at a place: its value, and where the bin before it begins.
#[derive(Clone, Copy)]
struct State {
    value: f64,
    before: usize,
}

/// States by the end and the beginning of the last bin; one table per number of bins.
type States = Vec<Vec<Option<State>>>;

fn best(sums: &Sums, n: usize, max_bins: usize, ascending: Option<bool>) -> Option<Way> {
    let empty = || -> States { (0..=n).map(|end| vec![None; end]).collect() };
    let mut tables: Vec<States> = Vec::new();
    let mut first = empty();
    for (end, states) in first.iter_mut().enumerate().skip(1) {
        states[0] = sums.value(0, end).map(|value| State { value, before: 0 });
    }
    tables.push(first);
    while tables.len() < max_bins.min(n) {
        let last = &tables[tables.len() - 1];
        let mut next = empty();
        for (end, states) in next.iter_mut().enumerate() {
            for start in 1..end {
                let Some(value) = sums.value(start, end) else {
                    continue;
                };
                let bin = sums.of(start, end);
                let ways = last[start]
                    .iter()
                    .enumerate()
                    .filter_map(|(before, state)| {
                        let fits =
                            ascending.is_none_or(|up| follows(sums.of(before, start), bin, up));
                        let state = state.filter(|_| fits)?;
                        Some(State {
                            value: state.value + value,
                            before,
                        })
                    });
                // The first of equals, so that nothing hangs on chance.
                states[start] = ways.reduce(|a, b| if b.value > a.value { b } else { a });
            }
        }
        tables.push(next);
    }
    let mut found: Option<(usize, usize, f64)> = None;
    for (k, table) in tables.iter().enumerate() {
        let ends = table.get(n).into_iter().flatten().enumerate();
        for (start, state) in ends.filter_map(|(start, state)| Some((start, (*state)?))) {
            if found.is_none_or(|(.., value)| state.value > value + MARGIN) {
                found = Some((k, start, state.value));
            }
        }
    }
    let (mut k, mut start, value) = found?;
    let (mut cuts, mut end) = (Vec::new(), n);
    while k > 0 {
        cuts.push(start);
        let before = tables[k][end][start].map_or(0, |state| state.before);
        (k, end, start) = (k - 1, start, before);
    }
    cuts.reverse();
    Some(Way { value, cuts })
}

#[cfg(test)]
mod tests {
    use rand::{Rng as _, SeedableRng as _};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    fn value(cells: &[Cell], all: Cell, cuts: &[usize], settings: &BinSettings) -> Option<f64> {
        let mut edges = vec![0];
        edges.extend(cuts);
        edges.push(cells.len());
        let rows: u64 = cells.iter().map(|cell| cell.rows).sum();
        let least = (rows as f64 * settings.min_share).ceil() as u64;
        let (mut total, mut rates) = (0.0, Vec::new());
        for bin in edges.windows(2) {
            let of = |f: fn(&Cell) -> u64| cells[bin[0]..bin[1]].iter().map(f).sum::<u64>();
            let (rows, events) = (of(|cell| cell.rows), of(|cell| cell.events));
            let others = rows - events;
            if rows < least || events.min(others) < settings.min_of_each {
                return None;
            }
            let a = events as f64 / all.events as f64;
            let b = others as f64 / (all.rows - all.events) as f64;
            total += (a - b) * (a / b).ln();
            rates.push(events as f64 / rows as f64);
        }
        let up = rates.windows(2).all(|pair| pair[0] <= pair[1]);
        let down = rates.windows(2).all(|pair| pair[0] >= pair[1]);
        let fits = match settings.trend {
            Trend::Ascending => up,
            Trend::Descending => down,
            Trend::Monotone => up || down,
            Trend::Free => true,
        };
        fits.then_some(total)
    }

    #[test]
    fn no_way_to_cut_is_better() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
        for turn in 0..400 {
            let n = rng.gen_range(1..=9);
            let cells: Vec<Cell> = (0..n)
                .map(|_| {
                    let rows = rng.gen_range(0..40);
                    let events = rng.gen_range(0..=rows);
                    Cell { rows, events }
                })
                .collect();
            let mut all = Cell { rows: 7, events: 3 };
            for cell in &cells {
                all.rows += cell.rows;
                all.events += cell.events;
            }
            let trends = [
                Trend::Ascending,
                Trend::Descending,
                Trend::Monotone,
                Trend::Free,
            ];
            let settings = BinSettings {
                max_bins: rng.gen_range(1..=5),
                min_share: 0.1,
                min_of_each: 2,
                trend: trends[turn % 4],
                ..BinSettings::default()
            };
            let found = cuts(&cells, all, &settings);
            let mut best: Option<f64> = None;
            for mask in 0_u32..1 << (n - 1) {
                if mask.count_ones() as usize >= settings.max_bins {
                    continue;
                }
                let way: Vec<usize> = (1..n).filter(|i| mask >> (i - 1) & 1 == 1).collect();
                let worth = value(&cells, all, &way, &settings);
                best = match (best, worth) {
                    (Some(a), Some(b)) => Some(a.max(b)),
                    (a, b) => a.or(b),
                };
            }
            match best {
                None => assert!(found.is_empty()),
                Some(best) => {
                    let worth = value(&cells, all, &found, &settings).unwrap();
                    assert!((worth - best).abs() < 1e-9, "{worth} {best}");
                }
            }
        }
    }
}
