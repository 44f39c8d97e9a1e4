//! Making a curve rise or fall throughout.

use crate::Direction;

/// The nearest curve that goes one way, by weighted squares.
pub(crate) fn towards(direction: Direction, values: &mut [f64], weights: &[f64]) {
    let turn = |values: &mut [f64]| {
        if direction == Direction::Falling {
            for value in values.iter_mut() {
                *value = -*value;
            }
        }
    };
    turn(values);
    rising(values, weights);
    turn(values);
}

/// The nearest curve that does not fall, by weighted squares.
///
/// # Source
/// Pool adjacent violators: Ayer, Brunk, Ewing, Reid and Silverman (1955), doi:10.1214/aoms/1177728423.
fn rising(values: &mut [f64], weights: &[f64]) {
    let mut pools: Vec<(f64, f64, usize)> = Vec::with_capacity(values.len());
    for (value, weight) in values.iter().zip(weights) {
        // A bin without rows follows its neighbours.
        let mut pool = (*value, weight.max(1e-9), 1);
        while let Some((mean, weight, length)) = pools.last().copied() {
            if mean <= pool.0 {
                break;
            }
            pools.pop();
            let total = weight + pool.1;
            pool = (
                (mean * weight + pool.0 * pool.1) / total,
                total,
                length + pool.2,
            );
        }
        pools.push(pool);
    }
    let mut place = 0;
    for (mean, _, length) in pools {
        values[place..place + length].fill(mean);
        place += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn falls_are_levelled_by_weight() {
        let mut values = [1.0, 3.0, 2.0, 2.0, 5.0];
        rising(&mut values, &[1.0, 1.0, 1.0, 2.0, 1.0]);
        let wanted = [1.0, 2.25, 2.25, 2.25, 5.0];
        assert!(
            values
                .iter()
                .zip(wanted)
                .all(|(a, b)| (a - b).abs() < 1e-12)
        );
    }
}
