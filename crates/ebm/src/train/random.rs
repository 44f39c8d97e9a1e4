//! Draws that are the same everywhere.

/// A small generator (splitmix64), enough for cuts and shuffles.
///
/// # Source
/// Steele, Lea and Flood (2014), doi:10.1145/2714064.2660195.
pub(super) struct Draws(u64);

impl Draws {
    /// Independent draws per bag and purpose.
    pub(super) fn new(seed: u64, bag: usize, purpose: u64) -> Self {
        let mut draws =
            Self(seed ^ (bag as u64).wrapping_mul(0xd134_2543_de82_ef95) ^ (purpose << 56));
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
    pub(super) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }

    /// A number from 0 up to 1.
    pub(super) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn shuffle(&mut self, items: &mut [u32]) {
        for place in (1..items.len()).rev() {
            items.swap(place, self.below(place + 1));
        }
    }
}
