//! Whether two groupings of the same rows say the same.

use std::collections::BTreeMap;

/// Adjusted Rand index of two labelings, at most 1; 0 is what chance gives.
///
/// Two labelings that both put everything in one group (or every row apart) agree fully: 1.
/// * `left`, `right` – shape `(rows,)`, equal lengths
///
/// # Source
/// Hubert & Arabie, J. Classification 2, 1985, <https://doi.org/10.1007/BF01908075>.
pub fn adjusted_rand_index(left: &[usize], right: &[usize]) -> f64 {
    let pairs = |count: usize| count as f64 * (count as f64 - 1.0) / 2.0;
    let mut cells: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    let mut rows: BTreeMap<usize, usize> = BTreeMap::new();
    let mut columns: BTreeMap<usize, usize> = BTreeMap::new();
    for (a, b) in left.iter().zip(right) {
        *cells.entry((*a, *b)).or_default() += 1;
        *rows.entry(*a).or_default() += 1;
        *columns.entry(*b).or_default() += 1;
    }
    let together: f64 = cells.values().map(|count| pairs(*count)).sum();
    let in_left: f64 = rows.values().map(|count| pairs(*count)).sum();
    let in_right: f64 = columns.values().map(|count| pairs(*count)).sum();
    let by_chance = in_left * in_right / pairs(left.len().min(right.len())).max(1.0);
    let most = f64::midpoint(in_left, in_right);
    if (most - by_chance).abs() < f64::EPSILON {
        1.0
    } else {
        (together - by_chance) / (most - by_chance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_groups_do_not_matter() {
        assert!((adjusted_rand_index(&[0, 0, 1, 1], &[1, 1, 0, 0]) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn the_value_is_that_of_the_field() {
        // sklearn.metrics.adjusted_rand_score([0,0,1,2],[0,0,1,1]) and ([0,0,1,1],[0,1,0,1])
        assert!(
            (adjusted_rand_index(&[0, 0, 1, 2], &[0, 0, 1, 1]) - 0.571_428_571_428_571_4).abs()
                < 1e-12
        );
        assert!((adjusted_rand_index(&[0, 0, 1, 1], &[0, 1, 0, 1]) + 0.5).abs() < 1e-12);
    }
}
