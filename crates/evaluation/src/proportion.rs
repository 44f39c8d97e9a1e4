//! A share with its count and its uncertainty.

use serde::{Deserialize, Serialize};

/// 97.5 % point of the normal distribution.
pub const Z_95: f64 = 1.959_963_984_540_054;

/// A 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower limit.
    pub low: f64,
    /// Upper limit.
    pub high: f64,
}

/// `count` of `total`. A share without its count says nothing, so the two travel together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proportion {
    /// How many.
    pub count: usize,
    /// Of how many.
    pub total: usize,
}

impl Proportion {
    /// `count` of `total`.
    pub const fn new(count: usize, total: usize) -> Self {
        Self { count, total }
    }

    /// The share, in `[0, 1]`; `None` of nothing.
    pub fn value(self) -> Option<f64> {
        (self.total > 0).then(|| self.count as f64 / self.total as f64)
    }

    /// Wilson's score interval at 95 %; `None` of nothing.
    ///
    /// Exactly 0 below when nothing was counted, exactly 1 above when all were.
    /// # Source
    /// Wilson, Journal of the American Statistical Association 22(158), 1927, without continuity correction. Checked
    /// against statsmodels 0.15.0 `proportion_confint(method="wilson")`.
    pub fn wilson(self) -> Option<Interval> {
        self.wilson_at(0.95)
    }

    /// Newcombe's 95 % interval of `self − other`; `None` when either is of nothing.
    ///
    /// # Source
    /// Newcombe, Statistics in Medicine 17(8), 1998, method 10 (hybrid score). Checked against statsmodels 0.15.0.
    pub fn difference_interval(self, other: Self) -> Option<Interval> {
        self.difference_interval_at(other, 0.95)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_nothing_is_not_zero() {
        let nothing = Proportion::new(0, 0);
        assert!(nothing.value().is_none() && nothing.wilson().is_none());
        assert!(nothing.difference_interval(Proportion::new(1, 2)).is_none());
    }

    #[test]
    fn limits_stay_within_zero_and_one_and_hold_the_share() {
        for total in 1..60 {
            for count in 0..=total {
                let share = Proportion::new(count, total);
                let limits = share.wilson().unwrap();
                assert!(0.0 <= limits.low && limits.high <= 1.0);
                assert!(
                    (limits.low..=limits.high).contains(&share.value().unwrap()),
                    "{count} of {total}"
                );
            }
        }
    }

    #[test]
    fn newcombe_s_printed_example_comes_out() {
        // 56 of 70 minus 48 of 80: [0.0524, 0.3339] in the paper.
        let limits = Proportion::new(56, 70)
            .difference_interval(Proportion::new(48, 80))
            .unwrap();
        assert!((limits.low - 0.0524).abs() < 5e-5 && (limits.high - 0.3339).abs() < 5e-5);
    }
}
