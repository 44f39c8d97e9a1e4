//! Limits of shares, differences and ratios at any confidence.

use serde::{Deserialize, Serialize};

use crate::{
    proportion::{Interval, Proportion},
    special::{beta_quantile, z_two_sided},
};

/// Limits of a ratio. There is no upper one when the share below the line could be 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RatioInterval {
    /// Lower limit, at least 0.
    pub low: f64,
    /// Upper limit; `None` when there is none.
    pub high: Option<f64>,
}

impl Proportion {
    /// Wilson's score interval at `confidence`; see [`Self::wilson`]. `None` of nothing, or unless `0 < confidence < 1`.
    pub fn wilson_at(self, confidence: f64) -> Option<Interval> {
        let (share, z) = (self.value()?, z_two_sided(confidence)?);
        let n = self.total as f64;
        let z2 = z * z;
        let middle = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
        let half = z / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
        Some(Interval {
            low: if self.count == 0 {
                0.0
            } else {
                (middle - half).max(0.0)
            },
            high: if self.count == self.total {
                1.0
            } else {
                (middle + half).min(1.0)
            },
        })
    }

    /// The exact interval of Clopper and Pearson at `confidence`: it covers at least that often, and is wider than Wilson's.
    /// `None` of nothing, or unless `0 < confidence < 1`.
    ///
    /// # Source
    /// Clopper & Pearson, Biometrika 26(4), 1934, 10.1093/biomet/26.4.404. Checked against statsmodels 0.15.0
    /// `proportion_confint(method="beta")`.
    pub fn clopper_pearson(self, confidence: f64) -> Option<Interval> {
        if self.total == 0 || self.count > self.total || z_two_sided(confidence).is_none() {
            return None;
        }
        let tail = (1.0 - confidence) / 2.0;
        let (count, left) = (self.count as f64, (self.total - self.count) as f64);
        Some(Interval {
            low: if self.count == 0 {
                0.0
            } else {
                beta_quantile(tail, count, left + 1.0)
            },
            high: if self.count == self.total {
                1.0
            } else {
                // From the other side, so that a limit near 1 keeps its digits.
                1.0 - beta_quantile(tail, left, count + 1.0)
            },
        })
    }

    /// Newcombe's interval of `self − other` at `confidence`; see [`Self::difference_interval`].
    pub fn difference_interval_at(self, other: Self, confidence: f64) -> Option<Interval> {
        let (a, b) = (self.value()?, other.value()?);
        let (i, j) = (self.wilson_at(confidence)?, other.wilson_at(confidence)?);
        Some(Interval {
            low: a - b - (a - i.low).hypot(j.high - b),
            high: a - b + (i.high - a).hypot(b - j.low),
        })
    }

    /// Koopman's score interval of `self / other` at `confidence`. It exists with counts of 0 and stays finite where it can.
    /// `None` of nothing, when both counts are 0, or unless `0 < confidence < 1`.
    ///
    /// # Source
    /// Koopman, Biometrics 40(2), 1984, 10.2307/2531405, with the printed example (36 of 40 over 16 of 80: 2.94 to 7.15).
    pub fn ratio_interval_at(self, other: Self, confidence: f64) -> Option<RatioInterval> {
        let z = z_two_sided(confidence)?;
        if self.total == 0 || other.total == 0 || self.count + other.count == 0 {
            return None;
        }
        let score = |log_ratio: f64| self.score(other, log_ratio.exp()) - z * z;
        // Where the score is zero: the estimate, or an end when a count is zero.
        let middle = match (self.count, other.count) {
            (0, _) => -40.0,
            (_, 0) => 40.0,
            _ => (self.value()? / other.value()?).ln(),
        };
        let root = |mut inside: f64, mut outside: f64| {
            if score(outside) < 0.0 {
                return None;
            }
            for _ in 0..200 {
                let middle = f64::midpoint(inside, outside);
                if score(middle) < 0.0 {
                    inside = middle;
                } else {
                    outside = middle;
                }
                if (outside - inside).abs() < 1e-15 * outside.abs().max(1.0) {
                    break;
                }
            }
            Some(f64::midpoint(inside, outside).exp())
        };
        let low = if self.count == 0 {
            0.0
        } else {
            root(middle, middle.min(0.0) - 60.0).unwrap_or(0.0)
        };
        let high = if other.count == 0 {
            None
        } else {
            root(middle, middle.max(0.0) + 60.0)
        };
        Some(RatioInterval { low, high })
    }

    /// Chi-square of both counts when the shares have this ratio, shares by maximum likelihood.
    fn score(self, other: Self, ratio: f64) -> f64 {
        let (x, n) = (self.count as f64, self.total as f64);
        let (y, m) = (other.count as f64, other.total as f64);
        let sum = ratio * (n + y) + x + m;
        let root = (sum * sum - 4.0 * ratio * (n + m) * (x + y))
            .max(0.0)
            .sqrt();
        let first = (2.0 * ratio * (x + y) / (sum + root)).min(1.0);
        let second = (first / ratio).min(1.0);
        let term = |count: f64, total: f64, share: f64| {
            let distance = count - total * share;
            let variance = total * share * (1.0 - share);
            if distance.abs() < 1e-12 * total {
                0.0
            } else {
                distance * distance / variance.max(f64::MIN_POSITIVE)
            }
        };
        term(x, n, first) + term(y, m, second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn koopman_s_printed_example_comes_out() {
        let found = Proportion::new(36, 40)
            .ratio_interval_at(Proportion::new(16, 80), 0.95)
            .unwrap();
        assert!((found.low - 2.94).abs() < 5e-3 && (found.high.unwrap() - 7.15).abs() < 5e-3);
    }

    #[test]
    fn ratios_exist_with_counts_of_nothing_and_of_all() {
        let of = |a: (usize, usize), b: (usize, usize)| {
            Proportion::new(a.0, a.1).ratio_interval_at(Proportion::new(b.0, b.1), 0.95)
        };
        assert!(of((0, 10), (0, 20)).is_none() && of((1, 10), (0, 0)).is_none());
        let none = of((0, 10), (5, 20)).unwrap();
        assert!(none.low <= 0.0 && none.high.unwrap() > 0.5);
        let endless = of((5, 20), (0, 10)).unwrap();
        assert!(endless.low > 0.1 && endless.high.is_none());
        let all = of((10, 10), (10, 10)).unwrap();
        assert!(all.low < 1.0 && all.high.unwrap() > 1.0);
        // Turned round, limits are turned round.
        let (one, other) = (of((7, 30), (9, 25)).unwrap(), of((9, 25), (7, 30)).unwrap());
        assert!((one.low * other.high.unwrap() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn every_limit_is_a_number_that_holds_the_share() {
        for total in 1..40 {
            for count in 0..=total {
                let share = Proportion::new(count, total);
                for confidence in [0.5, 0.9, 0.95, 0.999] {
                    for limits in [
                        share.wilson_at(confidence).unwrap(),
                        share.clopper_pearson(confidence).unwrap(),
                    ] {
                        assert!(limits.low >= 0.0 && limits.high <= 1.0);
                        assert!(limits.low <= share.value().unwrap());
                        assert!(limits.high >= share.value().unwrap());
                    }
                }
                assert_eq!(share.wilson_at(0.95), share.wilson());
            }
        }
    }

    #[test]
    fn the_exact_interval_covers_as_often_as_it_says() {
        // Sum of binomial probabilities of the counts whose interval holds the truth.
        for p in [0.03, 0.2, 0.5] {
            let n = 40_usize;
            let (mut covered, mut term) = (0.0, (1.0_f64 - p).powi(n as i32));
            for count in 0..=n {
                let limits = Proportion::new(count, n).clopper_pearson(0.95).unwrap();
                if (limits.low..=limits.high).contains(&p) {
                    covered += term;
                }
                term *= (n - count) as f64 / (count + 1) as f64 * p / (1.0 - p);
            }
            assert!(covered >= 0.95, "{p}: {covered}");
        }
    }
}
