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

    /// All in a drawn order.
    pub(crate) fn shuffled(&mut self, numbers: impl Iterator<Item = u32>) -> Vec<u32> {
        let mut numbers: Vec<u32> = numbers.collect();
        for place in (1..numbers.len()).rev() {
            numbers.swap(place, self.below(place + 1));
        }
        numbers
    }
}
