//! Draws that are the same everywhere.

/// A small generator (splitmix64), enough to deal rows out.
///
/// # Source
/// Steele, Lea and Flood (2014), doi:10.1145/2714064.2660195.
pub(crate) struct Draws(u64);

impl Draws {
    pub(crate) fn new(seed: u64, purpose: u64) -> Self {
        let mut draws = Self(seed ^ (purpose << 56));
        draws.next();
        draws
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `n` - 1; `n` is not 0.
    fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }

    /// All rows in a drawn order.
    pub(crate) fn shuffled(&mut self, rows: impl Iterator<Item = u32>) -> Vec<u32> {
        let mut rows: Vec<u32> = rows.collect();
        for place in (1..rows.len()).rev() {
            rows.swap(place, self.below(place + 1));
        }
        rows
    }
}

/// The rows that choose, and the rows that only estimate; both ascending. Outcomes have no say in it.
pub(crate) fn halves(rows: usize, honest_share: f64, seed: u64) -> (Vec<u32>, Vec<u32>) {
    let mut drawn = Draws::new(seed, 1).shuffled((0..rows).map(|row| row as u32));
    let mut kept = drawn.split_off((rows as f64 * honest_share).round() as usize);
    drawn.sort_unstable();
    kept.sort_unstable();
    (kept, drawn)
}

/// Per row of `rows` the part that it is left out with.
pub(crate) fn folds(rows: &[u32], folds: usize, seed: u64) -> Vec<usize> {
    let order = Draws::new(seed, 2).shuffled(0..rows.len() as u32);
    let mut fold = vec![0; rows.len()];
    for (place, row) in order.into_iter().enumerate() {
        fold[row as usize] = place % folds;
    }
    fold
}
