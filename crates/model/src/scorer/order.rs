//! Terms by the size of what they contribute.

use super::Block;

/// Most of the largest that are found without putting all in order.
const MOST_LARGEST: usize = 4;
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

/// Rows looked at side by side.
const ROWS: usize = 4;
/// The last bits of a number, in which its place stands while sizes are compared.
const PLACE: u64 = 0xff;

/// For each row the positions of its `N` largest contributions, as [`by_size`] orders them; `terms` where there are fewer.
///
/// * `contributions` – term by term, [`Block::ROWS`] each
pub(super) fn largest<const N: usize>(
    contributions: &[f64],
    terms: usize,
    rows: usize,
    found: &mut Vec<[usize; N]>,
) {
    let (mut own, mut order) = (Vec::new(), Vec::new());
    let mut sorted = |row: usize| {
        own.clear();
        own.extend(contributions.chunks_exact(Block::ROWS).map(|of| of[row]));
        by_size(&own, &mut order);
        std::array::from_fn(|at| order.get(at).copied().unwrap_or(terms))
    };
    if N > MOST_LARGEST || terms > PLACE as usize {
        found.extend((0..rows).map(sorted));
        return;
    }
    for first in (0..rows).step_by(ROWS) {
        // One more than wanted: whether the last bits, which the places stand in, decide who is among the largest.
        let mut largest = [[0.0_f64; ROWS]; MOST_LARGEST + 1];
        for (term, of_term) in contributions.chunks_exact(Block::ROWS).enumerate() {
            let place = PLACE - term as u64;
            let of_rows = &of_term[first..first + ROWS];
            let mut keys: [f64; ROWS] = std::array::from_fn(|row| {
                let size = of_rows[row].abs();
                let size = if size < f64::MAX { size } else { f64::MAX };
                f64::from_bits(size.to_bits() & !PLACE | place)
            });
            for kept in &mut largest[..=N] {
                for (kept, key) in kept.iter_mut().zip(&mut keys) {
                    let (more, less) = if *kept > *key {
                        (*kept, *key)
                    } else {
                        (*key, *kept)
                    };
                    (*kept, *key) = (more, less);
                }
            }
        }
        for row in 0..ROWS.min(rows - first) {
            let size = |at: usize| largest[at][row].to_bits() & !PLACE;
            let place = |at: usize| {
                let place = PLACE - (largest[at][row].to_bits() & PLACE);
                terms.min(place as usize)
            };
            // Cards and trees have many that are the same to the last bit, and those stand in their own order already.
            let are_same = |size: u64, term: usize| {
                let bits = |of: &[f64]| of[first + row].abs().to_bits();
                let one = bits(&contributions[term * Block::ROWS..]);
                let sizes = contributions.chunks_exact(Block::ROWS).map(bits);
                // Without a branch that nobody can foresee.
                let others =
                    sizes.map(|other| u32::from(other & !PLACE == size) * u32::from(other != one));
                others.sum::<u32>() == 0
            };
            let (mut is_told, mut last_same) = (true, None);
            for at in 0..N.min(terms) {
                if size(at) == size(at + 1) && last_same != Some(size(at)) {
                    last_same = Some(size(at));
                    is_told &= are_same(size(at), place(at));
                }
            }
            found.push(if is_told {
                std::array::from_fn(place)
            } else {
                sorted(first + row)
            });
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

    #[test]
    fn the_largest_of_each_row_are_the_first_in_order() {
        let mut order = Vec::new();
        for terms in 0..=130 {
            let rows = 1 + (terms * 7) % Block::ROWS;
            let mut columns = vec![0.0; terms * Block::ROWS];
            let rows: Vec<Vec<f64>> = (0..rows)
                .map(|row| contributions(terms, (row * 977 + terms) as u64))
                .collect();
            for (row, contributions) in rows.iter().enumerate() {
                for (term, contribution) in contributions.iter().enumerate() {
                    columns[term * Block::ROWS + row] = *contribution;
                }
            }
            let (mut two, mut nine) = (Vec::new(), Vec::new());
            largest::<2>(&columns, terms, rows.len(), &mut two);
            largest::<9>(&columns, terms, rows.len(), &mut nine);
            for (row, contributions) in rows.iter().enumerate() {
                by_size(contributions, &mut order);
                order.resize(order.len().max(9), terms);
                assert_eq!(two[row], order[..2], "{contributions:?}");
                assert_eq!(nine[row], order[..9], "{contributions:?}");
            }
        }
    }
}
