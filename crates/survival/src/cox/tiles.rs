//! Sums of products of columns, row by row, kept in registers four by four.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is compiled without vector instructions"
)]

use super::ordered::LANES;
use crate::matrix::Symmetric;

/// Columns that are added at once.
pub(super) type Lane = [f64; LANES];

/// Rows whose products are added together: they stay in the first-level cache.
pub(super) const BLOCK: usize = 64;
/// Tiles summed in registers while a block is read.
const AT_ONCE: usize = 3;

/// The lower half of a symmetric matrix, in tiles of `LANES × LANES`.
pub(super) struct Tiles {
    width: usize,
    tiles: Vec<[Lane; LANES]>,
}

impl Tiles {
    /// All 0, for rows of `width` lanes.
    pub(super) fn zeros(width: usize) -> Self {
        Self {
            width,
            tiles: vec![[[0.0; LANES]; LANES]; width * (width + 1) / 2],
        }
    }

    #[inline(always)]
    pub(super) fn clear(&mut self) {
        self.tiles.fill([[0.0; LANES]; LANES]);
    }

    /// Adds `factor · other`.
    #[inline(always)]
    pub(super) fn add_scaled(&mut self, factor: f64, other: &Self) {
        let to = self.tiles.as_flattened_mut().as_flattened_mut();
        let from = other.tiles.as_flattened().as_flattened();
        for (sum, value) in to.iter_mut().zip(from) {
            *sum = factor.mul_add(*value, *sum);
        }
    }

    /// Adds `Σ v x xᵀ` over at most [`BLOCK`] rows; `scaled` is `v x`.
    #[inline(always)]
    pub(super) fn add_rows(&mut self, scaled: &[Lane], x: &[Lane]) {
        let width = self.width;
        let mut rest = &mut self.tiles[..];
        for i in 0..width {
            let mut j = 0;
            while j <= i {
                let many = AT_ONCE.min(i + 1 - j);
                let (now, later) = rest.split_at_mut(many);
                match now {
                    [a, b, c] => [*a, *b, *c] = add_tiles([*a, *b, *c], scaled, x, width, (i, j)),
                    [a, b] => [*a, *b] = add_tiles([*a, *b], scaled, x, width, (i, j)),
                    [a] => [*a] = add_tiles([*a], scaled, x, width, (i, j)),
                    _ => {}
                }
                rest = later;
                j += many;
            }
        }
    }

    /// The first `p` columns of the matrix.
    pub(super) fn symmetric(&self, p: usize) -> Symmetric {
        let mut matrix = Symmetric::zeros(p);
        for i in 0..p {
            for j in 0..=i {
                let (ti, tj) = (i / LANES, j / LANES);
                matrix.add(
                    i,
                    j,
                    self.tiles[ti * (ti + 1) / 2 + tj][i % LANES][j % LANES],
                );
            }
        }
        matrix
    }
}

/// Adds `Σ v xᵢ xⱼᵀ` of lane `i` and `N` lanes from `j` on over a block of rows; `scaled` is `v x`.
#[inline(always)]
fn add_tiles<const N: usize>(
    mut tiles: [[Lane; LANES]; N],
    scaled: &[Lane],
    x: &[Lane],
    width: usize,
    (i, j): (usize, usize),
) -> [[Lane; LANES]; N] {
    for (scaled, row) in scaled.chunks_exact(width).zip(x.chunks_exact(width)) {
        let a = scaled[i];
        let b: [Lane; N] = std::array::from_fn(|k| row[j + k]);
        for (tile, b) in tiles.iter_mut().zip(b) {
            for (sums, a) in tile.iter_mut().zip(a) {
                for (sum, b) in sums.iter_mut().zip(b) {
                    *sum = a.mul_add(b, *sum);
                }
            }
        }
    }
    tiles
}

/// `sums += factor · row`.
#[inline(always)]
pub(super) fn add_scaled(sums: &mut [Lane], factor: f64, row: &[Lane]) {
    for (sums, x) in sums.iter_mut().zip(row) {
        for (sum, x) in sums.iter_mut().zip(x) {
            *sum = factor.mul_add(*x, *sum);
        }
    }
}

/// `to = factor · row`.
#[inline(always)]
pub(super) fn scale_into(to: &mut [Lane], factor: f64, row: &[Lane]) {
    for (to, from) in to.iter_mut().zip(row) {
        *to = from.map(|x| factor * x);
    }
}

/// `Σ factors · row`.
#[inline(always)]
pub(super) fn product(factors: &[Lane], row: &[Lane]) -> f64 {
    let mut sums = [0.0; LANES];
    for (x, factors) in row.iter().zip(factors) {
        for ((sum, x), factor) in sums.iter_mut().zip(x).zip(factors) {
            *sum = x.mul_add(*factor, *sum);
        }
    }
    sums.iter().sum()
}
