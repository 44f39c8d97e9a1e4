//! How the averaged models of a boosting differ, ready to be read off beside the scores.

use std::ops::AddAssign;

use crate::{Bags, Deviations, bags};

/// Bags that are added at once.
const LANES: usize = 16;
/// Whole numbers up to this are numbers of 32 bits to the last digit.
const EXACT: u32 = 1 << 24;

#[derive(Clone, Debug)]
pub(super) struct Bagged {
    count: usize,
    /// Standard errors of the score per root of the sum of squares.
    factor: f64,
    unit: f64,
    lanes: Lanes,
}

/// `LANES` bags of the intercept, then of every entry; then the next `LANES`.
#[derive(Clone, Debug)]
enum Lanes {
    /// No sum over the terms leaves 32 bits: what learners write.
    Whole(Vec<Lane<i32>>),
    /// Numbers of any size.
    Wide(Vec<Lane<f64>>),
}

/// One line of the cache where it is narrow.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Lane<T>([T; LANES]);

impl Bagged {
    /// `terms`: the deviations of all steps or cells of each term.
    pub(super) fn new(bags: &Bags, terms: &[Vec<&Deviations>]) -> Self {
        let largest = |of: &[&Deviations]| {
            let all = of.iter().flat_map(|one| one.0.iter());
            all.map(|value| value.unsigned_abs()).max().unwrap_or(0)
        };
        let each = [largest(&[&bags.intercept])]
            .into_iter()
            .chain(terms.iter().map(|term| largest(term)));
        let (mut is_exact, mut farthest) = (true, 0_u64);
        for one in each {
            is_exact &= one <= EXACT;
            farthest += u64::from(one);
        }
        let entries: Vec<&Deviations> = [&bags.intercept]
            .into_iter()
            .chain(terms.iter().flatten().copied())
            .collect();
        let lanes = if is_exact && i32::try_from(farthest).is_ok() {
            Lanes::Whole(lanes(&entries, bags.count(), |value| value))
        } else {
            Lanes::Wide(lanes(&entries, bags.count(), |value| {
                f64::from(value as f32)
            }))
        };
        Self {
            count: bags.count(),
            factor: bags.factor,
            unit: bags.unit,
            lanes,
        }
    }

    /// Standard error of the score that is made of these entries.
    pub(super) fn standard_error(&self, entries: &(impl Iterator<Item = usize> + Clone)) -> f64 {
        let squares = match &self.lanes {
            Lanes::Whole(lanes) => sum_of_squares(lanes, self.count, entries),
            Lanes::Wide(lanes) => sum_of_squares(lanes, self.count, entries),
        };
        self.unit * bags::spread(squares, self.count, self.factor)
    }
}

fn lanes<T: Copy + Default>(
    entries: &[&Deviations],
    bags: usize,
    of: impl Fn(i32) -> T,
) -> Vec<Lane<T>> {
    let lane = |entry: &Deviations, first: usize| {
        let mut lane = [T::default(); LANES];
        let here = entry.0.iter().skip(first);
        lane.iter_mut()
            .zip(here)
            .for_each(|(lane, value)| *lane = of(*value));
        Lane(lane)
    };
    (0..bags)
        .step_by(LANES)
        .flat_map(|first| entries.iter().map(move |entry| (entry, first)))
        .map(|(entry, first)| lane(entry, first))
        .collect()
}

/// Over the bags, of the sum of the intercept and the entries.
fn sum_of_squares<T>(
    lanes: &[Lane<T>],
    bags: usize,
    entries: &(impl Iterator<Item = usize> + Clone),
) -> f64
where
    T: Copy + AddAssign + Into<f64>,
{
    let blocks = bags.div_ceil(LANES).max(1);
    let mut squares = 0.0;
    for (block, lanes) in lanes.chunks_exact(lanes.len() / blocks).enumerate() {
        let [Lane(intercept), lanes @ ..] = lanes else {
            continue;
        };
        let mut sums = *intercept;
        for entry in entries.clone() {
            let Lane(here) = &lanes[entry];
            for (sum, deviation) in sums.iter_mut().zip(here) {
                *sum += *deviation;
            }
        }
        for sum in sums.iter().take(bags - block * LANES) {
            let sum: f64 = (*sum).into();
            squares += sum * sum;
        }
    }
    squares
}
