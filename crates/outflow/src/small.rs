//! Small cells: what is told of few people is not told. And figures of which no more digits are kept than a reader needs.

use std::collections::BTreeSet;

/// Which of several parts of a whole are put together, so that no part that is left is under `smallest`: those that are, and as many of the
/// smallest others as it takes. Empty parts count for nothing. A single part that is too small thus never stands alone, where the total
/// would give it away.
pub(crate) fn joined(counts: &[usize], smallest: usize) -> BTreeSet<usize> {
    let mut joined: BTreeSet<usize> = (0..counts.len())
        .filter(|&i| counts[i] > 0 && counts[i] < smallest)
        .collect();
    while !joined.is_empty() && joined.iter().map(|&i| counts[i]).sum::<usize>() < smallest {
        let others = (0..counts.len()).filter(|i| counts[*i] > 0 && !joined.contains(i));
        let Some(next) = others.min_by_key(|&i| (counts[i], i)) else {
            break;
        };
        joined.insert(next);
    }
    joined
}

/// Counts of a partition whose total is known, with those that may not be told left out: each that is under `smallest` or leaves fewer than
/// `smallest` of its whole, and, where that is one alone, the least of the others too.
pub(crate) fn counts(parts: &[(usize, usize)], smallest: usize) -> Vec<Option<u64>> {
    let small = |count: usize| count > 0 && count < smallest;
    let mut hidden: BTreeSet<usize> = (0..parts.len())
        .filter(|&i| small(parts[i].0) || small(parts[i].1 - parts[i].0))
        .collect();
    if hidden.len() == 1 {
        let others = (0..parts.len()).filter(|i| !hidden.contains(i));
        hidden.extend(others.min_by_key(|&i| (parts[i].0, i)));
    }
    let told = |i: usize| (!hidden.contains(&i)).then_some(parts[i].0 as u64);
    (0..parts.len()).map(told).collect()
}

/// Six significant digits: what lies beyond says nothing and may differ between processors.
pub(crate) fn rounded(value: f64) -> f64 {
    #[cfg(test)]
    if crate::against_r::is_unrounded() {
        return value;
    }
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    format!("{value:.5e}").parse().unwrap_or(value)
}

/// P-values for several questions at once: the chance of any false alarm among them stays below the level.
///
/// # Source
/// Holm 1979, Scandinavian Journal of Statistics 6.
pub(crate) fn holm(p_values: &[f64]) -> Vec<f64> {
    let n = p_values.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![f64::NAN; n];
    let mut least = 0.0_f64;
    for (rank, place) in order.into_iter().enumerate() {
        least = least.max((p_values[place] * (n - rank) as f64).min(1.0));
        adjusted[place] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_parts_go_together_with_as_many_others_as_it_takes() {
        assert_eq!(joined(&[100, 4, 30, 3], 10), BTreeSet::from([1, 2, 3]));
        assert_eq!(joined(&[100, 8, 30, 3], 10), BTreeSet::from([1, 3]));
        assert_eq!(joined(&[100, 0, 30], 10), BTreeSet::new());
        assert_eq!(joined(&[4], 10), BTreeSet::from([0]));
    }

    #[test]
    fn a_count_that_the_total_would_give_away_is_kept_back_with_another() {
        assert_eq!(
            counts(&[(50, 80), (4, 20), (30, 60)], 10),
            [Some(50), None, None]
        );
        assert_eq!(
            counts(&[(50, 80), (14, 20), (13, 20)], 10),
            [Some(50), None, None],
            "few that are left are as few"
        );
        assert_eq!(counts(&[(0, 20), (30, 60)], 10), [Some(0), Some(30)]);
    }

    #[test]
    fn holms_p_values_are_those_of_r() {
        // p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (found, expected) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((found - expected).abs() < 1e-15, "{adjusted:?}");
        }
    }

    #[test]
    fn six_digits_are_kept() {
        assert!((rounded(0.123_456_789) - 0.123_457).abs() < 1e-18);
        assert!((rounded(-98_765_432.1) + 98_765_400.0).abs() < 1e-6);
        assert!(rounded(f64::NAN).is_nan());
    }
}
