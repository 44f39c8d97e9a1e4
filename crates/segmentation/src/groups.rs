//! Groups of mixed rows while they are searched for: sums and counts that follow every row that moves.

use crate::mixed::{Mixed, UNKNOWN, differs};

/// A division of the rows, with what each group needs to know.
#[derive(Clone)]
pub(crate) struct Groups<'a> {
    data: &'a Mixed,
    gamma: f64,
    labels: Vec<usize>,
    sizes: Vec<usize>,
    /// Per group and number: sum of what is known, and how many are known. Squares, for the cost.
    sums: Vec<Vec<f64>>,
    known: Vec<Vec<f64>>,
    squares: f64,
    /// Per group, the counts of all codes of all categories after each other.
    counts: Vec<Vec<u32>>,
    /// Where the codes of each category begin.
    begins: Vec<usize>,
}

impl<'a> Groups<'a> {
    /// Every row with the nearest of these rows.
    pub(crate) fn from_rows(data: &'a Mixed, gamma: f64, rows: &[usize]) -> Self {
        let means: Vec<Vec<f64>> = rows
            .iter()
            .map(|&row| {
                data.numbers(row)
                    .iter()
                    .map(|x| if x.is_nan() { 0.0 } else { *x })
                    .collect()
            })
            .collect();
        let modes: Vec<Vec<u16>> = rows
            .iter()
            .map(|&row| data.categories(row).to_vec())
            .collect();
        let mut begins = vec![0];
        for levels in data.levels() {
            begins.push(begins[begins.len() - 1] + levels);
        }
        let k = rows.len();
        let squares = (0..data.rows())
            .flat_map(|row| data.numbers(row))
            .filter(|x| !x.is_nan())
            .map(|x| x * x)
            .sum();
        let mut groups = Self {
            data,
            gamma,
            labels: vec![0; data.rows()],
            sizes: vec![0; k],
            sums: vec![vec![0.0; data.n_numbers()]; k],
            known: vec![vec![0.0; data.n_numbers()]; k],
            squares,
            counts: vec![vec![0; begins[begins.len() - 1]]; k],
            begins,
        };
        for row in 0..data.rows() {
            let group = groups.nearest(row, &means, &modes);
            groups.labels[row] = group;
            groups.put(row, group, 1.0);
        }
        groups
    }

    /// The same, with the prototype of one group put on a row.
    pub(crate) fn with_prototype(&self, group: usize, row: usize) -> Self {
        let (mut means, mut modes) = (self.means(), self.modes());
        let known = |(x, mean): (&f64, &f64)| if x.is_nan() { *mean } else { *x };
        means[group] = self
            .data
            .numbers(row)
            .iter()
            .zip(&means[group])
            .map(known)
            .collect();
        for (mode, code) in modes[group].iter_mut().zip(self.data.categories(row)) {
            if *code != UNKNOWN {
                *mode = *code;
            }
        }
        let mut moved = self.clone();
        moved.divide(&means, &modes);
        moved
    }

    pub(crate) fn labels(&self) -> &[usize] {
        &self.labels
    }

    pub(crate) fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    pub(crate) fn means(&self) -> Vec<Vec<f64>> {
        let mean = |(sum, known): (&f64, &f64)| if *known > 0.0 { sum / known } else { 0.0 };
        self.sums
            .iter()
            .zip(&self.known)
            .map(|(sums, known)| sums.iter().zip(known).map(mean).collect())
            .collect()
    }

    pub(crate) fn modes(&self) -> Vec<Vec<u16>> {
        let mode = |counts: &[u32]| {
            let mut best = 0;
            for (code, count) in counts.iter().enumerate() {
                if *count > counts[best] {
                    best = code;
                }
            }
            best as u16
        };
        let of_group = |counts: &Vec<u32>| {
            self.begins
                .windows(2)
                .map(|ends| mode(&counts[ends[0]..ends[1]]))
                .collect()
        };
        self.counts.iter().map(of_group).collect()
    }

    /// Squared distances to the means plus what differs from the modes.
    pub(crate) fn cost(&self) -> f64 {
        let explained: f64 = self
            .sums
            .iter()
            .flatten()
            .zip(self.known.iter().flatten())
            .filter(|(_, known)| **known > 0.0)
            .map(|(sum, known)| sum * sum / known)
            .sum();
        let differ: u64 = (0..self.sizes.len())
            .flat_map(|group| {
                self.begins
                    .windows(2)
                    .map(move |ends| (group, ends[0], ends[1]))
            })
            .map(|(group, first, end)| {
                let counts = &self.counts[group][first..end];
                let most = counts.iter().max().copied().unwrap_or(0);
                u64::from(counts.iter().sum::<u32>() - most)
            })
            .sum();
        (self.squares - explained).max(0.0) + self.gamma * differ as f64
    }

    /// Adds a row to a group, or takes it out with −1.
    fn put(&mut self, row: usize, group: usize, sign: f64) {
        let add = |count: u32| {
            if sign > 0.0 {
                count + 1
            } else {
                count.saturating_sub(1)
            }
        };
        self.sizes[group] = add(self.sizes[group] as u32) as usize;
        for (j, x) in self
            .data
            .numbers(row)
            .iter()
            .enumerate()
            .filter(|(_, x)| !x.is_nan())
        {
            self.sums[group][j] += sign * x;
            self.known[group][j] += sign;
        }
        for (c, code) in known_codes(self.data, row) {
            let count = &mut self.counts[group][self.begins[c] + usize::from(code)];
            *count = add(*count);
        }
    }

    fn nearest(&self, row: usize, means: &[Vec<f64>], modes: &[Vec<u16>]) -> usize {
        let (numbers, categories) = (self.data.numbers(row), self.data.categories(row));
        let mut best = (0, f64::INFINITY);
        for (group, (means, modes)) in means.iter().zip(modes).enumerate() {
            let mut distance = 0.0;
            for (x, mean) in numbers.iter().zip(means) {
                let difference = x - mean;
                // A missing number differs from nothing.
                distance += if difference.is_nan() {
                    0.0
                } else {
                    difference * difference
                };
            }
            let differ = categories
                .iter()
                .zip(modes)
                .filter(|(a, b)| differs(**a, **b))
                .count();
            distance += self.gamma * differ as f64;
            if distance < best.1 {
                best = (group, distance);
            }
        }
        best.0
    }

    /// Puts every row with its nearest prototype; `false` when none moved. The last row of a group stays.
    pub(crate) fn round(&mut self) -> bool {
        self.divide(&self.means(), &self.modes())
    }

    fn divide(&mut self, means: &[Vec<f64>], modes: &[Vec<u16>]) -> bool {
        let mut moved = false;
        for row in 0..self.data.rows() {
            let (from, to) = (self.labels[row], self.nearest(row, means, modes));
            if to != from && self.sizes[from] > 1 {
                self.put(row, from, -1.0);
                self.put(row, to, 1.0);
                self.labels[row] = to;
                moved = true;
            }
        }
        moved
    }

    /// Moves single rows whose leaving and coming lowers the cost, with the prototypes that follow; `false` when none does.
    pub(crate) fn move_rows(&mut self) -> bool {
        let mut moved = false;
        for row in 0..self.data.rows() {
            let from = self.labels[row];
            if self.sizes[from] < 2 {
                continue;
            }
            let saved = self.change(row, from, -1.0);
            let mut best = (from, -1e-9);
            for to in (0..self.sizes.len()).filter(|&to| to != from) {
                let change = saved + self.change(row, to, 1.0);
                if change < best.1 {
                    best = (to, change);
                }
            }
            if best.0 != from {
                self.put(row, from, -1.0);
                self.put(row, best.0, 1.0);
                self.labels[row] = best.0;
                moved = true;
            }
        }
        moved
    }

    /// What the cost changes when the row comes to the group (`sign` 1) or leaves it (−1).
    fn change(&self, row: usize, group: usize, sign: f64) -> f64 {
        let mut change = 0.0;
        for (j, x) in self
            .data
            .numbers(row)
            .iter()
            .enumerate()
            .filter(|(_, x)| !x.is_nan())
        {
            let (sum, known) = (self.sums[group][j], self.known[group][j]);
            // Distance to the mean, as far as the mean does not follow the row.
            if known + sign > 0.0 && known > 0.0 {
                let difference = x - sum / known;
                change += sign * difference * difference * known / (known + sign);
            }
        }
        for (c, code) in known_codes(self.data, row) {
            let counts = &self.counts[group][self.begins[c]..self.begins[c + 1]];
            let most = counts.iter().max().copied().unwrap_or(0);
            let own = counts[usize::from(code)];
            let differs = if sign > 0.0 {
                // It makes its own code the mode, or differs.
                u8::from(own < most)
            } else {
                // It differed, or the mode loses a row unless another code is as frequent.
                let others = counts
                    .iter()
                    .enumerate()
                    .any(|(other, count)| other != usize::from(code) && *count == most);
                u8::from(own < most || others)
            };
            change += sign * self.gamma * f64::from(differs);
        }
        change
    }
}

/// Codes of a row that are known, with their columns.
fn known_codes(data: &Mixed, row: usize) -> impl Iterator<Item = (usize, u16)> + '_ {
    let codes = data.categories(row).iter().copied().enumerate();
    codes.filter(|(_, code)| *code != UNKNOWN)
}
