//! `Σ z zᵀ` over blocks of rows: the part of a pass that costs most.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is compiled without vector instructions"
)]

use crate::lanes::{BLOCK, Column, LANES, Sums, total};

/// Columns per side of a tile: nine pairs are summed in registers while six columns are read.
const TILE: usize = 3;
type Tile = [[Sums; TILE]; TILE];

/// Running sums of all pairs of columns.
pub(crate) enum Cross {
    /// Tiles of the lower triangle, row by row of tiles.
    Dense { side: usize, tiles: Vec<Tile> },
    /// Mostly empty columns: row-major `(p, p)`, lower triangle, and per row of the block the filled columns.
    Sparse {
        sums: Vec<f64>,
        filled: Vec<Vec<usize>>,
    },
}

impl Cross {
    pub(crate) fn new(p: usize, sparse: bool) -> Self {
        if sparse {
            return Self::Sparse {
                sums: vec![0.0; p * p],
                filled: vec![Vec::new(); BLOCK],
            };
        }
        let side = p.div_ceil(TILE);
        Self::Dense {
            side,
            tiles: vec![[[[0.0; LANES]; TILE]; TILE]; side * (side + 1) / 2],
        }
    }

    /// Adds a block; `z` has one column per coefficient. `L` lanes are summed at a time; the result is the same for all.
    #[inline(always)]
    pub(crate) fn add<const L: usize>(&mut self, z: &[Column]) {
        match self {
            Self::Dense { side, tiles } => {
                const EMPTY: Column = [0.0; BLOCK];
                let column = |j: usize| z.get(j).unwrap_or(&EMPTY);
                let mut tiles = tiles.iter_mut();
                for i in 0..*side {
                    let a = std::array::from_fn(|k| column(i * TILE + k));
                    for j in 0..=i {
                        let b = std::array::from_fn(|k| column(j * TILE + k));
                        let Some(tile) = tiles.next() else { return };
                        for first in (0..LANES).step_by(L) {
                            add_tile::<L>(a, b, first, tile);
                        }
                    }
                }
            }
            Self::Sparse { sums, filled } => add_sparse(z, sums, filled),
        }
    }

    /// Adds the sums of other rows.
    pub(crate) fn join(&mut self, other: &Self) {
        match (self, other) {
            (Self::Dense { tiles, .. }, Self::Dense { tiles: others, .. }) => {
                let sums = tiles.iter_mut().flatten().flatten().flatten();
                for (sum, other) in sums.zip(others.iter().flatten().flatten().flatten()) {
                    *sum += other;
                }
            }
            (Self::Sparse { sums, .. }, Self::Sparse { sums: others, .. }) => {
                for (sum, other) in sums.iter_mut().zip(others) {
                    *sum += other;
                }
            }
            // Both sides of a sum are of one kind: it is chosen once per design.
            (Self::Dense { .. }, Self::Sparse { .. })
            | (Self::Sparse { .. }, Self::Dense { .. }) => {}
        }
    }

    /// The sums as a matrix, row-major, both triangles.
    pub(crate) fn matrix(&self, p: usize) -> Vec<f64> {
        let mut matrix = vec![0.0; p * p];
        for i in 0..p {
            for j in 0..=i {
                let sum = match self {
                    Self::Dense { tiles, .. } => {
                        let (row, column) = (i / TILE, j / TILE);
                        total(&tiles[row * (row + 1) / 2 + column][i % TILE][j % TILE])
                    }
                    Self::Sparse { sums, .. } => sums[i * p + j],
                };
                matrix[i * p + j] = sum;
                matrix[j * p + i] = sum;
            }
        }
        matrix
    }
}

/// Adds lanes `first..first + L` of nine pairs of columns.
#[inline(always)]
fn add_tile<const L: usize>(a: [&Column; TILE], b: [&Column; TILE], first: usize, tile: &mut Tile) {
    let mut sums = [[[0.0; L]; TILE]; TILE];
    for i in 0..TILE {
        for j in 0..TILE {
            sums[i][j].copy_from_slice(&tile[i][j][first..first + L]);
        }
    }
    for row in (first..BLOCK).step_by(LANES) {
        let part = |column: &Column| -> [f64; L] { std::array::from_fn(|lane| column[row + lane]) };
        let (x, y) = (a.map(part), b.map(part));
        for i in 0..TILE {
            for j in 0..TILE {
                for lane in 0..L {
                    sums[i][j][lane] = x[i][lane].mul_add(y[j][lane], sums[i][j][lane]);
                }
            }
        }
    }
    for i in 0..TILE {
        for j in 0..TILE {
            tile[i][j][first..first + L].copy_from_slice(&sums[i][j]);
        }
    }
}

fn add_sparse(z: &[Column], sums: &mut [f64], filled: &mut [Vec<usize>]) {
    let p = z.len();
    for row in filled.iter_mut() {
        row.clear();
    }
    for (j, column) in z.iter().enumerate() {
        for (row, value) in filled.iter_mut().zip(column) {
            if *value != 0.0 {
                row.push(j);
            }
        }
    }
    for (r, row) in filled.iter().enumerate() {
        for (place, &i) in row.iter().enumerate() {
            let left = z[i][r];
            for &j in &row[..=place] {
                sums[i * p + j] = left.mul_add(z[j][r], sums[i * p + j]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(p: usize, every: usize) -> Vec<Column> {
        (0..p)
            .map(|j| {
                std::array::from_fn(|row| {
                    if row % every == 0 || j == 0 {
                        ((row * 7 + j * 13) % 29) as f64 / 7.0 - 1.5
                    } else {
                        0.0
                    }
                })
            })
            .collect()
    }

    #[test]
    fn tiles_and_lists_give_the_plain_sums() {
        for (p, every) in [(1, 1), (4, 1), (7, 5)] {
            let z = columns(p, every);
            let mut eight = Cross::new(p, false);
            eight.add::<8>(&z);
            let mut four = Cross::new(p, false);
            four.add::<4>(&z);
            assert_eq!(eight.matrix(p), four.matrix(p), "widths change no bit");
            let mut lists = Cross::new(p, true);
            lists.add::<8>(&z);
            for i in 0..p {
                for j in 0..p {
                    let plain: f64 = z[i].iter().zip(&z[j]).map(|(a, b)| a * b).sum();
                    for found in [&eight, &lists] {
                        assert!((found.matrix(p)[i * p + j] - plain).abs() < 1e-12);
                    }
                }
            }
        }
    }
}
