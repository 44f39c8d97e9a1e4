//! Terms by the size of what they contribute.

/// Most terms whose places are counted; more are sorted.
const MOST_COUNTED: usize = 64;

/// Writes the positions of the contributions, the largest (by size, not sign) first, equal ones in their own order.
///
/// A row has some tens of terms in an order nobody can foresee, and a sort that branches on them waits longer for wrong
/// guesses than it works. So the place of each is counted: as many as are larger. That is more comparisons, and none of them
/// a branch. They look at the first half of a number; what only its second half decides is put right afterwards.
pub(super) fn by_size(contributions: &[f64], order: &mut Vec<usize>) {
    order.clear();
    match contributions.len() {
        0..=16 => count::<16>(contributions, order),
        17..=32 => count::<32>(contributions, order),
        33..=MOST_COUNTED => count::<MOST_COUNTED>(contributions, order),
        _ => {
            order.extend(0..contributions.len());
            order.sort_unstable_by_key(|place| key(contributions, *place));
        }
    }
}

/// The bits of a positive number sort as the number does; inverted, the largest comes first.
fn key(contributions: &[f64], place: usize) -> (u64, usize) {
    (!contributions[place].abs().to_bits(), place)
}

/// `N`: a power of two, at least the number of contributions and at most [`MOST_COUNTED`].
fn count<const N: usize>(contributions: &[f64], order: &mut Vec<usize>) {
    let terms = contributions.len();
    let mut keys = [0_i32; N];
    for (place, (key, value)) in keys.iter_mut().zip(contributions).enumerate() {
        let size = (value.abs().to_bits() >> 32) as i32;
        // No two alike: the last bits say which comes first.
        *key = (size & !(N as i32 - 1)) | (N - 1 - place) as i32;
    }
    let mut larger = [0_i32; N];
    for key in &keys[..terms] {
        for (larger, own) in larger.iter_mut().zip(&keys) {
            *larger += i32::from(key > own);
        }
    }
    order.resize(terms, 0);
    let mut sizes = [0.0; N];
    for ((place, at), value) in larger.iter().enumerate().zip(contributions) {
        order[*at as usize] = place;
        sizes[*at as usize % N] = value.abs();
    }
    let pairs = sizes.iter().zip(&sizes[1..]);
    let misplaced: u32 = pairs.map(|(one, next)| u32::from(one < next)).sum();
    if misplaced > 0 {
        swap_neighbours(contributions, order);
    }
}

/// Sorts what is nearly sorted: those that agree in the first half of their bits stand beside each other.
fn swap_neighbours(contributions: &[f64], order: &mut [usize]) {
    for end in 1..order.len() {
        let mut at = end;
        while at > 0 && key(contributions, order[at]) < key(contributions, order[at - 1]) {
            order.swap(at, at - 1);
            at -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look like contributions: many zeros and equal ones, some that differ in their last bits only.
    fn contributions(terms: usize, seed: u64) -> Vec<f64> {
        let mut state = seed;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            state >> 33
        };
        let value = |kind: u64, bits: u64| match kind % 8 {
            0 => 0.0,
            1 => -0.0,
            2 => f64::from_bits(0.25_f64.to_bits() + bits % 3),
            3 => -0.25,
            4 => f64::from_bits(bits % 5),
            5 => f64::MAX,
            _ => (bits as f64 / 1e9) - 1.0,
        };
        (0..terms).map(|_| value(next(), next())).collect()
    }

    #[test]
    fn the_order_is_that_of_a_stable_sort_by_size_for_every_number_of_terms() {
        let mut order = Vec::new();
        for terms in 0..=130 {
            for seed in 0..50 {
                let contributions = contributions(terms, seed * 131 + terms as u64);
                let mut wanted: Vec<usize> = (0..terms).collect();
                wanted.sort_by(|a, b| contributions[*b].abs().total_cmp(&contributions[*a].abs()));
                by_size(&contributions, &mut order);
                assert_eq!(order, wanted, "{contributions:?}");
            }
        }
    }
}
