//! The step of a pair of columns: four quadrants around one cut in one column and one on each side of it in the other.

use super::{
    cut::{Sums, gain, step},
    random::Draws,
};

/// Sums of all cells up to a corner, for any rectangle in four look-ups.
#[derive(Default)]
pub(super) struct Corner {
    cells: Vec<Sums>,
    rows: usize,
    columns: usize,
}

/// Two cuts in the second column on either side of one in the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cross {
    /// Whether the one cut lies in the second column instead.
    is_turned: bool,
    one: usize,
    before: usize,
    after: usize,
}

impl Corner {
    /// Sums anew.
    ///
    /// * `sums` – cells row by row, `columns` per row
    pub(super) fn sum(&mut self, sums: &[Sums], columns: usize) {
        let rows = sums.len() / columns;
        (self.rows, self.columns) = (rows, columns);
        let width = columns + 1;
        self.cells.clear();
        self.cells.resize((rows + 1) * width, [0.0; 2]);
        for row in 0..rows {
            let mut along = [0.0; 2];
            for column in 0..columns {
                let here = sums[row * columns + column];
                along = [along[0] + here[0], along[1] + here[1]];
                let above = self.cells[row * width + column + 1];
                self.cells[(row + 1) * width + column + 1] =
                    [above[0] + along[0], above[1] + along[1]];
            }
        }
    }

    fn at(&self, row: usize, column: usize) -> Sums {
        self.cells[row * (self.columns + 1) + column]
    }

    /// Sums of a rectangle, ends not included; `is_turned` swaps what is a row.
    fn of(&self, is_turned: bool, along: [usize; 2], across: [usize; 2]) -> Sums {
        let ([r0, r1], [c0, c1]) = if is_turned {
            (across, along)
        } else {
            (along, across)
        };
        let (a, b, c, d) = (
            self.at(r1, c1),
            self.at(r0, c1),
            self.at(r1, c0),
            self.at(r0, c0),
        );
        [a[0] - b[0] - c[0] + d[0], a[1] - b[1] - c[1] + d[1]]
    }

    fn sizes(&self, is_turned: bool) -> (usize, usize) {
        if is_turned {
            (self.columns, self.rows)
        } else {
            (self.rows, self.columns)
        }
    }

    /// The cross that lowers the loss most, and how much more than no cut does. `None` where there is nothing to cut.
    pub(super) fn best(&self, min_curvature: f64) -> Option<(Cross, f64)> {
        let whole = gain(self.at(self.rows, self.columns));
        let mut best: Option<(Cross, f64)> = None;
        for is_turned in [false, true] {
            let (long, wide) = self.sizes(is_turned);
            if wide < 2 {
                continue;
            }
            for one in 1..long {
                let before = self.best_side(is_turned, [0, one], wide, min_curvature);
                let after = self.best_side(is_turned, [one, long], wide, min_curvature);
                let (Some((before, low)), Some((after, high))) = (before, after) else {
                    continue;
                };
                let more = low + high - whole;
                if best.is_none_or(|(_, most)| more > most) {
                    let cross = Cross {
                        is_turned,
                        one,
                        before,
                        after,
                    };
                    best = Some((cross, more));
                }
            }
        }
        best
    }

    fn best_side(
        &self,
        is_turned: bool,
        along: [usize; 2],
        wide: usize,
        min_curvature: f64,
    ) -> Option<(usize, f64)> {
        let whole = self.of(is_turned, along, [0, wide]);
        let mut best: Option<(usize, f64)> = None;
        for place in 1..wide {
            let low = self.of(is_turned, along, [0, place]);
            let high = [whole[0] - low[0], whole[1] - low[1]];
            if low[1] < min_curvature || high[1] < min_curvature {
                continue;
            }
            let sum = low[0] * low[0] / low[1] + high[0] * high[0] / high[1];
            if best.is_none_or(|(_, most)| sum > most) {
                best = Some((place, sum));
            }
        }
        best
    }

    /// A cross at drawn places.
    pub(super) fn drawn(&self, draws: &mut Draws) -> Option<Cross> {
        let is_turned = draws.below(2) == 1;
        let (long, wide) = self.sizes(is_turned);
        if long < 2 || wide < 2 {
            return None;
        }
        Some(Cross {
            is_turned,
            one: 1 + draws.below(long - 1),
            before: 1 + draws.below(wide - 1),
            after: 1 + draws.below(wide - 1),
        })
    }

    /// Newton steps of all cells.
    pub(super) fn steps(&self, cross: Cross, min_curvature: f64, steps: &mut [f32]) {
        let (long, wide) = self.sizes(cross.is_turned);
        for (along, cut) in [
            ([0, cross.one], cross.before),
            ([cross.one, long], cross.after),
        ] {
            for across in [[0, cut], [cut, wide]] {
                let sums = self.of(cross.is_turned, along, across);
                let size = if sums[1] < min_curvature {
                    0.0
                } else {
                    step(sums) as f32
                };
                for i in along[0]..along[1] {
                    for j in across[0]..across[1] {
                        let (row, column) = if cross.is_turned { (j, i) } else { (i, j) };
                        steps[row * self.columns + column] = size;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exclusive_or_is_found_and_a_sum_gains_no_more_than_its_parts() {
        // Gradient -1 on the diagonal quadrants of a table of 4 by 4, +1 on the others.
        let sums: Vec<Sums> = (0..16)
            .map(|cell| {
                let (row, column) = (cell / 4, cell % 4);
                [if (row < 2) == (column < 2) { -1.0 } else { 1.0 }, 1.0]
            })
            .collect();
        let mut corner = Corner::default();
        corner.sum(&sums, 4);
        let (cross, more) = corner.best(0.5).unwrap();
        assert!((more - 16.0).abs() < 1e-12);
        let mut steps = vec![0.0; 16];
        corner.steps(cross, 0.5, &mut steps);
        for (cell, step) in steps.iter().enumerate() {
            assert!((f64::from(*step) + sums[cell][0]).abs() < 1e-6);
        }
    }
}
