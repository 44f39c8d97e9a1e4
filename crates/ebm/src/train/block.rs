//! A few columns side by side: their bins of a row lie in one word, so that gradients are read once for all of them.

use super::{cut::Sums, loss::Slope};

/// Most columns of a block; a bin is a byte of a word.
pub(super) const WIDTH: usize = 8;
/// Bins of a column.
pub(super) const BINS: usize = 256;

/// Columns `first` to `first + width - 1`, a word per row.
pub(super) struct Block {
    pub(super) first: usize,
    pub(super) width: usize,
    words: Vec<u64>,
}

/// Columns of each block, shared evenly.
pub(super) fn blocks(columns: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = columns.div_ceil(WIDTH);
    (0..count).map(move |block| {
        let first = block * columns / count;
        (first, (block + 1) * columns / count - first)
    })
}

impl Block {
    /// * `bins` – of all columns
    pub(super) fn new(bins: &[Vec<u8>], (first, width): (usize, usize), rows: &[u32]) -> Self {
        let words = rows.iter().map(|row| {
            let mut word = [0; WIDTH];
            for (place, column) in bins[first..first + width].iter().enumerate() {
                word[place] = column[*row as usize];
            }
            u64::from_le_bytes(word)
        });
        Self {
            first,
            width,
            words: words.collect(),
        }
    }

    /// Sums of slopes per column and bin.
    pub(super) fn sums(&self, slopes: &[Slope], sums: &mut [[Sums; BINS]]) {
        match self.width {
            1 => sums_of::<1>(&self.words, slopes, sums),
            2 => sums_of::<2>(&self.words, slopes, sums),
            3 => sums_of::<3>(&self.words, slopes, sums),
            4 => sums_of::<4>(&self.words, slopes, sums),
            5 => sums_of::<5>(&self.words, slopes, sums),
            6 => sums_of::<6>(&self.words, slopes, sums),
            7 => sums_of::<7>(&self.words, slopes, sums),
            _ => sums_of::<8>(&self.words, slopes, sums),
        }
    }

    /// Adds each row's steps to its score.
    pub(super) fn add(&self, steps: &[[f32; BINS]], scores: &mut [f32]) {
        match self.width {
            1 => add_of::<1>(&self.words, steps, scores),
            2 => add_of::<2>(&self.words, steps, scores),
            3 => add_of::<3>(&self.words, steps, scores),
            4 => add_of::<4>(&self.words, steps, scores),
            5 => add_of::<5>(&self.words, steps, scores),
            6 => add_of::<6>(&self.words, steps, scores),
            7 => add_of::<7>(&self.words, steps, scores),
            _ => add_of::<8>(&self.words, steps, scores),
        }
    }
}

fn sums_of<const N: usize>(words: &[u64], slopes: &[Slope], sums: &mut [[Sums; BINS]]) {
    for column in sums.iter_mut() {
        column.fill([0.0; 2]);
    }
    for (word, [g, h]) in words.iter().zip(slopes) {
        let (g, h) = (f64::from(*g), f64::from(*h));
        for (bin, column) in word.to_le_bytes()[..N].iter().zip(&mut sums[..N]) {
            let cell = &mut column[*bin as usize];
            *cell = [cell[0] + g, cell[1] + h];
        }
    }
}

fn add_of<const N: usize>(words: &[u64], steps: &[[f32; BINS]], scores: &mut [f32]) {
    for (word, score) in words.iter().zip(scores) {
        let bins = &word.to_le_bytes()[..N];
        let of_row = bins.iter().zip(&steps[..N]);
        *score += of_row
            .map(|(bin, column)| column[*bin as usize])
            .sum::<f32>();
    }
}
