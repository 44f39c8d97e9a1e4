//! What difference these numbers of rows could have shown.

use helder_evaluation::{Proportion, z_two_sided};

/// Chance with which a difference of the smallest detectable size is found.
pub const POWER: f64 = 0.8;

/// Smallest true difference of two shares that an interval at `confidence` over these two totals tells from 0 in four of
/// five samples, when both are near the common share. `None` when either is of nothing, or when even a difference of 1 is
/// not found.
///
/// # Source
/// Fleiss, Levin & Paik, *Statistical Methods for Rates and Proportions*, 3rd edition, 2003, §4.2, without continuity
/// correction; solved for the difference. Both directions are tried and the larger answer is given.
pub fn smallest_detectable_difference(
    first: Proportion,
    second: Proportion,
    confidence: f64,
) -> Option<f64> {
    if first.total == 0 || second.total == 0 {
        return None;
    }
    let z = z_two_sided(confidence)?;
    // Four of five on one side: the point that leaves twice the missing fifth on both sides.
    let z_power = z_two_sided(2.0 * POWER - 1.0)?;
    let (n, m) = (first.total as f64, second.total as f64);
    let common = (first.count + second.count) as f64 / (n + m);
    let solve = |direction: f64| {
        // The two shares lie around the common one in the inverse ratio of their rows.
        let shares = |d: f64| {
            (
                (common + direction * d * m / (n + m)).clamp(0.0, 1.0),
                (common - direction * d * n / (n + m)).clamp(0.0, 1.0),
            )
        };
        let is_found = |d: f64| {
            let (a, b) = shares(d);
            let pooled = (n * a + m * b) / (n + m);
            let null = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
            let true_spread = (a * (1.0 - a) / n + b * (1.0 - b) / m).sqrt();
            (a - b).abs() >= z * null + z_power * true_spread
        };
        if !is_found(1.0) {
            return None;
        }
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if is_found(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        let (a, b) = shares(high);
        Some((a - b).abs())
    };
    match (solve(1.0), solve(-1.0)) {
        (Some(up), Some(down)) => Some(up.max(down)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn a_difference_of_this_size_is_found_in_four_of_five_samples() {
        let (n, m, common) = (800, 500, 0.3);
        let first = Proportion::new(240, n);
        let second = Proportion::new(150, m);
        let d = smallest_detectable_difference(first, second, 0.95).unwrap();
        let (a, b) = (
            common + d * m as f64 / (n + m) as f64,
            common - d * n as f64 / (n + m) as f64,
        );
        let mut random = Random::new(11);
        let found = (0..4_000)
            .filter(|_| {
                let one = Proportion::new(random.binomial(n, a), n);
                let other = Proportion::new(random.binomial(m, b), m);
                one.difference_interval(other)
                    .is_some_and(|limits| limits.low > 0.0 || limits.high < 0.0)
            })
            .count();
        assert!((3_080..3_320).contains(&found), "{found} of 4000");
    }

    #[test]
    fn more_rows_show_less_and_nothing_shows_nothing() {
        let of = |n| {
            let share = Proportion::new(n / 4, n);
            smallest_detectable_difference(share, share, 0.95)
        };
        assert!(of(100).unwrap() > of(1_000).unwrap());
        assert!(of(4).is_none(), "even all against none is not enough");
        let none = Proportion::new(0, 0);
        assert!(smallest_detectable_difference(none, none, 0.95).is_none());
        let rare = Proportion::new(0, 500);
        let d = smallest_detectable_difference(rare, rare, 0.95).unwrap();
        assert!(d > 0.001 && d < 0.05, "{d}");
    }
}
