//! Spells in the order in which the risk sets grow: the latest end first.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is compiled without vector instructions"
)]

use std::ops::Range;

use super::streamed::Streamed;
use crate::{Design, Spells};

/// Rows from which sums over rows weigh more than what must be done once.
pub(crate) const MANY: usize = 131_072;
/// Rows per time from which products are summed per risk set: below, counting them at each time costs more than reading rows twice.
pub(super) const MANY_ROWS: usize = 16;
/// Values that are added at once.
pub(crate) const LANES: usize = 4;

/// Rows per stratum from the latest end to the first, with the chosen columns moved and scaled.
pub(crate) struct Ordered<'a> {
    /// Columns.
    pub(crate) p: usize,
    /// Place of each row among the spells.
    pub(crate) place: Vec<u32>,
    /// Moved and scaled columns, row by row, each row filled up to whole lanes with 0; empty where rows are read as they came.
    pub(crate) x: Vec<[f64; LANES]>,
    /// The rows as they came, where they are so many that putting them in order would take longer than reading them twice.
    pub(crate) streamed: Option<Streamed<'a>>,
    /// Lanes per row.
    pub(crate) width: usize,
    pub(crate) weight: Vec<f64>,
    pub(crate) offset: Option<Vec<f64>>,
    pub(crate) event: Vec<bool>,
    /// Rows of equal stratum and time.
    pub(crate) ties: Vec<Ties>,
    /// Per row, for delayed entry: ties at which the row is not at risk any more because they lie at or before its entry start here.
    pub(crate) entered: Option<Entries>,
    /// What is subtracted from each column, and what the difference is multiplied by.
    pub(crate) centre: Vec<f64>,
    pub(crate) scale: Vec<f64>,
}

/// Rows of one stratum that end at one time.
#[derive(Clone, Debug)]
pub(crate) struct Ties {
    pub(crate) stratum: u32,
    pub(crate) time: f64,
    pub(crate) first: usize,
    pub(crate) end: usize,
    /// The rows that end with the event come first, up to here.
    pub(crate) events_end: usize,
    /// Events among them, and their weight.
    pub(crate) n_events: usize,
    pub(crate) events_weight: f64,
    /// First tie of a stratum: the risk set is empty before it.
    pub(crate) is_first: bool,
}

/// Rows that come late.
pub(crate) struct Entries {
    /// Rows by stratum and falling entry, per tie: rows `order[from..until]` leave the risk set when the tie is reached.
    pub(crate) order: Vec<u32>,
    pub(crate) until: Vec<usize>,
    /// Per row, the tie of the same stratum that lies nearest at or before its entry, counted over all ties; `ties.len()` for none.
    pub(crate) before: Vec<u32>,
}

impl<'a> Ordered<'a> {
    /// With the columns in order.
    pub(crate) fn new(spells: &Spells, design: &Design, columns: &[usize]) -> Self {
        let mut rows = Self::without_columns(spells, design, columns.len());
        (rows.centre, rows.scale) = standardisation(spells, design, columns);
        rows.x = in_rows(design, columns, &rows.place, &rows.centre, &rows.scale);
        rows
    }

    /// For the passes of a fit alone: the columns stay where they are when there are many rows, and many per time.
    pub(crate) fn for_passes(spells: &'a Spells, design: &'a Design, columns: &[usize]) -> Self {
        let n = spells.len();
        if columns.is_empty() || spells.entry.is_some() || n < MANY {
            return Self::new(spells, design, columns);
        }
        let mut rows = Self::without_columns(spells, design, columns.len());
        if n < MANY_ROWS * rows.ties.len() {
            (rows.centre, rows.scale) = standardisation(spells, design, columns);
            rows.x = in_rows(design, columns, &rows.place, &rows.centre, &rows.scale);
        } else {
            let streamed = Streamed::new(spells, design, columns, &mut rows);
            rows.streamed = Some(streamed);
        }
        rows
    }

    fn without_columns(spells: &Spells, design: &Design, p: usize) -> Self {
        let n = spells.len();
        let stratum = |i: usize| design.strata.as_ref().map_or(0, |strata| strata[i]);
        let place = in_order(spells, design.strata.as_deref());
        let pick = |of: &dyn Fn(usize) -> f64| place.iter().map(|&i| of(i as usize)).collect();
        let mut ordered = Self {
            p,
            weight: match &spells.weight {
                None => vec![1.0; n],
                Some(weight) => pick(&|i| weight[i]),
            },
            offset: design.offset.as_ref().map(|offset| pick(&|i| offset[i])),
            event: place.iter().map(|&i| spells.is_event(i as usize)).collect(),
            ties: Vec::new(),
            entered: None,
            centre: Vec::new(),
            scale: Vec::new(),
            x: Vec::new(),
            streamed: None,
            width: p.div_ceil(LANES),
            place,
        };
        ordered.ties = ordered.tied(|row| {
            let i = ordered.place[row] as usize;
            (spells.time[i], stratum(i))
        });
        if let Some(entry) = &spells.entry {
            ordered.entered = Some(ordered.entries(entry));
        }
        ordered
    }

    fn tied(&self, of: impl Fn(usize) -> (f64, u32)) -> Vec<Ties> {
        let mut ties: Vec<Ties> = Vec::new();
        for row in 0..self.place.len() {
            let (time, stratum) = of(row);
            let last = ties.last();
            let is_first = last.is_none_or(|last| last.stratum != stratum);
            if is_first || last.is_some_and(|last| last.time > time) {
                ties.push(Ties {
                    stratum,
                    time,
                    first: row,
                    end: row,
                    events_end: row,
                    n_events: 0,
                    events_weight: 0.0,
                    is_first,
                });
            }
            if let Some(last) = ties.last_mut() {
                last.end = row + 1;
                if self.event[row] {
                    last.events_end = row + 1;
                    if self.weight[row] > 0.0 {
                        last.n_events += 1;
                        last.events_weight += self.weight[row];
                    }
                }
            }
        }
        ties
    }

    /// Every so many-th row, all at risk from the beginning.
    pub(crate) fn every(&self, step: usize) -> Self {
        let rows: Vec<usize> = (0..self.place.len()).step_by(step).collect();
        let tie_of = |row: usize| &self.ties[self.ties.partition_point(|tie| tie.end <= row)];
        let mut part = Self {
            p: self.p,
            place: rows.iter().map(|&row| self.place[row]).collect(),
            x: match &self.streamed {
                None => rows
                    .iter()
                    .flat_map(|&row| &self.x[row * self.width..][..self.width])
                    .copied()
                    .collect(),
                Some(streamed) => {
                    let places = rows.iter().map(|&row| self.place[row] as usize);
                    places
                        .flat_map(|place| streamed.lanes(self, place))
                        .collect()
                }
            },
            streamed: None,
            width: self.width,
            weight: rows.iter().map(|&row| self.weight[row]).collect(),
            offset: self
                .offset
                .as_ref()
                .map(|offset| rows.iter().map(|&row| offset[row]).collect()),
            event: rows.iter().map(|&row| self.event[row]).collect(),
            ties: Vec::new(),
            entered: None,
            centre: self.centre.clone(),
            scale: self.scale.clone(),
        };
        part.ties = part.tied(|row| {
            let tie = tie_of(rows[row]);
            (tie.time, tie.stratum)
        });
        part
    }

    fn entries(&self, entry: &[f64]) -> Entries {
        let of = |row: usize| entry[self.place[row] as usize];
        let mut order: Vec<u32> = (0..self.place.len() as u32).collect();
        let mut strata: Vec<usize> = (0..self.ties.len())
            .filter(|&t| self.ties[t].is_first)
            .collect();
        strata.push(self.ties.len());
        let mut until = Vec::with_capacity(self.ties.len());
        let mut before = vec![self.ties.len() as u32; order.len()];
        for ends in strata.windows(2) {
            let ties = &self.ties[ends[0]..ends[1]];
            let (first, end) = (ties[0].first, ties[ties.len() - 1].end);
            order[first..end].sort_unstable_by(|&a, &b| of(b as usize).total_cmp(&of(a as usize)));
            let mut left = first;
            for tie in ties {
                while left < end && of(order[left] as usize) >= tie.time {
                    left += 1;
                }
                until.push(left);
            }
            for (row, before) in (first..end).zip(&mut before[first..end]) {
                let at = ties.partition_point(|tie| tie.time > of(row));
                if at < ties.len() {
                    *before = (ends[0] + at) as u32;
                }
            }
        }
        Entries {
            order,
            until,
            before,
        }
    }

    pub(crate) fn lanes(&self, row: usize) -> &[[f64; LANES]] {
        &self.x[row * self.width..][..self.width]
    }

    pub(crate) fn row(&self, row: usize) -> &[f64] {
        &self.lanes(row).as_flattened()[..self.p]
    }

    /// Coefficients of the moved and scaled columns, as those of the columns.
    pub(crate) fn unscaled(&self, gamma: &[f64]) -> Vec<f64> {
        gamma
            .iter()
            .zip(&self.scale)
            .map(|(gamma, scale)| gamma * scale)
            .collect()
    }
}

/// The columns, moved and scaled, row by row in the order of `place`, each row filled up to whole lanes.
///
/// Columns are read in their own order and rows are written whole, a block of rows at a time: the other way round every value is a miss of
/// the cache.
fn in_rows(
    design: &Design,
    columns: &[usize],
    place: &[u32],
    centre: &[f64],
    scale: &[f64],
) -> Vec<[f64; LANES]> {
    const ROWS: usize = 64;
    let width = columns.len().div_ceil(LANES);
    let mut x = vec![[0.0; LANES]; place.len() * width];
    let mut row_of = vec![0_u32; place.len()];
    for (row, &i) in place.iter().enumerate() {
        row_of[i as usize] = row as u32;
    }
    let mut block = vec![[0.0; LANES]; ROWS * width];
    let columns: Vec<&[f64]> = columns.iter().map(|&c| &design.columns[c][..]).collect();
    for (b, rows) in row_of.chunks(ROWS).enumerate() {
        standardised_rows(
            &mut block,
            &columns,
            b * ROWS..b * ROWS + rows.len(),
            (centre, scale),
        );
        for (&row, from) in rows.iter().zip(block.chunks_exact(width.max(1))) {
            x[row as usize * width..][..width].copy_from_slice(from);
        }
    }
    x
}

/// Writes rows of the columns, moved and scaled, one after the other.
#[inline(always)]
pub(super) fn standardised_rows(
    to: &mut [[f64; LANES]],
    columns: &[&[f64]],
    rows: Range<usize>,
    (centre, scale): (&[f64], &[f64]),
) {
    let width = columns.len().div_ceil(LANES);
    let groups = columns
        .chunks(LANES)
        .zip(centre.chunks(LANES).zip(scale.chunks(LANES)));
    for (g, (columns, (centre, scale))) in groups.enumerate() {
        if let ([a, b, c, d], [ca, cb, cc, cd], [sa, sb, sc, sd]) = (columns, centre, scale) {
            let [a, b, c, d] = [a, b, c, d].map(|column| &column[rows.clone()]);
            let to = to.chunks_exact_mut(width);
            for ((((to, a), b), c), d) in to.zip(a).zip(b).zip(c).zip(d) {
                to[g] = [(a - ca) * sa, (b - cb) * sb, (c - cc) * sc, (d - cd) * sd];
            }
        } else {
            for (to, row) in to.chunks_exact_mut(width).zip(rows.clone()) {
                for (k, column) in columns.iter().enumerate() {
                    to[g][k] = (column[row] - centre[k]) * scale[k];
                }
            }
        }
    }
}

/// Places by stratum, the latest end first, at one time the events before the others. Whole days are counted, not compared.
fn in_order(spells: &Spells, strata: Option<&[u32]>) -> Vec<u32> {
    const MOST: f64 = 4_194_304.0;
    let n = spells.len();
    let most = spells.time.iter().copied().fold(0.0, f64::max);
    if strata.is_none() && most < MOST && spells.time.iter().all(|time| time.fract() == 0.0) {
        let slot =
            |i: usize| 2 * (most - spells.time[i]) as usize + usize::from(!spells.is_event(i));
        let mut next = vec![0_u32; 2 * most as usize + 3];
        for i in 0..n {
            next[slot(i) + 1] += 1;
        }
        for d in 1..next.len() {
            next[d] += next[d - 1];
        }
        let mut order = vec![0; n];
        for i in 0..n {
            let to = &mut next[slot(i)];
            order[*to as usize] = i as u32;
            *to += 1;
        }
        return order;
    }
    let mut order: Vec<u32> = (0..n as u32).collect();
    let stratum = |i: u32| strata.map_or(0, |strata| strata[i as usize]);
    order.sort_by(|&a, &b| {
        // Adding 0 makes −0 the 0 that it equals.
        let time = |i: u32| spells.time[i as usize] + 0.0;
        let by_time = || time(b).total_cmp(&time(a));
        let by_end = || {
            spells
                .is_event(b as usize)
                .cmp(&spells.is_event(a as usize))
        };
        stratum(a)
            .cmp(&stratum(b))
            .then_with(by_time)
            .then_with(by_end)
    });
    order
}

/// `Σ w f(x)` with as many running sums as lanes, so that an addition need not wait for the one before.
fn sum_of(values: &[f64], weight: Option<&[f64]>, f: impl Fn(f64) -> f64) -> f64 {
    let mut sums = [0.0; 2 * LANES];
    match weight {
        None => {
            for values in values.chunks(sums.len()) {
                for (sum, x) in sums.iter_mut().zip(values) {
                    *sum += f(*x);
                }
            }
        }
        Some(weight) => {
            for (values, weight) in values.chunks(sums.len()).zip(weight.chunks(sums.len())) {
                for ((sum, x), weight) in sums.iter_mut().zip(values).zip(weight) {
                    *sum += weight * f(*x);
                }
            }
        }
    }
    sums.iter().sum()
}

/// The power of two nearest to one over a standard deviation.
pub(super) fn scale_of(spread: f64) -> f64 {
    if spread > 0.0 && spread.is_finite() {
        (-spread.log2().round()).exp2()
    } else {
        1.0
    }
}

/// Mean and one over the standard deviation, so that units and far-off origins cost no digits. Scales are powers of two.
pub(crate) fn standardisation(
    spells: &Spells,
    design: &Design,
    columns: &[usize],
) -> (Vec<f64>, Vec<f64>) {
    let weight = spells.weight.as_deref();
    let total = weight.map_or(spells.len() as f64, |weight| {
        sum_of(weight, None, |weight| weight)
    });
    let share = 1.0 / total;
    let of = |&column: &usize| {
        let values = &design.columns[column];
        let mean = sum_of(values, weight, |x| share * x);
        let spread = (sum_of(values, weight, |x| (x - mean) * (x - mean)) / total).sqrt();
        (mean, scale_of(spread))
    };
    columns.iter().map(of).unzip()
}
